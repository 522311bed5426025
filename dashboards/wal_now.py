"""Owns the tiles of the dashboard WAL, replication and backups: whether anything would be lost."""

from __future__ import annotations

from dashboards.links import ALERTS
from dashboards.model import PLAIN, Query, Row, Tile, falling, rising
from dashboards.parts_of_wal import archiving, newest_backup
from dashboards.thresholds import alert_steps

_CONFIGURED = (
    '(max by (job, target) (pg_settings{name="max_wal_size"})'
    ' + on (job, target) max by (job, target) (pg_settings{name="wal_keep_size"}))'
)
_ON_DISK = f"max by (job, target) (pg_wal_size_bytes) / on (job, target) {_CONFIGURED}"
_LATE = (
    "max by (job, target) (pg_control_checkpoint_age_seconds)"
    ' / on (job, target) max by (job, target) (pg_settings{name="checkpoint_timeout"})'
)
_INACTIVE = (
    "pg_replication_slots_retained_bytes"
    " and on (job, target, slot_name) pg_replication_slots_active == 0"
    " unless on (job, target) pg_in_recovery == 1"
)

NOW = Row(
    "Would anything be lost right now?",
    (
        Tile(
            title="Receivers",
            what="Receivers of WAL that are connected: standbys, and readers of logical slots.",
            good="As many as you have.",
            do="One is missing: look at its log first, then at the network. Its slot keeps WAL meanwhile.",
            unit="short",
            empty="not collected",
            query=Query("count(pg_stat_replication_senders) or vector(0)"),
            steps=PLAIN,
            links=(ALERTS,),
        ),
        Tile(
            title="Replay lag",
            what="How far replay is behind the primary, on the standby that is furthest behind, as it says itself.",
            good="Seconds.",
            do="See at which stage the WAL waits, below: sent is network, flush is disk, replay is conflicts.",
            unit="s",
            empty="no standby watched",
            query=Query("max(pg_replication_lag_seconds)"),
            steps=alert_steps("PostgresReplicationLagSeconds", "seconds"),
            links=(ALERTS,),
            decimals=1,
        ),
        Tile(
            title="Replay lag in WAL",
            what="WAL that the receiver which is furthest behind has still to replay, as the sender sees it.",
            good="Less than a segment or two.",
            do="If it grows all the time the standby is too slow, or its link is.",
            unit="bytes",
            empty="no receiver",
            query=Query('max(pg_stat_replication_lag_bytes{stage="replay"})'),
            steps=alert_steps("PostgresReplicationLagBytes", "bytes"),
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="Sync standbys gone",
            what="Synchronous standbys that every commit waits for and that are not there.",
            good="0. None is also shown where commits wait for no standby.",
            do="Commits hang. Bring one back, or take it out of synchronous_standby_names and reload.",
            unit="short",
            empty="not collected",
            query=Query(
                "sum(max by (job, target) (pg_synchronous_standbys_wanted)"
                " - max by (job, target) (pg_synchronous_standbys_connected))"
            ),
            steps=rising(red=1),
            links=(ALERTS,),
        ),
        Tile(
            title="WAL kept by slots",
            what="WAL that the slot which is furthest behind keeps on disk.",
            good="Less than a few segments.",
            do="Start its reader again, or drop the slot: it fills the disk.",
            unit="bytes",
            empty="no slots",
            query=Query("max(pg_replication_slots_retained_bytes)"),
            steps=alert_steps("PostgresReplicationSlotRetainsWal", "bytes"),
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="Kept for nobody",
            what="WAL that slots keep from which nobody reads now, of the slot that keeps most.",
            good="Nothing, or little while a reader is restarted.",
            do="The table below says which slot it is. Drop what nobody will read again.",
            unit="bytes",
            empty="all slots are read",
            query=Query(f"max({_INACTIVE})"),
            steps=alert_steps("PostgresReplicationSlotInactive", "bytes"),
            links=(ALERTS,),
            decimals=0,
        ),
        archiving(ALERTS),
        Tile(
            title="Archive is behind",
            what="For how long the oldest WAL file has waited for being archived: so much is lost with the disk.",
            good="Seconds.",
            do="The archive is too slow, or fails: see the attempts that failed.",
            unit="s",
            empty="does not archive",
            query=Query("max(pg_archiver_backlog_age_seconds)"),
            steps=alert_steps("PostgresArchiveBacklog", "age"),
            links=(ALERTS,),
            decimals=0,
        ),
        Tile(
            title="WAL on disk",
            what="Size of the WAL directory as a multiple of what max_wal_size and wal_keep_size allow for.",
            good="Below 1x.",
            do="A slot or the archiver keeps it: see what keeps WAL, below.",
            unit="suffix:x",
            empty="not collected",
            query=Query(f"max({_ON_DISK})"),
            steps=alert_steps("PostgresWalDirectoryLarge", "factor"),
            links=(ALERTS,),
            decimals=2,
        ),
        Tile(
            title="Last checkpoint",
            what="Age of the last checkpoint as a multiple of checkpoint_timeout. An idle server makes none.",
            good="Below 1x while something is written; a little more is one that spreads its writes.",
            do="A checkpoint does not come to its end: storage is too slow. A crash now means a long recovery.",
            unit="suffix:x",
            empty="not collected",
            query=Query(f"max({_LATE})"),
            steps=alert_steps("PostgresCheckpointOverdue", "intervals"),
            links=(ALERTS,),
            decimals=1,
        ),
        newest_backup(ALERTS),
        Tile(
            title="Backups readable",
            what="Whether the exporter could look into every place where backups should be.",
            good="yes.",
            do="Whether there are backups is not known now: look at the mount and its rights.",
            unit="short",
            empty="none configured",
            query=Query("min(pg_backup_check_success)"),
            steps=falling(red=1),
            words=((1, "yes", "green"), (0, "NO", "red")),
            links=(ALERTS,),
        ),
    ),
)
