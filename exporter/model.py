"""Owns the frozen types that modules hand to each other; standard library only, no behaviour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from exporter.engines import Engine
from exporter.hours import Hours

OLDEST_TESTED, NEWEST_TESTED = 13, 18  # major versions that every shipped query is tested on
UNKNOWN_PAGES = 2**31 - 1  # of a relation whose size cannot be told: nobody takes it for small
Number = int | float  # of a sample; integers stay integers, so that 64-bit counters are exact


class Scope(StrEnum):
    """Where a query runs: once on the target's main database, or in every selected database."""

    SERVER = "server"
    DATABASE = "database"


class Role(StrEnum):
    """On which servers a query runs."""

    ANY = "any"
    PRIMARY = "primary"
    STANDBY = "standby"


class MetricType(StrEnum):
    """The Prometheus types that a column can have."""

    GAUGE = "gauge"
    COUNTER = "counter"
    HISTOGRAM = "histogram"


class OutcomeKind(StrEnum):
    """How one run ended; the value of the label `outcome`."""

    OK = "ok"
    CONNECT = "connect"  # no connection, or it was lost and could not be replaced
    TIMEOUT = "timeout"  # the server's statement_timeout or our own deadline
    LOCKED = "locked"  # lock_timeout: somebody holds the table
    DENIED = "denied"  # insufficient privilege
    MISSING = "missing"  # relation, column, function or extension is not there
    UNSUPPORTED = "unsupported"  # the server knows it but refuses (managed services, wrong role)
    SQL = "sql"  # any other error that the server reports
    SHAPE = "shape"  # the answer lacks a declared column
    BUG = "bug"  # our own mistake; the only one logged with a traceback


class SkipReason(StrEnum):
    """Why a query does not run on a target; the value of the label `reason`."""

    DISABLED = "disabled"
    ENGINE = "engine"  # there is no SQL of it for this kind of server
    VERSION = "version"
    ROLE = "role"
    EXTENSION = "extension"
    FUNCTION = "function"
    RELATION = "relation"
    PROFILE = "profile"  # the token store's schema cannot show it
    PRIVILEGE = "privilege"
    SETTING = "setting"
    SIZE = "size"
    CONNECTIONS = "connections"
    WINDOW = "window"  # its hours are not now


@dataclass(frozen=True, slots=True)
class Column:
    """A declared metric: the family on the wire and the column of the answer that fills it.

    For a histogram `column` is a prefix: the answer has `<column>_bounds` (float8[], ascending, no +Inf),
    `<column>_buckets` (bigint[], cumulative, one for each bound), `<column>_count` and `<column>_sum`.
    """

    family: str
    column: str
    type: MetricType
    help: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be there for a query to run; anything absent is a reason to skip it, not an error."""

    version: int | None = None  # lowest major version
    below: int | None = None  # the first major version that it is not for
    extension: str | None = None
    library: str | None = None  # in shared_preload_libraries
    setting: str | None = None  # a boolean setting that must be on
    relation: str | None = None  # schema-qualified
    columns: tuple[str, ...] = ()  # of `relation`, readable by our role; `grants` prints these
    max_pages: int | None = None  # of `relation`; a larger one is not read in full
    searched: frozenset[str] = frozenset()  # with an index on each, only ranges are read, whatever the size
    function: str | None = None  # schema-qualified, without arguments; our role may execute it


@dataclass(frozen=True, slots=True)
class Alternative:
    """Another way to the same answer, taken where more is there than the query needs: its SQL by version."""

    name: str
    needs: Needs
    variants: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Query:
    """One file of the catalogue; `variants`: (lowest major or 0, SQL), ascending; times in seconds."""

    name: str
    set: str
    help: str
    every: float
    timeout: float
    labels: tuple[str, ...]
    columns: tuple[Column, ...]
    variants: tuple[tuple[int, str], ...]
    path: str
    scope: Scope = Scope.SERVER
    on: Role = Role.ANY
    needs: Needs = field(default_factory=Needs)
    limit: int = 1000
    derive: str | None = None
    rest: bool = False  # what is over the limit is summed up, not dropped
    alternatives: tuple[Alternative, ...] = ()  # the first whose needs are met runs, not `variants`
    budget: float | None = None  # the share of time that runs may take, 0.01 is 1 %; else the interval grows
    evidence: str | None = None  # the kind of snapshots that the rows are kept as
    over: tuple[str, ...] = ()  # entities of a token store whose names stand as placeholders in the SQL
    over_any: bool = False  # one of them is enough
    shows: tuple[str, ...] = ()  # fields, as `users.enabled`, that the store has to show
    reads: tuple[Needs, ...] = ()  # besides `needs`: the relations that a profile put for placeholders
    counted: bool = False  # where the relations are too large to be read, it runs as `estimated`, without SQL
    estimated: bool = False
    dialects: Mapping[Engine, str] = field(default_factory=dict)  # its SQL for what is not PostgreSQL
    hours: Hours = field(default_factory=Hours)  # in which it runs, on the target's clock

    def sql_for(self, major: int) -> str | None:
        """Return the variant with the highest floor <= `major`, or None when all floors are higher."""
        return next((sql for floor, sql in reversed(self.variants) if floor <= major), None)


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a password comes from; exactly one is set, or none (pgpass, or none needed)."""

    file: str | None = None
    env: str | None = None
    command: tuple[str, ...] = ()
    timeout: float = 10.0  # of the command, in seconds


