"""Rules that every shipped query keeps, on every server, on the primary and on the standby."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator, Mapping

import pytest

from exporter.database import Database
from exporter.derive import DERIVATIONS
from exporter.model import MetricType, Query, Role, Rows, Scope, Target
from exporter.overlay import in_schema
from exporter.rest import summed_up
from exporter.samples import SampleSet, families
from exporter.targets import skip
from servers import MONITOR, Server
from shipped import CATALOG, QUERIES, TOKENS, fresh_database, grant_columns

FAMILIES = {column.family: column for query in QUERIES.values() for column in query.columns}

# What has another exporter's names is compared with that exporter, in test_compat.py.
COMPAT = "compat"

# Families without a sample on a server where nothing has happened and nothing is set.
_SILENT = {
    "oauth2_clients",  # no client has a grant type
    "oauth2_dead_weight_ratio",  # of an empty table there is no share
    "oauth2_disabled_users_with_live_tokens",  # users of this store cannot be disabled
    "oauth2_migration_last_timestamp_seconds",  # no migration ran
    "oauth2_migration_version_info",
    "oauth2_users",  # no user has a provider
    "pg_column_index_candidate_distinct_values",  # no table is large
    "pg_database_collation_changed",  # the collation may have no version
    "pg_database_connection_limit",  # no database has a limit
    "pg_index_bloat_bytes",  # no index has ten pages
    "pg_index_bloat_estimate_info",
    "pg_index_bloat_ratio",
    "pg_index_problem_bytes",  # no index has one
    "pg_index_problem_xid_age",
    "pg_index_row_bytes",  # all indexes are B-trees
    "pg_locks",  # nobody but us holds a lock
    "pg_partitioned_table_default_rows",  # no table is partitioned
    "pg_partitioned_table_newest_bound_timestamp_seconds",
    "pg_partitioned_table_partitions",
    "pg_role_password_expiry_timestamp_seconds",  # no password ends
    "pg_roles_connection_limit",  # no role has a limit
    "pg_sequence_used_ratio",  # there is no sequence
    "pg_sessions_unencrypted",  # nobody came over a network
    "pg_settings_weak",  # none is set
    "pg_prepared_transactions_oldest_age_seconds",  # none is prepared
    "pg_stat_activity_active_sessions",  # nobody but us is at work
    "pg_stat_activity_oldest_idle_in_transaction_age_seconds",  # nobody but us is connected
    "pg_stat_activity_oldest_query_age_seconds",
    "pg_stat_activity_oldest_transaction_age_seconds",
    "pg_stat_database_checksum_failures_total",  # checksums may be off
    "pg_stat_database_checksum_last_failure_timestamp_seconds",
    "pg_stat_database_stats_reset_timestamp_seconds",  # nobody has reset them
    "pg_stat_user_indexes_last_idx_scan_timestamp_seconds",  # none was scanned
    "pg_stat_wal_sync_time_seconds_total",  # nobody measures it
    "pg_table_approx_dead_bytes",  # no table has ten pages
    "pg_table_approx_free_bytes",
    "pg_table_bloat_bytes",
    "pg_table_bloat_estimate_info",
    "pg_table_bloat_ratio",
    "pg_table_free_space_bytes",
    "pg_table_free_space_error_bytes",
    "pg_table_toast_bloat_bytes",
    "pg_table_toast_bloat_ratio",
    "pg_stat_wal_write_time_seconds_total",
    "pg_stat_user_functions_calls_total",  # track_functions is off
    "pg_stat_user_functions_self_time_seconds_total",
    "pg_stat_user_functions_total_time_seconds_total",
    "pg_stat_user_tables_last_analyze_timestamp_seconds",  # no table was ever analyzed, vacuumed or read
    "pg_stat_user_tables_last_autoanalyze_timestamp_seconds",
    "pg_stat_user_tables_last_autovacuum_timestamp_seconds",
    "pg_stat_user_tables_last_idx_scan_timestamp_seconds",
    "pg_stat_user_tables_last_seq_scan_timestamp_seconds",
    "pg_stat_user_tables_last_vacuum_timestamp_seconds",
    "pg_stat_user_tables_n_dead_tup",  # a standby does not know
    "pg_stat_user_tables_n_ins_since_vacuum",
    "pg_stat_user_tables_n_live_tup",
    "pg_stat_user_tables_n_mod_since_analyze",
    "pg_table_missing_index_candidate",  # no table is large
    "pg_xmin_age_transactions",  # nobody holds rows
}
# Queries that answer with a row only where something is done or has happened.
_EVENTS = (
    *("archive_backlog", "stat_archiver", "stat_io", "stat_slru"),
    *("progress", "progress_relations", "stat_progress_basebackup", "stat_progress_vacuum"),
    *("publications", "stat_subscription", "subscription_errors", "subscription_relations"),
    *("replication_senders", "replication_slots", "replication_slots_info"),
    *("stat_replication", "stat_replication_slots"),
    *("activity_long", "application_sessions", "pools", "session_encryption", "user_sessions"),
    "wait_event_sessions",
)
_SILENT |= {column.family for name in _EVENTS for column in QUERIES[name].columns}


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[str]:
    """A database on the primary with the token store's tables and the grants that the catalogue asks for."""
    server.monitor_dsn()
    with fresh_database(server) as name:
        server.execute(TOKENS, name)
        grant_columns(server, name)
        server.execute(f'CREATE SCHEMA "The Tools"; GRANT USAGE ON SCHEMA "The Tools" TO {MONITOR}', name)
        for extension in _extensions(server):
            server.execute(f'CREATE EXTENSION {extension} SCHEMA "The Tools"', name)
        for function in _functions():
            server.execute(f"GRANT EXECUTE ON FUNCTION {function}() TO {MONITOR}", name)
        yield name


