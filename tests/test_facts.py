"""Rules about the facts that decide which queries run: what a server is, what is readable, and how large."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator

import psycopg
import pytest

from exporter.model import UNKNOWN_PAGES, DatabaseInfo, ExtensionInfo, RelationInfo, ServerInfo
from exporter.session import SETTINGS
from gateway import opened, role, using
from servers import Server


def server_info(dsn: str) -> ServerInfo:
    return using(dsn, lambda gateway: gateway.server_info())


def relations(dsn: str, *names: str) -> dict[str, RelationInfo]:
    return dict(using(dsn, lambda gateway: gateway.database_info(names)).relations)


def pages(dsn: str, name: str) -> int:
    return relations(dsn, name)[name].pages


@pytest.fixture
def fresh(server: Server) -> Iterator[str]:
    """A fresh database on the server, whose autovacuum leaves tables alone."""
    name = f"facts_{secrets.token_hex(4)}"
    server.execute(f"CREATE DATABASE {name}")
    yield name
    server.execute(f"DROP DATABASE {name} WITH (FORCE)")


def test_a_server_says_what_it_is_and_who_we_are(server: Server, fresh: str) -> None:
    with role(server) as (name, password):
        found = server_info(server.dsn(fresh, name, password))
    assert found.major == server.major
    assert found.version.startswith(str(server.major))
    assert not found.in_recovery
    assert (found.database, found.role) == (fresh, name)
    assert {"postgres", fresh} <= set(found.databases)
    assert not {"template0", "template1"} & set(found.databases)
    [(started,)] = server.execute("SELECT extract(epoch FROM pg_postmaster_start_time())::float8")
    assert found.started == started


def test_a_standby_says_so(standby: Server) -> None:
    assert server_info(standby.dsn()).in_recovery


def test_settings_are_those_of_the_server_not_those_of_our_own_runs(server: Server) -> None:
    with role(server) as (name, password):
        server.execute(f"ALTER ROLE {name} SET statement_timeout = '77s'")
        settings = server_info(server.dsn(user=name, password=password)).settings
        rows = server.execute("SELECT name, reset_val FROM pg_settings")
    assert settings["statement_timeout"] == "77000"
    for setting in set(SETTINGS) - {"transaction_read_only"} | {"max_connections", "work_mem"}:
        assert (setting, settings[setting]) in rows


def test_a_database_that_we_may_not_enter_is_not_listed(server: Server, fresh: str) -> None:
    server.execute(f"REVOKE CONNECT ON DATABASE {fresh} FROM PUBLIC")
    with role(server) as (name, password):
        assert fresh not in server_info(server.dsn(user=name, password=password)).databases


def test_a_database_half_dropped_is_not_listed(server: Server, fresh: str) -> None:
    server.execute(f"UPDATE pg_catalog.pg_database SET datconnlimit = -2 WHERE datname = '{fresh}'")
    try:
        assert fresh not in server_info(server.dsn()).databases
    finally:
        server.execute(f"UPDATE pg_catalog.pg_database SET datconnlimit = -1 WHERE datname = '{fresh}'")


def test_extensions_come_with_their_versions_from_the_database_visited(server: Server, fresh: str) -> None:
    server.execute("CREATE EXTENSION pg_stat_statements", fresh)
    [(version,)] = server.execute("SELECT extversion FROM pg_extension WHERE extname ~ 'stat'", fresh)

    async def ask() -> tuple[DatabaseInfo, DatabaseInfo]:
        async with opened(server.dsn()) as gateway:
            return await gateway.database_info([]), await gateway.database_info([], fresh)

    main, visited = asyncio.run(ask())
    assert (main.name, visited.name) == ("postgres", fresh)
    assert visited.extensions["pg_stat_statements"] == ExtensionInfo(str(version), "public")
    assert main.extensions["plpgsql"].schema == "pg_catalog"
    assert main.relations == {}


def test_an_extension_is_usable_where_its_schema_is(server: Server, fresh: str) -> None:
    server.execute('CREATE SCHEMA "My Tools"; CREATE EXTENSION pg_stat_statements SCHEMA "My Tools"', fresh)

    def asked() -> ExtensionInfo:
        facts = using(dsn, lambda gateway: gateway.database_info(()))
        return facts.extensions["pg_stat_statements"]

    with role(server) as (name, password):
        dsn = server.dsn(fresh, name, password)
        assert (asked().schema, asked().usable) == ("My Tools", False)
        server.execute(f'GRANT USAGE ON SCHEMA "My Tools" TO {name}', fresh)
        assert asked().usable
        server.execute(f'REVOKE USAGE ON SCHEMA "My Tools" FROM {name}', fresh)


@pytest.mark.parametrize(
    "name", ["public.nix", "nix.nix", "nix", "", ".", "a.b.c", 'pub"lic.t', "public.t'", "1.2"]
)
def test_a_relation_that_is_not_there_is_left_out(a_server: Server, name: str) -> None:
    assert set(relations(a_server.dsn(), name, "pg_catalog.pg_class")) == {"pg_catalog.pg_class"}


def test_names_are_read_as_postgresql_reads_them(a_server: Server, database: str) -> None:
    a_server.execute('CREATE TABLE public.plain (a int); CREATE TABLE public."O""d\'d.\\N" (a int)', database)
    names = {"Public.PLAIN", 'public."plain"', 'public."O""d\'d.\\N"'}
    assert set(relations(a_server.dsn(database), *names, 'public."PLAIN"')) == names


def test_columns_are_readable_by_column_grant_and_only_in_a_schema_that_is_open(
    server: Server, fresh: str
) -> None:
    server.execute(
        "CREATE SCHEMA app; CREATE TABLE app.tokens (id int, kind text, token text, gone int);"
        "ALTER TABLE app.tokens DROP COLUMN gone",
        fresh,
    )
    with role(server) as (name, password):
        dsn = server.dsn(fresh, name, password)
        server.execute(f"GRANT SELECT (id, kind) ON app.tokens TO {name}", fresh)
        closed = relations(dsn, "app.tokens")["app.tokens"]
        server.execute(f"GRANT USAGE ON SCHEMA app TO {name}", fresh)
        opened_up = relations(dsn, "app.tokens")["app.tokens"]
        server.execute(f"REVOKE ALL ON SCHEMA app FROM {name}; DROP OWNED BY {name}", fresh)
    assert closed.columns == opened_up.columns == {"ctid", "id", "kind", "token"}
    assert closed.readable_columns == frozenset()
    assert opened_up.readable_columns == {"id", "kind"}


def _fill(server: Server, database: str, rows: int, table: str = "public.t") -> None:
    server.execute(
        f"CREATE TABLE IF NOT EXISTS {table} (a int, b text) WITH (autovacuum_enabled = off);"
        f"INSERT INTO {table} SELECT i, repeat('x', 100) FROM generate_series(1, {rows}) AS i",
        database,
    )


def _real(server: Server, database: str, table: str = "public.t") -> int:
    [(size,)] = server.execute(f"SELECT pg_relation_size('{table}') / 8192", database)
    return int(str(size))


def test_an_analysed_table_has_the_pages_of_the_catalogue(server: Server, fresh: str) -> None:
    _fill(server, fresh, 5000)
    server.execute("VACUUM ANALYZE public.t", fresh)
    assert pages(server.dsn(fresh), "public.t") == _real(server, fresh) > 50


def test_a_table_never_analysed_is_measured(server: Server, fresh: str) -> None:
    _fill(server, fresh, 5000)
    assert pages(server.dsn(fresh), "public.t") == _real(server, fresh) > 50


def test_a_table_that_grew_since_is_not_taken_for_small(server: Server, fresh: str) -> None:
    _fill(server, fresh, 100)
    server.execute("VACUUM ANALYZE public.t", fresh)
    _fill(server, fresh, 20000)
    found, real = _settled_pages(server, fresh), _real(server, fresh)
    assert real * 0.9 <= found <= real * 3


def _settled_pages(server: Server, database: str) -> int:
    """Return the pages once the last session's statistics have arrived, which takes a moment before 15."""
    sql = "SELECT n_live_tup FROM pg_stat_user_tables WHERE relname = 't'"
    for _ in range(100):
        [(rows,)] = server.execute(f"SELECT pg_sleep(0.05); {sql}", database)
        if int(str(rows)) > 20000:
            break
    return pages(server.dsn(database), "public.t")


