"""Owns the list of what should be mended on a target though nothing is on fire."""

from __future__ import annotations

from dashboards.links import HYGIENE, TABLES, WAL
from dashboards.model import Column, Table
from dashboards.thresholds import limit

_SEQUENCE = limit("PostgresSequenceNearEnd", "warning", "ratio")
_PASSWORD = limit("PostgresRolePasswordExpiring", "warning", "left")
_CERTIFICATE = limit("PostgresCertificateExpiring", "warning", "left")
_PREPARED = limit("PostgresPreparedTransactionOld", "warning", "age")
_CLOCK = limit("OAuthWriterClockAhead", "warning", "limit")

# What it is, and how many by target.
_PROBLEMS = (
    ("Settings that wait for a restart", "max by (target) (pg_settings_pending_restart)"),
    ("Settings that risk data", 'count by (target) (pg_settings_weak{datname=~"$datname|"} == 1)'),
    ("Invalid indexes", 'sum by (target) (pg_index_problems{problem="invalid"})'),
    ("Databases whose collation changed", "sum by (target) (pg_database_collation_changed)"),
    ("Extensions with an update", "sum by (target) (pg_extension_update_available)"),
    ("Tables without autovacuum", "sum by (target) (pg_table_autovacuum_disabled)"),
    ("Objects that have no effect", "sum by (target) (pg_schema_flaws)"),
    ("Slots that are lost", "sum by (target) (pg_replication_slots_invalidated)"),
    ("Replay is paused", "max by (target) (pg_replication_replay_paused)"),
    (
        "Subscriptions that do not run",
        "count by (target) (pg_subscription_enabled == 1 and pg_stat_subscription_up == 0)",
    ),
    (
        "Old prepared transactions",
        f"count by (target) (pg_prepared_transactions_oldest_age_seconds > {_PREPARED:g})",
    ),
    ("Sequences that near their end", f"count by (target) (pg_sequence_used_ratio > {_SEQUENCE:g})"),
    ("Sequences we may not read", "sum by (target) (pg_sequences_unreadable)"),
    (
        "Passwords that end soon",
        f"count by (target) (pg_role_password_expiry_timestamp_seconds - time() < {_PASSWORD:.0f})",
    ),
    (
        "Certificate ends soon",
        f"count by (target) (pg_tls_certificate_not_after_timestamp_seconds - time() < {_CERTIFICATE:.0f})",
    ),
    ("Rules of pg_hba.conf that trust", 'sum by (target) (pg_hba_rules{auth_method="trust"})'),
    ("Backups that are not whole", "sum by (target) (pg_backup_invalid_files)"),
    ("Clocks of writers ahead", f"count by (target) (oauth2_newest_row_ahead_seconds > {_CLOCK:g})"),
)


def _named(problem: str, expr: str) -> str:
    return f'label_replace({expr} > 0, "problem", "{problem}", "", "")'


MEND = Table(
    title="To be mended",
    what="What should be put right though nobody was called for it, and how many there are.",
    good="Empty, or what you decided to live with.",
    do="A ticket for each. The dashboards behind the links, and `pg-oauth-exporter doctor`, say which they are.",
    empty="nothing",
    width=12,
    height=6,
    by=(("target", "Target"), ("problem", "What")),
    widths=(("Target", 80),),
    columns=(Column("How many", "\nor ".join(_named(*each) for each in _PROBLEMS), width=90),),
    links=(TABLES, WAL, HYGIENE),
)
