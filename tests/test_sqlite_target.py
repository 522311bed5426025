"""A SQLite file is a target like any other: for the daemon, beside a server, and for every command."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from commands import command, load, write_queries
from daemon import Daemon
from exporter import catalog, doctor, grants, listing, once
from exporter.derive import DERIVATIONS
from exporter.engines import Engine
from exporter.errors import ConfigError
from exporter.model import Query
from exporter.overlay import bound
from servers import Server
from sqlite_files import (
    PROFILES,
    epoch,
    execute,
    fetched,
    holding,
    insert,
    listed,
    make,
    profile_of,
    rows_of,
    target,
)
from store_queries import QUERIES, ROOT
from stores_rust import SEED
from stores_sqlite import fill_seed
from test_store_profiles_sqlite import SEED as MEANING

TOKEN = "insert into tokens (token_id, token_type, access_token, expires_at, created_at, revoked_at) values "
ACTIVE = "('a{}', 'access', 's', datetime('now', '+1 hour'), datetime('now'), null)"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = make(tmp_path / "dev.db", "seed")
    execute(made, TOKEN + ", ".join(ACTIVE.format(n) for n in range(3)))
    return made


@pytest.fixture
def store(a_server: Server, database: str) -> Iterator[str]:
    SEED.make(a_server, database)
    return (yield a_server.dsn(database))


def test_the_daemon_watches_a_file_and_a_server_side_by_side(tmp_path: Path, path: Path, store: str) -> None:
    """A file that goes takes its own values with it and no others, and is found when it is back."""
    targets = [{"name": "dev", "dsn": target(path).dsn}, {"name": "prod", "dsn": store}]
    with Daemon(tmp_path, {"targets": targets, "sets": ["oauth2", "server"]}) as daemon:
        daemon.until_ready(40)

        def active(name: str) -> list[float]:
            return daemon.samples("oauth2_tokens", target=name, kind="access", state="active")

        assert (active("dev"), active("prod")) == ([3.0], [5.0])
        assert daemon.samples("oauth2_profile_info", target="dev", datname="dev.db", profile="seed") == [1.0]
        assert daemon.samples("pg_exporter_target_info", target="dev", engine="sqlite", role="") == [1.0]
        assert daemon.samples("pg_version_info", target="dev") == []
        assert len(daemon.samples("pg_version_info", target="prod")) == 1
        skipped = daemon.samples("pg_exporter_query_skipped", target="dev", query="version", reason="engine")
        status = json.loads(daemon.get("/api/v1/status").text)["targets"][0]
        assert (status["engine"], status["standby"], status["role"]) == ("sqlite", None, None)
        assert f"SQLite {status['version']}" in daemon.get("/").text
        assert "dev.db" in daemon.get("/targets/dev").text
        assert skipped in ([1.0], [])  # the query may have another name
        shutil.move(path, tmp_path / "elsewhere")
        daemon.process.send_signal(signal.SIGHUP)  # which looks again at once
        daemon.until(lambda: daemon.samples("pg_up", target="dev") == [0.0], "notice")
        assert (active("dev"), active("prod")) == ([], [5.0])
        shutil.move(tmp_path / "elsewhere", path)
        daemon.until(lambda: active("dev") == [3.0], "find it again")
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith("dev")] == ["dev.db"]


def test_the_variable_alone_serves_the_token_store_and_nothing_else(path: Path) -> None:
    code, output = command(once, load(target(path).dsn), "--format", "prometheus")
    assert code == 0
    assert 'oauth2_tokens{target="main",datname="dev.db",kind="access",state="active"} 3' in output
    families = set(re.findall(r"^# TYPE (\w+)", output, re.MULTILINE))
    assert {name for name in families if not name.startswith("oauth2_")} == set()


def test_each_command_says_what_there_is_to_say(path: Path) -> None:
    loaded = load(target(path).dsn)
    said = {
        module: command(module, loaded, *arguments)
        for module, *arguments in (
            (doctor,),
            (listing,),
            (grants, "--role", "monitor"),
            (once, "tokens", "--explain"),
        )
    }
    assert {code for code, _ in said.values()} == {0}
    assert re.search(r"ok +store +seed in schema main fits", said[doctor][1])
    assert re.search(r" tokens .* 13\+ sqlite .* yes\n", said[listing][1])
    assert "no: there is no SQL of it for SQLite" in said[listing][1]
    assert "nothing to grant" in said[grants][1]
    assert "SCAN" in said[once][1]


@pytest.mark.parametrize("module", [once, listing, doctor])
def test_a_file_that_cannot_be_read_is_one_line_and_exit_code_3(tmp_path: Path, module: ModuleType) -> None:
    (tmp_path / "text").write_text("x" * 200)
    for name, reason in {"missing.db": "no such file", "text": "not a SQLite"}.items():
        code, output = command(module, load(f"sqlite://{tmp_path}/{name}"))
        assert (code, sum(reason in line for line in output.splitlines())) == (3, 1), output


def test_a_locked_file_is_said_to_be_locked(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with holding(path, "begin exclusive"):
        code, output = command(once, load(target(path).dsn), "tokens")
    assert (code, "another program holds the database" in output + capsys.readouterr().err) == (3, True)


def test_a_file_without_a_store_says_what_it_saw(tmp_path: Path) -> None:
    path = make(tmp_path / "other.db")
    execute(path, "create table refresh_tokens (a integer)")
    code, output = command(doctor, load(target(path).dsn))
    assert code == 1
    assert "no token store was recognised" in output
    assert "Saw tables main.refresh_tokens; no profile has tables of these names." in output


@pytest.mark.parametrize("dsn", ["sqlite://dev.db", "sqlite:///dev.db?mode=rwc", "sqlite:///"])
def test_a_dsn_that_names_no_file_is_a_fault_of_the_configuration(dsn: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(dsn)
    [fault] = caught.value.faults
    assert (fault.where, fault.key, "dev.db?" in str(fault)) == ("DATA_SOURCE_NAME", "targets.0.dsn", False)


def test_a_profile_for_postgresql_alone_is_a_fault_of_the_configuration(tmp_path: Path, path: Path) -> None:
    with pytest.raises(ConfigError, match="there is no profile hydra for SQLite"):
        load(target(path).dsn, queries_dir=write_queries(tmp_path, {}), oauth2={"profile": "hydra"})


def test_every_query_over_a_store_has_sql_for_sqlite_but_those_that_ask_the_server_itself() -> None:
    """Counters of rows and rights of roles: SQLite has neither."""
    without = {name for name, query in QUERIES.items() if Engine.SQLITE not in query.dialects}
    assert without == {"row_changes", "token_privileges"}
    every = catalog.load([ROOT / "queries"], DERIVATIONS).queries
    assert {
        name for name, query in every.items() if Engine.SQLITE in query.dialects
    } == QUERIES.keys() - without


@pytest.mark.parametrize("name", PROFILES)
def test_every_query_returns_the_columns_that_it_declares(tmp_path: Path, name: str) -> None:
    schema = {"seed": "seed", "rust-oauth2-server": "rust-oauth2-server-text"}[name]
    profile = profile_of(make(tmp_path / "a.db", schema), name)
    for query in QUERIES.values():
        made = bound(query, profile)
        if not isinstance(made, Query) or query.derive:
            continue
        columns = set(fetched(tmp_path / "a.db", made.variants[0][1]).columns)
        parts = ("bounds", "buckets", "count", "sum")
        declared = {
            f"{each.column}{part}"
            for each in query.columns
            for part in ([f"_{one}" for one in parts] if each.type == "histogram" else [""])
        }
        assert columns == declared | set(query.labels), query.name


@pytest.mark.parametrize("name", PROFILES)
def test_no_query_and_no_profile_reads_a_secret(tmp_path: Path, name: str) -> None:
    schema = {"seed": "seed", "rust-oauth2-server": "rust-oauth2-server-text"}[name]
    profile = profile_of(make(tmp_path / "a.db", schema), name)
    secrets = {f"{table}.{column}" for table, columns in profile.secrets.items() for column in columns}
    read = {
        f"{needs.relation}.{column}"
        for query in QUERIES.values()
        if isinstance(made := bound(query, profile), Query)
        for needs in made.reads
        for column in needs.columns
    }
    assert read
    assert not read & secrets


def test_redirect_uris_are_judged_by_their_whole_host(tmp_path: Path) -> None:
    risks = {
        "http": [
            *("http://a.example/", "HTTP://localhost.example.com", "http://localhost@evil/", " http://x"),
            *("http://127.0.0.10/", "http://localhost:80x/", "http://[::1]x"),
        ],
        "wildcard": ["https://*.example.com/"],
        "none": [
            *("https://a.example/", "http://localhost", "http://localhost:8080/cb", "\thttp://127.0.0.1?x"),
            *("http://[::1]:3000", "http://[::1]#f", "app://cb"),
        ],
    }
    path = make(tmp_path / "a.db", "seed")
    lists = json.dumps([uri for uris in risks.values() for uri in uris])
    row = {"client_id": "a", "client_secret": "s", "client_name": "n", "created_at": 0, "updated_at": 0}
    insert(path, "clients", [{**row, "redirect_uris": lists, "grant_types": "[]"}])
    rows = rows_of(path, "redirect_uris", profile_of(path, "seed")).rows
    assert dict(rows) == {risk: len(uris) for risk, uris in risks.items()}  # type: ignore[arg-type]  # pairs


def test_of_versions_the_highest_number_is_the_newest_and_one_undone_is_none(tmp_path: Path) -> None:
    path = make(tmp_path / "a.db", "seed")
    row = {"description": "d", "script": "s", "installed_by": "o", "execution_time": 1, "success": 1}
    versions = [("1.9", "SQL"), ("1.10", "SQL"), ("1_2", "SQL"), ("1.11", "SQL"), ("1.11", "UNDO_SQL")]
    for rank, (version, kind) in enumerate([*versions, (None, "SQL")]):
        row |= {"version": version, "type": kind, "installed_on": f"2026-01-0{rank + 1} 00:00:00"}
        insert(path, "flyway_schema_history", [row])
    assert rows_of(path, "migration_version", profile_of(path, "seed")).rows == [("1.10", 1)]


def test_what_is_no_time_and_no_list_hides_no_other_row(tmp_path: Path) -> None:
    """The word now is a time to SQLite, and no time of a token; digits become a number of seconds."""
    path = make(tmp_path / "a.db", "seed")
    values = ["'now'", "'2460000'", "'soon'", "x'00'", "'2026-13-99'", "'9999-12-31T00:00:00Z'"]
    execute(path, TOKEN + ", ".join(f"('{n}', 'access', 's', {v}, 0, null)" for n, v in enumerate(values)))
    profile = profile_of(path, "seed")
    assert ("access", None, None, 4) in rows_of(path, "token_expiry", profile).rows
    row = {"client_secret": "s", "client_name": "n", "created_at": 0, "updated_at": 0, "redirect_uris": "[]"}
    lists = ['["password"]', '{"a": 1}', 'say "x"', "", "password implicit"]
    insert(path, "clients", [{**row, "client_id": n, "grant_types": v} for n, v in enumerate(lists)])
    found = {(grant, count) for grant, _, count in rows_of(path, "clients", profile).rows}
    assert found == {("password", 2), ("implicit", 1), ("none", 3)}


def test_a_store_too_large_to_be_read_is_skipped_for_its_size(path: Path, tmp_path: Path) -> None:
    """Nothing is estimated in SQLite: a table is read whole, or not at all."""
    fill_seed(path, MEANING.first, epoch, listed)
    queries = tmp_path / "queries/mine"
    queries.mkdir(parents=True)
    text = (ROOT / "queries/oauth2/tokens.sql").read_text()
    text = text.replace("oauth2_", "app_").replace("max_pages: 8000", "max_pages: 1")
    (queries / "app_tokens.sql").write_text(text)
    (queries / "app_tokens.sqlite.sql").write_text((ROOT / "queries/oauth2/tokens.sqlite.sql").read_text())
    _, output = command(once, load(target(path).dsn, queries_dir=tmp_path))
    assert re.search(r"app_tokens on first/dev\.db: skipped \(size\): main\.tokens has \d+ pages", output)
