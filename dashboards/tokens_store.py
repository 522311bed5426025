"""Owns the rows of the dashboard Tokens about what the store holds, and when it ends."""

from __future__ import annotations

from dashboards.links import ALERTS, EXPORTER, HYGIENE
from dashboards.model import Bars, Column, Graph, Query, Row, Table, Words
from dashboards.phrases import of_primaries, top_values

_SPANS = (("5m", "within 5 min"), ("1h", "within 1 h"), ("24h", "within 24 h"))
_YES: Words = ((1, "yes", "text"),)


def _tokens(state: str) -> str:
    return of_primaries(f'oauth2_tokens{{state="{state}"}}')


def _error(state: str) -> str:
    return of_primaries(f'oauth2_tokens_half_width{{state="{state}"}}')


def _lifetime(share: float) -> str:
    buckets = of_primaries("oauth2_token_lifetime_seconds_bucket")
    return f"histogram_quantile({share}, sum by (kind, le) ({buckets}))"


STORE = Row(
    "What is in the store, and how exactly is that known?",
    (
        Graph(
            title="Tokens by state",
            what="All rows of tokens by state. An estimate where the table is too large to be counted: its error is beside.",
            good="Active ones follow the users; what is expired or revoked is purged in time.",
            do="Expired ones grow without end: the purge stands still. Open Token hygiene.",
            unit="short",
            empty="no token store",
            width=8,
            height=9,
            queries=(
                Query(f"sum({_tokens('active')})", "active", colour="green"),
                Query(f"sum({_tokens('used')})", "used", colour="blue"),
                Query(f"sum({_tokens('revoked')})", "revoked", colour="orange"),
                Query(f"sum({_tokens('expired')})", "expired", colour="text"),
            ),
            stack=True,
            links=(HYGIENE,),
        ),
        Graph(
            title="Active tokens, with the error of estimates",
            what="Active tokens by kind; dashed, both ends of the 95 % interval where the number is an estimate.",
            good="Follows the number of users. Without dashed lines every row was counted.",
            do="A fall at once is a wave of revocations. A wide interval: `pg-oauth-exporter doctor` says what helps.",
            unit="short",
            empty="no token store",
            width=8,
            height=9,
            queries=(
                Query(f"sum by (kind) ({_tokens('active')})", "{{kind}}"),
                Query(
                    f"sum by (kind) ({_tokens('active')}) + (sum by (kind) ({_error('active')}) > 0)",
                    "{{kind}} at most",
                    dashed=True,
                    colour="text",
                ),
                Query(
                    f"sum by (kind) ({_tokens('active')}) - (sum by (kind) ({_error('active')}) > 0)",
                    "{{kind}} at least",
                    dashed=True,
                    colour="text",
                ),
            ),
        ),
        Table(
            title="Counted, or estimated?",
            what="Tokens by kind and state, and by how many each number may be off: half the 95 % interval. 0 means counted.",
            good="Errors of 0, or of a few per cent.",
            do="`pg-oauth-exporter doctor` says which index would make it exact.",
            empty="no token store",
            width=8,
            height=9,
            by=(("kind", "Kind"), ("state", "State")),
            sort="Tokens",
            columns=(
                Column("Tokens", f"sum by (kind, state) ({of_primaries('oauth2_tokens')})"),
                Column("Off by up to", f"sum by (kind, state) ({of_primaries('oauth2_tokens_half_width')})"),
            ),
        ),
    ),
)

