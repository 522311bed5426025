"""Owns the names of all dashboards, so that links to them are written once."""

from __future__ import annotations

from dashboards.model import Link

FLEET = Link("pg-oauth-fleet", "Fleet overview")
TARGET = Link("pg-oauth-target", "Target")
CONNECTIONS = Link("pg-oauth-connections", "Connections and locks")
TABLES = Link("pg-oauth-tables", "Tables, bloat and vacuum")
QUERIES = Link("pg-oauth-queries", "Queries")
WAL = Link("pg-oauth-wal", "WAL, replication and backups")
TOKENS = Link("pg-oauth-tokens", "Tokens")
HYGIENE = Link("pg-oauth-hygiene", "Token hygiene")
ALERTS = Link("pg-oauth-alerts", "Alerts and SLO")
EXPORTER = Link("pg-oauth-exporter", "Exporter")

DASHBOARDS = frozenset(
    each.uid
    for each in (
        FLEET,
        TARGET,
        CONNECTIONS,
        TABLES,
        QUERIES,
        WAL,
        TOKENS,
        HYGIENE,
        ALERTS,
        EXPORTER,
    )
)
