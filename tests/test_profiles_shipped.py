"""Each shipped profile recognises its server's tables, counts what is in them, and can read no secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from exporter.bind import NOW, entity_sql, readable, token_states_sql
from exporter.entities import FIELDS, Entity
from exporter.override import Overrides, merge
from exporter.profile import Profile
from exporter.profile_files import load, shipped_directory
from exporter.quoting import identifier
from exporter.recognise import Facts, facts_from, facts_sql, fitted, located, recognise
from servers import MONITOR, Server
from shipped import connect
from stores import SUMMARIES, States, Store
from stores_frameworks import DJANGO, DOORKEEPER, PASSPORT, PASSPORT_12
from stores_rows import AUTHLIB, SPRING
from stores_rust import RUST, RUST_TEXT, SEED
from stores_servers import HYDRA, KEYCLOAK, LOGTO

PROFILES = load([shipped_directory()])
STORES = (
    SEED,
    RUST,
    RUST_TEXT,
    HYDRA,
    DJANGO,
    DOORKEEPER,
    PASSPORT,
    PASSPORT_12,
    SPRING,
    KEYCLOAK,
    AUTHLIB,
    LOGTO,
)
every_store = pytest.mark.parametrize("store", STORES, ids=[store.name for store in STORES])


@pytest.fixture
def made(a_server: Server, database: str, store: Store) -> Server:
    store.make(a_server, database)
    return a_server


def read_facts(dsn: str) -> Facts:
    with connect(dsn) as connection:
        return facts_from(connection.execute(facts_sql(PROFILES.values()).encode()).fetchall())


def bound(store: Store, dsn: str, overrides: Overrides | None = None) -> Profile:
    """Return the profile of a store as the daemon would use it in this database."""
    facts = read_facts(dsn)
    found = recognise(PROFILES.values(), facts)
    assert found.profile is PROFILES[store.profile], found.report
    merged = merge(found.profile, overrides) if overrides else located(found.profile, found.schema)
    profile, lacks = fitted(merged, facts)
    assert lacks == ()
    return profile


def ask(dsn: str, sql: str | None) -> list[tuple[object, ...]]:
    assert sql is not None
    with connect(dsn) as connection:
        # The session is as unkind as it can be: neither path nor time zone help.
        connection.execute("set timezone = 'America/New_York'")
        return connection.execute(sql.encode()).fetchall()


def counted(profile: Profile, dsn: str, now: str = NOW) -> dict[tuple[object, object], object]:
    return {(kind, state): tokens for kind, state, tokens in ask(dsn, token_states_sql(profile, now))}


def test_there_is_a_store_for_every_shipped_profile() -> None:
    assert {store.profile for store in STORES} == set(PROFILES)


@every_store
def test_tokens_by_kind_and_state_are_those_of_the_rows(made: Server, database: str, store: Store) -> None:
    """A token has one state, so that states add up to rows, in any time zone."""
    assert counted(bound(store, made.dsn(database)), made.dsn(database)) == store.states


@every_store
def test_the_other_entities_are_those_of_the_rows(made: Server, database: str, store: Store) -> None:
    dsn = made.dsn(database)
    profile = bound(store, dsn)
    found = {
        entity: ask(dsn, SUMMARIES[entity].replace("{0}", sql))
        for entity in Entity
        if entity is not Entity.TOKENS and (sql := entity_sql(profile, entity))
    }
    assert {entity: rows for entity, rows in found.items() if rows} == store.summaries


@every_store
def test_no_other_profile_takes_a_store_for_its_own(made: Server, database: str, store: Store) -> None:
    facts = read_facts(made.dsn(database))
    others = [profile for profile in PROFILES.values() if profile.name != store.profile]
    found = recognise(others, facts)
    assert found.profile is None
    assert found.report.startswith("saw tables public.")


@every_store
def test_a_role_without_any_right_recognises_the_store(made: Server, database: str, store: Store) -> None:
    found = recognise(PROFILES.values(), read_facts(made.monitor_dsn(database)))
    assert (found.profile, found.schema) == (PROFILES[store.profile], "public")


@contextmanager
def granted(server: Server, database: str, profile: Profile) -> Iterator[str]:
    """Give the role `monitor` what the profile reads and nothing else; yield its DSN."""
    dsn = server.monitor_dsn(database)
    for relation, columns in readable(profile).items():
        listed = ", ".join(map(identifier, columns))
        server.execute(f"GRANT SELECT ({listed}) ON {relation} TO {MONITOR}", database)
    yield dsn


@every_store
def test_what_is_readable_is_enough_and_holds_no_secret(made: Server, database: str, store: Store) -> None:
    profile = bound(store, made.dsn(database))
    with granted(made, database, profile) as dsn:
        assert counted(profile, dsn) == store.states
        for entity in Entity:
            if sql := entity_sql(profile, entity):
                ask(dsn, f"select count(*) from ({sql}) as rows")
        facts = read_facts(dsn)
        for relation, columns in profile.secrets.items():
            for column in columns & facts.get(relation, {}).keys():
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    ask(dsn, f"select {identifier(column)} from {relation}")


@every_store
def test_what_a_profile_does_not_show_it_says_with_a_reason(
    made: Server, database: str, store: Store
) -> None:
    """Every entity and every field is either mapped by all sources of the entity, or unobservable."""
    profile = bound(store, made.dsn(database))
    reasons = {one.what: one.reason for one in profile.unobservable}
    assert "the profile does not map it" not in reasons.values()
    for entity, fields in FIELDS.items():
        sources = profile.of(entity)
        assert sources or entity in reasons, entity
        for name in fields:
            mapped = all(name in source.fields for source in sources)
            assert mapped or f"{entity}.{name}" in reasons, f"{entity}.{name}"
    assert entity_sql(profile, Entity.CODES) is None or "codes.replay" in reasons


@every_store
def test_a_store_may_live_in_any_schema(made: Server, database: str, store: Store) -> None:
    made.execute('ALTER SCHEMA public RENAME TO "Auth X"; CREATE SCHEMA public', database)
    profile = bound(store, made.dsn(database))
    assert counted(profile, made.dsn(database)) == store.states


@pytest.mark.parametrize(
    ("store", "parameters", "refresh"),
    [
        (RUST, {}, {("refresh", "active"): 2, ("refresh", "expired"): 1, ("refresh", "revoked"): 1}),
        (RUST, {"refresh_ttl": None}, {("refresh", "active"): 3, ("refresh", "revoked"): 1}),
        (DOORKEEPER, {}, {("refresh", "active"): 22, ("refresh", "revoked"): 5}),
        (AUTHLIB, {}, {("refresh", "active"): 9, ("refresh", "revoked"): 6}),
        (
            AUTHLIB,
            {"refresh_ttl": 3600.0},
            {("refresh", "active"): 2, ("refresh", "expired"): 7, ("refresh", "revoked"): 6},
        ),
    ],
)
def test_refresh_tokens_that_share_a_row_are_counted_only_when_asked_for(
    made: Server, database: str, store: Store, parameters: dict[str, float | None], refresh: States
) -> None:
    """As long as they are not, they are unobservable; the assumption they are counted under is the user's."""
    dsn = made.dsn(database)
    assert "tokens.refresh" in {one.what for one in bound(store, dsn).unobservable}
    overrides = Overrides(schema="public", parameters=parameters, sources=["tokens.refresh"])
    profile = bound(store, dsn, overrides)
    assert "tokens.refresh" not in {one.what for one in profile.unobservable}
    assert counted(profile, dsn) == dict(store.states) | dict(refresh)


