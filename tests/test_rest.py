"""Rules of what has a series of its own, and of the one series for all the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from exporter.model import Column, MetricType, Query, Rows
from exporter.rest import OTHER, Known, summed_up

COLUMNS = (
    Column("pg_scans_total", "scans", MetricType.COUNTER, "Scans."),
    Column("pg_rows", "live", MetricType.GAUGE, "Rows."),
    Column("pg_seen_timestamp_seconds", "seen", MetricType.GAUGE, "Unix time in seconds."),
    Column("pg_used_ratio", "used", MetricType.GAUGE, "Share."),
)
ANSWER = ("schemaname", "relname", *(column.column for column in COLUMNS))
Values = tuple[object, object, object, object]


def query(seats: int) -> Query:
    return Query(
        name="stat_user_tables",
        set="tables",
        help="Tables.",
        every=60.0,
        timeout=5.0,
        labels=("schemaname", "relname"),
        columns=COLUMNS,
        variants=((0, "select 1"),),
        path="queries/tables/stat_user_tables.sql",
        limit=(seats + 1) * len(COLUMNS),
        rest=True,
    )


class Trial:
    """A query with a number of places, run again and again."""

    def __init__(self, seats: int) -> None:
        self.query = query(seats)
        self.known: Known | None = None

    def look(self, tables: Mapping[str, Values | int], lump: int | None = None) -> dict[str, Values]:
        """Return what each table's series say; a number stands for a table that did so many scans."""
        lines: list[tuple[object, ...]] = [
            ("s", name, *(one if isinstance(one, tuple) else (one, 1, 5.0, 0.5)))
            for name, one in tables.items()
        ]
        if lump is not None:
            lines.append((None, None, lump, 1, None, None))
        derived, self.known = summed_up(self.query, Rows(ANSWER, lines), self.known)
        assert derived.columns == ANSWER
        assert [row[0] for row in derived.rows] == ["s"] * (len(derived.rows) - 1) + [""]
        return {str(row[1]): row[2:] for row in derived.rows}  # type: ignore[misc]  # four columns


def scans(found: Mapping[str, Values]) -> dict[str, object]:
    return {name: values[0] for name, values in found.items()}


def test_as_many_rows_as_the_limit_has_room_for_have_series_and_the_rest_is_summed_up() -> None:
    found = Trial(2).look({"a": (1, 10, 1.0, 0.1), "b": (2, 20, 2.0, 0.2), "c": (3, 30, 3.0, 0.3), "d": 4})
    assert found == {"a": (1, 10, 1.0, 0.1), "b": (2, 20, 2.0, 0.2), OTHER: (0, 31, None, None)}


def test_a_table_that_gets_its_own_series_makes_the_rest_neither_fall_nor_leap() -> None:
    trial = Trial(2)
    trial.look({"a": 100, "b": 100, "big": 1_000_000, "small": 5})
    assert scans(trial.look({"big": 1_000_010, "a": 101, "b": 102, "small": 6})) == {
        "big": 1_000_010,
        "a": 101,
        OTHER: 10 + 2 + 1,  # what big, which came, b, which went, and small gained
    }
    assert scans(trial.look({"big": 1_000_030, "a": 101, "b": 104, "small": 6}))[OTHER] == 13 + 2


_Step = tuple[Mapping[str, int], Sequence[str]]
_STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 1000), max_size=8),
        st.permutations("abcdefgh"),
    ),
    min_size=2,
    max_size=10,
)


@given(_STEPS, st.integers(1, 5))
def test_what_prometheus_adds_up_is_what_happened(steps: Sequence[_Step], seats: int) -> None:
    """Whichever tables are listed, in whatever order: the increases of all series are those of all tables.

    A value below the last one is a reset, as it is to Prometheus; a table that is new began at 0.
    """
    trial = Trial(seats)
    truth = counted = 0
    tables, series = None, None
    for values, order in steps:
        now = {name: values[name] for name in order if name in values}
        found = {name: number for name, number in scans(trial.look(now)).items() if isinstance(number, int)}
        if tables is not None and series is not None:
            truth += sum(increase(tables.get(name, 0), value) for name, value in now.items())
            new_rest = OTHER in found and OTHER not in series
            counted += sum(increase(series[name], value) for name, value in found.items() if name in series)
            counted += found[OTHER] if new_rest else 0
        if OTHER not in found:  # no table at all: nothing to count from
            found[OTHER] = series[OTHER] if series else 0
        tables, series = now, found
    assert counted == truth


def increase(before: int, after: int) -> int:
    return after - before if after >= before else after


