"""Owns the SQL that counts tokens: built from a source's expressions, one statement for a run, read-only.

All statements answer with the columns part, ring, place, weight, counts, names, which the derivation
`token_counts` reads. `now` is SQL of type timestamptz, so that a test can choose the time. To read single
blocks the role needs SELECT on the system column ctid besides the columns of the source's expressions.
"""

from __future__ import annotations

from math import floor

from exporter.counting import (
    Draw,
    Leaf,
    Method,
    Moment,
    Plan,
    TimeType,
    TokenSource,
    Turn,
    bucket_seconds,
)
from exporter.counting_rows import FALSE, ISO, absolute, at, counts, row
from exporter.quoting import literal

NOW = "pg_catalog.now()"
SLICES = 16  # windows of the expiry that an index reads when it cannot read all
# What an index may answer with at most, all of it or a slice: a bound on the time. A cut answer is not used.
MOST_INDEX_ROWS = 100_000
MOST_SLICE_ROWS = 10_000
RECENT = 86_400  # seconds: what was issued within tells the shares of the kinds among arrivals
# The end of a table in rings, newest first: (every so many-th block, so many of them).
END_RINGS = ((1, 512), (4, 128), (16, 128), (64, 128))
RINGS = 10  # the rings of a relation are numbered from a multiple of this


# The facts a choice is made from, a row for each relation that holds rows itself; partitions in the order of
# their names. An index over part of the rows counts only when its condition is one of those given.
_LEAVES = """
SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) AS relation,
    -- What was never vacuumed or analysed has no size in pg_class. Measuring waits for an exclusive lock, but
    -- so does reading the table, and lock_timeout bounds both.
    greatest(c.relpages,
        pg_catalog.pg_relation_size(c.oid) / pg_catalog.current_setting('block_size')::int)::int AS pages,
    c.reltuples AS rows,
    c.relallvisible AS all_visible,
    (SELECT max(s.correlation) FROM pg_catalog.pg_stats AS s
        WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = {issued}) AS correlation,
    ARRAY(SELECT a.attname::text FROM pg_catalog.pg_index AS i
        JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
        JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
        JOIN pg_catalog.pg_am AS m ON m.oid = x.relam
        WHERE i.indrelid = c.oid AND i.indisvalid AND m.amname = 'btree' AND (
            i.indpred IS NULL OR a.attname = {expires}
                AND pg_catalog.pg_get_expr(i.indpred, c.oid) = ANY (ARRAY[{conditions}]::text[])
        )
    ) AS leading,
    pg_catalog.pg_stat_get_mod_since_analyze(c.oid) AS changed
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'm') AND (
    c.oid = {relation}::regclass
    OR c.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree({relation}::regclass))
)
ORDER BY relation"""
_CLOCK = """
pgx_clock AS MATERIALIZED (
    SELECT {now} AS now_at, {until} AS near_until, {since} AS recent_since
)"""
_FACTS = """
SELECT 'facts' AS part, 0 AS ring, extract(epoch FROM {now})::bigint AS place, 1::float8 AS weight,
    ARRAY[
        {inserted}, {updated}, {deleted}, pg_catalog.pg_is_in_recovery()::int, {horizon}, {uses}, {lifetimes}
    ]::bigint[] AS counts,
    ARRAY[{kinds}]::text[] AS names"""
