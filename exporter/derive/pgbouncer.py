"""Owns what the answers of PgBouncer's admin console mean: columns that differ by version, and their units.

Source: the PgBouncer manual, "Admin console", 1.18 to 1.25. An answer has no fixed columns: what a version
lacks is None here, and what a newer one adds is left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from exporter.model import Rows

_MICROSECONDS = 1_000_000

POOLS = (
    *("database", "user", "pool_mode", "cl_active", "cl_waiting", "cl_cancel", "sv_active", "sv_idle"),
    *("sv_used", "sv_tested", "sv_login", "sv_cancel", "maxwait"),
)
DATABASES = (
    *("name", "host", "port", "database", "force_user", "pool_mode", "pool_size", "min_pool_size"),
    *("reserve_pool", "max_connections", "current_connections", "max_client_connections"),
    *("current_client_connections", "paused", "disabled"),
)
STATS = (
    *("database", "total_xact_count", "total_query_count", "total_server_assignment_count"),
    *("total_received", "total_sent", "total_xact_time", "total_query_time", "total_wait_time"),
    *("total_client_parse_count", "total_server_parse_count", "total_bind_count"),
)
LISTS = (
    *("databases", "users", "pools", "free_clients", "used_clients", "login_clients", "free_servers"),
    *("used_servers", "dns_names", "dns_zones", "dns_queries"),
)
CONFIG = ("max_client_conn", "max_user_connections", "max_db_connections", "default_pool_size")

# What a column was called in other versions.
_OTHER_NAMES: Mapping[str, Sequence[str]] = {"reserve_pool": ("reserve_pool_size",)}

_Row = Mapping[str, object]


def pgbouncer_pools(rows: Rows) -> Rows:
    """Derive POOLS from SHOW POOLS; `maxwait` is in seconds, with its microseconds.

    Since 1.18 clients and servers of cancel requests are several columns, which are summed up: `cl_cancel`
    and `sv_cancel`.
    """

    def value(row: _Row, column: str) -> object:
        if column == "maxwait":
            return _sum(row, ("maxwait",), micro="maxwait_us")
        if column == "cl_cancel":
            return _sum(row, ("cl_cancel_req", "cl_active_cancel_req", "cl_waiting_cancel_req"))
        if column == "sv_cancel":
            return _sum(row, ("sv_active_cancel", "sv_being_canceled"))
        return _plain(row, column)

    return _shaped(rows, POOLS, value)


def pgbouncer_databases(rows: Rows) -> Rows:
    """Derive DATABASES from SHOW DATABASES; a limit of 0 is none, and None here."""

    def value(row: _Row, column: str) -> object:
        found = _plain(row, column)
        is_limit = column in ("max_connections", "max_client_connections")
        return None if is_limit and found == 0 else found

    return _shaped(rows, DATABASES, value)


def pgbouncer_stats(rows: Rows) -> Rows:
    """Derive STATS from SHOW STATS; times in seconds instead of microseconds."""

    def value(row: _Row, column: str) -> object:
        found = _plain(row, column)
        if column.endswith("_time") and isinstance(found, int | float):
            return found / _MICROSECONDS
        return found

    return _shaped(rows, STATS, value)


def pgbouncer_lists(rows: Rows) -> Rows:
    """Derive one row of LISTS from SHOW LISTS, which has a row for each list: its name and its items."""
    return _one_row(rows, "list", "items", LISTS)


def pgbouncer_config(rows: Rows) -> Rows:
    """Derive one row of CONFIG from SHOW CONFIG; a limit of 0 is none, and None here."""
    found = _one_row(rows, "key", "value", CONFIG)
    cells = [None if cell == 0 else cell for cell in found.rows[0]]
    return Rows(CONFIG, (tuple(cells),), rows.seconds)


def _one_row(rows: Rows, key: str, value: str, columns: Sequence[str]) -> Rows:
    values = {str(row[key]): row[value] for row in _read(rows)}
    cells = [_number(values.get(column)) for column in columns]
    return Rows(tuple(columns), (tuple(cells),), rows.seconds)


def _shaped(rows: Rows, columns: Sequence[str], value: Callable[[_Row, str], object]) -> Rows:
    made = [tuple(value(row, column) for column in columns) for row in _read(rows)]
    return Rows(tuple(columns), tuple(made), rows.seconds)


def _read(rows: Rows) -> list[_Row]:
    return [dict(zip(rows.columns, row, strict=True)) for row in rows.rows]


def _plain(row: _Row, column: str) -> object:
    return next((row[name] for name in (column, *_OTHER_NAMES.get(column, ())) if name in row), None)


def _sum(row: _Row, columns: Sequence[str], *, micro: str = "") -> object:
    """Return the sum of those columns that are there, None when none is; `micro` counts millionths."""
    numbers = [number for column in columns if isinstance(number := row.get(column), int | float)]
    if not numbers:
        return None
    small = row.get(micro)
    return sum(numbers) + (small / _MICROSECONDS if isinstance(small, int | float) else 0)


def _number(value: object) -> object:
    """Return a number as such: the console answers some in text."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() else None
    return value
