"""SQL from profiles: times in every form, flags that are never null, indexes that stay usable."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from exporter.bind import (
    entity_sql,
    field_sql,
    in_domain,
    qualified,
    source_sql,
    sql,
    timestamptz,
    token_states_sql,
)
from exporter.entities import Entity, Test, TimeType, TokenKind
from exporter.profile import (
    Constant,
    Expression,
    FlagColumn,
    KindColumn,
    Profile,
    Relation,
    Source,
    TimeColumn,
    TimeExpression,
    Value,
)
from exporter.recognise import located
from profile_files import profile
from servers import Server
from shipped import connect

MOMENT = datetime(2026, 3, 1, 12, 30, tzinfo=UTC)
PLAIN = Source(Entity.TOKENS, "x", Relation("public", "x"), {"kind": Constant(TokenKind.ACCESS)})


def ask(server: Server, text: str, database: str = "postgres") -> list[tuple[object, ...]]:
    with connect(server.dsn(database)) as connection:
        connection.execute("set timezone = 'Asia/Kolkata'")
        return connection.execute(text.encode()).fetchall()


@pytest.mark.parametrize(
    ("kind", "value", "moment"),
    [
        (TimeType.TZ, "timestamptz '2026-03-01 07:30-05'", MOMENT),
        (TimeType.NAIVE_UTC, "timestamp '2026-03-01 12:30'", MOMENT),
        (TimeType.EPOCH, "1772368200::integer", MOMENT),
        (TimeType.EPOCH, "1772368200::bigint", MOMENT),
        (TimeType.EPOCH_MS, "1772368200500::bigint", MOMENT.replace(microsecond=500_000)),
        (TimeType.TEXT_ISO, "'2026-03-01T12:30:00+00:00'", MOMENT),
        (TimeType.TEXT_ISO, "'2026-03-01T12:30:00.123456789Z'", MOMENT.replace(microsecond=123_457)),
        (TimeType.TEXT_ISO, "'2026-03-01 07:30-05'", MOMENT),
        (TimeType.TEXT_ISO, "'2026-03-01 12:30:00 UTC'", MOMENT),
        (TimeType.TEXT_ISO, "'2026-03-01T12:30:00'", MOMENT),
        (TimeType.TEXT_ISO, "'2026-03-01'", MOMENT.replace(hour=0, minute=0)),
        (TimeType.TEXT_ISO, "''", None),
        (TimeType.TEXT_ISO, "'tomorrow'", None),
        (TimeType.TEXT_ISO, "'1772368200'", None),
        (TimeType.TEXT_ISO, "null::text", None),
    ],
)
def test_a_time_is_the_same_moment_however_it_is_stored(
    a_server: Server, kind: TimeType, value: str, moment: datetime | None
) -> None:
    text = timestamptz(TimeColumn("c", kind), PLAIN)
    assert ask(a_server, f"select {text} from (values ({value})) as t (c)") == [(moment,)]


@pytest.mark.parametrize("kind", [kind for kind in TimeType if kind is not TimeType.TEXT_ISO])
def test_now_in_the_domain_of_a_column_divides_it_as_it_does_times(a_server: Server, kind: TimeType) -> None:
    """With a column that is a moment before, exactly at, and after now."""
    now = "timestamptz '2026-03-01 12:30:00.7+00'"
    stored = {
        TimeType.TZ: "{0}",
        TimeType.NAIVE_UTC: "{0} at time zone 'UTC'",
        TimeType.EPOCH: "floor(extract(epoch from {0}))::integer",
        TimeType.EPOCH_MS: "floor(extract(epoch from {0}) * 1000)::bigint",
    }[kind]
    values = ", ".join(
        f"({stored.replace('{0}', f'({now} + interval {step!r})')})" for step in ("-1 s", "0 s", "1 s")
    )
    query = f"select t.c <= {in_domain(kind, now)}, {timestamptz(TimeColumn('c', kind), PLAIN)} <= {now}"
    assert ask(a_server, f"{query} from (values {values}) as t (c)") == [(True, True)] * 2 + [(False, False)]


def test_text_cannot_be_compared_with_now() -> None:
    assert in_domain(TimeType.TEXT_ISO) is None


@pytest.mark.parametrize(
    ("kind", "type_"),
    [
        (TimeType.TZ, "timestamptz"),
        (TimeType.NAIVE_UTC, "timestamp"),
        (TimeType.EPOCH, "integer"),
        (TimeType.EPOCH_MS, "bigint"),
    ],
)
def test_an_index_on_a_bare_column_is_used(
    a_server: Server, database: str, kind: TimeType, type_: str
) -> None:
    a_server.execute(f"CREATE TABLE x (c {type_}); CREATE INDEX ON x (c)", database)
    with connect(a_server.dsn(database)) as connection:
        connection.execute("set enable_seqscan = off")
        query = f"explain select from public.x as t where t.c > {in_domain(kind)}"
        plan = "\n".join(line for (line,) in connection.execute(query.encode()))
    assert "Index Cond" in plan


@pytest.mark.parametrize(
    ("test", "type_", "true", "false"),
    [
        (Test.ON, "boolean", ["true"], ["false", "null"]),
        (Test.OFF, "boolean", ["false"], ["true", "null"]),
        (Test.SET, "timestamp", ["'2026-01-01'", "'infinity'"], ["null"]),
        (Test.UNSET, "timestamp", ["null"], ["'2026-01-01'"]),
        (Test.NONZERO, "integer", ["1", "-1", "1772368200"], ["0", "null"]),
        (Test.ZERO, "integer", ["0"], ["1", "null"]),
    ],
)
def test_a_flag_is_true_or_false_and_never_null(
    a_server: Server, test: Test, type_: str, true: list[str], false: list[str]
) -> None:
    source = Source(Entity.TOKENS, "x", Relation("a", "b"), {"revoked": FlagColumn("c", test)})
    values = ", ".join(f"({value}::{type_})" for value in (*true, *false))
    found = ask(a_server, f"select {field_sql(source, 'revoked')} from (values {values}) as t (c)")
    assert found == [(True,)] * len(true) + [(False,)] * len(false)


def test_a_flag_from_an_expression_is_never_null_either(a_server: Server) -> None:
    source = Source(Entity.TOKENS, "x", Relation("a", "b"), {"revoked": Expression("{c} <= ${now}")})
    text = field_sql(source, "revoked", "timestamptz '2026-03-01 12:30+00'")
    values = "(timestamptz '2026-03-01 12:30+00'), (timestamptz '2026-03-01 12:31+00'), (null)"
    assert ask(a_server, f"select {text} from (values {values}) as t (c)") == [(True,), (False,), (False,)]


def test_kinds_are_told_in_any_case_and_unknown_ones_are_other(a_server: Server) -> None:
    column = KindColumn("c", {"bearer": TokenKind.ACCESS, "r": TokenKind.REFRESH})
    source = Source(Entity.TOKENS, "x", Relation("a", "b"), {"kind": column})
    query = f"select {field_sql(source, 'kind')} from (values ('BEARER'), ('r'), ('x'), (null)) as t (c)"
    assert ask(a_server, query) == [("access",), ("refresh",), ("other",), ("other",)]
    free = Source(Entity.TOKENS, "x", Relation("a", "b"), {"kind": Expression("{c}")})
    query = f"select {field_sql(free, 'kind')} from (values ('offline'), ('evil'), (null)) as t (c)"
    assert ask(a_server, query) == [("offline",), ("other",), ("other",)]


def test_challenge_methods_are_a_closed_set(a_server: Server) -> None:
    source = Source(Entity.CODES, "x", Relation("a", "b"), {"pkce": Expression("{c}")})
    methods = "('S256'), ('plain'), ('s256'), (''), (null)"
    query = f"select {field_sql(source, 'pkce')} from (values {methods}) as t (c)"
    assert ask(a_server, query) == [("S256",), ("plain",), ("other",), ("none",), ("none",)]


def test_where_a_column_is_null_a_time_may_follow_from_others(a_server: Server) -> None:
    time = TimeColumn("c", TimeType.NAIVE_UTC, "{d:epoch} + interval '1 h'")
    query = f"select {timestamptz(time, PLAIN)} from (values (null::timestamp, 1772364600)) as t (c, d)"
    assert ask(a_server, query) == [(MOMENT,)]


def test_placeholders_are_columns_and_braces_of_sql_are_left_alone() -> None:
    text = "{a} = any('{}'::text[]) and {b.C} = '{\"x\": 1}' and {d:epoch} < ${now} and {user} is null"
    assert sql(text, PLAIN, "N") == (
        't.a = any(\'{}\'::text[]) and b."C" = \'{"x": 1}\' and to_timestamp(t.d) < N and t."user" is null'
    )


def test_a_relation_without_its_schema_cannot_be_queried(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="the schema of tok is not known"):
        source_sql(profile(tmp_path).sources[0])
    assert qualified(Relation("Auth", "user")) == '"Auth"."user"'


def test_an_entity_without_a_source_has_no_sql(tmp_path: Path) -> None:
    mine = located(profile(tmp_path), "s")
    assert entity_sql(mine, Entity.CODES) is None
    assert (token_states_sql(mine) or "").startswith("select kind, case when revoked then 'revoked'")


def test_a_token_that_is_several_things_at_once_is_counted_once(a_server: Server, database: str) -> None:
    """Revoked goes before used, used before expired; what ends right now has ended."""
    flags = {"revoked": FlagColumn("r", Test.ON), "used": FlagColumn("u", Test.ON)}
    fields: dict[str, Value] = {"kind": Constant(TokenKind.ACCESS), "expires": TimeExpression("{e}"), **flags}
    now = "timestamptz '2026-03-01 12:30+00'"
    a_server.execute(
        "CREATE TABLE x AS SELECT * FROM"
        f" (VALUES ({now}, true, true), ({now}, false, true), ({now}, false, false),"
        f" ({now} + interval '1 us', false, null), (null, null, false)) AS v (e, r, u)",
        database,
    )
    one = Source(Entity.TOKENS, "x", Relation("public", "x"), fields)
    mine = Profile("p", "", "", (one, one), {})
    found = ask(a_server, f"{token_states_sql(mine, now)} order by state", database)
    assert found == [
        ("access", "active", 4),
        ("access", "expired", 2),
        ("access", "revoked", 2),
        ("access", "used", 2),
    ]


def test_a_bad_expression_fails_as_sql_and_not_as_something_else(a_server: Server) -> None:
    source = Source(Entity.TOKENS, "x", Relation("a", "b"), {"client": Expression("{c} + ")})
    with pytest.raises(psycopg.errors.SyntaxError):
        ask(a_server, f"select {field_sql(source, 'client')} from (values (1)) as t (c)")
