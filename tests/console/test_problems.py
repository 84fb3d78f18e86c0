import msgspec

from nodeagent.wire.live import EventLine, FenceLive
from tests.console.test_store import NOW, later, view_of
from tests.support import story
from tui.viewmodels import store
from tui.viewmodels.facts import Look
from tui.viewmodels.group_page import group_detail, targets
from tui.viewmodels.node_page import node_detail
from tui.viewmodels.problems import problems_of, verdict
from tui.viewmodels.side_panes import selected_pane
from tui.viewmodels.spans import joined


def texts(look: Look) -> list[str]:
    return [problem.text for problem in problems_of(look)]


def look_at(*messages: object) -> Look:
    return Look(view_of(*messages), NOW)


def test_nothing_is_wrong_and_one_node_may_fail() -> None:
    look = look_at()
    found = verdict(look, problems_of(look))

    assert texts(look) == []
    assert found.word == "ALL RIGHT"
    assert found.text == "any 1 node may fail (quorum 2 of 3 voters, 3 up)"


def test_node_down_is_named_with_what_it_owned() -> None:
    look = look_at(story.node_live("bravo", state="down", age_ms=5_000))

    problems = {problem.text: problem.note for problem in problems_of(look)}

    assert problems["bravo is down, silent 5.0s"] == "owned web"
    assert "web is lost on bravo" in problems
    assert "no node may fail" in verdict(look, problems_of(look)).text


def test_link_down_tells_of_the_last_path() -> None:
    links = {"public2": "down", "private1": "down"}
    look = look_at(story.node_live("charlie", links=links))  # type: ignore[arg-type]

    notes = {problem.note for problem in problems_of(look)}

    assert notes == {"charlie has one path left, public1"}


def test_agent_that_is_cut_off_does_not_call_the_others_down() -> None:
    cut = {"public2": "down"}
    look = look_at(
        story.node_live("alpha", links=cut),  # type: ignore[arg-type]
        story.node_live("bravo", links=cut),  # type: ignore[arg-type]
        story.node_live("charlie", links=cut),  # type: ignore[arg-type]
    )

    told = [text.partition(" down ")[0] for text in texts(look) if "public2" in text]

    assert told == ["alpha/eth1 public2", "alpha hears nobody on public2"]
    bravo = next(node for node in look.nodes if node.name == "bravo")
    assert [link.letter for link in bravo.links if link.network == "public2"] == ["?"]


def test_what_is_down_while_others_are_heard_is_down() -> None:
    cut = {"public2": "down"}
    look = look_at(
        story.node_live("alpha", links=cut),  # type: ignore[arg-type]
        story.node_live("bravo", links=cut),  # type: ignore[arg-type]
    )

    told = [text.partition(" down ")[0] for text in texts(look) if "public2" in text]

    assert told == ["alpha/eth1 public2", "bravo/eth1 public2"]


def test_group_that_nobody_could_take_over() -> None:
    look = look_at(
        story.node_live("bravo", groups=(story.group_live("web"),)),
        story.node_live("charlie", state="down"),
    )

    assert "if bravo fails, nobody takes over web" in texts(look)


def test_what_went_wrong_beside_an_online_group_is_shown() -> None:
    web = story.group_live("web", text="post command note (/opt/note) failed: exit code 3")
    look = look_at(story.node_live("bravo", groups=(web,)))

    notes = {problem.text: problem.note for problem in problems_of(look)}

    assert notes["web is online, but not all went well"] == web.text
    assert verdict(look, problems_of(look)).word == "ATTENTION"


def test_group_online_twice_is_the_worst() -> None:
    web = (story.group_live("web"),)
    look = look_at(story.node_live("bravo", groups=web), story.node_live("charlie", groups=web))

    first = problems_of(look)[0]

    assert first.tone == "bad"
    assert first.text == "web is online on bravo and charlie"


def test_node_on_another_epoch() -> None:
    look = look_at(story.node_live("charlie", epoch=16))

    assert "charlie is on epoch 16, the cluster on 17" in texts(look)


def test_quorum_lost() -> None:
    look = look_at(story.cluster_live(quorum=False))

    assert "no quorum: nothing can be decided" in texts(look)


def test_silent_agent_makes_the_answer_unknown() -> None:
    look = Look(view_of(), later(4.0))

    assert verdict(look, problems_of(look)).word == "UNKNOWN"
    assert texts(look)[0] == "nothing heard from alpha for 4.0s"


def test_no_current_state_from_a_dead_feed() -> None:
    view = store.lost(view_of(), later(1.0))

    look = Look(view, later(1.0))

    assert {node.word for node in look.nodes} == {"stale"}
    assert {group.word for group in look.groups} == {"stale"}
    assert {link.letter for node in look.nodes for link in node.links} == {"?"}


