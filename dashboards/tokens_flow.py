"""Owns the rows of the dashboard Tokens about what comes and goes: issuance, codes, people."""

from __future__ import annotations

from dashboards.links import ALERTS, HYGIENE
from dashboards.model import Graph, Query, Row
from dashboards.phrases import of_primaries
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
_ISSUED = of_primaries(f"rate(oauth2_tokens_issued_total{_RATE})")


def _then(offset: str) -> str:
    return of_primaries(f"rate(oauth2_tokens_issued_total{_RATE} offset {offset})")


def _issued(kind: str) -> str:
    return "sum(" + of_primaries(f'rate(oauth2_tokens_issued_total{{kind="{kind}"}}{_RATE})') + ")"


def _quantile(share: float) -> str:
    buckets = of_primaries("oauth2_authorization_code_exchange_seconds_bucket")
    return f"histogram_quantile({share}, sum by (le) ({buckets}))"


def _with(method: str) -> str:
    return "sum(" + of_primaries(f'oauth2_authorization_codes_pkce{{method="{method}"}}') + ")"


def _codes(state: str) -> str:
    return of_primaries(f'oauth2_authorization_codes{{state="{state}"}}')


# The rows of codes are soon deleted; how many were inserted the server remembers.
_INSERTED = of_primaries(f'rate(oauth2_rows_inserted_total{{entity="codes"}}{_RATE})')
_EXCHANGED = (
    f"sum({_INSERTED}) * sum({_codes('exchanged')})"
    f" / (sum({_codes('exchanged')}) + sum({_codes('abandoned')}) > 0)"
)

ISSUANCE = Row(
    "Are tokens issued as yesterday and last week?",
    (
        Graph(
            title="Tokens issued",
            what="Tokens issued a second, all kinds; dashed, the same hours of yesterday and of a week ago.",
            good="The three lines lie together.",
            do="Far below both: sign-in is broken, or nobody gets here. Far above both: a client in a loop.",
            unit="suffix:/s",
            empty="no token store",
            queries=(
                Query(f"sum({_ISSUED})", "now", colour="blue"),
                Query(f"sum({_then('1d')})", "yesterday", dashed=True, colour="purple"),
                Query(f"sum({_then('1w')})", "a week ago", dashed=True, colour="text"),
            ),
            links=(ALERTS,),
        ),
        Graph(
            title="By kind",
            what="Tokens issued a second, by kind.",
            good="The kinds move together.",
            do="Access without refresh tokens: a machine client asks too often, and should keep its token.",
            unit="suffix:/s",
            empty="no token store",
            width=6,
            queries=(Query(f"sum by (kind) ({_ISSUED})", "{{kind}}"),),
            stack=True,
        ),
        Graph(
            title="Shares of tokens issued",
            what="Refresh tokens issued for each access token; and an estimate of the access tokens that came "
            "from a sign-in with a code: codes inserted, times the share that is exchanged. The rest was refreshed, or is a program's.",
            good="Steady. With rotation each refresh gives one of each.",
            do="A fall of codes with steady issuance: people stay signed in, or cannot sign in.",
            unit="percentunit",
            empty="no token store",
            width=6,
            queries=(
                Query(f"{_issued('refresh')} / ({_issued('access')} > 0)", "refresh tokens"),
                Query(
                    f"clamp_max({_EXCHANGED} / ({_issued('access')} > 0), 1)",
                    "by code (estimate)",
                ),
            ),
        ),
    ),
)

CODES = Row(
    "Do codes become tokens?",
    (
        Graph(
            title="Codes of the last hour",
            what="Authorization codes issued within the last hour, by what became of them. What is not exchanged in time is abandoned.",
            good="Nearly all exchanged; pending ones for as long as a browser takes.",
            do="Abandoned ones pile up: a client's exchange fails. Where use deletes a code, none is seen exchanged.",
            unit="short",
            empty="no codes here",
            width=8,
            height=9,
            queries=(
                Query(f"sum({_codes('exchanged')})", "exchanged", colour="green"),
                Query(f"sum({_codes('pending')})", "pending", colour="blue"),
                Query(f"sum({_codes('abandoned')})", "abandoned", colour="orange"),
            ),
            stack=True,
            links=(ALERTS,),
        ),
        Graph(
            title="Time to exchange",
            what="Seconds from the issue of a code to its exchange, of the last hour: half of them, and 90 of 100, took less.",
            good="A second or two. The dashed line is the alert's limit.",
            do="Clients wait or retry: look at the token endpoint's latency, and at the network between.",
            unit="s",
            empty="not stored",
            width=8,
            height=9,
            queries=tuple(
                Query(_quantile(share), legend) for share, legend in ((0.5, "half"), (0.9, "90 of 100"))
            ),
            steps=alert_steps("OAuthCodeExchangeSlow"),
            links=(ALERTS,),
        ),
        Graph(
            title="Protection of codes by PKCE",
            what="Codes of the last hour by the method of the challenge stored with them. Without S256, who sees a code can use it.",
            good="All S256.",
            do="Find the clients that send none or plain, and require S256 of them.",
            unit="short",
            empty="not stored",
            width=8,
            height=9,
            queries=tuple(
                Query(f"{_with(method)} > 0", method, colour=colour)
                for method, colour in (
                    ("S256", "green"),
                    ("plain", "orange"),
                    ("none", "red"),
                    ("other", "purple"),
                )
            ),
            stack=True,
            links=(HYGIENE,),
        ),
    ),
)

PEOPLE = Row(
    "Who signs up, and who is signed in?",
    (
        Graph(
            title="Sign-ups (1 h)",
            what="Users registered within an hour.",
            good="The curve of the day.",
            do="A leap is a campaign or robots: look at the addresses of the newest users.",
            unit="short",
            empty="no users here",
            width=8,
            height=9,
            queries=(Query(f"sum({of_primaries('increase(oauth2_users_registered_total[1h])')})", "users"),),
            links=(ALERTS,),
            decimals=0,
        ),
        Graph(
            title="Login sessions by state",
            what="Login sessions by state; overdue ones expired longer ago than the retention and should be gone.",
            good="Active ones follow the day; none overdue.",
            do="Overdue ones grow: the purge leaves sessions out. Active ones pile up: a client signs in for each request.",
            unit="short",
            empty="no sessions here",
            width=8,
            height=9,
            queries=(Query(f"sum by (state) ({of_primaries('oauth2_sessions')})", "{{state}}"),),
            stack=True,
            links=(HYGIENE,),
        ),
        Graph(
            title="Users by provider",
            what="Users by identity provider; local are those who have none.",
            good="Grows slowly.",
            do="A fall: users were deleted, or a provider was renamed.",
            unit="short",
            empty="no users here",
            width=8,
            height=9,
            queries=(Query(f"sum by (provider) ({of_primaries('oauth2_users')})", "{{provider}}"),),
            stack=True,
        ),
    ),
)
