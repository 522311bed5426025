"""Owns the checks of `doctor` on the server itself: settings, extensions, queries, secrets."""

from __future__ import annotations

import shlex
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace

from exporter.findings import Check, Facts, Finding, Level
from exporter.model import NEWEST_TESTED, OLDEST_TESTED, JobKey, Query, RelationInfo, Skip, SkipReason
from exporter.quoting import identifier, relation

_SECRET_WORDS = ("token", "secret", "password", "code")
_RELOAD = "SELECT pg_catalog.pg_reload_conf();"


@dataclass(frozen=True, slots=True)
class _Wish:
    """A setting that should not have the value `bad`."""

    setting: str
    bad: str
    better: str
    level: Level
    summary: str
    detail: str


_WISHES = (
    _Wish(
        "track_activities",
        "off",
        "on",
        Level.FAIL,
        "sessions do not say what they do",
        "Without it pg_stat_activity shows no state, no query and no transaction of any session.",
    ),
    _Wish(
        "track_counts",
        "off",
        "on",
        Level.FAIL,
        "tables and databases are not counted",
        "Without it the pg_stat views stand still, and autovacuum does nothing.",
    ),
    _Wish(
        "track_io_timing",
        "off",
        "on",
        Level.WARN,
        "times of reads and writes are 0",
        "pg_test_timing, run on the server, says what reading the clock costs there.",
    ),
    _Wish(
        "log_lock_waits",
        "off",
        "on",
        Level.INFO,
        "long lock waits are not logged",
        "The metrics count them; the log would name the statements.",
    ),
    _Wish(
        "compute_query_id",
        "off",
        "auto",
        Level.INFO,
        "queries have no identifier",
        "pg_stat_statements needs one, and pg_stat_activity could show it.",
    ),
)


def _version(facts: Facts) -> Iterator[Finding]:
    major, version = facts.server.major, facts.server.version
    if major < OLDEST_TESTED:
        detail = f"Queries are tested on PostgreSQL {OLDEST_TESTED} to {NEWEST_TESTED}; many will fail."
        yield Finding(
            "version", Level.FAIL, f"PostgreSQL {version} is too old", detail, "-- upgrade the server"
        )
    elif major > NEWEST_TESTED:
        detail = f"The variants for {NEWEST_TESTED} are used. What a later version renamed fails alone."
        yield Finding("version", Level.WARN, f"PostgreSQL {version} is newer than what was tested", detail)
    else:
        yield Finding("version", Level.OK, f"PostgreSQL {version} is supported")


def _recovery(facts: Facts) -> Iterator[Finding]:
    if facts.server.in_recovery:
        summary = "standby: queries with `on: primary` wait for a promotion; run remedies on its primary"
        yield Finding("recovery", Level.OK, summary)
    else:
        yield Finding("recovery", Level.OK, "primary: queries with `on: standby` do not run")


def _settings(facts: Facts) -> Iterator[Finding]:
    good = []
    for wish in _WISHES:
        value = facts.server.settings.get(wish.setting)
        if value == wish.bad:
            remedy = f"ALTER SYSTEM SET {wish.setting} = {wish.better}; {_RELOAD}"
            summary = f"{wish.setting} is {value}: {wish.summary}"
            yield Finding("setting", wish.level, summary, wish.detail, remedy)
        elif value is not None:
            good.append(f"{wish.setting} = {value}")
    if good:
        yield Finding("setting", Level.OK, ", ".join(good))


def _statements(facts: Facts) -> Iterator[Finding]:
    """pg_stat_statements takes two steps: to be preloaded, which needs a restart, and to be created."""
    name = "pg_stat_statements"
    if _created(facts, name):
        yield Finding("extension", Level.OK, f"{name} is created in {facts.server.database}")
        return
    create = f"CREATE EXTENSION {name};  -- in {facts.server.database}"
    preloaded = facts.server.settings.get("shared_preload_libraries")
    libraries = [part.strip() for part in (preloaded or "").split(",") if part.strip()]
    if name in libraries:
        yield Finding("extension", Level.INFO, f"{name} is preloaded but not created", "", create)
    elif name not in facts.available:
        yield _not_installed(name)
    elif preloaded is None:
        yield Finding(
            "extension", Level.INFO, f"{name} is not created", "Whether it is preloaded is hidden.", create
        )
    else:
        # One string with commas in it would be taken for the name of a single library.
        listed = ", ".join(identifier(library) for library in (*libraries, name))
        steps = f"ALTER SYSTEM SET shared_preload_libraries = {listed};  -- then restart the server\n{create}"
        yield Finding(
            "extension", Level.INFO, f"{name} is not preloaded", "No query is timed by its text.", steps
        )


def _tuples(facts: Facts) -> Iterator[Finding]:
    name = "pgstattuple"
    if _created(facts, name):
        yield Finding("extension", Level.OK, f"{name} is created in {facts.server.database}")
    elif name in facts.available:
        create = f"CREATE EXTENSION {name};  -- in each database whose bloat matters"
        yield Finding(
            "extension", Level.INFO, f"{name} is not created: bloat is estimated, not measured", "", create
        )
    else:
        yield _not_installed(name)


def _created(facts: Facts, extension: str) -> bool:
    here = facts.databases.get(facts.server.database)
    return here is not None and extension in here.extensions


