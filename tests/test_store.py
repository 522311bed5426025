"""Rules of what is on a page, for how long, and in which order."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest

from exporter.model import Family, JobKey, MetricType, Sample
from exporter.render import Format, fragment
from exporter.segments import Fragment
from exporter.store import Served, Store

LOCKS = JobKey("locks", "main")
SIZES = JobKey("sizes", "main", "app")
OTHER = JobKey("locks", "other")
FAR = 1e12


@dataclass
class Clock:
    time: float = 1000.0

    def __call__(self) -> float:
        return self.time


@dataclass
class Shelf:
    """A store with a clock that a test sets."""

    clock: Clock = field(default_factory=Clock)
    store: Store = field(init=False)

    def __post_init__(self) -> None:
        self.store = Store(self.clock)

    def page(self, form: Format = Format.TEXT, targets: Sequence[str] | None = None) -> str:
        """The page, which must be the same plain and compressed."""
        plain = self.store.page(form, compressed=False, targets=targets)
        assert gzip.decompress(self.store.page(form, compressed=True, targets=targets)) == plain
        return plain.decode()

    def lines(self, targets: Sequence[str] | None = None) -> list[str]:
        return self.page(targets=targets).splitlines()

    def bodies(self) -> list[str]:
        return [line for line in self.lines() if not line.startswith("#")]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


def family(name: str, value: int, target: str = "main", description: str = "Help.") -> Family:
    sample = Sample((target,), value)
    return Family(name, MetricType.GAUGE, description, ("target",), (sample,))


def piece(name: str, value: int, target: str = "main", description: str = "Help.") -> Fragment:
    return fragment(family(name, value, target, description))


def test_an_empty_text_page_has_no_byte_and_an_empty_openmetrics_page_only_its_end(shelf: Shelf) -> None:
    assert shelf.page(Format.TEXT) == ""
    assert shelf.page(Format.OPENMETRICS) == "# EOF\n"


def test_a_family_has_one_header_over_all_jobs_and_families_are_sorted(shelf: Shelf) -> None:
    shelf.store.put(OTHER, [piece("pg_locks", 2, "other")], FAR)
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], FAR)
    shelf.store.put(SIZES, [piece("pg_bytes", 3)], FAR)
    assert shelf.lines() == [
        "# HELP pg_bytes Help.",
        "# TYPE pg_bytes gauge",
        'pg_bytes{target="main"} 3',
        "# HELP pg_locks Help.",
        "# TYPE pg_locks gauge",
        'pg_locks{target="main"} 1',
        'pg_locks{target="other"} 2',
    ]


def test_an_openmetrics_page_has_its_own_headers_and_ends_with_eof(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_version_info", 1)], FAR)
    assert shelf.page(Format.OPENMETRICS) == (
        '# HELP pg_version Help.\n# TYPE pg_version info\npg_version_info{target="main"} 1\n# EOF\n'
    )


def test_both_formats_are_current_after_every_change(shelf: Shelf) -> None:
    for value in (1, 2):
        shelf.store.put(LOCKS, [piece("pg_locks", value)], FAR)
        assert f'pg_locks{{target="main"}} {value}\n' in shelf.page(Format.TEXT)
        assert f'pg_locks{{target="main"}} {value}\n# EOF\n' in shelf.page(Format.OPENMETRICS)


def test_a_put_replaces_all_that_the_job_had_put_before(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_locks", 1), piece("pg_waits", 2)], FAR)
    shelf.store.put(OTHER, [piece("pg_waits", 3, "other")], FAR)
    shelf.store.put(LOCKS, [piece("pg_locks", 4), piece("pg_ages", 5)], FAR)
    assert shelf.bodies() == [
        'pg_ages{target="main"} 5',
        'pg_locks{target="main"} 4',
        'pg_waits{target="other"} 3',
    ]


def test_a_job_that_puts_nothing_has_nothing_on_the_page(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], FAR)
    shelf.store.put(LOCKS, [], FAR)
    assert shelf.lines() == []


def test_values_are_on_the_page_until_they_expire_and_not_at_that_time(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], 1010.0)
    shelf.clock.time = 1009.999
    assert shelf.bodies() == ['pg_locks{target="main"} 1']
    shelf.clock.time = 1010.0
    assert shelf.lines() == []


def test_what_has_expired_does_not_come_back_when_the_clock_is_set_back(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], 1010.0)
    shelf.clock.time = 1010.0
    assert shelf.lines() == []
    shelf.clock.time = 1000.0
    assert shelf.lines() == []


def test_a_put_gives_a_new_expiry(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], 1010.0)
    shelf.store.put(LOCKS, [piece("pg_locks", 2)], 1020.0)
    shelf.clock.time = 1019.0
    assert shelf.bodies() == ['pg_locks{target="main"} 2']


def test_own_metrics_do_not_expire(shelf: Shelf) -> None:
    shelf.store.put_own(LOCKS, [family("pg_exporter_query_up", 1)])
    shelf.clock.time = 1e15
    assert shelf.bodies() == ['pg_exporter_query_up{target="main"} 1']


def test_own_metrics_and_polled_values_of_a_job_are_apart(shelf: Shelf) -> None:
    shelf.store.put_own(LOCKS, [family("pg_exporter_query_up", 1)])
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], FAR)
    shelf.store.put_own(LOCKS, [family("pg_exporter_query_up", 0)])
    assert shelf.bodies() == ['pg_exporter_query_up{target="main"} 0', 'pg_locks{target="main"} 1']


def test_drop_takes_the_polled_values_of_one_job(shelf: Shelf) -> None:
    full(shelf)
    shelf.store.drop(LOCKS)
    assert shelf.bodies() == [
        'pg_bytes{target="main"} 3',
        'pg_exporter_query_up{target="main"} 1',
        'pg_locks{target="other"} 2',
    ]


def test_a_page_between_two_changes_does_not_outlive_them(shelf: Shelf) -> None:
    full(shelf)
    assert len(shelf.bodies()) == 4
    shelf.store.drop(LOCKS)
    assert len(shelf.bodies()) == 3
    shelf.store.put(LOCKS, [piece("pg_locks", 5)], FAR)
    assert shelf.bodies()[-2:] == ['pg_locks{target="main"} 5', 'pg_locks{target="other"} 2']


def test_drop_target_takes_all_polled_values_of_the_target_and_leaves_own_metrics(shelf: Shelf) -> None:
    full(shelf)
    shelf.store.drop_target("main")
    assert shelf.bodies() == ['pg_exporter_query_up{target="main"} 1', 'pg_locks{target="other"} 2']


def test_forget_takes_polled_values_and_own_metrics_of_one_job(shelf: Shelf) -> None:
    full(shelf)
    shelf.store.forget(LOCKS)
    assert shelf.bodies() == ['pg_bytes{target="main"} 3', 'pg_locks{target="other"} 2']


@pytest.mark.parametrize(
    "take",
    [
        lambda store: store.drop(LOCKS),
        lambda store: store.forget(LOCKS),
        lambda store: store.drop_target("main"),
    ],
)
def test_taking_what_is_not_there_changes_nothing(shelf: Shelf, take: Callable[[Store], None]) -> None:
    shelf.store.put(OTHER, [piece("pg_locks", 2, "other")], FAR)
    take(shelf.store)
    assert shelf.bodies() == ['pg_locks{target="other"} 2']


def test_a_page_of_some_targets_has_only_their_values_and_no_empty_family(shelf: Shelf) -> None:
    full(shelf)
    assert shelf.lines(["other"]) == [
        "# HELP pg_locks Help.",
        "# TYPE pg_locks gauge",
        'pg_locks{target="other"} 2',
    ]
    assert shelf.lines(["main", "other"]) == shelf.lines()
    assert shelf.lines(["nobody"]) == []
    assert shelf.lines([]) == []


def test_a_page_lists_targets_in_the_order_of_their_names_however_they_are_asked_for(shelf: Shelf) -> None:
    for name in ("c", "a", "b"):
        shelf.store.put(JobKey("locks", name), [piece("pg_locks", 1, name)], FAR)
        shelf.store.put_own(JobKey("after", name), [family("pg_up", 1, name)])
    assert shelf.lines(["c", "a", "b", "c"]) == shelf.lines()
    assert [line for line in shelf.bodies() if "locks" in line] == [
        f'pg_locks{{target="{name}"}} 1' for name in "abc"
    ]


def test_everything_of_a_target_has_the_labels_that_the_user_gave_it(shelf: Shelf) -> None:
    shelf.store.label({"main": (("env", "prod"), ("team", "a")), "other": ()})
    for name in ("main", "other"):
        shelf.store.put(LOCKS if name == "main" else OTHER, rendered(shelf, name), FAR)
        shelf.store.put_own(JobKey("own", name), [family("pg_up", 1, name)])
    assert shelf.bodies() == [
        'pg_locks{target="main",env="prod",team="a"} 1',
        'pg_locks{target="other"} 1',
        'pg_up{target="main",env="prod",team="a"} 1',
        'pg_up{target="other"} 1',
    ]


def rendered(shelf: Shelf, target: str) -> list[Fragment]:
    return shelf.store.rendered(target, [family("pg_locks", 1, target)])


def test_the_first_header_on_the_page_wins_when_jobs_disagree(shelf: Shelf) -> None:
    shelf.store.put(OTHER, [piece("pg_locks", 2, "other", "New words.")], FAR)
    shelf.store.put(LOCKS, [piece("pg_locks", 1, description="Old words.")], FAR)
    assert shelf.lines()[0] == "# HELP pg_locks Old words."
    assert shelf.lines(["other"])[0] == "# HELP pg_locks New words."


def test_a_query_that_runs_per_server_and_then_per_database_still_has_an_order(shelf: Shelf) -> None:
    shelf.store.put(JobKey("sizes", "main", "app"), [piece("pg_bytes", 2)], FAR)
    shelf.store.put(JobKey("sizes", "main"), [piece("pg_bytes", 1)], FAR)
    assert shelf.bodies() == ['pg_bytes{target="main"} 1', 'pg_bytes{target="main"} 2']


def test_newest_is_the_time_of_the_last_put_of_values_that_are_on_the_page(shelf: Shelf) -> None:
    shelf.store.put_own(LOCKS, [])
    assert shelf.store.newest(LOCKS) is None
    shelf.store.put(LOCKS, [], 1010.0)
    shelf.clock.time = 1005.0
    assert shelf.store.newest(LOCKS) == 1000.0
    shelf.store.put(LOCKS, [], 1020.0)
    assert shelf.store.newest(LOCKS) == 1005.0
    shelf.clock.time = 1020.0
    assert shelf.store.newest(LOCKS) is None


def test_what_is_served_of_a_target_is_its_samples_and_the_ages_of_its_polled_values(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], 1300)
    shelf.clock.time = 1100
    shelf.store.put(SIZES, [piece("pg_sizes", 2)], 1200)
    shelf.clock.time = 1150
    shelf.store.put_own(JobKey("", "main"), [family("pg_up", 1)])
    shelf.store.put_own(OTHER, [family("pg_up", 1, "other")])
    assert shelf.store.served() == {"main": Served(3, 1100, 1000), "other": Served(1)}
    shelf.clock.time = 1200
    assert shelf.store.served()["main"] == Served(2, 1000, 1000)


def test_samples_counts_what_a_page_of_all_targets_has(shelf: Shelf) -> None:
    assert shelf.store.samples() == 0
    full(shelf)
    assert shelf.store.samples() == len(shelf.bodies()) == 4
    shelf.clock.time = FAR
    assert shelf.store.samples() == len(shelf.bodies()) == 1


def full(shelf: Shelf) -> None:
    shelf.store.put(LOCKS, [piece("pg_locks", 1)], FAR)
    shelf.store.put(SIZES, [piece("pg_bytes", 3)], FAR)
    shelf.store.put(OTHER, [piece("pg_locks", 2, "other")], FAR)
    shelf.store.put_own(LOCKS, [family("pg_exporter_query_up", 1)])
