"""Owns what a DSN means: is it well formed, which parameters has a connection, what of it may be said."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from difflib import get_close_matches

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict

from exporter.model import Target
from exporter.service_file import with_service

APPLICATION = "pg-oauth-exporter"
# libpq counts whole seconds and takes less than two for two.
_SHORTEST_TIMEOUT = 2
_PORTS = range(1, 65536)
DEFAULT_PORT = 5432
_SCHEMES = ("postgresql://", "postgres://")
_QUOTES = "a value with spaces needs single quotes, and in a value ' is written \\' and \\ is written \\\\"
_APART = "or keep the password out of the DSN: in a file, an environment variable or a command"
_ENCODE = f"in a URI write % as %25, @ as %40, / as %2F and a space as %20, {_APART}"


def check_dsn(dsn: str) -> str | None:
    """Return what is wrong with a DSN as the end of a sentence ("is ..."), or None when it is well formed.

    Nothing of the DSN is in the answer, as any part of a malformed one may be a piece of the password.
    libpq's own message quotes the DSN, so it is read here and not passed on.
    """
    if not dsn.strip():
        return "is empty: write postgresql://user@host:5432/database"
    if "\0" in dsn:
        return "holds a NUL character"
    try:
        parameters = conninfo_to_dict(dsn)
    except UnicodeError:
        return "is not UTF-8 text"
    except ProgrammingError as error:
        return _malformed(dsn, str(error))
    return _suspicious(dsn, {name: str(value) for name, value in parameters.items()})


def _malformed(dsn: str, message: str) -> str:
    unknown = re.search(r'invalid (?:URI query parameter|connection option)\W+"([^"]{1,40})"', message)
    meant = _meant(unknown[1]) if unknown else None
    if dsn.startswith(_SCHEMES):
        return _malformed_uri(message, meant)
    if "://" in dsn.split("=", 1)[0]:
        return "has a scheme that PostgreSQL does not know: write postgresql://user@host:5432/database"
    if "=" not in dsn:
        return "is neither a URI (postgresql://user@host:5432/database) nor a list of keyword=value pairs"
    if meant is not None:
        return f"has a keyword that libpq does not know{meant}; {_QUOTES}"
    return f"is not a list of keyword=value pairs: {_QUOTES}, {_APART}"


def _malformed_uri(message: str, meant: str | None) -> str:
    if meant is not None:
        return f"has a parameter that libpq does not know{meant}"
    if "percent-encoded" in message:
        return f"has a special character that must be percent-encoded: {_ENCODE}"
    return "is not a valid URI: write postgresql://user@host:5432/database?sslmode=require"


def _meant(unknown: str) -> str:
    """Name the parameter of libpq that is most like it: that is no part of the DSN."""
    known = [option.keyword.decode() for option in pq.Conninfo.get_defaults()]
    close = get_close_matches(unknown, known, n=1)
    return f" ({close[0]}?)" if close else ""


def _suspicious(dsn: str, parameters: Mapping[str, str]) -> str | None:
    """Find what libpq accepts only to fail, and quote, at connect."""
    ports = parameters.get("port", "").split(",")
    if dsn.startswith(_SCHEMES) and _splits_wrongly(dsn):
        return f"has a special character in its user or password that must be percent-encoded: {_ENCODE}"
    if not all(re.fullmatch("[0-9]{0,5}", port) and int(port or 1) in _PORTS for port in ports):
        hint = f", or a special character in the password: {_ENCODE}" if dsn.startswith(_SCHEMES) else ""
        return f"has a port that is no number from 1 to 65535{hint}"
    if not re.fullmatch(r"-?\d+", parameters.get("connect_timeout", "0")):
        return "has a connect_timeout that is no whole number of seconds"
    return None


def _splits_wrongly(dsn: str) -> bool:
    """Tell whether an @ stands where libpq no longer looks for one: the password was cut in the middle.

    libpq takes the first @ for the end of the password, if it comes before the first slash.
    """
    rest = dsn.split("://", 1)[1]
    login, at, after = rest.partition("@")
    if at and "/" not in login:
        rest = after
    return "@" in rest.split("?", 1)[0]


def _given(target: Target) -> dict[str, str]:
    return with_service({name: str(value) for name, value in conninfo_to_dict(target.dsn).items()})


def parameters(target: Target, database: str | None, password: str | None) -> dict[str, str]:
    """Return the parameters of a connection to the target; raises psycopg.ProgrammingError for a bad DSN.

    What the DSN sets stands, but for the password and the database where those are given.
    """
    given = _given(target)
    result = {
        "fallback_application_name": APPLICATION,
        "connect_timeout": str(max(_SHORTEST_TIMEOUT, math.ceil(target.connect_timeout))),
        "keepalives": "1",
        # A leader has to know that the server is out of reach before the server thinks so of it.
        "keepalives_idle": "30" if target.lock is None else "10",
        "keepalives_interval": "5" if target.lock is None else "3",
        "keepalives_count": "3",
        "tcp_user_timeout": "15000",  # no effect where the platform lacks it
        **given,
        "client_encoding": "UTF8",
    }
    if database is not None:
        result["dbname"] = database
    if password is not None:
        result["password"] = password
    return result


def endpoints(target: Target) -> tuple[tuple[str, int], ...]:
    """Return the hosts and ports at which a target may have TLS; none for a socket or sslmode=disable."""
    try:
        given = _given(target)
    except ProgrammingError:  # it is no server of PostgreSQL
        return ()
    if given.get("sslmode") == "disable":
        return ()
    hosts = (given.get("hostaddr") or given.get("host") or "").split(",")
    ports = given.get("port", "").split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    pairs = zip(hosts, ports, strict=False)
    # A path is a socket, and @ one without a file; without a host libpq takes a socket, too.
    return tuple((host, int(port or DEFAULT_PORT)) for host, port in pairs if host and host[0] not in "/@")


def unverified(target: Target) -> str:
    """Return the sslmode of a target that does not know whom it talks to; "" when it does, or nobody can say.

    Who has to prove by SCRAM, within this very connection, that it knows the password is no stranger either.
    """
    try:
        given = _given(target)
    except ProgrammingError:
        return ""
    defaults = {option.keyword: option.val for option in pq.Conninfo.get_defaults()}
    mode = given.get("sslmode") or (defaults.get(b"sslmode") or b"").decode()
    says_otherwise = "service" in given and "sslmode" not in given  # its file may
    proven = mode == "verify-full" or given.get("channel_binding") == "require"
    return "" if proven or says_otherwise else mode


def attempt_seconds(parameters: Mapping[str, str]) -> int:
    """Return the seconds that libpq gives to each address of the server."""
    seconds = int(parameters["connect_timeout"])
    # libpq takes 0 for "for ever", which we never wait.
    return max(_SHORTEST_TIMEOUT, seconds) if seconds > 0 else 60


def connect_seconds(parameters: Mapping[str, str]) -> float:
    """Return the bound of one connect in seconds: a turn for each host and one for a second address."""
    hosts = parameters.get("hostaddr") or parameters.get("host") or ""
    return attempt_seconds(parameters) * (hosts.count(",") + 2)


def place(parameters: Mapping[str, str]) -> str:
    """Say where a connection goes: service, host, port, database and role."""
    names = {"service": "service", "host": "host", "port": "port", "dbname": "database", "user": "role"}
    parts = [f'{word} "{parameters[name]}"' for name, word in names.items() if parameters.get(name)]
    return " ".join(parts) or "the local server"


def hidden(parameters: Mapping[str, str]) -> frozenset[str]:
    """Return the values among the parameters that must never be shown.

    A password that is the name of the role or the database is not among them: to blot the name out would tell
    everybody what the password is.
    """
    secret = {option.keyword.decode() for option in pq.Conninfo.get_defaults() if option.dispchar == b"*"}
    secret |= {"scram_client_key", "scram_server_key", "oauth_client_secret"}
    values = {parameters[name] for name in secret & parameters.keys() if parameters[name]}
    return frozenset(values - {parameters.get("user"), parameters.get("dbname")})


def secrets_of(dsn: str) -> frozenset[str]:
    """Return what must never be shown of a DSN; of one that cannot be understood that is all of it."""
    try:
        return hidden({name: str(value) for name, value in conninfo_to_dict(dsn).items()})
    except (ProgrammingError, UnicodeError):
        return frozenset({dsn})
