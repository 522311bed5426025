"""Rules about how dashboards are built: filters, steps, places, numbers, colours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from dashboards import parts
from dashboards.__main__ import write
from dashboards.all import dashboards, files
from dashboards.expression import filtered, interval
from dashboards.frame import RepeatedKeyError, build
from dashboards.layout import Place, number, places
from dashboards.metrics import metrics
from dashboards.model import Column, Evidence, Graph, Query, Row, Table, falling, rising
from dashboards.panels import panel
from dashboards.phrases import top_rates, top_values
from dashboards.thresholds import alert_steps, limit

ALL = ("job", "target", "datname")
JOB_TARGET = 'job=~"$job",target=~"$target"'


@pytest.mark.parametrize(
    ("written", "asked"),
    [
        ("pg_up", f"pg_up{{{JOB_TARGET}}}"),
        ("min(pg_up) or vector(0)", f"min(pg_up{{{JOB_TARGET}}}) or vector(0)"),
        ('pg_locks{mode="x"}', f'pg_locks{{{JOB_TARGET},datname=~"$datname",mode="x"}}'),
        ('pg_locks{datname=~"$datname|"}', f'pg_locks{{{JOB_TARGET},datname=~"$datname|"}}'),
        ("rate(pg_stat_wal_bytes_total[5m])", f"rate(pg_stat_wal_bytes_total{{{JOB_TARGET}}}[5m])"),
        ("process_cpu_seconds_total", 'process_cpu_seconds_total{job=~"$job"}'),
        ("ALERTS", 'ALERTS{job=~"$job",target=~"$target|"}'),
        ('label_replace(vector(1), "a", "pg_up", "", "")', 'label_replace(vector(1), "a", "pg_up", "", "")'),
    ],
)
def test_every_known_metric_gets_the_matchers_of_the_labels_it_has(written: str, asked: str) -> None:
    assert filtered(written, ALL) == asked


def test_only_the_variables_of_the_dashboard_filter() -> None:
    assert filtered("pg_locks", ("job",)) == 'pg_locks{job=~"$job"}'


def test_the_slowest_metric_gives_the_shortest_step_and_nothing_steps_faster_than_a_scrape() -> None:
    assert interval(["pg_up"]) == 15
    assert interval(["pg_up + pg_database_size_bytes", "pg_locks"]) == 300


def test_the_catalogue_says_since_which_version_there_is_a_metric() -> None:
    assert metrics()["pg_stat_io_reads_total"].since == 16
    assert metrics()["pg_stat_database_sessions_total"].since == 14
    assert metrics()["pg_up"].since == 0


def test_a_histogram_is_known_by_its_buckets() -> None:
    assert "oauth2_token_lifetime_seconds_bucket" in metrics()
    assert "oauth2_token_lifetime_seconds" not in metrics()


def test_a_line_is_filled_and_as_high_as_its_highest_panel() -> None:
    sizes = [(8, 4), (8, 6), (20, 3)]
    assert list(places(sizes, 1)) == [Place(0, 1, 12, 6), Place(12, 1, 12, 6), Place(0, 7, 24, 3)]


@pytest.mark.parametrize(
    ("count", "lines"), [(6, [6]), (7, [4, 3]), (8, [4, 4]), (13, [5, 4, 4]), (18, [6, 6, 6])]
)
def test_equal_panels_are_shared_out_evenly(count: int, lines: list[int]) -> None:
    found = list(places([(4, 3)] * count, 0))
    assert [sum(place.y == y for place in found) for y in sorted({place.y for place in found})] == lines
    assert sum(place.width for place in found) == 24 * len(lines)


def test_a_number_does_not_change_from_one_version_to_the_next() -> None:
    assert number("Alerts firing") == 714_013


def test_two_panels_of_one_title_are_refused() -> None:
    spec = dashboards()[0]
    row = spec.rows[0]
    with pytest.raises(RepeatedKeyError, match=row.panels[0].title):
        build(replace(spec, rows=(row, Row("Again?", row.panels[:1]))))


def test_colours_rise_or_fall_with_the_alert() -> None:
    assert alert_steps("PgOauthExporterMemoryHigh", "bytes")[1:] == (
        (limit("PgOauthExporterMemoryHigh", "warning", "bytes"), "orange"),
    )
    days = 86400.0
    assert alert_steps("PostgresCertificateExpiring", "left") == (
        (None, "red"),
        (3 * days, "orange"),
        (21 * days, "green"),
    )


def test_another_colour_stands_in_only_while_there_is_no_such_alert() -> None:
    assert alert_steps("NoSuchAlert", otherwise=rising(1)) == rising(1)
    assert alert_steps("PgOauthExporterMemoryHigh", "bytes", rising(1)) != rising(1)
    with pytest.raises(KeyError):
        alert_steps("PostgresDown", "no such parameter")


def test_steps_begin_without_a_value_and_ascend() -> None:
    assert rising(1, 2) == ((None, "green"), (1, "orange"), (2, "red"))
    assert rising(red=2) == ((None, "green"), (2, "red"))
    assert falling(2, 1) == ((None, "red"), (1, "orange"), (2, "green"))
    assert falling(orange=2) == ((None, "orange"), (2, "green"))
    assert falling(red=1) == ((None, "red"), (1, "green"))


def test_the_largest_few_are_chosen_once_for_the_time_shown() -> None:
    for expr in (top_rates(3, "target", "pg_stat_wal_bytes_total"), top_values(3, "target", "pg_locks")):
        assert "topk(3, " in expr
        assert "[$__range] @ end()" in expr


def test_a_legend_begins_with_the_greatest_so_that_what_is_cut_off_matters_least() -> None:
    legend = parts.legend("table").build()
    assert (legend.sort_by, legend.sort_desc) == ("Max", True)


def test_evidence_is_where_prometheus_finds_the_exporter() -> None:
    (link,) = parts.links([Evidence("blocking", "Open")], ALL, table=True)
    where = "http://${__data.fields.instance}/evidence/${__data.fields.target:percentencode}/blocking"
    assert link.url == where


def test_digits_in_the_label_of_a_table_stay_as_they_are() -> None:
    """Grafana would write a statement's identifier as 6.52 Quint."""
    table = Table(
        title="Statements",
        what="",
        good="",
        do="",
        empty="none",
        by=(("queryid", "Statement"),),
        columns=(Column("Locks", "sum(pg_locks)"),),
    )
    built = panel(table, ALL)
    override = built.field_config.overrides[0] if built.field_config else None
    assert override is not None
    assert (override.matcher.options, ("unit", "string")) == (
        "Statement",
        next((each.id_val, each.value) for each in override.properties if each.id_val == "unit"),
    )


def test_a_series_has_its_colour_by_its_name() -> None:
    graph = Graph(
        title="Sessions",
        what="",
        good="",
        do="",
        unit="short",
        empty="none",
        queries=(Query("pg_locks", "{{mode}}"),),
        colours=(("idle", "blue"),),
    )
    built = panel(graph, ALL)
    override = built.field_config.overrides[0] if built.field_config else None
    assert override is not None
    assert (override.matcher.id_val, override.matcher.options) == ("byName", "idle")
    assert override.properties[0].value == {"mode": "fixed", "fixedColor": "blue"}


def test_writing_removes_the_file_of_a_dashboard_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "pg-oauth-gone.json").write_text("{}")
    write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == files().keys()
