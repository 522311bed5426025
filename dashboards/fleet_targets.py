"""Owns the table of the fleet: one row a target."""

from __future__ import annotations

from dashboards.links import TARGET
from dashboards.model import UP, Column, Link, Row, Table, falling, rising
from dashboards.thresholds import alert_steps

_RATE = "[$__rate_interval]"
_TO_TARGET = Link(TARGET.uid, "Open the target", of_series=("target",))


_BY = "by (target)"

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
                Column("Up", f"min {_BY} (pg_up)", steps=falling(red=1), words=UP),
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
