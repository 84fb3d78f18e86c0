"""An invitation: who may ask for one, who may use it, and that everything else changes nothing."""

import tomllib

import pytest

from nodeagent.core import effects as fx
from nodeagent.core import events as ev
from nodeagent.core.invitations import INVITATIONS_MAX, LIFE_MS
from nodeagent.model.configuration import Adapter
from nodeagent.model.fingerprint import fingerprint
from nodeagent.wire.codec import unpack
from nodeagent.wire.console import Answer, Ask, Refused, Request
from nodeagent.wire.joining import (
    NOT_GOOD,
    Admit,
    Admitted,
    GetJoining,
    Guest,
    Invite,
    Invited,
    JoinAdmitted,
    JoinAnswer,
    JoinAsk,
    Joining,
    JoinRefused,
    JoinWaits,
    Withdraw,
)
from tests.simulation.world import CONSOLE_KEY
from tests.unit.core.story import Story

TOKEN, OTHER_TOKEN = "0" * 32, "f" * 32
KEY, OTHER_KEY = "k" * 40, "o" * 40
Adapters = dict[str, Adapter]


class Desk:
    """Alpha, as an administrator and strangers see it."""

    def __init__(self) -> None:
        self.story = Story()
        self.node = self.story.node("alpha")
        self.later_ms = 0
        self.door: tuple[str, ...] = ("tcp://10.0.0.1:7415",)
        self.shared = self.node.shared
        mine = self.shared.log.configuration.node["alpha"].adapter  # type: ignore[union-attr]
        self.adapters = {
            name: Adapter(
                network=a.network, role=a.role, address=a.address.rsplit(".", 1)[0] + ".200"
            )
            for name, a in mine.items()
        }

    def step(self, event: ev.Event) -> list[fx.Effect]:
        now = ev.Now(self.shared.now.ms + self.later_ms, self.shared.now.unix)
        self.later_ms = 0
        return self.node.step(event, now)

    def ask(self, request: Request, key: str = CONSOLE_KEY) -> Answer:
        effects = self.step(ev.ConsoleAsked(b"c", key, Ask(7, request)))
        if any(isinstance(effect, fx.OpenJoinDoor) for effect in effects):
            effects = self.step(ev.JoinDoorOpened(self.door, "" if self.door else "port is taken"))
        return next(e.answer for e in effects if isinstance(e, fx.Reply))

    def knock(
        self,
        token: str = TOKEN,
        key: str = KEY,
        node: str = "delta",
        adapters: Adapters | None = None,
    ) -> JoinAnswer:
        ask = JoinAsk(token, node, adapters or self.adapters)
        effects = self.step(ev.JoinAsked(b"s", key, "10.0.0.200", ask))
        return next(e.answer for e in effects if isinstance(e, fx.AnswerJoin))

    def admit(self, key: str = KEY) -> Answer:
        return self.ask(Admit("delta", fingerprint(key)))

    def guests(self) -> dict[str, Guest]:
        answer = self.ask(GetJoining())
        assert isinstance(answer, Joining)
        return {guest.node: guest for guest in answer.guests}

    def closes_later(self, ms: int) -> bool:
        self.later_ms = ms
        return fx.CloseJoinDoor() in self.step(ev.Tick())


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_the_invited_key_gets_the_file_that_adds_it_once_it_is_confirmed(desk: Desk) -> None:
    before = desk.shared.log.active
    invited = desk.ask(Invite("delta", TOKEN))
    assert isinstance(invited, Invited)
    assert invited.endpoints == desk.door

    assert desk.knock() == JoinWaits()
    guest = desk.guests()["delta"]
    assert (guest.state, guest.key, guest.address) == ("asks", KEY, "10.0.0.200")
    assert desk.shared.draft == before, "nothing is changed by asking"
    admitted = desk.admit()
    assert isinstance(admitted, Admitted)
    assert admitted.text.encode() == desk.shared.draft
    assert desk.shared.draft_base == desk.shared.log.standing.digest
    assert admitted.text.startswith(before.decode().rstrip("\n")[:200])
    answer = desk.knock()

    assert isinstance(answer, JoinAdmitted)
    node = tomllib.loads(unpack(answer.packed).decode())["node"]["delta"]
    assert node["key"] == KEY
    assert set(node["adapter"]) == set(desk.adapters)
    assert desk.guests()["delta"].state == "fetched"
    assert isinstance(desk.knock(), JoinAdmitted), "an answer may be lost on its way"