def test_an_empty_table_has_no_pages(server: Server, fresh: str) -> None:
    server.execute("CREATE TABLE public.t (a int)", fresh)
    assert pages(server.dsn(fresh), "public.t") == 0


def test_a_partitioned_table_has_the_pages_of_its_partitions(server: Server, fresh: str) -> None:
    server.execute(
        "CREATE TABLE public.t (a int, b text) PARTITION BY RANGE (a);"
        "CREATE TABLE public.p1 PARTITION OF public.t FOR VALUES FROM (0) TO (1000) PARTITION BY RANGE (a);"
        "CREATE TABLE public.p11 PARTITION OF public.p1 FOR VALUES FROM (0) TO (1000);"
        "CREATE TABLE public.p2 PARTITION OF public.t FOR VALUES FROM (1000) TO (9000);"
        "INSERT INTO public.t SELECT i, repeat('x', 100) FROM generate_series(1, 5000) AS i;",
        fresh,
    )
    whole = _real(server, fresh, "public.p11") + _real(server, fresh, "public.p2")
    assert pages(server.dsn(fresh), "public.t") == whole > 50
    server.execute("VACUUM ANALYZE public.p2", fresh)
    assert pages(server.dsn(fresh), "public.t") == whole


def test_a_view_has_the_pages_of_what_it_selects_from(server: Server, fresh: str) -> None:
    _fill(server, fresh, 5000)
    server.execute(
        "CREATE VIEW public.inner_view AS SELECT a FROM public.t;"
        "CREATE VIEW public.v AS SELECT count(*) FROM public.inner_view;"
        "CREATE MATERIALIZED VIEW public.m AS SELECT count(*) FROM public.inner_view",
        fresh,
    )
    found = relations(server.dsn(fresh), "public.v", "public.m")
    assert found["public.v"].pages == _real(server, fresh)
    assert found["public.m"].pages == 1


