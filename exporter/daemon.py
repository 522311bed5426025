"""Owns the running exporter without its HTTP: builds all that polls, starts and stops it, adopts a reload."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from exporter import logs
from exporter.backup_watch import BackupWatch
from exporter.certificate_watch import CertificateWatch
from exporter.configuration import Configuration
from exporter.derive import DERIVATIONS
from exporter.errors import ConfigError
from exporter.gateways import gateway_to
from exporter.housekeeping import collect_garbage, prepare_pages
from exporter.model import JobKey, Outcome, Target
from exporter.pauses import Pause
from exporter.pausing import Pausing
from exporter.report import Reporter
from exporter.roles import LAG, LAG_QUERY, Standing
from exporter.runner import Runner
from exporter.schedule import Schedule
from exporter.scout import Gateway
from exporter.shared import Engine
from exporter.status import Status
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.watch import Watch

log = logging.getLogger(__name__)

_PROCESS_EVERY = 5.0
# Seconds after which a task that goes on is cancelled again.
_CANCEL_AGAIN = 1.0
_PROCESS = JobKey("", "")

LoadAgain = Callable[[], Configuration]


@dataclass(frozen=True, slots=True)
class _Watched:
    """A target's supervisor, its connections, and the task that supervises; none while it is paused."""

    watch: Watch
    gateway: Gateway
    task: asyncio.Task[None] | None

    async def end(self) -> None:
        """End the task; what it was about stays on the page."""
        if self.task is not None:
            await _cancel(self.task)


