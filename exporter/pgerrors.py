"""Owns the translation of psycopg's exceptions into QueryError: which kind, and what may be said."""

from __future__ import annotations

import re
from collections.abc import Mapping

import psycopg
from psycopg import errors

from exporter.dsn import attempt_seconds, place
from exporter.errors import QueryError
from exporter.model import OutcomeKind

_KINDS = {
    "57014": OutcomeKind.TIMEOUT,  # query_canceled, which is what statement_timeout raises
    "25P04": OutcomeKind.TIMEOUT,  # transaction_timeout of PostgreSQL 17
    "55P03": OutcomeKind.LOCKED,
    "42501": OutcomeKind.DENIED,
    "42P01": OutcomeKind.MISSING,  # table
    "42703": OutcomeKind.MISSING,  # column
    "42883": OutcomeKind.MISSING,  # function
    "42704": OutcomeKind.MISSING,  # any other object
    "3F000": OutcomeKind.MISSING,  # schema
    "0A000": OutcomeKind.UNSUPPORTED,
    "55000": OutcomeKind.UNSUPPORTED,  # e.g. the WAL position of a primary, asked of a standby
    "25006": OutcomeKind.UNSUPPORTED,  # read-only transaction
    "57P01": OutcomeKind.CONNECT,  # terminated by an administrator
    "57P02": OutcomeKind.CONNECT,  # another backend crashed
    "57P03": OutcomeKind.CONNECT,  # starting up or shutting down
    "57P04": OutcomeKind.CONNECT,  # database dropped
    "57P05": OutcomeKind.CONNECT,  # idle_session_timeout
    "3D000": OutcomeKind.CONNECT,
    "53300": OutcomeKind.CONNECT,
    "53400": OutcomeKind.CONNECT,
}
_CONNECT_CLASSES = ("08", "28")
# Classes whose primary message holds names and limits. In the others (22, 23, P0, XX) it quotes data.
_SPEAKING_CLASSES = ("08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "55", "57")
# A syntax error quotes the query from the place on; a single word of it is enough and no secret.
_HARMLESS_SYNTAX = re.compile(r'syntax error at (?:end of input|or near "(?:\w{1,63}|\W{1,2})")')
_LONGEST = 300

_PREFIX = re.compile(
    r"""^(?:-\ host:.*?hostaddr:\ [^:]*:\ )?          # psycopg, one line for each address
        (?:connection\ (?:failed|is\ bad):\ )?       # psycopg
        (?:connection\ to\ server\ (?:at|on)\ .{1,300}?\ failed:\ )?  # libpq
        (?:FATAL:\s+)?""",
    re.VERBOSE,
)
_NOISE = ("Is the server running", "Multiple connection attempts failed", "Either provide the file")
_NONE_GIVEN = "no password supplied"
_REMEDIES = {
    "password authentication failed": "check the role's name, its password and where the password comes from",
    _NONE_GIVEN: "give the password by file, environment variable, command, pgpass or DSN",
    "no pg_hba.conf entry": "allow this role, database and address in pg_hba.conf",
    "connection refused": "is the server running there, and listening on that address?",
    "no such file or directory": "is the server running there?",
    "translate host name": "check the host name",
    "failed to resolve host": "check the host name",
    "timeout": "is it the right address, and does a firewall drop packets?",
    "too many connections": "raise the limit, or lower max_connections of the target",
    "too many clients": "the server's max_connections is used up",
    "connection slots are reserved": "the server's max_connections is used up",
    "unsupported startup parameter": "PgBouncer refuses it: leave it out of the DSN and of PGOPTIONS",
    "does not support ssl": "set sslmode in the DSN, or turn SSL on at the server",
    "definition of service": "it stands in ~/.pg_service.conf, or in the file that PGSERVICEFILE names",
    "service file": "PGSERVICEFILE names it; without that it is ~/.pg_service.conf",
    "root certificate file": "sslrootcert names the certificate of the authority that signed the server's",
    "certificate verify failed": "sslrootcert must hold the authority that signed the server's certificate",
    "does not match host name": "connect by a name that is in the server's certificate",
    "requires a valid client certificate": "sslcert and sslkey must name files that are there",
    "unknown certificate authority": "the server does not know who signed our certificate (its ssl_ca_file)",
    "unknown ca": "the server does not know who signed our certificate (its ssl_ca_file)",
    "certificate authentication failed": "the certificate's common name must be the role, or be mapped to it",
    "key values mismatch": "sslcert and sslkey do not belong together",
    "but not private key file": "sslkey must name the key of that certificate",
    "could not load private key file": "sslkey must be an unencrypted PEM key, or sslpassword must open it",
    "private key file": "chmod 600 it, and let the exporter's user own it",
}


def connect_error(error: Exception, parameters: Mapping[str, str], no_password: str = "") -> QueryError:
    """Translate what a failed connect raised; the message is one line.

    `no_password` is the remedy when a password was wanted and there was none.
    """
    if isinstance(error, TimeoutError | errors.ConnectionTimeout):
        reason = f"no answer within {attempt_seconds(parameters)} s (timeout)"
    else:
        reason = _reason(str(error)) or "failed"
    remedies = _REMEDIES | {_NONE_GIVEN: no_password or _REMEDIES[_NONE_GIVEN]}
    remedy = next((say for text, say in remedies.items() if text in reason.lower()), "")
    message = f"cannot connect to {place(parameters)}: {_cut(reason)}" + (f"; {remedy}" if remedy else "")
    return QueryError(OutcomeKind.CONNECT, message, getattr(error, "sqlstate", None))


def _reason(text: str) -> str:
    """Return what libpq says, as one line, each cause once: with sslmode=prefer it tells everything twice."""
    lines = (re.sub(r"\[Errno -?\d+\] ", "", _PREFIX.sub("", line.strip())) for line in text.splitlines())
    return "; ".join(dict.fromkeys(line for line in lines if line and not line.startswith(_NOISE)))


def query_error(error: psycopg.Error, statement: str, *, lost: bool) -> QueryError:
    """Translate what a run raised.

    Args:
        error: the exception.
        statement: all that was sent, of which the first line is ours and the rest the query.
        lost: whether the session went with it.
    """
    state = error.sqlstate
    if state is None:
        if lost:
            return QueryError(OutcomeKind.CONNECT, "the server closed the connection")
        return QueryError(OutcomeKind.SQL, f"the driver refused the query ({type(error).__name__})")
    return QueryError(_kind(state, lost=lost), _message(error, state, statement), state)


def _kind(state: str, *, lost: bool) -> OutcomeKind:
    kind = _KINDS.get(state, OutcomeKind.SQL)
    if kind is OutcomeKind.SQL and (lost or state.startswith(_CONNECT_CLASSES)):
        kind = OutcomeKind.CONNECT
    if kind is OutcomeKind.CONNECT and not lost:
        # A function of the query could not connect to somewhere else; ours is fine.
        kind = OutcomeKind.SQL
    return kind


def _message(error: psycopg.Error, state: str, statement: str) -> str:
    name = f"{_condition(state)} {state}".lstrip()
    primary = " ".join((error.diag.message_primary or "").split())
    speaks = state.startswith(_SPEAKING_CLASSES)
    if not primary or not speaks or (state == "42601" and not _HARMLESS_SYNTAX.fullmatch(primary)):
        return name + _line(error, statement)
    return f"{_cut(primary)}{_line(error, statement)} ({name})"


def _condition(state: str) -> str:
    """Return the name of an SQLSTATE as PostgreSQL's manual writes it, or nothing when psycopg has none."""
    try:
        name = errors.lookup(state).__name__
    except KeyError:
        return ""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _line(error: psycopg.Error, statement: str) -> str:
    position = error.diag.statement_position
    if position is None:
        return ""
    return f", line {statement.count(chr(10), 0, int(position) - 1)} of the query"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
