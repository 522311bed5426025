"""Rules of sharding: which shard of a fleet polls which target."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.sharding import Shard, owner, parse

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}", fullmatch=True)
# Written down once: were they others, shards of two versions would poll a target twice, or not at all.
EXPECTED = [5, 4, 3, 3, 2, 4, 2, 1, 3, 2, 2, 3]


@given(NAMES, st.integers(1, 40))
def test_every_name_belongs_to_exactly_one_shard(name: str, count: int) -> None:
    owners = [number for number in range(1, count + 1) if Shard(number, count).has(name)]
    assert owners == [owner(name, count)]


@given(st.lists(NAMES, max_size=50), st.integers(1, 40))
def test_a_name_moves_to_the_shard_that_was_added_or_not_at_all(names: list[str], count: int) -> None:
    for name in names:
        assert owner(name, count + 1) in (owner(name, count), count + 1)


@pytest.mark.parametrize("count", [2, 5, 10])
def test_a_shard_that_is_added_takes_about_its_share(count: int) -> None:
    names = [f"db-{number}" for number in range(5000)]
    moved = sum(owner(name, count) != owner(name, count + 1) for name in names) / len(names)
    assert 0.8 / (count + 1) < moved < 1.2 / (count + 1)


@pytest.mark.parametrize("count", [2, 5, 10])
def test_shards_have_nearly_as_many_targets_as_each_other(count: int) -> None:
    names = [f"db-{number}.example" for number in range(5000)]
    sizes = Counter(owner(name, count) for name in names)
    assert set(sizes) == set(range(1, count + 1))
    assert all(0.8 < size * count / len(names) < 1.2 for size in sizes.values())


def test_a_name_belongs_to_the_same_shard_in_every_version() -> None:
    assert [owner(f"db-{number}", 5) for number in range(12)] == EXPECTED


def test_a_name_belongs_to_the_same_shard_in_every_process() -> None:
    program = "from exporter.sharding import owner; print([owner(f'db-{n}', 5) for n in range(12)])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(EXPECTED)


@pytest.mark.parametrize(
    ("text", "host", "shard"),
    [
        ("1/1", "any", Shard(1, 1)),
        ("5/5", "any", Shard(5, 5)),
        (" 2/5 ", "any", Shard(2, 5)),
        ("1000/1000", "any", Shard(1000, 1000)),
        ("auto/5", "exporter-0", Shard(1, 5)),
        ("auto/5", "pg-exporter-4.pg-exporter.monitoring.svc", Shard(5, 5)),
    ],
)
def test_a_shard_is_its_number_of_so_many_or_the_ordinal_of_the_host(
    text: str, host: str, shard: Shard
) -> None:
    assert parse(text, host) == shard


@pytest.mark.parametrize(
    ("text", "host", "problem"),
    [
        ("6/5", "exporter-0", "shards count from 1 to 5"),
        ("0/5", "exporter-0", "shards count from 1 to 5"),
        ("1/0", "exporter-0", "must have 1 to 1000 shards"),
        ("1/1001", "exporter-0", "must have 1 to 1000 shards"),
        ("2", "exporter-0", "must be like 2/5"),
        ("-1/5", "exporter-0", "must be like 2/5"),
        ("a/b", "exporter-0", "must be like 2/5"),
        ("", "exporter-0", "must be like 2/5"),
        ("auto/5", "exporter", "does not end in -0, -1"),
        ("auto/5", "exporter-4x", "does not end in -0, -1"),
        ("auto/5", "exporter-5", "the host name exporter-5 means shard 6, and there are 5"),
    ],
)
def test_what_is_no_shard_is_refused_in_words(text: str, host: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        parse(text, host)
