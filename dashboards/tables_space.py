"""Owns the rows of Tables, bloat and vacuum about space: estimated bloat, indexes in the way, sizes and growth."""

from __future__ import annotations

from dashboards.links import QUERIES
from dashboards.model import Column, Graph, Query, Row, Table
from dashboards.phrases import of_primaries, top_rates, top_values
from dashboards.thresholds import alert_steps

_TROUBLED = of_primaries('pg_index_problems{problem!="building"}')
_NAMED = "{{target}} {{datname}} {{relname}}"
_PROBLEMS = "by (target, datname, indexrelname, problem, covered_by)"


def _estimated(of: str, measure: str, name: str) -> str:
    """Return an estimate with its confidence, of primaries, which have the statistics."""
    key = "job, instance, target, datname, schemaname, relname" + (", indexrelname" if of == "index" else "")
    return (
        f"max by (datname, {name}, confidence) ({of_primaries(f'pg_{of}_bloat_{measure}')}"
        f" * on ({key}) group_left (confidence) pg_{of}_bloat_estimate_info)"
    )


def _bloat(of: str, title: str, name: str, more: tuple[Column, ...], **says: str) -> Table:
    return Table(
        title=title,
        what=says["what"],
        good=says["good"],
        do=says["do"],
        empty="not estimated yet, or a standby",
        width=13 if of == "table" else 11,
        by=(("datname", "Database"), (name, of.capitalize()), ("confidence", "Confidence")),
        sort="Estimated",
        widths=(("Database", 85), ("Confidence", 95)),
        columns=(
            Column("Estimated", _estimated(of, "bytes", name), "bytes", width=105, decimals=1),
            # Without the colours of the alert, which leaves small ones out.
            Column("Share", _estimated(of, "ratio", name), "percentunit", width=65, decimals=0),
            *more,
        ),
    )


def _measured(metric: str) -> str:
    """Return what was measured of a heap, with the confidence of its estimate, so that it is in the same line."""
    of_heaps = f'sum without (part, method) ({metric}{{part="heap"}})'
    return (
        f"max by (datname, relname, confidence) (({of_heaps} unless on (job, target) pg_in_recovery == 1)"
        " * on (job, instance, target, datname, schemaname, relname) group_left (confidence) pg_table_bloat_estimate_info)"
    )


BLOAT = Row(
    "Where would a rewrite give back space?",
    (
        _bloat(
            "table",
            "Tables, estimated bloat",
            "relname",
            (
                Column("Free now", _measured("pg_table_free_space_bytes"), "bytes", width=85, decimals=1),
                Column("+/-", _measured("pg_table_free_space_error_bytes"), "bytes", width=65, decimals=1),
            ),
            what="What VACUUM FULL would give back of a table, TOAST left out: an estimate from the catalogue, with its confidence. Beside it the free space in its pages by a sample of the free space map, and how far that may be off (pg_freespacemap).",
            good="Below 30 %. A table that is written to needs some free space.",
            do="More than half, of many GB: pg_repack. Low confidence: ANALYZE first, then look again. Free and bloat differ for good reasons, see docs/bloat.md.",
        ),
        _bloat(
            "index",
            "Indexes, estimated bloat",
            "indexrelname",
            (),
            what="What REINDEX would give back of a B-tree: an estimate from the catalogue, with its confidence.",
            good="20 to 30 % is usual where keys arrive in any order.",
            do="More than half, of many GB: REINDEX INDEX CONCURRENTLY. Low confidence: ANALYZE the table first.",
        ),
    ),
)

INDEXES = Row(
    "Which indexes are in the way?",
    (
        Graph(
            title="Indexes with a problem",
            what="Indexes that are invalid, unused, duplicate or redundant, by problem. One that is being built is no problem yet.",
            good="No invalid and no duplicate one.",
            do="The table beside names the largest.",
            unit="short",
            empty="not read in the time shown",
            width=8,
            queries=(
                Query(
                    f"sum by (problem) ({_TROUBLED})",
                    "{{problem}}",
                ),
            ),
        ),
        Table(
            title="The largest of them",
            what="The three largest indexes of each problem and database. Covered by: the index that does the same work.",
            good="Empty.",
            do="Unused: look how old the statistics are, and at the standbys, each of which counts its own scans, before you drop it. docs/indexes.md says what else to look at.",
            empty="none",
            width=16,
            by=(
                ("target", "Target"),
                ("datname", "Database"),
                ("indexrelname", "Index"),
                ("problem", "Problem"),
                ("covered_by", "Covered by"),
            ),
            sort="Size",
            widths=(("Target", 90), ("Database", 90), ("Problem", 90)),
            columns=(
                Column("Size", f"max {_PROBLEMS} (pg_index_problem_bytes)", "bytes", decimals=1, width=90),
            ),
        ),
    ),
)

GROWTH = Row(
    "What grows, and what is read whole?",
    (
        Graph(
            title="Sizes of tables",
            what="Bytes that a table takes with its indexes and TOAST, of the eight largest.",
            good="Grows as the business does; flat for a token store that is purged.",
            do="A climb without end is rows nobody purges; one without more rows, bloat.",
            unit="bytes",
            empty="not collected",
            width=8,
            queries=(Query(top_values(8, "target, datname, relname", "pg_table_size_bytes"), _NAMED),),
        ),
        Graph(
            title="Rows read by sequential scans",
            what="Live rows that scans of whole tables read each second, of the eight tables with most.",
            good="Small tables only. The dashed line is where the alert on large tables begins.",
            do="A large table: look for the statement without an index. docs/tables.md says how candidates are found.",
            unit="ops",
            empty="not collected",
            width=8,
            steps=alert_steps("PostgresLargeTableScanned", "rows"),
            queries=(
                Query(
                    top_rates(8, "target, datname, relname", "pg_stat_user_tables_seq_tup_read_total"),
                    _NAMED,
                ),
            ),
            links=(QUERIES,),
        ),
        Graph(
            title="Rows changed",
            what="Rows inserted, updated and deleted each second, of the eight tables with most.",
            good="The usual curve of the day.",
            do="Updates and deletes make dead rows: where they are many, autovacuum has to come often.",
            unit="ops",
            empty="not collected",
            width=8,
            queries=tuple(
                Query(
                    top_rates(3, "target, datname, relname", f"pg_stat_user_tables_n_tup_{short}_total"),
                    f"{{{{target}}}} {{{{relname}}}} {word}",
                )
                for short, word in (("ins", "inserted"), ("upd", "updated"), ("del", "deleted"))
            ),
            links=(QUERIES,),
        ),
    ),
)
