"""What a profile puts in the place of a query's placeholders, and what a role then has to read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.model import (
    Column,
    DatabaseInfo,
    ExtensionInfo,
    MetricType,
    Needs,
    Query,
    Scope,
    Skip,
    SkipReason,
)
from exporter.overlay import bound, in_schema, unknown_placeholders
from exporter.profile_files import load, shipped_directory
from exporter.recognise import located
from shipped import SEED

PROFILES = {name: located(profile, "public") for name, profile in load([shipped_directory()]).items()}

QUERY = Query(
    name="tokens",
    set="oauth2",
    help="Tokens.",
    every=60.0,
    timeout=2.0,
    labels=("kind",),
    columns=(Column("oauth2_tokens", "tokens", MetricType.GAUGE, "Tokens."),),
    variants=((0, "select kind, count(*)::bigint as tokens from :tokens as token group by 1"),),
    path="queries/oauth2/tokens.sql",
    scope=Scope.DATABASE,
    over=("tokens",),
    needs=Needs(max_pages=8000),
)


def _bound(**changes: object) -> Query:
    made = bound(replace(QUERY, **changes), SEED)  # type: ignore[arg-type]  # named by the test
    assert isinstance(made, Query), made
    return made


def test_a_placeholder_becomes_a_subselect_of_the_fields_that_are_spoken_of() -> None:
    [(_, sql)] = _bound().variants
    assert "from public.tokens as t" in sql
    assert " as kind" in sql
    assert " as expires" not in sql
    assert ":tokens" not in sql


@pytest.mark.parametrize(
    ("sql", "searched"),
    [
        ("select count(*) from :tokens_issued_within_11m as token", {"created_at"}),
        (
            "select 1 from :tokens_issued_within_1m as a, :tokens_expires_within_5m as b",
            {"created_at", "expires_at"},
        ),
        ("select 1 from :tokens_issued_within_24h_or_5m as token", {"created_at"}),
        ("select 1 from :tokens_issued_within_24h as token", set()),
        ("select 1 from :tokens_or_expires_next_24h as token", {"expires_at"}),
        ("select 1 from :tokens_or_used_next_24h as token", set()),
        ("select 1 from :tokens_issued_within_11m as a, :tokens as b", set()),
        ("select :tokens_has_issued, :tokens_retention", set()),
        ("select 1 from :tokens_used_within_11m as token", set()),
    ],
)
def test_a_query_searches_when_short_ranges_of_plain_columns_are_all_that_it_reads(
    sql: str, searched: set[str]
) -> None:
    [needs] = _bound(variants=((0, sql),)).reads
    assert needs.searched == searched


def test_a_join_may_read_the_other_relation_in_full_so_it_is_not_searched() -> None:
    variants = ((0, "select count(*) from :tokens_issued_within_11m as token"),)
    made = bound(replace(QUERY, variants=variants), PROFILES["django-oauth-toolkit"])
    assert isinstance(made, Query)
    searched = {needs.relation: needs.searched for needs in made.reads}
    assert searched["public.oauth2_provider_idtoken"] == {"created"}
    assert searched["public.oauth2_provider_refreshtoken"] == set()


def test_the_shorter_time_counts_where_the_table_is_large() -> None:
    query = replace(QUERY, variants=((0, "select 1 from :tokens_issued_within_24h_or_5m as token"),))
    for is_large, seconds in ((False, 86_400), (True, 300)):
        made = bound(query, SEED, is_large=is_large)
        assert isinstance(made, Query)
        assert f"'{seconds} seconds'" in made.variants[0][1]


def test_a_large_table_is_read_in_steps_only_where_each_of_them_is_searched() -> None:
    """The place of a row takes a right of its own; a table that is read again at each step has to be tiny."""
    query = replace(QUERY, variants=((0, "select kind from :tokens_or_expires_next_24h as token"),))
    for is_large, columns, pages in (
        (False, ("expires_at", "token_type"), 8000),
        (True, ("ctid", "expires_at", "token_type"), 10),
    ):
        made = bound(query, SEED, is_large=is_large)
        assert isinstance(made, Query)
        [needs] = made.reads
        assert (needs.columns, needs.max_pages) == (columns, pages)
        assert needs.searched == {"expires_at"}


def test_casts_are_no_placeholders_and_unknown_ones_are_named() -> None:
    sql = "select a::text, 'x'::regclass from :tokens as t -- :comment"
    assert list(unknown_placeholders(replace(QUERY, variants=((0, sql),)))) == []
    wrong = "select 1 from :tokns, :clients, :tokens_retentoin"
    assert list(unknown_placeholders(replace(QUERY, variants=((0, wrong),)))) == [
        "tokns",
        "clients",
        "tokens_retentoin",
    ]


def test_the_schema_of_an_extension_stands_quoted_where_it_has_to_be() -> None:
    sql = "select :extension_schema.f(a[1:n]) from :extension_schema.v"
    query = replace(QUERY, over=(), needs=Needs(extension="x"), variants=((0, sql), (17, sql)))
    for schema, written in (("public", "public"), ('The "x"', '"The ""x"""'), (r"a\1", r'"a\1"')):
        database = DatabaseInfo("app", {"x": ExtensionInfo("1.0", schema)})
        filled = f"select {written}.f(a[1:n]) from {written}.v"
        assert in_schema(query, database).variants == ((0, filled), (17, filled))
    assert in_schema(query, DatabaseInfo("app")) == query


