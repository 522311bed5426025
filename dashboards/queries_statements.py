"""Owns the rows of Queries about statements: which take the time, what changed, and what they cost."""

from __future__ import annotations

from dashboards.links import TABLES
from dashboards.model import Column, Graph, Query, Row, Table
from dashboards.phrases import top_rates

_KEY = "target, datname, user, queryid"
_RATE = "[$__rate_interval]"
_NAMED = "{{target}} {{queryid}}"
_BLOCK = 8192
_NO = "no pg_stat_statements"


def _grown(counter: str) -> str:
    """Return by how much a counter of statements grew over the time shown."""
    return f"sum by ({_KEY}) (increase(pg_stat_statements_{counter}_total[$__range]))"


def _with_text(expr: str) -> str:
    """Return the series with the label `query`, where texts are collected."""
    texts = "topk by (target, queryid) (1, pg_stat_statements_text_info)"
    return f"({expr}) * on (target, queryid) group_left (query) {texts} or on ({_KEY}) ({expr})"


def _column(
    title: str, expr: str, unit: str = "short", width: int = 85, decimals: int | None = None
) -> Column:
    return Column(title, _with_text(expr), unit, width=width, decimals=decimals)


_CALLS = f"({_grown('calls')} > 0)"

TIME = Row(
    "Which statements take the time?",
    (
        Table(
            title="Statements, in the time shown",
            what="What each statement took in the time shown, of those that take most of late; _other are all others in sum. Its text stands beside it where the set statements_text is on.",
            good="The usual ones on top, each with a small mean.",
            do="Much time by many calls: call it less. Much by a long mean: EXPLAIN it. Low cached: an index, or memory. Temp: work_mem.",
            empty=_NO,
            height=10,
            by=(
                ("target", "Target"),
                ("datname", "Database"),
                ("user", "Role"),
                ("queryid", "Statement"),
                ("query", "Text"),
            ),
            sort="Total",
            widths=(("Target", 75), ("Database", 85), ("Role", 105)),
            columns=(
                _column("Total", _grown("seconds"), "s", 75, 1),
                _column(
                    "Share",
                    f"{_grown('seconds')} / on (target) group_left () (sum by (target) ({_grown('seconds')}) > 0)",
                    "percentunit",
                    60,
                    0,
                ),
                _column("Calls", _grown("calls"), width=75),
                _column("Mean", f"{_grown('seconds')} / {_CALLS}", "s", decimals=2),
                _column("Rows/call", f"{_grown('rows')} / {_CALLS}", decimals=1),
                _column(
                    "Cached",
                    f"{_grown('shared_blks_hit')} / (({_grown('shared_blks_hit')} + {_grown('shared_blks_read')}) > 0)",
                    "percentunit",
                    75,
                    1,
                ),
                _column("Temp", f"{_BLOCK} * {_grown('temp_blks_written')}", "bytes", 75, 0),
                _column("WAL", _grown("wal_bytes"), "bytes", 85, 1),
            ),
        ),
    ),
)

CHANGE = Row(
    "What changed?",
    (
        Graph(
            title="Sessions executing, by statement",
            what="Seconds of execution in each second, which is sessions that execute on average, of the eight statements that took most in the time shown.",
            good="The usual curve of the day.",
            do="A band that grows: look in the next graphs whether it is called more or takes longer.",
            unit="short",
            empty=_NO,
            width=8,
            stack=True,
            queries=(Query(top_rates(8, _KEY, "pg_stat_statements_seconds_total"), _NAMED),),
        ),
        Graph(
            title="Calls, by statement",
            what="Calls each second, of the eight statements that were called most.",
            good="Follows the number of requests.",
            do="One that rises alone: a loop, or a cache that is gone.",
            unit="ops",
            empty=_NO,
            width=8,
            queries=(Query(top_rates(8, _KEY, "pg_stat_statements_calls_total"), _NAMED),),
        ),
        Graph(
            title="Time for a call, by statement",
            what="Mean time of a call, of the eight statements that took most time in sum.",
            good="Flat.",
            do="A step at once: another plan, or a lock. A slow climb: a table that grows without an index.",
            unit="s",
            empty=_NO,
            width=8,
            queries=(
                Query(
                    f"({top_rates(8, _KEY, 'pg_stat_statements_seconds_total')})"
                    f" / (sum by ({_KEY}) (rate(pg_stat_statements_calls_total{_RATE})) > 0)",
                    _NAMED,
                ),
            ),
        ),
    ),
)


def _cost(title: str, counter: str, unit: str, factor: str = "", **says: str) -> Graph:
    expr = top_rates(5, _KEY, f"pg_stat_statements_{counter}_total")
    return Graph(
        title=title,
        what=says["what"],
        good=says["good"],
        do=says["do"],
        unit=unit,
        empty=says.get("empty", _NO),
        width=8,
        queries=(Query(f"{factor}({expr})" if factor else expr, _NAMED),),
    )


COST = Row(
    "What do they cost?",
    (
        _cost(
            "Rows",
            "rows",
            "ops",
            what="Rows returned or changed each second, of the five statements with most.",
            good="Few for each call.",
            do="Many rows for a page that shows ten: LIMIT, or filter in the database.",
        ),
        _cost(
            "Read from outside shared buffers",
            "shared_blks_read",
            "Bps",
            f"{_BLOCK} * ",
            what="Bytes of blocks that were not in shared buffers, read each second, of the five statements with most.",
            good="Near 0 once the server is warm.",
            do="Steady reading of one statement: an index is missing, or the table is larger than memory.",
        ),
        _cost(
            "Waiting for blocks",
            "block_read_seconds",
            "short",
            what="Seconds that statements waited for blocks to be read, in each second, where track_io_timing is on.",
            good="Small beside the time of execution.",
            do="Close to it: storage is what this statement waits for.",
            empty="track_io_timing is off",
        ),
        _cost(
            "Temporary files written",
            "temp_blks_written",
            "Bps",
            f"{_BLOCK} * ",
            what="Bytes written to temporary files each second, of the five statements with most.",
            good="0.",
            do="Raise work_mem for the role of this statement (ALTER ROLE ... SET work_mem), or give its sort an index.",
        ),
        _cost(
            "WAL caused",
            "wal_bytes",
            "Bps",
            what="Write-ahead log that was written each second because of a statement, of the five with most.",
            good="In proportion to what is changed.",
            do="Far more: full pages after each checkpoint (raise max_wal_size), or indexes on columns that change.",
        ),
        Graph(
            title="Tables read whole",
            what="Sequential scans each second, of the five tables with most.",
            good="Small tables only.",
            do="Open the tables: rows read this way, and candidates for a missing index.",
            unit="ops",
            empty="not collected",
            width=8,
            queries=(
                Query(
                    top_rates(5, "target, datname, relname", "pg_stat_user_tables_seq_scan_total"),
                    "{{target}} {{datname}} {{relname}}",
                ),
            ),
            links=(TABLES,),
        ),
    ),
)