def _not_installed(extension: str) -> Finding:
    package = "# install the package with PostgreSQL's additional modules, e.g. postgresql-contrib"
    return Finding("extension", Level.INFO, f"{extension} is not installed on the server", "", package)


def _queries(facts: Facts) -> Iterator[Finding]:
    running = {key.query for key in facts.active}
    asked = running | {key.query for key in facts.skipped}  # the rest is for other kinds of targets
    yield Finding("queries", Level.OK, f"{len(running)} of {len(asked)} enabled queries run")
    there = running | {
        key.query for key, why in facts.skipped.items() if why.reason is not SkipReason.RELATION
    }
    groups: dict[tuple[Level, Skip], list[JobKey]] = defaultdict(list)
    hidden: dict[str, list[str]] = defaultdict(list)
    for key, reason in sorted(facts.skipped.items()):
        query = facts.queries[key.query]
        if query.over and reason.reason is SkipReason.PRIVILEGE and key.database is not None:
            hidden[key.database].append(key.query)
            continue
        # What differs by nothing but the name of the database is one finding.
        detail = reason.detail.removesuffix(f" in database {key.database}")
        level = _skip_level(query, reason.reason, found_elsewhere=key.query in there)
        groups[level, replace(reason, detail=detail)].append(key)
    for database, names in hidden.items():
        yield _hidden(facts, database, names)
    for (level, reason), keys in groups.items():
        yield _not_run(level, reason, keys)


def _hidden(facts: Facts, database: str, names: list[str]) -> Finding:
    """Return one finding for all queries over a token store that lack a right: one command mends them."""
    who = f"{names[0]} does" if len(names) == 1 else f"{len(names)} queries do"
    problem = f"{who} not run in {database}: the role {facts.server.role} may not read their columns"
    role, name = shlex.quote(facts.server.role), shlex.quote(database)
    remedy = f"pg-oauth-exporter grants --role {role} | psql -d {name}  # as the owner of the tables"
    return Finding("queries", Level.FAIL, problem, f"Queries: {', '.join(names)}.", remedy)


def _skip_level(query: Query, reason: SkipReason, *, found_elsewhere: bool) -> Level:
    """A relation that is missing in one database and there in another is how things should be.

    A function whose use pg_monitor does not bring is for those who want to give that right.
    """
    if reason is SkipReason.PRIVILEGE and query.needs.function is not None:
        return Level.INFO
    if reason in {SkipReason.PRIVILEGE, SkipReason.CONNECTIONS}:
        return Level.FAIL
    if reason in {SkipReason.SETTING, SkipReason.SIZE}:
        return Level.WARN
    return Level.WARN if reason is SkipReason.RELATION and not found_elsewhere else Level.INFO


def _not_run(level: Level, reason: Skip, keys: list[JobKey]) -> Finding:
    places = sorted({key.database for key in keys if key.database is not None})
    where = f" in {', '.join(places)}" if places else ""
    names = sorted({key.query for key in keys})
    who = f"{names[0]} does" if len(names) == 1 else f"{len(names)} queries do"
    detail = f"Queries: {', '.join(names)}." if len(names) > 1 else ""
    return Finding("queries", level, f"{who} not run{where}: {reason.detail}", detail, reason.remedy)


def _secrets(facts: Facts) -> Iterator[Finding]:
    """Warn about each relation of which the role may read more than the queries need."""
    needed: dict[str, set[str]] = defaultdict(set)
    for query in facts.queries.values():
        for needs in (query.needs, *query.reads):
            if needs.relation is not None:
                needed[relation(needs.relation)].update(needs.columns)
    excess = 0
    for database, found in sorted(facts.databases.items()):
        for written, info in sorted(found.relations.items()):
            name = relation(written)
            too_much = _too_much(info, needed[name])
            if too_much:
                excess += 1
                yield _readable(facts, f"{name} in {database}", name, too_much, needed[name])
    if not excess:
        yield Finding("secrets", Level.OK, "no column that looks like a secret can be read")


def _too_much(info: RelationInfo, needed: set[str]) -> list[str]:
    """Return what is readable without need: of a relation that is not readable as a whole, only secrets."""
    surplus = sorted(info.readable_columns - needed)
    if info.readable_columns == info.columns:
        return surplus
    return [name for name in surplus if any(word in name.lower() for word in _SECRET_WORDS)]


def _readable(facts: Facts, where: str, name: str, columns: list[str], needed: set[str]) -> Finding:
    role = identifier(facts.server.role)
    wanted = ", ".join(identifier(column) for column in sorted(needed))
    steps = [f"REVOKE SELECT ON {name} FROM {role};"]
    if wanted:
        steps.append(f"GRANT SELECT ({wanted}) ON {name} TO {role};")
    source = "If it stays readable, the right comes from PUBLIC or from another role that it is in."
    if facts.role.superuser:
        steps, source = [], "A superuser reads everything."
    detail = f"No query needs {', '.join(columns)}. {source}"
    return Finding(
        "secrets", Level.WARN, f"the role can read more than it needs of {where}", detail, "\n".join(steps)
    )


CHECKS: tuple[Check, ...] = (_version, _recovery, _settings, _statements, _tuples, _queries, _secrets)
