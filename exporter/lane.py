"""Owns a lane: one session at most, given to one run after the other: deadline, renewal and the retry."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

from psycopg import sql

from exporter.errors import QueryError
from exporter.model import OutcomeKind, Rows, Target
from exporter.session import Session

# How long after the server's own statement_timeout we give up.
GRACE_SECONDS = 1.0
# A backend that read many relations keeps what it learned about them in memory for ever.
_RENEW_SECONDS = 3600.0
# What psycopg may need to cancel a query on a path that never answers, and a little.
_CLOSE_SECONDS = 11.0
# How many runs on one database may go before those that wait for another.
_LONGEST_VISIT = 50
_QUESTION_SECONDS = 2.0


class Keeper(Protocol):
    """Who keeps something in the lane's session, such as a lock, and has to know when it is another."""

    def question(self, pid: int) -> str:
        """Return what to ask on the session of this process before anybody else does, and at each look."""

    def answered(self, rows: Rows) -> None:
        """Take the answer."""

    def refused(self, error: QueryError) -> None:
        """Take it that there is no answer; the session goes on."""

    def gone(self) -> None:
        """Take it that the session ends now, has ended, or does not answer in time."""


class Lane:
    """A place for one session of a target.

    Args:
        target: whom to connect to.
        random: a number in [0, 1), so that lanes are not renewed all at once.
        linger: seconds after which an unused session ends; None keeps it.
        now: seconds of a clock that never goes back.
        keeper: who keeps something in the session.
    """

    def __init__(
        self,
        target: Target,
        random: Callable[[], float],
        *,
        linger: float | None = None,
        now: Callable[[], float] = time.monotonic,
        keeper: Keeper | None = None,
    ) -> None:
        self._keeper = keeper
        self._target = target
        self._random = random
        self._linger = linger
        self._now = now
        self._turns = _Turns()
        self._session: Session | None = None
        self._renew_at = 0.0
        self._limit: asyncio.Timeout | None = None
        self._farewell: asyncio.Task[None] | None = None
        self._closed = False

    async def run(self, query: str | sql.Composed, seconds: float, database: str | None = None) -> Rows:
        """Wait for a turn and run one statement on a database, None for the one that the DSN names.

        A kept session that turns out to be gone is replaced once, and the statement sent again.

        Raises:
            QueryError: the run failed; the lane is free for the next.
        """
        async with self._turns.turn(database):
            if self._farewell is not None:
                self._farewell.cancel()
            try:
                while True:
                    session, is_kept = await self._ready(database)
                    try:
                        return await self._run_once(session, query, seconds)
                    except QueryError as error:
                        if error.kind is not OutcomeKind.CONNECT or not is_kept:
                            raise
            finally:
                await self._rest()

    async def look(self) -> None:
        """Let the keeper ask its question on the session there is, or on a new one; raises QueryError."""
        async with self._turns.turn(None):
            try:
                session, is_kept = await self._ready(None)
                if is_kept:
                    try:
                        await self._ask(session)
                    except QueryError as error:
                        if error.kind is not OutcomeKind.CONNECT:
                            raise
                        await self._ready(None)
            finally:
                await self._rest()

    async def rest(self) -> None:
        """End the session until the next run; one in progress goes on, and the session with it."""
        if self._session is not None and self._limit is None:
            async with self._turns.turn(None):
                await self._leave()

    async def close(self) -> None:
        """End the session, a run in progress with it; returns within seconds whatever the path does."""
        self._closed = True
        if self._limit is not None and not self._limit.expired():
            self._limit.reschedule(asyncio.get_running_loop().time())
        if self._farewell is not None:
            self._farewell.cancel()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS), self._turns.turn(None):
                await self._leave()

    async def _run_once(self, session: Session, query: str | sql.Composed, seconds: float) -> Rows:
        session.unwatch()
        try:
            async with asyncio.timeout(seconds + GRACE_SECONDS) as self._limit:
                return await session.run(query, seconds)
        except TimeoutError:
            self._check_open()
            message = f"no answer within {seconds + GRACE_SECONDS:g} s: gave up on it"
            raise QueryError(OutcomeKind.TIMEOUT, message) from None
        finally:
            self._limit = None
            # Whatever interrupted the run, psycopg cancelled it on the server, or gave the connection up.
            if not session.usable:
                session.drop()
                self._gone()

    async def _ready(self, database: str | None) -> tuple[Session, bool]:
        """Return a session on that database, and whether it was already there."""
        self._check_open()
        session = self._session
        if session is not None:
            if session.database == database and self._now() < self._renew_at:
                return session, True
            await self._leave()
        self._session = await Session.open(self._target, database)
        self._check_open()  # or else what was closed meanwhile would go on
        self._renew_at = self._now() + _RENEW_SECONDS * (0.75 + self._random() / 2)
        await self._ask(self._session)
        return self._session, False

    async def _ask(self, session: Session) -> None:
        if self._keeper is None:
            return
        # A path that is dead gets no answer, and to give up on it takes longer.
        patience = _QUESTION_SECONDS + GRACE_SECONDS
        alarm = asyncio.get_running_loop().call_later(patience, self._keeper.gone)
        try:
            rows = await self._run_once(session, self._keeper.question(session.pid), _QUESTION_SECONDS)
        except QueryError as error:
            if self._session is None:
                raise
            self._keeper.refused(error)
        else:
            self._keeper.answered(rows)
        finally:
            alarm.cancel()

    async def _rest(self) -> None:
        if self._closed:
            await self._leave()
        elif self._session is not None:
            if self._linger is not None:
                self._farewell = asyncio.create_task(self._leave_after(self._linger))
            if self._keeper is not None:
                self._session.watch(self._ended)

    async def _leave_after(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        async with self._turns.turn(None):
            await self._leave()

    async def _leave(self) -> None:
        session = self._session
        if session is not None:
            self._gone()
            await session.leave()

    def _ended(self) -> None:
        if self._session is not None:
            self._session.drop()
            self._gone()

    def _gone(self) -> None:
        self._session = None
        if self._keeper is not None:
            self._keeper.gone()

    def _check_open(self) -> None:
        if self._closed:
            raise QueryError(OutcomeKind.CONNECT, "the connections to this target are closed")


@dataclass(slots=True)
class _Visit:
    """Those who want the same database one after the other. The first of them waits for the lane."""

    order: asyncio.Lock = field(default_factory=asyncio.Lock)
    has_lane: bool = False
    members: int = 0
    places: int = _LONGEST_VISIT


class _Turns:
    """A lock, first come first served, but for those who want the database that is being visited."""

    def __init__(self) -> None:
        self._lane = asyncio.Lock()
        self._visits: dict[str | None, _Visit] = {}

    @contextlib.asynccontextmanager
    async def turn(self, database: str | None) -> AsyncIterator[None]:
        """Hold the lane for one run."""
        visit = self._visits.get(database)
        if visit is None or visit.places == 0:
            visit = self._visits[database] = _Visit()
        visit.places -= 1
        visit.members += 1
        try:
            async with visit.order:
                if not visit.has_lane:
                    await self._lane.acquire()
                    visit.has_lane = True
                yield
        finally:
            visit.members -= 1
            if visit.members == 0:
                if visit.has_lane:
                    self._lane.release()
                if self._visits.get(database) is visit:
                    del self._visits[database]