class Daemon:
    """The running exporter: one per process."""

    def __init__(self, configuration: Configuration, load_again: LoadAgain) -> None:
        self.configuration = configuration
        self._load_again = load_again
        self._reload_faults: tuple[str, ...] = ()
        self.store = Store(time.time)
        self.telemetry = Telemetry(time.time)
        self._schedule = Schedule(self._run, self._settled, self.telemetry, time.time)
        self._runner = Runner(
            self.store,
            self.telemetry,
            derivations=DERIVATIONS,
            expire_after=configuration.settings.expire_after,
            now=time.time,
            timer=time.perf_counter,
        )
        self.evidence = self._runner.evidence
        self._reporter = Reporter(self.store, self.telemetry, self.evidence, time.time, time.time())
        self.evidence.configure(_kept(configuration))
        self._engine = Engine(
            self.store, self.telemetry, self._runner, self._schedule, time.time, random.random
        )
        self._backups = BackupWatch(self.store, time.time)
        self._certificates = CertificateWatch(self.store, time.time)
        self.pausing = Pausing(time.time, self._apply_pauses)
        self._changing = asyncio.Lock()
        self._targets: dict[str, _Watched] = {}
        self._chores: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Start supervising all targets; returns at once, also when none can be reached."""
        self._schedule.start()
        self.pausing.configure(self.configuration.settings)
        self.pausing.look()
        self._configure()
        self._chores = [
            asyncio.create_task(self._publish_process()),
            asyncio.create_task(prepare_pages(self.store)),
            asyncio.create_task(collect_garbage()),
            asyncio.create_task(self._backups.serve()),
            asyncio.create_task(self._certificates.serve()),
            asyncio.create_task(self.pausing.serve()),
        ]
        for target in self.configuration.targets:
            self._watch(target)

    async def stop(self) -> None:
        """Let running queries end within the grace period, then close every connection."""
        await asyncio.gather(*map(_cancel, self._chores))
        await asyncio.gather(*(watched.end() for watched in self._targets.values()))
        await self._schedule.drain(self.configuration.settings.shutdown_grace)
        await asyncio.gather(*(watched.gateway.close() for watched in self._targets.values()))

    async def reload(self) -> tuple[str, ...]:
        """Take the configuration and the catalogue as they are now; keep the old ones when they are bad.

        Returns the faults, none when the new configuration is in force. Targets that did not change keep
        their connections and values.
        """
        try:
            new = await asyncio.to_thread(self._load_again)
        except ConfigError as error:
            return self._refuse(tuple(str(fault) for fault in error.faults))
        known = self.configuration.remarks
        async with self._changing:
            await self._adopt(new)
        await self._apply_pauses()
        for remark in new.remarks:
            if remark not in known:
                log.warning("without effect", extra={"remark": remark})
        self._reload_faults = ()
        self.telemetry.reloaded(ok=True)
        log.info("configuration reloaded", extra={"targets": len(new.targets), "queries": len(new.queries)})
        return ()

    def status(self, only: str | None = None, *, with_queries: bool = True) -> Status:
        """Return the status document as of now, of one target or of all."""
        chosen = self._targets if only is None else self._targets.keys() & {only}
        watches = [self._targets[name].watch for name in chosen]
        return self._reporter.report(
            self.configuration, watches, self._reload_faults, with_queries=with_queries
        )

    def target_names(self) -> frozenset[str]:
        """Return the names that a scrape may ask for."""
        return frozenset(self._targets)

    def watched(self) -> Mapping[str, Target]:
        """Return the targets of this process by their names."""
        return {name: watched.watch.target for name, watched in self._targets.items()}

    def standing(self, name: str) -> Standing:
        """Return what is known of a target without asking it."""
        watch = self._targets[name].watch
        recovering = watch.server.in_recovery if watch.server else None
        lag = self.store.value(JobKey(LAG_QUERY, name), LAG)
        return Standing(watch.up, recovering, watch.seen_at, watch.problem, lag)

    async def _run(self, key: JobKey) -> Outcome | None:
        watched = self._targets.get(key.target)
        if watched is None:
            return None
        outcome = await watched.watch.run(key)
        if self._targets.get(key.target) is not watched:  # what came after its end is nobody's to take away
            self._runner.forget(key)
        return outcome

    def _settled(self, key: JobKey) -> None:
        watched = self._targets.get(key.target)
        if watched is not None:
            watched.watch.settled(key)

    def _configure(self) -> None:
        labels = {target.name: target.labels for target in self.configuration.targets}
        self.store.label(labels)
        self._backups.configure(self.configuration.settings.backups, labels)
        self._look_at_certificates()

    def _look_at_certificates(self) -> None:
        watched = [target for target in self.configuration.targets if not self.pausing.of(target.name)]
        self._certificates.configure(watched)

    def _watch(self, target: Target) -> None:
        gateway = gateway_to(target, elects=True)
        choice = self.configuration.stores[target.name]
        timetable = self.configuration.timetables[target.name]
        watch = Watch(target, self.configuration.queries, gateway, self._engine, choice, timetable)
        task = None
        if pause := self.pausing.of(target.name):
            watch.pause(pause)
            _log_pause(target, pause)
        else:
            task = asyncio.create_task(watch.serve(), name=f"watch {target.name}")
        self._targets[target.name] = _Watched(watch, gateway, task)

    async def _apply_pauses(self) -> None:
        """Let go of the targets that are paused, and watch those again that no longer are."""
        async with self._changing:
            pauses = {target: self.pausing.of(target.name) for target in self.configuration.targets}
            changed = [
                (target, pause)
                for target, pause in pauses.items()
                if pause != self._targets[target.name].watch.paused
            ]
            if changed:
                self._look_at_certificates()
                await asyncio.gather(*(self._apply_pause(*each) for each in changed))

    async def _apply_pause(self, target: Target, pause: Pause | None) -> None:
        watched = self._targets[target.name]
        _log_pause(target, pause)
        if pause is None:
            watched.watch.retire()
            self._watch(target)
            return
        self._targets[target.name] = _Watched(watched.watch, watched.gateway, None)
        await watched.end()
        watched.watch.pause(pause)
        if watched.task is not None:
            await watched.gateway.close()

    async def _adopt(self, new: Configuration) -> None:
        old, self.configuration = self.configuration, new
        self._runner.expire_after = new.settings.expire_after
        self.evidence.configure(_kept(new))
        self.pausing.configure(new.settings)
        self._configure()
        wanted = new.settings.log
        logs.configure(wanted.level, wanted.format, requests=wanted.requests)
        if new.settings.web != old.settings.web:
            log.warning("a change under web needs a restart")
        stay = set(old.targets) & set(new.targets)
        await asyncio.gather(*(self._retire(target.name) for target in old.targets if target not in stay))
        for target in new.targets:
            if target in stay:
                taken = (new.queries, new.stores[target.name], new.timetables[target.name])
                self._targets[target.name].watch.reconfigure(*taken)
            else:
                self._watch(target)

    def _refuse(self, faults: tuple[str, ...]) -> tuple[str, ...]:
        self._reload_faults = faults
        self.telemetry.reloaded(ok=False)
        for fault in faults:
            log.error("configuration is bad, the old one stays in force", extra={"fault": fault})
        return faults

    async def _retire(self, name: str) -> None:
        watched = self._targets.pop(name)
        await watched.end()
        watched.watch.retire()
        self.evidence.forget(name)
        await watched.gateway.close()

    async def _publish_process(self) -> None:
        while True:
            families = self.telemetry.process_families(
                series=self.store.samples(), shard=self.configuration.shard
            )
            self.store.put_own(_PROCESS, families)
            await asyncio.sleep(_PROCESS_EVERY)


def _kept(configuration: Configuration) -> int:
    wanted = configuration.settings.evidence
    return wanted.keep if wanted.enabled else 0


def _log_pause(target: Target, pause: Pause | None) -> None:
    if pause is None:
        log.info("target is no longer paused", extra={"target": target.name})
    else:
        log.info("target is paused", extra={"target": target.name, "pause": str(pause)})


async def _cancel(task: asyncio.Task[None]) -> None:
    """End a task; once more where the cancellation was lost, as when what it waits for just ended."""
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_AGAIN)
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a task had ended by itself", exc_info=error)
