"""Owns what runs on a target: the choice of queries, its databases, and why a query does not apply."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from fnmatch import fnmatchcase

from exporter.catalog import Catalog
from exporter.document import KeyPath, in_order, suggestion
from exporter.duration import format_duration
from exporter.errors import ConfigError, Fault
from exporter.model import (
    UNKNOWN_PAGES,
    DatabaseInfo,
    Needs,
    Query,
    RelationInfo,
    Role,
    ServerInfo,
    Skip,
    SkipReason,
    Target,
)
from exporter.query_settings import QueryOverride
from exporter.quoting import identifier, parts, relation
from exporter.settings import Settings

_PAGE_BYTES = 8192  # unless the server was built otherwise and says so


def selected_databases(target: Target, server: ServerInfo) -> tuple[str, ...]:
    """Return the databases of `server` that `target` includes and does not exclude, in the server's order."""

    def matches(name: str, patterns: Iterable[str]) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    return tuple(
        name
        for name in server.databases
        if matches(name, target.include_databases) and not matches(name, target.exclude_databases)
    )


def select(catalog: Catalog, settings: Settings) -> tuple[dict[str, Query], dict[str, Skip]]:
    """Return the queries that the user wants, overrides applied, and why the others are disabled.

    Raises:
        ConfigError: a set or query that there is not, or an override that does not fit.
    """
    faults = [*_unknown_sets(catalog, settings), *_unfitting(catalog, settings)]
    if faults:
        raise ConfigError(in_order(faults))
    wanted = _wanted_sets(catalog, settings.sets)
    active: dict[str, Query] = {}
    disabled: dict[str, Skip] = {}
    for name, query in catalog.queries.items():
        override = settings.queries.get(name, QueryOverride())
        if override.enabled is False:
            remedy = f"take `enabled: false` from queries.{name}"
            disabled[name] = Skip(SkipReason.DISABLED, "switched off by the configuration", remedy)
        elif query.evidence and not query.columns and not settings.evidence.enabled:
            remedy = "set evidence.enabled to true"
            disabled[name] = Skip(SkipReason.DISABLED, "no evidence is kept", remedy)
        elif override.enabled or query.set in wanted:
            active[name] = _overridden(query, override)
        else:
            detail = f"its set {query.set} is off"
            disabled[name] = Skip(SkipReason.DISABLED, detail, f"add +{query.set} to sets")
    return active, disabled


def _wanted_sets(catalog: Catalog, choice: tuple[str, ...]) -> set[str]:
    plain = {name for name in choice if name[0] not in "+-"}
    added = {name[1:] for name in choice if name[0] == "+"}
    removed = {name[1:] for name in choice if name[0] == "-"}
    default = {query.set for query in catalog.queries.values()} - catalog.optional_sets
    return plain or (default | added) - removed


def _overridden(query: Query, override: QueryOverride) -> Query:
    return replace(
        query,
        every=override.every or query.every,
        timeout=override.timeout or query.timeout,
        limit=override.limit or query.limit,
        budget=override.budget or query.budget,
    )


def _unknown_sets(catalog: Catalog, settings: Settings) -> Iterator[Fault]:
    known = {query.set for query in catalog.queries.values()} | catalog.optional_sets
    for index, choice in enumerate(settings.sets):
        name = choice.lstrip("+-")
        if name not in known:
            yield settings.fault(("sets", index), f"there is no set {name}", suggestion(name, known))


def _unfitting(catalog: Catalog, settings: Settings) -> Iterator[Fault]:
    for name, override in settings.queries.items():
        query = catalog.queries.get(name)
        at: KeyPath = ("queries", name)
        if query is None:
            yield settings.fault(at, "there is no such query", suggestion(name, catalog.queries))
            continue
        new = _overridden(query, override)
        if new.timeout >= new.every:
            key = "timeout" if override.timeout else "every"
            every, timeout = format_duration(new.every), format_duration(new.timeout)
            problem = f"its timeout, {timeout}, is then not below every, {every}"
            yield settings.fault((*at, key), problem, "a run must end before the next one is due")


def skip(query: Query, server: ServerInfo, database: DatabaseInfo | None) -> Skip | None:
    """Return why `query` does not apply, or None when it does.

    Without facts about the database (None), what it needs there is taken to be there.
    """
    needs = query.needs
    found = _version(query, server) or _role(query, server)
    found = found or _setting(needs, server) or _library(needs, server)
    if found or database is None:
        return found
    found = _extension(needs, server, database) or _function(needs, server, database)
    missing = (_relation(each, server, database) for each in (needs, *query.reads))
    return found or next((reason for reason in missing if reason is not None), None)


def _extension(needs: Needs, server: ServerInfo, database: DatabaseInfo) -> Skip | None:
    name = needs.extension
    if name is None:
        return None
    extension = database.extensions.get(name)
    if extension is None:
        detail = f"the extension {name} does not exist in database {database.name}"
        return Skip(SkipReason.EXTENSION, detail, f"CREATE EXTENSION {identifier(name)};")
    if extension.usable:
        return None
    detail = f"the role {server.role} may not use the schema {extension.schema}, which holds {name}"
    remedy = f"GRANT USAGE ON SCHEMA {identifier(extension.schema)} TO {identifier(server.role)};"
    return Skip(SkipReason.PRIVILEGE, detail, remedy)