def test_facts_do_not_wait_for_a_locked_table_and_do_not_take_it_for_small(
    server: Server, fresh: str
) -> None:
    _fill(server, fresh, 1000)
    server.execute("CREATE TABLE public.other (a int)", fresh)
    with psycopg.connect(server.dsn(fresh)) as holder:
        holder.execute("LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE")
        found = relations(server.dsn(fresh), "public.t", "public.other")
        assert (found["public.t"].pages, found["public.other"].pages) == (UNKNOWN_PAGES, 0)
        assert found["public.t"].columns == {"a", "b", "ctid"}
    server.execute("VACUUM public.t", fresh)
    with psycopg.connect(server.dsn(fresh)) as holder:
        holder.execute("LOCK TABLE public.t IN ACCESS EXCLUSIVE MODE")
        assert 0 < pages(server.dsn(fresh), "public.t") < 100


def test_a_standby_measures_as_its_primary_does(server: Server, standby: Server) -> None:
    table = f"public.facts_{secrets.token_hex(4)}"
    _fill(server, "postgres", 5000, table)
    try:
        standby.catch_up()
        assert pages(standby.dsn(), table) == _real(server, "postgres", table)
        server.execute(f"VACUUM ANALYZE {table}")
        standby.catch_up()
        assert pages(standby.dsn(), table) == _real(server, "postgres", table)
    finally:
        server.execute(f"DROP TABLE {table}")
