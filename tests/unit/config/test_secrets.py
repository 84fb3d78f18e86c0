"""Secrets are found by their names, and nothing else is struck out."""

import pytest

from nodeagent.config.secrets import STRUCK, is_secret, secret_values, struck

TEXT = """\
[group.web.resource.database]
type = "ocf:heartbeat:pgsql"
parameters = { pgdata = "/srv/pg", repuser_password = "hunter-2!", passwd-file = "/etc/pg.secret" }
[group.web.resource.server]
type = "application"
start = ["/usr/bin/serve", "--token=abc123", "--api-key", "zz-top-9", "--port", "80"]
environment = { DB_PASSWORD = "s3same", MODE = "fast" }
[node.alpha]
key = "a-public-key-is-no-secret"
"""


def test_secrets_of_a_configuration_are_found() -> None:
    assert secret_values(TEXT) == {"hunter-2!", "abc123", "s3same", "zz-top-9"}


@pytest.mark.parametrize("text", ["", "= =", "[a", "[" * 5000])
def test_a_text_that_is_no_toml_has_no_known_secrets(text: str) -> None:
    assert secret_values(text) == frozenset()


def test_they_are_struck_wherever_they_stand() -> None:
    values = secret_values(TEXT)
    told = struck(TEXT + "login failed with hunter-2! at 10:00", values)

    assert not [value for value in values if value in told]
    assert told.count(STRUCK) == len(values) + 1
    assert "/etc/pg.secret" in told
    assert "a-public-key-is-no-secret" in told


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("password=letmein", 'password="(struck out)"'),
        ('{"secret": "a b c"}', '{"secret": "(struck out)"}'),
        ("password_file=/etc/x", "password_file=/etc/x"),
        ("the passage is open", "the passage is open"),
    ],
)
def test_what_a_program_prints_is_struck_by_its_name(line: str, told: str) -> None:
    assert struck(line, ()) == told


@pytest.mark.parametrize("name", ["passwd", "PASSWORD", "snmp_community", "apikey", "api_key"])
def test_names_of_secrets(name: str) -> None:
    assert is_secret(name)


@pytest.mark.parametrize("name", ["passwd_script", "token-file", "login_timeout", "pgdata"])
def test_names_of_other_things(name: str) -> None:
    assert not is_secret(name)
