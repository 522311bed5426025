"""Owns the conditions of the write-ahead log, of replication and of backups."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

from conditions import leads_to, muted, told
from installation import Installation
from shipped import changed
from traffic import repeated

_SWITCH = "SELECT pg_logical_emit_message(false, 'test', 'x'), pg_switch_wal()"


@leads_to(
    told("PostgresStandbyNotStreaming", target="standby"),
    told("PostgresStandbyMissing", target="primary", application_name="walreceiver"),
)
def the_standby_is_cut_off(site: Installation) -> Iterator[None]:
    with changed(site.servers["standby"], "primary_conninfo", "''"):
        yield


@leads_to(told("PostgresReplayPaused", target="standby"))
def replay_is_paused(site: Installation) -> Iterator[None]:
    site.pair.standby.execute("SELECT pg_wal_replay_pause()")
    yield
    site.pair.standby.execute("SELECT pg_wal_replay_resume()")


@leads_to(told("PostgresReplicationSlotInactive", target="primary", slot_name="forgotten"))
def a_slot_retains_wal(site: Installation) -> Iterator[None]:
    site.execute("primary", "SELECT pg_create_physical_replication_slot('forgotten', true)")
    site.execute("primary", "SELECT pg_logical_emit_message(false, 'test', repeat('x', 20000000))")
    yield
    site.execute("primary", "SELECT pg_drop_replication_slot('forgotten')")


@leads_to(
    told("PostgresArchivingFailing", target="primary"), told("PostgresArchiveBacklog", target="primary")
)
def archiving_fails(site: Installation) -> Iterator[None]:
    with changed(site.servers["primary"], "archive_command", "'false'"):
        site.execute("primary", _SWITCH)
        yield
    site.execute("primary", _SWITCH)


@leads_to(told("PostgresCheckpointsRequested"))
def checkpoints_are_asked_for_all_the_time(site: Installation) -> Iterator[None]:
    with repeated(lambda: site.execute("main", "CHECKPOINT"), 1.0):
        yield


@leads_to(told("PostgresBackupMissed", "critical", backup="of-main"))
def no_backup_was_made_for_days(site: Installation) -> Iterator[None]:
    os.utime(site.backup("main"), (0, time.time() - 40 * 3600))
    yield
    os.utime(site.backup("main"))


@leads_to(told("PostgresBackupNone", "critical", target="crowded", backup="of-crowded"))
def all_backups_are_gone(site: Installation) -> Iterator[None]:
    content = site.backup("crowded").read_text()
    site.backup("crowded").unlink()
    yield
    site.backup("crowded").write_text(content)


@leads_to(told("PostgresBackupInvalid", target="primary", backup="of-primary", reason="cut"))
def a_backup_broke_off(site: Installation) -> Iterator[None]:
    cut = site.backup("primary").with_name("cut.sql")
    cut.write_text(site.backup("primary").read_text()[:60])
    os.utime(cut, (0, time.time() - 300))
    yield
    cut.unlink()


@leads_to(told("PostgresBackupCheckFailing", target="standby", backup="of-standby"))
def the_place_of_backups_is_away(site: Installation) -> Iterator[None]:
    folder = site.backup("standby").parent
    away = folder.rename(folder.with_name("away"))
    yield
    away.rename(folder)


@leads_to(muted(told("PostgresBackupMissed", "critical", target="down", backup="of-down")), late=True)
def a_server_that_is_down_is_not_backed_up_either(site: Installation) -> Iterator[None]:
    os.utime(site.backup("down"), (0, time.time() - 40 * 3600))
    yield
    os.utime(site.backup("down"))
