"""Owns the tiles of Connections and locks: one for each way in which clients wait or are refused."""

from __future__ import annotations

from dashboards.links import TARGET
from dashboards.model import Query, Row, Tile, rising
from dashboards.thresholds import alert_steps, limit

_OWN_LIMITS = (
    "max(pg_database_connections / (pg_database_connection_limit > 0)"
    " or pg_roles_connections / (pg_roles_connection_limit > 0))"
)
_POOLS = "sum by (job, target, pool)"
_EXHAUSTED = (
    f'count({_POOLS} (pg_pool_sessions{{pool!="_other",state!="idle"}})'
    f" >= {limit('PostgresPoolExhausted', 'warning', 'sessions'):g}"
    f' unless {_POOLS} (pg_pool_sessions{{state="idle"}}) > 0)'
    ' or 0 * count(pg_pool_sessions{pool!="_other"})'
)

NOW = Row(
    "Is something wrong right now?",
    (
        Tile(
            title="Connections used",
            what="Connections that clients hold, as a share of those that ordinary roles can have; of several targets the highest.",
            good="Below 80 %.",
            do="At 100 % clients are refused. The tables below say which role, database and application holds them.",
            unit="percentunit",
            empty="not collected",
            query=Query("max(pg_connections_used_ratio)"),
            steps=alert_steps("PostgresConnectionsNearLimit"),
            decimals=0,
        ),
        Tile(
            title="Nearest own limit",
            what="The database or role that is nearest to a connection limit of its own (CONNECTION LIMIT).",
            good="Below 80 %, or none has a limit.",
            do="Who it is stands in the tables of databases and roles below. Raise its limit, or pool.",
            unit="percentunit",
            empty="none is set",
            query=Query(_OWN_LIMITS),
            steps=alert_steps("PostgresRoleConnectionsNearLimit"),
            decimals=0,
        ),
        Tile(
            title="New sessions",
            what="Sessions that were established each second, in the database that has most (PostgreSQL 14 and later).",
            good="Near 0: applications keep their connections.",
            do="Each one costs a process and a login. An application without a pool, or whose pool is too small: put a pooler in front.",
            unit="suffix:/s",
            empty="before version 14",
            query=Query(
                "max(sum by (target, datname) (rate(pg_stat_database_sessions_total[$__rate_interval])))"
            ),
            steps=alert_steps("PostgresConnectionStorm", "rate"),
            decimals=1,
        ),
        Tile(
            title="Exhausted pools",
            what="Pools of applications, named in the exporter's configuration, that have no idle session left.",
            good="0.",
            do="Look at what its sessions do: waiting for locks, idle in transaction, or slow. More connections help only a fast server.",
            unit="short",
            empty="no pools named",
            query=Query(_EXHAUSTED),
            steps=rising(orange=1),
        ),
        Tile(
            title="Wait at PgBouncer",
            what="Time for which a client has waited for a server connection, the longest.",
            good="0.",
            do="Open the row of PgBouncer below: the pool is too small, paused, or its server does not answer.",
            unit="s",
            empty="no PgBouncer",
            query=Query("max(pgbouncer_pools_client_maxwait_seconds)"),
            steps=alert_steps("PgBouncerClientsWaiting", "wait"),
            decimals=1,
        ),
        Tile(
            title="Deadlocks (15 min)",
            what="Deadlocks that the server broke by cancelling one of the transactions, in the database that has most.",
            good="0; a few a day are the application's to retry.",
            do="The server's log has both statements. Take locks in the same order everywhere.",
            unit="short",
            empty="not collected",
            query=Query("max(increase(pg_stat_database_deadlocks_total[15m]))"),
            steps=alert_steps("PostgresDeadlocks", "deadlocks"),
            decimals=0,
            links=(TARGET,),
        ),
        Tile(
            title="Blocked sessions",
            what="Sessions that wait for a lock that others hold.",
            good="0, or a few for moments.",
            do="Open the blocking tree from the table below: the session at its root is the one to ask about.",
            unit="short",
            empty="not collected",
            query=Query("max(pg_blocked_sessions)"),
            steps=rising(orange=limit("PostgresLockQueueLong", "warning", "sessions")),
        ),
        Tile(
            title="Longest lock wait",
            what="Time for which one statement has been seen waiting for a lock, the longest; up to one interval short of the truth.",
            good="0, or seconds.",
            do="Open the blocking tree from the table below.",
            unit="s",
            empty="not collected",
            query=Query("max(pg_blocking_longest_wait_seconds)"),
            steps=alert_steps("PostgresSessionsBlocked", "wait"),
            decimals=0,
        ),
        Tile(
            title="Idle blockers",
            what="Sessions that do nothing, and prepared transactions, for which others wait.",
            good="0: who works ends some day, who is idle does not.",
            do="The blocking tree names its application. Ask its owner, then end it.",
            unit="short",
            empty="not collected",
            query=Query(
                'sum(pg_blocking_roots{state=~"idle.*|prepared transaction"}) or 0 * sum(pg_blocked_sessions)'
            ),
            steps=rising(orange=1),
        ),
        Tile(
            title="Oldest transaction",
            what="Age of the oldest open transaction of a client. It holds its locks, and holds back vacuum everywhere.",
            good="Seconds; minutes where batches run.",
            do="The graphs of transactions below say of which role and database it is.",
            unit="s",
            empty="not collected",
            query=Query(
                'max(pg_stat_activity_oldest_transaction_age_seconds{backend_type="client backend"})'
            ),
            steps=alert_steps("PostgresTransactionOld", "age"),
            decimals=0,
        ),
        Tile(
            title="Idle in transaction",
            what="The longest time for which a client has had a transaction open and done nothing.",
            good="Below a few seconds.",
            do="The application forgot to end it. idle_in_transaction_session_timeout is the safety net.",
            unit="s",
            empty="not collected",
            query=Query("max(pg_stat_activity_oldest_idle_in_transaction_age_seconds)"),
            steps=alert_steps("PostgresIdleInTransaction", "age"),
            decimals=0,
        ),
        Tile(
            title="Lock table used",
            what="Locks held as a share of those that the shared table is sized for.",
            good="Below 60 %.",
            do="Full, it fails statements of everybody. Many partitions in one transaction: raise max_locks_per_transaction.",
            unit="percentunit",
            empty="not collected",
            query=Query('max(pg_locks_table_usage_ratio{datname=~"$datname|"})'),
            steps=alert_steps("PostgresLockTableFilling"),
            decimals=1,
        ),
    ),
)
