"""Rules about the files that libpq reads by itself: the password they give, and what is said without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter import redaction
from exporter.errors import QueryError
from exporter.passfile import Passfile, passfile
from gateway import fetched, role
from servers import Server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PGPASSFILE", "PGPASSWORD", "PGSERVICEFILE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def login(a_server: Server) -> Iterator[tuple[str, str]]:
    with role(a_server) as pair:
        yield pair


def written(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


def test_there_is_none_to_speak_of_where_none_is_named_and_none_lies_at_home(home: Path) -> None:
    assert passfile({}) is None
    written(home / ".pgpass", "")
    assert passfile({}) == Passfile(home / ".pgpass")


def test_a_connection_that_has_a_password_reads_no_file(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(home / ".pgpass", "")
    assert passfile({"password": "x"}) is None
    monkeypatch.setenv("PGPASSWORD", "x")
    assert passfile({}) is None


def test_the_dsn_goes_before_the_variable_and_that_before_the_home(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (".pgpass", "a", "b"):
        written(home / name, "")
    monkeypatch.setenv("PGPASSFILE", str(home / "a"))
    assert passfile({}) == Passfile(home / "a")
    assert passfile({"passfile": str(home / "b")}) == Passfile(home / "b")


@pytest.mark.parametrize(("mode", "good"), [(0o600, True), (0o400, True), (0o640, False), (0o602, False)])
def test_a_file_that_others_may_read_or_write_is_not_used(home: Path, mode: int, good: bool) -> None:
    written(home / ".pgpass", "", mode)
    found = passfile({})
    assert found is not None
    assert (found.problem == "") is good
    assert good or f"its mode is {mode:04o}, chmod 600 it" in found.problem


def test_a_file_that_is_named_and_not_there_or_is_none_is_said(home: Path) -> None:
    absent, folder = passfile({"passfile": str(home / "nix")}), passfile({"passfile": str(home)})
    assert absent is not None
    assert absent.remedy == f"the password file {home}/nix cannot be read: no such file or directory"
    assert folder is not None
    assert folder.problem == "is no plain file"


def test_a_password_comes_from_the_file_and_is_a_secret_from_then_on(
    home: Path, a_server: Server, login: tuple[str, str]
) -> None:
    user, password = login
    written(home / ".pgpass", f"{a_server.host}:{a_server.port}:*:{user}:{password}\n")
    assert fetched(a_server.dsn(user=user), "SELECT 1").rows == [(1,)]
    assert redaction.blot(f"it is {password}") == "it is ***"


def test_a_file_with_a_wrong_mode_is_said_in_the_error_and_nowhere_else(
    home: Path, a_server: Server, login: tuple[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    """A line that libpq itself writes to standard error is one that a reader of logs cannot read."""
    user, password = login
    file = written(home / ".pgpass", f"*:*:*:*:{password}\n", 0o644)
    with pytest.raises(QueryError) as caught:
        fetched(a_server.dsn(user=user), "SELECT 1")
    assert f"the password file {file} is not used, as others may read or write it" in str(caught.value)
    assert capfd.readouterr().err == ""


def test_a_file_without_a_line_for_us_is_named(home: Path, a_server: Server, login: tuple[str, str]) -> None:
    written(home / ".pgpass", "other:*:*:*:s3cret\n")
    with pytest.raises(QueryError, match=r"no line of the password file .*\.pgpass is for this host"):
        fetched(a_server.dsn(user=login[0]), "SELECT 1")


def test_a_service_gives_host_role_and_password_which_is_a_secret_from_then_on(
    home: Path, a_server: Server, login: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    user, password = login
    lines = f"host={a_server.host}\nport={a_server.port}\nuser={user}\npassword={password}\ndbname=postgres\n"
    written(home / "services", f"[mine]\n{lines}")
    monkeypatch.setenv("PGSERVICEFILE", str(home / "services"))
    assert fetched("service=mine", "SELECT current_user::text").rows == [(user,)]
    assert fetched("postgresql:///?service=mine", "SELECT 1").rows == [(1,)]
    assert redaction.blot(f"it is {password}") == "it is ***"


def test_a_service_whose_server_is_away_is_named_with_the_place_it_leads_to(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written(home / ".pg_service.conf", "[mine]\nhost=127.0.0.1\nport=1\nuser=u\npassword=s3cret\n")
    with pytest.raises(QueryError) as caught:
        fetched("service=mine", "SELECT 1")
    assert 'service "mine" host "127.0.0.1" port "1"' in str(caught.value)
    assert redaction.blot("s3cret") == "***"


@pytest.mark.parametrize("is_there", [True, False])
def test_a_service_that_is_not_there_says_where_it_is_looked_for(
    home: Path, is_there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGSERVICEFILE", str(home / "services"))
    if is_there:
        written(home / "services", "[mine]\nhost=h\n")
    with pytest.raises(QueryError, match=r"not found; .*PGSERVICEFILE"):
        fetched("service=other", "SELECT 1")
