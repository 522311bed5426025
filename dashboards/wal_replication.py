"""Owns the rows of the dashboard WAL, replication and backups about standbys, slots and subscriptions."""

from __future__ import annotations

from dashboards.links import ALERTS, CONNECTIONS, TARGET
from dashboards.model import Column, Graph, Link, Query, Row, Table, falling, rising
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
_TO_TARGET = Link(TARGET.uid, "Open the target", of_series=("target",))
_SLOT = "target, slot_name, slot_type"

STANDBYS = Row(
    "How far behind are the standbys?",
    (
        Graph(
            title="Lag in seconds",
            what="How far replay is behind: as each standby says itself, and, dashed and with (sent) after its name, as its primary sees it.",
            good="Seconds; 0 while there is nothing to replay.",
            do="A steady climb without contact is a standby that is cut off; with contact, replay waits or is paused.",
            unit="s",
            empty="no standby",
            width=6,
            queries=(
                Query("max by (target) (pg_replication_lag_seconds)", "{{target}}"),
                Query(
                    'max by (target, application_name) (pg_stat_replication_lag_seconds{stage="replay"})',
                    "{{application_name}} (sent)",
                    dashed=True,
                    colour="purple",
                ),
            ),
            steps=alert_steps("PostgresReplicationLagSeconds", "seconds"),
            links=(ALERTS,),
        ),
        Graph(
            title="Where the WAL waits",
            what="WAL that has not reached a stage, of the receiver furthest behind: sent (network), write and flush (disk), replay.",
            good="Kilobytes, for moments.",
            do="The first stage that is behind is the one to mend; those after it follow.",
            unit="bytes",
            empty="no receiver",
            width=6,
            queries=(Query("max by (stage) (pg_stat_replication_lag_bytes)", "{{stage}}"),),
            steps=alert_steps("PostgresReplicationLagBytes", "bytes"),
            links=(ALERTS,),
        ),
        Table(
            title="Who receives WAL",
            what="Who receives WAL from whom, what it has still to replay, and how long ago it answered.",
            good="streaming; async, or sync where commits wait.",
            do="startup and catchup end by themselves; backup is a base backup.",
            empty="no receiver",
            width=12,
            by=(("target", "From"), ("application_name", "To"), ("state", "State"), ("sync_state", "Commit")),
            widths=(("From", 75), ("Commit", 75)),
            columns=(
                Column(
                    "Behind",
                    "max by (target, application_name, state, sync_state) (0 * pg_stat_replication_senders"
                    " + on (job, target, application_name, client_addr, slot_name) group_left ()"
                    ' pg_stat_replication_lag_bytes{stage="replay"})',
                    "bytes",
                    alert_steps("PostgresReplicationLagBytes", "bytes"),
                    decimals=0,
                ),
                Column(
                    "Answered",
                    "max by (target, application_name, state, sync_state) (pg_stat_replication_reply_age_seconds)",
                    "s",
                    decimals=1,
                ),
            ),
            links=(_TO_TARGET,),
        ),
    ),
)

KEPT = Row(
    "What keeps WAL on disk?",
    (
        Graph(
            title="WAL kept by slots",
            key="WAL kept by slots over time",
            what="WAL that each replication slot keeps on disk; only max_slot_wal_keep_size bounds it.",
            good="A saw-tooth near 0.",
            do="A straight climb is a slot nobody reads from.",
            unit="bytes",
            empty="no slots",
            width=6,
            queries=(
                Query("max by (target, slot_name) (pg_replication_slots_retained_bytes)", "{{slot_name}}"),
            ),
            steps=alert_steps("PostgresReplicationSlotRetainsWal", "bytes"),
            links=(ALERTS,),
        ),
        Graph(
            title="WAL directory",
            what="Bytes of WAL segments on disk; dashed red, max_wal_size.",
            good="Below the line.",
            do="Above it a slot, the archiver or wal_keep_size keeps them.",
            unit="bytes",
            empty="not collected",
            width=6,
            queries=(
                Query("max by (target) (pg_wal_size_bytes)", "{{target}}"),
                Query('max by (target) (pg_settings{name="max_wal_size"})', "{{target}} limit", limit=True),
            ),
            links=(ALERTS,),
        ),
        Table(
            title="Slots",
            what="Replication slots: whether somebody reads, what they keep, how far they hold back vacuum.",
            good="Read, and keep little. What can still be written is shown where there is a limit.",
            do="Drop what nobody will read again. One that is lost has to be made anew, with what reads from it.",
            empty="no slots",
            width=12,
            widths=(("Target", 85), ("Type", 75)),
            by=(("target", "Target"), ("slot_name", "Slot"), ("slot_type", "Type")),
            sort="Keeps",
            columns=(
                Column(
                    "Read",
                    f"max by ({_SLOT}) (pg_replication_slots_active)",
                    steps=falling(orange=1),
                    words=((1, "yes", "green"), (0, "no", "orange")),
                    cell="text",
                    width=65,
                ),
                Column(
                    "Keeps",
                    f"max by ({_SLOT}) (pg_replication_slots_retained_bytes)",
                    "bytes",
                    alert_steps("PostgresReplicationSlotRetainsWal", "bytes"),
                    decimals=0,
                    width=90,
                ),
                Column(
                    "Holds back",
                    f"max by ({_SLOT}) (pg_replication_slots_xmin_age or pg_replication_slots_catalog_xmin_age)",
                    decimals=0,
                    width=105,
                ),
                Column(
                    "Lost",
                    f"max by ({_SLOT}) (pg_replication_slots_invalidated)",
                    steps=rising(red=1),
                    words=((0, "no", "green"), (1, "LOST", "red")),
                    cell="text",
                    width=65,
                ),
            ),
            links=(_TO_TARGET,),
        ),
    ),
)

