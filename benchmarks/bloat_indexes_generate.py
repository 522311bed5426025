"""Fills a schema with tables and B-trees that a seed alone decides, and lets them live.

    python benchmarks/bloat_indexes_generate.py --dsn postgresql://postgres@127.0.0.1/bench --seed 1

Types, shares of nulls, numbers of different values and how they are spread, the order of arrival, columns
that depend on others; indexes of one to three columns, unique, partial, on expressions, with INCLUDE, with
a fillfactor, made before or after loading; deletes, updates, vacuums: all is drawn. The schema is called
`bloat` and is replaced.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

import psycopg

SCHEMA = "bloat"
TABLES = 24

# A type, and how the integer {v} becomes one of its values.
_TYPES = {
    "integer": "{v}::integer",
    "bigint": "{v}::bigint",
    "smallint": "({v} % 30000)::smallint",
    "boolean": "{v} % 2 = 0",
    "date": "date '2020-01-01' + ({v} % 3000)::integer",
    "timestamptz": "timestamptz '2024-01-01 00:00:00Z' + {v} * interval '7 seconds'",
    "uuid": "pg_catalog.md5({v}::text)::uuid",
    "text": "pg_catalog.md5({v}::text)",
    "varchar(64)": "pg_catalog.substr(pg_catalog.md5({v}::text), 1, 4 + ({v} % 24)::integer)",
    "varchar(80)": "'user' || {v} || pg_catalog.rpad('@', 4 + ({v} % 9)::integer, 'example') || '.org'",
    "varchar(20)": "(array['active', 'pending', 'revoked', 'expired soon', 'new'])[1 + {v} % 5]",
    "varchar(255)": "pg_catalog.md5({v}::text) || pg_catalog.md5(({v} + 1)::text)",
    'text collate "C"': "pg_catalog.rpad({v}::text, 20 + ({v} % 180)::integer, 'xyz')",
    "numeric(14,2)": "({v} * 1.37)::numeric(14,2)",
    "double precision": "{v} * 0.7",
    "inet": "inet '10.0.0.0' + {v}",
    "bytea": "pg_catalog.decode(pg_catalog.md5({v}::text), 'hex')",
    "character(12)": "{v}::text",
}
_PLACES = {
    "unique in order": "g",
    "unique at random": "(g * 7919::bigint) % 1000003",
    "uniform": "pg_catalog.floor({distinct} * pg_catalog.random())::bigint",
    "skewed": "pg_catalog.floor({distinct} * pg_catalog.power(pg_catalog.random(), 3))::bigint",
    "round and round": "g % {distinct}",
    "in order": "g * {distinct} / {rows}",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column: SQL for an integer that is drawn for each row, and SQL for the value made of it."""

    name: str
    type: str
    place: str
    value: str


@dataclass(frozen=True, slots=True)
class Table:
    """A table, statements that make its indexes before and after loading, and what happens then."""

    name: str
    rows: int
    columns: tuple[Column, ...]
    early: tuple[str, ...]
    late: tuple[str, ...]
    life: tuple[str, ...] = field(default=())


def tables(seed: int) -> Iterator[Table]:
    """Yield the tables of a seed; the same seed gives the same ones."""
    draw = Random(seed)  # noqa: S311 - not for secrets
    for number in range(TABLES):
        name = f"{SCHEMA}.t{number:02}"
        rows = int(5_000 * 30 ** draw.random())
        columns = tuple(_columns(draw, rows))
        indexes = [*_indexes(draw, name, columns)]
        early = tuple(one for one in indexes if draw.random() < 0.6)
        late = tuple(one for one in indexes if one not in early)
        yield Table(name, rows, columns, early, late, tuple(_life(draw, name, columns)))


