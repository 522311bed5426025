"""Owns the rows of Tables, bloat and vacuum about vacuum: whether it keeps up, what keeps it, and wraparound."""

from __future__ import annotations

from dashboards.links import CONNECTIONS
from dashboards.model import Column, Evidence, Graph, Query, Row, Table, rising
from dashboards.phrases import top_values
from dashboards.thresholds import alert_steps

_BY = "by (target, datname, relname)"
_WHO = "by (target, instance)"
_NAMED = "{{target}} {{datname}} {{relname}}"


def _last(kind: str) -> str:
    """Return when a table was last vacuumed or analyzed, in milliseconds, by whomever."""
    tables = "pg_stat_user_tables_last"
    by_hand = f'label_replace({tables}_{kind}_timestamp_seconds, "by", "hand", "", "")'
    return f"1000 * max {_BY} ({by_hand} or {tables}_auto{kind}_timestamp_seconds)"


VACUUM = Row(
    "Does vacuum keep up?",
    (
        Graph(
            title="Vacuum debt, by table",
            what="Dead rows as a multiple of what makes autovacuum come, of the eight tables that were furthest; dashed, where the alert begins.",
            good="A saw-tooth that ends at 1.",
            do="One that goes on climbing: vacuum does not come, or finds rows that somebody may still see.",
            unit="suffix:x",
            empty="not on a standby",
            width=8,
            steps=alert_steps("PostgresTableVacuumOverdue", "ratio"),
            queries=(Query(top_values(8, "target, datname, relname", "pg_table_vacuum_due_ratio"), _NAMED),),
        ),
        Graph(
            title="Dead rows, by table",
            what="Dead rows that vacuum has not removed, an estimate of the server, of the eight tables that had most.",
            good="A saw-tooth.",
            do="A plateau behind a long transaction falls when that ends and vacuum comes again.",
            unit="short",
            empty="not collected",
            width=8,
            queries=(
                Query(top_values(8, "target, datname, relname", "pg_stat_user_tables_n_dead_tup"), _NAMED),
            ),
        ),
        Graph(
            title="Workers, and tables that wait",
            what="Autovacuum workers at work, dashed how many there can be, and tables that are due for a vacuum.",
            good="Workers come and go; nearly no table waits for long.",
            do="At the line while tables wait: raise autovacuum_vacuum_cost_limit, then autovacuum_max_workers.",
            unit="short",
            empty="not collected",
            width=8,
            queries=(
                Query("max by (target) (pg_autovacuum_workers)", "{{target}} at work"),
                Query("sum by (target) (pg_table_vacuum_waiting)", "{{target}} tables waiting"),
                Query("max by (target) (pg_autovacuum_workers_max)", "{{target}} workers", limit=True),
            ),
        ),
        Table(
            title="Tables, and when vacuum was there",
            what="The largest and the busiest tables: rows (estimates of the server), how far they are from the next vacuum and analyze, and when the last ones were, by autovacuum or by hand.",
            good="Debts below 1. What is written to was vacuumed and analyzed of late. Small tables turn orange at once, and no alert comes of it.",
            do="Debt above 1 and no vacuum for long: see what keeps it, below. A standby has the rows of its primary and does not know the rest.",
            empty="not collected",
            height=9,
            by=(("target", "Target"), ("datname", "Database"), ("relname", "Table")),
            sort="Dead rows",
            widths=(("Target", 85), ("Database", 85)),
            columns=(
                Column("Live rows", f"max {_BY} (pg_stat_user_tables_n_live_tup)", width=90),
                Column("Dead rows", f"max {_BY} (pg_stat_user_tables_n_dead_tup)", width=100),
                Column(
                    "Vacuum debt",
                    f"max {_BY} (pg_table_vacuum_due_ratio)",
                    "suffix:x",
                    alert_steps("PostgresTableVacuumOverdue", "ratio"),
                    width=110,
                    decimals=2,
                ),
                Column(
                    "Insert debt",
                    f"max {_BY} (pg_table_insert_vacuum_due_ratio)",
                    "suffix:x",
                    alert_steps("PostgresTableInsertVacuumOverdue", "ratio"),
                    width=110,
                    decimals=2,
                ),
                Column(
                    "Analyze debt",
                    f"max {_BY} (pg_table_analyze_due_ratio)",
                    "suffix:x",
                    alert_steps("PostgresTableStatisticsOld", "ratio"),
                    width=110,
                    decimals=2,
                ),
                Column("Vacuumed", _last("vacuum"), "dateTimeFromNow", empty="never", width=125),
                Column("Analyzed", _last("analyze"), "dateTimeFromNow", empty="never", width=125),
                Column("Size", f"max {_BY} (pg_table_size_bytes)", "bytes", width=90, decimals=1),
            ),
        ),
    ),
)

