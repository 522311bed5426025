"""Owns the tables that estimates of heap bloat are tried on: made from a seed, and what befell them."""

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
    """One table: statements in order, each for a session of its own, so that statistics are flushed."""

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
    yield Kind(
        "text", "(array['new', 'active', 'suspended', 'closed'])[1 + floor(random() * random() * 4)::int]", 7
    )
    yield Kind("text", f"left(repeat(md5(g::text), 4), 1 + floor(random() * {long})::int)", 2 + long / 2)
    yield Kind("text", "left(repeat(md5(g::text), 20), 1 + floor(-40 * ln(1 - random()))::int)", 42)
    yield Kind("varchar(200)", "'user' || g || '@example.org'", 22)
    yield Kind("jsonb", "jsonb_build_object('id', g, 'name', md5(g::text), 'n', g % 7)", 80)
    yield Kind("text[]", "array_fill(left(md5(g::text), 8), array[1 + g % 4])", 50)
    yield Kind("integer[]", "array_fill(g, array[g % 6])", 35)
    yield Kind("bytea", "substr(decode(md5(g::text), 'hex'), 1, 1 + floor(random() * 15)::int)", 9)


def _wide(chance: Random) -> Kind:
    blocks = chance.randint(6, 40)
    text = "(select string_agg(md5((g * 100 + i)::text), '') from generate_series(1, {}) as i)"
    return chance.choice(
        [
            Kind("text", text.format(blocks), blocks * 32 + 4),
            Kind(
                "text",
                f"left({text.format(blocks)}, 100 + floor(random() * {blocks * 32 - 100})::int)",
                blocks * 17,
            ),
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


@dataclass(frozen=True)
class _Draft:
    """A table in the making: its qualified name, a column of integers, its rows, what fills it."""

    full: str
    key: str
    rows: int
    fill: str
    columns: int


def _table(name: str, fate: str, chance: Random) -> Table:
    full = f"{SCHEMA}.{name}"
    columns = _columns(chance, fate)
    values, widths = zip(*(_value(column, chance) for column in columns), strict=True)
    rows = int(min(60_000, max(500, chance.randint(40, 500) * _ROOM / (32 + sum(widths) * 1.1))))
    if fate == "toast":
        rows = min(rows, 3000)
    fillfactor = chance.choice([50, 70, 80, 90]) if fate == "hot" else chance.choice([100] * 5 + [90, 70])
    key = next(f"c{number}" for number, column in enumerate(columns) if column.type == "integer")
    fill = f"insert into {full} select {', '.join(values)} from generate_series({{}}, {{}}) as g"
    draft = _Draft(full, key, rows, fill, len(columns))
    create = _create(name, fate, columns, fillfactor, key)
    steps = [f"select setseed({chance.random():.6f}); {create}; {fill.format(1, rows)}"]
    if fate != "never":
        steps.append(f"vacuum analyze {full}")
    steps.extend(_befalls(fate, draft, chance))
    return Table(name, fate, tuple(steps), is_analyzed=fate not in {"stale", "never"})


def _create(name: str, fate: str, columns: list[Kind], fillfactor: int, key: str) -> str:
    listed = ", ".join(f"c{number} {column.type}" for number, column in enumerate(columns))
    options = f" with (fillfactor = {fillfactor}, autovacuum_enabled = false)"
    if fate != "partition":
        return f"create table {SCHEMA}.{name} ({listed}){options}"
    parent = f"{SCHEMA}.p{name}"
    return (
        f"create table {parent} ({listed}) partition by range ({key}); create table {SCHEMA}.{name}"
        f" partition of {parent} for values from (minvalue) to (maxvalue){options}"
    )


_FATES = (
    *(
        "clean",
        "delete",
        "delete",
        "delete",
        "dead",
        "dead",
        "fifo",
        "hot",
        "hot",
        "churn",
        "dropped",
        "added",
    ),
    *("stale", "toast", "toast", "wide", "wide", "partition", "narrow", "never"),
)


def _befalls(fate: str, draft: _Draft, chance: Random) -> Iterator[str]:
    """Yield what is done to a table that is filled and analysed."""
    full, key, rows = draft.full, draft.key, draft.rows
    share = round(chance.uniform(0.05, 0.95), 2)
    delete = f"select setseed({chance.random():.6f}); delete from {full} where random() < {share}"
    if fate in {"hot", "churn"}:
        yield from _updates(fate, draft, chance)
    elif fate == "dropped":
        yield from _drops(draft, chance)
    elif fate == "added":
        yield f"alter table {full} add column extra text; update {full} set extra = 'x' || {key}"
        yield f"vacuum {full}"
    elif fate == "fifo":
        yield f"delete from {full} where {key} < {int(rows * share)}"
        yield f"vacuum {full}"
    elif fate != "clean":
        if fate == "stale":
            yield draft.fill.format(rows + 1, rows * 2)
        yield delete
        if fate not in {"stale", "dead", "never"}:
            yield f"vacuum {full}"


def _updates(fate: str, draft: _Draft, chance: Random) -> Iterator[str]:
    if fate == "churn":
        yield f"create index on {draft.full} ({draft.key})"
    for part in (1, chance.choice([1, 2, 3])):
        yield f"update {draft.full} set {draft.key} = {draft.key} + 1 where {draft.key} % {part} = 0"
        yield f"vacuum {draft.full}"


def _drops(draft: _Draft, chance: Random) -> Iterator[str]:
    chosen = [f"c{number}" for number in chance.sample(range(draft.columns), max(1, draft.columns // 3))]
    if drops := ", ".join(f"drop column {name}" for name in chosen if name != draft.key):
        yield f"alter table {draft.full} {drops}"
