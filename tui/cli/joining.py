"""`clustertui joining`: who asks to join, and letting one in by the fingerprint of its key."""

import asyncio

import click

from nodeagent.client.access import Access
from nodeagent.client.client import Client
from nodeagent.client.errors import AccessError, ClientError
from nodeagent.client.learning import learn
from nodeagent.model.text import clean
from nodeagent.wire.console import Apply, Done, Refused
from nodeagent.wire.joining import Admit, Admitted, GetJoining, Guest, Joining, Withdraw
from nodeagent.wire.live import Snapshot
from tui.cli import exits
from tui.cli.access import Way, author
from tui.cli.active import active_of
from tui.cli.asking import run_until_interrupted, snapshot_of
from tui.cli.dare import Teller, carry_out
from tui.cli.output import complain, put, put_json, put_table, refuse, say
from tui.cli.prompts import agreed, may_ask
from tui.cli.stale import DROPS_DRAFT, applies_draft

LOOK_S = 1.0
START_S = 120.0
"""From being confirmed until the new node's agent must run, for --apply."""
NOBODY = "nobody is invited; clustertui invite NODE makes an invitation"


def run(way: Way, node: str, *, yes: str, withdraw: bool, apply: bool, as_json: bool) -> int:
    """List who is invited, or let NODE in, or take its invitation back. Return the exit code."""
    if node == "" and (yes or withdraw or apply):
        raise click.UsageError("name the node")

    async def work() -> int:
        found = await _kept(way.access())
        if not node:
            return _list(found, as_json=as_json)
        for access, joining in found:
            guest = guest_of(joining, node)
            if guest is not None:
                return await act(access, guest)
        name = clean(node, 63)
        text = f"{name} is not invited; clustertui invite {name} does it"
        return refuse(text, exits.FAILED, as_json=as_json)

    async def act(access: Access, guest: Guest) -> int:
        if guest.state == "invited" and not withdraw:
            text = f"{guest.node} is invited, and has not asked yet"
            return refuse(text, exits.BUSY, as_json=as_json)
        client = Client(access)
        try:
            if withdraw:
                return _told(await client.ask(Withdraw(guest.node)), as_json=as_json)
            return await let_in(way, client, guest, yes=yes, apply=apply, as_json=as_json)
        finally:
            await client.close()

    return run_until_interrupted(work())


async def _kept(access: Access) -> list[tuple[Access, Joining]]:
    """Return what each agent that answers keeps: an invitation is known to one of them alone."""
    if not access.agents:
        raise AccessError("the access file names no agent", "add [agent.NAME] or use --connect")
    found, errors = [], []
    for agent in access.agents:
        client = Client(access.to([agent]))
        try:
            found.append((access.to([agent]), await joining_of(client)))
        except ClientError as error:
            errors.append(error)
        finally:
            await client.close()
    if not found:
        raise errors[0]
    return found


async def joining_of(client: Client) -> Joining:
    """Return the invitations that an agent keeps; ClientError if it does not tell."""
    answer = await client.ask(GetJoining())
    if isinstance(answer, Refused):
        raise ClientError(answer.text)
    if not isinstance(answer, Joining):
        raise ClientError(f"{client.agent} gave another answer: {type(answer).__name__}")
    return answer


def guest_of(joining: Joining, node: str) -> Guest | None:
    """Return the invitation of `node` among these, None where there is none."""
    return next((guest for guest in joining.guests if guest.node == node), None)


def _list(found: list[tuple[Access, Joining]], *, as_json: bool) -> int:
    guests = [(joining.agent, guest) for _, joining in found for guest in joining.guests]
    if as_json:
        put_json([{"agent": agent, "guest": guest} for agent, guest in guests])
        return exits.DONE
    if not guests:
        say(NOBODY)
    put_table(
        (
            guest.node,
            guest.state,
            guest.address or "-",
            guest.fingerprint or "-",
            f"{guest.seconds // 60}:{guest.seconds % 60:02d} left, at {agent}",
        )
        for agent, guest in guests
    )
    return exits.DONE


async def wait_for_guest(client: Client, node: str) -> Guest:
    """Return the guest once a machine asks to become `node`; ClientError if nobody does in time."""
    while True:
        guest = guest_of(await joining_of(client), node)
        if guest is None:
            raise ClientError(f"the invitation of {node} is over", "make a new one")
        if guest.state != "invited":
            return guest
        await asyncio.sleep(LOOK_S)


