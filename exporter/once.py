"""Owns the command `once`: runs queries now as the daemon would, and keeps nothing."""

from __future__ import annotations

import argparse
import logging
import time
from dataclasses import replace
from typing import TextIO

from exporter.configuration import Configuration
from exporter.derive import DERIVATIONS
from exporter.engines import Engine
from exporter.errors import QueryError
from exporter.gateways import gateway_to
from exporter.model import JobKey, OutcomeKind, Query, Rows, Scope, Skip
from exporter.rest import summed_up
from exporter.runner import FAST_LANE_SECONDS, Fetch
from exporter.runs import Printer, Run, Show
from exporter.samples import families
from exporter.scout import Gateway
from exporter.survey import Exit, Survey, UnknownNameError, complain, queries_meant, survey, targets_meant
from exporter.targets import selected_databases

log = logging.getLogger(__name__)

_EXPLAIN = {Engine.POSTGRESQL: "EXPLAIN (ANALYZE, BUFFERS) ", Engine.SQLITE: "EXPLAIN QUERY PLAN "}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `once`."""
    parser.add_argument(
        "query", nargs="*", help="names of queries, disabled ones too; without: all that apply"
    )
    parser.add_argument("--target", metavar="NAME", help="only on this target")
    parser.add_argument(
        "--database", metavar="NAME", help="only in this database (queries of `scope: database`)"
    )
    parser.add_argument(
        "--explain",
        action="store_true",
        help="show EXPLAIN (ANALYZE, BUFFERS) instead of rows and samples; this runs the query, too",
    )
    parser.add_argument(
        "--format",
        choices=[show.value for show in Show],
        help="lines: one for each run (default without a name); table: rows, samples and cost (default with a"
        " name); prometheus: the page that /metrics would show",
    )
    parser.add_argument(
        "--rows",
        type=_count,
        default=20,
        metavar="N",
        help="how many rows and samples a table shows; 0 for all (default: %(default)s)",
    )


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"not a count: {text!r}; write 0, 20 or the like")
    return int(text)


async def run(configuration: Configuration, args: argparse.Namespace, out: TextIO) -> int:
    """Run the queries that `args` names and print what came of each; return the exit code."""
    try:
        targets = targets_meant(configuration, args.target)
        queries = _in_scope(queries_meant(configuration, args.query), args.query, args.database)
    except UnknownNameError as error:
        return complain(error)
    show = Show.TABLE if args.explain else Show(args.format or ("table" if args.query else "lines"))
    printer = Printer(out, show, args.rows)
    code = Exit.FINE
    for target in targets:
        gateway = gateway_to(target)
        try:
            found = await survey(gateway, target, queries, configuration.stores[target.name])
            code = max(code, await _run_all(gateway, found, args, printer))
        except UnknownNameError as error:
            code = max(code, complain(error))
        except QueryError as error:
            printer.note(f"{target.name}: cannot be reached: {error} (`doctor` says more)")
            code = Exit.UNREACHABLE
        finally:
            await gateway.close()
    printer.finish()
    return code


def _in_scope(queries: dict[str, Query], named: list[str], database: str | None) -> dict[str, Query]:
    """Leave out, when a database is chosen, the queries that run once for the whole server."""
    if database is None:
        return queries
    once = [name for name in named if queries[name].scope is Scope.SERVER]
    if once:
        raise UnknownNameError(f"{once[0]} has scope server and runs in the main database: drop --database")
    return {name: query for name, query in queries.items() if query.scope is Scope.DATABASE}


async def _run_all(gateway: Gateway, found: Survey, args: argparse.Namespace, printer: Printer) -> Exit:
    jobs = _jobs(found, args.database)
    code = Exit.FINE
    for number, (key, work) in enumerate(jobs, start=1):
        if isinstance(work, Skip):
            done = Run(key, skip=work)
        else:
            # What is estimated has no SQL of its own: many statements make it.
            explain = _EXPLAIN.get(found.server.engine, "") if args.explain and not work.estimated else ""
            fetch = found.counter(gateway, key).fetch if work.estimated else gateway.fetch
            done = await _run(fetch, key, work, explain + (work.sql_for(found.server.major) or ""))
        printer.show(done, f"[{number}/{len(jobs)}]")
        code = max(code, done.exit)
    return code


def _jobs(found: Survey, database: str | None) -> list[tuple[JobKey, Query | Skip]]:
    work: dict[JobKey, Query | Skip] = {**found.plan.active, **found.plan.skipped}
    jobs = sorted(work.items(), key=lambda job: job[0])
    if database is not None:
        jobs = [(key, work) for key, work in jobs if key.database == database]
        if not jobs:
            names = ", ".join(selected_databases(found.target, found.server))
            raise UnknownNameError(
                f"{found.target.name}: no query runs in {database!r}; selected are {names}"
            )
    return jobs


async def _run(fetch: Fetch, key: JobKey, query: Query, sql: str) -> Run:
    started = time.monotonic()
    heavy = query.timeout > FAST_LANE_SECONDS
    try:
        rows = await fetch(sql, timeout=query.timeout, database=key.database, heavy=heavy)
        seconds = time.monotonic() - started
        if sql.startswith("EXPLAIN"):
            return Run(key, query, rows, seconds)
        rows = _derived(query, rows)
        if query.rest:
            rows, _ = summed_up(query, rows, None)
        return Run(key, query, rows, seconds, families(query, rows, key.target, key.database))
    except QueryError as error:
        return Run(key, query, seconds=time.monotonic() - started, error=error)


def _derived(query: Query, rows: Rows) -> Rows:
    """Apply the query's derivation as on its first run, when there is nothing to compare with."""
    if query.derive is None:
        return rows
    try:
        derived, _ = DERIVATIONS[query.derive](rows, None, time.time())
    except Exception as error:
        log.exception("a bug in the derivation", extra={"query": query.name, "derive": query.derive})
        raise QueryError(
            OutcomeKind.BUG, f"{type(error).__name__} in the derivation {query.derive}"
        ) from error
    return replace(derived, seconds=rows.seconds)
