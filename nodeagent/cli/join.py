"""`nodeagent join`: take part in a running cluster by the invitation of an administrator."""

import asyncio
import ipaddress
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

import click

from nodeagent.client.joining import ask_to_join
from nodeagent.daemon.identity import key_of_guest, take_invitation
from nodeagent.model.configuration import Adapter, AdapterRole
from nodeagent.model.fingerprint import fingerprint
from nodeagent.model.names import NAME_PATTERN
from nodeagent.model.text import clean
from nodeagent.wire.joining import INVITATION_LENGTH_MAX, Invitation, read_invitation

FORM = "write it as IFACE=NETWORK:ADDRESS:ROLE, for example eth0=public1:10.10.1.14:service"


class JoinError(Exception):
    """The command was used wrongly; the text says what would be right."""


def join(word: str, state: Path, node: str, adapters: Sequence[str]) -> int:
    """Ask to join and wait to be confirmed; returns the exit code.

    Raises JoinError on wrong words, SetupError, StoreError or ClientError with the reason if this
    machine is not taken in.
    """
    invitation = _invitation(word, node)
    wanted = read_adapters(adapters)
    look_for(wanted, [name for _, name in socket.if_nameindex()])
    pair = key_of_guest(state)
    _say(f"asks to join cluster {invitation.cluster} as {invitation.node}")
    _say(f"  key of the inviting agent: {fingerprint(invitation.key)}")
    _say(f"  key of this machine:       {fingerprint(pair.public)}")
    _say("compare both with what clustertui shows; waits until an administrator has confirmed ...")
    keys = (pair.public, pair.secret)
    data = asyncio.run(ask_to_join(invitation, keys, wanted, _say))
    take_invitation(state, invitation.node, data)
    click.echo(f"{invitation.node} {pair.public}")
    _say("confirmed; start the agent now, it waits for the DARE that adds it:")
    _say(f"  systemctl enable --now nodeagent   (or: nodeagent run --state {state})")
    return 0


def _invitation(word: str, node: str) -> Invitation:
    text = sys.stdin.readline(INVITATION_LENGTH_MAX + 2) if word == "-" else word
    try:
        invitation = read_invitation(text)
    except ValueError as error:
        raise JoinError(str(error)) from error
    if node not in {"", invitation.node}:
        raise JoinError(f"the invitation is for {invitation.node}, not for {clean(node, 63)}")
    return invitation


def read_adapters(words: Sequence[str]) -> dict[str, Adapter]:
    """Return the adapters that the words name; JoinError with the right form if one does not."""
    found: dict[str, Adapter] = {}
    for word in words:
        name, _, rest = word.partition("=")
        network, _, tail = rest.partition(":")
        address, _, role = tail.rpartition(":")  # an IPv6 address has colons of its own
        roles: tuple[AdapterRole, ...] = get_args(AdapterRole)
        known = next((r for r in roles if r == role), None)
        if not re.match(NAME_PATTERN, name) or not re.match(NAME_PATTERN, network) or not address:
            raise JoinError(f"--adapter {clean(word, 100)}: {FORM}")
        if known is None:
            raise JoinError(f"--adapter {clean(word, 100)}: the role is one of {', '.join(roles)}")
        if name in found:
            raise JoinError(f"--adapter {name} is there twice")
        found[name] = Adapter(network=network, role=known, address=address)
    return found


def look_for(adapters: Mapping[str, Adapter], interfaces: Sequence[str]) -> None:
    """Look whether this machine has the interfaces; JoinError names those it has if it does not.

    On loopback, as in the demonstration, names of adapters are only names.
    """
    missing = [
        name
        for name, adapter in adapters.items()
        if name not in interfaces and not _is_loopback(adapter.address)
    ]
    if missing:
        there = ", ".join(clean(name, 15) for name in interfaces if name != "lo") or "none but lo"
        raise JoinError(
            f"--adapter {missing[0]}: this machine has no interface of that name; it has {there}. "
            "Write the name that `ip link` shows; nothing was asked or changed"
        )


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False  # the cluster says what is wrong with it


def _say(text: str) -> None:
    click.echo(f"nodeagent: {clean(text)}", err=True)