def fill(dsn: str, seed: int) -> None:
    """Make the schema of a seed.

    What happens to a table has sessions of its own, so that statistics arrive in this order.
    """
    _run(dsn, f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE", f"CREATE SCHEMA {SCHEMA}")
    for table in tables(seed):
        listed = ", ".join(f"{column.name} {column.type}" for column in table.columns)
        values = ", ".join(column.value for column in table.columns)
        places = ", ".join(f"{column.place} AS {column.name}" for column in table.columns)
        # OFFSET 0: what is drawn at random is drawn once for each row.
        counted = f"pg_catalog.generate_series(1::bigint, {table.rows}) AS g"
        source = f"(SELECT g, {places} FROM {counted} OFFSET 0) AS drawn"
        _run(
            dsn,
            f"SELECT pg_catalog.setseed({seed % 1000 / 1000})",
            f"CREATE TABLE {table.name} (id bigint, {listed}, note text) WITH (autovacuum_enabled = off)",
            *table.early,
            f"INSERT INTO {table.name} SELECT g, {values}, 'a' FROM {source}",
            *table.late,
        )
        for step in table.life:
            _run(dsn, f"SELECT pg_catalog.setseed({seed % 1000 / 1000})", step)


def _columns(draw: Random, rows: int) -> Iterator[Column]:
    for number in range(draw.randint(3, 6)):
        kind = draw.choice(list(_TYPES))
        distinct = int(2 * (rows / 2) ** draw.random())
        place = _PLACES[draw.choice(list(_PLACES))].format(distinct=distinct, rows=rows)
        nulls = draw.choice([0.0, 0.0, 0.0, 0.05, 0.5, 0.9])
        # One in six follows from the column before it.
        drawn = f"(c{number - 1} / 7)" if number and draw.random() < 1 / 6 else f"c{number}"
        value = f"CASE WHEN pg_catalog.random() >= {nulls} THEN {_TYPES[kind].format(v=drawn)} END"
        yield Column(f"c{number}", kind, place, value)


def _indexes(draw: Random, table: str, columns: tuple[Column, ...]) -> Iterator[str]:
    if draw.random() < 0.8:
        yield f"ALTER TABLE {table} ADD PRIMARY KEY (id)"
    for _ in range(draw.randint(2, 4)):
        wanted = draw.choices([1, 2, 3], [6, 3, 1])[0]
        chosen = draw.sample(columns, wanted)
        keys = [column.name for column in chosen]
        if draw.random() < 0.12:
            keys[0] = _expression(chosen[0])
        unique = draw.random() < 0.1
        if unique:
            keys.append("id")
        rest = [column.name for column in columns if column not in chosen]
        include = f" INCLUDE ({draw.choice(rest)})" if rest and draw.random() < 0.08 else ""
        where = _predicate(draw, columns) if draw.random() < 0.15 else ""
        kind = "UNIQUE INDEX" if unique else "INDEX"
        yield f"CREATE {kind} ON {table} ({', '.join(keys)}){include}{_storage(draw)}{where}"


def _expression(column: Column) -> str:
    if column.type.startswith(("text", "varchar")):
        return f"lower({column.name})"
    if column.type in {"integer", "bigint"}:
        return f"({column.name} % 50)"
    return f"({column.name} IS NULL)"


def _storage(draw: Random) -> str:
    chance = draw.random()
    if chance < 0.12:
        return f" WITH (fillfactor = {draw.choice([50, 70, 80, 100])})"
    return " WITH (deduplicate_items = off)" if chance > 0.96 else ""


def _predicate(draw: Random, columns: tuple[Column, ...]) -> str:
    column = draw.choice(columns)
    return draw.choice(
        [f" WHERE {column.name} IS NOT NULL", " WHERE id % 4 = 0", f" WHERE {column.name} IS NULL"]
    )


def _life(draw: Random, table: str, columns: tuple[Column, ...]) -> Iterator[str]:
    """Yield what happens to a table after it was loaded."""
    yield f"VACUUM (ANALYZE) {table}"
    one = draw.choice(columns)
    share = round(draw.uniform(0.05, 0.9), 2)
    for _ in range(draw.choice([0, 1, 1, 2])):
        yield draw.choice(
            [
                f"DELETE FROM {table} WHERE pg_catalog.random() < {share}",
                f"DELETE FROM {table} WHERE id < (SELECT pg_catalog.max(id) * {share} FROM {table})",
                f"UPDATE {table} SET {one.name} = {one.name} WHERE pg_catalog.random() < {share}",
                f"UPDATE {table} SET note = note || 'b' WHERE pg_catalog.random() < {share}",
                f"UPDATE {table} SET id = -id WHERE id > 0 AND pg_catalog.random() < {share}",
                f"DELETE FROM {table} WHERE {one.name} IS NULL",
            ]
        )
        if draw.random() < 0.85:
            yield f"VACUUM {table}"
    if draw.random() < 0.9:
        yield f"ANALYZE {table}"


def _run(dsn: str, *statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as session:
        for statement in statements:
            session.execute(statement.encode())


def main() -> None:
    """Fill the schema."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dsn", required=True)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    fill(arguments.dsn, arguments.seed)


if __name__ == "__main__":
    main()
