"""Owns the registry of derivations: pure functions a query may name to pass its rows through.

What SQL does badly (recursion over a lock queue, differences between polls) is done here; one file a subject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from exporter.derive.blocking import blocking_tree
from exporter.derive.blocking_evidence import blocking_evidence
from exporter.derive.btree_bloat import btree_bloat
from exporter.derive.busiest import busiest
from exporter.derive.pgbouncer import (
    pgbouncer_config,
    pgbouncer_databases,
    pgbouncer_lists,
    pgbouncer_pools,
    pgbouncer_stats,
)
from exporter.derive.table_bloat import table_bloat
from exporter.derive.top_clients import top_clients
from exporter.derive.wal_clock import wal_clock
from exporter.derive.window_counter import window_counter
from exporter.model import Rows


class Derivation(Protocol):
    """Rows, and what this job returned as its state last time, to rows and the next state.

    `now` is Unix time. A derivation is pure: it keeps nothing, reads no clock and does no I/O.
    """

    def __call__(self, rows: Rows, previous: object | None, now: float) -> tuple[Rows, object | None]:
        """Return the derived rows and the state for the next run of the same job."""


def stateless(convert: Callable[[Rows], Rows]) -> Derivation:
    """Return the derivation that looks at nothing but the rows."""

    def derive(rows: Rows, previous: object | None, now: float) -> tuple[Rows, object | None]:
        del previous, now
        return convert(rows), None

    return derive


DERIVATIONS: Mapping[str, Derivation] = {
    "blocking_evidence": blocking_evidence,
    "blocking_tree": blocking_tree,
    "btree_bloat": btree_bloat,
    "busiest": busiest,
    "table_bloat": table_bloat,
    "pgbouncer_config": stateless(pgbouncer_config),
    "pgbouncer_databases": stateless(pgbouncer_databases),
    "pgbouncer_lists": stateless(pgbouncer_lists),
    "pgbouncer_pools": stateless(pgbouncer_pools),
    "pgbouncer_stats": stateless(pgbouncer_stats),
    "top_clients": top_clients,
    "wal_clock": wal_clock,
    "window_counter": window_counter,
}
