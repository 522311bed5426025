"""Owns the rows of a target about what it will need, and how it is set."""

from __future__ import annotations

from dashboards.links import CONNECTIONS, TABLES, WAL
from dashboards.model import Column, Graph, Query, Row, Table

CAPACITY = Row(
    "How long will it last?",
    (
        Graph(
            title="Size of databases",
            what="Bytes that each database takes on disk, tables, indexes and TOAST.",
            good="Grows as the business does; flat for a token store that is purged.",
            do="Open the tables: growth is rows nobody purges, or bloat.",
            unit="bytes",
            empty="not collected",
            width=8,
            queries=(Query("sum by (target, datname) (pg_database_size_bytes)", "{{target}} {{datname}}"),),
            links=(TABLES,),
        ),
        Graph(
            title="Growth in a day (estimate)",
            what="An estimate: by how much each database would grow in a day if it went on as in the last hours.",
            good="Near 0 for a store whose purge keeps up.",
            do="Divide the free space of the disk by it. A young exporter has seen little: let a day pass.",
            unit="bytes",
            empty="too little seen yet",
            width=8,
            least=None,
            queries=(
                Query(
                    "86400 * sum by (target, datname) (deriv(pg_database_size_bytes[6h]))",
                    "{{target}} {{datname}}",
                ),
            ),
            links=(TABLES,),
        ),
        Graph(
            title="Connections",
            what="Connections that clients hold, and in red what ordinary roles can have.",
            good="Well below the line, and flat where a pool stands in front.",
            do="Find the application that holds them.",
            unit="short",
            empty="not collected",
            width=8,
            queries=(
                Query("max by (target) (pg_connections_used)", "{{target}}"),
                Query(
                    "max by (target) (pg_connections_max - pg_connections_superuser_reserved"
                    " - (pg_connections_reserved or 0 * pg_connections_max))",
                    "{{target}} limit",
                    limit=True,
                ),
            ),
            links=(CONNECTIONS,),
        ),
        Graph(
            title="To the forced vacuum",
            what="Age of the oldest unfrozen transaction as a share of autovacuum_freeze_max_age.",
            good="A saw-tooth below 1: at 1, autovacuum freezes whatever else there is to do.",
            do="A line that goes on climbing above 1: something holds vacuum back, see the tables.",
            unit="percentunit",
            empty="not collected",
            width=8,
            queries=(
                Query("max by (target, datname) (pg_database_xid_freeze_ratio)", "{{target}} {{datname}}"),
                Query("vector(1)", "forced", limit=True),
            ),
            links=(TABLES,),
        ),
        Graph(
            title="WAL on disk",
            what="Bytes of WAL segments, and in red max_wal_size, above which something retains them.",
            good="Below the line.",
            do="A slot, the archiver or wal_keep_size keeps it: see WAL, replication and backups.",
            unit="bytes",
            empty="not collected",
            width=8,
            queries=(
                Query("max by (target) (pg_wal_size_bytes)", "{{target}}"),
                Query(
                    'max by (target) (pg_settings{name="max_wal_size"})',
                    "{{target}} max_wal_size",
                    limit=True,
                ),
            ),
            links=(WAL,),
        ),
        Graph(
            title="Sequences",
            what="Share of the range that is used, of the sequences that have used most.",
            good="Below 50 %.",
            do="At 100 % inserts fail. Change the column and the sequence to bigint well before that.",
            unit="percentunit",
            empty="no sequences",
            width=8,
            most=1,
            queries=(
                Query(
                    "topk(5, max by (target, datname, relname, attname) (pg_sequence_used_ratio))",
                    "{{datname}} {{relname}}.{{attname}}",
                ),
            ),
        ),
    ),
)


def _settings(title: str, unit: str, matcher: str, width: int) -> Table:
    return Table(
        title=title,
        what="What new sessions get; settings that nobody touches are shown only when somebody did.",
        good="What you decided.",
        do="A value nobody remembers: pg_settings.sourcefile and sourceline say where it stands.",
        empty="not collected",
        width=width,
        height=10,
        by=(("target", "Target"), ("name", "Setting")),
        widths=(("Target", 75),),
        columns=(Column("Value", f"max by (target, name) (pg_settings{{{matcher}}})", unit, width=80),),
    )


SETTINGS = Row(
    "How is it set?",
    (
        Table(
            title="Versions",
            what="The version of each server.",
            good="The newest minor version of a major one that is still maintained.",
            do="Minor updates need a restart and nothing else.",
            empty="not collected",
            width=8,
            height=6,
            by=(("target", "Target"), ("short_version", "Version")),
            columns=(Column("1", "max by (target, short_version) (pg_version_info)", hidden=True),),
        ),
        Table(
            title="Weak settings",
            what="Settings that give up durability or integrity, of the server, a database or a role.",
            good="Empty, but on a server whose data can be made again.",
            do="Switch it back, or write down why not.",
            empty="none",
            width=8,
            height=6,
            by=(("name", "Setting"), ("datname", "Database"), ("rolname", "Role")),
            columns=(
                Column(
                    "Weak",
                    'max by (name, datname, rolname) (pg_settings_weak{datname=~"$datname|"})',
                    hidden=True,
                ),
            ),
        ),
        Table(
            title="Changed, by where",
            what="Settings that are not PostgreSQL's default, by the place that says so, and those that wait.",
            good="No setting waits for a restart.",
            do="A restart brings those that wait into effect: plan it, before a crash does it for you.",
            empty="not collected",
            width=8,
            height=6,
            by=(("target", "Target"), ("source", "Where")),
            columns=(
                Column(
                    "Settings",
                    "max by (target, source) (pg_settings_changed) or"
                    ' max by (target, source) (label_replace(pg_settings_pending_restart, "source",'
                    ' "waits for a restart", "", ""))',
                ),
            ),
        ),
        _settings("Sizes", "bytes", 'unit="bytes"', 7),
        _settings("Times", "s", 'unit="seconds"', 8),
        _settings("Numbers and switches", "short", 'unit!~"bytes|seconds"', 9),
    ),
    folded=True,
)
