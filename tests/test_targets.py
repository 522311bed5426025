"""Rules for what is watched, and why a query does not run there; the user's choice is in test_select.py."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.loading import load
from exporter.model import (
    DatabaseInfo,
    ExtensionInfo,
    Needs,
    Query,
    RelationInfo,
    Role,
    Secret,
    ServerInfo,
    Skip,
    SkipReason,
    Target,
)
from exporter.roster import from_settings
from exporter.targets import selected_databases, skip
from setting_files import DSN, written

QUERY = Query(
    name="locks",
    set="locks",
    help="Locks.",
    every=15.0,
    timeout=2.0,
    labels=(),
    columns=(),
    variants=((0, "select 1"),),
    path="locks/locks.sql",
)
SERVER = ServerInfo(
    version_num=170004,
    version="17.4",
    in_recovery=False,
    database="app",
    role="monitor",
    databases=("app", "auth", "auth_test", "Other"),
    settings={
        "track_io_timing": "on",
        "track_functions": "none",
        "wal_log_hints": "off",
        "block_size": "8192",
    },
)
COLUMNS = frozenset({"id", "kind", "user", "expires_at"})
TOKENS = RelationInfo(pages=100, readable_columns=frozenset({"id", "kind"}), columns=COLUMNS)
EXTENSIONS = {
    "pgstattuple": ExtensionInfo("1.5", "public"),
    "pg_buffercache": ExtensionInfo("1.3", "Tools", usable=False),
}
DATABASE = DatabaseInfo("app", EXTENSIONS, {"public.tokens": TOKENS})


def needing(**needs: object) -> Query:
    return replace(QUERY, needs=Needs(**needs))  # type: ignore[arg-type]  # one need each


def reading(*columns: str, pages: int | None = None) -> Query:
    return needing(relation="public.tokens", columns=columns, max_pages=pages)


def why(query: Query, server: ServerInfo = SERVER, database: DatabaseInfo | None = DATABASE) -> Skip:
    found = skip(query, server, database)
    assert found is not None
    return found


def test_a_target_is_what_its_settings_say(tmp_path: Path) -> None:
    (tmp_path / "secret").touch()
    text = f"""
targets:
- name: main
  dsn: {DSN}
  password_file: secret
  databases: {{include: [a*], exclude: [ab]}}
  max_connections: 2
  connect_timeout: 2s
