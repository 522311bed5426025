"""What the shipped queries say about indexes is what was made of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from servers import Server
from shipped import Answer, ask, ask_on, connect, fresh_database, fresh_role

_PROBLEMS = ("building", "invalid", "duplicate", "redundant", "unused")


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        yield name


@pytest.fixture
def database(server: Server, shared: str) -> str:
    """A database whose only relation is the table t."""
    server.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public", shared)
    server.execute("CREATE TABLE t (id int PRIMARY KEY, a int, b text, c text)", shared)
    return shared


def _counts(answer: Answer) -> dict[str, object]:
    return {problem: answer.value("pg_index_problems", problem=problem, relname="") for problem in _PROBLEMS}


def _found(answer: Answer, problem: str) -> dict[str, str]:
    """Return the indexes named under a problem, each with the one that does its work."""
    return {
        labels["indexrelname"]: labels["covered_by"]
        for family in answer.families
        if family.name == "pg_index_problem_bytes"
        for sample in family.samples
        for labels in [dict(zip(family.label_names, sample.labels, strict=True))]
        if labels["problem"] == problem
    }


@contextmanager
def _locked(server: Server, database: str, name: str) -> Iterator[None]:
    """Hold an ACCESS EXCLUSIVE lock on an index, as everybody does who rebuilds it."""
    with psycopg.connect(server.dsn(database)) as session:
        session.execute(f"REINDEX INDEX {name}".encode())
        yield
        session.rollback()


def test_problems_that_no_index_has_are_counted_as_0(server: Server, database: str) -> None:
    answer = ask("index_problems", server, database)
    assert _counts(answer) == dict.fromkeys(_PROBLEMS, 0)
    assert answer.values("pg_index_problem_bytes") == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(a, b)", "(a, b)"),
        ("(lower(b))", " ((lower(b)))"),
        ("(a) WHERE b IS NOT NULL", "(a)   WHERE   (b IS NOT NULL)"),
        ("(a) INCLUDE (b)", "(a) INCLUDE (b)"),
    ],
)
def test_an_index_that_says_the_same_as_an_older_one_is_a_duplicate(
    server: Server, database: str, first: str, second: str
) -> None:
    server.execute(f"CREATE INDEX one ON t {first}; CREATE INDEX a_longer_name ON t {second}", database)
    assert _found(ask("index_problems", server, database), "duplicate") == {"a_longer_name": "one"}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("(a, b)", "(b, a)"),
        ("(b)", "(c)"),
        ("(b)", "(b text_pattern_ops)"),
        ("(b)", '(b COLLATE "C")'),
        ("(b)", "(b DESC)"),
        ("(lower(b))", "(upper(b))"),
        ("(a)", "(a) WHERE a > 1"),
        ("(a) WHERE a > 1", "(a) WHERE a > 2"),
        ("(a)", "USING hash (a)"),
    ],
)
def test_indexes_that_differ_in_anything_a_query_can_see_are_no_duplicates(
    server: Server, database: str, first: str, second: str
) -> None:
    server.execute(f"CREATE INDEX ON t {first}; CREATE INDEX ON t {second}", database)
    answer = ask("index_problems", server, database)
    assert (_found(answer, "duplicate"), _found(answer, "redundant")) == ({}, {})


def test_of_twins_the_one_that_guards_a_constraint_stays(server: Server, database: str) -> None:
    """It stays though it is younger; a unique index has a use that one without uniqueness lacks."""
    server.execute(
        "CREATE INDEX plain ON t (a); CREATE UNIQUE INDEX free ON t (a);"
        " ALTER TABLE t ADD CONSTRAINT kept UNIQUE (a)",
        database,
    )
    assert _found(ask("index_problems", server, database), "duplicate") == {"plain": "kept", "free": "kept"}


@pytest.mark.parametrize(
    ("shorter", "longer", "redundant"),
    [
        ("INDEX", "INDEX two ON t (a, b)", True),
        ("INDEX", "UNIQUE INDEX two ON t (a, b)", True),
        ("INDEX", "INDEX two ON t (a) INCLUDE (b)", True),
        ("UNIQUE INDEX", "INDEX two ON t (a, b)", False),
        ("INDEX", "INDEX two ON t (b, a)", False),
        ("INDEX", "INDEX two ON t (a DESC, b)", False),
        ("INDEX", "INDEX two ON t (a, b) WHERE b IS NOT NULL", False),
        ("INDEX", "INDEX two ON t (a, lower(b))", True),
    ],
)
def test_an_index_is_redundant_when_a_whole_one_begins_with_its_columns(
    server: Server, database: str, shorter: str, longer: str, redundant: bool
) -> None:
    server.execute(f"CREATE {shorter} one ON t (a); CREATE {longer}", database)
    assert _found(ask("index_problems", server, database), "redundant") == (
        {"one": "two"} if redundant else {}
    )


def test_an_index_is_unused_until_it_is_scanned(server: Server, database: str) -> None:
    """The primary key has no scan either, and is not reported: it guards."""
    server.execute("CREATE INDEX idle ON t (a); CREATE INDEX busy ON t (b)", database)
    server.execute("SET enable_seqscan = off; SELECT * FROM t WHERE b = 'x'", database)
    for _ in range(2_000):
        answer = ask("index_problems", server, database)
        if _found(answer, "unused") == {"idle": ""}:
            break
    assert _found(answer, "unused") == {"idle": ""}
    assert answer.value("pg_index_problems", problem="unused", relname="") == 1
    assert answer.value("pg_index_problems_bytes", problem="unused", relname="") == 8192


def test_what_a_failed_concurrent_build_leaves_is_invalid(server: Server, database: str) -> None:
    server.execute("INSERT INTO t SELECT g, 1 FROM generate_series(1, 2) AS g", database)
    with pytest.raises(psycopg.errors.UniqueViolation):
        server.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (a)", database)
    server.execute("SELECT txid_current()", database)
    answer = ask("index_problems", server, database)
    assert _counts(answer) == {**dict.fromkeys(_PROBLEMS, 0), "invalid": 1}
    assert _found(answer, "invalid") == {"broken": ""}
    [age] = answer.values("pg_index_problem_xid_age")
    assert 1 <= age < 1000


def test_an_index_that_is_being_built_concurrently_is_not_invalid(server: Server, database: str) -> None:
    """The build waits for a transaction that has changed the table."""
    with psycopg.connect(server.dsn(database)) as writer, psycopg.connect(server.dsn(database)) as builder:
        writer.execute("INSERT INTO t VALUES (1)")
        builder.autocommit = True
        builder.pgconn.send_query(b"CREATE INDEX CONCURRENTLY slow ON t (a)")
        for _ in range(2_000):
            answer = ask("index_problems", server, database)
            if answer.values("pg_index_problem_bytes"):
                break
        writer.rollback()
        while result := builder.pgconn.get_result():
            assert not result.error_message
    assert _counts(answer) == {**dict.fromkeys(_PROBLEMS, 0), "building": 1}
    assert _counts(ask("index_problems", server, database))["building"] == 0


def test_who_may_not_see_progress_is_not_told_that_no_index_is_invalid(server: Server, database: str) -> None:
    with fresh_role(server) as (name, password):
        answer = ask("index_problems", server, dsn=server.dsn(database, name, password))
    assert _counts(answer) == {**dict.fromkeys(_PROBLEMS, 0), "building": None, "invalid": None}


def test_sizes_are_those_of_the_files_and_of_all_others_in_sum(server: Server, database: str) -> None:
    made = "; ".join(f"CREATE INDEX extra{n} ON t (a, (b || {n}))" for n in range(20))
    server.execute(made, database)
    server.execute("INSERT INTO t SELECT g, g, g FROM generate_series(1, 2000) AS g; ANALYZE t", database)
    [(total, largest)] = server.execute(
        "SELECT sum(pg_relation_size(oid))::bigint, max(pg_relation_size(oid)) FROM pg_class"
        " WHERE relkind = 'i' AND relnamespace = 'public'::regnamespace",
        database,
    )
    answer = ask("index_size", server, database)
    assert sum(answer.values("pg_index_size_bytes")) == total
    assert max(answer.values("pg_index_size_bytes", relname="t")) == largest
    assert len(answer.values("pg_index_size_bytes", relname="t")) == 15


def test_an_index_that_is_no_btree_has_a_size_for_each_row(server: Server, database: str) -> None:
    server.execute("CREATE INDEX hashed ON t USING hash (a); CREATE INDEX tree ON t (a)", database)
    assert ask("index_row_size", server, database).values("pg_index_row_bytes") == []
    server.execute("INSERT INTO t SELECT g, g FROM generate_series(1, 1000) AS g; ANALYZE t", database)
    [(size,)] = server.execute("SELECT pg_relation_size('hashed')", database)
    answer = ask("index_row_size", server, database)
    assert answer.value("pg_index_row_bytes", indexrelname="hashed") == int(str(size)) / 1000
    assert answer.values("pg_index_row_bytes", indexrelname="tree") == []


@pytest.mark.parametrize("query", ["index_size", "index_row_size", "index_problems", "stat_user_indexes"])
def test_a_locked_index_costs_no_row(server: Server, database: str, query: str) -> None:
    """Its size is what the server last wrote down, and nothing waits for the lock."""
    server.execute("INSERT INTO t SELECT g FROM generate_series(1, 5000) AS g", database)
    server.execute("ANALYZE t", database)
    before = ask(query, server, database)
    with _locked(server, database, "t_pkey"), connect(server.monitor_dsn(database)) as session:
        session.execute("SET lock_timeout = '10ms'")
        during = ask_on(session, query)
    assert [len(family.samples) for family in during.families] == [
        len(family.samples) for family in before.families
    ]
    size = before.values("pg_index_size_bytes", indexrelname="t_pkey")
    assert during.values("pg_index_size_bytes", indexrelname="t_pkey") == size


def test_usage_is_that_of_the_view(server: Server, database: str) -> None:
    server.execute("INSERT INTO t SELECT g FROM generate_series(1, 100) AS g", database)
    server.execute("SET enable_seqscan = off; SELECT b FROM t WHERE id < 11", database)
    for _ in range(2_000):
        answer = ask("stat_user_indexes", server, database)
        if answer.value("pg_stat_user_indexes_idx_scan_total", indexrelname="t_pkey"):
            break
    labels = {"schemaname": "public", "relname": "t", "indexrelname": "t_pkey"}
    assert answer.value("pg_stat_user_indexes_idx_scan_total", **labels) == 1
    assert answer.value("pg_stat_user_indexes_idx_tup_read_total", **labels) == 10
    [(read, hit)] = server.execute(
        "SELECT idx_blks_read, idx_blks_hit FROM pg_statio_user_indexes WHERE indexrelname = 't_pkey'",
        database,
    )
    assert answer.value("pg_statio_user_indexes_idx_blks_read_total", **labels) == read
    assert answer.value("pg_statio_user_indexes_idx_blks_hit_total", **labels) == hit
    last = answer.value("pg_stat_user_indexes_last_idx_scan_timestamp_seconds", **labels)
    assert (last is not None) == (server.major >= 16)


def test_fifty_tables_have_few_series_of_their_indexes(server: Server, database: str) -> None:
    made = "; ".join(f"CREATE TABLE t{n} (id int PRIMARY KEY, a int UNIQUE, b int)" for n in range(50))
    server.execute(made + "; " + "; ".join(f"CREATE INDEX ON t{n} (b)" for n in range(50)), database)
    queries = ("stat_user_indexes", "index_size", "index_row_size", "index_problems")
    answers = [ask(name, server, database) for name in queries]
    assert sum(len(family.samples) for answer in answers for family in answer.families) <= 100
