"""Owns the command `doctor`: lets the checks look at each target, and prints what they find."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import TextIO

from exporter import (
    access_checks,
    bloat_advice,
    checkup,
    console_checks,
    file_checks,
    server_checks,
    store_advice,
    table,
)
from exporter.configuration import Configuration
from exporter.engines import ENGINE_NAMES, Engine
from exporter.errors import QueryError
from exporter.findings import Facts, Finding, Level
from exporter.gateways import gateway_to
from exporter.model import Target
from exporter.survey import Exit, Survey, UnknownNameError, complain, survey, targets_meant

_UNREACHABLE = """\
  The most frequent causes:
  - the server is down or listens elsewhere: pg_isready -h HOST -p PORT
  - a firewall drops packets: then there is no answer at all, not a refusal
  - pg_hba.conf has no line for this role, database and address
  - the password comes from another source than you think: {source}"""
_UNREADABLE = """\
  The most frequent causes:
  - the path is another one, or the program that makes the file has not run yet
  - the user that runs the exporter may not read the file, or may not enter a folder above it
  - in WAL mode: it may not read the files -wal and -shm beside it"""


_EXAMINE: Mapping[Engine, Callable[[Survey], tuple[Finding, ...]]] = {
    Engine.SQLITE: file_checks.examine,
    Engine.PGBOUNCER: console_checks.examine,
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What there is to say about one target; `problem` when it could not be reached."""

    target: Target
    facts: Facts | Survey | None = None
    findings: tuple[Finding, ...] = ()
    problem: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `doctor`."""
    parser.add_argument("--target", metavar="NAME", help="only this target")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


async def run(configuration: Configuration, args: argparse.Namespace, out: TextIO) -> int:
    """Print a diagnosis of each target; return the exit code."""
    try:
        targets = targets_meant(configuration, args.target)
    except UnknownNameError as error:
        return complain(error)
    found = [await _diagnose(target, configuration) for target in targets]
    if args.json:
        json.dump({"targets": [as_json(diagnosis) for diagnosis in found]}, out, indent=2)
        out.write("\n")
    else:
        out.writelines(f"{table.cell(line)}\n" for diagnosis in found for line in as_text(diagnosis))
    return max(exit_code(diagnosis) for diagnosis in found)


async def _diagnose(target: Target, configuration: Configuration) -> Diagnosis:
    gateway = gateway_to(target)
    queries, choice = configuration.queries, configuration.stores[target.name]
    try:
        if target.engine is not Engine.POSTGRESQL:
            found = await survey(gateway, target, queries, choice)
            return Diagnosis(target, found, _EXAMINE[target.engine](found))
        facts = await checkup.ask(gateway, target, queries, choice)
    except QueryError as error:
        return Diagnosis(target, problem=str(error))
    finally:
        await gateway.close()
    return Diagnosis(target, facts, examine(facts))


def examine(facts: Facts) -> tuple[Finding, ...]:
    """Return what every check finds."""
    checks = (*server_checks.CHECKS, *access_checks.CHECKS, *store_advice.CHECKS, *bloat_advice.CHECKS)
    return tuple(finding for check in checks for finding in check(facts))


def exit_code(diagnosis: Diagnosis) -> Exit:
    """Return what a diagnosis means for the exit code: only what keeps metrics away counts."""
    if diagnosis.problem:
        return Exit.UNREACHABLE
    failing = any(finding.level is Level.FAIL for finding in diagnosis.findings)
    return Exit.BAD if failing else Exit.FINE


def as_text(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the list of checks, what to do about those that are not well, and the sums."""
    name, facts = diagnosis.target.name, diagnosis.facts
    if facts is None:
        yield f"{name}: cannot be reached"
        yield f"  {diagnosis.problem}"
        is_file = diagnosis.target.engine is Engine.SQLITE
        yield _UNREADABLE if is_file else _UNREACHABLE.format(source=_password_source(diagnosis.target))
        yield ""
        return
    server = facts.server
    role = f", role {server.role}" if server.role else ""
    yield f"{name}: {ENGINE_NAMES[server.engine]} {server.version}, database {server.database}{role}"
    findings = [finding for finding in diagnosis.findings if not finding.is_minor]
    width = max(len(finding.check) for finding in findings)
    for finding in findings:
        yield f"  {finding.level:<4}  {finding.check:<{width}}  {finding.summary}"
    yield ""
    for finding in sorted(findings, key=lambda finding: -list(Level).index(finding.level)):
        yield from _advice(finding)
    counts = [f"{sum(finding.level is level for finding in findings)} {level}" for level in Level]
    yield f"{name}: {', '.join(counts)}"
    yield ""


def _advice(finding: Finding) -> Iterator[str]:
    if finding.level is Level.OK or not (finding.detail or finding.remedy):
        return
    yield f"{finding.level}: {finding.summary}"
    if finding.detail:
        yield f"  {finding.detail}"
    yield from (f"    {line}" for line in finding.remedy.splitlines())
    yield ""


def _password_source(target: Target) -> str:
    """Name where the password comes from, never what it is."""
    secret = target.password
    if secret.file is not None:
        return f"the file {secret.file}"
    if secret.env is not None:
        return f"the environment variable {secret.env}"
    if secret.command:
        return f"the command {secret.command[0]}"
    return "the DSN, PGPASSWORD or pgpass"


def as_json(diagnosis: Diagnosis) -> dict[str, object]:
    """Return a diagnosis as JSON has it; the keys are stable."""
    facts = diagnosis.facts
    return {
        "target": diagnosis.target.name,
        "reachable": facts is not None,
        "problem": diagnosis.problem or None,
        "engine": diagnosis.target.engine.value,
        "version": facts.server.version if facts else None,
        "role": (facts.server.role or None) if facts else None,
        "findings": [_finding_as_json(finding) for finding in diagnosis.findings],
    }


def _finding_as_json(finding: Finding) -> dict[str, object]:
    return {key: value for key, value in asdict(finding).items() if key != "is_minor"}
