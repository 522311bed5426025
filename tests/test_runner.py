"""What one run does with what it gets."""

import asyncio
from collections.abc import Callable

import pytest

from exporter.errors import QueryError
from exporter.model import Column, JobKey, MetricType, Outcome, OutcomeKind, Query, Rows
from exporter.render import Format
from exporter.runner import Runner
from exporter.store import Store
from exporter.telemetry import Telemetry

KEY = JobKey("pg_locks", "main")


def _query(**changes: object) -> Query:
    fields: dict[str, object] = {
        "name": "pg_locks",
        "set": "locks",
        "help": "Locks.",
        "every": 15.0,
        "timeout": 2.0,
        "labels": ("mode",),
        "columns": (Column("pg_locks", "locks", MetricType.GAUGE, "Locks held."),),
        "variants": ((0, "select 1"),),
        "path": "queries/locks/pg_locks.sql",
    }
    return Query(**(fields | changes))  # type: ignore[arg-type]  # a test names the fields it changes


class Trial:
    """A runner whose clock is ours, and what it asked the database for."""

    def __init__(self) -> None:
        self.clock = 1000.0
        self.asked: list[dict[str, object]] = []
        self.store = Store(lambda: self.clock)
        self.telemetry = Telemetry(lambda: self.clock)
        self.runner = Runner(
            self.store,
            self.telemetry,
            derivations={"count_runs": _count_runs},
            expire_after=3.0,
            now=lambda: self.clock,
            timer=lambda: self.clock,
        )

    def run(self, answer: Rows | Exception, query: Query | None = None) -> Outcome:
        async def fetch(sql: str, **wanted: object) -> Rows:
            self.asked.append({"sql": sql, **wanted})
            if isinstance(answer, Exception):
                raise answer
            return answer

        return asyncio.run(self.runner.run(KEY, query or _query(), "select 1", fetch))

    def page(self) -> str:
        return self.store.page(Format.TEXT, compressed=False).decode()


def _count_runs(rows: Rows, previous: object | None, now: float) -> tuple[Rows, object | None]:
    runs = previous + 1 if isinstance(previous, int) else 1
    return Rows(rows.columns, [("runs", runs)]), runs


def _rows(*rows: tuple[object, ...]) -> Rows:
    return Rows(("mode", "locks"), rows, seconds=0.25)


def test_a_good_run_puts_its_samples_on_the_page() -> None:
    trial = Trial()
    outcome = trial.run(_rows(("share", 3), ("exclusive", None)))
    assert (outcome.kind, outcome.rows, outcome.samples, outcome.server_seconds) == (
        OutcomeKind.OK,
        2,
        1,
        0.25,
    )
    assert 'pg_locks{target="main",mode="share"} 3\n' in trial.page()


@pytest.mark.parametrize(("age", "shown"), [(44.9, True), (45.0, False)])
def test_values_stay_for_three_intervals_and_no_longer(age: float, shown: bool) -> None:
    trial = Trial()
    trial.run(_rows(("share", 3)))
    trial.clock += age
    assert ("pg_locks{" in trial.page()) is shown


@pytest.mark.parametrize(
    ("seconds", "interval"), [(0.15, None), (0.151, 30.0), (0.3, 30.0), (0.31, 45.0), (2.0, 210.0)]
)
def test_a_run_over_its_budget_makes_the_interval_as_many_times_longer(
    seconds: float, interval: float | None
) -> None:
    """One percent of 15 s is 0.15 s; the interval is a whole number of the query's own."""
    outcome = Trial().run(Rows(("mode", "locks"), (), seconds), _query(budget=0.01))
    assert outcome.interval == interval
    assert Trial().run(Rows(("mode", "locks"), (), seconds)).interval is None


def test_values_of_a_run_over_its_budget_stay_for_three_of_the_longer_intervals() -> None:
    trial = Trial()
    trial.run(Rows(("mode", "locks"), [("share", 3)], seconds=0.3), _query(budget=0.01))
    trial.clock += 89.9
    assert "pg_locks{" in trial.page()
    trial.clock += 0.1
    assert "pg_locks{" not in trial.page()


def test_a_run_that_timed_out_spent_its_timeout() -> None:
    """What it waited for a connection before that is not the server's."""
    trial = Trial()
    query = _query(budget=0.01)

    async def fetch(sql: str, **wanted: object) -> Rows:
        trial.clock += 60
        raise QueryError(OutcomeKind.TIMEOUT, "too slow")

    assert asyncio.run(trial.runner.run(KEY, query, "select 1", fetch)).interval == 210.0


def test_the_rows_of_a_query_with_evidence_are_kept_with_more_than_its_metrics() -> None:
    trial = Trial()
    trial.runner.evidence.configure(keep=1)
    rows = Rows(("mode", "locks", "pid"), [("share", 3, 77)])
    assert trial.run(rows, _query(evidence="held")).kind is OutcomeKind.OK
    assert trial.run(rows).kind is OutcomeKind.SHAPE
    [episode] = trial.runner.evidence.of("main", "held")
    assert episode.newest.rows == ({"mode": "share", "locks": 3, "pid": 77},)
    assert "77" not in trial.page()


def test_a_failed_run_leaves_the_last_values_until_they_expire() -> None:
    trial = Trial()
    trial.run(_rows(("share", 3)))
    outcome = trial.run(QueryError(OutcomeKind.TIMEOUT, "too slow"))
    assert (outcome.kind, outcome.message) == (OutcomeKind.TIMEOUT, "too slow")
    assert "pg_locks{" in trial.page()


