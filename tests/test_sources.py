"""Rules for where settings come from: flags over environment over file, and one target by DATA_SOURCE_*."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from exporter.flags import FLAGS
from exporter.loading import load
from exporter.model import Secret
from exporter.roster import from_settings
from exporter.sources import CONFIG_FILE, variable, variables
from setting_files import DSN, SECRET, TARGET, places, rejected, settings, written

PREFIX = "PG_OAUTH_EXPORTER_"
ROOT = Path(__file__).resolve().parents[1]


def dsn(environ: dict[str, str]) -> str:
    """Return the DSN of the one target that the environment describes."""
    [target] = from_settings(load(None, environ, {}))
    assert target.name == "main"
    return target.dsn


def told(environ: dict[str, str]) -> list[str]:
    return [str(fault) for fault in rejected(None, environ)]


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_file(tmp_path: Path) -> None:
    file, environ, flags = (
        "log: {level: error, format: json}\n",
        {f"{PREFIX}LOG_LEVEL": "debug"},
        {"log.level": "warning"},
    )
    assert settings(tmp_path, file).log.level == "error"
    assert settings(tmp_path, file, environ).log.level == "debug"
    found = settings(tmp_path, file, environ, flags)
    assert (found.log.level, found.log.format) == ("warning", "json")


def test_an_empty_variable_and_a_flag_that_is_none_count_as_not_given(tmp_path: Path) -> None:
    environ = dict.fromkeys(variables(), "") | {CONFIG_FILE: ""}
    assert settings(tmp_path, "sets: [a]", environ, dict.fromkeys(FLAGS)).sets == ("a",)


def test_paths_in_a_file_begin_at_its_folder_and_other_paths_do_not(tmp_path: Path) -> None:
    found = settings(tmp_path, "queries_dirs: [a, /b, ../c]\nprofiles_dirs: [a, /b]")
    assert found.queries_dirs == (tmp_path / "a", Path("/b"), tmp_path / "../c")
    assert found.profiles_dirs == (tmp_path / "a", Path("/b"))
    assert settings(tmp_path, flags={"queries_dirs": ["a"]}).queries_dirs == (Path("a"),)


def test_a_flag_that_there_is_not_is_a_mistake_of_the_program(tmp_path: Path) -> None:
    with pytest.raises(LookupError, match=r"no such flags: log\.levels"):
        settings(tmp_path, flags={"log.levels": "info"})


@pytest.mark.parametrize(
    "key", ["web.listen_address", "web.enable_reload", "log.level", "shutdown_grace", "sets"]
)
def test_a_bad_flag_or_variable_is_named_with_its_key(tmp_path: Path, key: str) -> None:
    path, bad = written(tmp_path, TARGET + "log: {level: info}"), f"{SECRET} !"
    for environ, flags, place in (
        ({variable(key): bad}, {}, variable(key)),
        ({}, {key: bad}, FLAGS[key].name),
    ):
        [fault] = rejected(path, environ, flags)
        assert (fault.where, fault.key) == (place, key)


def test_a_flag_over_a_section_that_is_no_mapping_leaves_the_fault_with_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, TARGET + "log: info")
    assert places(rejected(path, {}, {"log.level": "info"})) == [("exporter.yaml:2", "log")]


def test_a_variable_names_the_file_and_the_flag_wins_over_it(tmp_path: Path) -> None:
    path = written(tmp_path, TARGET)
    assert load(None, {f"{PREFIX}CONFIG_FILE": str(path)}, {}).targets[0].name == "main"
    assert load(path, {f"{PREFIX}CONFIG_FILE": "/nowhere"}, {}).targets[0].name == "main"
    [fault] = rejected(None, {f"{PREFIX}CONFIG_FILE": str(tmp_path / "none")})
    assert fault.where == str(tmp_path / "none")


def test_without_any_target_both_ways_to_give_one_are_shown(tmp_path: Path) -> None:
    for text in (None, "", "# nothing", "targets: []", "targets:", "sets: [a]"):
        [fault] = rejected(None if text is None else written(tmp_path, text))
        assert fault.problem == "there is no target to watch"
        assert "DATA_SOURCE_NAME=" in fault.remedy
        assert "--config.file" in fault.remedy


@pytest.mark.parametrize(
    "text",
    [
        DSN,
        f"host=a,b password='{SECRET},;x' user=m",
        "postgresql://a,b:1,2/db?target_session_attrs=any",
        f" {DSN}\n",
    ],
)
def test_data_source_name_alone_is_a_configuration_and_is_never_split(text: str) -> None:
    assert dsn({"DATA_SOURCE_NAME": text}) == text.strip()


@pytest.mark.parametrize("text", ["", " ", "\n"])
def test_an_empty_data_source_name_is_a_fault(text: str) -> None:
    environ = {"DATA_SOURCE_NAME": text, "DATA_SOURCE_URI": "h/db"}
    [fault] = rejected(None, environ)
    assert (fault.where, fault.problem) == ("DATA_SOURCE_NAME", "is empty")
    assert "give a DSN such as" in fault.remedy


def test_the_name_wins_over_the_parts() -> None:
    assert dsn({"DATA_SOURCE_NAME": "host=a", "DATA_SOURCE_URI": "b/db", "DATA_SOURCE_USER": "c"}) == "host=a"


def test_a_password_apart_is_read_from_its_file_before_its_variable(tmp_path: Path) -> None:
    (tmp_path / "pass").write_text(SECRET)
    environ = {"DATA_SOURCE_NAME": "host=a", "DATA_SOURCE_PASS": SECRET}
    [target] = from_settings(load(None, environ, {}))
    assert target.password == Secret(env="DATA_SOURCE_PASS")
    [target] = from_settings(load(None, environ | {"DATA_SOURCE_PASS_FILE": str(tmp_path / "pass")}, {}))
    assert target.password == Secret(file=str(tmp_path / "pass"))
    [target] = from_settings(load(None, {"DATA_SOURCE_NAME": "host=a", "DATA_SOURCE_PASS": ""}, {}))
    assert target.password == Secret()


@pytest.mark.parametrize(
    "variable_name", ["DATA_SOURCE_PASS_FILE", "DATA_SOURCE_USER_FILE", "DATA_SOURCE_URI_FILE"]
)
def test_a_file_that_a_variable_names_and_is_not_there_is_a_fault_of_the_variable(variable_name: str) -> None:
    [fault] = rejected(None, {"DATA_SOURCE_URI": "h/db", variable_name: f"/nowhere/{SECRET}"})
    assert fault.where == variable_name
    assert "no such file or directory" in fault.problem


@pytest.mark.parametrize(
    ("uri", "user", "expected"),
    [
        ("h:5432/db?sslmode=disable", "me", "postgresql://me@h:5432/db?sslmode=disable"),
        ("h:5432/db", None, "postgresql://h:5432/db"),
        ("me:pw@h/db", None, "postgresql://me:pw@h/db"),
        ("postgresql://h/db", "me", "postgresql://me@h/db"),
        ("h/db?application_name=a@b", "me", "postgresql://me@h/db?application_name=a@b"),
        ("h/db", "a@b:c/d%e f?", "postgresql://a%40b%3Ac%2Fd%25e%20f%3F@h/db"),
    ],
)
def test_the_parts_make_a_dsn(uri: str, user: str | None, expected: str) -> None:
    assert dsn({"DATA_SOURCE_URI": uri} | ({"DATA_SOURCE_USER": user} if user else {})) == expected


def test_the_parts_may_stand_in_files(tmp_path: Path) -> None:
    (tmp_path / "uri").write_text("h/db\n")
    (tmp_path / "user").write_text("me\n")
    environ = {"DATA_SOURCE_URI_FILE": str(tmp_path / "uri"), "DATA_SOURCE_USER_FILE": str(tmp_path / "user")}
    assert dsn(environ | {"DATA_SOURCE_USER": "another"}) == "postgresql://me@h/db"


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1))
def test_any_user_is_the_user_that_libpq_sees(user: str) -> None:
    if user.strip():
        seen = conninfo_to_dict(dsn({"DATA_SOURCE_URI": "h/db", "DATA_SOURCE_USER": user}))
        assert seen == {"user": user.strip(), "host": "h", "dbname": "db"}


def test_an_empty_uri_and_two_users_are_faults_of_the_uri() -> None:
    assert told({"DATA_SOURCE_URI": " "}) == [
        "DATA_SOURCE_URI: is empty (write it like host:5432/database, or unset it)"
    ]
    assert told({"DATA_SOURCE_URI": f"me:{SECRET}@h/db", "DATA_SOURCE_USER": "me"}) == [
        "DATA_SOURCE_URI: names a user, and so does DATA_SOURCE_USER (take one of them out)"
    ]


def test_targets_come_from_the_file_or_from_the_environment_and_not_from_both(tmp_path: Path) -> None:
    path = written(tmp_path, "\n" + TARGET)
    for name in ("DATA_SOURCE_NAME", "DATA_SOURCE_URI"):
        [fault] = rejected(path, {name: "h/db"})
        assert (fault.where, fault.key) == (name, "targets")
        assert fault.problem == f"is set, and {path}:2 lists targets too"
        assert fault.remedy == f"choose one: unset {name}, or take the targets out of the file"


def test_the_environment_gives_the_target_and_the_file_the_rest(tmp_path: Path) -> None:
    found = load(written(tmp_path, "sets: [a]"), {"DATA_SOURCE_NAME": DSN}, {})
    assert (found.targets[0].dsn.get_secret_value(), found.sets) == (DSN, ("a",))


def test_a_user_or_a_password_without_a_server_is_no_target() -> None:
    assert "there is no target" in told({"DATA_SOURCE_USER": "me", "DATA_SOURCE_PASS": SECRET})[0]
