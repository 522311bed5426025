"""Owns the rows that say whether the exporter's numbers can be trusted."""

from __future__ import annotations

from dashboards.links import ALERTS
from dashboards.model import (
    PLAIN,
    UP,
    Column,
    Graph,
    Query,
    Row,
    Table,
    Tile,
    Timeline,
    falling,
    rising,
)
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
# By how much the newest good run of a query is older than its interval, in intervals.
_LATE = "(time() - pg_exporter_query_last_success_timestamp_seconds) / pg_exporter_query_interval_seconds"

NOW = Row(
    "Can these numbers be trusted?",
    (
        Tile(
            title="Exporter",
            width=3,
            height=4,
            what="Whether Prometheus reaches the exporter; of several instances the worst.",
            good="up.",
            do="No dashboard is current while it is down. Look at the process and its log.",
            unit="short",
            empty="not scraped",
            query=Query("min(up and on (job) last_over_time(pg_exporter_build_info[1h]))"),
            steps=falling(red=1),
            words=UP,
            links=(ALERTS,),
        ),
        Tile(
            title="Targets down",
            width=3,
            height=4,
            what="Targets that did not answer the newest attempt.",
            good="0.",
            do="The table below says which. Their other numbers are gone, not frozen.",
            unit="short",
            empty="no targets",
            query=Query("count(pg_up == 0) or (0 * count(pg_up))"),
            steps=rising(red=1),
        ),
        Tile(
            title="Stale data",
            width=3,
            height=4,
            what="Queries whose newest good run is more than three intervals old. Their numbers are gone by then.",
            good="0.",
            do="The table of failing queries says which, and how they end.",
            unit="short",
            empty="no queries",
            query=Query(
                f"count({_LATE} > 3) or (0 * count(pg_exporter_query_interval_seconds))",
            ),
            steps=rising(orange=1, red=10),
        ),
        Tile(
            title="Failing",
            width=3,
            height=4,
            what="Queries whose newest run did not end well.",
            good="0.",
            do="The table of failing queries says which; `pg-oauth-exporter doctor` says what would help.",
            unit="short",
            empty="no queries",
            query=Query("count(pg_exporter_query_up == 0) or (0 * count(pg_exporter_query_up))"),
            steps=rising(orange=1, red=10),
        ),
        Tile(
            title="Server load",
            width=3,
            height=4,
            what="Processor time that the server which is asked most spends on all queries, as a share of one core.",
            good="Below 1 %.",
            do="The most expensive queries are below: give them a longer interval, or a budget.",
            unit="percentunit",
            empty="not known yet",
            query=Query(f"max(sum by (target) (rate(pg_exporter_query_server_seconds_total{_RATE})))"),
            steps=alert_steps("PgOauthExporterCostHigh", "ratio"),
            decimals=2,
        ),
        Tile(
            title="Series",
            width=3,
            height=4,
            what="Samples on the page that Prometheus scrapes, of all targets.",
            good="What it was yesterday: a jump is new tables, or labels that somebody invented.",
            do="The sets that give most are below; limits are set for each query.",
            unit="short",
            empty="not scraped",
            query=Query("sum(pg_exporter_series)"),
            steps=PLAIN,
        ),
        Tile(
            title="Memory",
            width=3,
            height=4,
            what="Resident memory of the exporter; of several instances the largest.",
            good="Below 200 MB; it grows with series, not with time.",
            do="Look whether the number of series grew with it; if not, report it.",
            unit="bytes",
            empty="not known here",
            query=Query("max(process_resident_memory_bytes)"),
            steps=alert_steps("PgOauthExporterMemoryHigh", "bytes"),
            decimals=0,
        ),
        Tile(
            title="Settings",
            width=3,
            height=4,
            what="Whether the newest attempt to load the configuration was good.",
            good="loaded.",
            do="The old one goes on working. `pg-oauth-exporter check` prints every fault with its line.",
            unit="short",
            empty="not scraped",
            query=Query("min(pg_exporter_config_last_reload_successful)"),
            steps=falling(red=1),
            words=((1, "loaded", "green"), (0, "REFUSED", "red")),
        ),
    ),
)

FRESHNESS = Row(
    "Is everything asked in time?",
    (
        Timeline(
            title="Targets",
            what="Whether each target answered, over time.",
            good="One green bar each.",
            do="A target that comes and goes: its server restarts, or the network between drops connections.",
            empty="no targets",
            height=7,
            queries=(Query("max by (target) (pg_up)", "{{target}}"),),
            words=UP,
            unit="short",
        ),
        Graph(
            title="Latest of all queries",
            what="How old the newest good run is, in intervals, of each target's query that is furthest behind.",
            good="Below 1, a little above it for moments.",
            do="At 3 the query's numbers disappear. Above 1 all the time: it takes longer than its interval.",
            unit="suffix:x",
            empty="not known yet",
            height=7,
            queries=(Query(f"max by (target) ({_LATE})", "{{target}}"),),
            steps=rising(red=3),
        ),
        Table(
            title="Queries that fail or wait",
            what="Queries whose newest run did not end well: how old their last good run is, and for how long they are kept from running.",
            good="Empty.",
            do="`pg-oauth-exporter doctor` says why and what would help; the status page has the last message.",
            empty="none",
            width=12,
            height=7,
            by=(("target", "Target"), ("datname", "Database"), ("query", "Query")),
            columns=(
                Column(
                    "Last good run",
                    "time() - max by (target, datname, query) (pg_exporter_query_last_success_timestamp_seconds"
                    " and on (job, target, datname, query) pg_exporter_query_up == 0)",
                    "s",
                    decimals=0,
                ),
                Column(
                    "Held back for",
                    "max by (target, datname, query) (pg_exporter_query_backoff_seconds > 0)",
                    "s",
                    decimals=0,
                ),
                Column(
                    "Failing",
                    "max by (target, datname, query) (pg_exporter_query_up == bool 0) > 0",
                    words=((1, "yes", "red"),),
                    cell="text",
                ),
            ),
        ),
        Table(
            title="Queries that do not run, and why",
            what="Queries that do not apply to a target, with the reason; they are not errors.",
            good="What you expect: a standby's queries on a primary, extensions you do not have.",
            do="privilege: `pg-oauth-exporter grants` prints what is missing. extension: install it if you want the numbers.",
            empty="all run",
            width=12,
            height=7,
            by=(("target", "Target"), ("reason", "Reason")),
            columns=(
                Column(
                    "Queries", 'count by (target, reason) (pg_exporter_query_skipped{reason!="disabled"})'
                ),
            ),
            sort="Queries",
        ),
    ),
)
