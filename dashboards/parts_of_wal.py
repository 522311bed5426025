"""Owns what several dashboards show of archiving and backups; each says where its own links lead."""

from __future__ import annotations

from dashboards.model import Column, Link, Query, Tile, rising
from dashboards.thresholds import alert_steps


def archiving(link: Link) -> Tile:
    """Return the tile that says whether WAL is archived."""
    return Tile(
        title="Archiving",
        what="Whether the newest attempt to archive a WAL file was good.",
        good="ok.",
        do="WAL piles up until it works again. The server's log has what archive_command said.",
        unit="short",
        empty="does not archive",
        query=Query("max(pg_stat_archiver_failing)"),
        steps=rising(red=1),
        words=((0, "ok", "green"), (1, "FAILING", "red")),
        links=(link,),
    )


def newest_backup(link: Link) -> Tile:
    """Return the tile with the age of the newest backup."""
    return Tile(
        title="Newest backup",
        what="Age of the newest backup that was found to be whole; of several sets the oldest.",
        good="Younger than the interval between two backups.",
        do="Look why the last one is missing or not whole before anything else breaks.",
        unit="s",
        empty="none configured",
        query=Query("time() - min(pg_backup_newest_timestamp_seconds)"),
        steps=alert_steps("PostgresBackupMissed", "age"),
        links=(link,),
        decimals=0,
    )


BACKUP_COLUMNS = (
    Column(
        "Age",
        "time() - max by (backup, target) (pg_backup_newest_timestamp_seconds)",
        "s",
        alert_steps("PostgresBackupMissed", "age"),
        decimals=0,
    ),
    Column("Size", "max by (backup, target) (pg_backup_newest_size_bytes)", "bytes"),
    Column("Of usual size", "max by (backup, target) (pg_backup_size_ratio)", "percentunit", decimals=0),
    Column("Whole", "max by (backup, target) (pg_backup_files)"),
    Column("Not whole", "sum by (backup, target) (pg_backup_invalid_files)", steps=rising(orange=1)),
)