@dataclass(frozen=True, slots=True)
class Target:
    """A server or a file to watch: its name on the wire and how to reach it. Never printed whole."""

    name: str
    dsn: str = field(repr=False)
    password: Secret = field(default_factory=Secret)
    include_databases: tuple[str, ...] = ("*",)  # shell patterns
    exclude_databases: tuple[str, ...] = ()
    max_connections: int = 3
    connect_timeout: float = 5.0
    engine: Engine = Engine.POSTGRESQL
    parameters: tuple[tuple[str, str], ...] = ()  # what queries may read as pg_oauth_exporter.<name>
    lock: int | None = None  # held by the one replica that polls; None where there is no election
    labels: tuple[tuple[str, str], ...] = ()  # the user's own, by name


@dataclass(frozen=True, slots=True)
class RelationInfo:
    """Free facts about a relation that some query needs: its size by pg_class, and our rights on it."""

    pages: int
    readable_columns: frozenset[str]
    columns: frozenset[str]
    leading: frozenset[str] = frozenset()  # columns by which an index over all rows finds a range


@dataclass(frozen=True, slots=True)
class ExtensionInfo:
    """An extension of a database: its version, the schema that it lives in, and whether we may use that."""

    version: str
    schema: str
    usable: bool = True


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """Facts about one database: its extensions, and of what queries asked about what is there."""

    name: str
    extensions: Mapping[str, ExtensionInfo] = field(default_factory=dict)
    relations: Mapping[str, RelationInfo] = field(default_factory=dict)
    functions: Mapping[str, bool] = field(default_factory=dict)  # whether our role may execute it


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """Facts about a server, read at connect and again every minute."""

    version_num: int  # server_version_num, e.g. 170004
    version: str  # server_version, e.g. "17.4 (Debian ...)"
    in_recovery: bool
    database: str  # the main database, the one that the DSN names
    role: str  # the role we are
    databases: tuple[str, ...]  # all that can be connected to, templates left out
    settings: Mapping[str, str] = field(default_factory=dict, repr=False)
    engine: Engine = Engine.POSTGRESQL
    started: float | None = None  # Unix time, by the server's clock

    @property
    def major(self) -> int:
        """The major version, e.g. 17."""
        return self.version_num // 10000


@dataclass(frozen=True, slots=True)
class Skip:
    """Why a query does not run on a target, in words, and what would change that."""

    reason: SkipReason
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True, order=True)
class JobKey:
    """Names one job: a query on a target, and in one database when the query's scope is that."""

    query: str
    target: str
    database: str | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """An answer: column names, and rows as tuples in that order. `seconds` is the time the server had it."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Histogram:
    """Cumulative counts for each upper bound (without +Inf), the count of all, and their sum."""

    bounds: tuple[float, ...]
    buckets: tuple[int, ...]
    count: int
    sum: Number


@dataclass(frozen=True, slots=True)
class Sample:
    """One series' value; `labels` are the values in the order of the family's label names."""

    labels: tuple[str, ...]
    value: Number | Histogram


@dataclass(frozen=True, slots=True)
class Family:
    """A metric family with its samples, ready to be rendered; `name` is the name on the wire."""

    name: str
    type: MetricType
    help: str
    label_names: tuple[str, ...]
    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run ended. Times in seconds; `at` is Unix time of its end.

    `seconds` is the whole run, waiting for the lane included; `server_seconds` the part the server had it.
    `dropped` counts samples left out, by reason: limit, duplicate, malformed.
    """

    kind: OutcomeKind
    at: float
    seconds: float = 0.0
    server_seconds: float = 0.0
    rows: int = 0
    samples: int = 0
    dropped: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    interval: float | None = None  # to the next run, when this one cost more than the query's budget