@pytest.mark.parametrize("store", [DJANGO], ids=["django"])
def test_the_lifetime_of_refresh_tokens_is_a_parameter(made: Server, database: str, store: Store) -> None:
    overrides = Overrides(schema="public", parameters={"refresh_ttl": 7200.0})
    found = counted(bound(store, made.dsn(database), overrides), made.dsn(database))
    assert (found["refresh", "active"], found["refresh", "expired"]) == (2, 5)


@pytest.mark.parametrize("store", [KEYCLOAK], ids=["keycloak"])
def test_idle_times_given_by_hand_win_over_those_of_the_realm(
    made: Server, database: str, store: Store
) -> None:
    dsn = made.dsn(database)
    for seconds, active in ((3600.0, 2), (3800.0, 9)):
        overrides = Overrides(schema="public", parameters={"offline_idle": seconds})
        assert counted(bound(store, dsn, overrides), dsn)["offline", "active"] == active
    limited = Overrides(schema="public", parameters={"offline_max": 3600.0})
    assert counted(bound(store, dsn, limited), dsn) == {("offline", "expired"): 10}


@pytest.mark.parametrize("store", [SEED], ids=["seed"])
def test_partitioned_tables_count_as_one(a_server: Server, database: str, store: Store) -> None:
    table = "CREATE TABLE tokens (token_id uuid, client_id text, user_id text, token_type varchar(50),"
    table += " access_token text, expires_at timestamp NOT NULL, created_at timestamp, revoked_at timestamp)"
    a_server.execute(f"{table} PARTITION BY RANGE (expires_at)", database)
    for name, low, high in (("tokens_old", "minvalue", "now()"), ("tokens_new", "now()", "maxvalue")):
        bounds = f"({low}) TO ({high})"
        a_server.execute(f"CREATE TABLE {name} PARTITION OF tokens FOR VALUES FROM {bounds}", database)
    times = "(now() at time zone 'UTC') + n * interval '1 h'"
    a_server.execute(
        "INSERT INTO tokens (token_type, expires_at)"
        f" SELECT 'access', {times} FROM generate_series(-3, 4) AS n WHERE n <> 0",
        database,
    )
    dsn = a_server.dsn(database)
    assert counted(bound(store, dsn), dsn) == {("access", "active"): 4, ("access", "expired"): 3}