def test_node_that_could_not_acquire_is_told_though_another_one_has_the_group() -> None:
    failed = (story.group_live("web", "error", "server: port 80 is in use"),)
    look = look_at(story.node_live("charlie", groups=failed))

    problem = problems_of(look)[0]

    assert problem.text == "charlie could not run web, and does not try for a while"
    assert problem.note == "server: port 80 is in use"
    assert verdict(look, (problem,)).word == "ATTENTION"


def test_node_that_could_not_acquire_is_no_heir_for_now() -> None:
    failed = (story.group_live("web", "error", "port 80 is in use"),)
    look = look_at(story.node_live("charlie", groups=failed))
    web = look.group("web")

    assert web is not None
    assert web.heirs == ()
    assert "if bravo fails, nobody takes over web" in texts(look)
    assert "no node may fail" in verdict(look, problems_of(look)).text


def test_failures_before_the_group_came_online_are_over() -> None:
    web = msgspec.structs.replace(story.group_live("web"), failures=3)
    error = msgspec.structs.replace(story.group_live("web", "error"), failures=3)

    online = look_at(story.node_live("bravo", groups=(web,))).group("web")
    failed = look_at(story.node_live("bravo", groups=(error,))).group("web")

    assert online is not None
    assert failed is not None
    assert (online.failures, failed.failures) == (0, 3)
    assert texts(look_at(story.node_live("bravo", groups=(web,)))) == []


def test_amnesiac_node_is_told_with_its_remedy() -> None:
    look = look_at(story.node_live("charlie", state="amnesiac"))

    first = problems_of(look)[0]

    assert (first.tone, first.key) == ("bad", "node:charlie")
    assert first.text.startswith("charlie forgot what it vouched for")
    assert "remove it, then add it again" in first.note
    assert "no node may fail" in verdict(look, problems_of(look)).text
    page = "\n".join(joined(entry) for entry in node_detail(look, "charlie", 80))
    assert "A amnesiac" in page
    assert "remove it, then add it" in page


def test_the_page_of_a_dead_node_calls_nothing_current_and_has_the_newest_event_first() -> None:
    events = [
        EventLine(number, story.WALL - 60 + number, "bravo", "note", "charlie", f"thing {number}")
        for number in range(25)
    ]
    look = look_at(story.node_live("charlie", state="down"), *events)

    page = "\n".join(joined(entry) for entry in node_detail(look, "charlie", 80))

    assert "in step" not in page
    assert "when it was last heard" in page
    assert "could not take it now: down" in page
    assert "may take" not in page
    assert page.index("thing 24") < page.index("thing 23")
    assert "thing 4 " not in page
    assert "20, older ones in Events" in page


def test_nothing_is_called_impossible_where_the_console_itself_hears_nobody() -> None:
    view = store.lost(view_of(), later(1.0), text="connection reset")
    look = Look(view, later(1.0))
    web = look.group("web")
    assert web is not None

    pages = [*(node_detail(look, name, 80) for name in story.NODES), group_detail(look, "web", 80)]
    page = "\n".join(joined(entry) for lines in pages for entry in lines)

    assert "2.4s left  when it was last heard" in page
    assert "who could take it is not known now" in page
    assert "whether it could take it now is not known" in page
    assert "not known now: who could take it is not heard" in page
    assert "nobody could take it" not in page
    assert "could not take it" not in page
    pane = "\n".join(joined(row.line) for row in selected_pane(look, "node:bravo", 60).rows)
    assert "may take: not known now" in pane
    assert "if it fails: web not known now" in pane
    assert targets(look, web)[0] == ("charlie", "not known now")


def test_who_has_an_heir_in_sight_is_told_it_and_who_has_none_is_told_that() -> None:
    look = look_at(story.node_live("charlie", state="down"))

    page = "\n".join(joined(entry) for entry in node_detail(look, "bravo", 80))

    assert "nobody could take it" in page


def test_fence_devices_and_the_last_result_stand_on_the_nodes_page() -> None:
    fence = FenceLive("failed", "alpha", "plug", "plug: no route to it")
    text = story.configuration_text() + (
        '[node.charlie.fence.plug]\nagent = "fence_apc"\nlevel = 2\n'
        '[node.charlie.fence.board]\nagent = "fence_ipmilan"\ndelay-seconds = 5\n'
    )
    charlie = msgspec.structs.replace(story.node_live("charlie", state="down"), fence=fence)
    look = look_at(story.three_nodes(active=text), charlie)

    page = "\n".join(joined(entry) for entry in node_detail(look, "charlie", 80))

    assert "board  fence_ipmilan off, level 1, after 5s" in page
    assert page.index("fence_ipmilan") < page.index("fence_apc")
    assert "not fenced: plug: no route to it (alpha)" in page
    assert any("plug: no route" in problem.note for problem in problems_of(look))


def test_group_that_its_living_owner_does_not_name_is_offline_and_not_unknown() -> None:
    look = look_at(story.node_live("bravo", groups=()), story.cluster_live(quorum=False))
    web = look.group("web")

    assert web is not None
    assert (web.owner, web.word) == ("bravo", "offline")
    assert "web is offline on bravo" in texts(look)
