"""`clustertui check FILE`: every finding of a configuration, without a cluster."""

import time

from nodeagent.config.load import load
from tui.cli import files
from tui.cli.output import count, put_json, say


def run(file: str, *, as_json: bool) -> int:
    """Verify FILE; needs no cluster. Return the exit code."""
    parsed = load(files.read(file), file, unix=time.time())
    errors = sum(report.severity == "error" for report in parsed.reports)
    warnings = sum(report.severity == "warning" for report in parsed.reports)
    if as_json:
        put_json(
            {
                "file": file,
                "ok": parsed.ok,
                "errors": errors,
                "warnings": warnings,
                "reports": parsed.reports,
            }
        )
    else:
        files.put_reports(parsed.reports)
        say(f"{file}: {count(errors, 'error')}, {count(warnings, 'warning')}")
    return files.judged(parsed)
