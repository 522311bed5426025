"""Owns the row of Connections and locks about PgBouncer."""

from __future__ import annotations

from dashboards.model import Column, Graph, Query, Row, Table
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
_NONE = "no PgBouncer is a target"


def _states(side: str, states: tuple[str, ...]) -> tuple[Query, ...]:
    return tuple(
        Query(f"sum(pgbouncer_pools_{side}_{state}_connections)", f"{state}", colour=colour)
        for state, colour in zip(states, ("green", "orange", "blue", "purple", "yellow"), strict=False)
    )


def _of_pools(metric: str) -> str:
    return f"max by (target, database, user) ({metric})"


_SIZE = 'max by (target, database) (label_replace(pgbouncer_databases_pool_size, "database", "$1", "name", "(.*)"))'

POOLER = Row(
    "Do clients wait in PgBouncer?",
    (
        Graph(
            title="Clients, by state",
            what="Clients of all pools that have a server connection or need none (active), and those that wait for one.",
            good="Nobody waits.",
            do="Waiting for long: the pool is too small, paused, or its server does not answer.",
            unit="short",
            empty=_NONE,
            width=8,
            stack=True,
            queries=_states("client", ("active", "waiting")),
        ),
        Graph(
            title="Longest wait of a client",
            what="Time for which the client that waits longest has waited for a server connection, by pool.",
            good="0. The dashed lines are where the alerts begin.",
            do="SHOW POOLS and SHOW SERVERS on its console say what the pool's connections do.",
            unit="s",
            empty=_NONE,
            width=8,
            steps=alert_steps("PgBouncerClientsWaiting", "wait"),
            queries=(
                Query(
                    _of_pools("pgbouncer_pools_client_maxwait_seconds"), "{{target}} {{user}} in {{database}}"
                ),
            ),
        ),
        Graph(
            title="Server connections, by state",
            what="Server connections of all pools: in use (active), ready (idle), to be checked first (used), logging in.",
            good="Some are idle while clients are served.",
            do="login that stays: the server does not answer. All active: the pool is at its size.",
            unit="short",
            empty=_NONE,
            width=8,
            stack=True,
            queries=_states("server", ("active", "login", "idle", "used", "testing")),
        ),
        Table(
            title="Pools",
            what="A line for each pool: clients, server connections beside its size, and the longest wait.",
            good="No wait, and less than 90 % in use.",
            do="Saturated with long transactions: shorten these first, then pool_size.",
            empty=_NONE,
            height=6,
            by=(("target", "PgBouncer"), ("database", "Database"), ("user", "User")),
            sort="Longest wait",
            columns=(
                Column("Clients active", _of_pools("pgbouncer_pools_client_active_connections")),
                Column("Clients waiting", _of_pools("pgbouncer_pools_client_waiting_connections")),
                Column(
                    "Longest wait",
                    _of_pools("pgbouncer_pools_client_maxwait_seconds"),
                    "s",
                    alert_steps("PgBouncerClientsWaiting", "wait"),
                    decimals=1,
                ),
                Column("Servers active", _of_pools("pgbouncer_pools_server_active_connections")),
                Column("Servers idle", _of_pools("pgbouncer_pools_server_idle_connections")),
                Column(
                    "Pool size used",
                    f"{_of_pools('pgbouncer_pools_server_active_connections')}"
                    f" / on (target, database) group_left () ({_SIZE} > 0)",
                    "percentunit",
                    alert_steps("PgBouncerPoolSaturated", "share"),
                    decimals=0,
                ),
            ),
        ),
        Graph(
            title="Clients, and the limit",
            what="Clients that are connected, and dashed in red what max_client_conn allows.",
            good="Below 80 % of the line.",
            do="At the line PgBouncer refuses: raise max_client_conn and the limit of its open files.",
            unit="short",
            empty=_NONE,
            width=8,
            queries=(
                Query("max by (target) (pgbouncer_clients_used)", "{{target}}"),
                Query(
                    "max by (target) (pgbouncer_config_max_client_connections)",
                    "{{target}} limit",
                    limit=True,
                ),
            ),
        ),
        Graph(
            title="Transactions and queries",
            what="Transactions and queries that were pooled, on all PgBouncers.",
            good="The usual curve of the day.",
            do="A drop with steady clients: they wait, here or in the server.",
            unit="ops",
            empty=_NONE,
            width=8,
            queries=(
                Query(f"sum(rate(pgbouncer_stats_transactions_total{_RATE}))", "transactions"),
                Query(f"sum(rate(pgbouncer_stats_queries_total{_RATE}))", "queries"),
            ),
        ),
        Graph(
            title="Time for a query, and waiting for it",
            what="Mean time of a query in the server, and mean time that clients waited for a connection before a transaction.",
            good="Waiting is next to nothing.",
            do="Waiting above the query's own time: the pool is the bottleneck.",
            unit="s",
            empty="no queries were pooled",
            width=8,
            queries=(
                Query(
                    f"sum by (target) (rate(pgbouncer_stats_query_seconds_total{_RATE}))"
                    f" / (sum by (target) (rate(pgbouncer_stats_queries_total{_RATE})) > 0)",
                    "{{target}} query",
                ),
                Query(
                    f"sum by (target) (rate(pgbouncer_stats_client_wait_seconds_total{_RATE}))"
                    f" / (sum by (target) (rate(pgbouncer_stats_transactions_total{_RATE})) > 0)",
                    "{{target}} waiting",
                ),
            ),
        ),
    ),
    folded=True,
)
