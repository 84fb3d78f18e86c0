"""Groups that run on all of their nodes at once, as they are operated and shown."""

from datetime import timedelta

from nodeagent.config.instances import expanded
from nodeagent.wire.live import ClusterLive
from tests.console.test_store import NOW, view_of
from tests.support import story
from tests.unit.config.samples import configuration
from tui.viewmodels import operations
from tui.viewmodels.facts import Look
from tui.viewmodels.group_page import group_detail
from tui.viewmodels.operations import Ground
from tui.viewmodels.problems import problems_of
from tui.viewmodels.spans import joined

CACHE = """
[group.cache]
nodes = ["alpha", "bravo", "charlie"]
startup = "all-available"

[group.cache.resource.server]
type = "application"
process = "foreground"
start = ["/usr/bin/cache"]
"""
TEXT = story.configuration_text() + CACHE
OWNERS = {"database": "alpha", "web": "bravo", "cache@alpha": "alpha", "cache@charlie": "charlie"}


def ground(**changes: object) -> Ground:
    cluster: ClusterLive = story.cluster_live(owners=OWNERS, **changes)
    return Ground(TEXT, expanded(configuration(TEXT)), cluster, story.WALL)


def test_written_name_means_all_instances_that_it_can_mean() -> None:
    assert operations.offline(ground(), "cache").owners == {"cache@alpha": "", "cache@charlie": ""}
    assert operations.online(ground(), "cache").owners == {"cache@bravo": "bravo"}
    assert "hold-until" in operations.hold(ground(), "cache", timedelta(hours=1)).text


def test_name_of_an_instance_means_that_one() -> None:
    assert operations.offline(ground(), "cache@alpha").owners == {"cache@alpha": ""}
    assert operations.online(ground(), "cache@alpha").already == "cache@alpha is on alpha already"


def test_no_instance_moves_and_the_order_to_do_instead_is_named() -> None:
    for name in ("cache", "cache@alpha"):
        refused = operations.move(ground(), name, "bravo").refused
        assert "cache runs on all of its nodes and cannot move" in refused
        assert "clustertui group offline cache@alpha" in refused


def test_standby_ends_the_instance_there_and_nothing_else() -> None:
    made = operations.standby(ground(), "charlie")

    assert ("cache@charlie", "stopped") in [(one.group, one.kind) for one in made.effects]
    assert not any("cache" in remark for remark in made.remarks)


def test_instance_of_a_node_that_is_away_is_no_trouble_of_its_own() -> None:
    text = TEXT.replace("[node.bravo]\n", "[node.bravo]\nstandby = true\n")
    nodes = [
        story.node_live(name, groups=(*own, story.group_live(f"cache@{name}")))
        for name, own in (("alpha", (story.group_live("database"),)), ("charlie", ()))
    ]
    cluster = story.cluster_live(owners=OWNERS)
    look = Look(view_of(story.three_nodes(active=text, draft=text, cluster=cluster), *nodes), NOW)

    told = [problem.text for problem in problems_of(look)]
    page = "\n".join(joined(line) for line in group_detail(look, "cache@alpha", 78))

    assert [group.name for group in look.groups][-3:] == [
        "cache@alpha",
        "cache@bravo",
        "cache@charlie",
    ]
    assert not [text for text in told if "cache" in text]
    assert "not taken over; also on charlie" in page
