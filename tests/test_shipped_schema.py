"""What the set `schema` says about extensions, relations and flaws is what the tests made."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from servers import Server
from shipped import ask, fresh_database


@pytest.fixture(scope="module")
def database(server: Server) -> Iterator[str]:
    server.monitor_dsn()
    with fresh_database(server) as name:
        yield name


def test_an_extension_older_than_its_files_has_an_update(server: Server, database: str) -> None:
    versions = server.execute(
        "SELECT default_version FROM pg_available_extensions WHERE name = 'pg_stat_statements'"
    )
    if not versions:
        pytest.skip("this server has no contrib")
    server.execute("CREATE EXTENSION pg_stat_statements VERSION '1.7'", database)
    old = ask("extensions", server, database)
    labels = {"extname": "pg_stat_statements", "datname": database}
    assert old.value("pg_extension_update_available", version="1.7", **labels) == 1
    server.execute("ALTER EXTENSION pg_stat_statements UPDATE", database)
    new = ask("extensions", server, database)
    assert new.value("pg_extension_update_available", version=str(versions[0][0]), **labels) == 0
    assert new.value("pg_extension_update_available", extname="plpgsql") == 0
    server.execute("DROP EXTENSION pg_stat_statements", database)


_KINDS = {
    "table": "CREATE TABLE made (n int)",
    "unlogged table": "CREATE UNLOGGED TABLE made (n int)",
    "partitioned table": "CREATE TABLE made (n int) PARTITION BY RANGE (n)",
    "view": "CREATE VIEW made AS SELECT 1 AS n",
    "materialized view": "CREATE MATERIALIZED VIEW made AS SELECT 1 AS n",
    "sequence": "CREATE SEQUENCE made",
    "type": "CREATE TYPE made AS (n int)",
    "index": "CREATE TABLE base (n int); CREATE INDEX made ON base (n)",
    "partition": "CREATE TABLE base (n int) PARTITION BY RANGE (n);"
    " CREATE TABLE made PARTITION OF base DEFAULT",
}


@pytest.mark.parametrize("kind", _KINDS)
def test_relations_are_counted_by_kind(a_server: Server, kind: str) -> None:
    a_server.monitor_dsn()
    with fresh_database(a_server) as name:
        assert ask("relations", a_server, name).families == ()
        a_server.execute(_KINDS[kind], name)
        assert ask("relations", a_server, name).value("pg_relations", kind=kind) == 1


_FLAWS = {
    "constraint_not_validated": "CREATE TABLE t (n int PRIMARY KEY);"
    " ALTER TABLE t ADD CONSTRAINT c CHECK (n > 0) NOT VALID",
    "event_trigger_disabled": "CREATE FUNCTION f() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
    " CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION f(); ALTER EVENT TRIGGER e DISABLE",
    "policy_without_effect": "CREATE TABLE t (n int PRIMARY KEY); CREATE POLICY p ON t USING (n > 0)",
    "table_without_primary_key": "CREATE TABLE t (n int UNIQUE)",
    "trigger_disabled": "CREATE TABLE t (n int PRIMARY KEY);"
    " CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';"
    " CREATE TRIGGER a BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();"
    " CREATE TRIGGER b BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f(); ALTER TABLE t DISABLE TRIGGER a",
}


@pytest.mark.parametrize("flaw", _FLAWS)
def test_each_flaw_is_counted_and_no_other(server: Server, flaw: str) -> None:
    with fresh_database(server) as name:
        server.execute(_FLAWS[flaw], name)
        found = ask("schema_flaws", server, name)
    [family] = found.families
    counted = {sample.labels[-1]: sample.value for sample in family.samples}
    assert set(counted) == {*_FLAWS, "foreign_key_disabled"}
    assert {name: value for name, value in counted.items() if value} == {flaw: 1}


def test_a_foreign_key_whose_triggers_are_off_is_a_flaw(a_server: Server) -> None:
    a_server.monitor_dsn()
    with fresh_database(a_server) as name:
        a_server.execute(
            "CREATE TABLE a (n int PRIMARY KEY); CREATE TABLE b (n int PRIMARY KEY REFERENCES a)", name
        )
        assert ask("schema_flaws", a_server, name).value("pg_schema_flaws", flaw="foreign_key_disabled") == 0
        a_server.execute("ALTER TABLE b DISABLE TRIGGER ALL", name)
        found = ask("schema_flaws", a_server, name)
    assert found.value("pg_schema_flaws", flaw="foreign_key_disabled") == 2  # on insert and on update
    assert found.value("pg_schema_flaws", flaw="trigger_disabled") == 0
