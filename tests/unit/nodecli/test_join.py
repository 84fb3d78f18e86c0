"""`nodeagent join` before and after it asks: its words, its key, and what it leaves on the disk."""

from pathlib import Path

import pytest

from nodeagent.cli import main
from nodeagent.cli.join import JoinError, look_for, read_adapters
from nodeagent.daemon.identity import (
    SetupError,
    key_of_guest,
    read_identity,
    read_journal,
    take_invitation,
)
from nodeagent.model.configuration import Adapter
from nodeagent.transport import keys
from nodeagent.wire.joining import Invitation, invitation_text
from tests.unit.core.story import Story

WORD = invitation_text(Invitation("delta", "plant", "k" * 40, "a" * 32, ("tcp://127.0.0.1:9",)))
ETH0 = "eth0=public1:10.10.1.14:service"


def file_with(public: str) -> bytes:
    text = Story().with_node("delta").text
    return text.replace(f'"{"delta" * 8}"', f'"{public}"').encode()


def test_adapters_are_read_ipv6_included() -> None:
    found = read_adapters([ETH0, "eth1=private1:fd00::14:private"])

    assert found == {
        "eth0": Adapter(network="public1", role="service", address="10.10.1.14"),
        "eth1": Adapter(network="private1", role="private", address="fd00::14"),
    }


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["eth0"], "IFACE=NETWORK:ADDRESS:ROLE"),
        (["eth0=public1:10.10.1.14"], "IFACE=NETWORK:ADDRESS:ROLE"),
        (["eth0=public1:10.10.1.14:witness"], "the role is one of service, standby, private"),
        ([ETH0, ETH0], "eth0 is there twice"),
        (["e\x1b[0m=public1:10.10.1.14:service"], r"e\\x1b"),
    ],
)
def test_adapters_in_another_form_are_refused_with_the_right_one(
    words: list[str], text: str
) -> None:
    with pytest.raises(JoinError, match=text):
        read_adapters(words)


def test_an_interface_that_this_machine_has_not_is_refused_before_anything_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    state = tmp_path / "state"
    wrong = "no-such0=public1:10.10.1.14:service"

    code = main(["join", "--state", str(state), "--adapter", wrong, WORD])

    told = capsys.readouterr().err
    assert code == 2
    assert "no-such0: this machine has no interface of that name; it has " in told
    assert "`ip link`" in told
    assert not state.exists()


def test_interfaces_are_looked_for_except_on_loopback() -> None:
    demonstration = read_adapters(["eth7=public1:127.1.2.3:service", "eth8=public2:::1:service"])

    look_for(demonstration, ["lo", "enp1s0"])
    look_for(read_adapters([ETH0]), ["lo", "eth0"])
    with pytest.raises(JoinError, match=r"eth0: .* it has enp1s0, enp2s0"):
        look_for(read_adapters([ETH0]), ["lo", "enp1s0", "enp2s0"])


@pytest.mark.parametrize(
    ("word", "node", "text"),
    [("hello", "", "copy it whole"), (WORD, "echo", "is for delta, not for echo")],
    ids=["no invitation", "another name"],
)
def test_a_wrong_word_is_a_wrong_use_and_makes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], word: str, node: str, text: str
) -> None:
    state = tmp_path / "state"

    code = main(["join", "--state", str(state), "--node", node, "--adapter", ETH0, word])

    assert code == 2
    assert text in capsys.readouterr().err
    assert not state.exists()


def test_a_machine_that_comes_back_has_the_same_key_until_it_is_a_node(tmp_path: Path) -> None:
    first = key_of_guest(tmp_path)
    assert key_of_guest(tmp_path) == first
    data = file_with(first.public)

    take_invitation(tmp_path, "delta", data)

    identity = read_identity(tmp_path)
    assert (identity.name, identity.pair) == ("delta", first)
    assert identity.joining is not None
    journal, records, _ = read_journal(tmp_path, "delta")
    journal.close()
    assert records == ()
    assert (tmp_path / "joining.toml").read_bytes() == data
    assert (tmp_path / "joining.toml").stat().st_mode & 0o777 == 0o600
    with pytest.raises(SetupError, match="set up already"):
        key_of_guest(tmp_path)


def test_a_file_that_adds_somebody_else_is_not_taken(tmp_path: Path) -> None:
    key_of_guest(tmp_path)

    with pytest.raises(SetupError, match="does not add this machine"):
        take_invitation(tmp_path, "delta", file_with(keys.generate().public))
    with pytest.raises(SetupError, match="not set up"):
        read_identity(tmp_path)
