"""Owns the handle on a PostgreSQL server that tests use, wherever that server came from."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote, urlencode

# Random for each session: a server of tests listens on a port that every user of the machine can reach.
PASSWORD = secrets.token_hex(12)
MONITOR = "monitor"
MONITOR_PASSWORD = secrets.token_hex(12)

_MAKE_MONITOR = f"""
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = '{MONITOR}') THEN
        CREATE ROLE {MONITOR};
    END IF;
END
$$;
ALTER ROLE {MONITOR} LOGIN PASSWORD '{MONITOR_PASSWORD}';
GRANT pg_monitor TO {MONITOR};
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A running PostgreSQL that belongs to the tests; its TCP port checks passwords.

    `options` are further connection parameters, e.g. sslmode. A standby knows its `primary`.
    """

    major: int
    host: str
    port: int
    superuser: str
    standby: bool = False
    password: str = field(default=PASSWORD, repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    primary: Server | None = None

    def dsn(self, database: str = "postgres", user: str | None = None, password: str | None = None) -> str:
        """Return a connection URL: the superuser's with its password, or that of `user` as given."""
        if user is None:
            user, password = self.superuser, self.password if password is None else password
        login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        query = f"?{urlencode(self.options)}" if self.options else ""
        return (
            f"postgresql://{login}@{quote(self.host, safe='')}:{self.port}/{quote(database, safe='')}{query}"
        )

    def execute(self, sql: str, database: str = "postgres") -> list[tuple[object, ...]]:
        """Run SQL as the superuser in autocommit mode; return the rows of its last statement, if any."""
        import psycopg  # noqa: PLC0415 - a run without a server must not need it

        with psycopg.connect(self.dsn(database), autocommit=True, connect_timeout=10) as connection:
            cursor = connection.execute(sql.encode())
            while cursor.nextset():
                pass
            return cursor.fetchall() if cursor.description else []

    def monitor_dsn(self, database: str = "postgres") -> str:
        """Return a connection URL of the role `monitor`: it has a password and pg_monitor, nothing else."""
        (self.primary or self).execute(_MAKE_MONITOR)
        self.catch_up()
        return self.dsn(database, MONITOR, MONITOR_PASSWORD)

    def catch_up(self, timeout: float = 20) -> None:
        """Wait until a standby has replayed all that its primary wrote so far; a primary is up to date."""
        if self.primary is None:
            return
        [(position,)] = self.primary.execute("SELECT pg_catalog.pg_current_wal_flush_lsn()")
        deadline = time.monotonic() + timeout
        replayed = f"SELECT pg_catalog.pg_last_wal_replay_lsn() >= '{position}'"
        while self.execute(replayed) != [(True,)]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"the standby of PostgreSQL {self.major} did not replay {position}")
            time.sleep(0.05)
