"""Owns the rows of the dashboard Token hygiene about rights, passwords, the schema and backups."""

from __future__ import annotations

from dashboards.links import ALERTS, CONNECTIONS, WAL
from dashboards.model import Column, Row, Table, Words, rising
from dashboards.parts_of_wal import BACKUP_COLUMNS
from dashboards.phrases import of_primaries
from dashboards.thresholds import alert_steps

_ON: Words = ((1, "yes", "green"), (0, "no", "text"))
_ANY = rising(orange=1)
_ROLES = 'pg_roles{attribute=~"superuser|createrole|replication|bypassrls|server_programs|server_files"}'


def _new(number: str) -> str:
    """Return by how much a number grew within a day; what was not watched a day ago counts as old."""
    return f"clamp_min({number} - ({number} offset 1d or {number}), 0)"


RIGHTS = Row(
    "Who may do what?",
    (
        Table(
            title="Rights on tokens",
            what="Login roles that may do this to a table of tokens, besides its owners and superusers; and how many were added within a day.",
            good="The roles of the authorization server, and nobody else.",
            do="Revoke what nobody can explain; who reads tokens can use them.",
            empty="no token store",
            width=6,
            by=(("privilege", "Right to"),),
            sort="Roles",
            columns=(
                Column("Roles", f"max by (privilege) ({of_primaries('oauth2_token_privileges')})", width=75),
                Column(
                    "New",
                    f"max by (privilege) ({of_primaries(_new('oauth2_token_privileges'))})",
                    steps=_ANY,
                    width=60,
                ),
            ),
            links=(ALERTS,),
        ),
        Table(
            title="Rights of login roles",
            what="Login roles by rights that open the whole server, on the server with most; and how many were added within a day.",
            good="One superuser, and a role for replication.",
            do="Take away what is not needed. pg_execute_server_program is as good as superuser.",
            empty="not collected",
            width=6,
            by=(("attribute", "Right"),),
            sort="Roles",
            columns=(
                Column("Roles", f"max by (attribute) ({_ROLES})", width=75),
                Column(
                    "New",
                    f"max by (attribute) ({_new(_ROLES)})",
                    steps=_ANY,
                    width=60,
                ),
            ),
            links=(ALERTS,),
        ),
        Table(
            title="Passwords that end",
            what="Login roles whose password has an end, and the time left; a negative one is over.",
            good="Weeks.",
            do="Change it before: afterwards the role cannot log in.",
            empty="none has an end",
            width=6,
            by=(("target", "Target"), ("rolname", "Role")),
            columns=(
                Column(
                    "Ends in",
                    "min by (target, rolname) (pg_role_password_expiry_timestamp_seconds) - time()",
                    "s",
                    alert_steps("PostgresRolePasswordExpiring", "left"),
                    decimals=0,
                ),
            ),
            links=(ALERTS,),
        ),
        Table(
            title="Ways to log in",
            what="Rules of pg_hba.conf by the type of connection and the method, on the server with most. host without ssl also takes connections in the clear.",
            good="scram-sha-256 or cert; peer for local.",
            do="Replace trust, password and md5 by scram-sha-256. error is a line the server does not accept.",
            empty="not readable",
            width=6,
            by=(("type", "Type"), ("auth_method", "Method")),
            widths=(("Type", 80),),
            columns=(Column("Rules", "max by (type, auth_method) (pg_hba_rules)", width=70),),
            links=(ALERTS,),
        ),
    ),
)

SCHEMA = Row(
    "Is the schema whole, and could the store be restored?",
    (
        Table(
            title="Schema migrations",
            what="The version of the schema, when the last migration succeeded, and how many are listed as failed.",
            good="The version you released last, and none failed.",
            do="Read the output of the migration tool before you start it again: the schema may be half changed.",
            empty="no list of them",
            width=10,
            height=6,
            by=(("target", "Target"), ("datname", "Database")),
            columns=(
                Column(
                    "Succeeded", 'max by (target, datname) (oauth2_migrations{state="success"})', width=100
                ),
                Column(
                    "Failed",
                    'max by (target, datname) (oauth2_migrations{state="failed"})',
                    steps=_ANY,
                    width=80,
                ),
                Column(
                    "The last one",
                    "1000 * max by (target, datname)"
                    ' (oauth2_migration_last_timestamp_seconds{state="success"})',
                    "dateTimeFromNow",
                ),
            ),
            links=(ALERTS,),
        ),
        Table(
            title="Backups",
            what="Each set of backups: age and size of the newest that was found to be whole, and files that are none.",
            good="Younger than the interval between two backups, and as large as usual.",
            do="Open WAL, replication and backups.",
            empty="none configured",
            width=14,
            height=6,
            by=(("backup", "Backup"), ("target", "Target")),
            columns=BACKUP_COLUMNS,
            links=(WAL,),
        ),
    ),
)

LISTENED = Row(
    "Can somebody listen, and is it written down?",
    (
        Table(
            title="Sessions without TLS",
            what="Sessions that came over the network without encryption: passwords and tokens can be read on the way.",
            good="Empty.",
            do="Use hostssl in pg_hba.conf, and sslmode=verify-full in clients.",
            empty="none",
            width=12,
            by=(("target", "Target"), ("datname", "Database"), ("usename", "Role")),
            columns=(
                Column("Sessions", "sum by (target, datname, usename) (pg_sessions_unencrypted)", steps=_ANY),
            ),
            links=(CONNECTIONS,),
        ),
        Table(
            title="What the servers log",
            what="Whether a server logs it, for sessions that nobody set otherwise.",
            good="What you decided on; connections and changes are what an investigation needs first.",
            do="log_connections, log_disconnections, log_statement = 'ddl' or 'mod', log_lock_waits.",
            empty="not collected",
            width=12,
            by=(("target", "Target"), ("what", "What")),
            columns=(
                Column(
                    "Logged",
                    "max by (target, what) (pg_logging_enabled)",
                    words=_ON,
                    cell="text",
                ),
            ),
        ),
    ),
    folded=True,
)
