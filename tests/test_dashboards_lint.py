"""Every dashboard that ships keeps the rules, and every rule finds what breaks it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

import pytest

from dashboard_files import DASHBOARDS, FOLDER, Json, panels
from dashboard_rules import RULES, of_expressions
from dashboards.all import files

Rule = Callable[[Json], Iterator[str]]


def test_the_files_are_what_python_makes() -> None:
    made = files()
    assert {path.name for path in FOLDER.glob("*.json")} == made.keys(), "run `make dashboards`"
    stale = [name for name, text in made.items() if (FOLDER / name).read_text() != text]
    assert stale == [], "run `make dashboards`"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
@pytest.mark.parametrize("name", DASHBOARDS)
def test_a_dashboard_keeps_the_rule(name: str, rule: Rule) -> None:
    assert list(rule(DASHBOARDS[name])) == []


def example() -> Json:
    return copy.deepcopy(DASHBOARDS["pg-oauth-target"])


def first(dashboard: Json, kind: str) -> Json:
    return next(panel for panel in panels(dashboard) if panel["type"] == kind)


BREAKS: dict[str, Callable[[Json], object]] = {
    "uid 'X'": lambda board: board.update(uid="X"),
    "id must be None": lambda board: board.update(id=7),
    "editable must be False": lambda board: board.update(editable=True),
    "tags must be": lambda board: board.update(tags=[]),
    "refresh must be": lambda board: board.update(refresh="5s"),
    "$target: allValue must be": lambda board: board["templating"]["list"][2].update(allValue=None),
    "$target: multi must be": lambda board: board["templating"]["list"][2].update(multi=False),
    "the first variable": lambda board: board["templating"]["list"].pop(0),
    "leaves the grid": lambda board: first(board, "stat")["gridPos"].update(x=22),
    "panels overlap": lambda board: first(board, "stat")["gridPos"].update(w=5),
    "is not full": lambda board: first(board, "stat")["gridPos"].update(w=2),
    "of 2 panels": lambda board: first(board, "stat").update(id=first(board, "row")["id"]),
    "letters": lambda board: first(board, "stat")["targets"][0].pop("refId"),
    "is no question": lambda board: first(board, "row").update(title="Health"),
    "does not say what": lambda board: first(board, "stat").update(description="Alerts."),
    "unit": lambda board: first(board, "stat")["fieldConfig"]["defaults"].update(unit="parsecs"),
    "noValue or interval": lambda board: first(board, "stat").pop("interval"),
    "lacks last and max": lambda board: first(board, "timeseries")["options"]["legend"].update(calcs=[]),
    "is cut": lambda board: first(board, "stat").update(title="Deadlocks in the last hour"),
    "asks nothing": lambda board: first(board, "stat").update(targets=[]),
    "data source": lambda board: first(board, "stat")["targets"][0]["datasource"].update(uid="prom"),
    "link": lambda board: first(board, "stat")["fieldConfig"]["defaults"]["links"][0].update(url="/d/x"),
}


@pytest.mark.parametrize("problem", BREAKS)
def test_a_broken_dashboard_is_found_out(problem: str) -> None:
    board = example()
    BREAKS[problem](board)
    assert problem in " ".join(fault for rule in RULES for fault in rule(board))


FAULTS = {
    "pg_up": "pg_up is not filtered by $target",
    'no_such{target=~"$target"}': "unknown metric no_such",
    'pg_up{job=~"$job",target=~"$target",datname="x"}': "pg_up has no label datname",
    'sum by (relname) (pg_up{job=~"$job",target=~"$target"})': "grouped by relname",
    'pg_stat_wal_bytes_total{job=~"$job",target=~"$target"}': "is not in rate",
    'rate(pg_up{job=~"$job",target=~"$target"}[$__rate_interval])': "rate of the gauge pg_up",
    'rate(pg_stat_wal_bytes_total{job=~"$job",target=~"$target"}[5m])': "rate over 5m",
    "sum(": "",
    'pg_up{job=~"$job",target=~"$target"} == $nothing': "",
}


@pytest.mark.parametrize("expr", FAULTS)
def test_a_faulty_expression_is_found_out(expr: str) -> None:
    board = example()
    first(board, "stat")["targets"][0]["expr"] = expr
    faults = list(of_expressions(board))
    assert len(faults) >= 1
    assert FAULTS[expr] in " ".join(faults)


def test_the_manual_has_every_dashboard_with_its_name() -> None:
    page = (FOLDER.parent / "docs" / "dashboards.md").read_text()
    missing = [uid for uid in DASHBOARDS if f"| `{uid}` |" not in page]
    assert missing == []
