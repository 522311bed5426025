"""Owns the conditions of tables, indexes, sequences, settings and roles."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

import psycopg

from conditions import Told, leads_to, told
from installation import SHOP, Installation
from shipped import changed


def _about(alert: str, relname: str, severity: str = "warning", **labels: str) -> Told:
    place = {"target": "primary", "datname": SHOP, "schemaname": "public", "relname": relname}
    return told(alert, severity, **place, **labels)


@leads_to(
    _about("PostgresTableVacuumOverdue", "orders"),
    _about("PostgresTableInsertVacuumOverdue", "orders"),
    _about("PostgresTableStatisticsOld", "orders"),
)
def a_table_is_neglected(site: Installation) -> Iterator[None]:
    site.execute("primary", "CREATE TABLE orders (id int) WITH (autovacuum_enabled = off)")
    site.execute("primary", "INSERT INTO orders SELECT generate_series(1, 5000)")
    site.execute("primary", "DELETE FROM orders WHERE id <= 4000")
    yield
    site.execute("primary", "VACUUM ANALYZE orders")


@leads_to(_about("PostgresIndexInvalid", "twins", indexrelname="twins_key"))
def an_index_cannot_be_built(site: Installation) -> Iterator[None]:
    site.execute("primary", "CREATE TABLE twins AS SELECT 1 AS id FROM generate_series(1, 2)")
    with suppress(psycopg.errors.UniqueViolation):
        site.execute("primary", "CREATE UNIQUE INDEX CONCURRENTLY twins_key ON twins (id)")
    yield
    site.execute("primary", "DROP INDEX twins_key")


@leads_to(
    _about("PostgresIndexDuplicate", "twins", "info", indexrelname="twins_again", covered_by="twins_id")
)
def an_index_is_made_twice(site: Installation) -> Iterator[None]:
    site.execute("primary", "CREATE INDEX twins_id ON twins (id); CREATE INDEX twins_again ON twins (id)")
    yield
    site.execute("primary", "DROP INDEX twins_again")


@leads_to(told("PostgresSequenceNearEnd", datname=SHOP, schemaname="public", sequencename="invoices"))
def a_sequence_runs_out(site: Installation) -> Iterator[None]:
    site.execute("main", "SELECT setval('invoices', 800)")
    yield
    site.execute("main", "ALTER SEQUENCE invoices MAXVALUE 1000000")


@leads_to(told("PostgresAutovacuumOff", name="autovacuum"))
def autovacuum_is_switched_off(site: Installation) -> Iterator[None]:
    with changed(site.servers["main"], "autovacuum", "off"):
        yield


@leads_to(told("PostgresDurabilityOff", name="zero_damaged_pages"))
def damaged_pages_are_overwritten(site: Installation) -> Iterator[None]:
    with changed(site.servers["main"], "zero_damaged_pages", "on"):
        yield


@leads_to(told("PostgresSettingsPendingRestart", "info"))
def a_setting_waits_for_a_restart(site: Installation) -> Iterator[None]:
    def write(number: int) -> None:
        site.execute("main", f"ALTER SYSTEM SET max_locks_per_transaction = {number}")
        site.execute("main", "SELECT pg_reload_conf()")

    write(65)
    yield
    write(64)  # a server forgets the change when it reads the old value, not when it reads none


@leads_to(told("PostgresRolePasswordExpiring", rolname="reporter"))
def a_password_is_about_to_expire(site: Installation) -> Iterator[None]:
    site.execute(
        "main", "DO $$ BEGIN EXECUTE format('ALTER ROLE reporter VALID UNTIL %L', now() + '5 d'); END $$"
    )
    yield
    site.execute("main", "ALTER ROLE reporter VALID UNTIL 'infinity'")


@leads_to(told("PostgresPrivilegedRoleAdded", team="security", attribute="superuser"))
def somebody_becomes_superuser(site: Installation) -> Iterator[None]:
    site.execute("main", "CREATE ROLE newcomer LOGIN SUPERUSER")
    yield
    site.execute("main", "DROP ROLE newcomer")
