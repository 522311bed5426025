"""Owns what `doctor` knows about a target and what it says about that: the types between its parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from exporter.counting import Leaf, TokenSource
from exporter.model import DatabaseInfo, JobKey, Query, ServerInfo, Skip, Target
from exporter.token_store import TokenStore


class Level(StrEnum):
    """How much a finding matters; `fail` is kept for what keeps metrics away."""

    OK = "ok"
    INFO = "info"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result: a line, and for what is not well an explanation and what to run.

    What is minor is left out where people read.
    """

    check: str
    level: Level
    summary: str
    detail: str = ""
    remedy: str = ""
    is_minor: bool = False


@dataclass(frozen=True, slots=True)
class Role:
    """Rights of the role we are. `reserved` is None before version 16, `valid_until` Unix time or None.

    `reads_data` is the right to read every table.
    """

    superuser: bool
    reads_stats: bool
    reads_settings: bool
    reserved: bool | None
    connection_limit: int
    valid_until: float | None
    reads_data: bool = False


@dataclass(frozen=True, slots=True)
class Session:
    """How we reach the server. `clock` is its clock minus ours, known to +- `clock_error`, in seconds."""

    encrypted: bool | None
    remote: bool
    pooled: bool
    clock: float
    clock_error: float


@dataclass(frozen=True, slots=True)
class TokenTable:
    """One source of tokens in a store: `name` as settings call it, `relation` schema-qualified as SQL has it.

    `source` is None where blocks cannot be drawn from it. `leaves` are empty for a view, and when the
    catalogue was not readable, which `problem` tells.
    """

    name: str
    relation: str
    pages: int
    source: TokenSource | None = None
    leaves: tuple[Leaf, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What was looked for as the token store of one database, and what was found.

    `is_alike` says that some table looks like a store. `counted` is the query that counts tokens, as it runs
    there; None when it does not.
    """

    store: TokenStore
    is_alike: bool = False
    tables: tuple[TokenTable, ...] = ()
    counted: Query | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the checks look at.

    `closed` are selected databases that the role may not connect to, `available` the extensions that could
    be created.
    """

    target: Target
    server: ServerInfo
    role: Role
    session: Session
    now: float
    queries: Mapping[str, Query] = field(default_factory=dict)
    databases: Mapping[str, DatabaseInfo] = field(default_factory=dict)
    active: Collection[JobKey] = ()
    skipped: Mapping[JobKey, Skip] = field(default_factory=dict)
    closed: tuple[str, ...] = ()
    available: frozenset[str] = frozenset()
    stores: Mapping[str, StoreFacts] = field(default_factory=dict)


Check = Callable[[Facts], Iterator[Finding]]