def test_a_row_in_the_lower_half_stays_until_its_place_is_needed() -> None:
    trial = Trial(4)
    trial.look({"a": 0, "b": 0, "c": 0, "d": 0, "e": 0})
    assert set(trial.look({"a": 0, "b": 0, "e": 0, "c": 0, "d": 0})) == {*"abcd", OTHER}
    assert set(trial.look({"a": 0, "e": 0, "b": 0, "c": 0, "d": 0})) == {*"aebc", OTHER}
    assert set(trial.look({"a": 0, "b": 0, "d": 0, "e": 0, "c": 0})) == {*"aebc", OTHER}
    assert set(trial.look({"a": 0, "b": 0, "d": 0})) == {"a", "b", "d", OTHER}


def test_a_limit_below_two_rows_still_names_one() -> None:
    assert set(Trial(0).look({"a": 0, "b": 0})) == {"a", OTHER}


def test_a_counter_of_the_rest_that_is_reset_goes_on_from_where_it_was() -> None:
    trial = Trial(1)
    trial.look({"a": 0, "b": 500})
    assert scans(trial.look({"a": 0, "b": 507}))[OTHER] == 7
    assert scans(trial.look({"a": 0, "b": 3}))[OTHER] == 7 + 3


def test_a_table_that_is_dropped_takes_nothing_away() -> None:
    trial = Trial(1)
    trial.look({"a": 0, "b": 500, "c": 10})
    assert scans(trial.look({"a": 0, "c": 11}))[OTHER] == 1


def test_rows_that_the_query_has_lumped_together_are_part_of_the_rest() -> None:
    trial = Trial(1)
    assert trial.look({"a": 1, "b": 2}, lump=1000) == {"a": (1, 1, 5.0, 0.5), OTHER: (0, 2, None, None)}
    assert scans(trial.look({"a": 1, "b": 5}, lump=1010))[OTHER] == 3 + 10


def test_a_row_that_leaves_the_lump_or_joins_it_makes_the_rest_neither_fall_nor_leap() -> None:
    trial = Trial(1)
    trial.look({"a": 1, "b": 200}, lump=1000)
    assert scans(trial.look({"a": 1, "c": 605}, lump=604))[OTHER] == 9  # b joined with 200, c left with 600
    trial = Trial(1)
    trial.look({"a": 1, "b": 200, "c": 300}, lump=0)
    assert scans(trial.look({"a": 1}, lump=507))[OTHER] == 7


def test_a_lumped_row_that_is_dropped_leaves_the_rest_where_it_was() -> None:
    trial = Trial(1)
    trial.look({"a": 1}, lump=1000)
    assert scans(trial.look({"a": 1}, lump=10))[OTHER] == 0
    assert scans(trial.look({"a": 1}, lump=11))[OTHER] == 1


def test_a_column_without_a_number_has_none_in_the_rest() -> None:
    trial = Trial(1)
    trial.look(dict.fromkeys("abc", (None, None, 1.0, 0.5)))
    assert trial.look(dict.fromkeys("abc", (None, None, 1.0, 0.5)))[OTHER] == (None, None, None, None)


def test_a_counter_that_was_not_known_gains_nothing_when_it_is() -> None:
    trial = Trial(1)
    trial.look({"a": 0, "b": (None, 1, 1.0, 0.5)})
    assert scans(trial.look({"a": 0, "b": 900}))[OTHER] == 0


def test_sums_that_the_server_made_of_bigints_are_numbers() -> None:
    found = Trial(1).look({"a": 0, "b": (Decimal(7), Decimal(2**40), 1.0, 0.5), "c": 0})
    assert found[OTHER] == (0, 2**40 + 1, None, None)
    assert type(found[OTHER][1]) is int


def test_an_answer_of_another_shape_is_left_to_those_who_report_it() -> None:
    for columns in (ANSWER[:-1], (*ANSWER, "more")):
        rows = Rows(columns, [tuple(range(len(columns)))])
        assert summed_up(query(2), rows, None) == (rows, None)


def test_what_is_known_of_a_query_that_a_reload_has_changed_is_forgotten() -> None:
    trial = Trial(1)
    trial.look({"a": 0, "b": 5})
    trial.query = replace(
        query(1), columns=(*COLUMNS, Column("pg_new_total", "new", MetricType.COUNTER, "N."))
    )
    rows = Rows((*ANSWER, "new"), [("s", name, 9, 1, 1.0, 0.5, 7) for name in "ab"])
    derived, _ = summed_up(trial.query, rows, trial.known)
    assert derived.rows[-1] == ("", OTHER, 0, 1, None, None, 0)


def test_no_row_at_all_is_a_rest_without_a_value() -> None:
    assert Trial(2).look({}) == {OTHER: (None, None, None, None)}
