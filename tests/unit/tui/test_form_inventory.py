"""What nodes report, as offers in forms; parameters of agents as fields; templates of groups."""

import pytest

from nodeagent.config import edit
from nodeagent.config.load import load
from nodeagent.model.agents import AgentDescription, AgentParameter
from nodeagent.model.inventory import FoundDevice, FoundInterface
from nodeagent.wire.inventory import AgentFound, Inventory
from tests.support.story import configuration_text
from tui.templates import templates
from tui.viewmodels import draft_data as raw
from tui.viewmodels.draft import Draft
from tui.viewmodels.form import Field, Form, build
from tui.viewmodels.form_edit import reset, written_to
from tui.viewmodels.form_inventory import Known, nodes_for, silence
from tui.viewmodels.form_list import offers_with
from tui.viewmodels.form_page import help_lines
from tui.viewmodels.form_shape import words_of
from tui.viewmodels.spans import joined
from tui.viewmodels.templates import filled

TEXT = configuration_text()
WEB = FoundDevice("/dev/sdb1", ("/dev/disk/by-label/web",), "web", "u1", "xfs", 1 << 30)
OWN = FoundDevice("/dev/sda1", (), "", "u2", "ext4", 1 << 30)
NICS = (
    FoundInterface("eth0", ("10.10.1.12/24",), up=True),
    FoundInterface("eth1", ("10.10.2.12/24",), up=True),
    FoundInterface("eth9", ("10.99.0.12/16", "fd00::12/64")),
    FoundInterface("lo", ("127.0.0.1/8",), up=True),
)
PGSQL = AgentDescription(
    "pgsql",
    parameters=(
        AgentParameter("pgport", "integer", "5432", short="its port"),
        AgentParameter("pgdata", required=True, short="folder of the data"),
        AgentParameter("rep_mode", "select", "none", choices=("none", "async")),
        AgentParameter("check_wal", "boolean", "no", short="look at the log"),
        AgentParameter("stop_escalate", "second", "90", short="until it is killed"),
        AgentParameter("config", "boolean", "auto"),
    ),
)
KNOWN = Known(
    inventories={
        "bravo": Inventory("bravo", NICS, (OWN, WEB), ("heartbeat:pgsql", "heartbeat:IPaddr2")),
        "charlie": Inventory("charlie", NICS, (WEB,), ("heartbeat:IPaddr2",), ("nginx.service",)),
    },
    silent={"alpha": "nobody listens there"},
    agents={"heartbeat:pgsql": AgentFound("bravo", "heartbeat:pgsql", PGSQL)},
)
DATABASE = ("group", "web", "resource", "db")


def with_resource(values: dict[str, object], name: str = "db") -> str:
    return edit.add(TEXT, (*DATABASE[:3], name), values)


def form_of(text: str, path: tuple[str, ...], active: str = TEXT) -> Form:
    form = build(text, active, path, known=KNOWN)
    assert form is not None
    return form


def field_of(form: Form, key: str) -> Field:
    return next(field for field in form.fields if field.spec.key == key)


def offered(text: str, path: tuple[str, ...], key: str) -> list[tuple[str, str]]:
    field = field_of(form_of(text, path), key)
    return [(one.value, one.note) for one in offers_with(raw.data_of(text), field, KNOWN)]


def test_an_adapter_is_offered_the_interfaces_and_addresses_of_its_node() -> None:
    path = ("node", "bravo", "adapter", "eth1")

    names = [name for name, _ in offered(TEXT, path, "name")]
    addresses = offered(TEXT, path, "address")

    assert names == ["eth1", "eth0", "eth9"]
    assert addresses[0] == ("10.10.2.12", "eth1 of bravo")
    assert ("10.10.1.12", "eth0 of bravo") not in addresses
    assert any(note == "free on public2" for _, note in addresses)


def test_help_that_is_longer_than_a_line_goes_on_in_the_next() -> None:
    field = field_of(form_of(TEXT, ("group", "web")), "failure-expires-seconds")

    head, below = (joined(entry) for entry in help_lines(field, None, 80))

    assert "Failures expire: After so long" in head
    assert below.endswith("0: never")


def test_devices_that_all_nodes_of_the_group_see_come_first() -> None:
    text = with_resource({"type": "filesystem", "device": "", "directory": "/srv/db"})

    found = offered(text, DATABASE, "device")

    assert found[0] == ("/dev/disk/by-label/web", "xfs, 1.0 GiB")
    assert found[1] == ("/dev/sda1", "ext4, 1.0 GiB  on bravo only")
    chosen = edit.set_value(text, (*DATABASE, "device"), "/dev/disk/by-label/web")
    assert offered(chosen, DATABASE, "fstype")[0][0] == "xfs"


