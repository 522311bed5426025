"""Owns the command `queries`: every query of the catalogue, and whether it runs or why not."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from exporter import table
from exporter.configuration import Configuration
from exporter.duration import format_duration
from exporter.errors import QueryError
from exporter.gateways import gateway_to
from exporter.model import OLDEST_TESTED, Query, Skip, Target
from exporter.reference import markdown
from exporter.runner import FAST_LANE_SECONDS
from exporter.survey import Exit, Survey, UnknownNameError, complain, survey, targets_meant

_HEAD = ("set", "name", "every", "timeout", "scope", "on", "versions", "lane", "runs")
_WIDEST = 110
# More databases than this are counted instead of named.
_NAMED_DATABASES = 3


@dataclass(frozen=True, slots=True)
class Answer:
    """What one target says about one query: for each place it could run in, None or why it does not."""

    places: tuple[tuple[str | None, Skip | None], ...] = ()
    problem: str = ""

    @property
    def runs(self) -> bool | None:
        """Whether it runs anywhere on the target; None when the target could not be asked."""
        return None if self.problem else any(reason is None for _, reason in self.places)


Answers = Mapping[str, Mapping[str, Answer]]  # query -> target -> answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `queries`."""
    parser.add_argument("--target", metavar="NAME", help="ask only this target")
    parser.add_argument("--no-connect", action="store_true", help="ask no server; only what is configured")
    parser.add_argument("--json", action="store_true", help="print one JSON object with all that is known")
    parser.add_argument(
        "--markdown", action="store_true", help="print what every metric means; asks no server"
    )


async def run(configuration: Configuration, args: argparse.Namespace, out: TextIO) -> int:
    """Print the list; return the exit code."""
    if args.markdown:
        out.writelines(f"{line}\n" for line in markdown(configuration.catalog))
        return Exit.FINE
    try:
        targets = () if args.no_connect else targets_meant(configuration, args.target)
    except UnknownNameError as error:
        return complain(error)
    found = {target.name: await _ask(target, configuration) for target in targets}
    answers = by_query(configuration.queries, found)
    if args.json:
        json.dump(as_json(configuration, answers), out, indent=2)
        out.write("\n")
    else:
        out.writelines(f"{line}\n" for line in as_text(configuration, answers, found))
    away = any(isinstance(answer, QueryError) for answer in found.values())
    return Exit.UNREACHABLE if away else Exit.FINE


async def _ask(target: Target, configuration: Configuration) -> Survey | QueryError:
    gateway = gateway_to(target)
    try:
        choice = configuration.stores[target.name]
        return await survey(gateway, target, configuration.queries, choice)
    except QueryError as error:
        return error
    finally:
        await gateway.close()


def by_query(queries: Iterable[str], found: Mapping[str, Survey | QueryError]) -> Answers:
    """Turn what each target says about its queries into what is said about each query."""
    return {
        query: {target: _answer(query, answer) for target, answer in found.items()}
        for query in sorted(queries)
    }


def _answer(query: str, found: Survey | QueryError) -> Answer:
    if isinstance(found, QueryError):
        return Answer(problem=str(found))
    jobs = {**dict.fromkeys(found.plan.active), **found.plan.skipped}
    return Answer(tuple((key.database, jobs[key]) for key in sorted(jobs) if key.query == query))


def as_text(
    configuration: Configuration, answers: Answers, found: Mapping[str, Survey | QueryError]
) -> Iterator[str]:
    """Yield the table and, below it, the targets that could not be asked and the sums."""
    known = sorted(_known(configuration).values(), key=lambda query: (query.set, query.name))
    rows = [
        _row(query, configuration.disabled.get(query.name), answers.get(query.name, {})) for query in known
    ]
    yield from table.lines(_HEAD, rows, widest=_WIDEST)
    yield ""
    yield f"{len(known)} queries, {len(configuration.queries)} enabled"
    for target, answer in found.items():
        if isinstance(answer, QueryError):
            yield f"{target}: cannot be reached: {answer} (`doctor` says more)"


def _known(configuration: Configuration) -> dict[str, Query]:
    return {**configuration.catalog.queries, **configuration.queries}


def _row(query: Query, disabled: Skip | None, answers: Mapping[str, Answer]) -> tuple[str, ...]:
    return (
        query.set,
        query.name,
        format_duration(query.every),
        format_duration(query.timeout),
        query.scope.value,
        query.on.value,
        " ".join((*(f"{floor}+" for floor in floors(query)), *query.dialects)),
        lane(query),
        f"no: {disabled.detail}" if disabled else runs(answers),
    )


def floors(query: Query) -> tuple[int, ...]:
    """Return the lowest major version of each variant, those that no supported server selects left out."""
    lowest = max(OLDEST_TESTED, query.needs.version or 0)
    return tuple(sorted({max(lowest, floor) for floor, _ in query.variants}))


def lane(query: Query) -> str:
    """Return which of the two connections to the main database the query waits for."""
    return "heavy" if query.timeout > FAST_LANE_SECONDS else "fast"


def runs(answers: Mapping[str, Answer]) -> str:
    """Return where an enabled query runs, in words; targets that say the same are not told apart."""
    said = {target: _said(answer) for target, answer in answers.items()}
    if not said:
        return "enabled"
    if len(set(said.values())) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{target}: {words}" for target, words in said.items())


def _said(answer: Answer) -> str:
    if answer.problem:
        return "unknown: not reached"
    here = [database for database, reason in answer.places if reason is None]
    reasons = {
        reason.detail.removesuffix(f" in database {database}"): None
        for database, reason in answer.places
        if reason is not None
    }
    if not here:
        return f"no: {'; '.join(reasons) or 'no database is selected'}"
    missing = [database for database, reason in answer.places if reason is not None]
    return f"yes, not in {_named(missing)}: {'; '.join(reasons)}" if missing else "yes"


def _named(databases: Sequence[str | None]) -> str:
    if len(databases) > _NAMED_DATABASES:
        return f"{len(databases)} databases"
    return ", ".join(str(name) for name in databases)


def as_json(configuration: Configuration, answers: Answers) -> dict[str, object]:
    """Return all that is known; the keys are stable."""
    known = sorted(_known(configuration).values(), key=lambda query: (query.set, query.name))
    return {"queries": [_object(query, configuration, answers.get(query.name, {})) for query in known]}


def _object(query: Query, configuration: Configuration, answers: Mapping[str, Answer]) -> dict[str, object]:
    disabled = configuration.disabled.get(query.name)
    return {
        "set": query.set,
        "name": query.name,
        "help": query.help,
        "path": query.path,
        "every_seconds": query.every,
        "timeout_seconds": query.timeout,
        "scope": query.scope.value,
        "on": query.on.value,
        "versions": list(floors(query)),
        "dialects": [engine.value for engine in query.dialects],
        "lane": lane(query),
        "limit": query.limit,
        "metrics": [column.family for column in query.columns],
        "enabled": disabled is None,
        "disabled": disabled.detail if disabled else None,
        "targets": {target: _target_object(answer) for target, answer in answers.items()},
    }


def _target_object(answer: Answer) -> dict[str, object]:
    return {
        "runs": answer.runs,
        "problem": answer.problem or None,
        "skipped": [
            {
                "database": database,
                "reason": reason.reason.value,
                "detail": reason.detail,
                "remedy": reason.remedy,
            }
            for database, reason in answer.places
            if reason is not None
        ],
    }
