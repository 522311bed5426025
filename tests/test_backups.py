"""Rules about watching backups on a disk: what is counted, what is told, and when nothing is."""

from __future__ import annotations

import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import exporter.backups
from binaries import run_as
from dumps import PLAIN, SECRET
from exporter.backup_settings import BackupSettings
from exporter.backups import Inspector, Report

NOW = 1_000_000.0
HOUR = 3600.0
INVALID = {"empty": 0, "cut": 0, "unknown": 0, "unreadable": 0}


def never() -> bool:
    return False


def inspector(path: Path | str, **settings: object) -> Inspector:
    entry = BackupSettings.model_validate({"name": "daily", "path": str(path), **settings})
    return Inspector(entry, lambda: NOW, lambda: 0.0)


def backup(path: Path, age: float = HOUR, data: bytes = PLAIN) -> Path:
    """Write a file that was last written to `age` seconds ago."""
    path.write_bytes(data)
    os.utime(path, (NOW - age, NOW - age))
    return path


def longer(times: int) -> bytes:
    """Return a backup of that many times the size of PLAIN."""
    head, end = PLAIN[:50], PLAIN[50:]
    return head + b"x" * (len(PLAIN) * (times - 1)) + end


def values(report: Report) -> dict[str, float]:
    """Return the samples by name, without pg_backup_; the faulty files are in `invalid`."""
    return {
        family.name.removeprefix("pg_backup_"): sample.value
        for family in report.families
        if family.name != "pg_backup_invalid_files"
        for sample in family.samples
        if isinstance(sample.value, int | float)
    }


def invalid(report: Report) -> dict[str, object]:
    [family] = [family for family in report.families if family.name == "pg_backup_invalid_files"]
    assert family.label_names[-1] == "reason"
    return {sample.labels[-1]: sample.value for sample in family.samples}


def test_the_newest_valid_backup_is_told_with_its_age_and_size(tmp_path: Path) -> None:
    backup(tmp_path / "b.sql", 2 * HOUR, longer(2))
    backup(tmp_path / "a.sql", 3 * HOUR, longer(4))
    backup(tmp_path / "c.sql", HOUR, b"--\n-- PostgreSQL database dump\n--\n")
    report = inspector(tmp_path).check(never)
    assert values(report) == {
        "check_success": 1,
        "newest_timestamp_seconds": NOW - 2 * HOUR,
        "newest_size_bytes": 2 * len(PLAIN),
        "files": 2,
        "size_ratio": 0.5,
    }
    assert invalid(report) == {**INVALID, "cut": 1}
    assert report.complete


def test_an_empty_folder_has_no_newest_backup_and_counts_of_zero(tmp_path: Path) -> None:
    report = inspector(tmp_path).check(never)
    assert values(report) == {"check_success": 1, "files": 0}
    assert invalid(report) == INVALID


def test_each_reason_is_counted_on_its_own(tmp_path: Path) -> None:
    backup(tmp_path / "empty", data=b"")
    backup(tmp_path / "cut", data=PLAIN[:-60])
    backup(tmp_path / "unknown", data=b"# notes")
    (tmp_path / "circle").symlink_to("circle")
    report = inspector(tmp_path).check(never)
    assert invalid(report) == dict.fromkeys(INVALID, 1)
    assert values(report) == {"check_success": 1, "files": 0}


@pytest.mark.parametrize(("size", "valid"), [(len(PLAIN), 1), (len(PLAIN) + 1, 0)])
def test_a_backup_below_min_size_is_empty(size: int, valid: int, tmp_path: Path) -> None:
    backup(tmp_path / "a.sql")
    report = inspector(tmp_path, min_size=size).check(never)
    assert (values(report)["files"], invalid(report)["empty"]) == (valid, 1 - valid)


@pytest.mark.parametrize(("age", "cut"), [(59.9, 0), (60.0, 1), (-59.9, 0), (-60.0, 1)])
def test_a_file_that_was_just_written_to_is_not_yet_cut(age: float, cut: int, tmp_path: Path) -> None:
    backup(tmp_path / "a.sql", age, PLAIN[:-60])
    backup(tmp_path / "b.sql", 0.0)
    report = inspector(tmp_path).check(never)
    assert (values(report)["files"], invalid(report)["cut"]) == (1, cut)


