"""Reconcile: hold what the last decree gives this node, and nothing else.

Run after every event. Release what is not this node's; acquire what is, under a valid lease, after
its parents, with proof of release. A release that is not wanted any more, as after an abort, is
taken back while nothing is stopped. Groups that an open DARE governs are left to it; while
suspended nothing is acquired. A node that loses its lease lets go of everything, whatever else is
going on.
"""

from nodeagent.config.holds import held_groups, hold_text, is_held
from nodeagent.config.instances import written_name
from nodeagent.config.rules import apart_of
from nodeagent.config.words import join
from nodeagent.core import adoption
from nodeagent.core.effects import Pet
from nodeagent.core.groups import GroupRunner
from nodeagent.core.participant import Participant
from nodeagent.core.proofs import Proofs
from nodeagent.core.shared import Shared
from nodeagent.model.ownership import NOBODY, Standing, Token
from nodeagent.wire.peer import LeaseRequest


class Keeper:
    """Keeps this node's groups as decreed."""

    def __init__(self, shared: Shared, proofs: Proofs, participant: Participant) -> None:
        self.shared = shared
        self.proofs = proofs
        self.participant = participant
        self._undone: set[str] = set()
        self._handed: frozenset[str] = frozenset()
        self._had_lease = False
        self._held: frozenset[str] = frozenset()
        self._petted_ms = -1_000_000

    def tick(self) -> None:
        """Renew the lease, pet the watchdog, run monitors and recoveries."""
        shared = self.shared
        until_ms = shared.lease_until_ms
        if shared.log.voters and shared.lease.due(shared.now.ms, until_ms, shared.timing):
            self.renew()
        self._pet()
        touched, held, leased = self.participant.touched, self._notice_holds(), shared.lease_valid
        for name, runner in shared.runners.items():
            may_restart = leased and not (shared.suspended and name in touched)
            may_leave = leased and not shared.suspended
            shared.out += runner.tick(
                shared.now, may_restart=may_restart, may_leave=may_leave, on_hold=name in held
            )

    def _notice_holds(self) -> frozenset[str]:
        """Return the groups that are held now; tell of this node's ones that begin and end it."""
        shared, before = self.shared, self._held
        configuration, owners = shared.log.configuration, shared.log.standing.owners
        self._held = held_groups(shared.now.unix, configuration)
        for name in sorted(before ^ self._held):
            if owners.get(name) != shared.name or configuration is None:
                continue
            if name in self._held:
                text = f"{hold_text(configuration.group[name])}: watched, not recovered"
                shared.tell("warning", name, text)
            else:
                shared.tell("note", name, "not held any more")
        return self._held

    def undo_tentative(self) -> None:
        """Let go of what was started for a configuration that was not decided, whoever owns it."""
        for name, runner in self.shared.runners.items():
            if runner.tentative:
                self._undone.add(name)

    def restart_children(self, before: Standing) -> None:
        """Let go once of the groups here whose parent a VIEW moved: it was away under them.

        In a DARE the plan sees to that.
        """
        shared, after = self.shared, self.shared.log.standing
        configuration = shared.log.configuration
        for name, group in configuration.group.items() if configuration else ():
            runner = shared.runners.get(name)
            if runner is None or not runner.held or after.owners.get(name) != shared.name:
                continue
            if is_held(group, shared.now.unix):
                continue  # it would not be started again before the hold ends
            moved = [p for p in group.after if self._was_away(p, before, after)]
            if moved and before.owners.get(name) == shared.name:
                self._undone.add(name)
                text = f"starts again, because it runs after {join(moved)}, which moved"
                shared.tell("note", name, text)

    def _was_away(self, parent: str, before: Standing, after: Standing) -> bool:
        """Return whether a VIEW moved a parent: not where a new life took it over as it ran."""
        if _holder(before, parent) == _holder(after, parent):
            return False
        owner = after.owners.get(parent, NOBODY)
        stays = owner and before.owners.get(parent) == owner
        return not (stays and self.shared.group_state(parent, owner) == "online")

    def note_handed(self, before: Standing) -> None:
        """Note which groups a VIEW brings here that were online until now, as last heard.

        This cluster had their addresses then. Where one failed, a stranger may be the reason.
        """
        shared, after = self.shared, self.shared.log.standing
        mine = {group for group, owner in after.owners.items() if owner == shared.name}
        came = {
            group
            for group in mine
            if before.owners.get(group, NOBODY) not in {NOBODY, shared.name}
            and shared.group_state(group, before.owners[group]) == "online"
        }
        self._handed = frozenset(came | (self._handed & mine))

    def renew(self) -> None:
        """Ask all voters for another lease."""
        shared = self.shared
        sequence = shared.lease.ask(shared.now.ms)
        shared.send_all(shared.log.voters, LeaseRequest(shared.log.standing.slot, sequence))

    def _pet(self) -> None:
        shared = self.shared
        if shared.now.ms - self._petted_ms < shared.timing.watchdog_ms // 4:
            return
        if shared.lease_valid or not any(r.held for r in shared.runners.values()):
            self._petted_ms = shared.now.ms
            timing, until_ms = shared.timing, max(0, shared.lease_until_ms)
            shared.out.append(Pet(timing.watchdog_ms, until_ms, timing.adopt_ms))

    def reconcile(self) -> None:
        """Bring every group one step nearer to what is decreed."""
        self._notice_lease()
        configuration, leased = self.shared.log.configuration, self.shared.lease_valid
        groups = dict.fromkeys(configuration.group if configuration else ())
        for group in (*groups, *(g for g in self.shared.runners if g not in groups)):
            self._reconcile(group, leased=leased)
        if self.shared.adapters.bad:
            self._follow_adapters()

    def _follow_adapters(self) -> None:
        """Move service addresses to adapters that are good, beside what else goes on."""
        shared = self.shared
        held = held_groups(shared.now.unix, shared.log.configuration)
        for name, runner in shared.runners.items():
            if name not in self.participant.touched and name not in held:
                shared.out += runner.follow(shared.now)

    def _notice_lease(self) -> None:
        valid = self.shared.lease_valid
        if self._had_lease and not valid:
            held = [name for name, r in self.shared.runners.items() if r.held]
            if held:
                text = f"lease lost: no majority of voters answers; releases {', '.join(held)}"
                self.shared.tell("error", self.shared.name, text, event="lease-lost")
        if valid and not self._had_lease:
            self.shared.leased_since_ms = self.shared.now.ms
            self._petted_ms = -1_000_000  # the watchdog shall know of it soon
            self.shared.inherited.clear()  # from now on this life holds what it holds
        self._had_lease = valid

    def _reconcile(self, group: str, *, leased: bool) -> None:
        shared = self.shared
        runner = shared.runner(group)
        if shared.stopping or not leased:
            keeps = adoption.keeps(shared, group) and not shared.stopping
            if not keeps and not (leased and self._carries(group)):
                self._let_go(runner, leased=leased)
            return
        if group in self.participant.touched:
            return
        owner = shared.log.standing.owners.get(group, "")
        if owner != shared.name or not shared.is_member:
            self._let_go(runner, leased=leased)
            return
        if group in self._undone:
            if runner.held:
                self._let_go(runner, leased=leased)
                return
            self._undone.discard(group)
        self._bring_online(runner)

    def _carries(self, group: str) -> bool:
        """Return whether a group that runs after this one is still held here."""
        configuration = self.shared.log.configuration
        if configuration is None:
            return False
        children = (name for name, noun in configuration.group.items() if group in noun.after)
        runners = self.shared.runners
        return any(name in runners and runners[name].held for name in children)

    def _bring_online(self, runner: GroupRunner) -> None:
        shared, group = self.shared, runner.name
        self._take_back(runner)
        if runner.state == "online":
            shared.forgiven.discard(group)
        if group in shared.forgiven and runner.state == "error" and not runner.held:
            shared.forgiven.discard(group)
            runner.forgive(shared.now)
        if not runner.held and runner.state == "offline" and not shared.suspended:
            self._acquire(runner)

    def _take_back(self, runner: GroupRunner) -> None:
        """End a release that nobody wants any more, before it interrupts anybody."""
        configuration = self.shared.log.configuration
        noun = configuration.group.get(runner.name) if configuration else None
        if runner.state == "releasing" and noun is not None:
            self.shared.out += runner.stay(noun, self.shared.now)

    def _let_go(self, runner: GroupRunner, *, leased: bool) -> None:
        self.proofs.close(runner.name)
        self.shared.inherited.pop(runner.name, None)
        held = runner.held
        if (held or runner.state == "online") and runner.state != "releasing":
            shared = self.shared
            cause = (shared.stopping or shared.log.last_cause) if leased else "lease lost"
            shared.out += runner.release(shared.now, cause=cause, urgent=not leased)
        elif held and not leased:
            self.shared.out += runner.hurry(self.shared.now)
        if not runner.held:
            self._undone.discard(runner.name)

    def _acquire(self, runner: GroupRunner) -> None:
        shared = self.shared
        configuration = shared.log.configuration
        noun = configuration.group.get(runner.name) if configuration else None
        if noun is None or not shared.parents_online(noun, shared.log.standing.owners):
            return
        if is_held(noun, shared.now.unix):
            return  # it was let go of for safety only, as with a lost lease, and is not restarted
        missing = self.proofs.missing(shared, runner.name)
        if missing or self._drives_out(runner.name):
            return
        self.proofs.close(runner.name)
        standing = shared.log.standing
        ballot = shared.log.decrees[-1].ballot
        token = Token(standing.generation, standing.slot, ballot, decided=True)
        refuse = "drill: acquire refused" if runner.name in shared.drills.refuse_acquire else ""
        handed = runner.name in self._handed
        self._handed -= {runner.name}
        cause = shared.log.last_cause
        shared.out += runner.acquire(
            noun, token, shared.now, refuse=refuse, handed=handed, cause=cause
        )

    def _drives_out(self, group: str) -> bool:
        """Return whether something here is not stopped yet beside which this group must not run.

        That is a group that it must be apart from, or the same group in another form: with its
        startup a group becomes its instances, and instances become a group.
        """
        configuration, runners = self.shared.log.configuration, self.shared.runners
        apart = apart_of(configuration).get(group, ()) if configuration else ()
        forms = (n for n in runners if n != group and written_name(n) == written_name(group))
        return any(name in runners and runners[name].held for name in (*apart, *forms))


def _holder(standing: Standing, group: str) -> tuple[str, int]:
    """Return which life of which node owns a group."""
    owner = standing.owners.get(group, NOBODY)
    return owner, standing.view.get(owner, 0)
