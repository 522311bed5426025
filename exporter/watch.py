"""Owns one target over time: whether it is up, what is known about it, and which jobs follow from that.

A supervisor reads the server's facts at connect and every minute, so that a promotion, a new database, an
extension or a grant is noticed without a restart. While the server is away nobody else tries to reach it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Mapping

from exporter import resting
from exporter.arrival import announce
from exporter.counter import SETTLING_EVERY
from exporter.errors import QueryError
from exporter.knowledge import Knowledge, about
from exporter.model import (
    Family,
    JobKey,
    Outcome,
    OutcomeKind,
    Query,
    ServerInfo,
    Target,
)
from exporter.pauses import Pause
from exporter.plan import Plan, plan
from exporter.probe import Probe
from exporter.quiet import Timetable
from exporter.scout import Gateway
from exporter.shared import Engine
from exporter.streak import Streak
from exporter.token_store import Choice
from exporter.voice import Ask, Voice

log = logging.getLogger(__name__)

FACTS_EVERY = 60.0
_RETRY_FIRST, _RETRY_MOST = 1.0, 15.0
_AFTER_A_TIMEOUT = 5.0
_HOURS_EVERY = 5.0


class Watch:
    """Supervises one target."""

    def __init__(
        self,
        target: Target,
        queries: Mapping[str, Query],
        gateway: Gateway,
        engine: Engine,
        choice: Choice | None = None,
        timetable: Timetable | None = None,
    ) -> None:
        self.target = target
        self.server: ServerInfo | None = None
        self.up = False
        self.tried = False
        self.problem = ""
        self.seen_at: float | None = None  # when its facts were read, in Unix time
        self.paused: Pause | None = None
        self.plan = Plan()
        self.woken_at = 0.0
        self._woken: set[JobKey] = set()
        self._applying = Plan()
        self._timetable = timetable or Timetable()
        self._changes_at = math.inf
        self._queries = queries
        self._gateway = gateway
        self._engine = engine
        self._knowledge = Knowledge(target, gateway, engine.store, engine.now, choice)
        self._look_again = asyncio.Event()
        self._probe = Probe()
        self._outage = Streak()
        self._bugs = Streak()
        self._is_idle = True
        self.voice = Voice(
            target.name, gateway.leadership, engine.store, about(target.name), self._standing_changed
        )

    async def serve(self) -> None:
        """Supervise until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._probe.serve(self._is_up, self._ask, self._publish_target))
            tasks.create_task(self._mind_the_hours())
            tasks.create_task(self._supervise())
            tasks.create_task(self.voice.serve(self._engine.random, self._ask))

    async def _supervise(self) -> None:
        retry = _RETRY_FIRST
        while True:
            try:
                await self._refresh()
                wait, retry = FACTS_EVERY, _RETRY_FIRST
            except QueryError as error:
                if self.up and error.kind is not OutcomeKind.CONNECT:
                    wait = _AFTER_A_TIMEOUT
                else:
                    self._down(str(error))
                    # Jitter, or many exporters would knock at once on a server that has just come back.
                    wait = retry * (0.5 + self._engine.random() / 2)
                    retry = min(retry * 2, _RETRY_MOST)
            except Exception as error:  # noqa: BLE001 - it is told, and a look is tried again
                self._tell_of_bug(error)
                wait = FACTS_EVERY
            try:
                async with asyncio.timeout(wait):
                    await self._look_again.wait()
            except TimeoutError:
                continue
            self._look_again.clear()

    async def run(self, key: JobKey) -> Outcome | None:
        """Run one job if the target is up and the query applies; None when there was no run."""
        query = self.plan.active.get(key)
        if query is None or self.server is None or not self.up:
            return None
        sql = query.sql_for(self.server.major)
        if sql is None:  # the server was downgraded between two looks at its facts
            return None
        counter = self._knowledge.counter(key, self.server.major) if query.estimated else None
        fetch = counter.fetch if counter else self._gateway.fetch
        outcome = await self._engine.runner.run(key, query, sql, fetch)
        if key not in self.plan.active:  # it rests or is gone since the run began
            self._engine.store.drop(key)
        if outcome.kind is OutcomeKind.OK:
            self._probe.answered()
        if counter and key in self.plan.active:
            self._knowledge.publish(self.plan.active)
            if outcome.kind is OutcomeKind.OK and not counter.is_settled:
                self._engine.turns.run_in(key, SETTLING_EVERY)
        if outcome.kind is OutcomeKind.CONNECT and self._is_main(key):
            self._lost(outcome.message)
        return outcome

    def settled(self, key: JobKey) -> None:
        """Publish the own metrics of a job after its run; forget it when it went away meanwhile."""
        query = self.plan.active.get(key)
        if query is None:
            self._engine.runner.forget(key)
        else:
            self._engine.runner.publish_own(key, query)

    def reconfigure(
        self,
        queries: Mapping[str, Query],
        choice: Choice | None = None,
        timetable: Timetable | None = None,
    ) -> None:
        """Take other queries; jobs that stay as they were keep their values and their turns."""
        self._queries = queries
        self._timetable = timetable or Timetable()
        self._changes_at = 0.0
        self._knowledge.reconfigure(choice)
        self._look_again.set()

    def retire(self) -> None:
        """Take everything about the target off the page."""
        self.up = False  # runs that end because of this have nothing to say
        self._let_go()
        self._engine.store.forget(about(self.target.name))
        self.voice.retire()

    def pause(self, pause: Pause) -> None:
        """Say nothing of the target but that it is paused; for when its supervisor has ended, for good."""
        self.retire()
        self.paused, self.tried, self.problem = pause, True, str(pause)
        self._put_own(about(self.target.name), self._engine.telemetry.paused_families(self.target.name))

    @property
    def has_settled(self) -> bool:
        """Whether all that can be said is on the page: every job ran once, or the server is away."""
        if not self.up or not self.voice.leads:
            return self.tried
        new = self.plan.active.keys() - self._woken
        return all(self._engine.telemetry.last_outcome(key) is not None for key in new)

    def keep_hours(self) -> None:
        """Let jobs rest and run as their hours have it at this moment."""
        now = self._engine.now()
        kept, self._changes_at = resting.kept(self._applying, self._timetable, now)
        if woken := self.plan.resting.keys() & kept.active.keys():
            # Readiness is not held up by what has just begun to run again.
            self._woken |= woken
            self.woken_at = now
        self._woken &= kept.active.keys()
        self._adopt(kept)

    async def _mind_the_hours(self) -> None:
        while True:
            await asyncio.sleep(_HOURS_EVERY)
            if self._engine.now() >= self._changes_at:
                self.keep_hours()

    @property
    def _is_down(self) -> bool:
        return self.tried and not self.up

    def _is_up(self) -> bool | None:
        """Tell the probe; None is a target that it is not for us to count."""
        return self.up if self.voice.speaks(is_down=self._is_down) else None

    def _is_main(self, key: JobKey) -> bool:
        return key.database is None or self.server is None or key.database == self.server.database

    async def _refresh(self) -> None:
        await self._engine.look_in_turn()
        server = await self._gateway.server_info()
        self._probe.answered()
        begins, came_back = self._is_idle or not self.up, not self.up
        if begins:
            self._knowledge.outdated()
        self.server, self.seen_at = server, self._engine.now()
        if self.voice.leads:
            await self._knowledge.read(server, self._queries)
        self.up, self.tried, self.problem = True, True, ""
        self._publish_target()
        if self.voice.leads:
            self._is_idle = False
            self._knowledge.publish(self.plan.active)
            self._applying = plan(self.target, self._queries, server, self._knowledge.facts)
            self.keep_hours()
            if begins:
                self._engine.turns.run_soon(self.plan.active)
        if came_back:
            outage = self._outage.ended(self._engine.now())
            announce(self.target.name, server, len(self.plan.active), outage)

    def _standing_changed(self) -> None:
        """Show the target or take it off the page, before anybody else can see the lock free."""
        if self.voice.follows:
            self._let_go()
        self.voice.mind(is_down=self._is_down)
        if self.tried:
            self._publish_target()
        if self.up and self.voice.leads and self._is_idle:
            self._look_again.set()

    def _let_go(self) -> None:
        """Drop all jobs and what they said and remember."""
        self._is_idle, self._applying = True, Plan()
        self._adopt(Plan())
        self._knowledge.retire()
        self._engine.runner.evidence.forget(self.target.name)

    async def _ask(self, ask: Ask | None = None) -> None:
        """Ask the server, if it is up, something: its facts, unless told otherwise."""
        if not self.up:
            return
        try:
            await (ask or self._gateway.server_info)()
            self._probe.answered()
        except QueryError as error:
            if error.kind is OutcomeKind.CONNECT:
                self._lost(str(error))
        except Exception as error:  # noqa: BLE001 - it is told, and the next probe tries again
            self._tell_of_bug(error)

    def _tell_of_bug(self, error: Exception) -> None:
        if self._bugs.failed(type(error).__name__, self._engine.now()):
            log.error("a bug in the exporter", extra={"target": self.target.name}, exc_info=error)

    def _adopt(self, new: Plan) -> None:
        old, self.plan = self.plan, new
        self._engine.exchange(self.target.name, old, new)

    def _lost(self, problem: str) -> None:
        if self.up:  # several queries may notice the same loss
            self._down(problem)
            self._look_again.set()

    def _down(self, problem: str) -> None:
        """Take the target's values off the page at once: they describe a server that nobody can reach."""
        if self._outage.failed("down", self._engine.now()):
            log.warning("target is down", extra={"target": self.target.name, "reason": problem})
        self.up, self.tried, self.problem = False, True, problem
        self._engine.store.drop_target(self.target.name)
        if self.voice.is_elected:
            self._let_go()  # when the server is back, another may be the first to ask for the lock
            self.voice.mind(is_down=True)
        self._publish_target()

    def _publish_target(self) -> None:
        families = self.voice.families()
        speaks = self.voice.speaks(is_down=self._is_down)
        if speaks or self._is_down:
            probes = self._probe.counts if speaks else {}
            families += self._engine.telemetry.target_families(
                self.target.name, up=self.up, server=self.server, probes=probes
            )
        self._put_own(about(self.target.name), families)

    def _put_own(self, key: JobKey, families: tuple[Family, ...]) -> None:
        self._engine.store.put_own(key, families)