def test_the_ratio_is_to_the_median_of_seven_before(tmp_path: Path) -> None:
    sizes = [1, 9, 2, 8, 3, 7, 4, 6]
    for number, times in enumerate(sizes):
        backup(tmp_path / str(number), number * HOUR + HOUR, longer(times))
    backup(tmp_path / "older", 100 * HOUR, longer(50))
    assert values(inspector(tmp_path).check(never))["size_ratio"] == 1 / 6


def test_a_single_backup_has_no_ratio(tmp_path: Path) -> None:
    backup(tmp_path / "a.sql")
    assert "size_ratio" not in values(inspector(tmp_path).check(never))


def test_a_backup_that_is_rotated_away_is_counted_no_more(tmp_path: Path) -> None:
    watch = inspector(tmp_path)
    backup(tmp_path / "old", 2 * HOUR)
    assert values(watch.check(never))["newest_timestamp_seconds"] == NOW - 2 * HOUR
    backup(tmp_path / "new", HOUR)
    assert values(watch.check(never))["files"] == 2
    (tmp_path / "old").unlink()
    assert values(watch.check(never))["files"] == 1
    (tmp_path / "new").unlink()
    assert values(watch.check(never)) == {"check_success": 1, "files": 0}


def test_a_file_is_examined_again_only_when_it_changed(tmp_path: Path) -> None:
    watch = inspector(tmp_path)
    path = backup(tmp_path / "a.sql")
    assert values(watch.check(never))["files"] == 1
    backup(path, data=b"x" * len(PLAIN))
    assert values(watch.check(never))["files"] == 1
    backup(path, HOUR - 1, b"x" * len(PLAIN))
    assert values(watch.check(never))["files"] == 0


def test_names_are_matched_as_a_shell_does(tmp_path: Path) -> None:
    for name in ("a.sql", "b.SQL", ".c.sql", "d.gz"):
        backup(tmp_path / name)
    (tmp_path / "more").mkdir()
    backup(tmp_path / "more" / "e.sql")
    assert values(inspector(tmp_path).check(never))["files"] == 3
    assert values(inspector(tmp_path, pattern="*.sql").check(never))["files"] == 1
    assert values(inspector(tmp_path, pattern=".*.sql").check(never))["files"] == 1
    assert values(inspector(tmp_path / "*.sql").check(never))["files"] == 1
    assert values(inspector(tmp_path / "**" / "*.sql").check(never))["files"] == 2
    assert values(inspector(tmp_path / "*" / "*", pattern="e*").check(never))["files"] == 1
    assert values(inspector(tmp_path / "d.gz").check(never))["files"] == 1


def test_a_file_counts_once_however_many_links_lead_to_it(tmp_path: Path) -> None:
    path = backup(tmp_path / "a.sql")
    (tmp_path / "latest").symlink_to(path)
    (tmp_path / "kept").hardlink_to(path)
    report = inspector(tmp_path).check(never)
    assert (values(report)["files"], invalid(report)) == (1, INVALID)


def test_a_link_that_leads_nowhere_is_unreadable(tmp_path: Path) -> None:
    (tmp_path / "latest").symlink_to("gone")
    assert invalid(inspector(tmp_path).check(never))["unreadable"] == 1


