"""Overrides for some targets: one copy of an alert for each, that exclude each other."""

from __future__ import annotations

import pytest

from exporter.alert_rules import groups
from exporter.alert_sources import Alert, Alerting, Subject
from exporter.thresholds import Override, Settings, Severity, Thresholds


@pytest.mark.parametrize(("place", "all_of_it"), [("$where", 'env="a"'), ("$job", 'job="here"')])
def test_a_target_with_numbers_of_its_own_is_in_one_copy_only(place: str, all_of_it: str) -> None:
    levels = {Severity.WARNING: {"limit": "1"}}
    own = {"PostgresThing": {Severity.WARNING: {"limit": "2"}}}
    alert = Alert("PostgresThing", f"thing{{{place}}} > $limit", "A thing.", "A thing.")
    thresholds = Thresholds(
        Settings(job="here", selector='env="a"'),
        {"PostgresThing": levels},
        overrides=(Override("batch-.*", own), Override("test", own)),
    )
    [(_, group)] = groups(Alerting((Subject("things", "Things.", (alert,)),), thresholds))
    rules: object = group["rules"]
    assert isinstance(rules, list)
    assert [rule["expr"] for rule in rules] == [
        f'thing{{{all_of_it},target!~"batch-.*|test"}} > 1',
        f'thing{{{all_of_it},target=~"batch-.*"}} > 2',
        f'thing{{{all_of_it},target=~"test",target!~"batch-.*"}} > 2',
    ]
