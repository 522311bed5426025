"""Rules of the blocking tree, and the same answers as a naive computation gives on any graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.derive.blocking import COLUMNS, ROOT_STATES, Tree, blocking_tree, shape
from exporter.model import Rows

_Row = tuple[int | None, float | None, str | None, list[int] | None]
_INPUT = ("pid", "query_start", "state", "blockers")

# Who waits, to whom it waits for; nobody waits for itself. Pid 0, a prepared transaction, never waits.
_GRAPHS = st.dictionaries(st.integers(1, 9), st.frozensets(st.integers(0, 9), min_size=1), max_size=9).map(
    lambda graph: {pid: rest for pid, ahead in graph.items() if (rest := ahead - {pid})}
)


def _naive(blockers: Mapping[int, frozenset[int]]) -> Tree:
    """Compute the tree by shortest paths between all pairs, one definition after the other."""
    nodes = set(blockers).union(*blockers.values())
    steps = {(a, b): 1 if b in blockers.get(a, ()) else 99 for a, b in product(nodes, nodes)}
    for middle, a, b in product(nodes, nodes, nodes):
        steps[a, b] = min(steps[a, b], steps[a, middle] + steps[middle, b])
    roots = frozenset(nodes - set(blockers))
    behind = {root: [w for w in blockers if steps[w, root] < 99] for root in roots}
    nearest = [min((steps[w, root] for root in roots), default=99) for w in blockers]
    return Tree(
        roots=roots,
        blocked=len(blockers),
        largest=max(map(len, behind.values()), default=0),
        depth=max((steps for steps in nearest if steps < 99), default=0),
        rootless=sum(steps >= 99 for steps in nearest),
    )


def _wait(pid: int, *blockers: int, query_start: float = 1.0) -> _Row:
    return pid, query_start, None, list(blockers)


def _state(pid: int, state: str | None) -> _Row:
    return pid, None, state, []


def _derive(
    *rows: _Row,
    previous: object | None = None,
    now: float = 1000.0,
) -> tuple[dict[str, object], dict[object, object], object | None]:
    """Return the values of the whole server, the roots by state, and the state to hand to the next run."""
    derived, state = blocking_tree(Rows(_INPUT, rows), previous, now)
    whole: Sequence[object] = derived.rows[0] if derived.rows else ()
    values = dict(zip(derived.columns, whole, strict=False))
    return values, {row[0]: row[1] for row in derived.rows[1:]}, state


@given(_GRAPHS)
def test_any_graph_has_the_shape_that_a_naive_computation_finds(graph: dict[int, frozenset[int]]) -> None:
    assert shape(graph) == _naive(graph)


@given(_GRAPHS, st.sets(st.integers(1, 9)))
def test_every_root_is_counted_under_exactly_one_state(
    graph: dict[int, frozenset[int]], idle: set[int]
) -> None:
    waits = (_wait(pid, *blockers) for pid, blockers in graph.items())
    _, roots, _ = _derive(*waits, *(_state(pid, "idle") for pid in idle))
    assert list(roots) == list(ROOT_STATES)
    assert sum(count for count in roots.values() if isinstance(count, int)) == len(shape(graph).roots)


def test_nobody_waiting_is_0_everywhere_not_absence() -> None:
    values, roots, _ = _derive()
    assert tuple(values) == COLUMNS
    assert values == {
        "state": None,
        "roots": None,
        "blocked_sessions": 0,
        "largest_tree": 0,
        "depth": 0,
        "longest_wait": 0.0,
        "cycle_sessions": 0,
        "behind_autovacuum": 0,
    }
    assert roots == dict.fromkeys(ROOT_STATES, 0)


def test_waits_that_the_server_hides_give_no_answer() -> None:
    assert _derive((None, None, None, None)) == ({}, {}, None)


def test_a_queue_is_as_deep_as_its_shortest_way_to_the_root() -> None:
    """Each of the queue waits for the holder and for all ahead of it: one step, however long the queue."""
    queue = {pid: frozenset(range(1, pid)) for pid in range(2, 202)}
    assert shape(queue) == Tree(frozenset({1}), blocked=200, largest=200, depth=1, rootless=0)


def test_a_chain_is_as_deep_as_it_is_long() -> None:
    chain = {pid: frozenset({pid - 1}) for pid in range(2, 7)}
    assert shape(chain) == Tree(frozenset({1}), blocked=5, largest=5, depth=5, rootless=0)


def test_two_trees_are_not_added_up() -> None:
    waits = {2: {1}, 3: {1}, 5: {4}}
    assert shape(waits) == Tree(frozenset({1, 4}), blocked=3, largest=2, depth=1, rootless=0)


def test_those_behind_a_circle_count_with_the_circle() -> None:
    waits = {1: {2}, 2: {1}, 3: {2}}
    assert shape(waits) == Tree(frozenset(), blocked=3, largest=0, depth=0, rootless=3)


@pytest.mark.parametrize("state", ["active", "idle", "idle in transaction", "idle in transaction (aborted)"])
def test_a_root_is_counted_under_its_state(state: str) -> None:
    _, roots, _ = _derive(_wait(2, 1), _state(1, state))
    assert {name for name, count in roots.items() if count} == {state}


def test_a_prepared_transaction_is_a_root_of_its_own_kind() -> None:
    _, roots, _ = _derive(_wait(2, 0))
    assert roots["prepared transaction"] == 1


def test_those_behind_autovacuum_are_counted_with_those_behind_them() -> None:
    vacuum, other = _state(1, "autovacuum"), _state(5, "idle")
    values, roots, _ = _derive(_wait(2, 1), _wait(3, 2), _wait(4, 5), vacuum, other)
    assert (roots["autovacuum"], values["behind_autovacuum"], values["blocked_sessions"]) == (1, 2, 3)


@pytest.mark.parametrize("rows", [[_state(1, None)], []], ids=["background process", "ended meanwhile"])
def test_a_root_of_unknown_state_is_other(rows: list[_Row]) -> None:
    _, roots, _ = _derive(_wait(2, 1), *rows)
    assert roots["other"] == 1


def test_a_session_that_waits_and_blocks_is_no_root() -> None:
    values, roots, _ = _derive(_wait(2, 1), _wait(3, 2), _state(2, "active"), _state(1, "idle"))
    assert roots == {**dict.fromkeys(ROOT_STATES, 0), "idle": 1}
    assert (values["blocked_sessions"], values["depth"]) == (2, 2)


def test_the_waits_of_parallel_workers_are_those_of_one_session() -> None:
    values, roots, _ = _derive(_wait(2, 1), _wait(2, 3))
    assert values["blocked_sessions"] == 1
    assert roots["other"] == 2


def test_a_wait_is_as_long_as_it_has_been_seen() -> None:
    first, _, state = _derive(_wait(2, 1), now=100.0)
    second, _, state = _derive(_wait(2, 1), _wait(3, 1, query_start=5.0), previous=state, now=115.0)
    third, _, _ = _derive(_wait(3, 1, query_start=5.0), previous=state, now=130.0)
    assert [first["longest_wait"], second["longest_wait"], third["longest_wait"]] == [0.0, 15.0, 15.0]


def test_another_query_of_the_same_session_waits_anew() -> None:
    _, _, state = _derive(_wait(2, 1), now=100.0)
    values, _, _ = _derive(_wait(2, 1, query_start=2.0), previous=state, now=115.0)
    assert values["longest_wait"] == 0.0


def test_a_wait_that_ended_is_forgotten() -> None:
    _, _, state = _derive(_wait(2, 1), now=100.0)
    _, _, state = _derive(previous=state, now=115.0)
    values, _, _ = _derive(_wait(2, 1), previous=state, now=130.0)
    assert values["longest_wait"] == 0.0


def test_a_clock_that_is_set_back_gives_no_negative_wait() -> None:
    _, _, state = _derive(_wait(2, 1), now=100.0)
    values, _, _ = _derive(_wait(2, 1), previous=state, now=40.0)
    assert values["longest_wait"] == 0.0
