"""Owns the rows of Connections and locks about waiting: who blocks whom, for what, behind which transaction."""

from __future__ import annotations

from dashboards.links import QUERIES, TABLES
from dashboards.model import Column, Evidence, Graph, Query, Row, Table, rising
from dashboards.phrases import STATE_COLOURS, WAIT_COLOURS
from dashboards.thresholds import alert_steps, limit

_RATE = "[$__rate_interval]"
_BY = "by (target, instance)"

BLOCKING = Row(
    "Who blocks whom?",
    (
        Table(
            title="Who waits, and for whom",
            what="A line for each target. Roots are those that others wait for and that wait for no lock themselves. A click on the target opens the blocking tree as the exporter keeps it: process, role, application, lock, relation.",
            good="0 everywhere.",
            do="Open the tree. An idle root forgot its transaction; an active one has a long statement; autovacuum in the way for long is one against wraparound.",
            empty="not collected",
            height=5,
            by=(("target", "Target"), ("instance", "Exporter")),
            sort="Blocked",
            widths=(("Target", 140), ("Exporter", 150)),
            links=(
                Evidence("blocking", "Open the blocking tree"),
                Evidence("transactions", "Open the long transactions"),
            ),
            columns=(
                Column(
                    "Blocked",
                    f"sum {_BY} (pg_blocked_sessions)",
                    steps=rising(orange=limit("PostgresLockQueueLong", "warning", "sessions")),
                ),
                Column(
                    "Longest wait",
                    f"max {_BY} (pg_blocking_longest_wait_seconds)",
                    "s",
                    alert_steps("PostgresSessionsBlocked", "wait"),
                    decimals=0,
                ),
                Column("Steps deep", f"max {_BY} (pg_blocking_depth)"),
                Column("Largest tree", f"max {_BY} (pg_blocking_largest_tree_sessions)"),
                Column(
                    "Idle roots",
                    f'sum {_BY} (pg_blocking_roots{{state=~"idle.*|prepared transaction"}}) or 0 * sum {_BY} (pg_blocked_sessions)',
                    steps=rising(orange=1),
                ),
                Column(
                    "Active roots",
                    f'sum {_BY} (pg_blocking_roots{{state="active"}}) or 0 * sum {_BY} (pg_blocked_sessions)',
                ),
                Column(
                    "Behind autovacuum",
                    f"max {_BY} (pg_blocking_autovacuum_sessions)",
                    steps=rising(orange=1),
                ),
                Column("In a circle", f"max {_BY} (pg_blocking_cycle_sessions)"),
            ),
        ),
        Graph(
            title="Waiting, by kind of lock",
            what="Sessions that wait for a lock: of a row (transactionid, tuple), of a table (relation), of the application's own (advisory).",
            good="None, or a few for moments.",
            do="relation: DDL, or something behind it. transactionid: two transactions change one row; the first has not ended.",
            unit="short",
            empty="nobody waited",
            width=8,
            stack=True,
            bars=True,
            queries=(Query("sum by (wait_event) (pg_lock_waiters) > 0", "{{wait_event}}"),),
        ),
        Graph(
            title="Longest wait for a lock",
            what="Time for which one statement has been seen waiting; the dashed line is where the alert begins.",
            good="Below the line.",
            do="A line that climbs at 45 degrees is one session at the root that does not end.",
            unit="s",
            empty="not collected",
            width=8,
            steps=alert_steps("PostgresSessionsBlocked", "wait"),
            queries=(Query("max by (target) (pg_blocking_longest_wait_seconds)", "{{target}}"),),
        ),
        Graph(
            title="Those waited for, by state",
            what="Sessions and prepared transactions at the root of a queue, by what they do.",
            good="None.",
            do="idle in transaction: an application forgot to commit. active: its statement. prepared transaction: nobody ended it.",
            unit="short",
            empty="nobody was waited for",
            width=8,
            stack=True,
            bars=True,
            colours=STATE_COLOURS,
            queries=(Query("sum by (state) (pg_blocking_roots) > 0", "{{state}}"),),
        ),
    ),
)

WAITS = Row(
    "What do sessions at work wait for?",
    (
        Graph(
            title="Processes at work, by what they wait for",
            what="Server processes at work by the type of event; none means on a processor.",
            good="Most of it none, and fewer than the host has processors.",
            do="Lock: see above. IO: cache and storage. LWLock: contention inside the server. Client: the network, or a slow reader.",
            unit="short",
            empty="nobody worked",
            stack=True,
            bars=True,
            colours=WAIT_COLOURS,
            queries=(
                Query("sum by (wait_event_type) (pg_stat_activity_active_sessions)", "{{wait_event_type}}"),
            ),
            links=(QUERIES,),
        ),
        Graph(
            title="Events waited for, by name",
            what="Server processes by the event itself; waits for something to do are left out.",
            good="A few, now and then.",
            do="The manual explains each name under Monitoring, Wait Event Tables.",
            unit="short",
            empty="nobody waited",
            stack=True,
            bars=True,
            queries=(
                Query(
                    "sum by (wait_event_type, wait_event) (pg_stat_activity_wait_event_sessions)",
                    "{{wait_event_type}} {{wait_event}}",
                ),
            ),
        ),
    ),
)

