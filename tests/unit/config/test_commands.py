"""Commands for events: how they are read, what is wrong with them, and what they are bound to."""

import pytest

from nodeagent.config.commands import bound, longest_pre_s
from nodeagent.config.diff import diff
from nodeagent.config.digest import resources_digest, topology_digest
from nodeagent.config.parse import parse
from nodeagent.config.rename import rename_references
from nodeagent.config.verify import verify
from nodeagent.model.configuration import Configuration
from nodeagent.model.happenings import Happening
from tests.simulation.clusters import cluster

AUDIT = """
[event.audit]
on = ["group-online", "group-offline"]
pre = ["/usr/local/sbin/audit", "--begin"]
recovery = ["/usr/local/sbin/audit", "--mend"]
notify = ["/usr/local/sbin/page"]
seconds = 5
groups = ["web"]
"""


def read(more: str) -> Configuration:
    found = parse(cluster(extra=more))
    assert found.configuration is not None, found.reports
    return found.configuration


def codes(more: str) -> set[str]:
    found = parse(cluster(extra=more))
    checked = verify(found.configuration, places=found.places) if found.configuration else ()
    return {report.code for report in (*found.reports, *checked)}


def test_without_commands_digests_are_those_of_before() -> None:
    without, with_commands = read(""), read(AUDIT)

    known = "dd2a191739d25462f3ef97cacca93ea34424dca8e001c5c9d94f75c0c3929532"
    assert topology_digest(without) == known
    assert topology_digest(with_commands) != known
    assert resources_digest(with_commands) == resources_digest(without)
    assert [change.object for change in diff(without, with_commands)] == ["event.audit"]


def test_commands_run_for_their_events_groups_and_nodes() -> None:
    configuration = read(AUDIT + 'nodes = ["alpha"]\n')

    def names(event: str, node: str, group: str) -> list[str]:
        return [n for n, _ in bound(configuration, Happening(event, node, group))]  # type: ignore[arg-type]

    assert names("group-online", "alpha", "web") == ["audit"]
    assert names("group-online", "bravo", "web") == []
    assert names("group-online", "alpha", "orders") == []
    assert names("group-error", "alpha", "web") == []
    assert longest_pre_s(configuration, Happening("group-online", "alpha", "web")) == 15


def test_a_new_name_of_a_group_reaches_its_commands() -> None:
    text = rename_references(cluster(extra=AUDIT), "group", "web", "shop")

    assert 'groups = ["shop"]' in text


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ('on = []\nnotify = ["/x"]\nseconds = 1', "E360"),
        ('on = ["node-up"]\nseconds = 1', "W361"),
        ('on = ["node-down"]\npre = ["/x"]\nseconds = 1', "E362"),
        ('on = ["node-down"]\npost = ["/x"]\nseconds = 1', "W363"),
        ('on = ["group-offline"]\nrecovery = ["/x"]\nnotify = ["/x"]\nseconds = 1', "W364"),
        ('on = ["node-up"]\nnotify = ["/x"]\ngroups = ["web"]\nseconds = 1', "W365"),
        ('on = ["node-up"]\nnotify = [""]\nseconds = 1', "E366"),
        ('on = ["node-up"]\nnotify = ["bin/x"]\nseconds = 1', "E313"),
        ('on = ["node-up"]\nnotify = ["/x"]', "E021"),
        ('on = ["node-up"]\nnotify = ["/x"]\nseconds = 0', "E025"),
        ('on = ["group-online"]\npre = ["/x"]\ngroups = ["wep"]\nseconds = 1', "E103"),
        ('on = ["node-up"]\nnotify = ["/x"]\nnodes = ["alhpa"]\nseconds = 1', "E102"),
    ],
)
def test_what_would_not_work_is_found(table: str, code: str) -> None:
    assert code in codes(f"[event.audit]\n{table}\n")


def test_an_unknown_event_is_refused_with_the_nearest_name() -> None:
    (found,) = parse(cluster(extra=AUDIT.replace("group-online", "group-onlin"))).reports

    assert found.code == "E023"
    assert 'on cannot be "group-onlin"' in found.text
    assert (found.place.key, found.fix) == ("event.audit.on.0", "group-online")
