"""Which token sources of a profile are counted by blocks: with conditions and joins, on real servers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.countable import countable, described, needs_of
from exporter.counting import MOST_JOINED_ROWS, Draw, Leaf, Method, Plan, TokenSource, choose
from exporter.counting_sql import statement
from exporter.entities import Entity
from exporter.override import Overrides
from exporter.profile import Source
from exporter.profile_files import load, shipped_directory
from exporter.recognise import located
from exporter.token_store import Choice
from servers import Server
from token_tables import Counted, ask

SHIPPED = load([shipped_directory()])
PROFILES = {name: located(profile, "public") for name, profile in SHIPPED.items()}
# Every second refresh token is revoked, every third has expired; each tenth has lost its access token.
PASSPORT = """
CREATE TABLE oauth_access_tokens (
    id text PRIMARY KEY, user_id bigint, client_id bigint, revoked boolean, created_at timestamp,
    expires_at timestamp
);
CREATE TABLE oauth_refresh_tokens (id text, access_token_id text, revoked boolean, expires_at timestamp);
INSERT INTO oauth_access_tokens
SELECT 'a' || n, 1, 1, false, now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' + interval '1 day'
FROM generate_series(1, 20000) AS n WHERE n % 10 <> 0;
INSERT INTO oauth_refresh_tokens
SELECT 'r' || n, 'a' || n, n % 2 = 0,
    now() AT TIME ZONE 'UTC' + CASE WHEN n % 3 = 0 THEN interval '-1 day' ELSE interval '1 day' END
FROM generate_series(1, 6000) AS n;
VACUUM ANALYZE oauth_access_tokens, oauth_refresh_tokens
"""
# Rows of a family hold a refresh token; the others are none of its source's.
RUST = """
CREATE TABLE tokens (
    id text, token_type text, expires_in integer, created_at timestamptz, expires_at timestamptz,
    revoked boolean, client_id text, user_id text, token_family text
);
INSERT INTO tokens
SELECT 't' || n, 'Bearer', 3600, now() - interval '40 days' * (n % 2), now(), n % 7 = 0, 'c', 'u',
    CASE WHEN n % 4 = 0 THEN 'family' END
FROM generate_series(1, 4000) AS n;
VACUUM ANALYZE tokens
"""


def _source(profile: str, name: str) -> Source:
    return next(each for each in PROFILES[profile].of(Entity.TOKENS) if each.name == name)


def _all(relation: str) -> Plan:
    return Plan(Method.SAMPLE, "", 300.0, (Draw(relation, 10**6, tail=False),))


def _fill(server: Server, database: str, sql: str) -> None:
    for each in sql.split(";\n"):
        server.execute(each, database)


def _passport(server: Server, database: str) -> TokenSource:
    _fill(server, database, PASSPORT)
    return described(_source("passport", "refresh"), {})


@pytest.mark.parametrize("by_tid", [True, False])
def test_rows_are_counted_with_what_their_source_joins(
    a_server: Server, database: str, *, by_tid: bool
) -> None:
    source = _passport(a_server, database)
    plan = replace(_all(source.relation), by_tid=by_tid)
    found = Counted(ask(a_server, database, source, plan, "now()"))
    assert found.counts == {
        ("refresh", "revoked"): 3_000,
        ("refresh", "expired"): 1_000,
        ("refresh", "active"): 2_000,
    }


def test_what_is_joined_is_searched_for_each_row_and_never_read_in_full(
    a_server: Server, database: str
) -> None:
    source = _passport(a_server, database)
    sql = statement(source, _all(source.relation), (Leaf(source.relation, 50, 6e3),))
    plan = str(a_server.execute(f"EXPLAIN {sql}", database))
    assert "Index" in plan
    assert "Seq Scan on oauth_access_tokens" not in plan


def test_a_join_is_searched_for_few_rows_only_however_large_the_table() -> None:
    source = described(_source("passport", "refresh"), {})
    for pages, rows in ((10, 600.0), (1_000_000, 60e6), (70_000, 70e3)):
        plan = choose(source, (Leaf(source.relation, pages, rows, correlation=1.0),), 15)
        [draw] = plan.draws
        assert plan.method is Method.SAMPLE
        assert not draw.tail
        assert draw.blocks * rows / pages <= max(MOST_JOINED_ROWS, 4 * rows / pages)


def test_a_join_needs_an_index_that_leads_to_what_it_joins_unless_that_is_tiny() -> None:
    needs = {each.relation: each for each in needs_of(_source("passport", "refresh"))}
    joined, own = needs["public.oauth_access_tokens"], needs["public.oauth_refresh_tokens"]
    assert joined.searched == {"id"}
    assert joined.max_pages == 10
    assert set(joined.columns) == {"id", "created_at"}
    assert not own.searched
    assert own.max_pages is None
    assert set(own.columns) == {"access_token_id", "ctid", "expires_at", "revoked"}


def test_rows_that_are_no_tokens_of_a_source_are_not_counted(a_server: Server, database: str) -> None:
    _fill(a_server, database, RUST)
    opted = Overrides(sources=("tokens.refresh",))
    profile = Choice({"rust": SHIPPED["rust-oauth2-server"]}, opted).placed("public")
    source = next(described(each, {}) for each in countable(profile) if each.name == "refresh")
    for plan in (_all(source.relation), Plan(Method.SCAN, "", 60.0)):
        counts = Counted(ask(a_server, database, source, plan, "now()")).counts
        assert sum(counts.values()) == 1_000
        assert counts["refresh", "revoked"] == 4_000 // 28


def test_every_token_source_of_every_profile_is_counted() -> None:
    for profile in PROFILES.values():
        assert countable(profile) == profile.of(Entity.TOKENS)
