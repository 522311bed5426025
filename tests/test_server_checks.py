"""Rules about what `doctor` finds in the server: settings, extensions, queries, readable secrets."""

from __future__ import annotations

from dataclasses import replace

import pytest

from exporter.findings import Level
from exporter.model import DatabaseInfo, ExtensionInfo, JobKey, Needs, Skip, SkipReason
from health import COLUMNS, KEY, SETTINGS, TOKENS_QUERY, WELL, found, with_server, with_settings, with_tokens


@pytest.mark.parametrize(
    ("number", "level"),
    [(120022, Level.FAIL), (130000, None), (180004, None), (190000, Level.WARN)],
)
def test_versions_13_to_18_are_supported(number: int, level: Level | None) -> None:
    assert [one.level for one in found(with_server(version_num=number), "version")] == (
        [level] if level else []
    )


@pytest.mark.parametrize(
    ("setting", "level"),
    [
        ("track_activities", Level.FAIL),
        ("track_counts", Level.FAIL),
        ("track_io_timing", Level.WARN),
        ("log_lock_waits", Level.INFO),
        ("compute_query_id", Level.INFO),
    ],
)
def test_a_setting_that_hides_something_is_told_with_what_turns_it_on(setting: str, level: Level) -> None:
    [finding] = found(with_settings(**{setting: "off"}), "setting")
    assert finding.level is level
    assert finding.remedy.startswith(f"ALTER SYSTEM SET {setting} = ")


def test_a_setting_that_the_version_lacks_is_no_finding() -> None:
    settings = {name: value for name, value in SETTINGS.items() if name != "compute_query_id"}
    assert found(with_server(settings=settings), "setting") == []


@pytest.mark.parametrize(
    ("preloaded", "available", "summary", "remedy"),
    [
        ("pg_stat_statements", True, "preloaded but not created", "CREATE EXTENSION"),
        ("auto_explain, pg_cron", True, "not preloaded", "= auto_explain, pg_cron, pg_stat_statements;"),
        ("", True, "not preloaded", "= pg_stat_statements;"),
        ("", False, "not installed", "# install"),
    ],
)
def test_what_pg_stat_statements_still_lacks_is_told_step_by_step(
    preloaded: str,
    available: bool,
    summary: str,
    remedy: str,
) -> None:
    facts = replace(
        with_settings(shared_preload_libraries=preloaded),
        databases={"app": DatabaseInfo("app", {"pgstattuple": ExtensionInfo("1.5", "public")})},
        available=frozenset({"pg_stat_statements"} if available else ()),
    )
    [finding] = found(facts, "extension")
    assert finding.level is Level.INFO
    assert summary in finding.summary
    assert remedy in finding.remedy


def test_a_skip_that_several_queries_share_is_one_finding() -> None:
    skip = Skip(SkipReason.PRIVILEGE, "no right to read public.tokens", "GRANT ...;")
    keys = [JobKey("tokens", "main", "app"), JobKey("tokens", "main", "shop"), JobKey("users", "main", "app")]
    queries = {name: replace(TOKENS_QUERY, name=name) for name in ("tokens", "users")}
    facts = replace(WELL, queries=queries, active=(), skipped=dict.fromkeys(keys, skip))
    [finding] = found(facts, "queries")
    assert finding.level is Level.FAIL
    assert finding.summary == "2 queries do not run in app, shop: no right to read public.tokens"
    assert (finding.detail, finding.remedy) == ("Queries: tokens, users.", "GRANT ...;")


def test_queries_over_a_token_store_that_lack_rights_are_one_finding_and_one_command() -> None:
    queries = {name: replace(TOKENS_QUERY, name=name, over=("tokens",)) for name in ("issued", "tokens")}
    skips = {
        JobKey(name, "main", "my app"): Skip(SkipReason.PRIVILEGE, f"no right for {name}") for name in queries
    }
    [finding] = found(replace(WELL, queries=queries, active=(), skipped=skips), "queries")
    assert finding.level is Level.FAIL
    assert finding.summary == "2 queries do not run in my app: the role monitor may not read their columns"
    assert finding.detail == "Queries: issued, tokens."
    assert "grants --role monitor | psql -d 'my app'" in finding.remedy


def test_a_function_that_pg_monitor_may_not_execute_is_no_failure() -> None:
    query = replace(TOKENS_QUERY, name="hba", needs=Needs(function="pg_catalog.pg_hba_file_rules"))
    skips = {JobKey("hba", "main"): Skip(SkipReason.PRIVILEGE, "may not execute it", "GRANT ...;")}
    [finding] = found(replace(WELL, queries={"hba": query}, active=(), skipped=skips), "queries")
    assert finding.level is Level.INFO


@pytest.mark.parametrize(("elsewhere", "level"), [(True, Level.INFO), (False, Level.WARN)])
def test_a_relation_that_is_in_another_database_is_not_missed_in_this_one(
    elsewhere: bool, level: Level
) -> None:
    skipped = {JobKey("tokens", "main", "postgres"): Skip(SkipReason.RELATION, "public.tokens is not there")}
    [finding] = found(replace(WELL, active={KEY} if elsewhere else (), skipped=skipped), "queries")
    assert finding.level is level


@pytest.mark.parametrize(
    ("readable", "told"),
    [
        ({"token_type", "expires_at"}, ""),
        ({"token_type", "expires_at", "client_id"}, ""),
        ({"token_type", "expires_at", "access_token"}, "access_token"),
        (COLUMNS, "access_token, client_id, token_id"),
    ],
    ids=["needed", "harmless", "a token", "all"],
)
def test_a_role_that_can_read_a_secret_is_told(readable: set[str], told: str) -> None:
    findings = found(replace(WELL, databases=with_tokens(*readable)), "secrets")
    assert [one.level for one in findings] == ([Level.WARN] if told else [])
    for finding in findings:
        assert finding.detail.startswith(f"No query needs {told}.")
        assert finding.remedy == (
            "REVOKE SELECT ON public.tokens FROM monitor;\n"
            "GRANT SELECT (expires_at, token_type) ON public.tokens TO monitor;"
        )
