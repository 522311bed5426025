"""Owns the live workload: plays the timeline against the database, one operation after the other."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from random import Random

import psycopg

from exporter.demo import flows, trouble
from exporter.demo.timeline import FORGOTTEN_SECONDS, Step, StepKind
from exporter.demo.trouble import Connection, Stage
from exporter.demo.world import Operation, World

_SESSIONS = 4  # the size of the application's pool
_LATE = 2.0  # seconds; ordinary traffic that is later than this is left out instead of made up for


class Sessions:
    """The application's pool: a few sessions, used in turn, replaced when lost.

    `conninfo` gives the connection string of the application's role for an application_name.
    """

    def __init__(self, conninfo: Callable[[str], str], size: int = _SESSIONS) -> None:
        self._conninfo = conninfo
        self._pool: list[Connection | None] = [None] * size
        self._turn = 0

    @asynccontextmanager
    async def connect(self, application: str) -> AsyncIterator[Connection]:
        """Open a session of its own, apart from the pool."""
        async with await psycopg.AsyncConnection.connect(
            self._conninfo(application), autocommit=True
        ) as connection:
            yield connection

    async def execute(self, operation: Operation) -> None:
        """Run `operation` as one transaction in the next session of the pool."""
        self._turn = (self._turn + 1) % len(self._pool)
        connection = self._pool[self._turn]
        if connection is None or connection.closed:
            connection = await psycopg.AsyncConnection.connect(
                self._conninfo(trouble.APPLICATION), autocommit=True
            )
            self._pool[self._turn] = connection
        async with connection.transaction():
            for statement, arguments in operation.statements:
                await connection.execute(statement, arguments)

    async def close(self) -> None:
        """Close every session of the pool."""
        for connection in self._pool:
            if connection is not None:
                await connection.close()


@dataclass(slots=True)
class Counts:
    """What the workload did so far."""

    operations: int = 0
    failures: int = 0
    left_out: int = 0  # because a table was locked, or the machine could not keep up


class Workload:
    """Performs steps. `say` takes one line for the user about something out of the ordinary.

    `random` chooses what incidents look like; the traffic has its own source in `world`.
    """

    def __init__(
        self, sessions: Sessions, world: World, stage: Stage, random: Random, say: Callable[[str], None]
    ) -> None:
        self._sessions = sessions
        self._world = world
        self._stage = stage
        self._random = random
        self._say = say
        self.counts = Counts()

    async def perform(self, step: Step, rate: float) -> None:
        """Do one step to its end; an incident takes as long as it lasts. A database error is counted."""
        try:
            await self._perform(step, rate)
        except* psycopg.Error as group:
            self._failed(step, group.exceptions[0])

    def _failed(self, step: Step, error: BaseException) -> None:
        self.counts.failures += 1
        if step.kind is not StepKind.OPERATION:
            self._say(f"{step.kind} broke off: {type(error).__name__}")

    async def _perform(self, step: Step, rate: float) -> None:
        match step.kind:
            case StepKind.OPERATION:
                await self._execute(flows.next_operation(self._world))
            case StepKind.PURGE:
                for operation in flows.purge(self._world, math.ceil(30 * rate)):
                    await self._execute(operation)
            case StepKind.PURGE_FORGOTTEN:
                self._say(f"purge forgotten for {FORGOTTEN_SECONDS / 60:.0f} min: expired rows pile up")
            case StepKind.REVOCATION_WAVE:
                client, operation = flows.revocation_wave(self._world)
                self._say(f"revocation wave: all new tokens of {client.client_id}")
                await self._execute(operation)
            case _:
                await self._trouble(step)

    async def _trouble(self, step: Step) -> None:
        if step.kind is StepKind.LOCK_QUEUE:
            migration = trouble.MIGRATIONS[step.number % len(trouble.MIGRATIONS)]
            behind_reader = step.number // len(trouble.MIGRATIONS) % 2 == 1
            how = "waits for a reader" if behind_reader else "holds its lock"
            self._say(
                f"lock queue for {trouble.HOLD_SECONDS:.0f} s: ALTER TABLE {migration.table} {how},"
                f" up to {trouble.WAITERS} sessions wait"
            )
            await trouble.lock_queue(self._stage, migration, behind_reader=behind_reader)
        elif step.kind is StepKind.IDLE_TRANSACTION:
            seconds = self._random.randint(30, 60)
            self._say(f"idle transaction for {seconds} s: vacuum cannot clean up behind it")
            await trouble.idle_transaction(self._stage, seconds)
        else:
            self._say(f"churn: every row of user_sessions rewritten {trouble.CHURN_ROUNDS} times")
            await trouble.churn(self._stage)

    async def _execute(self, operation: Operation) -> None:
        if operation.tables & self._stage.locked:
            self.counts.left_out += 1
            return
        await self._sessions.execute(operation)
        self.counts.operations += 1

    async def play(self, steps: Iterable[Step], rate: float) -> None:
        """Perform `steps` when their time comes; incidents run beside the ordinary traffic."""
        clock = asyncio.get_running_loop().time
        start = clock()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._sessions.close)
            incidents = await stack.enter_async_context(asyncio.TaskGroup())
            for step in steps:
                wait = start + step.at - clock()
                if wait > 0:
                    await self._stage.sleep(wait)
                if step.kind not in {StepKind.OPERATION, StepKind.PURGE}:
                    incidents.create_task(self.perform(step, rate))
                elif wait < -_LATE:
                    self.counts.left_out += 1
                else:
                    await self.perform(step, rate)
