"""Owns what the simulated people and clients remember, and what an operation is."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import LiteralString
from uuid import UUID

from exporter.demo.clients import Client

USERS_AT_START = 600  # as many as history.sql makes


@dataclass(frozen=True, slots=True)
class Operation:
    """Statements that run as one transaction, and the tables that they touch."""

    name: str
    tables: frozenset[str]
    statements: tuple[tuple[LiteralString, tuple[object, ...]], ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """A pair of tokens that a simulated client holds."""

    access_id: UUID
    refresh_id: UUID
    client: Client
    user: str
    expires_at: datetime  # of the refresh token


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code that a simulated client will exchange at `use_at`."""

    code: str
    client: Client
    user: str
    use_at: datetime


@dataclass(slots=True)
class World:
    """What the simulated people and clients remember; bounded. `now` gives naive UTC, like the tables."""

    random: Random
    now: Callable[[], datetime]
    users: int = USERS_AT_START
    grants: deque[Grant] = field(default_factory=lambda: deque(maxlen=5000))
    access: deque[UUID] = field(default_factory=lambda: deque(maxlen=500))
    codes: deque[Code] = field(default_factory=lambda: deque(maxlen=500))
    sessions: deque[UUID] = field(default_factory=lambda: deque(maxlen=2000))

    def uuid(self) -> UUID:
        """Return a version 4 UUID from the seeded source."""
        return UUID(int=self.random.getrandbits(128), version=4)

    def secret(self, size: int) -> str:
        """Return a made-up secret of 2 x `size` characters."""
        return self.random.randbytes(size).hex()

    def user(self) -> str:
        """Return the id of somebody who has an account."""
        return f"user-{self.random.randint(1, self.users)}"

    def client(self, clients: Sequence[Client]) -> Client:
        """Return one of `clients` by their shares of the traffic."""
        return self.random.choices(clients, [client.weight for client in clients])[0]

    def soon(self, low: float, high: float) -> timedelta:
        """Return a time between `low` and `high` seconds."""
        return timedelta(seconds=self.random.uniform(low, high))
