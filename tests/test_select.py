"""Rules for the user's choice: which sets and queries are on, and what is overridden."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter.catalog import Catalog
from exporter.errors import ConfigError, Fault
from exporter.model import Query, Skip, SkipReason
from exporter.targets import select
from setting_files import places, settings

QUERY = Query(
    name="locks",
    set="locks",
    help="Locks.",
    every=15.0,
    timeout=2.0,
    labels=(),
    columns=(),
    variants=((0, "select 1"),),
    path="locks/locks.sql",
)
CATALOG = Catalog(
    {
        "locks": QUERY,
        "sizes": replace(QUERY, name="sizes", set="database", every=60.0),
        "statements": replace(QUERY, name="statements", set="statements"),
        "old": replace(QUERY, name="old", set="compat"),
    },
    frozenset({"compat", "extra"}),
)


def chosen(folder: Path, text: str) -> tuple[dict[str, Query], dict[str, Skip]]:
    return select(CATALOG, settings(folder, text))


def refused(folder: Path, text: str) -> list[Fault]:
    with pytest.raises(ConfigError) as caught:
        chosen(folder, text)
    return list(caught.value.faults)


@pytest.mark.parametrize(
    ("sets", "active"),
    [
        ("[]", {"locks", "sizes", "statements"}),
        ("[+compat]", {"locks", "sizes", "statements", "old"}),
        ("[-statements]", {"locks", "sizes"}),
        ('"+compat,-statements"', {"locks", "sizes", "old"}),
        ("[-compat]", {"locks", "sizes", "statements"}),
        ("[+compat, -compat]", {"locks", "sizes", "statements"}),
        ("[locks, compat]", {"locks", "old"}),
        ("[+extra]", {"locks", "sizes", "statements"}),
        ("[extra]", set()),
    ],
)
def test_plain_names_of_sets_replace_the_default_choice_and_signs_change_it(
    tmp_path: Path, sets: str, active: set[str]
) -> None:
    found, disabled = chosen(tmp_path, f"sets: {sets}")
    assert found.keys() == active
    assert disabled.keys() == CATALOG.queries.keys() - active
    assert {why.reason for why in disabled.values()} <= {SkipReason.DISABLED}


def test_a_query_that_is_off_says_what_turns_it_on(tmp_path: Path) -> None:
    _, disabled = chosen(tmp_path, "queries: {locks: {enabled: false}}")
    assert disabled == {
        "locks": Skip(
            SkipReason.DISABLED,
            "switched off by the configuration",
            "take `enabled: false` from queries.locks",
        ),
        "old": Skip(SkipReason.DISABLED, "its set compat is off", "add +compat to sets"),
    }


def test_one_query_of_a_set_that_is_off_can_be_turned_on(tmp_path: Path) -> None:
    found, _ = chosen(tmp_path, "queries: {old: {enabled: true}, statements: {enabled: true}}\nsets: [locks]")
    assert found.keys() == {"locks", "old", "statements"}


def test_overrides_reach_the_query_and_leave_the_rest_as_it_is(tmp_path: Path) -> None:
    text = "queries: {locks: {every: 1m, timeout: 5s, limit: 7}, sizes: {limit: 8}, statements: {every: 3s}}"
    found, _ = chosen(tmp_path, text)
    assert found == {
        "locks": replace(QUERY, every=60.0, timeout=5.0, limit=7),
        "sizes": replace(CATALOG.queries["sizes"], limit=8),
        "statements": replace(CATALOG.queries["statements"], every=3.0),
    }


def test_an_override_of_a_query_or_set_that_there_is_not_is_a_fault_with_its_line(tmp_path: Path) -> None:
    found = refused(tmp_path, "sets: [+compta]\nqueries:\n  lock: {every: 5s}\n  zzz: {enabled: false}\n")
    assert [str(fault).partition("exporter.yaml:")[2] for fault in found] == [
        "2: sets.0: there is no set compta (did you mean compat?)",
        "4: queries.lock: there is no such query (did you mean locks?)",
        "5: queries.zzz: there is no such query (known: locks, old, sizes, statements)",
    ]


def test_an_unknown_set_of_a_flag_is_a_fault_of_the_flag(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"--sets: sets\.0: there is no set a \(known: "):
        select(CATALOG, settings(tmp_path, flags={"sets": "+a"}))


@pytest.mark.parametrize(
    ("override", "key"),
    [("every: 2s", "every"), ("timeout: 15s", "timeout"), ("every: 5s, timeout: 5s", "timeout")],
)
def test_an_override_may_not_let_a_run_outlast_its_interval(tmp_path: Path, override: str, key: str) -> None:
    [fault] = refused(tmp_path, f"queries: {{locks: {{{override}}}}}")
    assert places([fault]) == [("exporter.yaml:2", f"queries.locks.{key}")]
    assert "is then not below every" in fault.problem