HORIZON = Row(
    "What keeps vacuum from removing rows?",
    (
        Graph(
            title="Age of what vacuum has to respect",
            what="Transactions begun since the oldest one that somebody may still look at, by kind of holder: backend is a session.",
            good="Low. The dashed lines are where the alerts begin.",
            do="backend: end the transaction. slot, slot_catalog: start its reader or drop it. prepared: end it. standby_feedback: the standby's longest query.",
            unit="short",
            empty="nobody holds it back",
            queries=(Query("max by (target, holder) (pg_xmin_age_transactions)", "{{target}} {{holder}}"),),
            steps=alert_steps("PostgresXminHorizonOld", "transactions"),
            links=(CONNECTIONS,),
        ),
        Table(
            title="Who it is",
            what="A line for each target. A click on it opens what the exporter keeps of who holds vacuum back, and of tables that are overdue.",
            good="A young horizon, no table waits.",
            do="Open the evidence: the first line holds the horizon, with the SQL that ends it.",
            empty="not collected",
            width=12,
            by=(("target", "Target"), ("instance", "Exporter")),
            widths=(("Exporter", 140),),
            links=(
                Evidence("xmin", "Open who holds vacuum back"),
                Evidence("vacuum", "Open the tables that are overdue"),
                Evidence("transactions", "Open the long transactions"),
            ),
            columns=(
                Column(
                    "Horizon",
                    f"max {_WHO} (pg_xmin_age_transactions)",
                    steps=alert_steps("PostgresXminHorizonOld", "transactions"),
                    decimals=1,
                ),
                Column(
                    "Oldest tx",
                    f'max {_WHO} (pg_stat_activity_oldest_transaction_age_seconds{{backend_type="client backend"}})',
                    "s",
                    alert_steps("PostgresTransactionOld", "age"),
                    decimals=0,
                ),
                Column("Waiting", f"sum {_WHO} (pg_table_vacuum_waiting)"),
                Column(
                    "Switched off",
                    f"sum {_WHO} (pg_table_autovacuum_disabled)",
                    steps=rising(orange=1),
                ),
            ),
        ),
    ),
)

FREEZE = Row(
    "How far is wraparound?",
    (
        Graph(
            title="Age of transactions",
            what="Transactions since the oldest one that a database has not frozen; dashed in red, the age that forces a vacuum.",
            good="A saw-tooth below the line.",
            do="Above the line a vacuum against wraparound should run; if it does not come to an end, see what holds it back.",
            unit="short",
            empty="not collected",
            width=8,
            queries=(
                Query("max by (target, datname) (pg_database_xid_age)", "{{target}} {{datname}}"),
                Query(
                    'max(pg_settings{name="autovacuum_freeze_max_age"})',
                    "forced",
                    limit=True,
                ),
            ),
        ),
        Graph(
            title="Age of multixacts",
            what="Multixacts since the oldest one that a database may still hold; dashed in red, the age that forces a vacuum.",
            good="A saw-tooth below the line.",
            do="As for transactions. Many come from rows that several transactions lock at once, such as targets of foreign keys.",
            unit="short",
            empty="not collected",
            width=8,
            queries=(
                Query("max by (target, datname) (pg_database_mxid_age)", "{{target}} {{datname}}"),
                Query(
                    'max(pg_settings{name="autovacuum_multixact_freeze_max_age"})',
                    "forced",
                    limit=True,
                ),
            ),
        ),
        Graph(
            title="Tables that hold it back",
            what="Age of the oldest unfrozen transaction of a table as a share of that which forces a vacuum, of the eight furthest.",
            good="Below 1, and just above it while the vacuum runs. The dashed line is where the alert begins.",
            do="VACUUM (VERBOSE) the table and see why it fails: a damaged page, a lock, a statement_timeout.",
            unit="percentunit",
            empty="not collected",
            width=8,
            steps=alert_steps("PostgresTableFreezeOverdue", "ratio"),
            queries=(Query(top_values(8, "target, datname, relname", "pg_table_xid_freeze_ratio"), _NAMED),),
        ),
    ),
)
