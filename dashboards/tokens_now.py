"""Owns the tiles of the dashboard Tokens: whether people and programs get tokens as they usually do."""

from __future__ import annotations

from dashboards.links import ALERTS, HYGIENE
from dashboards.model import GREEN, ORANGE, PLAIN, RED, Query, Row, Steps, Tile, rising
from dashboards.phrases import of_primaries
from dashboards.thresholds import alert_steps, limit

_JOINED = "on (job, target, datname)"
_ISSUED = "datname:oauth2_tokens_issued:rate30m"
_CODES = "sum by (job, target, datname) (oauth2_authorization_codes{{state=~'{}'}})"
_ABANDONED = f"{_CODES.format('abandoned')} / {_JOINED} ({_CODES.format('abandoned|exchanged')} > 0)"
_FLOOR = limit("OAuthTokenIssuanceStopped", "critical", "floor")

# Red below what the alert calls stopped, orange above what the other calls a surge.
_AS_USUAL: Steps = (
    (None, RED),
    (limit("OAuthTokenIssuanceStopped", "critical", "ratio"), GREEN),
    (limit("OAuthTokenIssuanceSurge", "warning", "factor"), ORANGE),
)


def _against(offset: str) -> str:
    """Return how many times as many tokens are issued as then, of the store that falls behind most."""
    share = f"{_ISSUED} / {_JOINED} ({_ISSUED} offset {offset} > {_FLOOR:g})"
    return f"min({of_primaries(share)})"


def _surge(recorded: str, alert: str, least: str, history: str) -> str:
    """Return how far above usual a recorded number is, so that the alert's factor is met where the alert is.

    Where usual is next to nothing, the number that the alert calls for counts as the `factor`.
    """
    factor = limit(alert, "warning", "factor")
    usual = f"clamp_min(avg_over_time({recorded}[{history}]), {limit(alert, 'warning', least) / factor:g})"
    times = f"{recorded} / {_JOINED} {usual}"
    return f"max({of_primaries(times)})"


def _past_alert(name: str) -> Steps:
    return alert_steps(name, "factor")


NOW = Row(
    "Is something wrong with tokens right now?",
    (
        Tile(
            title="OAuth alerts",
            width=3,
            height=4,
            what="Alerts about token stores that fire, about their operation and their safety.",
            good="0.",
            do="Open Alerts and SLO: it has a graph for each alert. Each has a runbook.",
            unit="short",
            empty="no answer",
            query=Query('count(ALERTS{alertname=~"OAuth.+",alertstate="firing"}) or vector(0)'),
            steps=rising(orange=1, red=3),
            links=(ALERTS,),
        ),
        Tile(
            title="Issued",
            width=3,
            height=4,
            what="Tokens issued a second, access and refresh tokens together, on average over half an hour.",
            good="What is usual at this time: the two tiles beside compare.",
            do="0 in the day: sign-in is broken. Look at the server that issues them, then at this database.",
            unit="suffix:/s",
            empty="no token store",
            query=Query(f"sum({of_primaries(_ISSUED)})"),
            steps=PLAIN,
            decimals=1,
        ),
        Tile(
            title="To yesterday",
            width=3,
            height=4,
            what="Tokens issued within half an hour, as a share of those at this time yesterday; of several stores the lowest.",
            good="Near 100 %. Red below a tenth, orange above the factor of OAuthTokenIssuanceSurge.",
            do="Compare with last week: a holiday is quiet, too. If both are low, sign in yourself.",
            unit="percentunit",
            empty="no yesterday",
            query=Query(_against("1d")),
            steps=_AS_USUAL,
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="To last week",
            width=3,
            height=4,
            what="Tokens issued within half an hour, as a share of those at this time a week ago; of several stores the lowest.",
            good="Near 100 %. The alert waits until both this and yesterday are far off.",
            do="If both are low, sign in yourself; if both are high, look which client it is.",
            unit="percentunit",
            empty="no last week",
            query=Query(_against("7d")),
            steps=_AS_USUAL,
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="Abandoned",
            width=3,
            height=4,
            what="Share of the last hour's authorization codes that expired unused, among those that came to an end.",
            good="Below a half; people give up now and then.",
            do="Clients cannot exchange: look at the token endpoint's errors, and which client's codes it is.",
            unit="percentunit",
            empty="no codes",
            query=Query(f"max({of_primaries(_ABANDONED)})"),
            steps=alert_steps("OAuthCodesNotExchanged", "ratio"),
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="Revocations",
            width=3,
            height=4,
            what="Tokens revoked within an hour against the average of a day: 2x is twice as many. Few are never many times.",
            good="Around 1x.",
            do="Somebody signs everybody out, or contains an incident: ask who, before you look for a fault.",
            unit="suffix:x",
            empty="not stored",
            query=Query(
                _surge("datname:oauth2_tokens_revoked:increase1h", "OAuthRevocationWave", "tokens", "1d")
            ),
            steps=_past_alert("OAuthRevocationWave"),
            links=(ALERTS,),
            decimals=1,
        ),
        Tile(
            title="Sign-ups",
            width=3,
            height=4,
            what="Users registered within an hour against the average of a week: 2x is twice as many.",
            good="Around 1x.",
            do="A campaign, or robots: look at the addresses of the newest users.",
            unit="suffix:x",
            empty="no users here",
            query=Query(
                _surge("datname:oauth2_users_registered:increase1h", "OAuthRegistrationSpike", "users", "7d")
            ),
            steps=_past_alert("OAuthRegistrationSpike"),
            links=(ALERTS,),
            decimals=1,
        ),
        Tile(
            title="Off by up to",
            width=3,
            height=4,
            what="Error of the number of active tokens: half of the 95 % interval as a share of it, of the kind known worst.",
            good="0 % where rows are counted; a few per cent where a large table is estimated.",
            do="`pg-oauth-exporter doctor` says what would make the estimate better: an index, or statistics.",
            unit="percentunit",
            empty="no token store",
            query=Query(
                'max(sum by (job, target, datname, kind) (oauth2_tokens_half_width{state="active"})'
                " / on (job, target, datname, kind)"
                ' (sum by (job, target, datname, kind) (oauth2_tokens{state="active"}) > 0))'
            ),
            steps=alert_steps("OAuthTokenCountUncertain", "ratio"),
            links=(HYGIENE,),
            decimals=1,
        ),
    ),
)
