"""Groups that run on all of their nodes at once: how they are expanded, and what is wrong."""

import pytest

from nodeagent.config.instances import expanded, instances, meant, written_name
from nodeagent.config.load import load
from nodeagent.config.pages.sound import SOUND
from nodeagent.config.plan import plan
from nodeagent.config.survival import Part, Standpoint, endurance, play, spare_nodes, survival
from nodeagent.model.configuration import Configuration
from tests.unit.config.samples import codes, configuration

SERVER = 'type = "application"\nprocess = "foreground"\nstart = ["/usr/bin/cache"]'
HEAD = '\n[group.cache]\nnodes = [{nodes}]\nstartup = "all-available"\n'
ALL = ("alpha", "bravo", "charlie")


def with_cache(*nodes: str, more: str = "", resource: str = SERVER) -> str:
    listed = ", ".join(f'"{node}"' for node in nodes or ALL)
    return f"{SOUND}{HEAD.format(nodes=listed)}{more}\n[group.cache.resource.server]\n{resource}\n"


def running(*nodes: str) -> Configuration:
    return expanded(configuration(with_cache(*nodes)))


def owned(*nodes: str) -> dict[str, str]:
    rest = {"mail": "bravo", "web": "alpha"}
    return {**rest, **{f"cache@{node}": node for node in nodes}}


def test_group_becomes_one_instance_for_each_node_in_its_place() -> None:
    cfg = running("bravo", "alpha")

    assert tuple(cfg.group) == ("mail", "web", "cache@bravo", "cache@alpha")
    assert cfg.group["cache@alpha"].nodes == ("alpha",)
    assert cfg.group["cache@alpha"].resource == cfg.group["cache@bravo"].resource
    assert written_name("cache@alpha") == "cache"


def test_what_is_expanded_or_has_no_such_group_comes_back_as_it_is() -> None:
    sound, cfg = configuration(SOUND), running()

    assert expanded(sound) is sound
    assert expanded(cfg) is cfg


def test_name_means_all_instances_and_that_of_an_instance_one() -> None:
    cfg = running()

    assert meant("cache", cfg.group) == ("cache@alpha", "cache@bravo", "cache@charlie")
    assert meant("cache@bravo", cfg.group) == ("cache@bravo",)
    assert meant("web", cfg.group) == ("web",)
    assert meant("nothing", cfg.group) == ()
    written = configuration(with_cache()).group["cache"]
    assert instances("cache", written) == meant("cache", cfg.group)


def test_plan_tells_changes_of_the_file_and_effects_of_instances() -> None:
    old, new = configuration(with_cache("alpha", "bravo")), configuration(with_cache())

    found = plan(old, new, view=ALL, owners=owned("alpha", "bravo"))

    assert [(one.object, one.key) for one in found.changes] == [("group.cache", "nodes")]
    moving = {one.group: one.kind for one in found.effects if one.kind != "untouched"}
    assert moving == {"cache@charlie": "started"}
    assert found.acquire == (("cache@charlie", "charlie"),)


def test_group_is_lost_only_with_its_last_instance() -> None:
    both = Standpoint(running("alpha", "bravo"), frozenset(ALL), owned("alpha", "bravo"))
    one = Standpoint(running("charlie"), frozenset(ALL), owned("charlie"))

    outcome = play(both, (Part("node", "alpha"),))

    assert outcome.owners["cache@alpha"] == ""
    assert outcome.owners["cache@bravo"] == "bravo"
    assert not any("cache" in loss.groups for loss in survival(both).singles)
    assert spare_nodes(both)[0] == 1
    assert ("node:charlie", ("cache",)) in [(x.failure, x.groups) for x in survival(one).singles]


def test_change_that_leaves_one_instance_says_what_is_not_survived_any_more() -> None:
    old, new = running("alpha", "bravo"), running("charlie")
    planned = plan(old, new, view=ALL, owners=owned("alpha", "bravo"))

    found = endurance(Standpoint(old, frozenset(ALL), owned("alpha", "bravo")), new, planned)

    assert [loss.failure for loss in found.lost if "cache" in loss.groups] == ["node:charlie"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (with_cache(), ""),
        (with_cache(more='after = ["web"]\n'), ""),
        (with_cache(resource='type = "ocf:heartbeat:nginx"'), ""),
        (
            with_cache(
                resource='type = "ocf:heartbeat:Filesystem"\nparameters = { fstype = "nfs4" }'
            ),
            "",
        ),
        (
            with_cache(
                resource='type = "ocf:heartbeat:Filesystem"\nparameters = { fstype = "ext4" }'
            ),
            "E370",
        ),
        (with_cache(resource='type = "ocf:heartbeat:LVM-activate"'), "E370"),
        (with_cache(resource='type = "systemd:srv-web.mount"'), "E370"),
        (with_cache(resource='type = "data-folder"\ndirectory = "/srv/x"'), "E370"),
        (with_cache(more='apart-from = ["web"]\n'), "E371"),
        (with_cache().replace("[group.mail]", '[group.mail]\nafter = ["cache"]'), "E372"),
        (with_cache(more='fallback = "higher-priority"\n'), "W373"),
    ],
)
def test_finding_on_a_group_that_runs_on_all_of_its_nodes(text: str, code: str) -> None:
    found = codes(load(text).reports)

    assert found == ([code] if code else [])


def test_instances_are_counted_as_groups() -> None:
    many = "".join(
        HEAD.format(nodes='"alpha", "bravo"').replace("cache", f"c{n}") for n in range(500)
    )

    assert "E374" in codes(load(SOUND + many).reports)
