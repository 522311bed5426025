"""Owns the tables that estimates of heap bloat are tried on: made by chance from a seed, with what happens to tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

TABLES = 24
SCHEMA = "bloat"
_ROOM = 8168


@dataclass(frozen=True)
class Kind:
    """A kind of column: its type, what fills row g, and about how many bytes that takes."""

    type: str
    value: str
    width: float


@dataclass(frozen=True)
class Table:
    """One table: statements in order, each to be run in a session of its own, so that statistics are flushed."""

    name: str
    what: str
    steps: tuple[str, ...]
    is_analyzed: bool


def tables(seed: int) -> Iterator[Table]:
    """Yield the tables of a seed."""
    chance = Random(seed)  # noqa: S311 - a benchmark has no secrets
    fates = [*_FATES, *chance.choices(_FATES, k=TABLES - len(_FATES))]
    for number, fate in enumerate(fates):
        yield _table(f"t{number:02}", fate, chance)


def _kinds(chance: Random) -> Iterator[Kind]:
    long, short = chance.randint(20, 120), chance.randint(2, 30)
    yield Kind("boolean", "g % 2 = 0", 1)
    yield Kind("smallint", "g % 100", 2)
    yield Kind("integer", "g", 4)
    yield Kind("bigint", "g * 7", 8)
    yield Kind("double precision", "random()", 8)
    yield Kind("numeric(12,2)", "(random() * 1e6)::numeric(12,2)", 8)
    yield Kind("numeric", "g % 50", 5)
    yield Kind("date", "date '2020-01-01' + (g % 900)", 4)
    yield Kind("timestamptz", "now() - g * interval '1 s'", 8)
    yield Kind("uuid", "md5(g::text)::uuid", 16)
    yield Kind("inet", "('10.0.' || g % 200 || '.' || g % 250)::inet", 7)
    yield Kind(f"char({short})", f"left(md5(g::text), {short})", short + 1)
    yield Kind("text", f"left(md5(g::text), {short})", short + 1)
    yield Kind("text", "md5(g::text)", 33)
    yield Kind("text", "(array['new', 'active', 'suspended', 'closed'])[1 + floor(random() * random() * 4)::int]", 7)
    yield Kind("text", f"left(repeat(md5(g::text), 4), 1 + floor(random() * {long})::int)", 2 + long / 2)
    yield Kind("text", "left(repeat(md5(g::text), 20), 1 + floor(-40 * ln(1 - random()))::int)", 42)
    yield Kind("varchar(200)", "'user' || g || '@example.org'", 22)
    yield Kind("jsonb", "jsonb_build_object('id', g, 'name', md5(g::text), 'n', g % 7)", 80)
    yield Kind("text[]", "array_fill(left(md5(g::text), 8), array[1 + g % 4])", 50)
    yield Kind("integer[]", "array_fill(g, array[g % 6])", 35)
    yield Kind("bytea", f"substr(decode(md5(g::text), 'hex'), 1, 1 + floor(random() * 15)::int)", 9)


def _wide(chance: Random) -> Kind:
    blocks = chance.randint(6, 40)
    text = "(select string_agg(md5((g * 100 + i)::text), '') from generate_series(1, {}) as i)"
    return chance.choice(
        [
            Kind("text", text.format(blocks), blocks * 32 + 4),
            Kind("text", f"left({text.format(blocks)}, 100 + floor(random() * {blocks * 32 - 100})::int)", blocks * 17),
            Kind("text", f"repeat(md5(g::text), {chance.randint(70, 200)})", 80 + blocks),
        ]
    )


def _out_of_line(chance: Random) -> Kind:
    blocks = chance.randint(70, 300)
    text = f"(select string_agg(md5((g * 1000 + i)::text), '') from generate_series(1, {blocks}) as i)"
    share = chance.choice([1, 2, 5])
    return Kind("text", f"case when g % {share} = 0 then {text} else left(md5(g::text), 20) end", 20)


def _columns(chance: Random, fate: str) -> list[Kind]:
    kinds = list(_kinds(chance))
    chosen = [kinds[2], *chance.sample(kinds, chance.randint(1, 11))]
    if fate == "wide":
        chosen.append(_wide(chance))
    if fate == "toast":
        chosen.append(_out_of_line(chance))
    if fate == "narrow":
        chosen = chosen[:2]
    chance.shuffle(chosen)
    return chosen


def _value(kind: Kind, chance: Random) -> tuple[str, float]:
    """Return an expression, NULL in some of the rows of some columns, and its mean width."""
    null = chance.choice([0, 0, 0, 0, 0.05, 0.3, 0.5, 0.9, 1])
    if kind.value == "g" or not null:
        return kind.value, kind.width
    return f"case when random() >= {null} then {kind.value} end", kind.width * (1 - null)


def _table(name: str, fate: str, chance: Random) -> Table:
    full = f"{SCHEMA}.{name}"
    columns = _columns(chance, fate)
    values, widths = zip(*(_value(column, chance) for column in columns), strict=True)
    pages = chance.randint(40, 500)
    rows = int(min(60_000, max(500, pages * _ROOM / (32 + sum(widths) * 1.1))))
    if fate == "toast":
        rows = min(rows, 3000)
    fillfactor = chance.choice([50, 70, 80, 90]) if fate == "hot" else chance.choice([100] * 5 + [90, 70])
    listed = ", ".join(f"c{number} {column.type}" for number, column in enumerate(columns))
    select = ", ".join(values)
    with_ = f" with (fillfactor = {fillfactor}, autovacuum_enabled = false)"
    fill = f"insert into {full} select {select} from generate_series({{}}, {{}}) as g"
    key = next(f"c{number}" for number, column in enumerate(columns) if column.type == "integer")
    create = f"create table {full} ({listed}){with_}"
    if fate == "partition":
        parent = f"{SCHEMA}.p{name}"
        create = (
            f"create table {parent} ({listed}) partition by range ({key});"
            f" create table {full} partition of {parent} for values from (minvalue) to (maxvalue){with_}"
        )
    begin = (f"select setseed({chance.random():.6f}); {create}; {fill.format(1, rows)}", f"vacuum analyze {full}")
    after = tuple(_fate(fate, full, key, rows, fill, columns, chance))
    is_analyzed = fate not in {"stale", "never"}
    if fate == "never":
        begin = begin[:1]
    return Table(name, fate, (*begin, *after), is_analyzed)


_FATES = (
    *("clean", "delete", "delete", "delete", "dead", "dead", "fifo", "hot", "hot", "churn", "dropped", "added"),
    *("stale", "toast", "toast", "wide", "wide", "partition", "narrow", "never"),
)


def _fate(
    fate: str, full: str, key: str, rows: int, fill: str, columns: list[Kind], chance: Random
) -> Iterator[str]:
    share = round(chance.uniform(0.05, 0.95), 2)
    delete = f"select setseed({chance.random():.6f}); delete from {full} where random() < {share}"
    if fate == "fifo":
        yield f"delete from {full} where {key} < {int(rows * share)}"
    elif fate in {"hot", "churn"}:
        if fate == "churn":
            yield f"create index on {full} ({key})"
        for part in (1, chance.choice([1, 2, 3])):
            yield f"update {full} set {key} = {key} + 1 where {key} % {part} = 0"
            yield f"vacuum {full}"
        return
    elif fate == "dropped":
        drops = ", ".join(
            f"drop column c{number}"
            for number in chance.sample(range(len(columns)), max(1, len(columns) // 3))
            if f"c{number}" != key
        )
        if drops:
            yield f"alter table {full} {drops}"
        return
    elif fate == "added":
        yield f"alter table {full} add column extra text; update {full} set extra = 'x' || {key}"
    elif fate == "stale":
        yield fill.format(rows + 1, rows * 2)
        yield delete
        return
    elif fate != "clean":
        yield delete
    if fate not in {"dead", "never"}:
        yield f"vacuum {full}"
