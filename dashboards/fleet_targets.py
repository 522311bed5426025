"""Owns the tables of the fleet: one row a target, and who polls it."""

from __future__ import annotations

from dashboards.links import TARGET
from dashboards.model import (
    GREEN,
    GREY,
    ORANGE,
    RED,
    UP,
    Column,
    Link,
    Query,
    Row,
    Table,
    Timeline,
    falling,
    rising,
)
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
_TO_TARGET = Link(TARGET.uid, "Open the target", of_series=("target",))
_BY = "by (target)"
_BY_EXPORTER = "by (target, instance)"
# Of what nobody polls there is no pg_up: these words keep it in the table.
_POLLED = f"min {_BY} (pg_up) or 2 + 0 * max {_BY} (pg_exporter_target_paused) or 3 + 0 * max {_BY} (pg_exporter_leader)"
_LEADS = ((1, "leads", GREEN), (0, "stands by", GREY))

TARGETS = Row(
    "Which target?",
    (
        Table(
            title="Targets",
            what="One row for each target, the most alerts first; a click opens it. Colours are those of the target's dashboard.",
            good="No orange and no red.",
            do="Open the row that has some.",
            empty="no targets",
            height=8,
            by=(("target", "Target"),),
            sort="Alerts",
            links=(_TO_TARGET,),
            columns=(
                Column(
                    "Up",
                    _POLLED,
                    steps=falling(red=1),
                    words=(*UP, (2, "paused", ORANGE), (3, "no leader", RED)),
                ),
                Column(
                    "Alerts",
                    f'count {_BY} (ALERTS{{alertstate="firing",severity=~"critical|warning",target!=""}}) or 0 * max {_BY} (pg_up)',
                    steps=rising(orange=1, red=3),
                ),
                Column(
                    "Role",
                    f"max {_BY} (pg_in_recovery)",
                    words=((0, "primary", "text"), (1, "standby", "purple")),
                    cell="text",
                ),
                Column(
                    "Connections",
                    f"max {_BY} (pg_connections_used_ratio)",
                    "percentunit",
                    alert_steps("PostgresConnectionsNearLimit"),
                    decimals=0,
                ),
                Column(
                    "Oldest tx",
                    f'max {_BY} (pg_stat_activity_oldest_transaction_age_seconds{{backend_type="client backend"}})',
                    "s",
                    alert_steps("PostgresTransactionOld", "age"),
                    decimals=0,
                ),
                Column(
                    "Blocked",
                    f"sum {_BY} (pg_blocked_sessions)",
                    steps=alert_steps("PostgresLockQueueLong", "sessions"),
                ),
                Column(
                    "Lag",
                    f'max {_BY} (pg_replication_lag_seconds) or max {_BY} (pg_stat_replication_lag_seconds{{stage="replay"}})',
                    "s",
                    alert_steps("PostgresReplicationLagSeconds", "seconds"),
                    decimals=1,
                ),
                Column(
                    "Wraparound",
                    f"max {_BY} (pg_database_xid_stop_ratio)",
                    "percentunit",
                    alert_steps("PostgresXidWraparound", "ratio"),
                    decimals=1,
                ),
                Column(
                    "Vacuum debt",
                    f"max {_BY} (pg_table_vacuum_due_ratio)",
                    "suffix:x",
                    alert_steps("PostgresTableVacuumOverdue", "ratio"),
                    decimals=1,
                ),
                Column("Size", f"sum {_BY} (pg_database_size_bytes)", "bytes", decimals=1),
                Column(
                    "Transactions",
                    f"sum {_BY} (rate(pg_stat_database_xact_commit_total{_RATE}) + rate(pg_stat_database_xact_rollback_total{_RATE}))",
                    "ops",
                    decimals=1,
                ),
                Column(
                    "Rolled back",
                    f"sum {_BY} (rate(pg_stat_database_xact_rollback_total{_RATE}))"
                    f" / (sum {_BY} (rate(pg_stat_database_xact_commit_total{_RATE}) + rate(pg_stat_database_xact_rollback_total{_RATE})) > 0)",
                    "percentunit",
                    alert_steps("PostgresRollbackRatioHigh", "ratio"),
                    decimals=1,
                ),
                Column(
                    "Backup",
                    f"time() - min {_BY} (pg_backup_newest_timestamp_seconds)",
                    "s",
                    alert_steps("PostgresBackupMissed", "age"),
                    decimals=0,
                ),
                Column(
                    "Up for",
                    f"time() - max {_BY} (pg_postmaster_start_time_seconds)",
                    "dtdurations",
                    decimals=0,
                ),
            ),
        ),
    ),
)

POLLED = Row(
    "Which exporter polls it?",
    (
        Table(
            title="Exporters by target",
            what="Who polls which target, of shards and of replicas that elect a leader. `instance` is the target itself where Prometheus scrapes by `/sd`.",
            good="Each target is up at one exporter; its replicas stand by.",
            do="Paused: the status page of the exporter says by what, since when and why. Nobody leads: look at the session that holds the lock.",
            empty="no targets",
            width=12,
            by=(("target", "Target"), ("instance", "Exporter")),
            links=(_TO_TARGET,),
            columns=(
                Column("Polled", f"max {_BY_EXPORTER} (pg_up)", steps=falling(red=1), words=UP),
                Column("Leader", f"max {_BY_EXPORTER} (pg_exporter_leader)", words=_LEADS, cell="text"),
                Column(
                    "Paused",
                    f"max {_BY_EXPORTER} (pg_exporter_target_paused)",
                    words=((1, "paused", ORANGE),),
                    cell="text",
                ),
            ),
        ),
        Timeline(
            title="Leaders over time",
            what="Which replica led each target, over time.",
            good="One bar that leads for each target; hand-overs where replicas were started anew.",
            do="A leader that changes often: the sessions that hold the locks are ended, by the server or by what is between.",
            unit="short",
            empty="no replicas elect a leader",
            queries=(Query(f"max {_BY_EXPORTER} (pg_exporter_leader)", "{{target}} {{instance}}"),),
            words=_LEADS,
        ),
    ),
    folded=True,
)
