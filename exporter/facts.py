"""Owns the SQL of the facts about a server and its databases, and how their rows become those facts.

No fact costs more than reading catalogues, and none waits for a table that somebody has locked.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Any

from psycopg import sql

from exporter.errors import QueryError
from exporter.model import (
    UNKNOWN_PAGES,
    DatabaseInfo,
    ExtensionInfo,
    OutcomeKind,
    RelationInfo,
    Rows,
    ServerInfo,
)
from exporter.session import SETTINGS

# Runs one statement on the database in question; raises QueryError.
Run = Callable[[str | sql.Composed], Awaitable[Rows]]

# pg_settings shows what our own session has set; where that is so, what the session began with is the fact.
_SERVER = f"""
SELECT pg_catalog.current_setting('server_version_num')::pg_catalog.int4,
    pg_catalog.current_setting('server_version'),
    pg_catalog.pg_is_in_recovery(),
    pg_catalog.current_database(),
    current_user,
    ARRAY(
        SELECT d.datname
        FROM pg_catalog.pg_database AS d
        WHERE d.datallowconn AND NOT d.datistemplate
            AND d.datconnlimit <> -2 -- an interrupted DROP DATABASE leaves such a one
            AND pg_catalog.has_database_privilege(d.oid, 'CONNECT')
        ORDER BY d.datname
    ),
    s.names,
    s.settings,
    extract(epoch FROM pg_catalog.pg_postmaster_start_time())::pg_catalog.float8
FROM (
    SELECT pg_catalog.array_agg(g.name) AS names,
        pg_catalog.array_agg(
            CASE WHEN g.name IN ({", ".join(f"'{name}'" for name in ("statement_timeout", *SETTINGS))})
                THEN g.reset_val ELSE g.setting END
        ) AS settings
    FROM pg_catalog.pg_settings AS g
) AS s
"""

_DATABASE = """
SELECT d.name,
    e.extname,
    e.extversion,
    n.nspname,
    pg_catalog.has_schema_privilege(n.oid, 'USAGE')
FROM (SELECT pg_catalog.current_database() AS name) AS d
    LEFT JOIN pg_catalog.pg_extension AS e ON true
    LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
ORDER BY e.extname
"""

# By name through pg_class, since to_regclass() raises for a schema that our role must not use. `part` is what
# reading the relation reads: itself, its partitions or children, and what a view selects from.
# relpages is as of the last vacuum or analyze. What was added since is bounded in two ways, the lower one
# counts: as many rows a page as there were then, or four, since a wider row is moved out to TOAST.
_RELATIONS = sql.SQL("""
WITH RECURSIVE wanted AS (
    SELECT w.name, c.oid, c.relkind, n.oid AS schema
    FROM unnest({names}::text[], {schemas}::text[], {relations}::text[])
            AS w (name, schema_name, relation_name)
        JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema_name
        JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.relation_name
    WHERE c.relkind IN ('r', 'p', 'm', 'v', 'f')
), part AS (
    SELECT name, oid FROM wanted
    UNION
    SELECT p.name, below.oid
    FROM part AS p CROSS JOIN LATERAL (
        SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i WHERE i.inhparent = p.oid
        UNION ALL
        SELECT d.refobjid
        FROM pg_catalog.pg_class AS v
            JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = v.oid
            JOIN pg_catalog.pg_depend AS d
                ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND d.objid = r.oid
                AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        WHERE v.oid = p.oid AND v.relkind = 'v'
    ) AS below (oid)
), size AS (
    SELECT p.name,
        c.oid,
        c.relkind,
        c.relpages,
        greatest(c.reltuples, 0) AS tuples,
        pg_catalog.pg_stat_get_live_tuples(c.oid) + pg_catalog.pg_stat_get_dead_tuples(c.oid) AS rows_now
    FROM part AS p JOIN pg_catalog.pg_class AS c ON c.oid = p.oid
    WHERE c.relkind IN ('r', 'm', 'f')
), total AS (
    SELECT name,
        pg_catalog.sum(greatest(
            relpages,
            least(relpages * rows_now / nullif(tuples, 0), relpages + (rows_now - tuples) / 4)
        )) FILTER (WHERE relpages > 0) AS pages,
        pg_catalog.array_agg(oid) FILTER (WHERE relpages = 0 AND relkind <> 'f') AS unmeasured,
        pg_catalog.bool_or(relpages = 0 AND relkind = 'f') AS unknown
    FROM size
    GROUP BY name
)
SELECT w.name,
    coalesce(pg_catalog.ceil(t.pages), 0)::int8,
    coalesce(t.unmeasured, '{{}}'),
    coalesce(t.unknown, false),
    ARRAY(
        SELECT a.attname FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = w.oid AND (a.attnum > 0 OR a.attname = 'ctid') AND NOT a.attisdropped
    ),
    ARRAY(
        SELECT a.attname FROM pg_catalog.pg_attribute AS a
        WHERE a.attrelid = w.oid AND (a.attnum > 0 OR a.attname = 'ctid') AND NOT a.attisdropped
            AND pg_catalog.has_schema_privilege(w.schema, 'USAGE')
            AND pg_catalog.has_column_privilege(w.oid, a.attnum, 'SELECT')
    ),
    -- That of a partitioned table is valid when all partitions have it. Children by inheritance have not.
    ARRAY(
        SELECT a.attname FROM pg_catalog.pg_index AS i
            JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid
            JOIN pg_catalog.pg_am AS m ON m.oid = x.relam
            JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = w.oid AND i.indisvalid AND i.indpred IS NULL AND m.amname = 'btree'
            AND (w.relkind = 'p' OR NOT EXISTS (
                SELECT FROM pg_catalog.pg_inherits AS h WHERE h.inhparent = w.oid
            ))
    )