@pytest.mark.parametrize("kind", [OutcomeKind.DENIED, OutcomeKind.MISSING, OutcomeKind.UNSUPPORTED])
def test_what_is_gone_leaves_the_page_at_once(kind: OutcomeKind) -> None:
    trial = Trial()
    trial.run(_rows(("share", 3)))
    trial.run(QueryError(kind, "gone"))
    assert "pg_locks{" not in trial.page()


def test_an_answer_of_another_shape_fails_the_run() -> None:
    outcome = Trial().run(Rows(("mode", "count"), [("share", 3)]))
    assert outcome.kind is OutcomeKind.SHAPE
    assert "locks" in outcome.message


def test_our_own_mistake_is_an_outcome_and_a_traceback(caplog: pytest.LogCaptureFixture) -> None:
    outcome = Trial().run(ZeroDivisionError("secret"))
    assert (outcome.kind, outcome.message) == (OutcomeKind.BUG, "ZeroDivisionError")
    [record] = caplog.records
    assert (record.levelname, record.exc_info is not None) == ("ERROR", True)


def test_a_cancelled_run_is_not_an_outcome() -> None:
    trial = Trial()

    async def fetch(sql: str, **_: object) -> Rows:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(trial.runner.run(KEY, _query(), "select 1", fetch))
    assert trial.telemetry.last_outcome(KEY) is None


def test_rows_that_vanish_take_their_series_along() -> None:
    trial = Trial()
    trial.run(_rows(("share", 3), ("exclusive", 1)))
    trial.run(_rows(("share", 3)))
    assert "exclusive" not in trial.page()


@pytest.mark.parametrize(("timeout", "heavy"), [(2.0, False), (2.001, True)])
def test_slow_queries_take_the_heavy_lane(timeout: float, heavy: bool) -> None:
    trial = Trial()
    trial.run(_rows(), _query(timeout=timeout))
    assert trial.asked == [{"sql": "select 1", "timeout": timeout, "database": None, "heavy": heavy}]


def test_a_derivation_is_given_what_it_returned_last_time() -> None:
    trial = Trial()
    query = _query(derive="count_runs")
    trial.run(_rows(), query)
    trial.run(_rows(), query)
    assert 'pg_locks{target="main",mode="runs"} 2\n' in trial.page()


def test_what_is_over_the_limit_is_summed_up_when_the_query_says_so() -> None:
    trial = Trial()
    scans = Column("pg_scans_total", "locks", MetricType.COUNTER, "Scans.")
    query = _query(columns=(scans,), limit=2, rest=True)
    trial.run(_rows(("a", 9), ("b", 5), ("c", 1)), query)
    assert trial.run(_rows(("a", 9), ("b", 7), ("c", 2)), query).dropped == {}
    assert 'pg_scans_total{target="main",mode="a"} 9\n' in trial.page()
    assert 'pg_scans_total{target="main",mode="_other"} 3\n' in trial.page()
    trial.runner.forget(KEY)
    trial.run(_rows(("a", 9), ("b", 7), ("c", 2)), query)
    assert 'pg_scans_total{target="main",mode="_other"} 0\n' in trial.page()


def test_a_large_answer_is_rendered_off_the_loop_with_the_same_result() -> None:
    trial = Trial()
    rows = _rows(*((f"mode{number}", number) for number in range(3000)))
    outcome = trial.run(rows, _query(limit=2500))
    assert (outcome.samples, outcome.dropped["limit"]) == (2500, 500)


def test_a_failure_is_logged_once_and_so_is_the_recovery(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    trial = Trial()
    failure = QueryError(OutcomeKind.DENIED, "permission denied for table tokens")
    for answer in (_rows(), failure, failure, _rows(), _rows()):
        trial.run(answer)
    failed, recovered = caplog.records
    assert (failed.getMessage(), recovered.getMessage()) == ("query failed", "query has recovered")
    assert vars(failed).items() >= {"outcome": "denied", "target": "main"}.items()
    assert vars(recovered).items() >= {"failures": 2, "lasted": "0s"}.items()


def test_a_query_that_fails_in_turns_logs_each_way_to_fail_once(caplog: pytest.LogCaptureFixture) -> None:
    trial = Trial()
    for kind in (OutcomeKind.TIMEOUT, OutcomeKind.LOCKED) * 5:
        trial.run(QueryError(kind, "because"))
    assert [vars(record)["outcome"] for record in caplog.records] == ["timeout", "locked"]


def test_a_lost_connection_is_logged_by_the_target_and_not_by_each_query(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Trial().run(QueryError(OutcomeKind.CONNECT, "connection refused"))
    assert not caplog.records


def _published(trial: Trial, publish: Callable[[], None]) -> str:
    publish()
    return trial.page()


def test_own_metrics_are_on_the_page_before_the_first_run() -> None:
    trial = Trial()
    page = _published(trial, lambda: trial.runner.publish_own(KEY, _query()))
    assert 'pg_exporter_query_runs_total{target="main",query="pg_locks",outcome="ok"} 0\n' in page


def test_a_forgotten_job_leaves_nothing_behind() -> None:
    trial = Trial()
    trial.run(_rows(("share", 3)))
    trial.runner.publish_own(KEY, _query())
    trial.runner.forget(KEY)
    assert trial.page() == ""
