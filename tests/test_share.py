"""Rules of what a shard keeps of a configuration."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon import finish
from exporter import configuration
from exporter.errors import ConfigError
from exporter.sharding import Shard, owner
from exporter.share import own_share

NAMES = [f"db-{number}" for number in range(20)]


def written(folder: Path, more: str = "") -> Path:
    path = folder / "exporter.yaml"
    targets = "".join(f"- {{name: {name}, dsn: 'postgresql://m@db/{name}'}}\n" for name in NAMES)
    backups = "".join(
        f"- {{name: of-{name}, path: /x, target: {name}}}\n- {{name: {name}, path: /x}}\n" for name in NAMES
    )
    path.write_text(f"targets:\n{targets}backups:\n{backups}{more}")
    return path


def load(folder: Path, shard: str | None, host: str = "host") -> configuration.Configuration:
    flags = {} if shard is None else {"shard": shard}
    return own_share(configuration.load(written(folder), flags, {}), host)


def test_without_a_shard_nothing_is_left_out(tmp_path: Path) -> None:
    whole = load(tmp_path, None)
    assert ([target.name for target in whole.targets], whole.shard) == (NAMES, None)
    assert len(whole.settings.backups) == 2 * len(NAMES)


def test_shards_share_targets_and_backups_without_rest_and_without_overlap(tmp_path: Path) -> None:
    parts = [load(tmp_path, f"{number}/3") for number in (1, 2, 3)]
    assert sorted(target.name for part in parts for target in part.targets) == sorted(NAMES)
    backups = [entry.name for part in parts for entry in part.settings.backups]
    assert sorted(backups) == sorted([*NAMES, *(f"of-{name}" for name in NAMES)])


def test_backups_are_where_their_target_is_and_without_one_where_their_name_belongs(tmp_path: Path) -> None:
    part = load(tmp_path, "2/3")
    own = {target.name for target in part.targets}
    assert own == {name for name in NAMES if owner(name, 3) == 2}
    assert all((entry.target or entry.name) in own for entry in part.settings.backups)


def test_a_shard_may_have_no_target(tmp_path: Path) -> None:
    empty = next(number for number in range(1, 101) if number not in {owner(name, 100) for name in NAMES})
    assert load(tmp_path, f"{empty}/100").targets == ()


def test_the_ordinal_of_the_host_says_which_shard_it_is(tmp_path: Path) -> None:
    assert load(tmp_path, "auto/3", "exporter-1").shard == Shard(2, 3)


def test_a_host_without_an_ordinal_is_a_fault_where_the_shard_was_set(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        own_share(configuration.load(written(tmp_path, "shard: auto/3\n"), {}, {}), "laptop")
    [fault] = caught.value.faults
    lines = (tmp_path / "exporter.yaml").read_text().count("\n")
    assert (fault.where, fault.key) == (f"{tmp_path}/exporter.yaml:{lines}", "shard")
    assert "laptop" in fault.problem


@pytest.mark.parametrize("shard", ["6/5", "0/5", "5", "auto", "auto/0", "a/b"])
def test_what_is_no_shard_is_a_fault_for_every_command(tmp_path: Path, shard: str) -> None:
    with pytest.raises(ConfigError) as caught:
        configuration.load(written(tmp_path), {"shard": shard}, {})
    assert [(fault.where, fault.key) for fault in caught.value.faults] == [("--shard", "shard")]


def test_check_says_what_the_shard_polls(tmp_path: Path) -> None:
    code, output = finish("check", "--config.file", written(tmp_path), "--shard", "2/3")
    own = [name for name in NAMES if owner(name, 3) == 2]
    assert code == 0
    assert f"shard 2/3 polls {len(own)} of 20 targets: {', '.join(own)}\n" in output