def test_a_node_that_was_let_in_is_added_by_a_dare_and_its_invitation_ends(desk: Desk) -> None:
    story = desk.story
    desk.ask(Invite("delta", TOKEN))
    shape = story.with_node("delta")
    text = tomllib.loads(shape.text)["node"]["delta"]
    adapters = {name: Adapter(**values) for name, values in text["adapter"].items()}
    assert desk.knock(key=text["key"], adapters=adapters) == JoinWaits()
    admitted = desk.admit(text["key"])
    assert isinstance(admitted, Admitted)
    packed = desk.knock(key=text["key"], adapters=adapters)
    assert isinstance(packed, JoinAdmitted)
    story.world.add_machine("delta", unpack(packed.packed).decode())
    story.world.start("delta")

    story.world.apply("alpha", admitted.text)

    assert story.end().state == "done"
    story.rest()
    assert "delta" in desk.shared.log.standing.view
    assert desk.closes_later(0)
    assert desk.guests() == {}


@pytest.mark.parametrize(
    ("token", "key", "node"),
    [(OTHER_TOKEN, KEY, "delta"), (TOKEN, KEY, "echo"), (TOKEN, OTHER_KEY, "delta")],
    ids=["wrong token", "another name", "used by another key"],
)
def test_what_is_not_invited_hears_one_refusal_and_changes_nothing(
    desk: Desk, token: str, key: str, node: str
) -> None:
    desk.ask(Invite("delta", TOKEN))
    desk.knock()
    guests, draft = desk.guests(), desk.shared.draft

    assert desk.knock(token, key, node) == JoinRefused(NOT_GOOD)
    assert (desk.guests(), desk.shared.draft) == (guests, draft)


def test_nobody_is_let_in_after_a_quarter_of_an_hour_and_the_door_closes(desk: Desk) -> None:
    desk.ask(Invite("delta", TOKEN))
    assert not desk.closes_later(LIFE_MS - 1_000)
    assert desk.knock() == JoinWaits()
    desk.later_ms = 1_000

    assert desk.knock() == JoinRefused(NOT_GOOD)
    assert desk.closes_later(0)
    assert isinstance(desk.admit(), Refused)


def test_a_withdrawn_invitation_is_worth_nothing(desk: Desk) -> None:
    desk.ask(Invite("delta", TOKEN))
    desk.knock()
    desk.ask(Withdraw("delta"))

    assert desk.knock() == JoinRefused(NOT_GOOD)
    assert desk.guests() == {}


def test_another_fingerprint_is_not_let_in(desk: Desk) -> None:
    desk.ask(Invite("delta", TOKEN))
    desk.knock()

    answer = desk.admit(OTHER_KEY)

    assert isinstance(answer, Refused)
    assert fingerprint(KEY) in answer.text
    assert desk.knock() == JoinWaits()


def test_adapters_that_do_not_fit_are_told_at_once_and_may_be_corrected(desk: Desk) -> None:
    desk.ask(Invite("delta", TOKEN))
    wrong = {"eth0": Adapter(network="nowhere", role="service", address="10.9.9.9")}

    refused = desk.knock(adapters=wrong)

    assert isinstance(refused, JoinRefused)
    assert "nowhere" in refused.text
    assert desk.knock() == JoinWaits()
    assert isinstance(desk.knock(adapters=wrong), JoinRefused), (
        "what was shown to people stays as it was"
    )


def test_a_draft_that_somebody_edits_keeps_what_is_in_it(desk: Desk) -> None:
    half = desk.shared.log.active.decode() + "# half a thought\n"
    node_desk = desk.shared
    node_desk.draft = half.encode()
    desk.ask(Invite("delta", TOKEN))
    desk.knock()

    admitted = desk.admit()

    assert isinstance(admitted, Admitted)
    assert "# half a thought" not in admitted.text
    assert b"# half a thought" in node_desk.draft
    assert b"delta" in node_desk.draft


def test_invitations_are_bounded_and_for_new_names_only(desk: Desk) -> None:
    for number in range(INVITATIONS_MAX):
        assert isinstance(desk.ask(Invite(f"n{number}", TOKEN)), Invited)

    full, known = desk.ask(Invite("delta", TOKEN)), desk.ask(Invite("bravo", TOKEN))

    assert isinstance(full, Refused)
    assert full.code == "too-many"
    assert isinstance(known, Refused)
    assert known.code == "known"


def test_who_is_no_admin_invites_nobody(desk: Desk) -> None:
    answer = desk.ask(Invite("delta", TOKEN), "s" * 40)

    assert isinstance(answer, Refused)
    assert desk.knock() == JoinRefused(NOT_GOOD)


def test_an_invitation_without_a_door_is_none(desk: Desk) -> None:
    desk.door = ()

    answer = desk.ask(Invite("delta", TOKEN))

    assert isinstance(answer, Refused)
    assert "port is taken" in answer.text
    assert desk.guests() == {}