def _library(needs: Needs, server: ServerInfo) -> Skip | None:
    # What may be hidden from our role is taken to be there: then the run says what is wrong.
    loaded = server.settings.get("shared_preload_libraries")
    if needs.library is None or loaded is None:
        return None
    names = [name.strip(' "') for name in loaded.split(",") if name.strip()]
    if needs.library in names:
        return None
    wanted = ", ".join(map(identifier, [*names, needs.library]))
    remedy = f"ALTER SYSTEM SET shared_preload_libraries = {wanted}; then restart the server"
    detail = f"the library {needs.library} is not in shared_preload_libraries"
    return Skip(SkipReason.SETTING, detail, remedy)


def chosen(query: Query, server: ServerInfo, database: DatabaseInfo) -> Query:
    """Return `query` with the SQL of its first alternative whose needs are met, or else as it is."""
    for each in query.alternatives:
        if skip(replace(query, needs=each.needs, variants=each.variants), server, database) is None:
            needs = replace(query.needs, extension=each.needs.extension or query.needs.extension)
            return replace(query, needs=needs, variants=each.variants)
    return query


def _function(needs: Needs, server: ServerInfo, database: DatabaseInfo) -> Skip | None:
    name = needs.function
    if name is None:
        return None
    if name not in database.functions:
        detail = f"the function {name} does not exist in database {database.name}"
        return Skip(SkipReason.FUNCTION, detail, "`pg-oauth-exporter grants` may have it")
    if database.functions[name]:
        return None
    role, schema = identifier(server.role), parts(name)[0]
    usage = f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {role}; " if schema != "pg_catalog" else ""
    remedy = f"{usage}GRANT EXECUTE ON FUNCTION {relation(name)} TO {role};"
    return Skip(SkipReason.PRIVILEGE, f"the role {server.role} may not execute {name}", remedy)


def _relation(needs: Needs, server: ServerInfo, database: DatabaseInfo) -> Skip | None:
    if needs.relation is None:
        return None
    info = database.relations.get(needs.relation)
    if info is None:
        detail = f"the relation {needs.relation} does not exist in database {database.name}"
        return Skip(SkipReason.RELATION, detail)
    return (
        _columns(needs, needs.relation, info)
        or _privilege(needs, info, server)
        or _size(needs, needs.relation, info, server)
    )


def _version(query: Query, server: ServerInfo) -> Skip | None:
    lowest = query.variants[0][0] if query.variants else 0
    needed = max(query.needs.version or 0, lowest)
    below = query.needs.below
    if below is not None and server.major >= below:
        return Skip(SkipReason.VERSION, f"is for PostgreSQL before {below}, this is {server.major}")
    if server.major >= needed:
        return None
    return Skip(SkipReason.VERSION, f"needs PostgreSQL {needed} or later, this is {server.major}")


def _role(query: Query, server: ServerInfo) -> Skip | None:
    role = Role.STANDBY if server.in_recovery else Role.PRIMARY
    if query.on in (Role.ANY, role):
        return None
    return Skip(SkipReason.ROLE, f"runs on a {query.on} only, this is a {role}")


def _setting(needs: Needs, server: ServerInfo) -> Skip | None:
    name = needs.setting
    if name is None or server.settings.get(name) == "on":
        return None
    if name not in server.settings:
        return Skip(SkipReason.SETTING, f"the setting {name} does not exist on this server")
    setting = ".".join(identifier(part) for part in name.split("."))
    remedy = f"ALTER SYSTEM SET {setting} = on; SELECT pg_catalog.pg_reload_conf();"
    return Skip(SkipReason.SETTING, f"the setting {name} is {server.settings[name]}, it must be on", remedy)


def _columns(needs: Needs, name: str, info: RelationInfo) -> Skip | None:
    missing = [column for column in needs.columns if column not in info.columns]
    if not missing:
        return None
    return Skip(SkipReason.RELATION, f"{name} has no {_listed(missing)}")


def _privilege(needs: Needs, info: RelationInfo, server: ServerInfo) -> Skip | None:
    hidden = [column for column in needs.columns if column not in info.readable_columns]
    if not hidden or needs.relation is None:
        return None
    role, schema = identifier(server.role), parts(needs.relation)[0]
    # No column of a relation can be read without the right to use its schema, which all have on public.
    usage = not info.readable_columns and schema != "public"
    remedy = f"GRANT USAGE ON SCHEMA {identifier(schema)} TO {role}; " if usage else ""
    columns = ", ".join(map(identifier, hidden))
    remedy += f"GRANT SELECT ({columns}) ON {relation(needs.relation)} TO {role};"
    detail = f"the role {server.role} may not read {_listed(hidden)} of {needs.relation}"
    return Skip(SkipReason.PRIVILEGE, detail, remedy)


def _listed(columns: list[str]) -> str:
    return f"column{'s' if len(columns) > 1 else ''} {', '.join(columns)}"


def _size(needs: Needs, name: str, info: RelationInfo, server: ServerInfo) -> Skip | None:
    if needs.max_pages is None or info.pages <= needs.max_pages:
        return None
    if needs.searched and needs.searched <= info.leading:
        return None
    page = int(server.settings.get("block_size", _PAGE_BYTES))

    def size(pages: int) -> str:
        return f"{pages} pages ({pages * page / 2**20:.0f} MiB)"

    has = f"{name} has {size(info.pages)}" if info.pages < UNKNOWN_PAGES else f"{name} has an unknown size"
    detail = f"{has}; this query reads it in full up to {size(needs.max_pages)}"
    lacking = sorted(needs.searched - info.leading)
    if lacking:
        detail += f", and larger ones by an index that leads with {_listed(lacking)}"
    return Skip(SkipReason.SIZE, detail)