def test_agents_and_units_say_where_they_are_missing() -> None:
    agent = with_resource({"type": "ocf:heartbeat:"})
    unit = with_resource({"type": "systemd:"})

    assert ("heartbeat:pgsql", "on bravo only") in offered(agent, DATABASE, "agent")
    assert ("heartbeat:IPaddr2", "") in offered(agent, DATABASE, "agent")
    assert offered(unit, DATABASE, "unit") == [("nginx.service", "on charlie only")]


def test_a_network_is_offered_the_subnets_that_no_other_has() -> None:
    text = edit.add(TEXT, ("network", "new"), {"kind": "public", "subnet": ""})
    known = [value for value, note in offered(text, ("network", "new"), "subnet") if note != "free"]

    assert known == ["10.99.0.0/16", "fd00::/64"]


def test_who_did_not_answer_is_named_and_only_nodes_of_the_group_are_asked() -> None:
    data = raw.data_of(TEXT)

    assert nodes_for(data, DATABASE) == ("bravo", "charlie")
    assert silence(("alpha", "bravo"), KNOWN) == ("alpha did not answer: nobody listens there",)


def test_parameters_are_fields_with_defaults_and_required_ones_first() -> None:
    text = with_resource({"type": "ocf:heartbeat:pgsql", "parameters": {"pgport": "x"}})
    form = form_of(text, DATABASE)

    own = form.sections[1].fields
    assert [field.label for field in own] == [
        "pgdata", "pgport", "rep_mode", "check_wal", "stop_escalate", "config",
    ]  # fmt: skip
    assert "bravo" in form.sections[1].title
    assert (own[0].spec.required, own[2].text, own[2].inherited) == (True, "none", True)
    assert "required parameter pgdata (folder of the data) is missing" in str(own[0].worst)
    assert "no whole number" in str(own[1].worst)
    assert offered(text, DATABASE, "rep_mode") == [
        ("none", "the agent's default"),
        ("async", ""),
    ]
    assert not [field for field in form.fields if field.spec.key == "parameters"]


def test_parameters_are_chosen_or_typed_as_their_agent_takes_them() -> None:
    given = {"pgdata": "/srv", "stop_escalate": "long", "check_wal": "1"}
    form = form_of(with_resource({"type": "ocf:heartbeat:pgsql", "parameters": given}), DATABASE)
    words = {field.label: words_of(field) for field in form.sections[1].fields}

    assert (words["rep_mode"], words["check_wal"]) == (("none", "async"), ("1", "0"))
    assert (
        words["pgport"] == words["config"] == ()
    )  # no truth is meant by one whose default is none
    assert [field_of(form, key).marks[1:3] for key in ("pgport", "check_wal")] == [" #", "+ "]
    seconds = field_of(form, "stop_escalate")
    assert "no length of time in seconds" in str(seconds.worst)
    assert (seconds.spec.unit, seconds.marks) == ("s", "  #!")
    help_text = help_lines(seconds, None, 80)[1]
    assert joined(help_text) == "   the agent's default: 90"


def test_an_unknown_parameter_stays_and_says_what_is_meant() -> None:
    given = {"pgdate": "/srv", "pgdata": "/srv"}
    form = form_of(with_resource({"type": "ocf:heartbeat:pgsql", "parameters": given}), DATABASE)

    worst = field_of(form, "pgdate").worst
    assert worst is not None
    assert "pgdata is meant?" in worst.text
    assert "emptying" in worst.hint


def test_a_parameter_is_written_emptied_and_set_back() -> None:
    active = with_resource({"type": "ocf:heartbeat:pgsql"})
    field = field_of(form_of(active, DATABASE, active), "pgdata")

    typed, report = written_to(Draft(text=active), field, "/srv/pg")
    after = raw.at(raw.data_of(typed.text), (*DATABASE, "parameters"))
    emptied, _ = written_to(typed, field_of(form_of(active, DATABASE), "rep_mode"), "")

    assert (report, after) == (None, {"pgdata": "/srv/pg"})
    assert emptied.text == typed.text
    assert raw.at(raw.data_of(reset(typed, field, active).text), DATABASE) == {
        "type": "ocf:heartbeat:pgsql"
    }


@pytest.mark.parametrize("template", templates(), ids=lambda one: one.name)
def test_a_template_makes_a_group_whose_only_errors_are_what_a_person_knows(template) -> None:  # type: ignore[no-untyped-def]
    path, values = filled(template, raw.data_of(TEXT))
    text = Draft(text=TEXT).add(path, values).text

    errors = [
        report
        for report in load(text.encode(), "draft").reports
        if report.severity == "error" and not report.place.key.endswith(".device")
    ]

    assert path not in {("group", "web"), ("group", "database")}
    assert errors == []
    assert "{" not in str(raw.at(raw.data_of(text), path)).replace("{'", "")
