"""Owns the tiles of Queries: load, errors, and what statements wait for."""

from __future__ import annotations

from dashboards.links import CONNECTIONS, TABLES, TARGET
from dashboards.model import PLAIN, Query, Row, Tile, falling, rising
from dashboards.thresholds import alert_steps, limit

_RATE = "[$__rate_interval]"
_COMMITS = f"sum(rate(pg_stat_database_xact_commit_total{_RATE}))"
_ROLLBACKS = f"sum(rate(pg_stat_database_xact_rollback_total{_RATE}))"
_HITS = f"sum by (target) (rate(pg_stat_database_blks_hit_total{_RATE}))"
_READS = f"sum by (target) (rate(pg_stat_database_blks_read_total{_RATE}))"
_READING = f"sum by (target) (rate(pg_stat_database_blk_read_time_seconds_total{_RATE}))"
_STATEMENT = "job, target, datname, user, queryid"
_MEAN = "statement:pg_stat_statements_seconds:mean30m"
_SLOWER = (
    f"count({_MEAN} > on ({_STATEMENT}) {limit('PostgresStatementSlower', 'warning', 'factor'):g} * {_MEAN}_max_baseline"
    f" and on ({_STATEMENT}) sum by ({_STATEMENT}) (rate(pg_stat_statements_seconds_total{_RATE}))"
    f" > {limit('PostgresStatementSlower', 'warning', 'sessions'):g}) or 0 * count({_MEAN})"
)
_TABLE = "job, target, datname, schemaname, relname"
_SCANNED = (
    f'max(sum by ({_TABLE}) (rate(pg_stat_user_tables_seq_tup_read_total{{relname!="_other"}}{_RATE}))'
    f" and on ({_TABLE}) pg_table_missing_index_candidate) or 0 * max(pg_stat_user_tables_n_live_tup)"
)

NOW = Row(
    "Is something wrong right now?",
    (
        Tile(
            title="Transactions",
            what="Transactions each second, committed or rolled back, on all chosen targets.",
            good="The usual of this hour.",
            do="Far fewer with steady clients: they wait, see what for below.",
            unit="ops",
            empty="not collected",
            query=Query(f"{_COMMITS} + {_ROLLBACKS}"),
            steps=PLAIN,
            decimals=0,
            links=(TARGET,),
        ),
        Tile(
            title="Rolled back",
            what="Share of transactions that were rolled back.",
            good="Below 5 %, or what is usual for the application.",
            do="Errors of the application, or a health check that ends with ROLLBACK: its log tells.",
            unit="percentunit",
            empty="no transactions",
            query=Query(f"{_ROLLBACKS} / (({_COMMITS} + {_ROLLBACKS}) > 0)"),
            steps=alert_steps("PostgresRollbackRatioHigh", "ratio"),
            decimals=1,
        ),
        Tile(
            title="Sessions executing",
            what="Seconds of execution in each second: how many sessions execute a statement, on average.",
            good="The usual of this hour, and below the number of processors.",
            do="A rise with steady calls: statements became slower. A rise with calls: more work. The table says which.",
            unit="short",
            empty="no pg_stat_statements",
            query=Query(f"sum(rate(pg_stat_statements_seconds_total{_RATE}))"),
            steps=PLAIN,
            decimals=2,
        ),
        Tile(
            title="Slower than usual",
            what="Statements of weight that take five times as long for a call as yesterday and a week ago.",
            good="0.",
            do="Compare its plan: old statistics, a lost index, a larger table, or it waits for a lock.",
            unit="short",
            empty="not known yet",
            query=Query(_SLOWER),
            steps=rising(orange=1),
        ),
        Tile(
            title="Longest query",
            what="Time for which the running query of a client that began first has been running.",
            good="Seconds; minutes where reports run.",
            do="The table of running statements below leads to the evidence: which one, how often, and the SQL that ends it.",
            unit="s",
            empty="not collected",
            query=Query('max(pg_stat_activity_oldest_query_age_seconds{backend_type="client backend"})'),
            steps=rising(orange=900, red=7200),
            decimals=0,
            links=(CONNECTIONS,),
        ),
        Tile(
            title="Clients at work",
            what="Sessions of clients that execute something at this moment.",
            good="Fewer than the host has processors.",
            do="More for long: look what they wait for below.",
            unit="short",
            empty="not collected",
            query=Query(
                'sum(pg_stat_activity_active_sessions{backend_type="client backend"}) or 0 * sum(pg_connections_used)'
            ),
            steps=PLAIN,
            links=(CONNECTIONS,),
        ),
        Tile(
            title="Found in buffers",
            what="Share of blocks that were in shared buffers when they were needed, of the target with the lowest.",
            good="Above 99 % for a token store. The alert asks for many reads besides.",
            do="A fall that stays: the working set has outgrown shared_buffers, or a query reads whole tables.",
            unit="percentunit",
            empty="nothing was read",
            query=Query(f"min({_HITS} / (({_HITS} + {_READS}) > 0))"),
            steps=falling(orange=limit("PostgresCacheHitRatioLow", "warning", "ratio")),
            decimals=1,
        ),
        Tile(
            title="Time for a block",
            what="Mean time that a block took to be read, where track_io_timing is on; from the cache of the system it takes microseconds.",
            good="Below a few milliseconds.",
            do="Slow storage, or too much asked of it: look at backups and checkpoints of the same time.",
            unit="s",
            empty="not timed",
            query=Query(f"max({_READING} / ({_READS} > 0)) or 0 * max({_READING})"),
            steps=alert_steps("PostgresReadsSlow", "seconds"),
            decimals=1,
        ),
        Tile(
            title="Temporary files",
            what="Bytes that sorts and hashes write to temporary files each second, in the database with most.",
            good="0, or a little now and then.",
            do="The statement that does it stands in the table below. Raise work_mem for its role, or give it an index.",
            unit="Bps",
            empty="not collected",
            query=Query(f"max(rate(pg_stat_database_temp_bytes_total{_RATE}))"),
            steps=alert_steps("PostgresTempFilesHigh", "bytes"),
            decimals=1,
        ),
        Tile(
            title="Large tables read",
            what="Rows that sequential scans read each second of the large table for which an index seems to be missing.",
            good="0.",
            do="Find the statement by its many blocks below, and EXPLAIN it.",
            unit="ops",
            empty="not collected",
            query=Query(_SCANNED),
            steps=alert_steps("PostgresLargeTableScanned", "rows"),
            decimals=0,
            links=(TABLES,),
        ),
        Tile(
            title="Evicted (1 h)",
            what="Times in the last hour that pg_stat_statements threw the least used statements out for room (PostgreSQL 14 and later).",
            good="0.",
            do="What is thrown out is missing below. Raise pg_stat_statements.max, or send values as parameters.",
            unit="short",
            empty="not known",
            query=Query("max(increase(pg_stat_statements_dealloc_total[1h]))"),
            steps=alert_steps("PostgresStatementsEvicted", "times"),
            decimals=0,
        ),
        Tile(
            title="Time for a call",
            what="Mean time of a call, of all statements together.",
            good="Steady: tenths of a millisecond for a token store.",
            do="A rise: the graphs below show which statement it comes from.",
            unit="s",
            empty="no pg_stat_statements",
            query=Query(
                f"sum(rate(pg_stat_statements_seconds_total{_RATE}))"
                f" / (sum(rate(pg_stat_statements_calls_total{_RATE})) > 0)"
            ),
            steps=PLAIN,
            decimals=2,
        ),
    ),
)
