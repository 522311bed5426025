"""Owns the options of `pg-oauth-exporter demo` and its help."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

from exporter.duration import parse_duration
from exporter.usage import Parser

DEFAULT_PORT = 9187


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
    parser = Parser(prog="pg-oauth-exporter demo")
    parser.explain("demo")
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
