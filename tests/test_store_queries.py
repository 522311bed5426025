"""What the queries over tokens say is what a count by hand says, on every server."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import count, product

import psycopg
import pytest

from exporter import bind
from exporter.derive.window_counter import window_counter
from exporter.entities import Entity
from exporter.model import Histogram, Query
from exporter.overlay import bound
from exporter.quoting import identifier
from servers import MONITOR, Server
from store_queries import PROFILES, QUERIES, Session, Store, rows_of, store_of

DAY = 86400.0
_IDS = count(1)


@dataclass(frozen=True, slots=True)
class Token:
    """A made-up token; times in seconds from now."""

    kind: str
    issued: float
    expires: float
    revoked: float | None = None
    client: str | None = None
    user: str | None = None

    @property
    def state(self) -> str:
        if self.revoked is not None:
            return "revoked"
        return "active" if self.expires > 0 else "expired"


@pytest.fixture(scope="module")
def seed(server: Server) -> Iterator[Store]:
    with store_of("seed", server) as store:
        yield store


@pytest.fixture
def session(seed: Store) -> Iterator[Session]:
    with seed.begin() as session:
        yield session


def add(session: Session, tokens: Sequence[Token]) -> None:
    for token in tokens:
        if token.client is not None:
            session.connection.execute(
                "INSERT INTO public.clients VALUES (%s, '', '', '{}', '{}') ON CONFLICT DO NOTHING",
                (token.client,),
            )
        session.insert(
            "tokens",
            token_id=f"00000000-0000-0000-0000-{next(_IDS):012}",
            token_type=token.kind,
            access_token="secret",
            created_at=token.issued,
            expires_at=token.expires,
            revoked_at=token.revoked,
            client_id=token.client,
            user_id=token.user,
        )


def only_histogram(session: Session, name: str, **labels: str) -> Histogram:
    [family] = session.ask(name).families
    [found] = [
        sample.value
        for sample in family.samples
        if labels.items() <= dict(zip(family.label_names, sample.labels, strict=True)).items()
    ]
    assert isinstance(found, Histogram)
    return found


@pytest.mark.parametrize("profile", PROFILES)
def test_every_query_runs_on_every_profile_and_an_empty_store_has_no_rows_to_count(
    server: Server, profile: str
) -> None:
    """Also where the store has none of an entity, and whatever is not shown is absent, not 0."""
    with store_of(profile, server) as store, store.begin() as session:
        for name, query in QUERIES.items():
            for family in session.ask(name).families:
                for sample in family.samples:
                    value = sample.value
                    assert (value.count if isinstance(value, Histogram) else value) == 0, (name, family)
            cells = [cell for row in session.rows(name).rows for cell in row]
            assert query.derive or not any(isinstance(cell, Decimal) for cell in cells), name


@pytest.mark.parametrize("profile", PROFILES)
def test_the_columns_that_a_profile_reads_are_all_that_a_role_needs(server: Server, profile: str) -> None:
    server.monitor_dsn()
    with store_of(profile, server) as store:
        for relation, columns in bind.readable(store.profile).items():
            names = ", ".join(map(identifier, columns))
            server.execute(
                f"GRANT SELECT ({names}) ON {bind.qualified(relation)} TO {MONITOR}", store.database
            )
        with psycopg.connect(server.monitor_dsn(store.database)) as connection:
            for name in QUERIES:
                rows_of(connection, name, store.profile)


def test_each_token_is_in_one_state_and_the_states_sum_up_to_the_rows(session: Session) -> None:
    """A token that expires this very moment is expired; each combination is there another number of times."""
    cases = product(["access", "Refresh_Token", "id", "x"], [-9.0, 0.0, 0.001, 9.0], [None, -5.0, 5.0])
    tokens = [Token(kind, -60.0, expires, revoked) for kind, expires, revoked in cases]
    tokens = [token for number, token in enumerate(tokens, 1) for _ in range(number)]
    add(session, tokens)
    kinds = {"Refresh_Token": "refresh", "x": "other"}
    expected = Counter((kinds.get(token.kind, token.kind), token.state) for token in tokens)
    [family] = [one for one in session.ask("tokens").families if one.name == "oauth2_tokens"]
    assert {sample.labels[2:]: sample.value for sample in family.samples} == expected


def test_a_state_is_0_where_the_store_shows_it_and_absent_where_it_does_not(session: Session) -> None:
    [family] = [one for one in session.ask("tokens").families if one.name == "oauth2_tokens"]
    shown = {sample.labels[2:]: sample.value for sample in family.samples}
    assert shown == dict.fromkeys(product(["access", "refresh"], ["active", "expired", "revoked"]), 0)


def test_tokens_that_expire_soon_are_counted_to_the_second(session: Session) -> None:
    tokens = [
        Token("access", -60.0, expires, revoked)
        for expires in (0.0, 1.0, 300.0, 300.1, 3600.0, 3600.1, 86400.0, 86400.1)
        for revoked in (None, -1.0)
    ]
    add(session, tokens)
    expiring = session.by("token_expiry", "oauth2_tokens_expiring", "within", kind="access")
    assert expiring == {"5m": 2, "1h": 4, "24h": 6}


@pytest.mark.parametrize(("expires", "never"), [("infinity", 1), ("-infinity", 0), ("2999-01-01", 0)])
def test_a_token_without_an_end_never_expires(session: Session, expires: str, never: int) -> None:
    add(session, [Token("refresh", -60.0, 60.0)])
    session.connection.execute("UPDATE tokens SET expires_at = %s", (expires,))
    counts = session.by("token_expiry", "oauth2_tokens_without_expiry", "kind")
    assert counts == {"access": 0, "refresh": never}


def test_refresh_tokens_without_a_limit_never_expire(server: Server) -> None:
    """As django-oauth-toolkit has them by default, as long as their access token is there."""
    with store_of("django-oauth-toolkit", server) as store, store.begin() as session:
        session.connection.execute(
            "INSERT INTO oauth2_provider_accesstoken (id, token, expires, scope, created, updated,"
            " token_checksum, resource) VALUES (1, '', now(), '', now(), now(), '', '{}')"
        )
        session.connection.execute(
            "INSERT INTO oauth2_provider_refreshtoken (token, created, updated, application_id, user_id,"
            " access_token_id, token_checksum, resource) VALUES ('', now(), now(), 1, 1, 1, '', '{}')"
        )
        counts = session.by("token_expiry", "oauth2_tokens_without_expiry", "kind")
        assert counts == {"access": 0, "refresh": 1, "id": 0}


def test_lifetimes_are_those_of_the_last_day_by_kind(session: Session) -> None:
    """A clock that differs by a fraction of a second does not move a token to the next bucket."""
    lifetimes = [-5.0, 60.0, 61.0, 3600.02, 3599.98, 3601.0, 86400.0, 9e6]
    tokens = [Token("access", -10.0, lifetime - 10) for lifetime in lifetimes]
    tokens += [Token("access", -DAY, 1.0), Token("access", 7200.0, 7260.0), Token("refresh", -5.0, 2592000.0)]
    add(session, tokens)
    found = only_histogram(session, "token_lifetimes", kind="access")
    rounded = [max(0, round(lifetime)) for lifetime in (*lifetimes, 60.0)]
    assert found.bounds == (60, 300, 900, 3600, 7200, 43200, 86400, 604800, 2592000, 7776000)
    assert found.buckets == tuple(sum(one <= bound for one in rounded) for bound in found.bounds)
    assert (found.count, found.sum) == (len(rounded), sum(rounded))
    refresh = only_histogram(session, "token_lifetimes", kind="refresh")
    assert (refresh.count, refresh.sum) == (1, 2592005)


def counted(session: Session, name: str, state: object | None) -> tuple[dict[object, object], object | None]:
    """Look once more by a counter: its values by the first label, and what to hand to the next look."""
    rows, state = window_counter(session.rows(name), state, 0.0)
    return {row[0] if len(row) > 1 else None: row[-1] for row in rows.rows}, state


def test_tokens_issued_are_counted_from_the_first_look_on(session: Session) -> None:
    """Late ones too, those that were there before are not, and a deletion takes nothing back."""
    add(session, [Token("access", -30.0, 60.0), Token("refresh", 0.0, 60.0)])
    totals, state = counted(session, "tokens_issued", None)
    assert totals == {"access": 0, "refresh": 0}
    add(session, [Token("access", age, 60.0) for age in (0.0, -30.0, -590.0, -700.0, 3600.0)])
    add(session, [Token("whatever", 0.0, 60.0)])
    totals, state = counted(session, "tokens_issued", state)
    assert totals == {"access": 4, "refresh": 0, "other": 1}
    session.connection.execute("DELETE FROM tokens")
    totals, state = counted(session, "tokens_issued", state)
    assert totals == {"access": 4, "refresh": 0, "other": 1}
    add(session, [Token("refresh", -30.0, 60.0)])
    assert counted(session, "tokens_issued", state)[0] == {"access": 4, "refresh": 1, "other": 1}


def test_tokens_revoked_are_counted_by_the_time_of_revocation(session: Session) -> None:
    add(session, [Token("access", -30.0, 60.0), Token("access", -9 * DAY, -8 * DAY)])
    _, state = counted(session, "tokens_revoked", None)
    session.connection.execute("UPDATE tokens SET revoked_at = now() AT TIME ZONE 'UTC'")
    assert counted(session, "tokens_revoked", state)[0] == {"access": 2, "refresh": 0}


def test_what_has_no_time_of_revocation_has_no_counter_of_it(server: Server) -> None:
    with store_of("hydra", server) as store, store.begin() as session:
        assert session.ask("tokens_revoked").families == ()


@pytest.mark.parametrize(
    ("profile", "table", "column"),
    [("seed", "tokens", "created_at"), ("rust-oauth2-server", "tokens", "created_at")],
)
@pytest.mark.parametrize("name", ["tokens_issued", "token_lifetimes", "clock"])
def test_an_index_on_the_time_of_issue_is_used_however_it_is_stored(
    server: Server, profile: str, table: str, column: str, name: str
) -> None:
    """Read as the model has it, a time without zone is an expression, which no index serves."""
    with store_of(profile, server) as store, store.begin() as session:
        session.connection.execute(f"CREATE INDEX issued ON {table} ({column})".encode())
        session.connection.execute("SET LOCAL enable_seqscan = off")
        made = bound(QUERIES[name], store.profile)
        assert isinstance(made, Query)
        [(_, sql)] = made.variants
        plan = "\n".join(row[0] for row in session.connection.execute(f"EXPLAIN {sql}".encode()))
        assert re.search(rf"Index Cond: \(+{column} >", plan)


def test_purge_debt_begins_when_the_retention_ends(session: Session) -> None:
    """A revoked token counts from its expiry, too: a cleanup by expiry does not delete it before."""
    week = 7 * DAY
    add(
        session,
        [Token("access", -60.0, 60.0), Token("access", -60.0, -1.0), Token("access", -60.0, 1.0, -9 * DAY)],
    )
    add(
        session,
        [Token("access", -60.0, 1 - week), Token("access", -60.0, -week), Token("access", -60.0, -week - 50)],
    )
    answer = session.ask("purge")
    assert answer.value("oauth2_purge_overdue_rows", entity="tokens") == 2
    assert answer.value("oauth2_purge_oldest_seconds", entity="tokens") == 50
    assert answer.value("oauth2_dead_weight_ratio", entity="tokens") == 2 / 6


def test_purge_debt_of_codes_and_sessions_has_their_own_retention(session: Session) -> None:
    session.insert("users", user_id="u", username="u", email="u")
    for number, late in enumerate((-1.0, 0.0, 7.0)):
        times = {"expires_at": -3600 - late, "user_id": "u"}
        session.insert("authorization_codes", code=number, redirect_uri="", **times)
        times = {"expires_at": -DAY - late, "user_id": "u"}
        session.insert(
            "user_sessions", session_id=f"00000000-0000-0000-0000-{number:012}", session_token=number, **times
        )
    answer = session.ask("purge")
    for entity in ("codes", "sessions"):
        assert answer.value("oauth2_purge_overdue_rows", entity=entity) == 2
        assert answer.value("oauth2_purge_oldest_seconds", entity=entity) == 7
        assert answer.value("oauth2_dead_weight_ratio", entity=entity) == pytest.approx(2 / 3)
    assert answer.value("oauth2_purge_overdue_rows", entity="tokens") == 0
    assert answer.value("oauth2_dead_weight_ratio", entity="tokens") is None


def test_what_is_too_large_to_read_is_absent_and_the_rest_is_not(session: Session) -> None:
    answer = session.ask("purge", [Entity.TOKENS])
    assert answer.value("oauth2_purge_overdue_rows", entity="codes") == 0
    assert answer.value("oauth2_purge_overdue_rows", entity="tokens") is None


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_no_time_zone_of_the_session_changes_a_number(session: Session, zone: str) -> None:
    add(
        session,
        [Token("access", -3.0, 5.0), Token("access", -3.0, -5.0), Token("access", -9.0, -7 * DAY - 5)],
    )
    names = [name for name, query in QUERIES.items() if query.derive is None]
    before = {name: session.rows(name).rows for name in names}
    session.connection.execute("SELECT set_config('TimeZone', %s, true)", (zone,))
    assert {name: session.rows(name).rows for name in names} == before


def test_a_row_from_the_future_shows_a_clock_or_zone_that_is_off(session: Session) -> None:
    add(session, [Token("access", -1.0, 60.0)])
    assert session.by("clock", "oauth2_newest_row_ahead_seconds", "entity") == dict.fromkeys(
        ("tokens", "codes", "users", "sessions"), 0
    )
    add(session, [Token("access", 19800.0, 60.0), Token("access", 5.0, 60.0)])
    session.insert("users", user_id="u", username="u", email="u", created_at=2.5)
    ahead = session.by("clock", "oauth2_newest_row_ahead_seconds", "entity")
    assert ahead == {"tokens": 19800, "codes": 0, "users": 2.5, "sessions": 0}
