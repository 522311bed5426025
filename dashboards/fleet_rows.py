"""Owns the rows of the fleet overview."""

from __future__ import annotations

from dashboards.links import ALERTS, EXPORTER, HYGIENE, QUERIES, TARGET, TOKENS, WAL
from dashboards.model import Graph, Link, Query, Row, Tile, falling, rising
from dashboards.phrases import STALE, of_primaries
from dashboards.thresholds import alert_steps, limit

_RATE = "[$__rate_interval]"
_OVERDUE = of_primaries("oauth2_purge_overdue_rows")
_ISSUED = of_primaries(f"rate(oauth2_tokens_issued_total{_RATE})")
_LAST_WEEK = of_primaries(f"rate(oauth2_tokens_issued_total{_RATE} offset 1w)")
_REVOKED = of_primaries(f"rate(oauth2_tokens_revoked_total{_RATE})")
_ACTIVE = of_primaries('oauth2_tokens{state="active"}')
_TO_TARGET = Link(TARGET.uid, "Open the target", of_series=("target",))


def _firing(severity: str) -> str:
    return f'count(ALERTS{{alertstate="firing",severity="{severity}"}}) or vector(0)'


WRONG = Row(
    "Is anything wrong?",
    (
        Tile(
            title="Critical",
            width=3,
            height=4,
            what="Alerts of severity critical that fire: somebody was called.",
            good="0.",
            do="Open the alert; its notification has the runbook.",
            unit="short",
            empty="no answer",
            query=Query(_firing("critical")),
            steps=rising(red=1),
            links=(ALERTS,),
        ),
        Tile(
            title="Warnings",
            width=3,
            height=4,
            what="Alerts of severity warning that fire: a ticket for the day.",
            good="0.",
            do="Open the alert; its notification has the runbook.",
            unit="short",
            empty="no answer",
            query=Query(_firing("warning")),
            steps=rising(orange=1),
            links=(ALERTS,),
        ),
        Tile(
            title="Targets down",
            width=3,
            height=4,
            what="Targets that did not answer the newest attempt.",
            good="0.",
            do="Open the target in the table below.",
            unit="short",
            empty="no targets",
            query=Query("count(pg_up == 0) or (0 * count(pg_up))"),
            steps=rising(red=1),
            links=(TARGET,),
        ),
        Tile(
            title="Up (24 h)",
            width=3,
            height=4,
            what="Share of probes, one every 15 s, that found their target up, of the worst target.",
            good="Above the objective, 99.9 % unless you set another.",
            do="Open Alerts and SLO: it shows how fast the budget is used up.",
            unit="percentunit",
            empty="not known yet",
            query=Query(
                '1 - max((sum by (job, target) (increase(pg_exporter_probes_total{outcome="failed"}[1d])) or 0 * sum by (job, target) (pg_up))'
                " / sum by (job, target) (increase(pg_exporter_probes_total[1d])))"
            ),
            steps=falling(red=1 - limit("PostgresAvailabilityBurnsFast", "critical", "budget")),
            links=(ALERTS,),
            decimals=2,
        ),
        Tile(
            title="Stale data",
            width=3,
            height=4,
            what="Queries of the exporter whose newest good run is more than three intervals old.",
            good="0: every number here is fresh.",
            do="Open the exporter's dashboard: it says which query fails, and how.",
            unit="short",
            empty="no queries",
            query=Query(STALE),
            steps=rising(orange=1, red=10),
            links=(EXPORTER,),
        ),
        Tile(
            title="Blocked",
            width=3,
            height=4,
            what="Sessions that wait for a lock, on all targets.",
            good="0, or a few for moments.",
            do="The table says on which target.",
            unit="short",
            empty="not collected",
            query=Query("sum(pg_blocked_sessions)"),
            steps=alert_steps("PostgresLockQueueLong", "sessions"),
            links=(TARGET,),
        ),
        Tile(
            title="Backup age",
            width=3,
            height=4,
            what="Age of the newest whole backup, of the set that is furthest behind.",
            good="Younger than the interval between two backups.",
            do="Open WAL, replication and backups.",
            unit="s",
            empty="none configured",
            query=Query("time() - min(pg_backup_newest_timestamp_seconds)"),
            steps=alert_steps("PostgresBackupMissed", "age"),
            links=(WAL,),
            decimals=0,
        ),
        Tile(
            title="To be purged",
            width=3,
            height=4,
            what="Rows of token stores that are past their retention, and should be gone.",
            good="0, or what comes in between two purges.",
            do="The purge does not run, or not fast enough: open Token hygiene.",
            unit="short",
            empty="no token store",
            query=Query(f"sum({_OVERDUE})"),
            steps=alert_steps("OAuthExpiredTokenBacklog", "rows"),
            links=(HYGIENE,),
        ),
    ),
)

