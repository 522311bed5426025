"""Owns the rows about the exporter itself."""

from __future__ import annotations

from dashboards.links import ALERTS
from dashboards.model import (
    PLAIN,
    UP,
    Bars,
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
from dashboards.phrases import top_rates
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
# By how much the newest good run of a query is older than its interval, in intervals.
_LATE = "(time() - pg_exporter_query_last_success_timestamp_seconds) / pg_exporter_query_interval_seconds"

NOW = Row(
    "Can these numbers be trusted?",
    (
        Tile(
            title="Exporter",
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
            what="Targets that did not answer the newest attempt.",
            good="0.",
            do="The table below says which. Their other numbers are gone, not frozen.",
            unit="short",
            empty="no targets",
            query=Query("count(pg_up == 0) or (0 * count(pg_up))"),
            steps=rising(red=1),
        ),
        Tile(
            title="Stale queries",
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
            title="Failing queries",
            what="Queries whose newest run did not end well.",
            good="0.",
            do="The table of failing queries says which; `pg-oauth-exporter doctor` says what would help.",
            unit="short",
            empty="no queries",
            query=Query("count(pg_exporter_query_up == 0) or (0 * count(pg_exporter_query_up))"),
            steps=rising(orange=1, red=10),
        ),
        Tile(
            title="Load on servers",
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
            title="Configuration",
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

COST = Row(
    "What does it cost the servers?",
    (
        Graph(
            title="Time on servers",
            what="Seconds a second that each server is busy with the exporter's queries.",
            good="Below 1 % of a core.",
            do="Look which query it is: beside.",
            unit="percentunit",
            empty="not known yet",
            width=8,
            queries=(
                Query(f"sum by (target) (rate(pg_exporter_query_server_seconds_total{_RATE}))", "{{target}}"),
            ),
            steps=alert_steps("PgOauthExporterCostHigh", "ratio"),
        ),
        Bars(
            title="Most expensive queries, a run",
            what="Seconds that the newest run took, waiting for a connection included, of the slowest eight.",
            good="Milliseconds; bloat and token counts may take longer, once in a while.",
            do="Give it a longer interval or a budget, or switch it off: see docs/configuration.md.",
            unit="s",
            empty="not known yet",
            width=8,
            query=Query(
                "topk(8, max by (target, query) (pg_exporter_query_duration_seconds))",
                "{{target}} {{query}}",
            ),
        ),
        Graph(
            title="Most expensive queries, over time",
            what="Share of one core that a query keeps busy, of the eight that took most.",
            good="Each far below 0.5 %.",
            do="One that grows with its table: a longer interval, or a budget.",
            unit="percentunit",
            empty="not known yet",
            width=8,
            queries=(
                Query(
                    top_rates(8, "target, query", "pg_exporter_query_server_seconds_total"),
                    "{{target}} {{query}}",
                ),
            ),
        ),
    ),
)

ERRORS = Row(
    "What fails?",
    (
        Graph(
            title="Runs that did not end well",
            what="Runs an hour that ended otherwise than ok, by how they ended.",
            good="0; locked now and then, where tables are altered.",
            do="timeout: the server is slow or the table has grown. denied: a grant is missing. connect: the network.",
            unit="suffix:/h",
            empty="no run has failed",
            width=8,
            queries=(
                Query(
                    f'3600 * sum by (target, outcome) (rate(pg_exporter_query_runs_total{{outcome!="ok"}}{_RATE}))',
                    "{{target}} {{outcome}}",
                ),
            ),
        ),
        Graph(
            title="Probes that failed",
            what="Share of the probes, one every 15 s, that found a target down or silent.",
            good="0.",
            do="It is what availability is counted from: see Alerts and SLO.",
            unit="percentunit",
            empty="not known yet",
            width=8,
            most=1,
            queries=(
                Query(
                    f'(sum by (target) (rate(pg_exporter_probes_total{{outcome="failed"}}{_RATE})) or 0 * sum by (target) (pg_up))'
                    f" / sum by (target) (rate(pg_exporter_probes_total{_RATE}))",
                    "{{target}}",
                ),
            ),
            links=(ALERTS,),
        ),
        Graph(
            title="Turns missed",
            what="Turns an hour that a query missed because its run before had not ended.",
            good="0.",
            do="Its interval is shorter than its run takes: make it longer.",
            unit="suffix:/h",
            empty="none",
            width=8,
            queries=(
                Query(
                    f"3600 * topk(5, sum by (target, query) (rate(pg_exporter_query_overruns_total{_RATE})) > 0)",
                    "{{target}} {{query}}",
                ),
            ),
        ),
    ),
)

SERIES = Row(
    "How much does it give?",
    (
        Graph(
            title="Series",
            key="series over time",
            what="Samples on the page, by instance.",
            good="Flat.",
            do="A jump: new databases or tables. It is Prometheus that pays for it.",
            unit="short",
            empty="not scraped",
            width=8,
            queries=(Query("max by (instance) (pg_exporter_series)", "{{instance}}"),),
        ),
        Bars(
            title="Samples, by query",
            what="Samples that the newest run gave, of the eight queries that give most.",
            good="Below the query's limit.",
            do="A lower limit keeps the largest and sums up the rest.",
            unit="short",
            empty="not known yet",
            width=8,
            query=Query(
                "topk(8, sum by (target, query) (pg_exporter_query_samples))", "{{target}} {{query}}"
            ),
        ),
        Graph(
            title="Series left out",
            what="Series an hour that were not served, by reason: over the query's limit, twice the same, malformed.",
            good="0.",
            do="limit: raise it, or accept that only the largest are named. The others are worth a report.",
            unit="suffix:/h",
            empty="none",
            width=8,
            queries=(
                Query(
                    f"3600 * topk(5, sum by (target, query, reason) (rate(pg_exporter_series_dropped_total{_RATE})) > 0)",
                    "{{target}} {{query}} {{reason}}",
                ),
            ),
        ),
    ),
)

PROCESS = Row(
    "How is the process itself?",
    (
        Graph(
            title="Processor",
            what="Share of one core that the exporter takes.",
            good="A few per cent.",
            do="It grows with series and with intervals.",
            unit="percentunit",
            empty="not known here",
            width=6,
            queries=(Query(f"sum by (instance) (rate(process_cpu_seconds_total{_RATE}))", "{{instance}}"),),
        ),
        Graph(
            title="Memory",
            key="memory over time",
            what="Resident memory.",
            good="Flat after the first hour.",
            do="Look whether the number of series grew with it.",
            unit="bytes",
            empty="not known here",
            width=6,
            queries=(Query("max by (instance) (process_resident_memory_bytes)", "{{instance}}"),),
            steps=alert_steps("PgOauthExporterMemoryHigh", "bytes"),
        ),
        Graph(
            title="Scrape",
            what="Seconds that a scrape takes; it touches no database.",
            good="Tens of milliseconds.",
            do="The network, or a machine without processor time to give.",
            unit="s",
            empty="not scraped",
            width=6,
            queries=(
                Query(
                    "max by (instance) (scrape_duration_seconds and on (job) last_over_time(pg_exporter_build_info[1h]))",
                    "{{instance}}",
                ),
            ),
        ),
        Table(
            title="Version",
            what="The version of each instance, and of its Python.",
            good="The same everywhere.",
            do="Read the changelog before you go on.",
            empty="not scraped",
            width=6,
            by=(("instance", "Instance"), ("version", "Version"), ("python", "Python")),
            columns=(
                Column("Info", "max by (instance, version, python) (pg_exporter_build_info)", hidden=True),
            ),
        ),
    ),
    folded=True,
)
