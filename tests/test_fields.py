"""Rules for single settings: what a target may say of itself, and what an address looks like."""

from __future__ import annotations

from pathlib import Path

import pytest

from setting_files import DSN, SECRET, TARGET, faults, places, settings

BAD_TARGETS = [
    ("name: a", "dsn", "is missing"),
    (f"dsn: '{DSN}'", "name", "is missing"),
    (f"name: a, dsn: [{SECRET}]", "dsn", "must be text"),
    (f"name: a, dsn: {{{SECRET}: x}}", "dsn", "must be text"),
    ("name: a, dsn: 5", "dsn", "must be text"),
    ("name: a, dsn: '  '", "dsn", "is empty"),
    (f"name: '{DSN}', dsn: a", "name", "must be up to 63 letters"),
    (f"name: {'a' * 64}, dsn: a", "name", "must be up to 63 letters"),
    ("name: '', dsn: a", "name", "must be up to 63 letters"),
    ("name: 5, dsn: a", "name", "must be text"),
    (
        f"name: a, dsn: a, password: {SECRET}",
        "password",
        "use password_file, password_env or password_command",
    ),
    (f"name: a, dsn: a, '{DSN}': x", "?", "unknown key"),
    (f"name: a, {DSN}", "?", "unknown key"),
    (f"name: a, dsn: a, pasword_file: {SECRET}", "pasword_file", "did you mean password_file?"),
    (f"name: a, dsn: a, password_file: [{SECRET}]", "password_file", "must be text"),
    (
        f"name: a, dsn: a, password_file: /{SECRET}",
        "password_file",
        "cannot be read: no such file or directory",
    ),
    ("name: a, dsn: a, password_file: /", "password_file", "cannot be read: is a directory"),
    (f"name: a, dsn: a, password_env: {SECRET}", "password_env", "no environment variable of this name"),
    (f"name: a, dsn: a, password_env: '{SECRET}!'", "password_env", "must be the name of an environment"),
    (f"name: a, dsn: a, password_command: /{SECRET}", "password_command", "there is no such program"),
    (f'name: a, dsn: a, password_command: "sh \'{SECRET}"', "password_command", "a quote in the command"),
    ("name: a, dsn: a, password_command: ''", "password_command", "is empty"),
    ("name: a, dsn: a, password_command: []", "password_command", "is empty"),
    (f"name: a, dsn: a, password_command: {{{SECRET}: x}}", "password_command", "must be a list"),
    (f"name: a, dsn: a, password_command: [sh, [{SECRET}]]", "password_command", "must be text"),
    ("name: a, dsn: a, databases: [b]", "databases", "must be a mapping"),
    ("name: a, dsn: a, databases: {only: [b]}", "databases.only", "known: exclude, include"),
    ("name: a, dsn: a, databases: {include: b}", "databases.include", "must be a list"),
    ("name: a, dsn: a, databases: {exclude: [5]}", "databases.exclude.0", "must be text"),
    ("name: a, dsn: a, max_connections: 0", "max_connections", "must be at least 1"),
    ("name: a, dsn: a, max_connections: 11", "max_connections", "must be at most 10"),
    ("name: a, dsn: a, max_connections: '3'", "max_connections", "must be a whole number"),
    ("name: a, dsn: a, max_connections: true", "max_connections", "must be a whole number"),
    ("name: a, dsn: a, connect_timeout: 5", "connect_timeout", "must be a duration"),
    ("name: a, dsn: a, connect_timeout: 0s", "connect_timeout", "must be a duration above 0"),
]


@pytest.mark.parametrize(("target", "key", "words"), BAD_TARGETS)
def test_a_bad_target_is_a_fault_that_keeps_its_secrets(
    tmp_path: Path, target: str, key: str, words: str
) -> None:
    found = [fault for fault in faults(tmp_path, f"targets:\n  - {{{target}}}\n") if words in str(fault)]
    assert places(found) == [("exporter.yaml:2", f"targets.0.{key}")]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1:9187", ":9187", "[::1]:9187", "[::]:0", "localhost:65535"),
        *("unix:/run/x.sock", "unix:/run/x.sock:0600", "systemd", "systemd:http"),
    ],
)
def test_a_listen_address_is_host_and_port_or_a_socket(tmp_path: Path, address: str) -> None:
    one = settings(tmp_path, f'web: {{listen_address: "{address}"}}').web
    some = settings(tmp_path, f'web: {{listen_address: ["{address}", "a:1"]}}').web
    assert (one.listen_address, some.listen_address) == ((address,), (address, "a:1"))


def test_a_variable_lists_addresses_with_commas(tmp_path: Path) -> None:
    environ = {"PG_OAUTH_EXPORTER_WEB_LISTEN_ADDRESS": ":1, unix:/a"}
    assert settings(tmp_path, environ=environ).web.listen_address == (":1", "unix:/a")


@pytest.mark.parametrize(
    "address",
    [
        *("9187", ":", "localhost", "localhost:", "::1:9187", "[::1]", "a:65536", "a:-1", "a b:1", "a:1x"),
        *("unix:run/x", "unix:", "unix:/a\\tb", "systemd:", "systemd:a b"),
    ],
)
def test_any_other_listen_address_is_refused(tmp_path: Path, address: str) -> None:
    [fault] = faults(tmp_path, f'{TARGET}web: {{listen_address: "{address}"}}')
    assert "must be host:port, :port, [IPv6 address]:port, unix:/path or systemd" in fault.problem


@pytest.mark.parametrize(("addresses", "problem"), [("[]", "is empty"), ('[":1", ":1"]', "an address twice")])
def test_a_list_of_addresses_holds_each_once(tmp_path: Path, addresses: str, problem: str) -> None:
    [fault] = faults(tmp_path, f"{TARGET}web: {{listen_address: {addresses}}}")
    assert problem in fault.problem


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://grafana.example", "https://grafana.example"),
        ("http://10.0.0.1:3000/", "http://10.0.0.1:3000"),
        ("https://example.org/sub/grafana/", "https://example.org/sub/grafana"),
    ],
)
def test_the_address_of_a_grafana_may_have_a_port_and_a_path(
    tmp_path: Path, address: str, expected: str
) -> None:
    assert settings(tmp_path, f'web: {{dashboard_url: "{address}"}}').web.dashboard_url == expected


@pytest.mark.parametrize(
    "address",
    [
        "grafana.example",
        "javascript:alert(1)",
        "https://",
        "https://user:pass@grafana.example",
        "https://grafana.example/?x=1",
        "https://grafana.example/#x",
        "https://grafana.example/a b",
        "https://grafana.example/<b>",
    ],
)
def test_any_other_address_of_a_grafana_is_refused(tmp_path: Path, address: str) -> None:
    [fault] = faults(tmp_path, f'{TARGET}web: {{dashboard_url: "{address}"}}')
    assert "must be http:// or https:// with a host" in fault.problem
