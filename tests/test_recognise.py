"""A profile is recognised by columns and types, and when none fits, what was seen is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.entities import Entity, TypeClass
from exporter.override import Overrides, merge
from exporter.profile import Relation
from exporter.recognise import Facts, facts_from, facts_sql, fitted, located, recognise, type_class
from profile_files import GOOD, profile
from servers import Server
from shipped import connect

TOK = {"id": "uuid", "ends": "timestamp without time zone", "made": "timestamp(6) without time zone"}


def facts(**tables: dict[str, str]) -> Facts:
    """Return facts of tables named `schema__table`."""
    return {Relation(*name.split("__")): columns for name, columns in tables.items()}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("text", TypeClass.TEXT),
        ("character varying(255)", TypeClass.TEXT),
        ("character(80)", TypeClass.TEXT),
        ("public.citext", TypeClass.TEXT),
        ("timestamp without time zone", TypeClass.TIMESTAMP),
        ("timestamp(0) without time zone", TypeClass.TIMESTAMP),
        ("timestamp(3) with time zone", TypeClass.TIMESTAMPTZ),
        ("bigint", TypeClass.INTEGER),
        ("numeric(10,2)", TypeClass.NUMERIC),
        ("boolean", TypeClass.BOOLEAN),
        ("uuid", TypeClass.UUID),
        ("character varying(255)[]", TypeClass.ARRAY),
        ("jsonb", TypeClass.JSON),
        ("application_type", TypeClass.OTHER),
        ("bytea", TypeClass.OTHER),
    ],
)
def test_a_type_belongs_to_a_class(name: str, kind: TypeClass) -> None:
    assert type_class(name) is kind


def test_a_profile_fits_where_all_its_columns_are_of_their_types(tmp_path: Path) -> None:
    mine = profile(tmp_path)
    found = recognise([mine], facts(auth__tok=TOK, public__other={"x": "text"}))
    assert (found.profile, found.schema, found.report) == (mine, "auth", "mine in schema auth fits")


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            TOK | {"id": "text"},
            "nearest is mine in schema a, which lacks column a.tok.id of type uuid (it is text)",
        ),
        ({"id": "uuid"}, "which lacks column a.tok.ends of type timestamp"),
        (
            TOK | {"ends": "timestamp with time zone"},
            "a.tok.ends of type timestamp (it is timestamp with time zone)",
        ),
    ],
)
def test_when_nothing_fits_the_nearest_profile_and_what_it_lacks_are_said(
    tmp_path: Path, columns: dict[str, str], words: str
) -> None:
    found = recognise([profile(tmp_path)], facts(a__tok=columns, b__oauth={"x": "text"}))
    assert found.profile is None
    assert found.report.startswith("saw tables a.tok, b.oauth; ")
    assert words in found.report


def test_the_nearest_profile_is_the_one_that_lacks_the_least(tmp_path: Path) -> None:
    far = profile(tmp_path / "a", GOOD.replace("id: uuid", "id: uuid, x: text, y: text"), "far")
    near = profile(tmp_path / "b", name="near")
    report = recognise([far, near], facts(a__tok={"id": "uuid"})).report
    assert "nearest is near in schema a" in report


def test_a_database_without_any_such_table_is_said_to_be_one(tmp_path: Path) -> None:
    mine = profile(tmp_path)
    assert (
        recognise([mine], {}).report == "saw no table of a token store; no profile has tables of these names"
    )
    report = recognise([mine], facts(a__tok=TOK), "b").report
    assert report.startswith("saw no table of a token store in schema b;")


def test_of_two_that_fit_the_one_that_asks_for_more_is_meant(tmp_path: Path) -> None:
    less = profile(tmp_path / "a", name="less")
    more = profile(tmp_path / "b", GOOD.replace("id: uuid", "id: uuid, made: timestamp"), "more")
    assert recognise([less, more], facts(a__tok=TOK)).profile is more


def test_two_that_fit_and_ask_for_different_things_are_an_ambiguity(tmp_path: Path) -> None:
    one = profile(tmp_path / "a", name="one")
    two = profile(tmp_path / "b", GOOD.replace("tok:", "tik:"), "two")
    found = recognise([one, two], facts(a__tok=TOK, a__tik=TOK))
    assert found.profile is None
    assert "more than one profile fits: one in schema a, two in schema a; name" in found.report


def test_a_profile_that_fits_two_schemas_needs_the_schema_to_be_named(tmp_path: Path) -> None:
    mine = profile(tmp_path)
    both = facts(a__tok=TOK, b__tok=TOK)
    assert "mine in schema a, mine in schema b" in recognise([mine], both).report
    assert recognise([mine], both, "b").schema == "b"


def test_renamed_tables_in_schemas_of_their_own_are_recognised_once(tmp_path: Path) -> None:
    merged = merge(profile(tmp_path), Overrides(tables={"tok": "x.mine"}))
    assert recognise([merged], facts(x__mine=TOK, y__tok=TOK)).profile is merged


def test_fields_and_sources_that_are_not_there_are_left_out_with_a_reason(tmp_path: Path) -> None:
    text = GOOD.replace("unobservable:", "users:\n  u: {relation: usr, id: id}\nunobservable:")
    fit, lacks = fitted(located(profile(tmp_path, text), "a"), facts(a__tok=TOK))
    reasons = {one.what: one.reason for one in fit.unobservable}
    assert lacks == ()
    assert "revoked" not in fit.of(Entity.TOKENS)[0].fields
    assert reasons["tokens.revoked"] == "column a.tok.gone is not there"
    assert (fit.of(Entity.USERS), reasons["users"]) == ((), "table a.usr is not there")


def test_a_source_without_a_field_that_it_must_have_is_left_out(tmp_path: Path) -> None:
    fit, lacks = fitted(located(profile(tmp_path), "a"), facts(a__tok={"id": "uuid"}))
    assert fit.sources == ()
    assert lacks == ("column a.tok.ends of type timestamp",)


def test_a_fallback_takes_over_only_when_the_other_source_is_not_all_there(tmp_path: Path) -> None:
    text = GOOD.replace("opt_in: each row is two", "fallback_for: all")
    located_ = located(profile(tmp_path, text), "a")
    there = facts(
        a__tok=TOK | {"gone": "text"}, a__tok2={"id": "uuid", "made": "timestamp without time zone"}
    )
    assert [source.name for source in fitted(located_, there)[0].sources] == ["all"]
    del there[Relation("a", "tok")]["gone"]  # type: ignore[attr-defined] # the test made it a dict
    assert [source.name for source in fitted(located_, there)[0].sources] == ["pairs"]


def test_the_catalogue_shows_every_kind_of_table_and_no_partition(
    a_server: Server, database: str, tmp_path: Path
) -> None:
    """Domains show as their base type; of other tables those whose names speak of tokens."""
    a_server.execute(
        """
        CREATE SCHEMA auth; CREATE DOMAIN auth.moment AS timestamp;
        CREATE TABLE auth.tok (id uuid, ends auth.moment, dropped text) PARTITION BY HASH (id);
        ALTER TABLE auth.tok DROP COLUMN dropped;
        CREATE TABLE auth.tok_1 PARTITION OF auth.tok FOR VALUES WITH (MODULUS 1, REMAINDER 0);
        CREATE VIEW public.tok2 AS SELECT 1 AS id; CREATE TABLE public."My Tokens" (x text[]);
        CREATE TABLE public.unrelated (x text); CREATE TEMP TABLE tok (id int);
        """,
        database,
    )
    mine = profile(tmp_path)
    with connect(a_server.monitor_dsn(database)) as connection:
        found = facts_from(connection.execute(facts_sql([mine]).encode()).fetchall())
    assert found == {
        Relation("auth", "tok"): {"id": "uuid", "ends": "timestamp without time zone"},
        Relation("public", "My Tokens"): {"x": "text[]"},
        Relation("public", "tok2"): {"id": "integer"},
    }
