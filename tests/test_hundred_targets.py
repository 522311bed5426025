"""A hundred targets, two replicas of each shard: a reload, one more shard, the death of a replica."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import pytest

from exporter.sharding import owner
from farm import Farm
from hundred import EVERY, LOOK, Replica, Sampler, all_targets, skip_without_programs, start_servers

# A takeover: a look, and a run; what a busy machine needs for both is within the second interval.
LONGEST_GAP = 2 * EVERY + LOOK

# On whose page each target is, and the process of its server that answers.
Leaders = Mapping[str, tuple[str, str]]
T = TypeVar("T")


def until(condition: Callable[[], bool], what: str, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


class Site:
    """All replicas by shard, and who reads their pages."""

    def __init__(self, folder: Path, sampler: Sampler, stack: ExitStack) -> None:
        self._folder, self.sampler, self._stack = folder, sampler, stack
        self.replicas: dict[int, list[Replica]] = {}

    def start(self, targets: Mapping[str, str], shards: range, count: int) -> None:
        """Start two replicas of each of these shards, all at once."""
        made = {shard: [Replica(self._folder, f"{shard}{letter}") for letter in "ab"] for shard in shards}
        self.replicas |= made
        new = [replica.configured(targets, f"{shard}/{count}") for shard in made for replica in made[shard]]
        with ThreadPoolExecutor() as pool:
            for replica in pool.map(Replica.__enter__, new):
                self._stack.push(replica)
                self.sampler.watch(replica)

    def reload(self, targets: Mapping[str, str], count: int) -> None:
        for shard, replicas in self.replicas.items():
            for replica in replicas:
                replica.configured(targets, f"{shard}/{count}")
                replica.process.send_signal(signal.SIGHUP)

    def settle(self, targets: Mapping[str, str]) -> Leaders:
        """Wait until these targets and no others have all their series; return who leads them."""

        def settled() -> bool:
            shapes = self.sampler.shapes()
            assert not self.sampler.faults, self.sampler.faults[:10]
            return shapes.keys() == targets.keys() and len(set(shapes.values())) == 1

        until(settled, "not all targets had their series")
        return self.sampler.leaders()


@contextmanager
def site(folder: Path, farm: Farm) -> Iterator[tuple[Site, Sampler, dict[str, str]]]:
    servers = start_servers(farm)
    with ExitStack() as stack:
        sampler = stack.enter_context(Sampler(servers))
        yield Site(folder, sampler, stack), sampler, all_targets(servers)


@pytest.mark.slow
def test_no_series_is_lost_or_doubled_by_a_reload_a_change_of_shards_or_the_death_of_a_replica(
    tmp_path: Path, farm: Farm
) -> None:
    skip_without_programs(farm)
    with site(tmp_path, farm) as (fleet, sampler, targets):
        assert len(targets) == 100
        names = sorted(targets)
        removed, added = set(names[::20]), set(names[1::20])
        fleet.start(without(targets, added), range(1, 3), 2)
        leaders = fleet.settle(without(targets, added))
        shape = sampler.shapes()[names[2]]
        assert {"test_pid{}", "test_commits_total{}", "pg_up{}"} <= shape

        left = without(targets, removed)
        leaders = reloaded(fleet, left, without(leaders, removed))
        sampler.forget(removed)
        leaders = moved_to_three_shards(fleet, left, leaders)
        after_a_kill(fleet, left, leaders)

        assert set(sampler.shapes().values()) == {shape}
        assert sampler.faults == []
        assert sampler.longest_gap() < LONGEST_GAP
        assert sampler.readings > 100


def without(targets: Mapping[str, T], some: Iterable[str]) -> dict[str, T]:
    return {name: value for name, value in targets.items() if name not in set(some)}


def reloaded(fleet: Site, targets: Mapping[str, str], before: Leaders) -> Leaders:
    """Reload everywhere; who was there and stays keeps its leader and its session."""
    fleet.reload(targets, 2)
    after = fleet.settle(targets)
    assert {name: after[name] for name in before} == before
    return after


def moved_to_three_shards(fleet: Site, targets: Mapping[str, str], before: Leaders) -> Leaders:
    """Add a shard; what does not move to it keeps its leader and its session."""
    fleet.start(targets, range(3, 4), 3)
    fleet.reload(targets, 3)
    until(lambda: all(is_at_home(name, page) for name, (page, _) in fleet.sampler.leaders().items()), "move")
    after = fleet.settle(targets)
    stayed = {name for name, (page, _) in before.items() if is_at_home(name, page)}
    assert len(targets) / 2 < len(stayed) < len(targets)
    assert {name: after[name] for name in stayed} == {name: before[name] for name in stayed}
    return after


def after_a_kill(fleet: Site, targets: Mapping[str, str], before: Leaders) -> None:
    """Kill the busier replica of the first shard; the other one leads all of it, and nothing else changes."""
    pages = [page for page, _ in before.values()]
    victim, heir = sorted(fleet.replicas[1], key=lambda replica: -pages.count(replica.name))
    orphans = {name for name, (page, _) in before.items() if page == victim.name}
    assert orphans
    victim.process.kill()
    fleet.sampler.leave(victim)
    after = fleet.settle(targets)
    assert {after[name][0] for name in orphans} == {heir.name}
    assert without(after, orphans) == without(before, orphans)


def is_at_home(target: str, page: str) -> bool:
    return page.startswith(str(owner(target, 3)))
