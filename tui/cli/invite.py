"""`clustertui invite NODE`: let one new machine ask to join, for a quarter of an hour."""

import secrets

import click

from nodeagent.client.client import Client
from nodeagent.client.errors import ClientError
from nodeagent.model.fingerprint import fingerprint
from nodeagent.model.text import clean
from nodeagent.wire.console import Refused
from nodeagent.wire.joining import (
    TOKEN_BYTES,
    GetJoining,
    Guest,
    Invitation,
    Invite,
    Invited,
    Joining,
    invitation_text,
)
from tui.cli import exits
from tui.cli.access import Way
from tui.cli.asking import with_client
from tui.cli.joining import guest_of, let_in, wait_for_guest
from tui.cli.output import put, put_json, refuse, say
from tui.viewmodels.joining_page import name_trouble


def run(way: Way, node: str, *, wait: bool, yes: str, apply: bool, as_json: bool) -> int:
    """Print an invitation for NODE; with `wait`, let in who comes with it. Return the exit code."""
    trouble = name_trouble(node, None)
    if trouble:
        raise click.UsageError(f"{clean(node, 80)!r} is no name for a node. {trouble}")

    async def work(client: Client) -> int:
        token = secrets.token_hex(TOKEN_BYTES)
        kept = await client.ask(GetJoining())
        before = guest_of(kept, node) if isinstance(kept, Joining) else None
        answer = await client.ask(Invite(node, token))
        if isinstance(answer, Refused):
            return refuse(answer.text, answer.exit_code, as_json=as_json)
        if not isinstance(answer, Invited):
            raise ClientError(f"{client.agent} gave another answer: {type(answer).__name__}")
        _tell(node, token, answer, as_json=as_json)
        if before is not None:
            say(_replaced(before))
        if not wait:
            say(f"then let it in: clustertui joining {node}")
            return exits.DONE
        guest = await wait_for_guest(client, node)
        return await let_in(way, client, guest, yes=yes, apply=apply, as_json=as_json)

    return with_client(way, work)


def _replaced(before: Guest) -> str:
    """Return what became of the invitation that was there before."""
    asked = f", and what asked with it from {before.address} is refused" if before.key else ""
    return f"it replaces the invitation of {before.node} by {before.by}, which is over{asked}"


def _tell(node: str, token: str, invited: Invited, *, as_json: bool) -> None:
    word = invitation_text(Invitation(node, invited.cluster, invited.key, token, invited.endpoints))
    shown = fingerprint(invited.key)
    if as_json:
        put_json(
            {
                "node": node,
                "invitation": word,
                "fingerprint": shown,
                "endpoints": invited.endpoints,
                "seconds": invited.seconds,
            }
        )
        return
    put(word)
    say(f"good once, for {round(invited.seconds / 60)} minutes; key of the inviting agent: {shown}")
    say(
        f"on {node}: nodeagent join --state /var/lib/nodeagent --adapter IFACE=NETWORK:ADDRESS:ROLE"
    )
    say("           and this invitation; give --adapter once for each interface")
