"""What operators ask of a running cluster, with its consequences, before anything is asked.

Each function makes one `Operation` from the ground that the cluster stands on now. Commands and
dialogs show the same words and send the same request.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from nodeagent.config.digest import file_digest
from nodeagent.config.holds import held_groups, hold_end, hold_text, is_held
from nodeagent.config.instances import is_concurrent, is_instance, meant, written_name
from nodeagent.config.operations import with_hold, with_standby
from nodeagent.config.parse import parse
from nodeagent.config.placement import able
from nodeagent.config.plan import plan
from nodeagent.config.verify.groups import HOLD_MAX_S
from nodeagent.config.words import join, time_text
from nodeagent.model.configuration import Configuration
from nodeagent.model.plan import GroupEffect, Plan
from nodeagent.model.times import Durations, Forecast
from nodeagent.wire.console import Apply
from nodeagent.wire.live import ClusterLive
from tui.viewmodels import preview as previews
from tui.viewmodels.dare import effect_text
from tui.viewmodels.preview import Preview, forecast_text
from tui.viewmodels.survives import loss_lines


@dataclass(frozen=True, slots=True)
class Ground:
    """What an operation starts from: the active file, the cluster, and the time in Unix seconds.

    `configuration` is expanded: groups that run on all of their nodes stand as their instances.
    """

    text: str
    configuration: Configuration
    cluster: ClusterLive
    unix: float
    times: Durations = field(default_factory=dict)

    def preview(self, text: str, asked: Mapping[str, str]) -> Preview:
        """Return what going to `text` with these moves would do, and why holds forbid it."""
        old, cluster = parse(self.text).configuration or self.configuration, self.cluster
        new = old if text == self.text else parse(text).configuration or old
        held = held_groups(self.unix, old, new)
        ground = previews.Ground(old, cluster.view, cluster.owners, cluster.asked, held, self.times)
        return previews.preview(ground, new, asked, pairs=False)


@dataclass(frozen=True, slots=True)
class Operation:
    """One thing to ask for.

    `what` says it in a few words, `subject` is the node or group, `command` the same for a shell,
    `remarks` what follows later. `already`: why there is nothing to do; `refused`: why it may not
    be, which the agents would say too, and `held` whether a hold is why.
    """

    what: str
    subject: str
    command: str
    text: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)
    seen: Preview = field(default_factory=Preview)
    remarks: tuple[str, ...] = ()
    already: str = ""
    refused: str = ""
    held: bool = False

    @property
    def effects(self) -> tuple[GroupEffect, ...]:
        """Return what happens to groups, without those that nothing happens to."""
        return tuple(effect for effect in self.seen.plan.effects if effect.kind != "untouched")

    @property
    def interrupts(self) -> bool:
        """Return whether a group that runs is stopped by it; to start one takes nothing away."""
        return any(effect.source for effect in self.effects)

    def lines(self) -> list[str]:
        """Return what will happen, in lines for people."""
        found = [_effect_line(effect, self.seen.forecast(effect.group)) for effect in self.effects]
        lost = [f"not survived any more: {one}" for one in loss_lines(self.seen.endurance)]
        return [*(found or ["no group is interrupted"]), *lost, *self.remarks]

    def request(self, ground: Ground, author: str, reason: str = "") -> Apply:
        """Return the request for the DARE that carries it out."""
        return Apply(
            text=self.text,
            base=file_digest(ground.text.encode()),
            reason=(reason or self.what)[:500],
            author=author,
            owners=dict(self.owners),
        )


Make = Callable[[Ground], Operation]
"""Makes an operation from the ground; the name in question is known to be there."""


def _effect_line(effect: GroupEffect, forecast: Forecast | None) -> str:
    why = f" ({effect.reason})" if effect.reason else ""
    away = f"; {forecast_text(forecast)}" if forecast is not None else ""
    return f"{effect.group}: {effect_text(effect)}{why}{away}"


# -- groups


def move(ground: Ground, group: str, node: str) -> Operation:
    """Return the move of a group to a node that its takeover order names."""
    made = Operation(f"move {group} to {node}", group, f"clustertui move {group} {node}")
    if is_instance(group) or group not in ground.configuration.group:
        whole, parts = written_name(group), meant(group, ground.configuration.group)
        end = f"; to end one instance: clustertui group offline {parts[0]}" if parts else ""
        return replace(made, refused=f"{whole} runs on all of its nodes and cannot move{end}")
    if ground.cluster.owners.get(group) == node:
        return replace(made, already=f"{group} is on {node} already")
    return _placed(ground, made, {group: node})


def offline(ground: Ground, group: str) -> Operation:
    """Return the order to take a group offline until somebody brings it online."""
    made = Operation(f"take {group} offline", group, f"clustertui group offline {group}")
    owned = [name for name in _parts(ground, group) if ground.cluster.owners.get(name)]
    if not owned:
        ordered = all(name in ground.cluster.asked for name in _parts(ground, group))
        after = "" if ordered else ", though not by order: it starts when its policies allow it"
        return replace(made, already=f"{group} is offline already{after}")
    remark = f"it stays offline until somebody acts: clustertui group online {group}"
    return _placed(ground, made, dict.fromkeys(owned, ""), remark)


def online(ground: Ground, group: str) -> Operation:
    """Return the order to bring a group online where its policies would start it."""
    made = Operation(f"bring {group} online", group, f"clustertui group online {group}")
    parts = _parts(ground, group)
    owned = {name: node for name in parts if (node := ground.cluster.owners.get(name))}
    if len(owned) == len(parts):
        return replace(made, already=f"{group} is on {join(owned.values())} already")
    noun = ground.configuration.group[parts[0]]
    if is_held(noun, ground.unix):
        end = f"wait, or end the hold: clustertui group unhold {written_name(group)}"
        return replace(made, refused=f"{group} is {hold_text(noun)}; {end}", held=True)
    homes = {name: _home_of(ground, name) for name in parts if name not in owned}
    found = {name: node for name, (node, _) in homes.items() if node}
    why = "; ".join(why for _, why in homes.values() if why)
    if not found:
        return replace(made, refused=why)
    return _placed(ground, made, found, *([f"left as it is: {why}"] if why else []))


def _parts(ground: Ground, group: str) -> tuple[str, ...]:
    """Return the groups that are meant: all instances of one that runs on all of its nodes."""
    return meant(group, ground.configuration.group) or (group,)


def _home_of(ground: Ground, group: str) -> tuple[str, str]:
    """Return the node on which policies would start an idle group, or why there is none."""
    old, cluster = ground.configuration, ground.cluster
    asked = {name: node for name, node in cluster.asked.items() if name != group}
    found = plan(old, old, view=cluster.view, owners=cluster.owners, asked=asked)
    node = found.owners.get(group, "")
    if node:
        return node, ""
    why = next(effect.reason for effect in found.effects if effect.group == group)
    return "", f"{group} {why}{_elsewhere(ground, group)}"


def _elsewhere(ground: Ground, group: str) -> str:
    noun, cluster = ground.configuration.group[group], ground.cluster
    idle = [parent for parent in noun.after if not cluster.owners.get(parent)]
    if idle:
        return f"; first: clustertui group online {idle[0]}"
    nodes = [n for n in noun.nodes if n in cluster.view and able(ground.configuration, noun, n)]
    return f"; on {nodes[0]} it can: clustertui move {group} {nodes[0]}" if nodes else ""


def hold(ground: Ground, group: str, length: timedelta) -> Operation:
    """Return the order to leave a group alone for `length` from now on."""
    until = datetime.fromtimestamp(int(ground.unix), UTC) + length
    end = time_text(until)
    made = Operation(
        f"hold {group} until {end}",
        group,
        f"clustertui group hold {group} --for {length_text(length)}",
    )
    if is_instance(group):
        return replace(
            made, refused=_held_as_a_whole(group, "hold", f" --for {length_text(length)}")
        )
    text = with_hold(ground.text, group, until)
    found = ground.preview(text, {})
    why = found.forbidden
    owner = join(filter(None, map(ground.cluster.owners.get, _parts(ground, group))), "or")
    lost = f", not even if {owner} is lost or its agent restarts" if owner else ", nor started"
    remarks = (
        f"until {end} {group} is watched, but neither restarted nor moved{lost}",
        "a change that would touch it is refused; afterwards all goes on by itself",
    )
    return replace(made, text=text, seen=found, remarks=remarks, refused=why, held=bool(why))


def _held_as_a_whole(group: str, word: str, more: str = "") -> str:
    """A hold is a key of the group's table in the file, which stands for all of its instances."""
    whole = written_name(group)
    return f"{whole} is held as a whole, not one instance: clustertui group {word} {whole}{more}"