async def let_in(
    way: Way, client: Client, guest: Guest, *, yes: str, apply: bool, as_json: bool
) -> int:
    """Confirm the key of `guest`, if a person or `yes` says that it is the right one."""
    say(f"{guest.node} asks to join, from {guest.address}")
    for name, adapter in guest.adapters.items():
        say(f"  {name}: {adapter.address} on {adapter.network}, {adapter.role}")
    say(f"  key of that machine: {guest.fingerprint}")
    if not _is_right(guest, yes):
        return refuse(f"{guest.node} was not let in", exits.FAILED, as_json=as_json)
    answer = await client.ask(Admit(guest.node, yes or guest.fingerprint))
    if not isinstance(answer, Admitted):
        return _told(answer, as_json=as_json)
    if not apply:
        _tell_drafted(guest, _base_of_draft(await snapshot_of(client), answer))
        if as_json:
            put_json({"node": guest.node, "state": "admitted", "fingerprint": guest.fingerprint})
        else:
            put(f"{guest.node}: admitted")
        return exits.DONE
    code = await _add(client, guest.node, answer, as_json=as_json)
    if code == exits.DONE and not way.connect:  # else it is a file of another cluster, or none
        await _learn(way, client)
    return code


async def _learn(way: Way, client: Client) -> None:
    """Let the access file know all agents, so that the next answers when this one is away."""
    file = way.file()
    try:
        found = learn(file, active_of(await snapshot_of(client)))
    except (AccessError, ClientError) as error:
        complain(f"{error}; add [agent.NAME] tables by hand")
        return
    for agent in found.renewed:
        where = f"at {agent.admin} as before"
        say(f"{file} has the new key of {agent.name} in the place of the old one now, {where}")
    for agent in found.new:
        say(f"{file} knows the agent of {agent.name} now, at {agent.admin}")


def _base_of_draft(snapshot: Snapshot, admitted: Admitted) -> str:
    """Return the digest of what the draft was made from, "" where it is not known.

    The first draft of a cluster says nothing of it; one with nothing but the new node shows it.
    """
    return snapshot.draft_base or (admitted.base if snapshot.draft == admitted.text else "")


def _tell_drafted(guest: Guest, base: str) -> None:
    """Say what adds the node, now and once its invitation is over."""
    node, left = guest.node, max(1, guest.seconds // 60)
    say(f"{node} is in the draft, and not in the cluster yet. Start its agent; then this adds it:")
    say(f"  clustertui joining {node} --yes {guest.fingerprint} --apply")
    if base:
        say(f"After its invitation is over ({left} min), or to add it with all else in the draft:")
        for command in applies_draft(base):
            say(command)
    say(DROPS_DRAFT)


def _is_right(guest: Guest, yes: str) -> bool:
    """Return whether the key may be let in; nobody is asked without a terminal."""
    if yes:
        return True  # the agent compares it
    if not may_ask():
        raise click.UsageError(
            f"to confirm without a terminal: clustertui joining {guest.node} --yes FINGERPRINT, "
            f"the one that {guest.node} itself shows"
        )
    text = f"Does {guest.node} itself show the same fingerprint?"
    return agreed(text)


def _told(answer: object, *, as_json: bool) -> int:
    """Tell an answer that is not the one hoped for, or a plain done."""
    if isinstance(answer, Refused):
        return refuse(answer.text, answer.exit_code, as_json=as_json)
    if not isinstance(answer, Done):
        raise ClientError(f"an agent gave another answer: {type(answer).__name__}")
    if as_json:
        put_json({"result": "done", "text": answer.text})
    else:
        put(answer.text)
    return exits.DONE


async def _add(client: Client, node: str, admitted: Admitted, *, as_json: bool) -> int:
    """Run the DARE that adds `node` and nothing else, once its agent answers."""
    loop = asyncio.get_running_loop()
    until = loop.time() + START_S
    while (guest := guest_of(await joining_of(client), node)) is not None:
        if guest.state == "fetched":
            break
        await asyncio.sleep(LOOK_S)
    say(f"start the agent of {node} now; the first step waits for it")
    apply = Apply(admitted.text, admitted.base, f"{node} joins", author())
    while True:
        code = await carry_out(client, await snapshot_of(client), apply, Teller(as_json=as_json))
        if not _is_missing(await snapshot_of(client), node) or loop.time() > until:
            return code
        say(f"the agent of {node} does not answer; tries again ...")
        await asyncio.sleep(LOOK_S)


def _is_missing(snapshot: Snapshot, node: str) -> bool:
    """Return whether the newest DARE was refused because `node` gave no answer."""
    run = snapshot.run
    if run is None or run.state != "refused" or node not in run.nodes:
        return False
    return any(row.cells[node].state == "lost" for row in run.steps if node in row.cells)
