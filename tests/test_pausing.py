"""Rules for the folder of pauses, and for what may be set about pauses."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from exporter.pauses import By, Pause
from exporter.pausing import Pausing, files_in
from setting_files import DSN, faults, settings


def test_each_file_of_the_folder_pauses_the_target_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "main").write_text("disk swap\nsee the calendar\n")
    (tmp_path / "empty").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "linked").symlink_to(tmp_path / "main")
    os.mkfifo(tmp_path / "pipe")
    os.utime(tmp_path / "main", (1000, 1000))
    found = files_in(tmp_path)
    assert set(found) == {"main", "empty", "linked"}
    assert found["main"] == found["linked"] == Pause(By.FILE, 1000.0, reason="disk swap")
    assert found["empty"].reason == ""


def test_what_is_no_text_pauses_without_breaking_anything(tmp_path: Path) -> None:
    (tmp_path / "main").write_bytes(b"\xff\x00\x01 binary" * 1000)
    assert len(files_in(tmp_path)["main"].reason) <= 200


def pausing(folder: Path, text: str) -> Pausing:
    """Return pauses that were configured with this and looked once."""

    async def apply() -> None:
        """Nothing is watched here."""

    made = Pausing(time.time, apply)
    made.configure(settings(folder, text))
    made.look()
    return made


def test_a_folder_that_goes_away_lets_its_pauses_be_as_they_were(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "pauses"
    folder.mkdir()
    (folder / "main").touch()
    made = pausing(tmp_path, "pause_dir: pauses\n")
    assert made.of("main") is not None
    (folder / "main").unlink()
    folder.rmdir()
    made.look()
    made.look()
    assert made.of("main") is not None
    assert [record.message for record in caplog.records].count(
        "pause_dir cannot be read: pauses by files stay as they are"
    ) == 1
    folder.mkdir()
    made.look()
    assert made.of("main") is None


def test_without_a_folder_nothing_is_paused_by_files(tmp_path: Path) -> None:
    folder = tmp_path / "pauses"
    folder.mkdir()
    (folder / "main").touch()
    made = pausing(tmp_path, "pause_dir: pauses\n")
    made.configure(settings(tmp_path))
    assert made.of("main") is None


def test_what_the_endpoint_changes_is_applied_before_it_answers(tmp_path: Path) -> None:
    async def scenario() -> None:
        seen = []

        async def apply() -> None:
            seen.append(made.of("main") is not None)

        made = Pausing(time.time, apply)
        made.configure(settings(tmp_path))
        assert (await made.pause("main", 60.0, "why")).reason == "why"
        assert await made.resume("main") is None
        assert seen == [True, False]

    asyncio.run(scenario())


def test_the_folder_has_to_be_there_at_the_start(tmp_path: Path) -> None:
    [missing] = faults(tmp_path, f"targets: [{{name: a, dsn: '{DSN}'}}]\npause_dir: nowhere\n")
    assert "pause_dir: the folder cannot be read: no such file or directory" in str(missing)
    (tmp_path / "file").touch()
    [file] = faults(tmp_path, f"targets: [{{name: a, dsn: '{DSN}'}}]\npause_dir: file\n")
    assert "not a directory" in str(file)


def test_a_target_is_paused_by_true_and_nothing_else(tmp_path: Path) -> None:
    [fault] = faults(tmp_path, f"targets: [{{name: a, dsn: '{DSN}', paused: 'yes'}}]\n")
    assert "targets.0.paused" in str(fault)
    assert settings(tmp_path).targets[0].paused is False
