"""Owns the one connection to the admin console of a PgBouncer.

The console speaks PostgreSQL's protocol and a few commands: no SELECT, no settings, no transactions. Nor does
it know deadlines: ours is the only one. Source: the PgBouncer manual, "Admin console".
"""

from __future__ import annotations

import random
import re
from collections.abc import Collection

from exporter.engines import Engine
from exporter.errors import QueryError
from exporter.lane import Lane
from exporter.model import DatabaseInfo, OutcomeKind, Rows, ServerInfo, Target

CONSOLE = "pgbouncer"  # what the console's database is called
_FACTS_SECONDS = 5.0
_VERSION = re.compile(r"(\d+)\.(\d+)(?:\.(\d+))?")


class PgbouncerGateway:
    """A lane to the console; nothing happens before the first query."""

    leadership = None  # it has no locks

    def __init__(self, target: Target) -> None:
        self._target = target
        self._lane = Lane(target, random.random)

    def __repr__(self) -> str:
        return f"<PgbouncerGateway of target {self._target.name}>"

    async def fetch(
        self,
        sql: str,
        *,
        timeout: float,  # noqa: ASYNC109 - the lane keeps it
        database: str | None = None,  # noqa: ARG002 - there is but one
        heavy: bool = False,  # noqa: ARG002 - there is but one lane
    ) -> Rows:
        """Run one command of the console and return its rows; raises QueryError."""
        return await self._lane.run(sql, timeout, CONSOLE)

    async def server_info(self) -> ServerInfo:
        """Return what the console says of itself; raises QueryError."""
        rows = await self.fetch("show version", timeout=_FACTS_SECONDS)
        text = " ".join(str(cell) for row in rows.rows for cell in row)
        match = _VERSION.search(text)
        if match is None:
            message = "this is no console of PgBouncer 1.12 or later: it does not tell its version"
            raise QueryError(OutcomeKind.UNSUPPORTED, message)
        major, minor, patch = (int(part or 0) for part in match.groups())
        return ServerInfo(
            version_num=major * 1_000_000 + minor * 1000 + patch,
            version=match[0],
            in_recovery=False,
            database=CONSOLE,
            role="",
            databases=(CONSOLE,),
            engine=Engine.PGBOUNCER,
        )

    async def database_info(
        self,
        relations: Collection[str],  # noqa: ARG002 - it has none
        database: str | None = None,  # noqa: ARG002 - there is but one
        functions: Collection[str] = (),  # noqa: ARG002 - it has none
    ) -> DatabaseInfo:
        """Return that there is nothing: no relation, no function."""
        return DatabaseInfo(CONSOLE)

    async def close(self) -> None:
        """End the connection, a run in progress with it."""
        await self._lane.close()
