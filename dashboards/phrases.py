"""Owns what many panels need: the largest few of many, primaries only, what is stale, colours that mean something."""

from __future__ import annotations

from dashboards.thresholds import limit

STATE_COLOURS = (
    ("active", "green"),
    ("idle", "blue"),
    ("idle in transaction", "orange"),
    ("idle in transaction (aborted)", "red"),
    ("prepared transaction", "purple"),
)
WAIT_COLOURS = (
    ("none", "green"),
    ("Lock", "red"),
    ("LWLock", "orange"),
    ("IO", "blue"),
    ("Client", "purple"),
)


def top_rates(count: int, labels: str, counter: str) -> str:
    """Return the rates of a counter by `labels`, of those that grew most over the time shown.

    A plain topk chooses anew at every step, so that a graph of five lines has twenty names.
    """
    rates = f"sum by ({labels}) (rate({counter}[$__rate_interval]))"
    return (
        f"{rates} and on ({labels}) topk({count}, sum by ({labels}) (increase({counter}[$__range] @ end())))"
    )


def top_values(count: int, labels: str, gauge: str) -> str:
    """Return a gauge by `labels`, of those that were largest at some time of the time shown."""
    highest = f"max by ({labels}) (max_over_time({gauge}[$__range] @ end()))"
    return f"max by ({labels}) ({gauge}) and on ({labels}) topk({count}, {highest})"


def of_primaries(expr: str) -> str:
    """Return the series of an expression but those of standbys, which hold the same rows once more.

    What is no PostgreSQL, such as a SQLite file, has no standby and stays.
    """
    return f"({expr} unless on (job, target) pg_in_recovery == 1)"


# By how much the newest good run of a query is older than its interval, in intervals.
LATE = "(time() - pg_exporter_query_last_success_timestamp_seconds) / pg_exporter_query_interval_seconds"
STALE_FROM = limit("PgOauthExporterQueryStale", "warning", "intervals")
STALE = f"count({LATE} > {STALE_FROM:g}) or (0 * count(pg_exporter_query_interval_seconds))"
