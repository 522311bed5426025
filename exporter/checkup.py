"""Owns what `doctor` asks a server: the SQL, and how its rows become facts."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from exporter import bind
from exporter.countable import countable, described
from exporter.counting import leaves
from exporter.counting_sql import leaves_statement
from exporter.entities import Entity
from exporter.errors import QueryError
from exporter.findings import Facts, Role, Session, StoreFacts, TokenTable
from exporter.model import UNKNOWN_PAGES, Query, Rows, Target
from exporter.profile import Profile, Source
from exporter.scout import Gateway, Known
from exporter.survey import Survey, survey
from exporter.targets import selected_databases
from exporter.token_store import Choice

_TIMEOUT = 5.0
_LOOKS = 3
# With fewer connections the heavy lane is the fast one.
_LANES_APART = 3

_ROLE = """
select
  r.rolsuper,
  pg_catalog.pg_has_role('pg_read_all_stats', 'usage'),
  pg_catalog.pg_has_role('pg_read_all_settings', 'usage'),
  -- Since 16; NULL before.
  (
    select pg_catalog.pg_has_role(oid, 'usage')
    from pg_catalog.pg_roles
    where rolname = 'pg_use_reserved_connections'
  ),
  -- Since 14; NULL before.
  (
    select pg_catalog.pg_has_role(oid, 'usage')
    from pg_catalog.pg_roles
    where rolname = 'pg_read_all_data'
  ),
  r.rolconnlimit,
  extract(epoch from r.rolvaliduntil)::float8
from pg_catalog.pg_roles as r
where r.rolname = current_user
"""
_SESSION = """
select
  pg_catalog.pg_backend_pid(),
  extract(epoch from pg_catalog.clock_timestamp())::float8,
  extract(epoch from pg_catalog.clock_timestamp() - a.backend_start)::float8,
  (select ssl from pg_catalog.pg_stat_ssl where pid = pg_catalog.pg_backend_pid()),
  a.client_addr is not null and not (a.client_addr <<= '127.0.0.0/8' or a.client_addr <<= '::1/128')
from pg_catalog.pg_stat_activity as a
where a.pid = pg_catalog.pg_backend_pid()
"""
_CLOSED = """
select datname
from pg_catalog.pg_database
where datallowconn
  and not datistemplate
  and not pg_catalog.has_database_privilege(oid, 'connect')
"""
_STORE_NAME = re.compile("token|oauth", re.IGNORECASE)
_AVAILABLE = "select name from pg_catalog.pg_available_extensions"


async def ask(gateway: Gateway, target: Target, queries: Mapping[str, Query], choice: Choice) -> Facts:
    """Return the facts about a target.

    Raises:
        QueryError: it cannot be reached, or does not answer.
    """
    started = time.monotonic()
    found = await survey(gateway, target, queries, choice)
    shut = tuple(str(name) for (name,) in await _rows(gateway, _CLOSED))
    selected = selected_databases(target, replace(found.server, databases=shut))
    return Facts(
        target=target,
        server=found.server,
        role=await _role(gateway),
        session=await _session(gateway, target, started),
        now=time.time(),
        # Those over token stores as they stand in the tables that were found.
        queries={**queries, **{key.query: query for key, query in found.plan.active.items()}},
        databases={info.name: info for info in found.databases},
        active=frozenset(found.plan.active),
        skipped=found.plan.skipped,
        closed=tuple(name for name in selected if name in shut),
        available=frozenset(str(name) for (name,) in await _rows(gateway, _AVAILABLE)),
        stores={
            name: await _store(gateway, found, name, choice)
            for name, known in found.facts.items()
            if isinstance(known, Known) and known.store is not None
        },
    )


async def _store(gateway: Gateway, found: Survey, name: str, choice: Choice) -> StoreFacts:
    known = found.facts[name]
    assert isinstance(known, Known) and known.store is not None  # noqa: S101, PT018  # as the caller looked
    profile = known.store.profile
    if profile is None:
        try:
            rows = await gateway.fetch(choice.facts_sql, timeout=_TIMEOUT, database=name)
        except QueryError:  # what is to be said about the store is known already
            return StoreFacts(known.store)
        return StoreFacts(known.store, is_alike=_is_alike(rows, choice))
    active = found.plan.active.items()
    return StoreFacts(
        known.store,
        tables=tuple([await _table(gateway, known, profile, source) for source in profile.of(Entity.TOKENS)]),
        counted=next((query for key, query in active if query.counted and key.database == name), None),
    )


def _is_alike(rows: Rows, choice: Choice) -> bool:
    """Tell whether one of the relations is named like one for tokens; others may be anybody's `users`."""
    kept = {
        source.relation.name for profile in choice.profiles.values() for source in profile.of(Entity.TOKENS)
    }
    names = {str(relation) for _, relation, _, _ in rows.rows}
    return any(choice.is_named or name in kept or _STORE_NAME.search(name) for name in names)


