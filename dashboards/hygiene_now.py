"""Owns the tiles of the dashboard Token hygiene: what is left over, left open, or about to end."""

from __future__ import annotations

from dashboards.links import ALERTS, TOKENS, WAL
from dashboards.model import Query, Row, Steps, Tile, Words, rising
from dashboards.parts_of_wal import newest_backup
from dashboards.phrases import of_primaries
from dashboards.thresholds import alert_steps, limit

_ANY: Steps = rising(orange=1)  # of what there should be none
_FAILED: Words = ((0, "done", "green"), (1, "FAILED", "red"))
_PKCE = "sum by (job, target, datname) (oauth2_authorization_codes_pkce{})"
_WEAK = _PKCE.replace("{}", '{method=~"plain|none"}')
_FAILURES = 'max by (job, target, datname) (oauth2_migrations{state="failed"})'
_SUCCEEDED = (
    'max by (job, target, datname) (oauth2_migration_last_timestamp_seconds{state="success"})'
    " > bool on (job, target, datname)"
    ' max by (job, target, datname) (oauth2_migration_last_timestamp_seconds{state="failed"})'
)
_PAST = limit("PostgresRolePasswordExpiring", "critical", "past")

NOW = Row(
    "Is anything left over, left open, or about to end?",
    (
        Tile(
            title="Security alerts",
            what="Alerts for the security team that fire.",
            good="0.",
            do="Open Alerts and SLO: it has a graph for each alert. Each has a runbook.",
            unit="short",
            empty="no answer",
            query=Query('count(ALERTS{team="security",alertstate="firing"}) or vector(0)'),
            steps=rising(orange=1, red=3),
            links=(ALERTS,),
        ),
        Tile(
            title="Overdue rows",
            what="Rows that are past their expiry by more than the retention and should be gone; of several tables the most.",
            good="0, or what comes in between two purges.",
            do="The purge does not run, or not fast enough: see whether rows are deleted at all, below.",
            unit="short",
            empty="too large, or none",
            query=Query(f"max({of_primaries('oauth2_purge_overdue_rows')})"),
            steps=alert_steps("OAuthExpiredTokenBacklog", "rows"),
            links=(ALERTS,),
        ),
        Tile(
            title="Oldest overdue",
            what="For how long the oldest row has been past its retention.",
            good="Less than the time between two purges.",
            do="Look at the job that purges: its schedule, its last run, its errors.",
            unit="s",
            empty="too large, or none",
            query=Query(f"max({of_primaries('oauth2_purge_oldest_seconds')})"),
            steps=alert_steps("OAuthPurgeStopped", "age"),
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="Dead weight",
            what="Share of the rows that are neither active nor within their retention, of the table with most.",
            good="A few per cent.",
            do="Purge in small batches, and let vacuum follow; then look at bloat.",
            unit="percentunit",
            empty="too large, or none",
            query=Query(f"max({of_primaries('oauth2_dead_weight_ratio')})"),
            steps=alert_steps("OAuthStoreMostlyDead", "ratio"),
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="Never expire",
            what="Active tokens that have no end: who steals one keeps it.",
            good="0.",
            do="Give their client a lifetime, and revoke those that are there.",
            unit="short",
            empty="too large, or none",
            query=Query(f"sum({of_primaries('oauth2_tokens_without_expiry')})"),
            steps=_ANY,
            links=(TOKENS,),
        ),
        Tile(
            title="Disabled users",
            what="Disabled users for whom the store still holds an active token.",
            good="0, or a few until their access tokens end by themselves.",
            do="Revoke their tokens; let disabling do that from now on.",
            unit="short",
            empty="cannot be disabled",
            query=Query(f"sum({of_primaries('oauth2_disabled_users_with_live_tokens')})"),
            steps=_ANY,
            links=(ALERTS,),
        ),
        Tile(
            title="Unsafe redirects",
            what="Redirect URIs with a wildcard, or to plain http on another machine: codes can be read on the way.",
            good="0.",
            do="Have their clients register exact https URIs.",
            unit="short",
            empty="no clients here",
            query=Query("sum(" + of_primaries('oauth2_redirect_uris{risk=~"http|wildcard"}') + ")"),
            steps=_ANY,
            links=(ALERTS,),
        ),
        Tile(
            title="Codes without S256",
            what="Share of the last hour's authorization codes with no challenge or a plain one.",
            good="0 %; the alert waits for half of them.",
            do="Require PKCE with S256 of every client.",
            unit="percentunit",
            empty="no codes here",
            query=Query("max(" + of_primaries(f"{_WEAK} / on (job, target, datname) ({_PKCE} > 0)") + ")"),
            steps=alert_steps("OAuthCodesWithoutPkce", "ratio"),
            links=(TOKENS,),
            decimals=0,
        ),
        Tile(
            title="Next password ends",
            what="Time until the password of a login role ends, the one that ends first; of those that ended long ago nobody is told.",
            good="Weeks, or no password with an end.",
            do="Change it before: afterwards its role cannot log in, and what uses it stands still.",
            unit="s",
            empty="none has an end",
            query=Query(f"min(pg_role_password_expiry_timestamp_seconds - time() > -{_PAST:.0f})"),
            steps=alert_steps("PostgresRolePasswordExpiring", "left"),
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="Without password",
            what="Rules of pg_hba.conf that let somebody in over TCP without asking for a password (trust).",
            good="0.",
            do="Replace trust by scram-sha-256, and reload.",
            unit="short",
            empty="not readable",
            query=Query('sum(pg_hba_rules{type=~"host.*",auth_method="trust"}) or 0 * count(pg_hba_rules)'),
            steps=_ANY,
            links=(ALERTS,),
        ),
        Tile(
            title="Newest migration",
            what="Whether a schema migration failed and none succeeded since.",
            good="done.",
            do="The schema may be half changed: read the migration tool's output before you start it again.",
            unit="short",
            empty="no list of them",
            query=Query(
                f"max(({_FAILURES} > bool 0 unless on (job, target, datname) ({_SUCCEEDED}) == 1)"
                f" or on (job, target, datname) 0 * {_FAILURES})"
            ),
            steps=rising(red=1),
            words=_FAILED,
            links=(ALERTS,),
        ),
        newest_backup(WAL),
    ),
)
