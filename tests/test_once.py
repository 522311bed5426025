"""Rules about running queries by hand."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from commands import command, load, write_queries
from exporter import once
from exporter.model import JobKey, Rows
from exporter.runs import Run, verdict
from exporter.survey import Exit
from programs import require
from servers import Server

NOWHERE = "postgresql://u:hunter2@127.0.0.1:1/postgres"
QUERIES = {
    "my_good": "select 'x' as a, 7 as n",
    "my_slow": "select 'x' as a, 1 as n, pg_catalog.pg_sleep(3)",
    "my_broken": "select 'x' as a,\n  nope as n\nfrom pg_catalog.pg_class",
    "my_shape": "select 'x' as a, 1 as m",
}


def test_a_named_query_prints_rows_samples_and_cost(a_server: Server, tmp_path: Path) -> None:
    loaded = load(a_server.dsn(), queries_dir=write_queries(tmp_path, QUERIES))
    code, printed = command(once, loaded, "my_good")
    assert code == Exit.FINE
    head, cost = printed.rstrip().rsplit("\n", 1)
    assert head == (
        "== my_good on first\n"
        "a  n\n"
        "-  -\n"
        "x  7\n"
        "\n"
        "# HELP my_good Of a test.\n"
        "# TYPE my_good gauge\n"
        'my_good{target="first",a="x"} 7\n'
    )
    assert cost.startswith("ok: ")
    assert cost.endswith(" round trip; 1 row, 1 sample, dropped: none")
    assert "on the server (allowed: 500ms)" in cost


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("my_slow", "failed (timeout): canceling statement due to statement timeout (query_canceled 57014)"),
        ("my_broken", 'failed (missing): column "nope" does not exist, line 2 of the query'),
        ("my_shape", "failed (shape): the answer's columns are not those declared: missing n;"),
    ],
)
def test_a_failure_is_one_line_with_kind_and_place(
    a_server: Server, tmp_path: Path, name: str, line: str
) -> None:
    loaded = load(a_server.dsn(), queries_dir=write_queries(tmp_path, QUERIES))
    code, printed = command(once, loaded, name)
    assert code == Exit.BAD
    assert [text[: len(line)] for text in printed.splitlines()[1:2]] == [line]


def test_without_a_name_each_query_gets_a_line_and_one_failure_stops_no_other(
    a_server: Server, tmp_path: Path
) -> None:
    loaded = load(a_server.dsn(), queries_dir=write_queries(tmp_path, QUERIES))
    code, printed = command(once, loaded)
    assert code == Exit.BAD
    lines = printed.splitlines()
    assert [line.split(" (")[0].split(": ")[:2] for line in lines[:4]] == [
        ["[1/4] my_broken on first", "failed"],
        ["[2/4] my_good on first", "ok"],
        ["[3/4] my_shape on first", "failed"],
        ["[4/4] my_slow on first", "failed"],
    ]
    assert lines[4].startswith("1 ok, 3 failed, 0 skipped; 1 sample, ")


def test_every_shipped_query_that_applies_runs_on_every_server(server: Server) -> None:
    code, printed = command(once, load(server.monitor_dsn()))
    assert code == Exit.FINE, printed
    assert " 0 failed, " in printed


def test_what_is_left_out_of_a_table_is_said(a_server: Server, tmp_path: Path) -> None:
    many = {"my_many": "select g::text as a, g as n from pg_catalog.generate_series(1, 50) as g order by g"}
    loaded = load(a_server.dsn(), queries_dir=write_queries(tmp_path, many))
    _, printed = command(once, loaded, "my_many", "--rows", "3")
    assert "... 47 more rows (--rows 0 shows all)" in printed
    assert "... 37 more lines (--rows 0 shows all)" in printed
    assert printed.rstrip().endswith("50 rows, 40 samples, dropped: 10 limit")
    _, printed = command(once, loaded, "my_many", "--rows", "0")
    assert "more" not in printed
    assert 'my_many{target="first",a="40"} 40' in printed


def test_a_value_cannot_steer_the_terminal(a_server: Server, tmp_path: Path) -> None:
    rude = {"my_rude": r"select E'\x1b[2J\u2028' as a, 1 as n"}
    loaded = load(a_server.dsn(), queries_dir=write_queries(tmp_path, rude))
    _, printed = command(once, loaded, "my_rude")
    assert 'my_rude{target="first",a="\\x1b[2J\\u2028"} 1' in printed
    assert "\x1b" not in printed


def test_explain_shows_where_the_time_goes_in_a_session_that_cannot_write(
    a_server: Server, database: str, tmp_path: Path
) -> None:
    a_server.execute("CREATE TABLE t (a text); INSERT INTO t VALUES ('x')", database)
    queries = {
        "my_reading": "-- a comment\nselect a, 1 as n from public.t",
        "my_writing": "with d as (delete from public.t returning a) select a, 1 as n from d",
    }
    loaded = load(a_server.dsn(database), queries_dir=write_queries(tmp_path, queries))
    code, printed = command(once, loaded, "my_reading", "--explain")
    assert code == Exit.FINE
    assert "Seq Scan on public.t" in printed or "Seq Scan on t" in printed
    assert "Execution Time: " in printed
    code, printed = command(once, loaded, "my_writing", "--explain")
    assert code == Exit.BAD
    assert "read-only transaction" in printed
    assert a_server.execute("SELECT a FROM t", database) == [("x",)]


def test_the_page_of_all_queries_and_targets_is_valid(a_server: Server, tmp_path: Path) -> None:
    loaded = load(a_server.dsn(), a_server.dsn(), queries_dir=write_queries(tmp_path, QUERIES))
    code, printed = command(once, loaded, "--format", "prometheus")
    assert code == Exit.BAD
    assert "# my_shape on second: failed (shape)" in printed
    assert printed.count("# TYPE my_good") == 1
    [family] = text_string_to_metric_families(printed)
    assert [sample.labels["target"] for sample in family.samples] == ["first", "second"]
    done = subprocess.run(
        [require("promtool"), "check", "metrics"], input=printed, text=True, capture_output=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_query_of_each_database_runs_in_those_chosen(
    a_server: Server, database: str, tmp_path: Path
) -> None:
    one = {"my_one": "select pg_catalog.current_database() as a, 1 as n"}
    loaded = load(a_server.dsn(), queries_dir=write_queries(tmp_path, one, scope="database"))
    code, printed = command(once, loaded, "my_one", "--database", database)
    assert code == Exit.FINE
    assert f'my_one{{target="first",datname="{database}",a="{database}"}} 1' in printed
    assert printed.count("== ") == 1


def test_a_disabled_query_runs_when_it_is_named(a_server: Server, tmp_path: Path) -> None:
    disabled = {"my_good": {"enabled": False}}
    loaded = load(a_server.dsn(), queries_dir=write_queries(tmp_path, QUERIES), queries=disabled)
    assert "my_good" not in command(once, loaded)[1]
    assert command(once, loaded, "my_good")[0] == Exit.FINE


def test_a_skip_says_why_and_what_would_change_that(a_server: Server, tmp_path: Path) -> None:
    folder = write_queries(tmp_path, {"my_good": "select 'x' as a, 1 as n"})
    file = folder / "queries/mine/my_good.sql"
    file.write_text(file.read_text().replace("-- labels", "-- needs: {extension: pgstattuple}\n-- labels"))
    code, printed = command(once, load(a_server.dsn(), queries_dir=folder), "my_good")
    assert code == Exit.FINE
    assert "skipped (extension): " in printed
    assert printed.rstrip().endswith("; to change that: CREATE EXTENSION pgstattuple;")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["my_godo"], "no query is called 'my_godo': did you mean my_good?\n"),
        (["zzz"], "no query is called 'zzz': `queries` lists all\n"),
        (["oauth2_tokens"], "no query is called 'oauth2_tokens': it is a metric of the query tokens\n"),
        (["--target", "third"], "no target is called 'third': there is first\n"),
        (
            ["my_good", "--database", "postgres"],
            "my_good has scope server and runs in the main database: drop --database\n",
        ),
    ],
)
def test_a_name_that_is_not_there_is_a_usage_error_with_the_nearest(
    arguments: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    loaded = load(NOWHERE, queries_dir=write_queries(tmp_path, QUERIES))
    assert command(once, loaded, *arguments) == (Exit.USAGE, "")
    assert capsys.readouterr().err == message


def test_a_target_that_is_away_is_told_without_its_password_and_the_next_one_runs(
    a_server: Server, tmp_path: Path
) -> None:
    loaded = load(NOWHERE, a_server.dsn(), queries_dir=write_queries(tmp_path, QUERIES))
    code, printed = command(once, loaded, "my_good")
    assert code == Exit.UNREACHABLE
    assert printed.startswith('first: cannot be reached: cannot connect to host "127.0.0.1" port "1"')
    assert 'my_good{target="second",a="x"} 7' in printed
    assert "hunter2" not in printed


def test_a_verdict_names_each_reason_for_a_dropped_sample() -> None:
    done = Run(JobKey("q", "t"), rows=Rows(("a",), [(1,)], seconds=0.0012), seconds=0.002)
    assert verdict(done) == "ok: 1.2 ms on the server, 2.0 ms round trip"