def _extensions(server: Server) -> list[object]:
    """Return the extensions that shipped queries need and this server has."""
    needed = {query.needs.extension for query in QUERIES.values()} - {None}
    found = server.execute("SELECT name FROM pg_available_extensions ORDER BY name")
    return [name for (name,) in found if name in needed]


def _functions() -> list[str]:
    """Return the functions that only superusers may execute until somebody grants them."""
    return [query.needs.function for query in QUERIES.values() if query.needs.function is not None]


def _everything(server: Server, store: str) -> tuple[dict[str, Rows], dict[str, str]]:
    """Run all shipped queries as the daemon does, as the role `monitor`: answers, and reasons to skip."""
    return asyncio.run(_run_all(Target("test", server.monitor_dsn(store))))


async def _run_all(target: Target) -> tuple[dict[str, Rows], dict[str, str]]:
    database = Database(target, random=lambda: 0.0)
    relations = {needs.relation for query in QUERIES.values() for needs in (query.needs, *query.reads)}
    answers, skipped = {}, {}
    try:
        info = await database.server_info()
        facts = await database.database_info([name for name in relations if name], None, _functions())
        for query in QUERIES.values():
            if reason := skip(query, info, facts):
                skipped[query.name] = reason.reason.value
                continue
            sql = in_schema(query, facts).sql_for(info.major) or ""
            answers[query.name] = await database.fetch(sql, timeout=query.timeout, heavy=query.timeout > 2)
    finally:
        await database.close()
    return answers, skipped


def _samples(answers: Mapping[str, Rows], store: str) -> dict[str, SampleSet]:
    found = {}
    for name, answer in answers.items():
        query, rows = QUERIES[name], answer
        if query.derive is not None:
            rows, _ = DERIVATIONS[query.derive](answer, None, 0.0)
        if query.rest:
            rows, _ = summed_up(query, rows, None)
        found[name] = families(query, rows, "test", store if query.scope is Scope.DATABASE else None)
    return found


def _expected_families(major: int, role: Role) -> set[str]:
    """Return the families that this server must have by what the queries and the help texts say."""
    expected = set()
    for query in QUERIES.values():
        if query.set == COMPAT or query.on not in (Role.ANY, role) or _lowest_major(query) > major:
            continue
        for column in query.columns:
            since = re.search(r"\(PostgreSQL (\d+) and later\)", column.help)
            if since is None or int(since[1]) <= major:
                expected.add(column.family)
    return expected


