"""Rules of the labels that a user gives a target: where they are written, and which are not free."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter import configuration
from exporter.errors import ConfigError
from exporter.model import Family, Histogram, MetricType, Sample
from exporter.render import Labels, fragment

DSN = "postgresql://monitor@db:5432/app"
TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('%\\"\n\r,{}= #'), max_size=8)


def body(family: Family, labels: Labels = ()) -> list[str]:
    return fragment(family, labels).body.plain.decode().split("\n")[:-1]


def gauge(names: tuple[str, ...], *values: str) -> Family:
    return Family("pg_locks", MetricType.GAUGE, "Help.", names, (Sample(values, 1),))


def test_a_label_of_the_user_follows_the_target() -> None:
    assert body(gauge(("target", "mode"), "main", "x"), (("env", "prod"), ("team", "a"))) == [
        'pg_locks{target="main",env="prod",team="a",mode="x"} 1'
    ]


def test_a_label_of_the_user_comes_first_where_there_is_no_target() -> None:
    assert body(gauge(("backup",), "daily"), (("env", "prod"),)) == ['pg_locks{env="prod",backup="daily"} 1']
    assert body(gauge(()), (("env", "prod"),)) == ['pg_locks{env="prod"} 1']


def test_every_line_of_a_histogram_has_the_labels_of_the_user() -> None:
    value = Histogram((1.0,), (1,), 2, 3.0)
    family = Family("pg_ages", MetricType.HISTOGRAM, "Help.", ("target",), (Sample(("main",), value),))
    assert body(family, (("env", "100%"),)) == [
        'pg_ages_bucket{target="main",env="100%",le="1.0"} 1',
        'pg_ages_bucket{target="main",env="100%",le="+Inf"} 2',
        'pg_ages_sum{target="main",env="100%"} 3.0',
        'pg_ages_count{target="main",env="100%"} 2',
    ]


@given(TEXTS, TEXTS)
def test_a_label_of_the_user_is_written_as_if_every_sample_had_it(value: str, mode: str) -> None:
    sample = Sample(("main", value, mode), 1.5)
    same = Family("pg_locks", MetricType.GAUGE, "Help.", ("target", "env", "mode"), (sample,))
    given_apart = Family(
        "pg_locks", MetricType.GAUGE, "Help.", ("target", "mode"), (Sample(("main", mode), 1.5),)
    )
    assert fragment(given_apart, (("env", value),)).body == fragment(same).body


def load(folder: Path, label: str) -> configuration.Configuration:
    path = folder / "exporter.yaml"
    path.write_text(f"targets:\n- name: a\n  dsn: {DSN}\n  labels:\n    {label}: x\n")
    return configuration.load(path, {}, {})


@pytest.mark.parametrize(
    ("label", "whose"),
    [
        ("relname", "the query "),  # of a set that is on
        ("covered_by", "the query "),
        ("short_version", "the query "),  # of a set that is off
        ("query", "own metrics"),
        ("datname", "own metrics"),
        ("backup", "own metrics"),
        ("outcome", "own metrics"),
    ],
)
def test_a_label_that_another_series_of_the_target_has_is_a_fault_at_its_place(
    tmp_path: Path, label: str, whose: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, label)
    [fault] = caught.value.faults
    assert (fault.where, fault.key) == (f"{tmp_path}/exporter.yaml:5", f"targets.0.labels.{label}")
    assert whose in fault.problem


@pytest.mark.parametrize("label", ["env", "team", "region", "cluster", "service", "customer"])
def test_the_usual_names_of_labels_are_free(tmp_path: Path, label: str) -> None:
    [target] = load(tmp_path, label).targets
    assert target.labels == ((label, "x"),)
