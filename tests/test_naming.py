"""Rules for names on the wire; the last one asks promtool."""

from __future__ import annotations

import subprocess

import pytest

from exporter.model import MetricType, Scope
from exporter.naming import family_objection, label_objection, openmetrics_family
from programs import require

GAUGE, COUNTER, HISTOGRAM = MetricType.GAUGE, MetricType.COUNTER, MetricType.HISTOGRAM

GOOD = [
    ("pg_locks", GAUGE),
    ("pg_upgrade_state", GAUGE),
    ("_a:b_1", GAUGE),
    ("pg_database_size_bytes", GAUGE),
    ("pg_stat_database_xact_commit_total", COUNTER),
    ("pg_wait_seconds_total", COUNTER),
    ("oauth2_token_lifetime_seconds", HISTOGRAM),
    ("pg_index_hit_ratio", GAUGE),
    ("pg_counts", GAUGE),
]


@pytest.mark.parametrize("name", ["pg_up", "pg_exporter_query_up", "process_open_fds", "python_x"])
def test_the_names_that_the_exporter_uses_for_itself_are_taken(name: str) -> None:
    objection = family_objection(name, GAUGE)
    assert objection is not None
    assert "for itself" in objection[0]


@pytest.mark.parametrize(("name", "kind"), GOOD)
def test_a_name_by_the_rules_meets_no_objection(name: str, kind: MetricType) -> None:
    assert family_objection(name, kind) is None


@pytest.mark.parametrize(
    "name", ["Pg_locks", "1pg", "pg-locks", "pg.locks", "pg locks", "", "pg_ä", "pg_locks\n"]
)
def test_a_name_has_lower_case_letters_digits_underscores_and_colons(name: str) -> None:
    objection = family_objection(name, GAUGE)
    assert objection is not None
    assert objection[0] == "is not a metric name"


def test_a_counter_ends_in_total_and_nothing_else_does() -> None:
    assert family_objection("pg_commits", COUNTER) == (
        "a counter's name ends in _total",
        "call it pg_commits_total, or make it a gauge if it can go down",
    )
    for kind in (GAUGE, HISTOGRAM):
        assert "this is a" in str(family_objection("pg_commits_total", kind))
    assert family_objection("pg_commits_total", COUNTER) is None


@pytest.mark.parametrize("suffix", ["_count", "_sum", "_bucket"])
@pytest.mark.parametrize("kind", list(MetricType))
def test_the_suffixes_of_a_histogram_are_reserved(suffix: str, kind: MetricType) -> None:
    name = f"pg_wait{suffix}" + ("_total" if kind is COUNTER else "")
    assert (family_objection(name, kind) is None) is (kind is COUNTER)


@pytest.mark.parametrize(
    ("word", "base"),
    [
        ("ms", "seconds"),
        ("milliseconds", "seconds"),
        ("us", "seconds"),
        ("s", "seconds"),
        ("minutes", "seconds"),
        ("hours", "seconds"),
        ("days", "seconds"),
        ("kb", "bytes"),
        ("mb", "bytes"),
        ("gib", "bytes"),
        ("megabytes", "bytes"),
        ("bits", "bytes"),
        ("percent", "ratio"),
        ("pct", "ratio"),
    ],
)
def test_a_unit_that_is_no_base_unit_is_refused_wherever_it_stands(word: str, base: str) -> None:
    for name in (f"pg_wait_{word}", f"pg_{word}_waited"):
        assert family_objection(name, GAUGE) == (
            f"_{word} is not a base unit",
            f"let SQL convert to {base} and the name end in _{base}",
        )
    assert "base unit" in str(family_objection(f"pg_wait_{word}_total", COUNTER))


def test_a_unit_counts_only_as_a_whole_word() -> None:
    for name in ("pg_terms", "pg_mbx", "pg_daystart", "ms_locks"):
        assert family_objection(name, GAUGE) is None


def test_a_type_that_is_not_known_is_not_held_against_a_name() -> None:
    assert family_objection("pg_commits_total", None) is None
    assert family_objection("pg_commits", None) is None


@pytest.mark.parametrize("name", ["", "1a", "a-b", "a b", "ä", "a.b", "a:b"])
def test_a_label_has_letters_digits_and_underscores(name: str) -> None:
    assert "is not a label name" in str(label_objection(name, Scope.SERVER))


@pytest.mark.parametrize("name", ["target", "le", "__name__", "__x"])
@pytest.mark.parametrize("scope", list(Scope))
def test_labels_that_have_another_owner_are_refused(name: str, scope: Scope) -> None:
    assert label_objection(name, scope) is not None


def test_datname_is_free_on_the_server_and_taken_in_a_database() -> None:
    assert label_objection("datname", Scope.SERVER) is None
    assert "datname already" in str(label_objection("datname", Scope.DATABASE))


@pytest.mark.parametrize("name", ["a", "_a", "A1", "state"])
def test_other_labels_are_fine(name: str) -> None:
    assert label_objection(name, Scope.DATABASE) is None


def test_openmetrics_knows_a_counter_without_total() -> None:
    assert openmetrics_family("pg_commits_total", COUNTER) == "pg_commits"
    assert openmetrics_family("pg_commits", GAUGE) == "pg_commits"


def test_promtool_objects_to_the_same_names() -> None:
    words = (
        "s",
        "ms",
        "seconds",
        "milliseconds",
        "minutes",
        "kb",
        "bytes",
        "count",
        "sum",
        "bucket",
    )
    cases = [(f"pg_wait_{word}{end}", COUNTER if end else GAUGE) for word in words for end in ("", "_total")]
    page = "".join(f"# HELP {name} x\n# TYPE {name} {kind}\n{name} 1\n" for name, kind in cases)
    done = subprocess.run(
        [require("promtool"), "check", "metrics"], input=page, capture_output=True, text=True, check=False
    )
    theirs = {line.split()[0] for line in (done.stdout + done.stderr).splitlines() if line}
    assert {name for name, kind in cases if family_objection(name, kind)} == theirs
