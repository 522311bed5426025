"""What the status document says about a target."""

from __future__ import annotations

from exporter.evidence import Evidence
from exporter.model import JobKey, OutcomeKind, Query, Skip, SkipReason
from exporter.status import Counts, TargetStatus, target_status
from exporter.store import Served
from watches import Known

QUERIES = {
    name: Query(name, "some", "Some.", every, 1.0, (), (), (), f"{name}.sql")
    for name, every in (("first", 10.0), ("second", 100.0), ("third", 100.0))
}
SETS = {**dict.fromkeys(QUERIES, "some"), "absent": "other"}


class Subject:
    """A target with three queries that run and one that does not; nothing is reached."""

    def __init__(self) -> None:
        self._known = Known()
        self.telemetry = self._known.telemetry
        skip = Skip(SkipReason.EXTENSION, "it is not there", "CREATE it")
        self.watch = self._known.watch("main", QUERIES.values(), {"absent": skip})

    def ran(
        self, name: str, kind: OutcomeKind = OutcomeKind.OK, at: float = 900.0, message: str = ""
    ) -> None:
        self._known.ran(JobKey(name, "main"), kind, at, message)

    def status(self, *, with_queries: bool = True) -> TargetStatus:
        evidence = Evidence(keep=1)
        served = Served(7, 990.0, 900.0)
        return target_status(self.watch, self.telemetry, evidence, served, SETS if with_queries else None)


def test_queries_are_counted_by_state_also_where_they_are_not_listed() -> None:
    subject = Subject()
    subject.ran("first")
    subject.ran("second", OutcomeKind.TIMEOUT)
    short, full = subject.status(with_queries=False), subject.status()
    assert short.counts == full.counts == Counts(ok=1, failing=1, waiting=1, skipped=1)
    assert (short.queries, len(full.queries)) == ((), 4)


def test_a_query_says_when_and_how_its_newest_run_went() -> None:
    subject = Subject()
    subject.ran("first", at=800.0)
    subject.ran("first", OutcomeKind.TIMEOUT, at=900.0, message="took too long")
    [row] = [row for row in subject.status().queries if row.query == "first"]
    assert (row.state, row.reason) == ("failing", "timeout: took too long")
    assert (row.last_run, row.last_success) == (900.0, 800.0)
    assert (row.seconds, row.server_seconds, row.rows, row.samples) == (0.5, 0.2, 3, 6)


def test_a_failing_query_that_is_kept_from_running_backs_off() -> None:
    subject = Subject()
    subject.ran("first", OutcomeKind.SQL)
    subject.telemetry.backing_off(JobKey("first", "main"), 20.0)
    assert {row.query: row.state for row in subject.status().queries}["first"] == "backing off"
    assert subject.status().counts.failing == 1


def test_the_worst_is_what_has_been_failing_for_longest() -> None:
    subject = Subject()
    assert subject.status().worst == ""
    subject.ran("first", at=800.0)
    subject.ran("second", at=700.0)
    for name in ("first", "second"):
        subject.ran(name, OutcomeKind.MISSING, message=f"no table {name}")
    assert subject.status().worst == "second: missing: no table second"
    subject.ran("third", OutcomeKind.BUG)
    assert subject.status().worst.startswith("third: bug")


def test_the_share_of_time_sums_what_each_query_costs_in_its_interval() -> None:
    subject = Subject()
    subject.ran("first")
    subject.ran("second")
    assert round(subject.status().server_share, 6) == 0.2 / 10 + 0.2 / 100


def test_while_a_target_is_down_its_queries_wait_and_it_has_no_start() -> None:
    subject = Subject()
    subject.ran("first")
    subject.ran("second", OutcomeKind.CONNECT)
    assert (subject.status().state, subject.status().started) == ("up", 500.0)
    subject.watch.up = False
    status = subject.status()
    assert (status.state, status.started, status.worst) == ("down", None, "")
    assert status.counts == Counts(waiting=3, skipped=1)
    assert {row.state for row in status.queries} == {"waiting", "skipped"}


def test_a_target_that_was_not_tried_yet_waits() -> None:
    subject = Subject()
    subject.watch.up = subject.watch.tried = False
    assert subject.status().state == "waiting"


def test_what_is_on_the_page_of_it_is_passed_on() -> None:
    status = Subject().status()
    assert (status.series, status.newest, status.oldest) == (7, 990.0, 900.0)