TRANSACTIONS = Row(
    "Which transactions stay open?",
    (
        Graph(
            title="Oldest transactions",
            what="Age of the oldest open transaction of a client, of the roles and databases that had the oldest; dashed, where the alert begins.",
            good="Seconds. A line that climbs is one session that nobody ends.",
            do="Its owner knows whether it may be ended. Until then vacuum removes no row that it may still see.",
            unit="s",
            empty="not collected",
            width=8,
            steps=alert_steps("PostgresTransactionOld", "age"),
            queries=(
                Query(
                    "max by (target, datname, usename) (pg_stat_activity_oldest_transaction_age_seconds"
                    '{backend_type="client backend"}) and on (target, datname, usename)'
                    " topk(8, max by (target, datname, usename) (max_over_time("
                    'pg_stat_activity_oldest_transaction_age_seconds{backend_type="client backend"}[$__range] @ end())))',
                    "{{target}} {{usename}} in {{datname}}",
                ),
            ),
            links=(TABLES,),
        ),
        Graph(
            title="Idle in transaction",
            key="idle in transaction over time",
            what="The longest time for which a client has had a transaction open and done nothing, by role and database.",
            good="Below a few seconds, and far below the dashed lines of the alert.",
            do="The application forgot to end it. idle_in_transaction_session_timeout is the safety net.",
            unit="s",
            empty="not collected",
            width=8,
            steps=alert_steps("PostgresIdleInTransaction", "age"),
            queries=(
                Query(
                    "max by (target, datname, usename) (pg_stat_activity_oldest_idle_in_transaction_age_seconds)"
                    " and on (target, datname, usename) topk(8, max by (target, datname, usename) (max_over_time("
                    "pg_stat_activity_oldest_idle_in_transaction_age_seconds[$__range] @ end())))",
                    "{{target}} {{usename}} in {{datname}}",
                ),
            ),
        ),
        Graph(
            title="Long transactions, and prepared ones",
            what="Client sessions whose transaction is older than so many seconds, each also among those of fewer, and prepared transactions.",
            good="0.",
            do="Prepared ones outlive their session and restarts: whoever coordinates them has to end them (pg_prepared_xacts).",
            unit="short",
            empty="not collected",
            width=8,
            queries=(
                Query(
                    "sum by (longer_than) (pg_stat_activity_long_transactions)",
                    "longer than {{longer_than}} s",
                ),
                Query("sum(pg_prepared_transactions)", "prepared", colour="purple"),
            ),
        ),
    ),
)

LOCKS = Row(
    "Which locks are held, and how often do they collide?",
    (
        Graph(
            title="Locks held, by mode",
            what="Locks that server processes hold. AccessShare is reading, RowExclusive writing, AccessExclusive keeps everybody out.",
            good="Follows the traffic; AccessExclusive only for moments.",
            do="A plateau of a strong mode is DDL, or a transaction that did some and stays open.",
            unit="short",
            empty="not collected",
            width=8,
            stack=True,
            queries=(Query('sum by (mode) (pg_locks{granted="true"})', "{{mode}}"),),
        ),
        Graph(
            title="Locks waited for, by mode",
            what="Locks that server processes wait for. Behind one that waits for AccessExclusive, readers wait, too.",
            good="None.",
            do="AccessExclusive: a migration without lock_timeout. End it, or what it waits for.",
            unit="short",
            empty="nobody waited",
            width=8,
            stack=True,
            bars=True,
            queries=(Query('sum by (mode) (pg_locks{granted="false"}) > 0', "{{mode}}"),),
        ),
        Graph(
            title="Table of locks",
            what="Locks held as a share of those that the shared table is sized for; dashed, where the alerts begin.",
            good="A few per cent.",
            do="At 100 % and beyond, statements fail with out of shared memory. Fewer partitions in one statement, or raise max_locks_per_transaction.",
            unit="percentunit",
            empty="not collected",
            width=8,
            steps=alert_steps("PostgresLockTableFilling"),
            queries=(
                Query('max by (target) (pg_locks_table_usage_ratio{datname=~"$datname|"})', "{{target}}"),
            ),
        ),
        Graph(
            title="Deadlocks an hour",
            what="Deadlocks that the server broke by cancelling one of the transactions.",
            good="0.",
            do="The server's log has both statements. Take locks in the same order everywhere.",
            unit="suffix:/h",
            empty="not collected",
            queries=(
                Query(
                    f"3600 * sum by (target, datname) (rate(pg_stat_database_deadlocks_total{_RATE}))",
                    "{{target}} {{datname}}",
                ),
            ),
        ),
        Graph(
            title="Rolled back",
            what="Share of transactions that were rolled back: by errors, by ROLLBACK, by deadlocks and timeouts.",
            good="Near 0, or what is usual for the application.",
            do="A rise together with waits is lock_timeout or statement_timeout at work.",
            unit="percentunit",
            empty="no transactions",
            queries=(
                Query(
                    f"sum by (target, datname) (rate(pg_stat_database_xact_rollback_total{_RATE}))"
                    f" / (sum by (target, datname) (rate(pg_stat_database_xact_rollback_total{_RATE})"
                    f" + rate(pg_stat_database_xact_commit_total{_RATE})) > 0)",
                    "{{target}} {{datname}}",
                ),
            ),
        ),
    ),
    folded=True,
)
