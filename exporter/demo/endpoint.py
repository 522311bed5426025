"""Owns how the demo's database is reached: connection strings for each role, and what may be seen of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from exporter.demo.failure import DemoError
from exporter.dsn import check_dsn

DATABASE = "oauth2"
APPLICATION_ROLE = "oauth2_user"
MONITORING_ROLE = "monitor"
# What only the superuser's own connection needs; a service has been looked up by then.
_PRIVATE = {"user", "password", "passfile", "application_name", "options", "service"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A server and a database on it; `parameters` are libpq's, those of a superuser. Never printed whole."""

    parameters: Mapping[str, str] = field(repr=False)
    psql: str = "psql"
    embedded: bool = False

    @classmethod
    def of_embedded(cls, port: int, password: str, psql: str) -> Endpoint:
        """Return the embedded server's; settings in our environment must not reach it."""
        parameters = {
            "host": "127.0.0.1",
            "port": str(port),
            "dbname": "postgres",
            "user": "postgres",
            "password": password,
            "sslmode": "disable",
            "options": "",
        }
        return cls(parameters, psql, embedded=True)

    @classmethod
    def of_dsn(cls, dsn: str) -> Endpoint:
        """Return the one that a user named.

        Raises:
            DemoError: it is not one, without any piece of it in the message.
        """
        problem = check_dsn(dsn)
        if problem is not None:
            raise DemoError(f"the DSN of --postgres {problem}", exit_code=2)
        parsed = conninfo_to_dict(dsn)
        return cls({name: str(value) for name, value in parsed.items()})

    def at(self, database: str) -> Endpoint:
        """Return the same server's other database."""
        return Endpoint({**self.parameters, "dbname": database}, self.psql, self.embedded)

    def resolved(self, parameters: Mapping[str, str]) -> Endpoint:
        """Return this endpoint with what a connection really used, the environment's share included."""
        return Endpoint({**self.parameters, **parameters}, self.psql, self.embedded)

    def superuser(self) -> str:
        """Return the connection string of the superuser."""
        return make_conninfo(**{**self.parameters, "application_name": "demo-setup"})

    def public(self, role: str) -> str:
        """Return the connection string of `role`, without a password."""
        shown = {name: value for name, value in self.parameters.items() if name not in _PRIVATE}
        return make_conninfo(**shown, user=role)

    def role(self, role: str, password: str, application: str) -> str:
        """Return the connection string of `role` for one of its applications, in UTC."""
        return make_conninfo(
            self.public(role), password=password, application_name=application, options="-c timezone=UTC"
        )

    def psql_command(self, role: str, passfile: Path) -> str:
        """Return the command that opens psql as `role`; the password stays in its file."""
        return f"{self.psql} {shlex.quote(f'{self.public(role)} passfile={passfile}')}"