EXPIRY = Row(
    "What ends soon?",
    (
        Bars(
            title="Active tokens that expire",
            what="Active tokens that expire within the time given; those of shorter times are in the longer ones.",
            good="As many as are issued in the time. Their clients come back for new ones then.",
            do="Many at once were issued at once: expect the load of their issue again.",
            unit="short",
            empty="too many to be read",
            width=8,
            height=9,
            query=Query(
                "label_replace("
                + "label_replace(" * (len(_SPANS) - 1)
                + f"topk(3, sum by (within) ({of_primaries('oauth2_tokens_expiring')}))"
                + "".join(f', "within", "{words}", "within", "{within}")' for within, words in _SPANS),
                "{{within}}",
            ),
        ),
        Graph(
            title="Share that expires within an hour",
            what="Share of the active tokens that expire within an hour, by kind. Tokens that live for an hour all do.",
            good="As yesterday. The alert speaks of a leap of tokens that live for long.",
            do="A leap of refresh tokens: people will have to sign in, all at the same time.",
            unit="percentunit",
            empty="no active tokens",
            width=8,
            height=9,
            most=1,
            queries=(
                Query(
                    f"clamp_max(max by (kind) ({of_primaries('kind:oauth2_tokens_expiring:ratio1h')}), 1)",
                    "{{kind}}",
                ),
                Query(
                    f"clamp_max(max by (kind) ({of_primaries('kind:oauth2_tokens_expiring:ratio1h offset 1d')}), 1)",
                    "{{kind}} yesterday",
                    dashed=True,
                    colour="text",
                ),
            ),
            links=(ALERTS,),
        ),
        Graph(
            title="Lifetime of new tokens",
            what="Seconds from issue to expiry of the tokens issued of late: half of them, and 99 of 100, live shorter. "
            "Estimated from a histogram; endless ones are left out.",
            good="What was agreed on: minutes to an hour for access tokens, days to weeks for refresh tokens.",
            do="A step is a changed setting or a new client: compare with the annotation lines.",
            unit="s",
            empty="none issued",
            width=8,
            height=9,
            queries=(
                Query(_lifetime(0.5), "{{kind}} half"),
                Query(_lifetime(0.99), "{{kind}} 99 of 100"),
            ),
        ),
    ),
)

CLIENTS = Row(
    "Which clients, and which devices?",
    (
        Graph(
            title="Clients with most active tokens",
            what="Active tokens of the ten clients that hold most (the set oauth2_clients, which is off unless asked for).",
            good="The clients you know, in the proportions you know.",
            do="One that grows alone loses its tokens and asks for new ones: it should keep them.",
            unit="short",
            empty="set oauth2_clients is off",
            queries=(
                Query(
                    top_values(10, "datname, client_id", 'oauth2_client_tokens{client_id!="_other"}'),
                    "{{client_id}}",
                ),
            ),
            links=(ALERTS,),
        ),
        Graph(
            title="Clients registered",
            what="Clients in the store, and those enabled ones for which nothing was issued for as long as the store reaches back, 90 days at most.",
            good="Changes when somebody registers one, and you know who.",
            do="Remove idle clients: their secrets are still good.",
            unit="short",
            empty="no clients here",
            queries=(
                Query(f"sum by (state) ({of_primaries('oauth2_clients_registered')})", "{{state}}"),
                Query(f"sum({of_primaries('oauth2_clients_idle')})", "idle"),
            ),
            links=(HYGIENE,),
        ),
        Graph(
            title="Clients by grant type",
            what="Enabled clients by the grants they may use; each is counted in every one that it has.",
            good="No password and no implicit.",
            do="Take grants away that a client does not need.",
            unit="short",
            empty="not stored",
            queries=(
                Query(
                    f"""sum by (grant_type) ({of_primaries('oauth2_clients{state="enabled"}')})""",
                    "{{grant_type}}",
                ),
            ),
        ),
        Graph(
            title="Device authorizations",
            what="Device authorizations in the store by state: a television or a command line waits while its user types a code.",
            good="Used far above expired.",
            do="Many expired: people do not find the page, or it does not accept the code.",
            unit="short",
            empty="no devices here",
            queries=(Query(f"sum by (state) ({of_primaries('oauth2_device_authorizations')})", "{{state}}"),),
            stack=True,
        ),
    ),
    folded=True,
)

WATCHED = Row(
    "Which stores are watched, and what do they not show?",
    (
        Table(
            title="Stores",
            what="Databases in which a token store was recognised, and by which profile.",
            good="All that you have.",
            do="One is missing: docs/profiles.md says how to describe it.",
            empty="no token store",
            width=9,
            by=(
                ("target", "Target"),
                ("datname", "Database"),
                ("profile", "Profile"),
                ("schema", "Schema"),
            ),
            columns=(
                Column(
                    "Watched",
                    "max by (target, datname, profile, schema) (oauth2_profile_info)",
                    words=_YES,
                    cell="text",
                ),
            ),
            links=(EXPORTER,),
        ),
        Table(
            title="What a store does not show, and why",
            what="What cannot be known from the tables of a store. Panels about it are empty, or say less.",
            good="What you expect of your schema.",
            do="A column more, for the time of revocation for example, and the next poll shows it.",
            empty="it shows all",
            width=15,
            by=(("datname", "Database"), ("what", "What"), ("reason", "Why")),
            widths=(("Database", 100), ("What", 160)),
            columns=(
                Column(
                    "-",
                    "max by (datname, what, reason) (oauth2_unobservable_info)",
                    words=_YES,
                    cell="text",
                    hidden=True,
                ),
            ),
        ),
    ),
    folded=True,
)
