"""Rules of a target that is off the page for a while, as when another replica has it."""

from __future__ import annotations

import pytest

from exporter.model import Family, JobKey, MetricType, Sample
from exporter.render import Format
from exporter.segments import Fragment
from exporter.store import Store

LOCKS, SIZES, OTHER = JobKey("locks", "main"), JobKey("sizes", "main", "app"), JobKey("locks", "other")
ABOUT = JobKey("", "main")
FAR = 1e12


def family(name: str) -> Family:
    return Family(name, MetricType.GAUGE, "Help.", (), (Sample((), 1),))


def piece(store: Store, name: str) -> list[Fragment]:
    return store.rendered("main", [family(name)])


def names(store: Store) -> list[str]:
    page = store.page(Format.TEXT, compressed=False).decode()
    return [line.split(" ")[0] for line in page.splitlines() if not line.startswith("#")]


@pytest.fixture
def store() -> Store:
    store = Store(lambda: 1000.0)
    store.put(LOCKS, piece(store, "pg_locks"), FAR)
    store.put_own(LOCKS, [family("pg_own")])
    store.put_own(ABOUT, [family("pg_up")])
    store.put(OTHER, piece(store, "pg_other"), FAR)
    return store


def test_a_muted_target_has_one_key_on_the_page_and_others_all(store: Store) -> None:
    store.mute("main", but=ABOUT)
    assert names(store) == ["pg_other", "pg_up"]
    assert store.samples() == 2


def test_what_is_put_while_a_target_is_muted_is_there_when_it_is_not(store: Store) -> None:
    store.mute("main", but=ABOUT)
    store.put(SIZES, piece(store, "pg_bytes"), FAR)
    store.put_own(ABOUT, [family("pg_about")])
    store.mute("main", but=ABOUT)
    assert names(store) == ["pg_about", "pg_other"]
    store.unmute("main")
    store.unmute("main")
    assert names(store) == ["pg_about", "pg_bytes", "pg_locks", "pg_other", "pg_own"]
    assert store.samples() == 5


def test_what_is_dropped_or_forgotten_while_a_target_is_muted_does_not_come_back(store: Store) -> None:
    store.put(SIZES, piece(store, "pg_bytes"), FAR)
    store.mute("main", but=ABOUT)
    store.forget(LOCKS)
    store.unmute("main")
    assert names(store) == ["pg_bytes", "pg_other", "pg_up"]
    store.mute("main", but=ABOUT)
    store.drop_target("main")
    store.unmute("main")
    assert names(store) == ["pg_other", "pg_up"]


@pytest.mark.parametrize(("expires_at", "is_there"), [(1000.0, False), (1000.1, True)])
def test_what_expired_while_a_target_was_muted_does_not_come_back(
    store: Store, expires_at: float, *, is_there: bool
) -> None:
    store.mute("main", but=ABOUT)
    store.put(SIZES, piece(store, "pg_bytes"), expires_at)
    store.unmute("main")
    assert ("pg_bytes" in names(store)) is is_there
