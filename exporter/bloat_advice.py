"""Owns the checks of `doctor` on what bloat is estimated from; pure."""

from __future__ import annotations

from collections.abc import Iterator

from exporter import column_statistics
from exporter.findings import Check, Facts, Finding, Level
from exporter.quoting import identifier

_CHECK = "column statistics"
_EXTENSIONS = ("pg_freespacemap", "pgstattuple")


def _statistics(facts: Facts) -> Iterator[Finding]:
    """Say for each database where the widths of columns come from, if a query wants to know them."""
    if not any(_wanted(facts)):
        return
    lacking = []
    for name, database in sorted(facts.databases.items()):
        if database.functions.get(column_statistics.NAME):
            yield Finding(_CHECK, Level.OK, f"{name}: from {column_statistics.NAME}, which shows no value")
        elif facts.role.superuser or facts.role.reads_data:
            yield Finding(_CHECK, Level.OK, f"{name}: from pg_stats, as the role may read all tables")
        else:
            lacking.append(name)
    if lacking:
        yield _hidden(facts, lacking)


def _wanted(facts: Facts) -> Iterator[bool]:
    for query in facts.queries.values():
        yield from (each.needs.function == column_statistics.NAME for each in query.alternatives)


def _hidden(facts: Facts, databases: list[str]) -> Finding:
    measured = [
        name
        for name in databases
        if any(extension in facts.databases[name].extensions for extension in _EXTENSIONS)
    ]
    free = f" Free space is measured in {', '.join(measured)} all the same." if measured else ""
    role = identifier(facts.server.role)
    wanted = " ".join(f"--database {identifier(name)}" for name in databases)
    return Finding(
        _CHECK,
        Level.INFO,
        f"hidden in {', '.join(databases)}: bloat is estimated only of tables that the role may read",
        f"pg_stats shows a role its own columns only. The function that helps gives no value away.{free}",
        f"pg-oauth-exporter grants --role {role} {wanted} --column-statistics | psql -v ON_ERROR_STOP=1 -f -",
    )


CHECKS: tuple[Check, ...] = (_statistics,)
