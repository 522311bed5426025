"""Owns the SQL that reads rows by their time, so that an index on it is used."""

from __future__ import annotations

from collections.abc import Collection

from exporter import bind
from exporter.dialect import DIALECTS
from exporter.entities import FIELDS, FieldKind
from exporter.profile import Source, TimeColumn, TimeExpression

# Blocks that all sources together may touch, and rows of a step. The last step begins below the budget, and
# equal times may double it, so that 2,400 + 2 * 500 are what may be touched at most. Rows deleted and not yet
# vacuumed come on top: a primary marks them in the index when it meets them, a standby meets them each time.
_BUDGET = 2_400
_STEP_ROWS = 500
_STEP_BLOCKS = 8  # of the index, for a step
SMALL = 10  # pages that may be read again at each step, where no index leads to the rows
_TYPES = {FieldKind.FLAG: "boolean", FieldKind.TIME: "timestamptz", FieldKind.LIST: "text[]"}

# Each step goes on behind the last time of the one before. Rows with the same time belong to one step; a
# step cut because there are too many of them is the last. The planner knows neither start nor limit, and
# takes such a limit for a tenth of the rows: so it reads in the order of the index, where it may stop,
# however old its statistics are. A block counts anew each time that the order comes back to it, as the
# server counts.
_AHEAD = """
(with recursive pgx_step as (
  select
    -- Of the column's own type, whatever kind of number that is.
    coalesce((select {column} from {relation} as t where false), {now}) as low,
    0::bigint as blocks,
    true as goes_on,
    false as is_whole,
    array[]::record[] as found
  union all
  select
    pgx_next.low,
    pgx_step.blocks + pgx_next.blocks,
    pgx_next.visits between {rows} and 2 * {rows} - 1 and pgx_next.low <= {until},
    pgx_next.visits < {rows},
    pgx_next.found
  from pgx_step
  cross join lateral (
    select
      max(moment) as low,
      count(*) as visits,
      count(*) filter (where place is distinct from before) + {step} as blocks,
      array_agg(found) filter (where is_one) as found
    from (
      select
        moment,
        is_one,
        found,
        place,
        lag(place) over () as before
      from (
        select *
        from (
          select
            {column} as moment,
            {where} as is_one,
            case when {where} then row({values}) end as found,
            split_part(t.ctid::text, ',', 1) as place
          from {tables}
          where {column} > pgx_step.low
          order by {column}
          fetch first (select {rows}) rows with ties
        ) as pgx_row
        limit (select 2 * {rows})
      ) as pgx_part
    ) as pgx_visit
  ) as pgx_next
  where pgx_step.goes_on
    and pgx_step.blocks < {budget}
)
select
  {names},
  (select case when bool_or(is_whole) then 'infinity' else {known} end from pgx_step) as known_until
from pgx_step
cross join unnest(pgx_step.found) as pgx_found ({typed}))"""


def is_plain(time: object) -> bool:
    """Tell whether a time is a bare column that is compared as it is, so that an index on it helps."""
    return isinstance(time, TimeColumn) and not time.otherwise and bind.in_domain(time.type) is not None


def since(source: Source, field: str, seconds: float) -> str:
    """Return the condition that a time is at most so long ago, as the column stores it where it can be."""
    time = source.fields.get(field)
    interval = DIALECTS[source.engine].interval.replace("%", f"{seconds:.0f}")
    moment = f"(now() - {interval})"
    if isinstance(time, TimeColumn) and not time.otherwise:
        plain = bind.in_domain(time.type, moment, source.engine)
        if plain:
            return f"{bind.column(time.column)} > {plain}"
    if isinstance(time, TimeColumn | TimeExpression):
        return f"{bind.timestamptz(time, source)} > {moment}"
    return "false"


def ahead(source: Source, field: str, names: Collection[str], seconds: float, sources: int) -> str:
    """Return a select of the rows whose time is to come, the next ones first, and `known_until`.

    It goes `seconds` far, or as far as this one of so many `sources` may touch blocks: all rows before
    `known_until` are there. A source whose time is no plain column is read in full.
    """
    fields = {name: bind.field_sql(source, name) for name in names}
    time = source.fields.get(field)
    tables, where = bind.source_from(source), bind.source_where(source)
    if not isinstance(time, TimeColumn) or not is_plain(time):
        listed = ", ".join(f"{value} as {name}" for name, value in fields.items())
        return f"select {listed}, 'infinity'::timestamptz as known_until from {tables} where {where}"
    kinds = {name: FIELDS[source.entity][name].kind for name in names}
    interval = DIALECTS[source.engine].interval.replace("%", f"{seconds:.0f}")
    return _AHEAD.format(
        column=bind.column(time.column),
        relation=bind.qualified(source.relation),
        now=bind.in_domain(time.type),
        until=bind.in_domain(time.type, f"(now() + {interval})"),
        rows=_STEP_ROWS // sources,
        budget=_BUDGET // sources,
        step=_STEP_BLOCKS,
        values=", ".join(fields.values()),
        tables=tables,
        where=where,
        names=", ".join(f"pgx_found.{name}" for name in names),
        known=bind.converted("max(low)", time.type, source),
        typed=", ".join(f"{name} {_TYPES.get(kind, 'text')}" for name, kind in kinds.items()),
    )