async def _table(gateway: Gateway, known: Known, profile: Profile, source: Source) -> TokenTable:
    relation = bind.qualified(source.relation)
    info = known.info.relations.get(relation)
    table = TokenTable(source.key, relation, info.pages if info else UNKNOWN_PAGES)
    if source not in countable(profile):
        return table
    described_source = described(source, known.store.lifetimes if known.store else {})
    table = replace(table, source=described_source)
    statement = leaves_statement(described_source)
    try:
        rows = await gateway.fetch(statement, timeout=_TIMEOUT, database=known.info.name)
    except QueryError as error:  # as without the right to use the schema
        return replace(table, problem=str(error))
    return replace(table, leaves=leaves(rows), problem="" if rows.rows else "it is no table")


async def _rows(gateway: Gateway, sql: str, *, heavy: bool = False) -> Sequence[tuple[object, ...]]:
    return (await gateway.fetch(sql, timeout=_TIMEOUT, heavy=heavy)).rows


async def _role(gateway: Gateway) -> Role:
    [(superuser, reads_stats, reads_settings, reserved, reads_data, limit, until)] = await _rows(
        gateway, _ROLE
    )
    return Role(
        superuser=bool(superuser),
        reads_stats=bool(reads_stats),
        reads_settings=bool(reads_settings),
        reserved=None if reserved is None else bool(reserved),
        connection_limit=int(_number(limit)),
        valid_until=None if until is None else _number(until),
        reads_data=bool(reads_data),
    )


async def _session(gateway: Gateway, target: Target, started: float) -> Session:
    """Look a few times: a pooler may change the session, and the fastest answer dates the clock best."""
    looks = [await _look(gateway, started) for _ in range(_LOOKS)]
    best = min(looks, key=lambda look: look.session.clock_error).session
    pids = {look.pid for look in looks}
    old = any(look.session.pooled for look in looks)
    return replace(best, pooled=old or len(pids) > 1 or await _shares_one_of(pids, gateway, target))


async def _shares_one_of(pids: set[object], gateway: Gateway, target: Target) -> bool:
    """Tell whether the heavy lane, a connection of its own, is given a session that the fast lane had."""
    if target.max_connections < _LANES_APART:
        return False
    try:
        [(pid,)] = await _rows(gateway, "select pg_catalog.pg_backend_pid()", heavy=True)
    except QueryError:  # no connection is left for it, which other checks tell
        return False
    return pid in pids


@dataclass(frozen=True, slots=True)
class _Look:
    pid: object
    session: Session


async def _look(gateway: Gateway, started: float) -> _Look:
    before = time.time()
    [(pid, clock, age, encrypted, remote)] = await _rows(gateway, _SESSION)
    after = time.time()
    session = Session(
        encrypted=None if encrypted is None else bool(encrypted),
        remote=bool(remote),
        # A session that is older than our connection was made for somebody else.
        pooled=_number(age) > time.monotonic() - started + 1,
        clock=_number(clock) - (before + after) / 2,
        clock_error=(after - before) / 2,
    )
    return _Look(pid, session)


def _number(value: object) -> float:
    return float(str(value))
