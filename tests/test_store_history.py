"""A rule about the store's whole life: a page depends on what is put, not on what was before."""

from __future__ import annotations

import gzip

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from exporter.model import Family, JobKey, MetricType, Sample
from exporter.render import Format, fragment
from exporter.segments import Fragment
from exporter.store import Store

_KEYS = st.sampled_from(
    [
        JobKey("locks", "main"),
        JobKey("sizes", "main", "app"),
        JobKey("sizes", "main", "web"),
        JobKey("locks", "b"),
    ]
)
_TARGETS = st.none() | st.sets(st.sampled_from(["main", "b"]))
# The values of one job: a value for each family, and for how many seconds.
_VALUES = st.dictionaries(st.sampled_from(["pg_a", "pg_b", "pg_c"]), st.integers(0, 10**6))


def families(key: JobKey, values: dict[str, int]) -> list[Family]:
    names, labels = ("query", "target", "datname"), (key.query, key.target, key.database or "")
    return [
        Family(name, MetricType.GAUGE, "Help.", names, (Sample(labels, value),))
        for name, value in values.items()
    ]


def pieces(key: JobKey, values: dict[str, int]) -> list[Fragment]:
    return [fragment(family) for family in families(key, values)]


class History(RuleBasedStateMachine):
    """Does the same to a store and to two mappings; a new store filled from these must look the same."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 1000
        self.store = Store(lambda: self.time)
        self.polled: dict[JobKey, tuple[dict[str, int], int]] = {}
        self.own: dict[JobKey, int] = {}

    @rule(key=_KEYS, values=_VALUES, lifetime=st.integers(0, 3))
    def put(self, key: JobKey, values: dict[str, int], lifetime: int) -> None:
        self.polled[key] = (values, self.time + lifetime)
        self.store.put(key, pieces(key, values), self.time + lifetime)

    @rule(key=_KEYS, value=st.integers(0, 9))
    def put_own(self, key: JobKey, value: int) -> None:
        self.own[key] = value
        self.store.put_own(key, families(key, {"pg_exporter_own": value}))

    @rule()
    def prepare(self) -> None:
        self.store.prepare()

    @rule(key=_KEYS)
    def drop(self, key: JobKey) -> None:
        self.polled.pop(key, None)
        self.store.drop(key)

    @rule()
    def drop_target(self) -> None:
        self.polled = {key: value for key, value in self.polled.items() if key.target != "main"}
        self.store.drop_target("main")

    @rule(key=_KEYS)
    def forget(self, key: JobKey) -> None:
        self.polled.pop(key, None)
        self.own.pop(key, None)
        self.store.forget(key)

    @rule()
    def wait(self) -> None:
        self.time += 1

    @rule(format_=st.sampled_from(Format), chosen=_TARGETS)
    def scrape(self, format_: Format, chosen: set[str] | None) -> None:
        fresh = Store(lambda: self.time)
        for key, (values, expires_at) in self.polled.items():
            fresh.put(key, pieces(key, values), expires_at)
        for key, value in self.own.items():
            fresh.put_own(key, families(key, {"pg_exporter_own": value}))
        page = self.store.page(format_, compressed=False, targets=chosen)
        assert page == fresh.page(format_, compressed=False, targets=chosen)
        assert gzip.decompress(self.store.page(format_, compressed=True, targets=chosen)) == page
        assert self.store.samples() == fresh.samples()

    @invariant()
    def no_family_has_two_headers(self) -> None:
        lines = self.store.page(Format.TEXT, compressed=False).splitlines()
        types = [line for line in lines if line.startswith(b"# TYPE ")]
        assert types == sorted(set(types))


TestHistory = History.TestCase
TestHistory.settings = settings(max_examples=50, stateful_step_count=25, deadline=None)
