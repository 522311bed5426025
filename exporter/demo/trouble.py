"""Owns what goes wrong in the demo on purpose: lock queues, an idle transaction, churn that bloats."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, LiteralString

import psycopg

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

APPLICATION = "oauth2-server"
MIGRATION = "flyway"
ADMIN = "oauth2-admin"

HOLD_SECONDS = 20.0
WAITERS = 6
CHURN_ROUNDS = 12


@dataclass(slots=True)
class Stage:
    """What trouble needs: sessions as the application's role, time, and the tables that are locked now."""

    connect: Callable[[str], AbstractAsyncContextManager[Connection]]  # takes the application_name
    sleep: Callable[[float], Awaitable[None]]
    locked: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Migration:
    """A change that needs ACCESS EXCLUSIVE, a reader that can hold it up, and what then queues behind."""

    table: str
    alter: LiteralString
    read: LiteralString
    write: LiteralString


MIGRATIONS = (
    Migration(
        "user_sessions",
        "ALTER TABLE user_sessions ADD COLUMN device_name text",
        "SELECT count(*) FROM user_sessions",
        "UPDATE user_sessions SET last_activity_at = last_activity_at WHERE session_id ="
        " (SELECT session_id FROM user_sessions LIMIT 1)",
    ),
    Migration(
        "tokens",
        "ALTER TABLE tokens ADD COLUMN device_name text",
        "SELECT count(*) FROM tokens",
        "UPDATE tokens SET scope = scope WHERE token_id = (SELECT token_id FROM tokens LIMIT 1)",
    ),
)


async def lock_queue(stage: Stage, migration: Migration, *, behind_reader: bool) -> None:
    """Hold `migration.table` for about 20 s while sessions of the application queue up.

    Either the migration itself holds the lock, or it waits for a reader that does not end and everybody else
    waits behind it: one session that blocks many, at a depth of two. The change is rolled back.
    """
    stage.locked.add(migration.table)
    try:
        async with asyncio.TaskGroup() as queue:
            if behind_reader:
                await _hold(stage, ADMIN, migration.read, migration, queue)
            else:
                await _hold(stage, MIGRATION, migration.alter, migration, queue)
    finally:
        stage.locked.discard(migration.table)


async def _hold(
    stage: Stage, name: str, statement: LiteralString, migration: Migration, queue: asyncio.TaskGroup
) -> None:
    """Keep the locks that `statement` takes while the queue grows by one session after the other."""
    waiting = [(APPLICATION, migration.write)] * WAITERS
    if statement == migration.read:
        waiting[0] = (MIGRATION, migration.alter)
    async with stage.connect(name) as holder, holder.transaction(force_rollback=True):
        await holder.execute(statement)
        for application, blocked in waiting:
            queue.create_task(_wait_in_line(stage, application, blocked))
            await stage.sleep(HOLD_SECONDS / WAITERS)


async def _wait_in_line(stage: Stage, application: str, statement: LiteralString) -> None:
    async with stage.connect(application) as connection, connection.transaction(force_rollback=True):
        await connection.execute(statement)


async def idle_transaction(stage: Stage, seconds: float) -> None:
    """Leave a transaction open for `seconds`; its snapshot holds back every vacuum meanwhile."""
    async with stage.connect(ADMIN) as connection:
        await connection.set_isolation_level(psycopg.IsolationLevel.REPEATABLE_READ)
        async with connection.transaction():
            await connection.execute("SELECT client_name FROM clients LIMIT 1")
            await stage.sleep(seconds)


async def churn(stage: Stage) -> None:
    """Rewrite every row of user_sessions again and again; an indexed column changes, so indexes bloat too."""
    async with stage.connect(APPLICATION) as connection:
        for _ in range(CHURN_ROUNDS):
            await connection.execute("UPDATE user_sessions SET expires_at = expires_at + interval '1 second'")
            await stage.sleep(1.0)
