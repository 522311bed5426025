"""Owns the rows of Queries about the server: how busy it is, and folded, what else statements make it do."""

from __future__ import annotations

from dashboards.links import CONNECTIONS
from dashboards.model import Column, Evidence, Graph, Query, Row, Table, falling, rising
from dashboards.phrases import WAIT_COLOURS
from dashboards.thresholds import alert_steps, limit

_RATE = "[$__rate_interval]"
_WHO = "by (target, instance)"
_BASE = "by (target, datname)"
_NAMED = "{{target}} {{datname}}"
_AT_WORK = "pg_stat_activity_active_sessions"
_WITHOUT = "the set statements_detail is off"


def _database(counter: str) -> str:
    return f"sum {_BASE} (rate(pg_stat_database_{counter}_total{_RATE}))"


SERVER = Row(
    "How busy is the server?",
    (
        Graph(
            title="Transactions",
            key="transactions over time",
            what="Transactions that were committed, and those rolled back, by database.",
            good="The usual curve of the day.",
            do="A drop with steady clients is waiting. A rise of rollbacks is errors: the application's log tells.",
            unit="ops",
            empty="not collected",
            queries=(
                Query(_database("xact_commit"), _NAMED),
                Query(f"{_database('xact_rollback')} > 0", f"{_NAMED} rolled back"),
            ),
        ),
        Graph(
            title="Processes at work, by what they wait for",
            what="Server processes at work by the type of event; none means on a processor.",
            good="Most of it none, and fewer than the host has processors.",
            do="Lock: the blocking tree. IO: cache and storage. LWLock: contention inside the server. Client: a slow reader.",
            unit="short",
            empty="nobody worked",
            stack=True,
            bars=True,
            colours=WAIT_COLOURS,
            queries=(Query(f"sum by (wait_event_type) ({_AT_WORK})", "{{wait_event_type}}"),),
            links=(CONNECTIONS,),
        ),
        Graph(
            title="Blocks found in shared buffers",
            what="Share of blocks that were in shared buffers when they were needed, by database; dashed, where the alert begins.",
            good="Above 99 % for a token store; a new server takes a while to get there.",
            do="A fall that stays: the working set has outgrown memory, or a query reads whole tables.",
            unit="percentunit",
            empty="nothing was read",
            most=1,
            least=None,
            steps=falling(orange=limit("PostgresCacheHitRatioLow", "warning", "ratio")),
            queries=(
                Query(
                    f"{_database('blks_hit')} / (({_database('blks_hit')} + {_database('blks_read')}) > 0)",
                    _NAMED,
                ),
            ),
        ),
        Table(
            title="What runs for long now",
            what="A line for each target: clients at work, how many run a query for longer than 10 s, 5 min, 1 h, and the longest. A click opens the evidence: which statements, in how many sessions.",
            good="Nothing but reports and maintenance runs for minutes.",
            do="Open the evidence; it has the SQL that cancels a statement. Texts are shown with evidence.query_text only.",
            empty="not collected",
            width=12,
            by=(("target", "Target"), ("instance", "Exporter")),
            widths=(("Exporter", 140),),
            links=(
                Evidence("statements", "Open the long statements"),
                Evidence("transactions", "Open the long transactions"),
            ),
            columns=(
                Column(
                    "At work",
                    f'sum {_WHO} ({_AT_WORK}{{backend_type="client backend"}}) or 0 * max {_WHO} (pg_connections_used)',
                ),
                *(
                    Column(
                        f"> {words}",
                        f'sum {_WHO} (pg_stat_activity_long_queries{{longer_than="{seconds}"}})',
                        width=75,
                    )
                    for words, seconds in (("10 s", 10), ("5 min", 300), ("1 h", 3600))
                ),
                Column(
                    "Longest",
                    f"max {_WHO} (pg_stat_activity_oldest_query_age_seconds)",
                    "s",
                    rising(orange=900, red=7200),
                    decimals=0,
                ),
            ),
        ),
    ),
)

