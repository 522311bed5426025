"""Rules about the list of all queries."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from commands import command, load, write_queries
from exporter import listing
from exporter.listing import Answer, floors, lane, runs
from exporter.model import Needs, Skip, SkipReason
from exporter.survey import Exit
from health import TOKENS_QUERY
from servers import Server
from shipped import CATALOG, TOKENS

NOWHERE = "postgresql://u:hunter2@127.0.0.1:1/postgres"
MISSING = Skip(SkipReason.RELATION, "the relation public.t does not exist in database shop")
TOO_OLD = Skip(SkipReason.VERSION, "needs PostgreSQL 17 or later, this is 15")


@pytest.mark.parametrize(
    ("variants", "version", "expected"),
    [
        ([0], None, (13,)),
        ([0, 17], None, (13, 17)),
        ([0, 12, 16], None, (13, 16)),
        ([14, 18], None, (14, 18)),
        ([0, 17], 16, (16, 17)),
    ],
)
def test_versions_are_where_a_text_of_the_query_begins_to_be_used(
    variants: list[int], version: int | None, expected: tuple[int, ...]
) -> None:
    texts = tuple((floor, "select 1") for floor in variants)
    assert floors(replace(TOKENS_QUERY, variants=texts, needs=Needs(version=version))) == expected


@pytest.mark.parametrize(("timeout", "expected"), [(2.0, "fast"), (2.1, "heavy")])
def test_a_timeout_over_two_seconds_means_the_heavy_lane(timeout: float, expected: str) -> None:
    assert lane(replace(TOKENS_QUERY, timeout=timeout)) == expected


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({}, "enabled"),
        ({"a": Answer(((None, None),))}, "yes"),
        ({"a": Answer(((None, TOO_OLD),))}, "no: needs PostgreSQL 17 or later, this is 15"),
        ({"a": Answer()}, "no: no database is selected"),
        ({"a": Answer(problem="refused")}, "unknown: not reached"),
        (
            {"a": Answer((("app", None), ("shop", MISSING)))},
            "yes, not in shop: the relation public.t does not exist",
        ),
        (
            {"a": Answer((("app", None), *((f"db{n}", MISSING) for n in range(4))))},
            f"yes, not in 4 databases: {MISSING.detail}",
        ),
        ({"a": Answer(((None, None),)), "b": Answer(((None, None),))}, "yes"),
        (
            {"a": Answer(((None, None),)), "b": Answer(((None, TOO_OLD),))},
            "a: yes; b: no: needs PostgreSQL 17 or later, this is 15",
        ),
    ],
)
def test_where_a_query_runs_is_said_in_words(answers: dict[str, Answer], words: str) -> None:
    assert runs(answers) == words


def test_every_shipped_query_is_listed_on_every_server(server: Server) -> None:
    code, printed = command(listing, load(server.monitor_dsn()))
    assert code == Exit.FINE
    listed = {line.split()[1] for line in printed.splitlines()[2:] if line.startswith(tuple(sets()))}
    assert listed == CATALOG.queries.keys()


def sets() -> set[str]:
    return {query.set for query in CATALOG.queries.values()}


def test_without_a_connection_only_what_is_configured_is_said(tmp_path: Path) -> None:
    folder = write_queries(tmp_path, {"my_good": "select 'x' as a, 1 as n", "my_off": "select 1"})
    loaded = load(NOWHERE, queries_dir=folder, queries={"my_off": {"enabled": False}})
    code, printed = command(listing, loaded, "--no-connect")
    rows = {line.split()[1]: line for line in printed.splitlines() if line.startswith(("mine", "locks"))}
    assert code == Exit.FINE
    assert rows["my_good"].endswith("  enabled")
    assert rows["my_off"].endswith("  no: switched off by the configuration")
    assert rows["pg_locks"].endswith("  no: its set locks is off")


def test_a_target_that_is_away_leaves_the_others_answers(a_server: Server, tmp_path: Path) -> None:
    folder = write_queries(tmp_path, {"my_good": "select 'x' as a, 1 as n"})
    code, printed = command(listing, load(NOWHERE, a_server.dsn(), queries_dir=folder))
    assert code == Exit.UNREACHABLE
    assert "first: unknown: not reached; second: yes" in printed
    assert 'first: cannot be reached: cannot connect to host "127.0.0.1" port "1"' in printed
    assert "hunter2" not in printed


def test_json_has_the_reason_and_the_remedy_of_each_place(a_server: Server, database: str) -> None:
    a_server.execute(TOKENS, database)
    code, printed = command(listing, load(a_server.monitor_dsn(database)), "--json")
    assert code == Exit.FINE
    queries = {query["name"]: query for query in json.loads(printed)["queries"]}
    assert queries["pg_locks"]["targets"] == {"main": {"runs": True, "problem": None, "skipped": []}}
    skipped = {place["database"]: place for place in queries["tokens"]["targets"]["main"]["skipped"]}
    assert skipped[database]["reason"] == "privilege"
    assert skipped[database]["remedy"].startswith("GRANT SELECT (expires_at, revoked_at, token_type)")
    assert queries["tokens"]["targets"]["main"]["runs"] is False


def test_an_unknown_target_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert command(listing, load(NOWHERE), "--target", "mian") == (Exit.USAGE, "")
    assert capsys.readouterr().err == "no target is called 'mian': there is main\n"
