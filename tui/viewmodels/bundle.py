"""What a support bundle holds: the files, by name, made from what agents told. Pure."""

import json
from collections.abc import Mapping

import msgspec

from nodeagent.config.load import load
from nodeagent.config.secrets import STRUCK, secret_values, struck
from nodeagent.wire.live import Snapshot

Files = dict[str, str]

INTRODUCTION = f"""\
This is what the agents of a cluster knew when it was made, for somebody who is to help.

versions.json              programs and machine of who made this
agents/NAME/status.json    the cluster as NAME sees it
agents/NAME/events.jsonl   what NAME recorded, oldest first
agents/NAME/runs.jsonl     the last reconfigurations, with each node's result for each step
agents/NAME/active.toml    the configuration in force
agents/NAME/draft.toml     the draft, where it differs
agents/NAME/findings.txt   what verification says of both
agents/NAME/error.txt      why NAME told nothing
local/                     what was added by --state and --log

Private keys are in no file. Values of parameters, options and variables whose names say that they
are secrets read {STRUCK} wherever they stood. Names, addresses and paths are as they are: look
through the files before you hand them on.
"""


def files_of(
    told: Mapping[str, Snapshot | str], versions: Mapping[str, str], local: Mapping[str, str]
) -> Files:
    """Return the bundle's files without secrets.

    `told` is each agent's snapshot, or why there is none; `local` are texts of this machine.
    """
    files: Files = {"README.txt": INTRODUCTION, "versions.json": _lines([dict(versions)])}
    secrets: set[str] = set()
    for name, answer in told.items():
        folder = f"agents/{name}"
        if isinstance(answer, str):
            files[f"{folder}/error.txt"] = answer + "\n"
            continue
        secrets |= secret_values(answer.active) | secret_values(answer.draft)
        files |= {f"{folder}/{file}": text for file, text in _of_agent(answer).items()}
    files |= {f"local/{name}": text for name, text in local.items()}
    return {
        name: text if name == "README.txt" else struck(text, secrets)
        for name, text in files.items()
    }


def _of_agent(snapshot: Snapshot) -> Files:
    bare = msgspec.structs.replace(snapshot, events=(), runs=(), active="", draft="")
    files = {
        "status.json": _lines([bare]),
        "events.jsonl": _lines(snapshot.events),
        "runs.jsonl": _lines(snapshot.runs),
        "active.toml": snapshot.active,
        "findings.txt": _findings("active.toml", snapshot.active),
    }
    if snapshot.draft != snapshot.active:
        files["draft.toml"] = snapshot.draft
        files["findings.txt"] += _findings("draft.toml", snapshot.draft)
    return files


def _findings(name: str, text: str) -> str:
    return "".join(f"{report}\n" for report in load(text.encode(), name).reports)


def _lines(values: object) -> str:
    assert isinstance(values, list | tuple)
    return "".join(json.dumps(msgspec.to_builtins(value)) + "\n" for value in values)
