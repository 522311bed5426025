"""Every panel shows something of the demo's workload, on three majors, and what alerts read is there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import httpx
import pytest
import yaml

from dashboard_files import DASHBOARDS, Expression, Json, expressions, numbers, substituted
from dashboards.expression import named
from demo_watch import JOB, answer, watched
from farm import Farm
from promql import selectors
from shipped_alerts import RECORDINGS, RULES

MAJORS = (13, 15, 18)
# What a minute of scraping is enough for: queries run every 20 s or oftener, Prometheus scrapes every 5 s.
VALUES = {
    "$__rate_interval": "60s",
    "$__interval": "5s",
    "$__range": "5m",
    "$job": JOB,
    "$target": ".+",
    "$datname": ".+",
}
EMPTY: Mapping[str, Mapping[str, str]] = yaml.safe_load(
    (Path(__file__).parent / "dashboards_empty.yml").read_text()
)
_SECONDS = 100.0  # until every kind of trouble has been


@pytest.fixture(scope="module")
def urls(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[int, str]]:
    """The URL of a Prometheus by major; all are fed at the same time."""
    majors = [major for major in MAJORS if major in farm.available]
    if not majors:
        pytest.skip(f"none of PostgreSQL {MAJORS} here")
    with ExitStack() as stack:
        urls = {
            major: stack.enter_context(watched(farm, major, tmp_path_factory.mktemp(f"watched-{major}")))
            for major in majors
        }
        time.sleep(_SECONDS)
        yield urls


def excused(query: Expression, major: int) -> bool:
    """Whether a metric of the query is newer than the server, or the list says that it may be empty."""
    if any(metric.since > major for metric in named(query.text)):
        return True
    listed = EMPTY.get(query.dashboard, {})
    reason = listed.get(f"{query.panel} / {query.letter}") or listed.get(query.panel)
    if reason is None:
        return False
    majors, colon, _ = reason.partition(": ")
    return not colon or not majors[0].isdigit() or str(major) in majors.split(", ")


@pytest.mark.slow
@pytest.mark.parametrize("version", MAJORS)
def test_every_expression_has_data_or_is_on_the_list(urls: dict[int, str], version: int) -> None:
    if version not in urls:
        pytest.skip(f"PostgreSQL {version} is not tested")
    queries = [each for name, board in DASHBOARDS.items() for each in expressions(name, board)]
    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(
            partial(answer, urls[version]), (substituted(each.text, VALUES) for each in queries)
        )
    empty = [
        f"{each}: {each.text}"
        for each, found in zip(queries, answers, strict=True)
        if not found and not excused(each, version)
    ]
    assert empty == [], "\n".join(empty)


# What alerts read and a server shows only in a condition that the demo is not in.
_UNSEEN = {
    "oauth2_denylist_entries": "the demo's schema has none",
    "oauth2_disabled_users_with_live_tokens": "users of the demo's schema cannot be disabled",
    "pg_database_collation_changed": "absent where the collation is the one the database was made with",
    "pg_database_connection_limit": "absent without a limit",
    "pg_exporter_leader": "the demo has one exporter",
    "pg_exporter_shard_info": "the demo has no shards",
    "pg_exporter_target_paused": "no target of the demo is paused",
    "pg_exporter_web_config_last_reload_successful": "the demo has no web configuration",
    "pg_prepared_transactions_oldest_age_seconds": "absent without a prepared transaction",
    "pg_replication_slots_safe_wal_size_bytes": "absent without max_slot_wal_keep_size",
    "pg_role_password_expiry_timestamp_seconds": "absent where no password ends",
    "pg_sequence_used_ratio": "the demo has no sequence",
    "pg_sessions_unencrypted": "no session of the demo comes from another machine",
    "pg_stat_database_checksum_last_failure_timestamp_seconds": "absent without a failure",
    "pg_stat_database_stats_reset_timestamp_seconds": "absent without a reset",
    "pg_stat_progress_relation_age_seconds": "absent while none runs",
    "pg_stat_subscription_apply_errors_total": "the demo has no subscription",
    "pg_stat_subscription_last_msg_age_seconds": "the demo has no subscription",
    "pg_stat_subscription_sync_errors_total": "the demo has no subscription",
    "pg_stat_subscription_up": "the demo has no subscription",
    "pg_stat_user_tables_last_autoanalyze_timestamp_seconds": "absent before the first",
    "pg_subscription_enabled": "the demo has no subscription",
    "pg_subscription_relations": "the demo has no subscription",
    "pg_table_missing_index_candidate": "absent where no table is one",
    "pg_tls_certificate_not_after_timestamp_seconds": "servers of tests have no certificate",
}


@pytest.mark.slow
def test_what_alerts_read_is_on_a_live_page_with_the_labels_they_choose_by(urls: dict[int, str]) -> None:
    url = urls[max(urls)]
    expressions_of_rules = (*RECORDINGS.values(), *(rule.expr for rule in RULES))
    read = {each for expression in expressions_of_rules for each in selectors(expression)}
    faults = []
    for selector in read:
        if selector.metric in (*RECORDINGS, *_UNSEEN):
            continue
        there = answer(url, selector.metric)
        labels = {label for series in there for label in series}
        # An alert that needs no target must not want one; a label that is empty everywhere is not sent.
        if not there or not selector.labels - {"target"} <= labels:
            faults.append(f"{selector.metric} by {sorted(selector.labels)}: {sorted(labels)}")
    assert faults == []


@pytest.mark.slow
def test_a_tile_shows_one_number(urls: dict[int, str]) -> None:
    """Also when all targets are chosen."""
    url = urls[max(urls)]
    several = [
        f"{name}: {panel['title']}"
        for name, panel in of_type("stat")
        if panel["options"]["textMode"] == "value"
        and len(now(url, substituted(panel["targets"][0]["expr"], VALUES))) > 1
    ]
    assert several == []


@pytest.mark.slow
def test_the_columns_of_a_table_have_its_labels_and_no_others(urls: dict[int, str]) -> None:
    url = urls[max(urls)]
    faults = [
        f"{name}: {panel['title']} {target['refId']} has {sorted(labels)}"
        for name, panel in of_type("table")
        for target in panel["targets"]
        for labels in now(url, substituted(target["expr"], VALUES))
        if not labels <= by(panel)
    ]
    assert faults == []


def by(panel: Json) -> set[str]:
    """Return the labels that make the rows of a table."""
    return {name for name in panel["transformations"][-1]["options"]["indexByName"] if " " not in name}


def of_type(kind: str) -> list[tuple[str, Json]]:
    return [
        (name, panel)
        for name, board in DASHBOARDS.items()
        for panel in numbers(board)
        if panel["type"] == kind
    ]


def now(url: str, promql: str) -> list[set[str]]:
    """Return the names of the labels of each series that the expression has at this moment."""
    found = httpx.get(f"{url}/api/v1/query", params={"query": promql}, timeout=30).json()
    return [set(series["metric"]) for series in found["data"]["result"]]


def test_the_list_names_panels_that_there_are() -> None:
    there = {name: {panel["title"] for panel in numbers(board)} for name, board in DASHBOARDS.items()}
    listed = [(name, entry.rsplit(" / ", 1)[0]) for name, panels in EMPTY.items() for entry in panels]
    assert [each for each in listed if each[1] not in there.get(each[0], set())] == []