def unhold(ground: Ground, group: str) -> Operation:
    """Return the order to end a group's hold."""
    made = Operation(f"end the hold of {group}", group, f"clustertui group unhold {group}")
    if is_instance(group):
        return replace(made, refused=_held_as_a_whole(group, "unhold"))
    noun = ground.configuration.group[_parts(ground, group)[0]]
    if noun.hold_until is None:
        return replace(made, already=f"{group} is not held")
    text = with_hold(ground.text, group, None)
    found = ground.preview(text, {})
    why = found.forbidden
    over = hold_end(noun) <= ground.unix
    remark = "the hold is over; its key leaves the file" if over else (
        "what failed meanwhile is dealt with at once"
    )  # fmt: skip
    return replace(made, text=text, seen=found, remarks=(remark,), refused=why, held=bool(why))


# -- nodes


def standby(ground: Ground, node: str) -> Operation:
    """Return the order that a node shall own nothing, though it stays in and votes."""
    made = Operation(f"send {node} to standby", node, f"clustertui node standby {node}")
    if ground.configuration.node[node].standby:
        return replace(made, already=f"{node} is on standby already")
    stays = f"{node} stays in and votes, and owns nothing until clustertui node resume {node}"
    return _set(ground, made, (stays,), standby=True)


def resume(ground: Ground, node: str) -> Operation:
    """Return the order that a node may own groups again."""
    made = Operation(f"let {node} serve again", node, f"clustertui node resume {node}")
    if not ground.configuration.node[node].standby:
        return replace(made, already=f"{node} is not on standby")
    back = "groups come back only where their fallback says so; clustertui move brings others"
    return _set(ground, made, (back,), standby=False)


