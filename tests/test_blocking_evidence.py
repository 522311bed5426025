"""The order in which a blocking tree is shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from exporter.derive.blocking_evidence import blocking_evidence
from exporter.model import Rows

_GRAPHS = st.dictionaries(st.integers(1, 9), st.frozensets(st.integers(0, 9), min_size=1), max_size=9).map(
    lambda graph: {pid: rest for pid, ahead in graph.items() if (rest := ahead - {pid})}
)


def _shown(graph: dict[int, frozenset[int]] | dict[int, set[int]]) -> list[tuple[object, ...]]:
    """Return depth, blocks and pid of each session of a graph (waiter to those it waits for) as shown."""
    pids = set(graph).union(*graph.values())
    rows = [(pid, sorted(graph.get(pid, ()))) for pid in pids]
    derived, _ = blocking_evidence(Rows(("pid", "waits_for"), rows), None, 0.0)
    assert derived.columns == ("depth", "blocks", "pid", "waits_for")
    return [tuple(row[:3]) for row in derived.rows]


@given(_GRAPHS)
def test_every_session_is_shown_once_and_below_one_a_step_nearer_to_a_root(
    graph: dict[int, frozenset[int]],
) -> None:
    shown = _shown(graph)
    assert sorted(pid for *_, pid in shown if isinstance(pid, int)) == sorted(
        set(graph).union(*graph.values())
    )
    above: list[object] = []
    for depth, _, pid in shown:
        if isinstance(depth, int) and isinstance(pid, int):
            del above[depth:]
            assert depth == len(above)
            assert depth == 0 or above[-1] in graph[pid]
            above.append(pid)


@given(_GRAPHS)
def test_those_without_a_depth_are_in_a_circle_or_behind_one_and_come_last(
    graph: dict[int, frozenset[int]],
) -> None:
    shown = _shown(graph)
    lost = {pid for depth, _, pid in shown if depth is None}
    assert [pid for *_, pid in shown[len(shown) - len(lost) :]] == sorted(lost)  # type: ignore[type-var]  # pids
    assert all(graph[pid] <= lost for pid in lost if isinstance(pid, int))


def test_the_root_that_holds_up_most_comes_first() -> None:
    assert _shown({2: {1}, 4: {3}, 5: {3, 4}}) == [(0, 2, 3), (1, 1, 4), (1, 0, 5), (0, 1, 1), (1, 0, 2)]


def test_all_prepared_transactions_are_pid_0_and_each_is_shown() -> None:
    rows = [(0, [], "one"), (0, [], "two"), (7, [0], None)]
    derived, _ = blocking_evidence(Rows(("pid", "waits_for", "prepared"), rows), None, 0.0)
    assert [(row[0], row[4]) for row in derived.rows] == [(0, "one"), (0, "two"), (1, None)]


def test_nobody_waiting_is_no_row() -> None:
    derived, _ = blocking_evidence(Rows(("pid", "waits_for"), ()), None, 0.0)
    assert derived.rows == []
