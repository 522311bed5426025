"""Owns the folded rows of Tables, bloat and vacuum: what runs out, what runs now, parts of tables, the cache."""

from __future__ import annotations

from dashboards.model import Bars, Column, Graph, Query, Row, Table
from dashboards.phrases import of_primaries, top_rates, top_values
from dashboards.thresholds import alert_steps

_BY = "by (target, datname, relname)"
_RATE = "[$__rate_interval]"
_NAMED = "{{target}} {{datname}} {{relname}}"
_RUNNING = "by (target, datname, relname, command, phase)"

ENDS = Row(
    "What runs out?",
    (
        Table(
            title="Sequences and integer keys",
            what="Share of its range that a sequence has used, up to what the narrowest column of its numbers can hold.",
            good="Below 50 %.",
            do="At 100 % inserts fail. Change the column and the sequence to bigint well before that: it rewrites the table.",
            empty="no sequences",
            width=12,
            by=(
                ("target", "Target"),
                ("datname", "Database"),
                ("sequencename", "Sequence"),
                ("relname", "Table"),
                ("attname", "Column"),
            ),
            sort="Used",
            columns=(
                Column(
                    "Used",
                    "max by (target, datname, sequencename, relname, attname) (pg_sequence_used_ratio)",
                    "percentunit",
                    alert_steps("PostgresSequenceNearEnd", "ratio"),
                    decimals=1,
                ),
            ),
        ),
        Table(
            title="Partitions",
            what="Partitions of each partitioned table, up to when they reach, and estimated rows that fit in none but the default one.",
            good="They reach into the future; nothing is in the default partition.",
            do="Make the next ones before rows for them come, by pg_partman or a job.",
            empty="no partitioned tables",
            width=12,
            by=(("target", "Target"), ("datname", "Database"), ("relname", "Table")),
            columns=(
                Column("Partitions", f"max {_BY} (pg_partitioned_table_partitions)"),
                Column(
                    "Reach until",
                    f"1000 * max {_BY} (pg_partitioned_table_newest_bound_timestamp_seconds)",
                    "dateTimeFromNow",
                    width=130,
                ),
                Column("In the default", f"max {_BY} (pg_partitioned_table_default_rows)"),
            ),
        ),
    ),
    folded=True,
)

RUNNING = Row(
    "Which long commands run, and how are rows updated?",
    (
        Table(
            title="Vacuums and other long commands",
            what="VACUUM, ANALYZE, CREATE INDEX, COPY and others that run now, by table and phase, for how long, and how much of the phase is done.",
            good="They come and go.",
            do="One that stays in a waiting phase waits for a transaction; a vacuum that begins its indexes anew needs more maintenance_work_mem.",
            empty="none runs",
            width=12,
            by=(
                ("target", "Target"),
                ("datname", "Database"),
                ("relname", "Table"),
                ("command", "Command"),
                ("phase", "Phase"),
            ),
            columns=(
                Column("For", f"max {_RUNNING} (pg_stat_progress_relation_age_seconds)", "s", decimals=0),
                Column(
                    "Done",
                    f"max {_RUNNING} (pg_stat_progress_relation_done_ratio)",
                    "percentunit",
                    decimals=0,
                ),
            ),
        ),
        Graph(
            title="Updates within their page (HOT)",
            what="Share of updates that stayed within their page and needed no new index entries, of the tables with most updates.",
            good="High where no indexed column changes.",
            do="A low share: an index on a column that changes all the time, or no free space in pages (fillfactor).",
            unit="percentunit",
            empty="nothing was updated",
            most=1,
            queries=(
                Query(
                    f"sum {_BY} (rate(pg_stat_user_tables_n_tup_hot_upd_total{_RATE})) / ("
                    + top_rates(5, "target, datname, relname", "pg_stat_user_tables_n_tup_upd_total")
                    + " > 0)",
                    _NAMED,
                ),
            ),
        ),
        Graph(
            title="Vacuums and analyzes an hour",
            what="Tables that were vacuumed and analyzed an hour, by autovacuum and by hand.",
            good="Autovacuum does nearly all of it.",
            do="None for hours while tables change: see whether autovacuum is on.",
            unit="suffix:/h",
            empty="not collected",
            queries=tuple(
                Query(f"3600 * sum(rate(pg_stat_user_tables_{kind}_count_total{_RATE}))", name)
                for kind, name in (
                    ("autovacuum", "vacuum by autovacuum"),
                    ("autoanalyze", "analyze by autovacuum"),
                    ("vacuum", "vacuum by hand"),
                    ("analyze", "analyze by hand"),
                )
            ),
        ),
        Graph(
            title="Estimated bloat, by table",
            what="What a rewrite would give back, an estimate from the catalogue, of the eight tables with most.",
            good="Flat: what dies is used again.",
            do="A climb while the number of rows stays: dead rows are removed too late.",
            unit="bytes",
            empty="not estimated in the time shown",
            queries=(Query(top_values(8, "target, datname, relname", "pg_table_bloat_bytes"), _NAMED),),
        ),
    ),
    folded=True,
)

PARTS = Row(
    "What takes the space, and what comes from disk?",
    (
        Table(
            title="Parts of tables",
            what="The largest tables and their parts: rows, large values (TOAST), indexes, maps.",
            good="Indexes do not take much more than the rows.",
            do="Indexes far above the rows: too many of them, or bloated ones.",
            empty="not collected",
            by=(("target", "Target"), ("datname", "Database"), ("relname", "Table")),
            sort="All",
            columns=tuple(
                Column(title, f"max {_BY} (pg_table_{part}size_bytes)", "bytes", decimals=1)
                for title, part in (
                    ("All", ""),
                    ("Rows", "heap_"),
                    ("TOAST", "toast_"),
                    ("Indexes", "indexes_"),
                    ("Maps", "maps_"),
                )
            ),
        ),
        Bars(
            title="Largest indexes",
            what="Bytes of the eight largest indexes on primaries; _other are all that have no series of their own.",
            good="What their tables ask for.",
            do="One that is large for its table is bloated, or of columns nobody asks for.",
            unit="bytes",
            empty="not collected",
            query=Query(
                f"topk(8, max by (target, datname, indexrelname) {of_primaries('pg_index_size_bytes')})",
                "{{target}} {{indexrelname}}",
            ),
        ),
        Graph(
            title="Blocks of tables found in shared buffers",
            what="Share of the blocks of tables that were in shared buffers when they were needed, of the eight tables from which most were read.",
            good="Above 99 % for a token store; a new server takes a while to get there.",
            do="A fall that stays: the working set has outgrown memory, or a query reads whole tables.",
            unit="percentunit",
            empty="nothing was read",
            most=1,
            least=None,
            queries=(
                Query(
                    f"sum {_BY} (rate(pg_statio_user_tables_heap_blocks_hit_total{_RATE}))"
                    f" / (sum {_BY} (rate(pg_statio_user_tables_heap_blocks_hit_total{_RATE})"
                    f" + rate(pg_statio_user_tables_heap_blocks_read_total{_RATE})) > 0)"
                    " and on (target, datname, relname) topk(8, sum by (target, datname, relname)"
                    " (increase(pg_statio_user_tables_heap_blocks_read_total[$__range] @ end())))",
                    _NAMED,
                ),
            ),
        ),
    ),
    folded=True,
)
