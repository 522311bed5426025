"""Rules about what PostgreSQL's values become."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from exporter.errors import QueryError
from exporter.model import OutcomeKind
from gateway import fetched, role
from servers import Server


@pytest.mark.parametrize(
    ("sql", "value"),
    [
        ("1::int2", 1),
        ("9223372036854775807::int8", 9223372036854775807),
        ("0.1::float8", 0.1),
        ("'Infinity'::float8", math.inf),
        ("0.10::numeric", Decimal("0.10")),
        ("'pg_catalog.pg_class'::regclass::oid", 1259),
        ("'42'::xid", 42),
        ("'42'::cid", 42),
        ("'42'::xid8", 42),
        ("'x'::name", "x"),
        ("'x'::\"char\"", "x"),
        ("'ü'", "ü"),
        ("true", True),
        ("NULL::int", None),
        ("ARRAY[1, NULL, 3]", [1, None, 3]),
        ("ARRAY[0.5::float8]", [0.5]),
        ("ARRAY['a', 'b,c']", ["a", "b,c"]),
        ("'{1,2}'::oid[]", [1, 2]),
        ("'0/16B3748'::pg_lsn", "0/16B3748"),
        ("'1 day 00:00:01'::interval", timedelta(days=1, seconds=1)),
        ("'2024-02-29'::date", date(2024, 2, 29)),
        ("'infinity'::date", "infinity"),
        ("'2024-02-29 12:00:00.5'::timestamp", datetime(2024, 2, 29, 12, 0, 0, 500000)),  # noqa: DTZ001 - has none
        ("'2024-02-29 12:00:00+02'::timestamptz", datetime(2024, 2, 29, 10, tzinfo=UTC)),
        ("'-infinity'::timestamptz", "-infinity"),
        ("'0044-03-15 BC'::timestamptz", "0044-03-15 00:00:00+00 BC"),
        ("'{\"a\": [1]}'::jsonb", {"a": [1]}),
    ],
)
def test_a_value_becomes_the_python_value_that_is_most_like_it(
    server: Server, sql: str, value: object
) -> None:
    [(found,)] = fetched(server.dsn(), f"SELECT {sql}").rows
    assert found == value
    assert type(found) is type(value)


def test_dates_are_read_whatever_style_and_zone_the_role_prefers(server: Server) -> None:
    with role(server) as (name, password):
        server.execute(f"ALTER ROLE {name} SET DateStyle = 'German'")
        server.execute(f"ALTER ROLE {name} SET TimeZone = 'Asia/Kathmandu'")
        rows = fetched(
            server.dsn(user=name, password=password),
            "SELECT '2024-02-03'::date, '2024-02-03 12:00+00'::timestamptz, '2024-02-03 12:00'::timestamp",
        )
    noon = datetime(2024, 2, 3, 12, tzinfo=UTC)
    assert rows.rows == [(date(2024, 2, 3), noon, noon.replace(tzinfo=None))]


def test_a_value_that_cannot_be_read_fails_the_query_without_showing_it(a_server: Server) -> None:
    with role(a_server) as (name, password):
        a_server.execute(f"ALTER ROLE {name} SET IntervalStyle = 'iso_8601'")
        with pytest.raises(QueryError, match="cast it to a number or to text") as caught:
            fetched(a_server.dsn(user=name, password=password), "SELECT '4711 days'::interval")
    assert caught.value.kind is OutcomeKind.SQL
    assert "4711" not in str(caught.value)