def test_what_is_neither_file_nor_dump_is_no_backup_and_no_fault(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    backup(tmp_path / "folder" / "notes")
    os.mkfifo(tmp_path / "pipe")
    assert invalid(inspector(tmp_path).check(never)) == INVALID


@pytest.mark.parametrize("path", ["", "*"], ids=["folder", "glob"])
def test_a_folder_of_a_dump_is_one_backup(path: str, tmp_path: Path) -> None:
    folder = tmp_path / "daily"
    folder.mkdir()
    backup(folder / "1234.dat.gz", HOUR)
    assert invalid(inspector(tmp_path / path).check(never)) == {**INVALID, "cut": 1}
    backup(folder / "toc.dat", 2 * HOUR, b"PGDMP\x01\x63\x00\x04\x08\x03")  # of a version to come
    expected = {
        "check_success": 1,
        "files": 1,
        "newest_size_bytes": len(PLAIN) + 11,
        "newest_timestamp_seconds": NOW - HOUR,
    }
    assert values(inspector(tmp_path / path).check(never)) == expected
    assert values(inspector(folder).check(never)) == expected


def test_a_glob_without_a_match_is_a_good_check(tmp_path: Path) -> None:
    assert values(inspector(tmp_path / "*.dump").check(never)) == {"check_success": 1, "files": 0}


@pytest.mark.parametrize("path", ["gone", "gone/*.dump", "gone/*/*.dump", "file/*.dump"])
def test_nothing_but_the_failure_is_told_of_a_folder_that_cannot_be_read(path: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    watch = inspector(tmp_path / path)
    assert values(watch.check(never)) == {"check_success": 0}


def test_a_failure_is_logged_once_and_so_is_its_end(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    watch = inspector(tmp_path / "folder")
    for _ in range(3):
        watch.check(never)
    (tmp_path / "folder").mkdir()
    for _ in range(3):
        watch.check(never)
    assert caplog.messages == ["backups cannot be read", "backups can be read again"]
    assert vars(caplog.records[1])["failures"] == 3


def test_a_faulty_file_is_logged_once_and_nothing_of_its_content(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / os.fsdecode(b"caf\xe9.sql")
    backup(path, data=PLAIN[:-60])
    watch = inspector(tmp_path)
    for _ in range(3):
        watch.check(never)
    [record] = caplog.records
    assert vars(record).items() >= {"backup": "daily", "reason": "cut"}.items()
    assert "\ufffd" in vars(record)["path"]
    assert SECRET not in repr(vars(record))


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Give up the rights of root for a while: they would open every file."""
    if os.geteuid() != 0:
        yield
        return
    os.setegid(run_as()["group"])
    os.seteuid(run_as()["user"])
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def test_a_file_or_folder_without_permission_is_unreadable() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "folder"
        folder.mkdir()
        Path(name).chmod(0o755)
        backup(folder / "a.sql").chmod(0)
        backup(folder / "b.sql").chmod(0o644)
        watch = inspector(folder)
        with ordinary_user():
            report = watch.check(never)
        assert (values(report)["files"], invalid(report)["unreadable"]) == (1, 1)
        (folder / "a.sql").chmod(0o644)
        with ordinary_user():
            assert values(watch.check(never))["files"] == 2
        folder.chmod(0)
        with ordinary_user():
            assert values(watch.check(never)) == {"check_success": 0}
        folder.chmod(0o755)


def test_a_check_without_time_for_every_file_tells_the_newest_and_counts_when_it_is_through(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 1000, 20))
    entry = BackupSettings(name="daily", path=str(tmp_path))
    watch = Inspector(entry, lambda: NOW, lambda: float(next(ticks)))
    for number in range(4):
        backup(tmp_path / str(number), HOUR * (number + 1))
    first = watch.check(never)
    assert not first.complete
    assert values(first) == {
        "check_success": 1,
        "newest_timestamp_seconds": NOW - HOUR,
        "newest_size_bytes": len(PLAIN),
    }
    monkeypatch.setattr(exporter.backups, "_LONGEST", 1000.0)
    second = watch.check(never)
    assert second.complete
    assert values(second)["files"] == 4


def test_a_target_is_a_label_only_when_one_is_named(tmp_path: Path) -> None:
    backup(tmp_path / "a.sql")
    for settings, names, labels in (
        ({}, ("backup",), ("daily",)),
        ({"target": "main"}, ("target", "backup"), ("main", "daily")),
    ):
        families = inspector(tmp_path, **settings).check(never).families
        assert {family.label_names[: len(names)] for family in families} == {names}
        assert {sample.labels[: len(names)] for family in families for sample in family.samples} == {labels}