- {{name: b, dsn: host=b, password_env: HOME}}
- {{name: c, dsn: host=c, password_command: [sh, -c, x]}}
- {{name: d, dsn: host=d}}
"""
    found = from_settings(load(written(tmp_path, text), {"HOME": "/", "PATH": "/usr/bin:/bin"}, {}))
    assert found == (
        Target("main", DSN, Secret(file=str(tmp_path / "secret")), ("a*",), ("ab",), 2, 2.0),
        Target("b", "host=b", Secret(env="HOME")),
        Target("c", "host=c", Secret(command=("sh", "-c", "x"))),
        Target("d", "host=d"),
    )


@pytest.mark.parametrize(
    ("evidence", "expected"),
    [
        ("{}", ()),
        ("{longer_than: 5m}", (("longer_than", "300.0"),)),
        ("{query_text: true}", (("query_text", "on"),)),
    ],
)
def test_queries_can_read_of_the_settings_what_the_user_gave(
    tmp_path: Path, evidence: str, expected: tuple[tuple[str, str], ...]
) -> None:
    text = f"targets: [{{name: main, dsn: host=a}}]\nevidence: {evidence}\n"
    [target] = from_settings(load(written(tmp_path, text), {}, {}))
    assert target.parameters == expected


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        (("*",), (), ("app", "auth", "auth_test", "Other")),
        (("auth*",), (), ("auth", "auth_test")),
        (("auth*",), ("*_test",), ("auth",)),
        (("*",), ("*",), ()),
        ((), (), ()),
        (("other",), (), ()),
        (("a??",), (), ("app",)),
        (("[aO]*", "app"), ("app",), ("auth", "auth_test", "Other")),
        (("gone",), (), ()),
    ],
)
def test_databases_are_included_by_pattern_and_excluded_from_that(
    include: tuple[str, ...], exclude: tuple[str, ...], expected: tuple[str, ...]
) -> None:
    target = Target("main", DSN, include_databases=include, exclude_databases=exclude)
    assert selected_databases(target, SERVER) == expected


def test_a_query_that_needs_nothing_runs() -> None:
    assert skip(QUERY, SERVER, DATABASE) is None
    assert skip(QUERY, SERVER, None) is None


@pytest.mark.parametrize(("needed", "runs"), [(16, True), (17, True), (18, False)])
def test_a_query_needs_its_version_or_a_later_one(needed: int, runs: bool) -> None:
    floors = replace(QUERY, variants=((needed, "select 1"), (99, "select 2")))
    for query in (needing(version=needed), floors):
        assert (skip(query, SERVER, DATABASE) is None) is runs
    if not runs:
        detail = "needs PostgreSQL 18 or later, this is 17"
        assert why(floors) == why(needing(version=needed)) == Skip(SkipReason.VERSION, detail)


def test_a_version_that_nobody_has_tested_runs_the_newest_variant() -> None:
    assert (
        skip(replace(QUERY, variants=((13, "a"), (18, "b"))), replace(SERVER, version_num=250001), None)
        is None
    )


@pytest.mark.parametrize("standby", [False, True])
def test_a_query_runs_on_the_role_it_is_for(standby: bool) -> None:
    server = replace(SERVER, in_recovery=standby)
    ours, other = (Role.STANDBY, Role.PRIMARY) if standby else (Role.PRIMARY, Role.STANDBY)
    assert skip(replace(QUERY, on=Role.ANY), server, None) is None
    assert skip(replace(QUERY, on=ours), server, None) is None
    assert why(replace(QUERY, on=other), server) == Skip(
        SkipReason.ROLE, f"runs on a {other} only, this is a {ours}"
    )


def test_a_setting_must_be_on() -> None:
    assert skip(needing(setting="track_io_timing"), SERVER, None) is None
    remedy = "ALTER SYSTEM SET wal_log_hints = on; SELECT pg_catalog.pg_reload_conf();"
    assert why(needing(setting="wal_log_hints")) == Skip(
        SkipReason.SETTING, "the setting wal_log_hints is off, it must be on", remedy
    )
    assert "is none, it must be on" in why(needing(setting="track_functions")).detail
    detail = "the setting pgss.track does not exist on this server"
    assert why(needing(setting="pgss.track")) == Skip(SkipReason.SETTING, detail)


def test_an_extension_must_exist_in_the_database() -> None:
    assert skip(needing(extension="pgstattuple"), SERVER, DATABASE) is None
    assert why(needing(extension="uuid-ossp")) == Skip(
        SkipReason.EXTENSION,
        "the extension uuid-ossp does not exist in database app",
        'CREATE EXTENSION "uuid-ossp";',
    )


def test_the_schema_of_an_extension_must_be_usable() -> None:
    assert why(needing(extension="pg_buffercache")) == Skip(
        SkipReason.PRIVILEGE,
        "the role monitor may not use the schema Tools, which holds pg_buffercache",
        'GRANT USAGE ON SCHEMA "Tools" TO monitor;',
    )


def test_a_library_must_be_preloaded_and_the_remedy_keeps_those_that_are() -> None:
    loaded = replace(SERVER, settings={"shared_preload_libraries": 'auto_explain, "pg_cron"'})
    assert skip(needing(library="pg_cron"), loaded, DATABASE) is None
    assert why(needing(library="pg_stat_statements"), loaded) == Skip(
        SkipReason.SETTING,
        "the library pg_stat_statements is not in shared_preload_libraries",
        "ALTER SYSTEM SET shared_preload_libraries = auto_explain, pg_cron, pg_stat_statements;"
        " then restart the server",
    )


def test_a_library_is_taken_to_be_there_when_our_role_may_not_see_which_are() -> None:
    assert skip(needing(library="pg_stat_statements"), SERVER, DATABASE) is None
    nothing = replace(SERVER, settings={"shared_preload_libraries": ""})
    assert why(needing(library="pg_stat_statements"), nothing).remedy == (
        "ALTER SYSTEM SET shared_preload_libraries = pg_stat_statements; then restart the server"
    )


def test_a_relation_and_its_columns_must_exist() -> None:
    assert skip(needing(relation="public.tokens"), SERVER, DATABASE) is None
    assert skip(reading("id", "kind"), SERVER, DATABASE) is None
    detail = "the relation public.gone does not exist in database app"
    assert why(needing(relation="public.gone", columns=("id",))) == Skip(SkipReason.RELATION, detail)
    assert why(reading("id", "a", "b")) == Skip(SkipReason.RELATION, "public.tokens has no columns a, b")


def test_columns_must_be_readable_and_the_remedy_grants_what_is_missing_and_no_more() -> None:
    assert why(reading("id", "expires_at", "user")) == Skip(
        SkipReason.PRIVILEGE,
        "the role monitor may not read columns expires_at, user of public.tokens",
        'GRANT SELECT (expires_at, "user") ON public.tokens TO monitor;',
    )


def test_names_in_a_grant_are_quoted_where_sql_needs_it() -> None:
    hidden = RelationInfo(1, frozenset(), frozenset({'a"b'}))
    database = DatabaseInfo("app", {}, {'auth."Tokens"': hidden})
    query = needing(relation='auth."Tokens"', columns=('a"b',))
    assert why(query, replace(SERVER, role="mon-1"), database).remedy == (
        'GRANT USAGE ON SCHEMA auth TO "mon-1"; GRANT SELECT ("a""b") ON auth."Tokens" TO "mon-1";'
    )


def test_the_schema_is_granted_too_when_nothing_in_it_can_be_read() -> None:
    for schema, usage in (("auth", "GRANT USAGE ON SCHEMA auth TO monitor; "), ("public", "")):
        name = f"{schema}.t"
        database = DatabaseInfo("app", {}, {name: RelationInfo(1, frozenset(), frozenset({"a"}))})
        remedy = f"{usage}GRANT SELECT (a) ON {name} TO monitor;"
        assert why(needing(relation=name, columns=("a",)), database=database).remedy == remedy


@pytest.mark.parametrize(("limit", "runs"), [(101, True), (100, True), (99, False)])
def test_a_relation_is_not_read_when_it_has_more_pages_than_allowed(limit: int, runs: bool) -> None:
    assert (skip(reading("id", pages=limit), SERVER, DATABASE) is None) is runs


@pytest.mark.parametrize(
    ("searched", "runs"),
    [({"expires_at"}, True), ({"expires_at", "id"}, False), (set(), False)],
)
def test_a_relation_of_any_size_is_searched_where_an_index_leads_with_every_column(
    searched: set[str], *, runs: bool
) -> None:
    info = replace(TOKENS, leading=frozenset({"expires_at"}))
    database = replace(DATABASE, relations={"public.tokens": info})
    query = needing(relation="public.tokens", max_pages=99, searched=frozenset(searched))
    found = skip(query, SERVER, database)
    assert (found is None) is runs
    assert found is None or (" leads with column id" in found.detail) is bool(searched)


def test_sizes_are_told_in_pages_and_bytes_of_the_server() -> None:
    database = replace(DATABASE, relations={"public.tokens": replace(TOKENS, pages=81920)})
    detail = "public.tokens has 81920 pages (640 MiB); this query reads it in full up to 8000 pages (62 MiB)"
    assert why(reading(pages=8000), database=database) == Skip(SkipReason.SIZE, detail)
    server = replace(SERVER, settings={"block_size": "16384"})
    assert "81920 pages (1280 MiB)" in why(reading(pages=8000), server, database).detail
    assert "(640 MiB)" in why(reading(pages=8000), replace(SERVER, settings={}), database).detail


def test_a_size_that_cannot_be_told_is_not_told() -> None:
    database = replace(DATABASE, relations={"public.tokens": replace(TOKENS, pages=2**31 - 1)})
    assert "public.tokens has an unknown size; " in why(reading(pages=8000), database=database).detail


def test_without_facts_about_the_database_only_the_server_counts() -> None:
    query = needing(extension="gone", relation="public.gone", setting="wal_log_hints")
    assert why(query, database=None).reason is SkipReason.SETTING
    assert skip(needing(extension="gone", relation="public.gone"), SERVER, None) is None


def test_the_reason_told_is_the_one_to_mend_first() -> None:
    needs = {"version": 18, "setting": "wal_log_hints", "extension": "gone", "relation": "public.gone"}
    order = []
    for key in ("version", "setting", "extension", "relation"):
        order.append(why(needing(**needs)).reason)
        del needs[key]
    assert order == [SkipReason.VERSION, SkipReason.SETTING, SkipReason.EXTENSION, SkipReason.RELATION]
    assert why(reading("gone", "user", pages=1)).reason is SkipReason.RELATION
    assert why(reading("user", pages=1)).reason is SkipReason.PRIVILEGE
    assert why(reading("id", pages=1)).reason is SkipReason.SIZE
