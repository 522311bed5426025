"""Owns the rows of the dashboard Token hygiene about rows and tokens that should be gone."""

from __future__ import annotations

from dashboards.links import ALERTS, TABLES, TOKENS
from dashboards.model import Graph, Query, Row, rising
from dashboards.phrases import of_primaries
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"


def _by(labels: str, expr: str) -> str:
    return f"sum by ({labels}) ({of_primaries(expr)})"


PURGE = Row(
    "Does the purge keep up?",
    (
        Graph(
            title="Rows that should be gone",
            what="Rows past their expiry by more than the retention, by what they are. Not counted in large tables.",
            good="A saw-tooth down to 0.",
            do="A climb: the purge stands still, or is slower than what comes in.",
            unit="short",
            empty="too large, or none",
            width=6,
            height=9,
            queries=(Query(_by("entity", "oauth2_purge_overdue_rows"), "{{entity}}"),),
            steps=alert_steps("OAuthExpiredTokenBacklog", "rows"),
            links=(ALERTS,),
        ),
        Graph(
            title="Age of the oldest of them",
            what="Seconds by which the oldest row is past its retention; dashed, the limit of OAuthPurgeStopped.",
            good="A saw-tooth as long as the time between two purges.",
            do="A straight climb, a second each second: nothing is deleted at all.",
            unit="s",
            empty="too large, or none",
            width=6,
            height=9,
            queries=(
                Query(
                    f"max by (entity) ({of_primaries('oauth2_purge_oldest_seconds')})",
                    "{{entity}}",
                ),
            ),
            steps=alert_steps("OAuthPurgeStopped", "age"),
            links=(ALERTS,),
        ),
        Graph(
            title="Tokens in and out",
            what="Rows inserted into the tables of tokens and deleted from them a second, as the server counts them. "
            "TRUNCATE and dropped partitions do not count.",
            good="Over a day as many go as come.",
            do="None deleted: the purge does not run, or drops partitions.",
            unit="suffix:/s",
            empty="not collected",
            width=6,
            height=9,
            queries=(
                Query(
                    "sum("
                    + of_primaries(f'rate(oauth2_rows_inserted_total{{entity="tokens"}}{_RATE})')
                    + ")",
                    "inserted",
                    colour="blue",
                ),
                Query(
                    "sum(" + of_primaries(f'rate(oauth2_rows_deleted_total{{entity="tokens"}}{_RATE})') + ")",
                    "deleted",
                    colour="purple",
                ),
            ),
            links=(TABLES,),
        ),
        Graph(
            title="Dead weight",
            key="Dead weight over time",
            what="Share of the rows that are neither active nor within their retention.",
            good="A few per cent.",
            do="Purge in small batches, then look at bloat.",
            unit="percentunit",
            empty="too large, or none",
            width=6,
            height=9,
            most=1,
            queries=(
                Query(
                    f"max by (entity) ({of_primaries('oauth2_dead_weight_ratio')})",
                    "{{entity}}",
                ),
            ),
            steps=alert_steps("OAuthStoreMostlyDead", "ratio"),
            links=(TABLES,),
        ),
    ),
)

OPEN = Row(
    "Can anybody use what they should not?",
    (
        Graph(
            title="Tokens without an end",
            what="Active tokens that never expire, by kind.",
            good="None.",
            do="Give their client a lifetime, and revoke those that are there.",
            unit="short",
            empty="too large, or none",
            width=8,
            queries=(Query(_by("kind", "oauth2_tokens_without_expiry"), "{{kind}}"),),
            steps=rising(orange=1),
            links=(TOKENS,),
            decimals=0,
        ),
        Graph(
            title="Redirect URIs by risk",
            what="Redirect URIs of clients: a wildcard sends codes to whoever owns a matching name, http to whoever listens.",
            good="All of them none.",
            do="Have their clients register exact https URIs.",
            unit="short",
            empty="not read in the time shown",
            width=8,
            queries=tuple(
                Query(
                    "sum(" + of_primaries(f'oauth2_redirect_uris{{risk="{risk}"}}') + ")", risk, colour=colour
                )
                for risk, colour in (("none", "green"), ("http", "orange"), ("wildcard", "red"))
            ),
            links=(ALERTS,),
            decimals=0,
        ),
        Graph(
            title="Tokens revoked (1 h)",
            what="Tokens revoked within an hour, by kind, where the store holds the time of it.",
            good="The usual few.",
            do="A wave: an incident, or a client that signs everybody out.",
            unit="short",
            empty="not stored",
            width=8,
            queries=(Query(_by("kind", "increase(oauth2_tokens_revoked_total[1h])"), "{{kind}}"),),
            links=(TOKENS,),
            decimals=0,
        ),
    ),
)

LEFT = Row(
    "What else is left over?",
    (
        Graph(
            title="Codes issued more than an hour ago",
            what="Authorization codes that stay in the store though nobody can use them.",
            good="None, or as many as come in between two purges.",
            do="Have the purge delete them, too.",
            unit="short",
            empty="no codes here",
            width=8,
            queries=(Query(f"sum({of_primaries('oauth2_authorization_codes_stale')})", "codes"),),
            decimals=0,
        ),
        Graph(
            title="Login sessions overdue",
            what="Login sessions that expired longer ago than the retention.",
            good="None, or a saw-tooth.",
            do="Have the purge delete them, too.",
            unit="short",
            empty="no sessions here",
            width=8,
            queries=(Query("sum(" + of_primaries('oauth2_sessions{state="overdue"}') + ")", "sessions"),),
            decimals=0,
        ),
        Graph(
            title="Denylist",
            what="Entries of the denylist; an expired one no longer matters, its token is refused anyway.",
            good="Few expired ones.",
            do="Delete expired entries: each look-up reads past them.",
            unit="short",
            empty="no denylist here",
            width=8,
            queries=(Query(_by("state", "oauth2_denylist_entries"), "{{state}}"),),
            stack=True,
            decimals=0,
        ),
        Graph(
            title="Disabled users with active tokens",
            what="Disabled users for whom the store still holds an active token.",
            good="None, or a few until their tokens end by themselves.",
            do="Revoke their tokens; let disabling do that from now on.",
            unit="short",
            empty="cannot be disabled",
            queries=(Query(f"sum({of_primaries('oauth2_disabled_users_with_live_tokens')})", "users"),),
            steps=rising(orange=1),
            decimals=0,
        ),
        Graph(
            title="Clock of writers ahead",
            what="Seconds by which the newest row is ahead of the server's clock; resource servers allow for a minute at most.",
            good="0.",
            do="A writer's clock or time zone is off: its tokens live too long, or are not valid yet.",
            unit="s",
            empty="no token store",
            queries=(
                Query(f"max by (entity) ({of_primaries('oauth2_newest_row_ahead_seconds')})", "{{entity}}"),
            ),
            steps=alert_steps("OAuthWriterClockAhead"),
        ),
    ),
    folded=True,
)
