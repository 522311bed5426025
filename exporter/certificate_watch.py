"""Owns when the certificates of targets are looked at, and what is said of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from exporter import dsn
from exporter.handshake import HandshakeError, certificate_end
from exporter.model import Family, JobKey, MetricType, Sample, Target
from exporter.store import Store

log = logging.getLogger(__name__)

FAMILY = "pg_tls_certificate_not_after_timestamp_seconds"
HELP = "When the certificate that the server shows ends, in seconds since 1970; absent without TLS."
_EVERY, _AGAIN = 3600.0, 300.0
_TICK = 1.0
_AT_ONCE = 20


class CertificateWatch:
    """Looks at the certificate of every target that is reached over TCP; `now` is Unix time in seconds.

    What was found goes when the next look fails, as nobody knows what the server shows by then.
    """

    def __init__(self, store: Store, now: Callable[[], float]) -> None:
        self._store = store
        self._now = now
        self._places = asyncio.Semaphore(_AT_ONCE)
        self._due: dict[Target, float] = {}

    def configure(self, targets: Iterable[Target]) -> None:
        """Take the targets; those that did not change keep their turn."""
        wanted = {target for target in targets if dsn.endpoints(target)}
        for target in self._due.keys() - wanted:
            self._store.forget(_key(target))
        self._due = {target: self._due.get(target, self._now()) for target in wanted}

    async def serve(self) -> None:
        """Look at what is due, for ever."""
        while True:
            due = [target for target, at in self._due.items() if at <= self._now()]
            await asyncio.gather(*map(self._turn, due))
            await asyncio.sleep(_TICK)

    async def _turn(self, target: Target) -> None:
        async with self._places:
            end, wait = await _end(target)
        if target not in self._due:
            return
        self._due[target] = self._now() + wait
        samples = (Sample((target.name,), end),) if end is not None else ()
        families = [Family(FAMILY, MetricType.GAUGE, HELP, ("target",), samples)] if samples else []
        self._store.put_own(_key(target), families)


async def _end(target: Target) -> tuple[float | None, float]:
    """Return when the certificate ends, None when nobody knows, and the seconds until the next look."""
    for host, port in dsn.endpoints(target):
        try:
            return await certificate_end(host, port, target.connect_timeout), _EVERY
        except HandshakeError as error:
            log.debug("no certificate", extra={"target": target.name, "reason": str(error)})
    return None, _AGAIN


def _key(target: Target) -> JobKey:
    return JobKey("tls certificate", target.name)
