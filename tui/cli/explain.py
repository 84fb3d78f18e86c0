"""`clustertui explain CODE`: the page of a finding, without a cluster."""

from textwrap import wrap

import click
import msgspec

from nodeagent.config.pages.sheets import Sheet, all_codes, parts, sheet
from nodeagent.config.words import nearest
from tui.cli import exits
from tui.cli.output import put, put_json

WIDTH = 88


def run(code: str, *, as_json: bool) -> int:
    """Print the page of CODE, or the list of all codes. Return the exit code."""
    pages = [page for one in ([code.upper()] if code else all_codes()) if (page := sheet(one))]
    if not pages:
        near = nearest(code.upper(), all_codes())
        hint = f"did you mean {near}?" if near else "`clustertui explain` lists all"
        raise click.UsageError(f"there is no finding {code}: {hint}")
    if as_json:
        for page in pages:
            put_json(msgspec.to_builtins(page))
    elif code:
        _put_page(pages[0])
    else:
        for page in pages:
            put(f"{page.code}  {page.severity:<7}  {page.title}")
    return exits.DONE


def _put_page(page: Sheet) -> None:
    put(f"{page.code} ({page.severity}): {page.title}")
    for heading, text in parts(page):
        put()
        put(heading)
        for line in wrap(text, WIDTH, break_on_hyphens=False, break_long_words=False):
            put(f"  {line}")
        if heading == "Example":
            for line in page.example:
                put(f"    {line}")
