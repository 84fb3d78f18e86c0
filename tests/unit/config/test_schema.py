"""The schema file is up to date, and forms know every key."""

import json
import re

import pytest

from nodeagent.config.nouns import resource_noun, specs, written_type
from nodeagent.config.schema import RESOURCE_TYPES, fields, json_schema, written
from nodeagent.model.configuration import (
    Adapter,
    Admin,
    Application,
    Cluster,
    Configuration,
    Group,
    Network,
    Node,
    Ocf,
    Systemd,
    Timing,
)
from tests.unit.config.samples import ROOT

NOUNS = [Adapter, Admin, Cluster, Group, Network, Node, Timing, *RESOURCE_TYPES.values()]


def test_shipped_schema_is_up_to_date() -> None:
    shipped = (ROOT / "configs" / "cluster.schema.json").read_text("utf-8")

    assert shipped == written(), "python -m nodeagent.config.schema > configs/cluster.schema.json"


def test_the_schema_asks_for_times_that_verification_takes() -> None:
    timing = json_schema()["$defs"]["Timing"]["properties"]

    assert (timing["heartbeat-ms"]["minimum"], timing["watchdog-ms"]["minimum"]) == (20, 500)
    assert (timing["renew-ms"]["minimum"], timing["adopt-ms"]["minimum"]) == (1, 0)


def test_open_types_are_patterns() -> None:
    definitions = json_schema()["$defs"]

    pattern = definitions["Ocf"]["properties"]["type"]["pattern"]
    assert re.search(pattern, "ocf:heartbeat:IPaddr2")
    assert not re.search(pattern, "ocf:IPaddr2")
    assert "agent" not in definitions["Ocf"]["properties"]
    assert definitions["Systemd"]["required"] == ["type"]
    assert "\\Z" not in json.dumps(definitions)


def test_keys_are_written_with_hyphens() -> None:
    assert {"heartbeat-ms", "dead-after-ms"} <= set(json_schema()["$defs"]["Timing"]["properties"])


@pytest.mark.parametrize("noun", NOUNS, ids=lambda noun: noun.__name__)
def test_every_field_has_label_and_help(noun: type) -> None:
    for field in fields(noun):
        assert field.label
        assert field.help
        assert "_" not in field.key
        assert field.required == (field.default is None) or field.kind == "time"


def test_fields_tell_what_a_form_needs() -> None:
    group = {field.key: field for field in fields(Group)}
    application = {field.key: field for field in fields(Application)}
    adapter = {field.key: field for field in fields(Adapter)}

    assert (group["nodes"].kind, group["nodes"].refers_to) == ("names", "node")
    assert (group["after"].kind, group["after"].refers_to) == ("names", "group")
    assert group["fallover"].choices == ("next-node", "least-loaded", "bring-offline")
    assert "resource" not in group
    assert adapter["network"].refers_to == "network"
    assert adapter["address"].kind == "address"
    assert application["start"].kind == "arguments"
    assert application["environment"].kind == "map"
    assert application["directory"].kind == "path"
    start = application["start-seconds"]
    assert (start.unit, start.whole, start.above, start.maximum) == ("s", False, True, 86_400)
    assert {field.key: field.kind for field in fields(Node)} == {
        "key": "key",
        "role": "choice",
        "standby": "flag",
    }
    assert {field.kind for field in fields(Network)} == {"choice", "subnet"}


def test_all_nouns_are_known() -> None:
    assert list(specs(Configuration)) == [
        "format",
        "cluster",
        "timing",
        "network",
        "node",
        "group",
        "admin",
        "event",
    ]


def test_types_are_written_as_they_are_read() -> None:
    assert written_type(Ocf(agent="heartbeat:pgsql")) == "ocf:heartbeat:pgsql"
    assert written_type(Systemd(unit="a.service")) == "systemd:a.service"
    assert written_type(Application(start=("/bin/a",))) == "application"
    assert resource_noun("ocf:heartbeat:pgsql") is Ocf
    assert resource_noun("unheard") is None
