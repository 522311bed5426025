"""Owns the rows of Connections and locks about who holds connections, and who comes and goes."""

from __future__ import annotations

from dashboards.model import Column, Graph, Query, Row, Table
from dashboards.phrases import STATE_COLOURS
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
_NARROW = 64  # so that three tables stand beside each other on a small screen
_FREE = (
    "pg_connections_max - pg_connections_superuser_reserved"
    " - (pg_connections_reserved or 0 * pg_connections_max)"
)


def _of_role(metric: str) -> str:
    """Return what is known of sessions of roles under the label that connections of roles have."""
    return f'sum by (rolname) (label_replace({metric}, "rolname", "$1", "usename", "(.*)"))'


HOLDERS = Row(
    "Who holds the connections?",
    (
        Graph(
            title="Connections, and the limit",
            what="Connections that clients hold, and dashed in red what ordinary roles can have.",
            good="Well below the line, and flat where a pool stands in front.",
            do="Close to the line: the tables below say who holds them. A climb without end is an application that never gives back.",
            unit="short",
            empty="not collected",
            width=8,
            queries=(
                Query("max by (target) (pg_connections_used)", "{{target}}"),
                Query(f"max by (target) ({_FREE})", "{{target}} limit", limit=True),
            ),
        ),
        Graph(
            title="Client sessions, by state",
            what="Client sessions by what they do: at work, idle, or idle with a transaction open.",
            good="Mostly idle, few active, next to none idle in transaction.",
            do="Many active: slow, or waiting, see the waits below. Many idle: smaller pools. Idle in transaction: the application.",
            unit="short",
            empty="no client sessions",
            width=8,
            stack=True,
            colours=STATE_COLOURS,
            queries=(
                Query(
                    'sum by (state) (pg_stat_activity_sessions{backend_type="client backend"})',
                    "{{state}}",
                ),
            ),
        ),
        Graph(
            title="Pools, by state",
            what="Sessions of the pools that the exporter's configuration names by their application_name.",
            good="Some are idle in each pool at all times.",
            do="None idle: the application waits for a connection. Look at what holds its sessions up before you make it larger.",
            unit="short",
            empty="no pools are named in the configuration",
            width=8,
            stack=True,
            queries=(
                Query('sum by (pool, state) (pg_pool_sessions{pool!="_other"}) > 0', "{{pool}} {{state}}"),
            ),
        ),
        Table(
            title="Applications",
            what="Client sessions of each application (application_name), those of the smaller ones in sum (_other): all, at work, and idle in a transaction (in tx).",
            good="What each pool is set to, and nobody idle in transaction.",
            do="An application that holds more than its pools together leaks connections, or has more instances than you know of.",
            empty="no client sessions",
            width=8,
            height=7,
            by=(("application_name", "Application"),),
            sort="All",
            columns=(
                Column(
                    "All", "sum by (application_name) (pg_application_sessions)", width=_NARROW, decimals=0
                ),
                Column(
                    "Active",
                    "sum by (application_name) (pg_application_active_sessions)",
                    width=_NARROW,
                    decimals=0,
                ),
                Column(
                    "In tx",
                    "sum by (application_name) (pg_application_idle_in_transaction_sessions)",
                    width=_NARROW,
                    decimals=0,
                ),
            ),
        ),
        Table(
            title="Roles",
            what="Connections of each role, how many are at work or idle in a transaction (in tx), and what share of a limit of its own it uses.",
            good="Below 80 % of a limit.",
            do="A role near its limit is refused alone: raise its limit (ALTER ROLE ... CONNECTION LIMIT), or pool.",
            empty="no client sessions",
            width=8,
            height=7,
            by=(("rolname", "Role"),),
            sort="All",
            columns=(
                Column("All", "sum by (rolname) (pg_roles_connections)", width=_NARROW, decimals=0),
                Column("Active", _of_role("pg_user_active_sessions"), width=_NARROW, decimals=0),
                Column("In tx", _of_role("pg_user_idle_in_transaction_sessions"), width=_NARROW, decimals=0),
                Column(
                    "Limit",
                    "max by (rolname) (pg_roles_connections / (pg_roles_connection_limit > 0))",
                    "percentunit",
                    alert_steps("PostgresRoleConnectionsNearLimit"),
                    width=_NARROW,
                    decimals=0,
                    empty="none",
                ),
            ),
        ),
        Table(
            title="Databases",
            what="Connections of each database, how many are at work or idle in a transaction (in tx), and what share of a limit of its own it uses.",
            good="Below 80 % of a limit.",
            do="A database near its limit refuses its clients alone: raise it (ALTER DATABASE ... CONNECTION LIMIT), or pool.",
            empty="no client sessions",
            width=8,
            height=7,
            by=(("datname", "Database"),),
            sort="All",
            columns=(
                Column("All", "sum by (datname) (pg_database_connections)", width=_NARROW, decimals=0),
                Column(
                    "Active",
                    'sum by (datname) (pg_stat_activity_sessions{state="active",backend_type="client backend"}) or 0 * sum by (datname) (pg_database_connections)',
                    width=_NARROW,
                    decimals=0,
                ),
                Column(
                    "In tx",
                    'sum by (datname) (pg_stat_activity_sessions{state=~"idle in transaction.*",backend_type="client backend"}) or 0 * sum by (datname) (pg_database_connections)',
                    width=_NARROW,
                    decimals=0,
                ),
                Column(
                    "Limit",
                    "max by (datname) (pg_database_connections / (pg_database_connection_limit > 0))",
                    "percentunit",
                    alert_steps("PostgresDatabaseConnectionsNearLimit"),
                    width=_NARROW,
                    decimals=0,
                    empty="none",
                ),
            ),
        ),
    ),
)

COMINGS = Row(
    "Do sessions come and go?",
    (
        Graph(
            title="Sessions established",
            what="New sessions each second, by database (PostgreSQL 14 and later).",
            good="Near 0: applications keep their connections.",
            do="An application without a pool, one whose pool closes connections early, or a health check that logs in each time.",
            unit="suffix:/s",
            empty="before PostgreSQL 14",
            width=8,
            steps=alert_steps("PostgresConnectionStorm", "rate"),
            queries=(
                Query(
                    f"sum by (target, datname) (rate(pg_stat_database_sessions_total{_RATE}))",
                    "{{target}} {{datname}}",
                ),
            ),
        ),
        Graph(
            title="Sessions that ended badly",
            what="Sessions an hour that lost their client, ended in a fatal error, or were ended by an operator (PostgreSQL 14 and later).",
            good="Near 0.",
            do="abandoned: clients that vanish, networks that cut idle connections. fatal: the server's log. killed: ask who did.",
            unit="suffix:/h",
            empty="before PostgreSQL 14",
            width=8,
            queries=tuple(
                Query(f"3600 * sum(rate(pg_stat_database_sessions_{how}_total{_RATE}))", how)
                for how in ("abandoned", "fatal", "killed")
            ),
        ),
        Graph(
            title="Client sessions, by encryption",
            what="Client sessions over TLS, GSSAPI, a Unix socket (local) or an unencrypted network connection (none).",
            good="No none.",
            do="none: passwords and tokens can be read on the way. Ask for hostssl in pg_hba.conf.",
            unit="short",
            empty="not collected",
            width=8,
            stack=True,
            queries=(Query("sum by (encryption) (pg_stat_activity_encryption_sessions)", "{{encryption}}"),),
        ),
    ),
    folded=True,
)
