"""Owns the tiles of Tables, bloat and vacuum: one for each way in which tables and indexes go wrong."""

from __future__ import annotations

from dashboards.links import CONNECTIONS
from dashboards.model import Query, Row, Tile, falling, rising
from dashboards.phrases import of_primaries
from dashboards.thresholds import alert_steps, limit

_TABLE = "on (job, target, datname, schemaname, relname)"
_INDEX = "on (job, target, datname, schemaname, relname, indexrelname)"


def _large_enough(ratio: str, rows: str, alert: str) -> str:
    """Return the largest ratio, small tables left out as the alert does."""
    return f"max({ratio} unless {_TABLE} {rows} < {limit(alert, 'warning', 'rows'):g}) or 0 * max({ratio})"


def _bloated(what: str, by: str, alert: str) -> str:
    """Return how many are bloated, as the alert counts them."""
    ratio, size = (limit(alert, "warning", name) for name in ("ratio", "bytes"))
    return (
        f"count(pg_{what}_bloat_ratio > {ratio:g} and {by} pg_{what}_bloat_bytes > {size:g}"
        f' and {by} pg_{what}_bloat_estimate_info{{confidence="high"}}) or 0 * count(pg_{what}_bloat_bytes)'
    )


NOW = Row(
    "Is something wrong right now?",
    (
        Tile(
            title="Vacuum debt",
            what="Dead rows of the table that is most overdue, as a multiple of what makes autovacuum come; small tables left out.",
            good="Below 1, or above it for minutes.",
            do="Something holds vacuum back, or it has too few workers: see the next two rows.",
            unit="suffix:x",
            empty="not on a standby",
            query=Query(
                _large_enough(
                    "pg_table_vacuum_due_ratio",
                    "pg_stat_user_tables_n_dead_tup",
                    "PostgresTableVacuumOverdue",
                )
            ),
            steps=alert_steps("PostgresTableVacuumOverdue", "ratio"),
            decimals=1,
        ),
        Tile(
            title="Statistics' debt",
            what="Changed rows of the table whose statistics are oldest, as a multiple of what makes autovacuum analyze it; small tables left out.",
            good="Below 1, or above it for minutes.",
            do="ANALYZE the table: the planner works with numbers that are no longer true.",
            unit="suffix:x",
            empty="not on a standby",
            query=Query(
                _large_enough(
                    "pg_table_analyze_due_ratio",
                    "pg_stat_user_tables_n_mod_since_analyze",
                    "PostgresTableStatisticsOld",
                )
            ),
            steps=alert_steps("PostgresTableStatisticsOld", "ratio"),
            decimals=1,
        ),
        Tile(
            title="Autovacuum",
            what="Whether autovacuum runs: the settings autovacuum and track_counts of all chosen targets.",
            good="on.",
            do="Switch it on again. Without it tables bloat, and in the end the server stops to accept writes.",
            unit="short",
            empty="not collected",
            query=Query('min(pg_settings{name=~"autovacuum|track_counts"})'),
            steps=falling(orange=1),
            words=((1, "on", "green"), (0, "OFF", "orange")),
        ),
        Tile(
            title="Workers busy (1 h)",
            what="Share of the autovacuum workers that were at work in the last hour, on average.",
            good="Below 90 %.",
            do="All busy and tables waiting: raise autovacuum_vacuum_cost_limit, then autovacuum_max_workers.",
            unit="percentunit",
            empty="not collected",
            query=Query("max(avg_over_time(pg_autovacuum_workers[1h]) / pg_autovacuum_workers_max)"),
            steps=alert_steps("PostgresAutovacuumWorkersBusy", "ratio"),
            decimals=0,
        ),
        Tile(
            title="Longest vacuum",
            what="Time for which the vacuum that runs longest has been at its table.",
            good="Minutes; hours on a large table. 0 when none runs.",
            do="It may wait for a lock or be throttled: the row of running commands says in which phase it is.",
            unit="s",
            empty="not collected",
            query=Query("max(pg_vacuum_oldest_age_seconds)"),
            steps=alert_steps("PostgresVacuumLong", "age"),
            decimals=0,
        ),
        Tile(
            title="Horizon",
            what="Transactions begun since the oldest one that vacuum has to respect: what died after it stays.",
            good="Thousands.",
            do="A transaction, a slot, a standby or a prepared transaction holds it: the second row says which.",
            unit="short",
            empty="nobody holds it",
            query=Query("max(pg_xmin_age_transactions)"),
            steps=alert_steps("PostgresXminHorizonOld", "transactions"),
            decimals=1,
            links=(CONNECTIONS,),
        ),
        Tile(
            title="To wraparound",
            what="Age of the oldest unfrozen transaction as a share of that at which the server stops writes.",
            good="Below 15 %; autovacuum begins to freeze at about 9 %.",
            do="Find what holds vacuum back: an old transaction, a slot, a table whose vacuum fails.",
            unit="percentunit",
            empty="not collected",
            query=Query("max(pg_database_xid_stop_ratio)"),
            steps=alert_steps("PostgresXidWraparound", "ratio"),
            decimals=1,
        ),
        Tile(
            title="Multixacts used",
            what="Age of the oldest multixact as a share of that at which the server makes no more of them.",
            good="Below 20 %.",
            do="Row locks of several transactions at once, such as foreign keys, use them up. Vacuum the oldest tables.",
            unit="percentunit",
            empty="not collected",
            query=Query("max(pg_database_mxid_stop_ratio)"),
            steps=alert_steps("PostgresMultixactWraparound", "ratio"),
            decimals=1,
        ),
        Tile(
            title="Sequences used",
            what="Share of its range that is used, of the sequence or integer key that has used most.",
            good="Below 50 %.",
            do="At 100 % inserts fail. Change the column and the sequence to bigint well before that.",
            unit="percentunit",
            empty="no sequences",
            query=Query("max(pg_sequence_used_ratio)"),
            steps=alert_steps("PostgresSequenceNearEnd", "ratio"),
            decimals=0,
        ),
        Tile(
            title="Bloated tables",
            what="Tables of which a rewrite would give back more than half and more than 1 GiB: an estimate, of high confidence.",
            good="0.",
            do="A plain VACUUM only makes room for new rows. pg_repack or VACUUM FULL, which locks the table, gives space back.",
            unit="short",
            empty="not estimated",
            query=Query(_bloated("table", _TABLE, "PostgresTableBloat")),
            steps=rising(orange=1),
        ),
        Tile(
            title="Bloated indexes",
            what="Indexes of which REINDEX would give back more than half and more than 512 MiB: an estimate, of high confidence.",
            good="0.",
            do="REINDEX INDEX CONCURRENTLY, at a quiet hour.",
            unit="short",
            empty="not estimated",
            query=Query(_bloated("index", _INDEX, "PostgresIndexBloat")),
            steps=rising(orange=1),
        ),
        Tile(
            title="Invalid indexes",
            what="Indexes left behind by a build that failed: every write keeps them up, no query reads them.",
            good="0.",
            do="Drop them CONCURRENTLY, and build them again.",
            unit="short",
            empty="not collected",
            query=Query(f'sum({of_primaries("""pg_index_problems{problem="invalid"}""")})'),
            steps=rising(orange=1),
        ),
    ),
)
