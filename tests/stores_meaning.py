"""Owns what tests put into a token store, as plain values, whatever the tables that hold it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

DAY = 86400.0
HOUR = 3600.0


@dataclass(frozen=True, slots=True)
class Token:
    """A token, `times` of them; times in seconds from now. `gone` is revoked, used or neither."""

    kind: str
    issued: float
    expires: float | None
    gone: str = ""
    gone_at: float | None = None
    client: str | None = None
    user: str | None = None
    times: int = 1

    @property
    def state(self) -> str:
        return self.gone or ("active" if self.expires is None or self.expires > 0 else "expired")


@dataclass(frozen=True, slots=True)
class Code:
    """An authorization code."""

    issued: float
    expires: float
    used_at: float | None
    pkce: str | None
    times: int

    @property
    def state(self) -> str:
        return "exchanged" if self.used_at is not None else "pending" if self.expires > 0 else "abandoned"


@dataclass(frozen=True, slots=True)
class Client:
    """A client; `grants` are the names of the metric."""

    name: str
    grants: Sequence[str]
    uris: Sequence[str]
    created: float = -100 * DAY
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class User:
    """A user."""

    name: str
    created: float
    enabled: bool = True
    provider: str = ""


@dataclass(frozen=True, slots=True)
class LoginSession:
    """A login session."""

    created: float
    expires: float
    times: int


@dataclass(frozen=True, slots=True)
class Device:
    """A device authorization; `state` is what was decided about it."""

    state: str
    expires: float
    times: int


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the denylist."""

    kind: str
    expires: float | None
    times: int


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration of the schema."""

    version: str
    success: bool
    installed: float


@dataclass(frozen=True, slots=True)
class Content:
    """What is in a store."""

    tokens: Sequence[Token] = ()
    codes: Sequence[Code] = ()
    clients: Sequence[Client] = ()
    users: Sequence[User] = ()
    sessions: Sequence[LoginSession] = ()
    devices: Sequence[Device] = ()
    denylist: Sequence[Entry] = ()
    migrations: Sequence[Migration] = ()

    def __add__(self, other: Content) -> Content:
        return Content(*((*getattr(self, one.name), *getattr(other, one.name)) for one in fields(self)))


# Issued, expires, whose client it is by its place, whose user.
_TOKENS = [
    (-60.0, 240.0, 0, "1"),
    (-100.0, 3500.0, 0, "3"),
    (-3600.0, 82800.0, 1, "3"),
    (-20 * DAY, 10 * DAY, 1, "5"),
    (-7200.0, -3600.0, 0, "4"),
    (-40 * DAY, -9 * DAY, 1, "4"),
    (-95 * DAY, -94 * DAY, 2, "4"),
]
_NEVER = (-5000.0, None, 1, None)
_LATER = [(-30.0, 570.0, 0, None), (5000.0, 8600.0, 1, None)]
_Case = tuple[float, float | None, int, str | None, str, float | None]
CLIENTS = ("web", "svc", "idle", "new", "off")


def tokens(
    kind: str, *gone: str, never: bool = True, times: int = 1, clients: Sequence[str] = CLIENTS
) -> tuple[list[Token], list[Token]]:
    """Return tokens of a kind that are there first, and that come later; `gone`: the ways to end early.

    Each comes another number of times, from `times` on. A token of user 4 is never live.
    """
    numbers = iter(range(times, 1000))
    first: list[_Case] = [(*case, "", None) for case in (*_TOKENS, *([_NEVER] if never else []))]
    later: list[_Case] = [(*case, "", None) for case in _LATER]
    for way in gone:
        first += [(-600.0, 3000.0, 0, "4", way, -300.0), (-20 * DAY, -8 * DAY, 0, "4", way, -15 * DAY)]
        later += [(-3000.0, 3000.0, 0, "4", way, -20.0)]
    both = [
        [
            Token(kind, issued, expires, way, at, clients[owner], user, next(numbers))
            for issued, expires, owner, user, way, at in cases
        ]
        for cases in (first, later)
    ]
    return both[0], both[1]


def codes(life: float, *, used: bool = True, pkce: bool = True) -> tuple[list[Code], list[Code]]:
    """Return codes that are valid for so many seconds, those that come later as the second."""
    cases: list[tuple[float, float | None, str | None]] = [
        (-60.0, None, "S256"),
        (-70.0, None, "S512"),
        (-80.0, None, None),
        (-1000.0, None, "plain"),
        (-8000.0, None, "S256"),
        (-200.0, -190.0, "S256"),
        (-900.0, -898.0, None),
        (-9000.0, -8990.0, "plain"),
        (2000.0, None, None),
    ]
    made = [
        Code(issued, issued + life, used_at, method if pkce else None, times)
        for times, (issued, used_at, method) in enumerate(cases, 1)
        if used or used_at is None
    ]
    return made[:-1], made[-1:]


def clients(names: Sequence[str] = CLIENTS, *, off: bool = True, uris: bool = True) -> list[Client]:
    """Return a client of each kind; `off`: whether one can be disabled."""
    lists = [["https://a.example/cb", "http://b.example/cb"], ["https://a.example/cb"], []]
    lists += [["https://*.c.example/"], ["https://a.example/cb"]]
    web, svc = ("authorization_code",), ("client_credentials",)
    given = zip(names, lists, (web, svc, web, web, svc), (-100, -100, -100, -1, -100), strict=True)
    return [
        Client(name, grants, listed if uris else [], days * DAY, not (off and name == names[-1]))
        for name, listed, grants, days in given
    ]


def users(*providers: str, off: bool = True) -> tuple[list[User], list[User]]:
    """Return users 1 to 7 in turns from these providers; `off`: whether they can be disabled: 3 to 5 are."""
    created = [-100 * DAY, -9 * DAY, -700.0, -5 * DAY, -DAY, -30.0, 2500.0]
    made = [
        User(str(number), when, not (off and 3 <= number <= 5), providers[number % len(providers)])
        for number, when in enumerate(created, 1)
    ]
    return made[:5], made[5:]


SESSIONS = (
    [LoginSession(-100.0, 3500.0, 2), LoginSession(-9000.0, -5000.0, 3), LoginSession(-3 * DAY, -2 * DAY, 4)],
    [LoginSession(1500.0, 9000.0, 1)],
)
DEVICES = [("pending", 60.0), ("pending", -60.0), ("approved", 60.0), ("approved", -60.0)]
DEVICES += [("denied", 60.0), ("denied", -60.0), ("used", -60.0)]


def devices(*states: str) -> list[Device]:
    """Return device authorizations of those states that the store can show."""
    shown = [(state, expires) for state, expires in DEVICES if state in states]
    return [Device(state, expires, times) for times, (state, expires) in enumerate(shown, 1)]


MIGRATIONS = [Migration("9", True, -9000.0), Migration("10", True, -5000.0), Migration("11", False, -60.0)]