def test_the_schema_of_an_extension_is_unknown_without_the_need_of_one() -> None:
    plain = replace(QUERY, over=(), variants=((0, "select a[1:n] from :extension_schema.v"),))
    assert list(unknown_placeholders(plain)) == ["extension_schema"]
    assert list(unknown_placeholders(replace(plain, over=("tokens",)))) == ["extension_schema"]
    assert list(unknown_placeholders(replace(plain, needs=Needs(extension="x")))) == []


def test_a_role_has_to_read_only_the_columns_of_these_fields() -> None:
    assert _bound().reads == (Needs(relation="public.tokens", columns=("token_type",), max_pages=8000),)
    states = ((0, "select kind, revoked, expires from :tokens as token"),)
    assert _bound(variants=states).reads[0].columns == ("expires_at", "revoked_at", "token_type")


def test_retention_and_relations_have_placeholders_of_their_own() -> None:
    variants = ((0, "select :tokens_retention, :tokens_relations"),)
    [(_, sql)] = _bound(variants=variants).variants
    assert sql == "select interval '604800 seconds', array['public.tokens']::pg_catalog.regclass[]"


@pytest.mark.parametrize(("entity", "there"), [("sessions", True), ("devices", False)])
def test_a_query_over_what_the_profile_does_not_have_is_skipped(entity: str, there: bool) -> None:
    made = bound(replace(QUERY, over=(entity,)), SEED)
    assert isinstance(made, Query) is there
    if isinstance(made, Skip):
        assert made.reason is SkipReason.PROFILE
        assert made.detail == "the profile seed has no devices"


def test_a_query_over_two_entities_reads_both() -> None:
    sql = "select client, id from :tokens as token join :clients as c on token.client = c.id"
    made = _bound(over=("tokens", "clients"), variants=((0, sql),))
    assert {needs.relation: needs.columns for needs in made.reads} == {
        "public.clients": ("client_id",),
        "public.tokens": ("client_id",),
    }


@pytest.mark.parametrize(("field", "shown"), [("codes.used_at", True), ("users.enabled", False)])
def test_a_query_about_what_the_store_does_not_show_is_skipped(field: str, shown: bool) -> None:
    made = bound(replace(QUERY, shows=(field,)), SEED)
    assert isinstance(made, Query) is shown
    if isinstance(made, Skip):
        assert made.detail == "the profile seed does not show users.enabled"


@pytest.mark.parametrize(
    ("sql", "columns"),
    [("select count(*) from :tokens as t", ("token_type",)), ("select :tokens_relations", ())],
)
def test_rows_that_are_only_counted_take_one_column_and_names_alone_none(
    sql: str, columns: tuple[str, ...]
) -> None:
    [needs] = _bound(variants=((0, sql),)).reads
    assert needs.columns == columns