FROM wanted AS w LEFT JOIN total AS t USING (name)
""")

# Of functions of one name, all have to be executable: which of them a query means is not ours to resolve.
_FUNCTIONS = sql.SQL("""
SELECT w.name,
    pg_catalog.bool_and(
        pg_catalog.has_schema_privilege(n.oid, 'USAGE')
        AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE')
    )
FROM unnest({names}::text[], {schemas}::text[], {functions}::text[]) AS w (name, schema_name, function_name)
    JOIN pg_catalog.pg_namespace AS n ON n.nspname = w.schema_name
    JOIN pg_catalog.pg_proc AS p ON p.pronamespace = n.oid AND p.proname = w.function_name
GROUP BY w.name
""")

_MEASURE = sql.SQL("""
SELECT coalesce(pg_catalog.sum(pg_catalog.pg_relation_size(o)), 0)::int8
    / pg_catalog.current_setting('block_size')::int8
FROM pg_catalog.unnest({oids}::oid[]) AS o
""")

_PART = r'(?:"(?:[^"]|"")+"|[^\W\d][\w$]*)'
_NAME = re.compile(rf"({_PART})\.({_PART})")


async def read_server(run: Run) -> ServerInfo:
    """Read the facts about the server.

    Raises:
        QueryError: as `run` does.
    """
    [row] = await _rows(run, _SERVER)
    number, version, in_recovery, database, role, databases, names, values, started = row
    settings = zip(names, values, strict=True)
    return ServerInfo(
        version_num=number,
        version=version,
        in_recovery=in_recovery,
        database=database,
        role=role,
        databases=tuple(databases),
        settings={name: value for name, value in settings if value is not None},
        started=started,
    )


async def read_database(
    run: Run, relations: Collection[str], functions: Collection[str] = ()
) -> DatabaseInfo:
    """Read the facts about the database that `run` runs on, and about what is in it by qualified name.

    Raises:
        QueryError: as `run` does.
    """
    about = await _rows(run, _DATABASE)
    parsed = {relation: parts for relation in relations if (parts := _split(relation)) is not None}
    found = {}
    if parsed:
        schemas, names = zip(*parsed.values(), strict=True)
        wanted = _RELATIONS.format(names=[*parsed], schemas=[*schemas], relations=[*names])
        found = {row[0]: await _relation(run, row) for row in await _rows(run, wanted)}
    return DatabaseInfo(
        name=about[0][0],
        extensions={name: ExtensionInfo(*rest) for _, name, *rest in about if name is not None},
        relations=found,
        functions=await _executable(run, functions),
    )


async def _executable(run: Run, functions: Collection[str]) -> dict[str, bool]:
    parsed = {name: parts for name in functions if (parts := _split(name)) is not None}
    if not parsed:
        return {}
    schemas, names = zip(*parsed.values(), strict=True)
    wanted = _FUNCTIONS.format(names=[*parsed], schemas=[*schemas], functions=[*names])
    return dict(await _rows(run, wanted))


async def _relation(run: Run, row: tuple[Any, ...]) -> RelationInfo:
    _, pages, unmeasured, is_unknown, columns, readable, leading = row
    size = UNKNOWN_PAGES if is_unknown else pages
    if size < UNKNOWN_PAGES and unmeasured:
        size += await _measure(run, unmeasured)
    return RelationInfo(
        pages=min(size, UNKNOWN_PAGES),
        readable_columns=frozenset(readable),
        columns=frozenset(columns),
        leading=frozenset(leading),
    )


async def _measure(run: Run, oids: list[int]) -> int:
    """Ask the files for the pages of what was never vacuumed, of which the catalogue knows nothing.

    This alone waits for a lock, for 100 ms at most; who holds it keeps every query on the relation away, too.
    """
    try:
        [(pages,)] = await _rows(run, _MEASURE.format(oids=oids))
    except QueryError as error:
        if error.kind is OutcomeKind.CONNECT:
            raise
        return UNKNOWN_PAGES
    return int(pages)


async def _rows(run: Run, statement: str | sql.Composed) -> Sequence[tuple[Any, ...]]:
    """Run a statement of this module, of which we know the types that come back."""
    return (await run(statement)).rows


def _split(relation: str) -> tuple[str, str] | None:
    """Return schema and name as PostgreSQL would read them, or None when that is no qualified name."""
    match = _NAME.fullmatch(relation.strip())
    return None if match is None else (_fold(match[1]), _fold(match[2]))


def _fold(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part.lower()