_SCAN = """
SELECT 'scan', 0, 0::bigint, 1::float8, pgx_block.counts, NULL::text[]
FROM pgx_clock CROSS JOIN LATERAL (
    SELECT {counts} AS counts FROM (SELECT {row} FROM {relation} AS t{joins} OFFSET 0) AS pgx_row
) AS pgx_block"""
_SIZE = """
pgx_size{leaf} AS MATERIALIZED (
    SELECT pg_catalog.pg_relation_size({name}::regclass)
        / pg_catalog.current_setting('block_size')::int AS blocks
)"""
# Blocks at equal distances from a random start, in each ring; rings are the wider the older their blocks.
_DESIGN = """
pgx_ring{leaf} AS (
    SELECT ring, low, high, least(wanted, high - low) AS drawn, pg_catalog.random() AS start
    FROM pgx_size{leaf} CROSS JOIN LATERAL (VALUES {rings}) AS ring (ring, wanted, low, high)
    WHERE high > low
),
pgx_design{leaf} AS MATERIALIZED (
    SELECT ring, (high - low)::float8 / drawn AS weight,
        low + pg_catalog.floor((number + start) * (high - low) / drawn)::bigint AS place
    FROM pgx_ring{leaf} CROSS JOIN LATERAL pg_catalog.generate_series(0, drawn - 1) AS number
)"""
_BLOCKS = """
SELECT 'block', pgx_drawn.ring, pgx_drawn.place, pgx_drawn.weight, pgx_block.counts, NULL::text[]
FROM pgx_clock CROSS JOIN pgx_design{leaf} AS pgx_drawn CROSS JOIN LATERAL (
    SELECT {counts} AS counts FROM (
        SELECT {row} FROM {relation} AS t{joins}
        WHERE t.ctid >= ('(' || pgx_drawn.place || ',0)')::tid
            AND t.ctid < ('(' || (pgx_drawn.place + 1) || ',0)')::tid
        OFFSET 0
    ) AS pgx_row
) AS pgx_block"""
# Each block is drawn by chance alone. A drawn block without rows leaves no trace here.
_CHANCE = """
SELECT 'chance', {ring}, pgx_block.place::bigint, pgx_rate.weight, pgx_block.counts, NULL::text[]
FROM pgx_clock CROSS JOIN (
    SELECT greatest(1, blocks::float8 / {blocks}) AS weight FROM pgx_size{leaf}
) AS pgx_rate CROSS JOIN LATERAL (
    SELECT pg_catalog.ltrim(place, '(') AS place, {counts} AS counts FROM (
        SELECT pg_catalog.split_part(t.ctid::text, ',', 1) AS place, {row}
        FROM {relation} AS t TABLESAMPLE SYSTEM (100 / pgx_rate.weight){joins}
        OFFSET 0
    ) AS pgx_row
    GROUP BY 1
) AS pgx_block"""
# A part of each slice of the window, from a random start in it.
_SLICES = """
SELECT 'near' AS part, 0 AS ring, number::bigint, {weight}::float8 AS weight, {low} AS low, {high} AS high
FROM pgx_clock CROSS JOIN (
    SELECT number, pg_catalog.random() * {idle} AS start
    FROM pg_catalog.generate_series(0, {slices} - 1) AS number
) AS drawn
OFFSET 0"""
# The first bucket is passing and the last one is not all in the window: they are always read.
_BUCKETS = """
SELECT 'bucket' AS part,
    CASE WHEN number = first THEN 1 WHEN number = last THEN 2 WHEN {filling} THEN 3 ELSE 0 END AS ring,
    number,
    1::float8 AS weight, greatest(now_at, {start}) AS low, least(near_until, {end}) AS high
FROM pgx_clock CROSS JOIN (
    SELECT pg_catalog.floor(extract(epoch FROM {now}) / {length})::bigint AS first,
        pg_catalog.floor((extract(epoch FROM {now}) + {horizon}) / {length})::bigint AS last
) AS edge CROSS JOIN LATERAL pg_catalog.generate_series(first, last) AS number
WHERE number IN (first, last) OR {filling} OR number % {turns} = {turn}
OFFSET 0"""
_FILLING = "number BETWEEN {since} AND pg_catalog.floor((extract(epoch FROM {now}) + {life}) / {length})"
# Visits to blocks are counted in the order in which rows come, as the server does.
_NEAR = """
SELECT pgx_slice.part, pgx_slice.ring, pgx_slice.number, pgx_slice.weight, pgx_block.counts, NULL::text[]
FROM ({slices}
) AS pgx_slice CROSS JOIN LATERAL (
    SELECT ARRAY[
        {kinds}, pg_catalog.count(*) FILTER (WHERE place IS DISTINCT FROM before),
        (pg_catalog.count(*) = {most})::int
    ]::bigint[] AS counts
    FROM (
        SELECT kind, place, pg_catalog.lag(place) OVER () AS before
        FROM (
            SELECT {kind} AS kind, pg_catalog.split_part(t.ctid::text, ',', 1) AS place
            FROM {relation} AS t
            WHERE ({where}) AND ({expires}) > pgx_slice.low AND ({expires}) <= pgx_slice.high
                AND NOT ({revoked}) AND NOT ({used})
            LIMIT {most}
        ) AS pgx_row
    ) AS pgx_visit
) AS pgx_block"""


def leaves_statement(source: TokenSource) -> str:
    """Return the statement whose rows are the fields of `Leaf`, in that order; it reads catalogues only."""
    issued = source.issued.column if source.issued else None
    return _LEAVES.format(
        relation=literal(source.relation),
        issued=literal(issued or ""),
        expires=literal(source.expires.column or ""),
        conditions=", ".join(map(literal, source.index_conditions)),
    )


def statement(source: TokenSource, plan: Plan, leaves: tuple[Leaf, ...], now: str = NOW) -> str:
    """Return the one statement of a run of that plan."""
    definitions, parts = [_clock(source, now)], [_facts(source, leaves, now)]
    if plan.method is Method.SCAN:
        parts.append(
            _SCAN.format(counts=counts(source), row=row(source), relation=source.relation, joins=source.joins)
        )
    for number, draw in enumerate(plan.draws):
        definitions.append(_SIZE.format(leaf=number, name=literal(draw.relation)))
        if plan.by_tid:
            definitions.append(_DESIGN.format(leaf=number, rings=", ".join(_rings(number, draw))))
        parts.append(_drawn(source, number, draw, by_tid=plan.by_tid))
    if plan.index_share:
        windows = _buckets(source, plan.turn, now) if plan.turn else _slices(source, plan.index_share)
        parts.append(_near(source, windows, MOST_INDEX_ROWS if plan.index_share >= 1 else MOST_SLICE_ROWS))
    return f"WITH {','.join(definitions)}\n" + "\nUNION ALL\n".join(parts)


