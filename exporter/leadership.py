"""Owns which of several replicas polls a target: the one whose session holds an advisory lock on it.

The server keeps the lock for as long as the session lives, and two sessions never hold it. So nobody has to
agree on anything, and no clock is involved: a replica that is gone has no session.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Awaitable, Callable
from enum import StrEnum

from exporter.errors import QueryError
from exporter.model import Family, MetricType, OutcomeKind, Rows, Sample

log = logging.getLogger(__name__)

LOOK_EVERY = 5.0
"""Seconds between two looks at the lock."""

CLASS = 0x70676F65
"""The first half of every lock's key, by which an administrator finds them; it reads "pgoe"."""

# So that the server notices after 25 s that a host is gone, and with it the lock is free. We notice sooner
# that the server is out of reach: no look is answered, or the connection breaks (see `dsn.parameters`).
_KEEPALIVES = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25000",
}
# Nobody could have the lock: these do not pass.
_NO_LOCKS = frozenset({OutcomeKind.DENIED, OutcomeKind.MISSING, OutcomeKind.UNSUPPORTED})
_POOLED = "there is a pooler on the way, and a lock would be its connection's"
_HELP = "1 when this process polls the target, 0 when another one does; only with leader_election."


class Standing(StrEnum):
    """What this process is to a target. Unknown is between two sessions; unelected polls like a leader."""

    UNKNOWN = "unknown"
    LEADER = "leader"
    FOLLOWER = "follower"
    UNELECTED = "unelected"


class Leadership:
    """Whether this process leads one target: keeps the lock in the session that asked for it.

    `on_change` is called at once when `standing` has become another, before anything else can happen.
    """

    def __init__(self, target: str, lock: int) -> None:
        self.standing = Standing.UNKNOWN
        self.known = Standing.UNKNOWN
        self.problem = ""
        self.on_change: Callable[[], None] = _nobody_cares
        self.look: Callable[[], Awaitable[None]] = _never
        self._target = target
        self._lock = lock

    @property
    def leads(self) -> bool:
        """Whether the target is ours to poll."""
        return self.standing in {Standing.LEADER, Standing.UNELECTED}

    def question(self, pid: int) -> str:
        """Return what takes the lock unless it is held, in one statement.

        A lock that a pooler's connection takes would stay there and be nobody's, so nothing is done unless
        the process that answers is the one that we connected to.
        """
        if self.standing is Standing.UNELECTED:
            return "SELECT NULL, NULL"
        is_ours = f"pg_catalog.pg_backend_pid() = {pid}"
        if self.standing is Standing.LEADER:
            return f"SELECT {is_ours}, {is_ours}"
        actions = [f"pg_catalog.pg_try_advisory_lock({CLASS}, {self._lock})"]
        if self.standing is Standing.UNKNOWN:
            actions += [f"pg_catalog.set_config('{n}', '{v}', false)" for n, v in _KEEPALIVES.items()]
        return f"SELECT {is_ours}, " + ", ".join(f"CASE WHEN {is_ours} THEN {each} END" for each in actions)

    def answered(self, rows: Rows) -> None:
        """Take the answer to the question."""
        is_ours, holds = rows.rows[0][:2]
        if is_ours is None:
            return
        if not is_ours:
            self._become(Standing.UNELECTED, _POOLED)
        else:
            self._become(Standing.LEADER if holds else Standing.FOLLOWER)

    def refused(self, error: QueryError) -> None:
        """Take it that the server did not answer; the next look asks again."""
        self.problem = str(error)
        if error.kind in _NO_LOCKS:
            self._become(Standing.UNELECTED, self.problem)

    def gone(self) -> None:
        """Take it that the lock may be free: its session has ended, or the server is out of reach."""
        self._become(Standing.UNKNOWN)

    def families(self) -> tuple[Family, ...]:
        """Return what is said of it on the page."""
        sample = Sample((self._target,), int(self.leads))
        return (Family("pg_exporter_leader", MetricType.GAUGE, _HELP, ("target",), (sample,)),)

    def _become(self, standing: Standing, problem: str = "") -> None:
        before, self.standing, self.problem = self.standing, standing, problem
        if standing is not Standing.UNKNOWN and standing is not self.known:
            self._announce(standing)
            self.known = standing
        if standing is not before:
            self.on_change()

    def _announce(self, standing: Standing) -> None:
        facts = {"target": self._target}
        if standing is Standing.UNELECTED:
            remedy = "every replica polls the target; lead its DSN to the server itself"
            log.warning("no leader election", extra={**facts, "reason": self.problem, "remedy": remedy})
        else:
            says = "leads the target" if self.leads else "another replica leads the target"
            log.info(says, extra=facts)


def lock_of(group: str, target: str) -> int:
    """Return the second half of a lock's key: the same in every replica, a signed integer of four bytes."""
    digest = hashlib.blake2b(f"{group}\0{target}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, signed=True)


def _nobody_cares() -> None:
    """Do nothing: nobody has asked to be told."""


async def _never() -> None:
    """Do nothing: there are no connections yet."""
