"""Owns the rows of a target that say what needs attention, and where the time goes."""

from __future__ import annotations

from dashboards.links import ALERTS, CONNECTIONS, QUERIES, WAL
from dashboards.model import Column, Graph, Query, Row, Table
from dashboards.target_mend import MEND

_RATE = "[$__rate_interval]"

PROBLEMS = Row(
    "What needs attention?",
    (
        Table(
            title="Alerts firing and pending",
            what="Every alert of the chosen targets whose condition holds, and of how many things.",
            good="Empty.",
            do="Open the alert's dashboard; the notification has the link to its runbook.",
            empty="none",
            width=12,
            height=6,
            by=(("alertname", "Alert"), ("severity", "Severity"), ("alertstate", "State")),
            columns=(
                Column(
                    "Series",
                    'count by (alertname, severity, alertstate) (ALERTS{severity!="none"})',
                    width=80,
                ),
            ),
            widths=(("Severity", 95), ("State", 95)),
            links=(ALERTS,),
        ),
        MEND,
        Graph(
            title="Waiting for locks",
            what="Sessions that wait for a lock, by the kind of lock: a row's (transactionid, tuple) or a table's.",
            good="None, or a few for moments.",
            do="Open the blocking tree. Waits for a relation come from DDL, those for rows from the application.",
            unit="short",
            empty="nobody waits",
            width=12,
            height=7,
            queries=(Query("sum by (wait_event) (pg_lock_waiters)", "{{wait_event}}"),),
            stack=True,
            links=(CONNECTIONS,),
        ),
        Graph(
            title="Age of transactions",
            what="The oldest open transaction of a client, and the longest that one was idle in its transaction.",
            good="Seconds. A line that climbs is one session that nobody ends.",
            do="Its role and database are on the connections dashboard. Rows it can see cannot be vacuumed.",
            unit="s",
            empty="not collected",
            width=12,
            height=7,
            queries=(
                Query(
                    'max by (target) (pg_stat_activity_oldest_transaction_age_seconds{backend_type="client backend"})',
                    "{{target}} oldest",
                ),
                Query(
                    "max by (target) (pg_stat_activity_oldest_idle_in_transaction_age_seconds)",
                    "{{target}} idle in transaction",
                ),
            ),
            links=(CONNECTIONS,),
        ),
    ),
)

PERFORMANCE = Row(
    "Is it fast, and where does the time go?",
    (
        Graph(
            title="Transactions",
            what="Transactions that were committed, and those rolled back, by database.",
            good="The usual curve of the day.",
            do="A drop with steady clients is waiting: look at the waits beside. A rise of rollbacks is errors.",
            unit="ops",
            empty="not collected",
            width=8,
            queries=(
                Query(f"sum by (datname) (rate(pg_stat_database_xact_commit_total{_RATE}))", "{{datname}}"),
                Query(
                    f"sum by (datname) (rate(pg_stat_database_xact_rollback_total{_RATE})) > 0",
                    "{{datname}} rolled back",
                ),
            ),
            links=(QUERIES,),
        ),
        Graph(
            title="Sessions at work, by what they wait for",
            what="Server processes at work now; none means on a processor, the others wait for that.",
            good="Most of it none, and fewer than the host has processors.",
            do="Lock: the blocking tree. IO: cache and storage. LWLock: contention inside. Client: the network.",
            unit="short",
            empty="nobody works",
            width=8,
            queries=(
                Query(
                    "sum by (wait_event_type) (pg_stat_activity_active_sessions)",
                    "{{wait_event_type}}",
                ),
            ),
            stack=True,
            bars=True,
            links=(CONNECTIONS,),
        ),
        Graph(
            title="Blocks found in shared buffers",
            what="Share of blocks that were in shared buffers when they were needed, by database.",
            good="Above 99 % for a token store; a new server takes a while to get there.",
            do="A fall that stays: the working set has outgrown memory, or a query reads whole tables.",
            unit="percentunit",
            empty="nothing was read",
            width=8,
            most=1,
            least=None,
            queries=(
                Query(
                    f"sum by (datname) (rate(pg_stat_database_blks_hit_total{_RATE}))"
                    f" / (sum by (datname) (rate(pg_stat_database_blks_hit_total{_RATE}))"
                    f" + sum by (datname) (rate(pg_stat_database_blks_read_total{_RATE})) > 0)",
                    "{{datname}}",
                ),
            ),
        ),
        Graph(
            title="Rows",
            what="Rows that index scans fetched, and rows that were inserted, updated and deleted.",
            good="The usual curve of the day.",
            do="Many deletes at once are a purge; many rows fetched for few transactions, a missing index.",
            unit="ops",
            empty="not collected",
            width=8,
            queries=tuple(
                Query(f"sum(rate(pg_stat_database_tup_{what}_total{_RATE}))", what)
                for what in ("fetched", "inserted", "updated", "deleted")
            ),
            links=(QUERIES,),
        ),
        Graph(
            title="Written",
            what="WAL generated, and temporary files that sorts and hashes write because work_mem is too small.",
            good="Steady; temporary files are rare.",
            do="Much WAL: full page images after checkpoints, or a bulk change. Temporary files: see queries.",
            unit="Bps",
            empty="not collected",
            width=8,
            queries=(
                Query(f'sum(rate(pg_wal_lsn_bytes_total{{position=~"insert|receive"}}{_RATE}))', "WAL"),
                Query(f"sum(rate(pg_stat_database_temp_bytes_total{_RATE}))", "temporary files"),
            ),
            links=(WAL,),
        ),
        Graph(
            title="Checkpoints",
            what="Checkpoints an hour: those due by time, and those asked for because max_wal_size was reached.",
            good="Nearly all by time.",
            do="Many on request: raise max_wal_size. Each one makes the WAL after it larger.",
            unit="suffix:/h",
            empty="not collected",
            width=8,
            queries=(
                Query(
                    f"3600 * sum(rate(pg_stat_checkpointer_num_timed_total{_RATE}))",
                    "by time",
                    colour="green",
                ),
                Query(
                    f"3600 * sum(rate(pg_stat_checkpointer_num_requested_total{_RATE}))",
                    "on request",
                    colour="orange",
                ),
            ),
            links=(WAL,),
        ),
    ),
)