SESSIONS = Row(
    "How do sessions spend their time?",
    (
        Graph(
            title="Sessions executing, and idle in transaction",
            what="Sessions that execute, and that are idle in a transaction, on average over each step (PostgreSQL 14 and later).",
            good="Idle in transaction is small beside executing.",
            do="As large: the application talks to others while it holds a transaction open.",
            unit="short",
            empty="before PostgreSQL 14",
            queries=(
                Query(f"{_database('active_time_seconds')}", f"{_NAMED} executing"),
                Query(f"{_database('idle_in_transaction_time_seconds')}", f"{_NAMED} idle in transaction"),
            ),
        ),
        Graph(
            title="Rows",
            key="rows of databases",
            what="Rows that scans returned, rows that index scans fetched, and rows inserted, updated and deleted, on all chosen targets.",
            good="The usual curve of the day.",
            do="Far more returned than fetched: whole tables are read.",
            unit="ops",
            empty="not collected",
            queries=tuple(
                Query(f"sum(rate(pg_stat_database_tup_{what}_total{_RATE}))", what)
                for what in ("returned", "fetched", "inserted", "updated", "deleted")
            ),
        ),
        Graph(
            title="Temporary files",
            key="temporary files over time",
            what="Bytes that queries write to temporary files, by database; dashed, where the alert begins.",
            good="0, or a little now and then.",
            do="Find the statement under What do they cost. Raise work_mem for its role.",
            unit="Bps",
            empty="not collected",
            steps=alert_steps("PostgresTempFilesHigh", "bytes"),
            queries=(Query(_database("temp_bytes"), _NAMED),),
        ),
        Graph(
            title="Longest running query",
            what="Time for which the query that began first has been running, by role and database.",
            good="Seconds; minutes where reports run.",
            do="A line that climbs is one query: open the evidence of running statements.",
            unit="s",
            empty="not collected",
            queries=(
                Query(
                    "max by (target, datname, usename) (pg_stat_activity_oldest_query_age_seconds)"
                    " and on (target, datname, usename) topk(8, max by (target, datname, usename)"
                    " (max_over_time(pg_stat_activity_oldest_query_age_seconds[$__range] @ end())))",
                    "{{target}} {{usename}} in {{datname}}",
                ),
            ),
        ),
    ),
    folded=True,
)

INPUT_OUTPUT = Row(
    "Who reads and writes?",
    tuple(
        Graph(
            title=title,
            what=f"{what}, by type of process (PostgreSQL 16 and later).",
            good=good,
            do=do,
            unit="Bps",
            empty="before PostgreSQL 16",
            stack=True,
            queries=(
                Query(
                    f"sum by (backend_type) (rate(pg_stat_io_{kind}_bytes_total{_RATE})) > 0",
                    "{{backend_type}}",
                ),
            ),
        )
        for title, kind, what, good, do in (
            (
                "Read",
                "read",
                "Bytes read into buffers, from the disk or the cache of the system",
                "Client backends read little once the server is warm.",
                "Much by autovacuum worker: a vacuum of a large table. Much by client backend: see the statements.",
            ),
            (
                "Written",
                "write",
                "Bytes of buffers that were written out",
                "The checkpointer and the background writer do nearly all of it.",
                "Much by client backend: they have to make room themselves, shared_buffers or the background writer is too small.",
            ),
        )
    ),
    folded=True,
)

STATISTICS = Row(
    "Can these numbers be trusted, and what do they leave out?",
    (
        Graph(
            title="Room for statements",
            what="Statements that pg_stat_statements remembers, and dashed in red how many there is room for (PostgreSQL 14 and later).",
            good="Below the line.",
            do="At the line the least used are thrown out. Raise pg_stat_statements.max; values in texts make every one a new statement.",
            unit="short",
            empty="before PostgreSQL 14, or no pg_stat_statements",
            width=8,
            queries=(
                Query("max by (target) (pg_stat_statements_entries)", "{{target}}"),
                Query("max by (target) (pg_stat_statements_entries_max)", "{{target}} room", limit=True),
            ),
        ),
        Graph(
            title="Evictions an hour",
            what="How often the least used statements were thrown out for room (PostgreSQL 14 and later).",
            good="0.",
            do="As beside.",
            unit="suffix:/h",
            empty="before PostgreSQL 14, or no pg_stat_statements",
            width=8,
            queries=(
                Query(
                    f"3600 * sum by (target) (rate(pg_stat_statements_dealloc_total{_RATE}))", "{{target}}"
                ),
            ),
        ),
        Graph(
            title="Planning and compiling",
            what="Seconds spent on planning (0 while pg_stat_statements.track_planning is off) and on JIT compilation, in each second.",
            good="Small beside the time of execution.",
            do="JIT for short statements: raise jit_above_cost, or switch jit off.",
            unit="short",
            empty=_WITHOUT,
            width=8,
            queries=(
                Query(f"sum(rate(pg_stat_statements_plan_seconds_total{_RATE}))", "planning"),
                Query(f"sum(rate(pg_stat_statements_jit_seconds_total{_RATE}))", "JIT"),
            ),
        ),
        Graph(
            title="Parallel queries",
            what="Sessions whose query is helped by parallel workers, and these workers.",
            good="Reports only.",
            do="Short queries with workers: raise min_parallel_table_scan_size or parallel_setup_cost.",
            unit="short",
            empty="not collected",
            queries=(
                Query("sum(pg_stat_activity_parallel_queries)", "queries"),
                Query("sum(pg_stat_activity_parallel_workers)", "workers"),
            ),
        ),
        Graph(
            title="Temporary files at the moment",
            what="Bytes of temporary files of queries that run.",
            good="0.",
            do="A query that writes many: temp_file_limit bounds one session's.",
            unit="bytes",
            empty="not collected",
            queries=(Query("sum by (target) (pg_temporary_files_size_bytes)", "{{target}}"),),
        ),
    ),
    folded=True,
)
