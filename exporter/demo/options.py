"""Owns the options of `pg-oauth-exporter demo` and its help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.duration import parse_duration

DEFAULT_PORT = 9187

_DESCRIPTION = """\
Watch the exporter at work without a server of your own: starts an embedded PostgreSQL with
the tables of an OAuth2 server, lets clients issue, refresh and revoke tokens, and runs the
real daemon against it as a role that can read no token. Every few minutes something goes wrong
on purpose: a lock queue, an idle transaction, a wave of revocations, a table that bloats, a
purge that somebody forgot.
"""
_EPILOG = """\
examples:
  pg-oauth-exporter demo                          until Ctrl-C
  pg-oauth-exporter demo --duration 2m            stop by itself
  pg-oauth-exporter demo --rate 50 --seed 7       more traffic, another course of events
  pg-oauth-exporter demo --postgres 'host=db.example dbname=scratch user=postgres'
                                                  in an empty database of yours

Everything lives in one temporary folder and on 127.0.0.1, and is gone at the end. If prometheus
(and alertmanager) are on the PATH, they are started too, with the rules that ship.

exit codes: 0 ended by Ctrl-C, SIGTERM or --duration; 1 something failed; 2 wrong usage, or the
demo's extra is not installed
"""


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for. `duration` in seconds, None: no end; `port` 0: 9187, or any when that is taken."""

    rate: float = 10.0
    seed: int = 1
    duration: float | None = None
    port: int = 0
    dsn: str | None = None
    major: int | None = None
    sidecars: bool = True


def _rate(text: str) -> float:
    value = float(text)
    if not 0.1 <= value <= 500:  # noqa: PLR2004  # what one loop and one small server carry
        raise argparse.ArgumentTypeError("from 0.1 to 500")
    return value


def _duration(text: str) -> float:
    try:
        value = float(text) if text.isdigit() else parse_duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    if value <= 0:
        raise argparse.ArgumentTypeError("longer than 0")
    return value


def _port(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 65535:  # noqa: PLR2004  # TCP's own range
        raise argparse.ArgumentTypeError("a number from 1 to 65535")
    return int(text)


def parse(argv: Sequence[str]) -> Options:
    """Return what `argv` asks for; prints help or a fault and raises SystemExit as argparse does."""
    parser = argparse.ArgumentParser(
        prog="pg-oauth-exporter demo",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--rate", type=_rate, default=10.0, metavar="N", help="operations a second; default 10")
    add("--seed", type=int, default=1, metavar="N", help="which course of events; default 1")
    add("--duration", type=_duration, metavar="TIME", help="stop after this time, like 90s or 5m")
    add(
        "--port",
        type=_port,
        default=0,
        metavar="N",
        help=f"of the exporter; default {DEFAULT_PORT}, or any free one",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--postgres",
        metavar="DSN",
        help="use this empty database (superuser; password better in PGPASSWORD or a pgpass file)",
    )
    where.add_argument(
        "--pg-version", type=int, metavar="N", help="of the embedded PostgreSQL; default the newest"
    )
    add("--no-sidecars", action="store_true", help="start no Prometheus and no Alertmanager")
    args = parser.parse_args(argv)
    return Options(
        rate=args.rate,
        seed=args.seed,
        duration=args.duration,
        port=args.port,
        dsn=args.postgres,
        major=args.pg_version,
        sidecars=not args.no_sidecars,
    )
