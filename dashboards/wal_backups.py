"""Owns the rows of the dashboard WAL, replication and backups about writing, archiving and restoring."""

from __future__ import annotations

from dashboards.links import ALERTS, QUERIES
from dashboards.model import Column, Graph, Query, Row, Table
from dashboards.parts_of_wal import BACKUP_COLUMNS
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"

WRITTEN = Row(
    "How much WAL is written, and does the archive follow?",
    (
        Graph(
            title="WAL written",
            what="WAL that primaries write a second.",
            good="The curve of the day.",
            do="A leap: a bulk load, an index build, or many full images of pages after each checkpoint.",
            unit="Bps",
            empty="not collected",
            width=6,
            queries=(
                Query(
                    f"sum by (target) (rate(pg_wal_lsn_bytes_total{_RATE}) unless on (job, target) pg_in_recovery == 1)",
                    "{{target}}",
                ),
            ),
            links=(QUERIES,),
        ),
        Graph(
            title="Archived, and failed",
            what="WAL files archived an hour, and attempts that failed an hour.",
            good="No failures.",
            do="The server's log has what archive_command said.",
            unit="suffix:/h",
            empty="does not archive",
            width=6,
            queries=(
                Query(
                    f"3600 * sum by (target) (rate(pg_stat_archiver_archived_total{_RATE}))",
                    "{{target}} archived",
                ),
                Query(
                    f"3600 * sum by (target) (rate(pg_stat_archiver_failed_total{_RATE}))",
                    "{{target}} failed",
                    colour="red",
                ),
            ),
            links=(ALERTS,),
            decimals=0,
        ),
        Graph(
            title="Waiting for the archive",
            what="WAL files that wait for being archived; they stay on disk until they are.",
            good="None, or one or two.",
            do="Grows: the archive is slower than what is written, or fails.",
            unit="short",
            empty="does not archive",
            width=6,
            queries=(Query("max by (target) (pg_archiver_backlog_segments)", "{{target}}"),),
            steps=alert_steps("PostgresArchiveBacklog", "segments"),
            links=(ALERTS,),
            decimals=0,
        ),
        Graph(
            title="Checkpoints (1 h)",
            what="Checkpoints within an hour: due by time, or asked for, mostly by too much WAL.",
            good="Nearly all by time.",
            do="Most asked for: raise max_wal_size; each checkpoint makes pages go into the WAL in full again.",
            unit="short",
            empty="not collected",
            width=6,
            queries=(
                Query(
                    "sum by (target) (increase(pg_stat_checkpointer_num_timed_total[1h]))",
                    "{{target}} by time",
                ),
                Query(
                    "sum by (target) (increase(pg_stat_checkpointer_num_requested_total[1h]))",
                    "{{target}} asked for",
                ),
            ),
            links=(ALERTS,),
            decimals=0,
        ),
    ),
)

BACKUPS = Row(
    "Could everything be restored?",
    (
        Table(
            title="Backups",
            what="Each set of backups: age and size of the newest that was found to be whole, how many there are, and files that are none.",
            good="Younger than the interval between two backups, and as large as usual.",
            do="Look into the place with the exporter's eyes: empty and cut files are named in its log.",
            empty="none configured",
            width=14,
            by=(("backup", "Backup"), ("target", "Target")),
            columns=(
                Column(
                    "Readable",
                    "max by (backup, target) (pg_backup_check_success)",
                    words=((1, "yes", "green"), (0, "NO", "red")),
                    cell="text",
                ),
                *BACKUP_COLUMNS,
            ),
            links=(ALERTS,),
        ),
        Graph(
            title="Age of the newest backup",
            what="Age of the newest whole backup of each set; dashed, the limit of PostgresBackupMissed.",
            good="A saw-tooth as high as the interval between two backups.",
            do="A tooth that goes on climbing is a backup that did not come, or is not whole.",
            unit="s",
            empty="none configured",
            width=10,
            queries=(
                Query(
                    "time() - max by (backup, target) (pg_backup_newest_timestamp_seconds)",
                    "{{backup}} {{target}}",
                ),
            ),
            steps=alert_steps("PostgresBackupMissed", "age"),
            links=(ALERTS,),
        ),
    ),
)

DETAIL = Row(
    "What makes the WAL, and what do checkpoints cost?",
    (
        Graph(
            title="Full images of pages",
            what="Full images of pages for each record of WAL: each page changed for the first time after a checkpoint is written in full (PostgreSQL 14 and later).",
            good="Falls between checkpoints.",
            do="High all the time: checkpoints come too often, or keys are random.",
            unit="percentunit",
            empty="before PostgreSQL 14",
            width=8,
            queries=(
                Query(
                    f"sum by (target) (rate(pg_stat_wal_fpi_total{_RATE}))"
                    f" / (sum by (target) (rate(pg_stat_wal_records_total{_RATE})) > 0)",
                    "{{target}}",
                ),
            ),
        ),
        Graph(
            title="WAL buffers full",
            what="Times a second that WAL had to be written because wal_buffers was full (PostgreSQL 14 and later).",
            good="0, or a few during bulk loads.",
            do="Raise wal_buffers.",
            unit="suffix:/s",
            empty="before PostgreSQL 14",
            width=8,
            queries=(Query(f"sum by (target) (rate(pg_stat_wal_buffers_full_total{_RATE}))", "{{target}}"),),
        ),
        Graph(
            title="WAL to replay after a crash",
            what="WAL since the last checkpoint began, which recovery from a crash would replay.",
            good="A saw-tooth below max_wal_size.",
            do="Recovery reads some 100 MB a second: shorten checkpoint_timeout if that is too long for you.",
            unit="bytes",
            empty="not collected",
            width=8,
            queries=(Query("max by (target) (pg_control_checkpoint_redo_bytes)", "{{target}}"),),
        ),
        Graph(
            title="Time that checkpoints take",
            what="Share of the time in which a checkpoint writes, spread on purpose, and in which it syncs files.",
            good="Syncing near 0.",
            do="Long syncs: storage is too slow for what is written.",
            unit="percentunit",
            empty="not collected",
            queries=(
                Query(
                    f"sum by (target) (rate(pg_stat_checkpointer_write_time_seconds_total{_RATE}))",
                    "{{target}} write",
                ),
                Query(
                    f"sum by (target) (rate(pg_stat_checkpointer_sync_time_seconds_total{_RATE}))",
                    "{{target}} sync",
                ),
            ),
        ),
        Graph(
            title="Buffers written by whom",
            what="Shared buffers written a second by checkpoints, by the background writer, and by processes that had no time to wait.",
            good="Mostly checkpoints.",
            do="Many by processes: let the background writer do more (bgwriter_lru_maxpages).",
            unit="suffix:/s",
            empty="not collected",
            queries=(
                Query(
                    f"sum(rate(pg_stat_checkpointer_buffers_written_total{_RATE}))",
                    "checkpoints",
                ),
                Query(
                    f"sum(rate(pg_stat_bgwriter_buffers_clean_total{_RATE}))",
                    "background writer",
                ),
                Query(
                    f"sum(rate(pg_stat_bgwriter_buffers_backend_total{_RATE}))",
                    "processes",
                ),
            ),
        ),
    ),
    folded=True,
)