CHANGED = Row(
    "What changed, and when?",
    (
        Graph(
            title="Transactions",
            what="Transactions of each target, committed and rolled back. Lines mark restarts, failovers, migrations and settings.",
            good="The usual curve of the day.",
            do="A drop after a line: ask who drew it.",
            unit="ops",
            empty="not collected",
            width=8,
            height=7,
            queries=(
                Query(
                    f"sum by (target) (rate(pg_stat_database_xact_commit_total{_RATE}) + rate(pg_stat_database_xact_rollback_total{_RATE}))",
                    "{{target}}",
                ),
            ),
            links=(_TO_TARGET,),
        ),
        Graph(
            title="Time for a transaction",
            what="Seconds that sessions spent executing statements, for each transaction (PostgreSQL 14 and later).",
            good="Steady.",
            do="A rise with steady transactions is slower statements or waiting: open the queries.",
            unit="s",
            empty="before PostgreSQL 14",
            width=8,
            height=7,
            queries=(
                Query(
                    f"sum by (target) (rate(pg_stat_database_active_time_seconds_total{_RATE}))"
                    f" / (sum by (target) (rate(pg_stat_database_xact_commit_total{_RATE}) + rate(pg_stat_database_xact_rollback_total{_RATE})) > 0)",
                    "{{target}}",
                ),
            ),
            links=(QUERIES,),
        ),
        Graph(
            title="Rolled back and deadlocked",
            what="Transactions that were rolled back, and deadlocks, of each target.",
            good="Near 0, or steady.",
            do="Errors of the application: its log tells.",
            unit="ops",
            empty="not collected",
            width=8,
            height=7,
            queries=(
                Query(f"sum by (target) (rate(pg_stat_database_xact_rollback_total{_RATE}))", "{{target}}"),
                Query(
                    f"sum by (target) (rate(pg_stat_database_deadlocks_total{_RATE})) > 0",
                    "{{target}} deadlocks",
                ),
            ),
            links=(_TO_TARGET,),
        ),
    ),
)

AUTH = Row(
    "How do the token stores do?",
    (
        Graph(
            title="Tokens issued",
            what="Tokens issued, by kind, on all targets; dashed, the same hour a week ago.",
            good="Close to last week.",
            do="Far below: sign-in is broken, or nobody comes. Far above: a client in a loop.",
            unit="ops",
            empty="no token store",
            width=8,
            height=7,
            queries=(
                Query(f"sum by (kind) ({_ISSUED})", "{{kind}}"),
                Query(
                    f"sum({_LAST_WEEK})",
                    "all, a week ago",
                    dashed=True,
                    colour="text",
                ),
            ),
            links=(TOKENS,),
        ),
        Graph(
            title="Active tokens",
            what="Tokens that can be used, by kind; an estimate where the table is too large to be counted.",
            good="Follows the number of users.",
            do="A fall at once is a wave of revocations; a steady climb, tokens that live too long.",
            unit="short",
            empty="no token store",
            width=8,
            height=7,
            queries=(Query(f"sum by (kind) ({_ACTIVE})", "{{kind}}"),),
            links=(TOKENS,),
        ),
        Graph(
            title="Revoked, and not purged",
            what="Tokens revoked an hour, and rows that the purge should have deleted.",
            good="Few revocations; a saw-tooth of overdue rows.",
            do="A wave of revocations: an incident, or a client logging everybody out. A climb of rows: the purge stands still.",
            unit="short",
            empty="no token store",
            width=8,
            height=7,
            queries=(
                Query(
                    f"3600 * sum({_REVOKED})",
                    "revoked an hour",
                ),
                Query(f"sum({_OVERDUE})", "overdue rows"),
            ),
            links=(HYGIENE,),
        ),
    ),
)