def _clock(source: TokenSource, now: str) -> str:
    issued = at(source.issued, now, f"-{RECENT}") if source.issued else "NULL::text"
    return _CLOCK.format(
        now=at(source.expires, now), until=at(source.expires, now, str(source.horizon)), since=issued
    )


def _facts(source: TokenSource, leaves: tuple[Leaf, ...], now: str) -> str:
    def summed(counter: str) -> str:
        names = (f"{literal(leaf.relation)}::regclass" for leaf in leaves)
        return " + ".join(f"pg_catalog.pg_stat_get_tuples_{counter}({name})" for name in names)

    return _FACTS.format(
        now=now,
        inserted=summed("inserted"),
        updated=summed("updated"),
        deleted=summed("deleted"),
        horizon=source.horizon,
        uses=int(source.used is not None),
        lifetimes=", ".join(str(source.lifetimes.get(kind, 0)) for kind in source.kinds),
        kinds=", ".join(map(literal, source.kinds)),
    )


def _rings(leaf: int, draw: Draw) -> list[str]:
    """Return (ring, blocks wanted, first block, block after the last) of each ring of a leaf."""
    rings, end, first = [], 0, RINGS * leaf
    for ring, (step, blocks) in enumerate(END_RINGS if draw.tail else (), start=first + 1):
        start = end + blocks * step
        rings.append(f"({ring}, {blocks}, greatest(0, blocks - {start}), greatest(0, blocks - {end}))")
        end = start
    return [*rings, f"({first}, {draw.blocks}, 0, greatest(0, blocks - {end}))"]


def _drawn(source: TokenSource, number: int, draw: Draw, *, by_tid: bool) -> str:
    return (_BLOCKS if by_tid else _CHANCE).format(
        leaf=number,
        ring=RINGS * number,
        blocks=draw.blocks,
        relation=draw.relation,
        joins=source.joins,
        counts=counts(source),
        row=row(source),
    )


def _slices(source: TokenSource, share: float) -> str:
    slices = 1 if share >= 1 else SLICES
    length = source.horizon / slices
    start = f"(number * {length!r} + start)"
    return _SLICES.format(
        weight=1 / share,
        slices=slices,
        idle=length * (1 - min(1.0, share)),
        low=_after(source.expires, start),
        high=_after(source.expires, f"({start} + {length * min(1.0, share)!r})"),
    )


def _buckets(source: TokenSource, turn: Turn, now: str) -> str:
    length = bucket_seconds(source)
    # One bucket more than has to be: rows are committed later than the time that they hold.
    filling = [
        _FILLING.format(since=floor((turn.since + life) / length) - 1, now=now, life=life, length=length)
        for life in turn.lives
        if turn.since is not None
    ]
    return _BUCKETS.format(
        start=absolute(source.expires, f"number * {length}"),
        end=absolute(source.expires, f"(number + 1) * {length}"),
        now=now,
        horizon=source.horizon,
        length=length,
        filling=f"({' OR '.join(filling) or FALSE})",
        turns=turn.turns,
        turn=turn.number,
    )


def _near(source: TokenSource, windows: str, most: int) -> str:
    return _NEAR.format(
        slices=windows,
        kinds=", ".join(_near_kinds(source)),
        kind=source.kind,
        relation=source.relation,
        where=source.where,
        expires=source.expires.sql,
        revoked=source.revoked,
        used=source.used or FALSE,
        most=most,
    )


def _near_kinds(source: TokenSource) -> list[str]:
    """Return a count for each kind; the last kind takes what is none of the others, as everywhere."""
    *others, _last = map(literal, source.kinds)
    named = [f"kind = {kind}" for kind in others]
    rest = f"kind IN ({', '.join(others)}) IS NOT TRUE" if others else "true"
    return [f"pg_catalog.count(*) FILTER (WHERE {each})" for each in (*named, rest)]


def _after(moment: Moment, seconds: str) -> str:
    """Return the SQL of so many seconds after pgx_clock.now_at, in the column's own type."""
    if moment.type is TimeType.EPOCH:
        return f"(pgx_clock.now_at + pg_catalog.floor({seconds})::bigint)"
    if moment.type is TimeType.TEXT_ISO:
        then = f"pgx_clock.now_at::timestamp + pg_catalog.make_interval(secs => {seconds})"
        return f"pg_catalog.to_char({then}, '{ISO}')"
    return f"(pgx_clock.now_at + pg_catalog.make_interval(secs => {seconds}))"
