"""Rules for the hours that a user gives to queries, and that a query's file has of its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from exporter import configuration, cron
from exporter.configuration import Configuration
from exporter.errors import ConfigError
from exporter.hours import Hours
from exporter.model import Query
from exporter.quiet import Timetable
from query_files import GOOD, catalog
from query_files import fault as header_fault
from setting_files import DSN, faults, settings, written

NIGHT, NOON = cron.parse("* 1-5 * * *"), cron.parse("* 12 * * *")


def load(folder: Path, text: str) -> Configuration:
    """Load a file with the targets a1, a2 and b and these quiet hours."""
    names = "".join(f"- {{name: {name}, dsn: '{DSN}'}}\n" for name in ("a1", "a2", "b"))
    return configuration.load(written(folder, f"targets:\n{names}quiet_hours:\n{text}"), {}, {})


def hours(loaded: Configuration, target: str, query: str) -> Hours:
    return loaded.timetables[target].hours(loaded.queries[query])


def refused(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [str(fault) for fault in caught.value.faults]


def test_hours_are_for_the_queries_of_a_set_and_for_those_that_are_named(tmp_path: Path) -> None:
    loaded = load(tmp_path, '- {sets: [bloat], queries: ["pg_locks*"], only: "* 1-5 * * *"}')
    only = Hours(only=((NIGHT,),))
    assert hours(loaded, "b", "table_bloat") == only
    assert hours(loaded, "b", "pg_locks") == only
    assert hours(loaded, "b", "stat_database") == Hours()


def test_without_sets_and_queries_hours_are_for_all_queries(tmp_path: Path) -> None:
    loaded = load(tmp_path, '- {never: "* 12 * * *"}')
    assert {hours(loaded, "a1", name) for name in loaded.queries} == {Hours(never=(NOON,))}


def test_hours_can_be_of_some_targets_alone(tmp_path: Path) -> None:
    loaded = load(tmp_path, '- {queries: [pg_locks], targets: ["a*"], never: "* 12 * * *"}')
    assert hours(loaded, "a1", "pg_locks") == hours(loaded, "a2", "pg_locks") == Hours(never=(NOON,))
    assert hours(loaded, "b", "pg_locks") == Hours()


def test_several_entries_restrict_each_other_and_a_list_widens(tmp_path: Path) -> None:
    first = '- {queries: [pg_locks], only: ["* 1-5 * * *", "* 12 * * *"]}\n'
    second = '- {sets: [locks], never: "* 12 * * *"}'
    loaded = load(tmp_path, first + second)
    assert hours(loaded, "b", "pg_locks") == Hours(only=((NIGHT, NOON),), never=(NOON,))


def test_what_the_file_of_a_query_says_is_restricted_further(tmp_path: Path) -> None:
    loaded = load(tmp_path, '- {queries: [pg_locks], never: "* 12 * * *"}')
    own = replace(loaded.queries["pg_locks"], hours=Hours(only=((NIGHT,),)))
    assert loaded.timetables["b"].hours(own) == Hours(only=((NIGHT,),), never=(NOON,))


def test_a_file_of_a_query_may_have_hours(tmp_path: Path) -> None:
    one = catalog(tmp_path, {"locks/held.sql": '-- only: "* 1-5 * * *"\n' + GOOD}).queries["held"]
    assert one.hours == Hours(only=((NIGHT,),))
    lists = '-- only: ["* 1-5 * * *", "* 12 * * *"]\n-- never: ["* 12 * * *"]\n'
    both = catalog(tmp_path, {"locks/held.sql": lists + GOOD}).queries["held"]
    assert both.hours == Hours(only=((NIGHT, NOON),), never=(NOON,))
    assert catalog(tmp_path, {"locks/held.sql": GOOD}).queries["held"].hours == Hours()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('-- only: "* 1-5 * *"\n', "five fields"),
        ('-- never: "* * 31 2 *"\n', "no day of any year"),
        ("-- only: 5\n", "must be text, or a list of texts"),
        ("-- never: []\n", "must be text, or a list of texts"),
        ('-- only: ["* 1 * * *", 5]\n', "must be text, or a list of texts"),
    ],
)
def test_bad_hours_in_a_file_of_a_query_are_a_fault(tmp_path: Path, line: str, says: str) -> None:
    assert says in str(header_fault(tmp_path, line + GOOD))


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ('{only: "* * 31 2 *"}', "no day of any year is in this window"),
        ('{only: "* 25 * * *"}', "hour: must be from 0 to 23"),
        ("{never: 5}", "must be a list"),
        ("{queries: [pg_locks]}", "needs a window: only or never"),
        ('{query: [pg_locks], only: "* * * * *"}', "did you mean queries?"),
    ],
)
def test_an_entry_that_makes_no_sense_is_a_fault_with_its_place(
    tmp_path: Path, entry: str, says: str
) -> None:
    [fault] = faults(tmp_path, f"targets: [{{name: a, dsn: '{DSN}'}}]\nquiet_hours:\n- {entry}\n")
    assert says in str(fault)
    assert "quiet_hours.0" in str(fault)


def test_a_set_or_a_query_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    [query] = refused(tmp_path, '- {queries: [pg_lock], only: "* 1 * * *"}')
    assert "quiet_hours.0.queries.0: no query has this name (did you mean pg_locks?)" in query
    [known] = refused(tmp_path, '- {sets: ["bloat*", "nothing*"], only: "* 1 * * *"}')
    assert "quiet_hours.0.sets.1: no set has this name" in known


def test_what_has_no_effect_is_remarked_on(tmp_path: Path) -> None:
    assert load(tmp_path, '- {only: "* 1-5 * * *", targets: [b]}').remarks == ()
    [always] = load(tmp_path, '- {only: "* * * * *"}').remarks
    assert always == "quiet_hours.0.only: covers every minute"
    [nowhere] = load(tmp_path, '- {targets: [b, c], never: "* 1 * * *"}').remarks
    assert nowhere == "quiet_hours.0.targets: no target has the name c"


def test_hours_that_never_let_a_query_run_are_remarked_on(tmp_path: Path) -> None:
    [everywhere] = load(tmp_path, '- {queries: [pg_locks], never: "* * * * *"}').remarks
    assert everywhere == "query pg_locks: its hours never let it run on any target"
    clash = '- {queries: [pg_locks], only: "* 1 * * *"}\n- {targets: ["a*"], only: "* 2-23 * * *"}'
    [somewhere] = load(tmp_path, clash).remarks
    assert somewhere == "query pg_locks: its hours never let it run on a1, a2"


def test_a_remark_names_five_targets_at_most(tmp_path: Path) -> None:
    names = "".join(f"- {{name: t{n}, dsn: '{DSN}'}}\n" for n in range(7))
    entry = '- {queries: [pg_locks], targets: ["t[0-5]"], never: "* * * * *"}\n'
    path = written(tmp_path, f"targets:\n{names}quiet_hours:\n{entry}")
    [six] = configuration.load(path, {}, {}).remarks
    assert six.endswith(" on t0, t1, t2, t3, t4 and 1 more")


def test_a_target_has_its_own_time_zone_and_else_utc(tmp_path: Path) -> None:
    text = f"defaults: {{timezone: Europe/Berlin}}\ntargets:\n- {{name: a, dsn: '{DSN}'}}\n"
    text += f"- {{name: b, dsn: '{DSN}', timezone: America/New_York}}\n"
    loaded = configuration.load(written(tmp_path, text), {}, {})
    assert {name: str(each.zone) for name, each in loaded.timetables.items()} == {
        "a": "Europe/Berlin",
        "b": "America/New_York",
    }
    assert settings(tmp_path).targets[0].timezone == "UTC"


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Europe/Berln", "did you mean Europe/Berlin?"),
        ("Berlin", "there is no time zone of this name"),
        ("Europe", "there is no time zone of this name"),
        ("../etc/passwd", "there is no time zone of this name"),
        ("''", "there is no time zone of this name"),
    ],
)
def test_a_time_zone_that_is_not_there_is_a_fault_with_the_nearest(
    tmp_path: Path, name: str, says: str
) -> None:
    [fault] = faults(tmp_path, f"targets: [{{name: a, dsn: '{DSN}', timezone: {name}}}]\n")
    assert says in str(fault)
    assert "targets.0.timezone" in str(fault)


def test_a_timetable_of_nothing_restricts_nothing(tmp_path: Path) -> None:
    query: Query = catalog(tmp_path, {"locks/held.sql": GOOD}).queries["held"]
    assert not Timetable().hours(query)
