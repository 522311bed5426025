"""Rules for the configuration file: what it says, and what is said about a bad one without its secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.errors import ConfigError
from exporter.loading import load
from exporter.settings import Settings
from setting_files import DSN, SECRET, TARGET, faults, places, rejected, settings, written

FULL = f"""\
targets:
  - name: main
    dsn: {DSN}
    password_file: secret
    databases: {{include: [app, "oauth*"], exclude: [oauth_test]}}
    max_connections: 5
    connect_timeout: 1m500ms
  - name: replica-1
    dsn: host=b user=monitor
    password_command: sh -c 'echo "a b"'
sets: ["+compat", "-statements"]
queries:
  pg_locks: {{enabled: false, every: 30s, timeout: 5s, limit: 10}}
  tokens:
    enabled: yes
queries_dirs: [more, /etc/more]
expire_after: 2.5
shutdown_grace: 0s
web:
  listen_address: "[::1]:9187"
  enable_reload: on
log: {{level: debug, format: json}}
"""


def test_every_key_of_a_file_reaches_the_settings(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(SECRET)
    found = load(written(tmp_path, FULL), {"PATH": "/usr/bin:/bin"}, {})
    main, replica = found.targets
    assert (main.name, main.dsn.get_secret_value()) == ("main", DSN)
    assert (main.password_file, main.max_connections, main.connect_timeout) == (
        str(tmp_path / "secret"),
        5,
        60.5,
    )
    assert (main.databases.include, main.databases.exclude) == (("app", "oauth*"), ("oauth_test",))
    assert replica.password_command == ("sh", "-c", 'echo "a b"')
    assert found.sets == ("+compat", "-statements")
    locks = found.queries["pg_locks"]
    assert (locks.enabled, locks.every, locks.timeout, locks.limit) == (False, 30.0, 5.0, 10)
    assert found.queries["tokens"].enabled is True
    assert found.queries_dirs == (tmp_path / "more", Path("/etc/more"))
    assert (found.expire_after, found.shutdown_grace) == (2.5, 0.0)
    assert (found.web.listen_address, found.web.enable_reload) == (("[::1]:9187",), True)
    assert (found.log.level, found.log.format) == ("debug", "json")


def test_a_target_alone_is_a_configuration_and_the_rest_has_defaults(tmp_path: Path) -> None:
    found = settings(tmp_path)
    [target] = found.targets
    assert (target.max_connections, target.connect_timeout) == (3, 5.0)
    assert (target.databases.include, target.databases.exclude) == (("*",), ())
    assert (target.password_file, target.password_env, target.password_command) == (None, None, None)
    assert (found.sets, found.queries, found.queries_dirs) == ((), {}, ())
    assert (found.expire_after, found.shutdown_grace) == (3.0, 10.0)
    assert (found.web.listen_address, found.web.enable_reload) == (("127.0.0.1:9187",), False)
    assert (found.log.level, found.log.format) == ("info", "logfmt")


def test_a_key_left_null_counts_as_not_given(tmp_path: Path) -> None:
    text = "sets:\nqueries: ~\nweb:\nlog: {level: null}\nexpire_after:\nqueries_dirs: null\n"
    assert settings(tmp_path, text) == settings(tmp_path)
    target = "targets: [{name: main, dsn: null, password_file: null}]"
    assert places(faults(tmp_path, target)) == [("exporter.yaml:1", "targets.0.dsn")]


def test_settings_do_not_show_the_dsn_or_a_password_command(tmp_path: Path) -> None:
    text = f"targets: [{{name: a, dsn: '{DSN}', password_command: [sh, {SECRET}]}}]"
    found = load(written(tmp_path, text), {"PATH": "/usr/bin:/bin"}, {})
    assert SECRET not in repr(found)
    assert SECRET not in str(found)


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings(tmp_path).expire_after = 5.0  # type: ignore[misc]  # what the test is about


BAD = [
    ("lgo: {level: info}", "lgo", "unknown key (did you mean log?)"),
    ("_env_file: x", "_env_file", "unknown key"),
    ("log: {levels: info}", "log.levels", "unknown key (did you mean level?)"),
    ("log: {level: verbose}", "log.level", "must be one of 'debug', 'info', 'warning' or 'error'"),
    ("log: {format: xml}", "log.format", "must be one of 'logfmt' or 'json'"),
    ("log: info", "log", "must be a mapping"),
    ("web: {listen: x}", "web.listen", "unknown key"),
    ("web: {enable_reload: perhaps}", "web.enable_reload", "must be true or false"),
    ("web: {listen_address: 9187}", "web.listen_address", "must be text or a list of it, in quotes"),
    ("expire_after: 0.9", "expire_after", "must be at least 1"),
    ("expire_after: 101", "expire_after", "must be at most 100"),
    ("expire_after: 3 times", "expire_after", "must be a number"),
    ("shutdown_grace: 10", "shutdown_grace", "must be a duration"),
    ("shutdown_grace: 31d", "shutdown_grace", "must be a duration"),
    ("sets: [a, +b]", "sets", "mixes plain names"),
    ("sets: [a, -b]", "sets", "mixes plain names"),
    ("sets: [a b]", "sets", "must be names of sets"),
    ("sets: {a: b}", "sets", "must be a list"),
    ("sets: [5]", "sets.0", "must be text"),
    ("queries: [pg_locks]", "queries", "must be a mapping"),
    ("queries: {pg_locks: off}", "queries.pg_locks", "must be a mapping"),
    ("queries: {pg_locks: {evry: 5s}}", "queries.pg_locks.evry", "did you mean every?"),
    ("queries: {pg_locks: {every: 5}}", "queries.pg_locks.every", "must be a duration"),
    ("queries: {pg_locks: {limit: 0}}", "queries.pg_locks.limit", "must be at least 1"),
    ("queries: {pg_locks: {limit: 100001}}", "queries.pg_locks.limit", "must be at most 100000"),
    ("queries: {pg_locks: {limit: 1.5}}", "queries.pg_locks.limit", "must be a whole number"),
    ("queries: {pg_locks: {enabled: 2}}", "queries.pg_locks.enabled", "must be true or false"),
    ("queries_dirs: more", "queries_dirs", "must be a list"),
    ("queries_dirs: [' ']", "queries_dirs.0", "printable text"),
    ("queries_dirs: [5]", "queries_dirs.0", "must be text"),
    ('queries_dirs: ["a\\0b"]', "queries_dirs.0", "printable text"),
]


@pytest.mark.parametrize(("text", "key", "words"), BAD)
def test_a_bad_setting_is_a_fault_with_line_and_key(tmp_path: Path, text: str, key: str, words: str) -> None:
    [fault] = faults(tmp_path, f"{TARGET}\n{text}")
    assert places([fault]) == [("exporter.yaml:3", key)]
    assert words in str(fault)


@pytest.mark.parametrize(
    "text", [f"targets: [{SECRET}]", "targets: [[]]", "targets: {a: b}", f"targets: {SECRET}"]
)
def test_targets_are_a_list_of_mappings(tmp_path: Path, text: str) -> None:
    [fault] = faults(tmp_path, text)
    assert fault.problem in ("must be a mapping", "must be a list")


def test_a_password_has_one_source(tmp_path: Path) -> None:
    text = "targets:\n- name: a\n  dsn: a\n  password_env: HOME\n  password_file: exporter.yaml\n"
    assert places(faults(tmp_path, text, {"HOME": "x"})) == [("exporter.yaml:4", "targets.0.password_env")]
    text += "  password_command: sh\n"
    found = faults(tmp_path, text, {"HOME": "x", "PATH": "/usr/bin:/bin"})
    assert [fault.problem for fault in found] == ["password_file is given too"] * 2


def test_two_targets_have_two_names(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, "targets:\n- {name: a, dsn: b}\n- {dsn: c, name: a}\n")
    assert (places([fault]), fault.problem) == (
        [("exporter.yaml:3", "targets.1.name")],
        f"another target has this name: {tmp_path}/exporter.yaml:2",
    )


def test_all_faults_are_told_at_once_in_the_order_of_lines(tmp_path: Path) -> None:
    text = "targets:\n- {name: a}\n- {dsn: b, max_connections: 0}\nlog: {level: x}\nlgo: 1\n"
    assert places(faults(tmp_path, text)) == [
        ("exporter.yaml:2", "targets.0.dsn"),
        ("exporter.yaml:3", "targets.1.max_connections"),
        ("exporter.yaml:3", "targets.1.name"),
        ("exporter.yaml:4", "log.level"),
        ("exporter.yaml:5", "lgo"),
    ]


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    [fault] = rejected(tmp_path / "none.yaml")
    assert (fault.where, fault.problem) == (
        str(tmp_path / "none.yaml"),
        "the file cannot be read: no such file or directory",
    )


@pytest.mark.parametrize(
    "text",
    [
        f"targets:\n- dsn: {DSN}\n  name: [{SECRET}\n",
        f"targets:\n- name: main\n  dsn: '{DSN}\n",
        f"targets:\n- name: main\n  dsn: {SECRET}: x\n",
        f"targets:\n- name: main\n\tdsn: {SECRET}\n",
        f"targets:\n- name: main\n  dsn: !{SECRET} x\n",
        f"targets:\n- name: main\n  dsn: *{SECRET}\n",
        f"a:\nb:\n  dsn: {{{SECRET}: 1, {SECRET}: 2}}\n",
    ],
)
def test_bad_yaml_is_a_fault_with_its_line_and_nothing_of_its_content(tmp_path: Path, text: str) -> None:
    found = faults(tmp_path, text)
    assert found[0].where.rpartition("/")[2] in ("exporter.yaml:3", "exporter.yaml:4", "exporter.yaml:1")


@pytest.mark.parametrize("text", ["- a", SECRET, "5"])
def test_a_file_is_a_mapping(tmp_path: Path, text: str) -> None:
    [fault] = faults(tmp_path, text)
    assert fault.problem == "must be a mapping"


@given(
    st.sampled_from(["name", "dsn", "password_file", "password_command", "databases", "connect_timeout"]),
    st.text(st.sampled_from("ab: \n-{}[]'\"5"), max_size=25),
)
def test_no_value_of_any_key_is_told_when_it_is_refused(key: str, text: str) -> None:
    target = {"name": "a b", "dsn": DSN, key: f"{text}{SECRET}{text}"}
    with pytest.raises(ValueError, match="targets") as caught:
        Settings.model_validate({"targets": [{**target, "max_connections": 0}]})
    assert SECRET not in str(caught.value)


def test_a_fault_found_later_points_at_the_file(tmp_path: Path) -> None:
    found = settings(tmp_path, "\nqueries:\n  pg_locks: {every: 5s}\n")
    assert places([found.fault(("queries", "pg_locks", "timeout"), "x")]) == [
        ("exporter.yaml:4", "queries.pg_locks.timeout")
    ]


def test_a_config_error_is_not_chained_to_the_library_s_own(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        settings(tmp_path, f"web: {{listen_address: {SECRET}}}")
    assert caught.value.__suppress_context__