REPLAY = Row(
    "What disturbs replay on standbys?",
    (
        Graph(
            title="Queries cancelled for replay (15 m)",
            what="Queries on standbys that were cancelled because they were in the way of replay.",
            good="None, or a few on a standby for reports.",
            do="max_standby_streaming_delay lets them run longer, hot_standby_feedback keeps their rows; both have a price.",
            unit="short",
            empty="no standby",
            width=8,
            queries=(
                Query(
                    "sum by (target, datname) (increase(pg_stat_database_conflicts_total[15m]) and on (job, target) pg_in_recovery == 1)",
                    "{{target}} {{datname}}",
                ),
            ),
            steps=alert_steps("PostgresStandbyQueriesCancelled", "queries"),
            links=(CONNECTIONS,),
            decimals=0,
        ),
        Graph(
            title="WAL received and replayed",
            what="WAL that standbys receive and replay a second.",
            good="Both lines lie together.",
            do="Replay below receipt for long: lag grows. Replay uses one process; look at its waits.",
            unit="Bps",
            empty="no standby",
            width=8,
            queries=(
                Query(
                    f"sum by (target, position) (rate(pg_wal_lsn_bytes_total{_RATE}) and on (job, target) pg_in_recovery == 1)",
                    "{{target}} {{position}}",
                ),
            ),
        ),
        Graph(
            title="Read ahead of replay",
            what="Bytes of WAL by which a standby reads blocks ahead of replay (PostgreSQL 15 and later).",
            good="Above 0 while there is something to replay.",
            do="Always 0 on a slow disk: see recovery_prefetch and wal_decode_buffer_size.",
            unit="bytes",
            empty="no standby of 15+",
            width=8,
            queries=(Query("max by (target) (pg_stat_recovery_prefetch_wal_distance_bytes)", "{{target}}"),),
        ),
    ),
    folded=True,
)

LOGICAL = Row(
    "Does logical replication run?",
    (
        Graph(
            title="Subscriptions",
            what="Whether the worker of each subscription runs.",
            good="1 each.",
            do="The server's log of the subscriber has the error; the same one repeats until it is resolved.",
            unit="short",
            empty="no subscriptions",
            width=8,
            queries=(
                Query(
                    "max by (target, datname, subname) (pg_stat_subscription_up)",
                    "{{target}} {{subname}}",
                ),
            ),
            links=(ALERTS,),
        ),
        Graph(
            title="Last word of the publisher",
            what="Seconds since each subscription got its last message.",
            good="Below 30 s.",
            do="The publisher is away, or applying hangs on a lock.",
            unit="s",
            empty="no subscriptions",
            width=8,
            queries=(
                Query(
                    "max by (target, datname, subname) (pg_stat_subscription_last_msg_age_seconds)",
                    "{{target}} {{subname}}",
                ),
            ),
            steps=alert_steps("PostgresSubscriptionStalled", "age"),
            links=(ALERTS,),
        ),
        Graph(
            title="Decoded, and spilled to disk",
            what="Bytes a second that logical slots decode, and what of it did not fit into logical_decoding_work_mem.",
            good="Nothing spilled.",
            do="Raise logical_decoding_work_mem, or make transactions smaller.",
            unit="Bps",
            empty="no logical slot read",
            width=8,
            queries=(
                Query(
                    f"sum by (slot_name) (rate(pg_stat_replication_slots_bytes_total{_RATE}))",
                    "{{slot_name}} decoded",
                ),
                Query(
                    f"sum by (slot_name) (rate(pg_stat_replication_slots_spill_bytes_total{_RATE}))",
                    "{{slot_name}} spilled",
                ),
            ),
        ),
    ),
    folded=True,
)