def _set(ground: Ground, made: Operation, remarks: tuple[str, ...], *, standby: bool) -> Operation:
    text = with_standby(ground.text, made.subject, standby=standby)
    found = ground.preview(text, {})
    why = found.forbidden
    alone = join(_without_heir(ground, text, found.plan)) if standby else ""
    if alone:
        remarks = (*remarks, f"no other node could then take over {alone}")
    return replace(made, text=text, seen=found, remarks=remarks, refused=why, held=bool(why))


def _without_heir(ground: Ground, text: str, found: Plan) -> Iterator[str]:
    """Yield groups that are left with the node that has them."""
    new = parse(text).configuration or ground.configuration
    for name, group in new.group.items():
        if is_concurrent(group):
            continue
        owner = found.owners.get(name, "")
        heirs = [n for n in group.nodes if n != owner and n in ground.cluster.view]
        if owner and not any(able(new, group, node) for node in heirs):
            yield name


# -- small steps


def _placed(ground: Ground, made: Operation, asked: Mapping[str, str], *remarks: str) -> Operation:
    found = ground.preview(ground.text, asked)
    why = found.forbidden
    lost = (_unreachable(ground, group, node, found.plan) for group, node in asked.items())
    reason = why or next(filter(None, lost), "")
    return replace(
        made,
        text=ground.text,
        owners=asked,
        seen=found,
        remarks=remarks,
        refused=reason,
        held=bool(why),
    )


def _unreachable(ground: Ground, group: str, node: str, found: Plan) -> str:
    """Return why a group does not land where it was asked to."""
    lands = found.owners.get(group, "")
    if lands == node:
        return ""
    noun = ground.configuration.node.get(node)
    if noun is not None and noun.standby:
        return f"{node} is on standby and owns no group: clustertui node resume {node}"
    if node not in ground.cluster.view:
        return f"{node} is not in the cluster now"
    return f"{group} cannot go there now; it would be on {lands or 'nobody'}"


_UNITS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
HOLD_MAX = timedelta(seconds=HOLD_MAX_S)


def length_of(text: str) -> timedelta | None:
    """Return a length of time written as 30m, 2h or 1h30m; None where it is none, or too long."""
    seconds, digits = 0, ""
    for char in text.strip().lower():
        if char.isascii() and char.isdigit() and len(digits) < 8:
            digits += char
        elif char in _UNITS and digits:
            seconds, digits = seconds + int(digits) * _UNITS[char], ""
        else:
            return None
    length = timedelta(seconds=seconds)
    return length if seconds and not digits and length <= HOLD_MAX else None


def length_text(length: timedelta) -> str:
    """Return a length of time as it is written: 1h30m."""
    rest, words = int(length.total_seconds()), ""
    for unit, seconds in _UNITS.items():
        count, rest = divmod(rest, seconds)
        words += f"{count}{unit}" if count else ""
    return words
