"""Owns how names and texts are written in SQL: what people are given to run, and what profiles name."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[a-z_][a-z0-9_$]*")
_PART = re.compile(r'"(?:[^"]|"")+"|[^".]+')
# The words that no supported version takes unquoted as a name of a role, schema, table or column. Source:
# the appendix "SQL Key Words" of the PostgreSQL manual, its entries marked reserved;
# and those of www.sqlite.org, "SQLite Keywords", that SQLite takes for nothing else.
_RESERVED = frozenset(
    """
    all analyse analyze and any array as asc asymmetric authorization binary both case cast check collate
    collation column concurrently constraint create cross current_catalog current_date current_role
    current_schema current_time current_timestamp current_user default deferrable desc distinct do else end
    except false fetch for foreign freeze from full grant group having ilike in initially inner intersect into
    is isnull join lateral leading left like limit localtime localtimestamp natural not notnull null offset on
    only or order outer overlaps placing primary references returning right select session_user similar
    some symmetric system_user table tablesample then to trailing true union unique user using variadic
    verbose when where window with

    add alter autoincrement between commit delete drop escape exists if index insert nothing set transaction
    update values
    """.split()  # noqa: SIM905 - a hundred words read better without quotes
)


def identifier(name: str) -> str:
    """Return `name` as an identifier, quoted only when it has to be."""
    if _PLAIN.fullmatch(name) and name not in _RESERVED:
        return name
    return '"' + name.replace('"', '""') + '"'


def relation(name: str) -> str:
    """Return a schema-qualified name with each part quoted when it has to be."""
    return ".".join(identifier(part) for part in parts(name))


def parts(name: str) -> tuple[str, ...]:
    """Split a qualified name as it is written in SQL; a part in quotes may hold dots."""
    return tuple(
        part[1:-1].replace('""', '"') if part.startswith('"') else part for part in _PART.findall(name)
    )


def literal(text: str) -> str:
    """Return `text` as a string constant, which also holds when backslashes are escapes."""
    quoted = "'" + text.replace("'", "''").replace("\\", "\\\\") + "'"
    return f"E{quoted}" if "\\" in text else quoted


def body(text: str) -> str:
    """Return `text` between dollar quotes that it does not contain."""
    tag = "$$"
    number = 0
    while tag in text:
        number += 1
        tag = f"$body{number}$"
    return f"{tag}\n{text}\n{tag}"
