"""Rules of how rows of the catalogue become bytes, a ratio and a confidence."""

from __future__ import annotations

import pytest

from exporter.derive.table_bloat import COLUMNS, table_bloat
from exporter.model import Rows

# 226 rows of an integer fit on a page, so 226,000 need 1,000 of the 2,000 that there are.
_TABLE: dict[str, object] = {
    "schemaname": "public",
    "relname": "t",
    "relpages": 2000,
    "reltuples": 226_000.0,
    "pages": 2000,
    "live": 226_000,
    "modified": 0,
    "is_counted": True,
    "fillfactor": 100,
    "block_size": 8192,
    "lengths": [4],
    "alignments": "i",
    "storages": "p",
    "nulls": [0.0],
    "widths": [4],
    "constant": [False],
    "residues": None,
    "toast_pages": None,
    "chunks": None,
}


def derived(*tables: dict[str, object]) -> list[dict[str, object]]:
    """Return what comes of tables that differ from the one above in these cells."""
    cells = [{**_TABLE, **table} for table in tables]
    rows, state = table_bloat(Rows(tuple(_TABLE), [tuple(one.values()) for one in cells], 0.5), None, 0.0)
    assert (rows.columns, rows.seconds, state) == (COLUMNS, 0.5, None)
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows.rows]


def said(**changes: object) -> tuple[object, object, object]:
    """Return confidence, bytes and ratio."""
    info, *numbers = derived(changes)
    [number] = numbers or [dict.fromkeys(COLUMNS)]
    return info["confidence"], number["bloat_bytes"], number["bloat_ratio"]


def test_what_is_not_needed_comes_back() -> None:
    assert said() == ("high", 1000 * 8192, 0.5)


def test_labels_of_method_and_confidence_are_on_a_row_of_their_own() -> None:
    info, numbers = derived({})
    assert (info["method"], info["estimates"], info["bloat_bytes"]) == ("catalog", 1, None)
    assert (numbers["method"], numbers["confidence"], numbers["estimates"]) == (None, None, None)


@pytest.mark.parametrize(("pages", "ratio"), [(9, None), (10, 0.9)])
def test_below_ten_pages_there_are_bytes_and_no_ratio(pages: int, ratio: float | None) -> None:
    assert said(pages=pages, live=1) == ("high", (pages - 1) * 8192, ratio)


def test_a_table_that_is_smaller_than_it_should_be_has_no_bloat() -> None:
    assert said(pages=900) == ("high", 0, 0.0)


@pytest.mark.parametrize(
    ("changes", "confidence"),
    [
        ({}, "high"),
        ({"modified": 113_000}, "high"),
        ({"modified": 113_001}, "low"),
        ({"is_counted": False}, "low"),
        ({"pages": None}, "low"),
        ({"widths": [None], "nulls": [None]}, "low"),
        ({"lengths": [-1], "storages": "x", "widths": [900]}, "high"),
        ({"lengths": [-1], "storages": "x", "widths": [1100]}, "low"),
        ({"lengths": [-1], "storages": "x", "widths": [1100], "constant": [True]}, "high"),
        ({"lengths": [-1], "storages": "x", "widths": [None], "nulls": [None]}, "none"),
    ],
)
def test_confidence_is_low_or_none_where_something_is_not_known(
    changes: dict[str, object], confidence: str
) -> None:
    found, size, _ = said(**changes)
    assert found == confidence
    assert (size is None) == (confidence == "none")


def test_an_empty_table_needs_no_widths_to_be_all_bloat() -> None:
    assert said(live=0, lengths=[-1], storages="x", widths=[None])[1:] == (2000 * 8192, 1.0)


def test_where_rows_are_not_counted_the_number_that_means_less_bloat_counts() -> None:
    """After a reset live rows begin at 0; on a standby there are none."""
    assert said(is_counted=False, live=10)[2] == 0.5
    assert said(is_counted=False, live=339_000)[2] == 0.25
    assert said(is_counted=False, live=10, reltuples=-1.0)[2] == pytest.approx(1 - 1 / 2000)


def test_a_locked_table_counts_with_the_pages_of_its_last_vacuum() -> None:
    assert said(pages=None, relpages=1250)[1:] == (250 * 8192, 0.2)


def test_toast_is_given_back_down_to_four_chunks_a_page_and_not_known_while_locked() -> None:
    _, numbers = derived({"toast_pages": 100, "chunks": 200})
    assert (numbers["toast_bloat_bytes"], numbers["toast_bloat_ratio"]) == (50 * 8192, 0.5)
    _, numbers = derived({"toast_pages": None, "chunks": 200})
    assert (numbers["toast_bloat_bytes"], numbers["toast_bloat_ratio"]) == (None, None)


def test_tables_come_in_the_order_of_what_a_rewrite_gives_back_toast_included() -> None:
    found = derived(
        {"relname": "none", "pages": 1000},
        {"relname": "heap"},
        {"relname": "toast", "toast_pages": 100, "chunks": 0},
    )
    assert [one["relname"] for one in found] == ["toast", "toast", "heap", "heap", "none", "none"]


def test_a_table_without_columns_is_no_fault() -> None:
    nothing = dict.fromkeys(("lengths", "alignments", "storages", "nulls", "widths", "constant"))
    assert said(**nothing, live=291_000)[1] == 1000 * 8192
