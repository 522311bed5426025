"""Owns the rows about what the exporter costs, what fails, and what it takes itself."""

from __future__ import annotations

from dashboards.links import ALERTS
from dashboards.model import (
    Bars,
    Column,
    Graph,
    Query,
    Row,
    Table,
)
from dashboards.phrases import top_rates
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
# By how much the newest good run of a query is older than its interval, in intervals.
_LATE = "(time() - pg_exporter_query_last_success_timestamp_seconds) / pg_exporter_query_interval_seconds"

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
            title="Slowest queries, newest run",
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
            title="Most expensive queries",
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
