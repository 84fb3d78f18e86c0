"""The story of three hosts: each fault and each kind of change, and what the client saw of it."""

import asyncio
import time
from typing import Protocol

from tests.lab import changes, deaths
from tests.lab.disk import Disk
from tests.lab.drills import LabDrills
from tests.lab.plan import GROUPS, PLUGS, address_of, without_network
from tests.lab.room import RoomError
from tests.lab.stage import RECOVER_S, Stage, Steps
from tui.demo.watch import require

PRIVATE = "private1"


class Fault(Protocol):
    """Break a port of the switch, or mend it."""

    def __call__(self, port: str, *, broken: bool) -> None: ...


class Tour:
    """Three members, one spare; *web* and *orders* run from the start."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.lab = stage.lab

    def steps(self) -> Steps:
        """Return the steps in their order."""
        return (
            ("hosts", self.hosts),
            ("disk", self.disk),
            ("drills", self.drills),
            ("stable", lambda: changes.stable(self.stage)),
            ("planned-move", self.planned_move),
            ("network-death", self.network_death),
            ("adapter-death", self.adapter_death),
            ("node-death", lambda: deaths.of_owner(self.stage, "web", deaths.node_death)),
            ("split-from-owner", lambda: deaths.of_owner(self.stage, "web", deaths.cut_off)),
            ("split-with-owner", self.split_with_owner),
            ("add-group", self.add_group),
            ("add-node", self.add_node),
            ("remove-network", self.remove_network),
        )

    # -- the lab itself

    async def hosts(self) -> str:
        """Each host has its own adapters, processes, name and files below /run."""
        for name, room in self.lab.hosts.items():
            await asyncio.to_thread(room.run, "touch", f"/run/{name}")
            found = (await asyncio.to_thread(room.run, "ls", "/run")).split()
            require(sorted(found) == sorted(["lock", name]), f"/run of {name} holds {found}")
            shown = await asyncio.to_thread(room.run, "ip", "-br", "link")
            ours = {line.split("@")[0].split()[0] for line in shown.splitlines()} - {"lo"}
            require(ours == {plug.name for plug in PLUGS}, f"{name} has the adapters {ours}")
            known = await asyncio.to_thread(room.run, "hostname")
            require(known.strip() == name, f"{name} is called {known.strip()}")
        return f"{len(self.lab.hosts)} hosts with {len(PLUGS)} adapters each, none sees another's"

    async def disk(self) -> str:
        """What one host mounts no other host sees, and the data go from one to the next."""
        first, second, third = (self.lab.hosts[name] for name in self.lab.cast.members)
        disk = await asyncio.to_thread(Disk, self.lab.folder / "disk.img")
        place = self.lab.folder / "mounted"
        place.mkdir()
        try:
            await asyncio.to_thread(first.run, "mount", disk.path, str(place))
            await asyncio.to_thread(first.run, "touch", f"{place}/from-{first.name}")
            for other in (second, third):
                seen = await asyncio.to_thread(other.run, "ls", str(place))
                require(not seen.strip(), f"{other.name} sees {seen} of {first.name}'s mount")
            await asyncio.to_thread(first.run, "umount", str(place))
            await asyncio.to_thread(second.run, "mount", disk.path, str(place))
            await asyncio.to_thread(second.run, "ls", f"{place}/from-{first.name}")
            await asyncio.to_thread(second.run, "umount", str(place))
        except RoomError as error:
            require(False, str(error))
        finally:
            disk.close()
        return (
            f"{disk.path} was mounted on {first.name}, then on {second.name}, and seen nowhere else"
        )

    async def drills(self) -> str:
        """What the console offers can be done, and undone."""
        menu, name = LabDrills(self.lab), self.lab.cast.members[0]
        offered = _keys(menu)
        require(f"pull {name}-priv1" in offered, f"no cable to pull in {offered}")

        async def has_link(adapter: str) -> bool:
            shown = await asyncio.to_thread(self.lab.hosts[name].run, "ip", "link", "show", adapter)
            return "LOWER_UP" in shown

        for fault, remedy in (
            (f"pull {name}-priv1", f"plug {name}-priv1"),
            (f"kill {PRIVATE}", f"mend {PRIVATE}"),
        ):
            told = await menu.run(fault)
            require(not await has_link("priv1"), f"{told}, yet priv1 has a link")
            require(await has_link("pub1a"), f"{told}, and pub1a has no link either")
            require(remedy in _keys(menu), f"{told}, and {remedy} is not offered")
            told = await menu.run(remedy)
            require(await has_link("priv1"), f"{told}, yet priv1 has no link")
        return f"{len(offered)} faults are offered; a cable and a network went and came back"

    # -- a cluster at work

    async def planned_move(self) -> str:
        """A group goes to another host; the clients of the other group notice nothing."""
        stage, began = self.stage, time.monotonic()
        owners = await stage.owners()
        target = next(name for name in self.lab.cast.members if name not in owners.values())
        await stage.answered(began, "web")  # so that its client has seen it where it was
        await stage.move("web", target)
        await stage.settled()
        kept = await stage.undisturbed(began, "orders")
        return f"web from {owners['web']} to {target}; {kept}"

    async def network_death(self) -> str:
        """The private network dies: that is seen, and nobody takes anything over."""
        stage, switch, began = self.stage, self.lab.switch, time.monotonic()
        before = await stage.owners()
        await asyncio.to_thread(switch.turn_network, PRIVATE, on=False)
        await stage.watch.until(lambda: self._links("down"), RECOVER_S, f"{PRIVATE} is seen dead")
        require(await stage.settled() == before, "a group moved")
        kept = await stage.undisturbed(began, *before)
        await asyncio.to_thread(switch.turn_network, PRIVATE, on=True)
        await stage.watch.until(lambda: self._links("up"), RECOVER_S, f"{PRIVATE} is seen alive")
        return f"{PRIVATE} was down on all hosts, no takeover; {kept}"

    async def _links(self, state: str) -> None:
        for name, view in (await self.stage.scene.look()).items():
            for node in view.nodes:
                if node.node == name:
                    continue
                for link in node.links:
                    wanted = state if link.network == PRIVATE else "up"
                    text = f"{name} calls {link.adapter} of {node.node} {link.state}"
                    require(link.state == wanted, text)

    async def split_with_owner(self) -> str:
        """A host that owns nothing is cut off: no service notices."""
        owners = await self.stage.owners()
        idle = [name for name in self.lab.cast.members if name not in owners.values()]
        require(bool(idle), f"every host owns something: {owners}")
        return await deaths.cut_off(self.stage, idle[0])

    # -- adapters

    async def adapter_death(self) -> str:
        """The link of the owner's adapter goes down."""
        return await self._without_adapter("its link was down", self._pull)

    async def adapter_silent(self) -> str:
        """The owner's adapter hears and says nothing more, but its link stays up."""
        return await self._without_adapter("it was silent", self._mute)

    def _pull(self, port: str, *, broken: bool) -> None:
        self.lab.switch.turn([port], on=not broken)

    def _mute(self, port: str, *, broken: bool) -> None:
        if broken:
            self.lab.switch.mute([port])
        else:
            self.lab.switch.mend()

    async def _without_adapter(self, what: str, fault: Fault) -> str:
        """The adapter that has the owner's address fails: the other one of its host takes it."""
        stage, address = self.stage, address_of("web")
        before, began = await stage.owners(), time.monotonic()
        owner = before["web"]
        (failing,) = await self._holders(owner, address)
        (standby,) = {"pub1a", "pub1s"} - {failing}
        (port,) = self.lab.switch.ports(owner, plugs=(failing,))
        trusted = self.lab.told(owner, f"adapter {failing} on public1 works again")

        async def moved() -> None:
            at = await self._holders(owner, address)
            require(at == [standby], f"{address} is on {at} of {owner}")

        async def good() -> None:
            now = self.lab.told(owner, f"adapter {failing} on public1 works again")
            require(now > trusted, f"{failing} does not work again")

        await asyncio.to_thread(fault, port, broken=True)
        await stage.watch.until(moved, RECOVER_S, f"{standby} has the address")
        await stage.scene.served("web")
        require(await stage.owners() == before, "a group left its node")
        beside = [g for g in before if (before[g], GROUPS[g][0]) != (owner, GROUPS["web"][0])]
        kept = await stage.undisturbed(began, *beside)
        seconds = time.monotonic() - began
        await asyncio.to_thread(fault, port, broken=False)
        await stage.watch.until(good, RECOVER_S, f"{failing} works again")
        require(await stage.settled() == before, "a group left its node")
        return (
            f"{failing} of {owner}: {what}; {address} on {standby} after {seconds:.1f} s, and "
            f"answered there; {kept}"
        )

    async def _holders(self, host: str, address: str) -> list[str]:
        """Return the adapters of `host` that have `address`."""
        shown = await asyncio.to_thread(self.lab.hosts[host].run, "ip", "-o", "-4", "addr")
        return [line.split()[1] for line in shown.splitlines() if f" {address}/" in line]

    # -- changes under load

    async def add_group(self) -> str:
        """A DARE of resources: one more group."""
        return await changes.add_group(self.stage, self.lab.cast.members[1::-1])

    async def add_node(self) -> str:
        """A DARE of topology: one more host, greeted on all its networks."""
        spare = self.lab.cast.spares[0]
        text = self.lab.plan.with_node(await changes.active(self.stage), spare)
        await asyncio.to_thread(self.lab.join, spare, text)
        return await changes.change(self.stage, text, f"add node {spare}", adds=spare)

    async def remove_network(self) -> str:
        """A DARE of topology: the private network and every adapter on it go."""
        text = without_network(await changes.active(self.stage), PRIVATE)
        return await changes.change(self.stage, text, f"remove network {PRIVATE}")


def _keys(menu: LabDrills) -> list[str]:
    """Return the keys of all that the menu offers now."""
    return [one.key for item in menu.items() for one in (item, *item.choices)]
