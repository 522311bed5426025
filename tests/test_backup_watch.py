"""Rules about when backups are checked, alone and in the daemon, with real backups."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import binaries
from daemon import Daemon
from dumps import PLAIN, SECRET, dump
from exporter import backups
from exporter.backup_settings import BackupSettings
from exporter.backup_watch import BackupWatch
from exporter.backups import candidates
from exporter.model import Family
from exporter.render import Format
from exporter.store import Store
from servers import Server


def entry(path: Path, name: str = "daily", **settings: object) -> BackupSettings:
    return BackupSettings.model_validate({"name": name, "path": str(path), **settings})


def page(store: Store, *targets: str) -> str:
    return store.page(Format.TEXT, compressed=False, targets=targets or None).decode()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - a page has no event to wait for
            await asyncio.sleep(0.01)


def serving(store: Store, *entries: BackupSettings, until_page_has: str) -> None:
    """Serve the entries until the page has a text."""

    async def main() -> None:
        watch = BackupWatch(store, time.time)
        watch.configure(entries, {})
        task = asyncio.create_task(watch.serve())
        await until(lambda: until_page_has in page(store))
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


def test_every_entry_is_checked_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(PLAIN)
    store = Store(time.time)
    serving(
        store,
        entry(tmp_path, "first"),
        entry(tmp_path / "gone", "second"),
        until_page_has='pg_backup_check_success{backup="second"} 0',
    )
    assert 'pg_backup_files{backup="first"} 1' in page(store)
    assert 'pg_backup_files{backup="second"}' not in page(store)


def test_a_check_that_hangs_fails_alone_and_is_not_begun_again_before_it_came_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.sql").write_bytes(PLAIN)
    store = Store(time.time)
    back, calls = threading.Event(), []

    def hang(settings: BackupSettings) -> list[backups.Candidate]:
        if settings.name == "hung":
            calls.append(settings.name)
            back.wait(20)
        return candidates(settings)

    monkeypatch.setattr(backups, "candidates", hang)

    async def main() -> None:
        watch = BackupWatch(store, time.time, 0.5)
        watch.configure([entry(tmp_path, "hung"), entry(tmp_path, "fine")], {})
        hung, fine = watch._entries
        for each in (hung, fine, hung):
            await watch._turn(each)
        assert 'pg_backup_check_success{backup="hung"} 0' in page(store)
        assert 'pg_backup_files{backup="fine"} 1' in page(store)
        assert calls == ["hung"]
        back.set()
        await until(lambda: hung.check is not None and hung.check.done())
        await watch._turn(hung)
        assert 'pg_backup_files{backup="hung"} 1' in page(store)

    asyncio.run(main())


def test_a_mistake_of_ours_fails_one_entry_and_quotes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> Family:
        raise ValueError(SECRET)

    (tmp_path / "a.sql").write_bytes(PLAIN)
    monkeypatch.setattr(backups, "_families", broken)
    store = Store(time.time)
    serving(store, entry(tmp_path), until_page_has='pg_backup_check_success{backup="daily"} 0')
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "ValueError in broken" in str(vars(record)["reason"])
    assert SECRET not in caplog.text + repr(vars(record))


def test_an_entry_with_a_target_is_on_its_page_and_stays_when_the_target_goes_down(tmp_path: Path) -> None:
    (tmp_path / "a.sql").write_bytes(PLAIN)
    store = Store(time.time)
    serving(
        store,
        entry(tmp_path, "free"),
        entry(tmp_path, "bound", target="main"),
        until_page_has='pg_backup_files{target="main",backup="bound"} 1',
    )
    store.drop_target("main")
    assert 'pg_backup_files{target="main",backup="bound"} 1' in page(store, "main")
    assert "free" not in page(store, "main")


def test_an_entry_taken_out_of_the_configuration_leaves_the_page(tmp_path: Path) -> None:
    store = Store(time.time)
    stays, goes = entry(tmp_path, "stays"), entry(tmp_path, "goes")

    async def main() -> None:
        watch = BackupWatch(store, time.time)
        watch.configure([stays, goes], {})
        task = asyncio.create_task(watch.serve())
        await until(lambda: 'backup="goes"' in page(store))
        watch.configure([stays], {})
        assert 'backup="goes"' not in page(store)
        assert 'backup="stays"' in page(store)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())


@pytest.mark.slow
def test_the_daemon_watches_real_backups_from_start_through_reload(
    a_server: Server, database: str, tmp_path: Path
) -> None:
    programs = {major: path for major, path in binaries.clients("pg_dump").items() if major >= a_server.major}
    if not programs:
        if os.environ.get("REQUIRE_PG"):
            pytest.fail("no pg_dump that is as new as the server", pytrace=False)
        pytest.skip("no pg_dump that is as new as the server")
    a_server.execute("CREATE TABLE t AS SELECT n, md5(n::text) FROM generate_series(1, 5000) AS n", database)
    folder = tmp_path / "dumps"
    folder.mkdir()
    whole = dump(programs[max(programs)], a_server.dsn(database), folder / "a.dump", "-Fc")
    cut = folder / "b.dump"
    cut.write_bytes(whole.read_bytes()[:-1000])
    os.utime(cut, (time.time() - 3600,) * 2)
    targets = [{"name": "main", "dsn": a_server.monitor_dsn(database)}]
    backup = {"name": "daily", "path": "dumps", "every": "1s", "target": "main"}
    with Daemon(tmp_path, {"targets": targets, "backups": [backup]}) as daemon:
        daemon.until(lambda: daemon.samples("pg_backup_files", backup="daily") == [1], "find the backup")
        assert daemon.samples("pg_backup_invalid_files", target="main", reason="cut") == [1]
        assert daemon.samples("pg_backup_newest_timestamp_seconds") == [
            pytest.approx(whole.stat().st_mtime, abs=0.001)
        ]
        assert daemon.samples("pg_backup_newest_size_bytes") == [whole.stat().st_size]
        whole.unlink()
        daemon.until(lambda: daemon.samples("pg_backup_files") == [0], "see that it is gone")
        assert daemon.samples("pg_backup_newest_timestamp_seconds") == []
        daemon.configure({"targets": targets, "backups": [{"name": "other", "path": "gone"}]})
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: daemon.samples("pg_backup_check_success", backup="other") == [0], "reload")
        assert daemon.samples("pg_backup_check_success", backup="daily") == []