def _expected_skips(server: Server, role: Role) -> dict[str, str]:
    """Return the queries that cannot run here, for their version, their role or an extension not at hand."""
    there = _extensions(server)
    skipped = {
        query.name: "extension"
        for query in QUERIES.values()
        if query.needs.extension is not None and query.needs.extension not in there
    }
    skipped |= {q.name: "role" for q in QUERIES.values() if q.on not in (Role.ANY, role)}
    return skipped | {q.name: "version" for q in QUERIES.values() if server.major < _lowest_major(q)}


def _lowest_major(query: Query) -> int:
    return max(query.needs.version or 0, query.variants[0][0] if query.variants else 0)


@pytest.mark.parametrize("role", [Role.PRIMARY, Role.STANDBY])
def test_every_query_answers_the_least_privileged_role_with_the_declared_columns(
    server: Server, store: str, role: Role, request: pytest.FixtureRequest
) -> None:
    """No sample is dropped, and every family is there that this version and role of server can have."""
    subject: Server = server if role is Role.PRIMARY else request.getfixturevalue("standby")
    answers, skipped = _everything(subject, store)
    assert skipped == _expected_skips(subject, role)
    sets = _samples(answers, store)
    assert {name: one.dropped for name, one in sets.items() if one.dropped} == {}
    own = (one for name, one in sets.items() if QUERIES[name].set != COMPAT)
    present = {family.name for one in own for family in one.families}
    assert present <= _expected_families(server.major, role)
    assert _expected_families(server.major, role) - present <= _SILENT


def test_metric_columns_are_integers_and_floats_not_decimals(server: Server, store: str) -> None:
    """An integer stays exact and a float is cheap to render; a numeric of the server is neither."""
    answers, _ = _everything(server, store)
    kinds = {
        (name, column): {type(row[rows.columns.index(column)]) for row in rows.rows}
        for name, rows in answers.items()
        if QUERIES[name].derive is None
        for column in _numbers(QUERIES[name])
    }
    assert {where: found for where, found in kinds.items() if not found <= {int, float, type(None)}} == {}


def _numbers(query: Query) -> Iterator[str]:
    """Yield the columns of an answer that hold one number each: a histogram has two, besides its arrays."""
    for column in query.columns:
        if column.type is MetricType.HISTOGRAM:
            yield from (f"{column.column}_count", f"{column.column}_sum")
        else:
            yield column.column


@pytest.mark.parametrize("family", FAMILIES)
def test_every_help_is_one_short_sentence(family: str) -> None:
    text = FAMILIES[family].help
    assert text.endswith(".")
    assert text[0].isupper() or text[0].isdigit()
    assert ". " not in text
    assert len(text) <= 120


@pytest.mark.parametrize("family", FAMILIES)
def test_every_help_names_the_unit_that_the_name_promises(family: str) -> None:
    text = FAMILIES[family].help.lower()
    for unit in ("seconds", "bytes"):
        if f"_{unit}" in family:
            assert unit in text


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_says_in_one_sentence_what_it_is_for(name: str) -> None:
    text = QUERIES[name].help
    assert text.endswith(".")
    assert ". " not in text


@pytest.mark.parametrize("name", QUERIES)
def test_every_query_has_time_for_less_than_a_quarter_of_its_interval(name: str) -> None:
    assert QUERIES[name].timeout * 4 <= QUERIES[name].every


# What looks like a function and is part of the language: it has no schema.
_SYNTAX = {"array", "coalesce", "extract", "greatest", "least", "nullif"}


@pytest.mark.parametrize("name", CATALOG.queries)
def test_no_query_relies_on_the_search_path(name: str) -> None:
    """Relations and functions stand with their schema, so that a file means the same in anybody's session.

    What takes the place of a placeholder has a schema too, or it could not be bound; here the file counts.
    """
    query = CATALOG.queries[name]
    alternatives = (each.variants for each in query.alternatives)
    for _, sql in (*query.variants, *(variant for variants in alternatives for variant in variants)):
        code = re.sub(r"--.*|'[^']*'|\bepoch from\b|\bdistinct from\b|\blateral\b", "", sql)
        own = set(re.findall(r"^(?:with )?(\w+) as (?:materialized )?\($", code, re.MULTILINE))
        assert set(re.findall(r"\b(?:from|join)\s+(\w+)(?![\w.])", code)) <= own
        assert set(re.findall(r"(?<![\w.])(\w+)\(", code)) <= _SYNTAX
