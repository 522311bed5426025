"""Rules of what is said about tables: their use, their sizes, and that one in the way costs only itself."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from servers import Server
from shipped import CATALOG, QUERIES, Answer, ask, ask_on, connect, fresh_database, until

ODD = "qu\"ote 'n' line\nÄ \\ {}"
SIZES = {
    "heap": "pg_relation_size({0}, 'main')",
    "toast": "coalesce((SELECT pg_total_relation_size(reltoastrelid) FROM pg_class WHERE oid = {0}"
    " AND reltoastrelid <> 0), 0)",
    "indexes": "pg_indexes_size({0})",
    "maps": "pg_relation_size({0}, 'fsm') + pg_relation_size({0}, 'vm')",
}


@pytest.fixture
def fresh(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        yield name


@pytest.mark.parametrize("view", ["pg_stat_user_tables", "pg_statio_user_tables"])
def test_every_column_that_the_view_has_in_this_version_is_a_metric(server: Server, view: str) -> None:
    declared = {column.column for column in QUERIES[view.removeprefix("pg_")].columns}
    columns = server.execute(
        f"SELECT attname FROM pg_attribute WHERE attrelid = '{view}'::regclass AND attnum > 0"
    )
    assert {str(name) for (name,) in columns} - {"relid", "schemaname", "relname"} <= declared


def test_what_was_done_to_a_table_is_told_in_base_units(server: Server, fresh: str) -> None:
    """Each column of the views is there as the view has it: times as Unix time, durations in seconds."""
    with psycopg.connect(server.dsn(fresh), autocommit=True) as session:
        for statement in (
            "CREATE TABLE {0} (a int PRIMARY KEY, b text) WITH (fillfactor = 50)",
            "INSERT INTO {0} SELECT a, repeat('x', 100) FROM generate_series(1, 500) a",
            "VACUUM ANALYZE {0}",
            "UPDATE {0} SET b = 'y' WHERE a <= 20",
            "DELETE FROM {0} WHERE a = 500",
            "SELECT count(b) FROM {0} WHERE b <> 'z'",
            "SELECT b FROM {0} WHERE a = 7",
        ):
            session.execute(sql.SQL(statement).format(sql.Identifier(ODD)))
    until(server, "n_tup_del = 1 AND seq_scan >= 1 FROM pg_stat_user_tables", fresh)
    for view in ("pg_stat_user_tables", "pg_statio_user_tables"):
        query = QUERIES[view.removeprefix("pg_")]
        answer = ask(query.name, server, fresh)
        [(row,)] = server.execute(f"SELECT to_jsonb(v) - 'relid' FROM (SELECT * FROM {view}) v", fresh)
        assert isinstance(row, dict)
        for column in query.columns:
            expected = row.get(column.column)
            if isinstance(expected, str):
                [(expected,)] = server.execute(
                    f"SELECT extract(epoch FROM {column.column})::float8 FROM {view}", fresh
                )
            elif column.column.startswith("total_") and expected is not None:
                expected = expected / 1000
            found = answer.value(column.family, schemaname="public", relname=ODD)
            assert found == (pytest.approx(expected) if expected is not None else None), column.family


def test_a_table_that_was_never_vacuumed_has_no_time_of_it(server: Server, fresh: str) -> None:
    server.execute("CREATE TABLE t (a int)", fresh)
    answer = ask("stat_user_tables", server, fresh)
    assert answer.value("pg_stat_user_tables_n_tup_ins_total", relname="t") == 0
    assert answer.value("pg_stat_user_tables_vacuum_count_total", relname="t") == 0
    for kind in ("vacuum", "autovacuum", "analyze", "autoanalyze"):
        assert answer.value(f"pg_stat_user_tables_last_{kind}_timestamp_seconds", relname="t") is None
    server.execute("VACUUM t", fresh)
    until(server, "vacuum_count = 1 FROM pg_stat_user_tables", fresh)
    at = ask("stat_user_tables", server, fresh).value(
        "pg_stat_user_tables_last_vacuum_timestamp_seconds", relname="t"
    )
    assert at == pytest.approx(time.time(), abs=60)


def test_tables_that_matter_have_series_and_sums_are_those_of_all(server: Server, fresh: str) -> None:
    """The largest, the one with most dead rows, the most read and the most changed, each last by the rest."""
    tables = "".join(f"CREATE TABLE t{n:02} AS SELECT generate_series(1, 400) AS a;" for n in range(20))
    server.execute(
        f"""{tables}
        CREATE TABLE large AS SELECT repeat('x', 500) AS a FROM generate_series(1, 100);
        CREATE TABLE dead WITH (autovacuum_enabled = no) AS SELECT generate_series(1, 60) AS a;
        DELETE FROM dead;
        CREATE TABLE changed AS SELECT generate_series(1, 450) AS a;
        CREATE TABLE read AS SELECT generate_series(1, 20) AS a;
        DO $$ BEGIN FOR i IN 1..500 LOOP PERFORM count(*) FROM read; END LOOP; END $$;
        """,
        fresh,
    )
    until(server, "n_tup_ins = 450 FROM pg_stat_user_tables WHERE relname = 'changed'", fresh)
    server.execute("TRUNCATE changed", fresh)
    server.execute("ANALYZE large", fresh)
    until(server, "n_live_tup = 0 FROM pg_stat_user_tables WHERE relname = 'changed'", fresh)
    query = QUERIES["stat_user_tables"]
    for limit, places in ((5 * len(query.columns), 4), (query.limit, query.limit // len(query.columns) - 1)):
        answer = ask("stat_user_tables", server, fresh, limit=limit)
        live, dead = "pg_stat_user_tables_n_live_tup", "pg_stat_user_tables_n_dead_tup"
        for name in ("large", "dead", "read", "changed"):
            assert answer.value(live, relname=name) is not None
        [sums] = server.execute("SELECT sum(n_live_tup), sum(n_dead_tup) FROM pg_stat_user_tables", fresh)
        assert (sum(answer.values(live)), sum(answer.values(dead))) == sums == (20 * 400 + 120, 60)
        assert len(answer.values(live)) == places + 1


def test_temporary_tables_are_nobodys_business(a_server: Server, database: str) -> None:
    """Each would be a series for as long as a session lives."""
    with psycopg.connect(a_server.dsn(database), autocommit=True) as session:
        session.execute("CREATE TEMPORARY TABLE passing AS SELECT generate_series(1, 10) AS a")
        for name in ("stat_user_tables", "statio_user_tables", "table_sizes", "vacuum_due"):
            answer = ask(name, a_server, database, limit=10_000)
            assert [answer.values(column.family, relname="passing") for column in QUERIES[name].columns] == [
                [] for _ in QUERIES[name].columns
            ]


def test_the_sizes_of_a_table_are_those_of_its_parts(server: Server, fresh: str) -> None:
    server.execute(
        """
        CREATE TABLE t (a int PRIMARY KEY, b text);
        ALTER TABLE t ALTER b SET STORAGE external;
        INSERT INTO t SELECT a, repeat('x', 5000) FROM generate_series(1, 100) a;
        CREATE TABLE plain AS SELECT 1 AS a;
        CREATE MATERIALIZED VIEW m AS SELECT * FROM t;
        CREATE VIEW v AS SELECT * FROM t;
        """,
        fresh,
    )
    server.execute("VACUUM t", fresh)  # makes the maps
    answer = ask("table_sizes", server, fresh)
    for name in ("t", "plain", "m"):
        for part, size in SIZES.items():
            [(expected,)] = server.execute("SELECT " + size.format(f"'{name}'::regclass"), fresh)
            assert answer.value(f"pg_table_{part}_size_bytes", relname=name) == expected
        [(expected,)] = server.execute(f"SELECT pg_total_relation_size('{name}')", fresh)
        assert answer.value("pg_table_size_bytes", relname=name) == expected
    assert answer.value("pg_table_toast_size_bytes", relname="t") != 0
    assert answer.values("pg_table_size_bytes", relname="v") == []


@pytest.mark.parametrize(
    "held",
    [
        "LOCK TABLE busy IN ACCESS EXCLUSIVE MODE",
        "REINDEX INDEX busy_b",
        "DROP TABLE busy",
    ],
)
def test_a_table_that_is_locked_costs_only_its_own_sizes(a_server: Server, database: str, held: str) -> None:
    a_server.execute(
        "CREATE TABLE busy (a int PRIMARY KEY, b text); CREATE INDEX busy_b ON busy (b)", database
    )
    a_server.execute("CREATE TABLE free (a int PRIMARY KEY)", database)
    with psycopg.connect(a_server.dsn(database)) as holder:
        holder.execute(held.encode())
        answer = _with_lock_timeout("table_sizes", a_server, database)
        assert answer.values("pg_table_size_bytes", relname="busy") == []
        assert answer.values("pg_table_indexes_size_bytes", relname="busy") == []
        assert answer.value("pg_table_size_bytes", relname="free") == 8192
        holder.rollback()
    assert ask("table_sizes", a_server, database).value("pg_table_size_bytes", relname="busy") == 3 * 8192


def _with_lock_timeout(name: str, server: Server, database: str) -> Answer:
    """Ask as the daemon does: who has to wait for a lock fails."""
    with connect(server.monitor_dsn(database)) as session:
        session.execute("SET lock_timeout = '100ms'")
        return ask_on(session, name)


def test_a_lock_that_is_only_awaited_is_no_reason_to_wait_either(a_server: Server, database: str) -> None:
    a_server.execute("CREATE TABLE busy (a int)", database)
    with psycopg.connect(a_server.dsn(database)) as reader, psycopg.connect(a_server.dsn(database)) as writer:
        reader.execute("SELECT * FROM busy")
        writer.execute("SET lock_timeout = '20s'")
        with writer.pipeline():
            writer.execute("LOCK TABLE busy IN ACCESS EXCLUSIVE MODE")
            writer.pgconn.flush()
            until(
                a_server,
                "count(*) = 1 FROM pg_locks WHERE NOT granted AND relation = 'busy'::regclass",
                database,
            )
            assert (
                _with_lock_timeout("table_sizes", a_server, database).values(
                    "pg_table_size_bytes", relname="busy"
                )
                == []
            )
            assert _with_lock_timeout("stat_user_tables", a_server, database).values(
                "pg_stat_user_tables_n_live_tup", relname="busy"
            ) == [0]
            reader.rollback()


def test_a_table_that_is_dropped_while_the_query_runs_costs_only_itself(
    a_server: Server, database: str
) -> None:
    """The snapshot still shows it, and its files are gone."""
    a_server.execute(
        "CREATE TABLE gone (a int PRIMARY KEY); CREATE TABLE stays (a int PRIMARY KEY)", database
    )
    with connect(a_server.monitor_dsn(database)) as session:
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1")
        a_server.execute("DROP TABLE gone", database)
        for name in ("stat_user_tables", "statio_user_tables", "vacuum_due", "table_freeze"):
            assert ask_on(session, name, limit=10_000).families
        sizes = ask_on(session, "table_sizes")
        assert sizes.values("pg_table_size_bytes", relname="gone") == []
        assert sizes.value("pg_table_size_bytes", relname="stays") == 8192


def test_a_large_table_that_is_read_in_full_again_and_again_lacks_an_index(a_server: Server) -> None:
    with fresh_database(a_server) as name:
        a_server.execute(
            """
            CREATE TABLE large (a int, b text) WITH (fillfactor = 10);
            INSERT INTO large SELECT a, repeat('x', 60) FROM generate_series(1, 10000) a;
            CREATE TABLE rarely (LIKE large) WITH (fillfactor = 10);
            INSERT INTO rarely SELECT * FROM large;
            CREATE TABLE small AS SELECT a FROM generate_series(1, 10000) a;
            ANALYZE large, rarely, small;
            DO $$ BEGIN
              FOR i IN 1..100 LOOP
                PERFORM count(*) FROM large WHERE a = i;
                PERFORM count(*) FROM small WHERE a = i;
              END LOOP;
              FOR i IN 1..90 LOOP
                PERFORM count(*) FROM rarely WHERE a = i;
              END LOOP;
            END $$;
            """,
            name,
        )
        until(a_server, "seq_scan >= 100 FROM pg_stat_user_tables WHERE relname = 'large'", name)
        answer = ask("stat_user_tables", a_server, name)
        assert answer.value("pg_table_missing_index_candidate", relname="large") == 1
        assert answer.values("pg_table_missing_index_candidate") == [1]


def test_columns_of_many_values_in_no_order_are_shown_to_who_may_read_them(a_server: Server) -> None:
    with fresh_database(a_server) as name:
        a_server.execute(
            """
            CREATE TABLE t AS SELECT a AS in_order, md5(a::text) AS candidate, md5(a::text) AS indexed,
                md5((a % 50)::text) AS few, repeat('x', 100) AS filler FROM generate_series(1, 10000) a;
            CREATE INDEX ON t (indexed);
            ANALYZE t;
            """,
            name,
        )
        query = "column_index_candidates"
        assert ask(query, a_server, name).families == ()
        found = ask(query, a_server, name, dsn=a_server.dsn(name))
        [(distinct,)] = (found.values("pg_column_index_candidate_distinct_values"),)
        assert distinct == pytest.approx(10_000, rel=0.01)
        assert found.value("pg_column_index_candidate_distinct_values", attname="candidate") == distinct
    assert "columns" in CATALOG.optional_sets


def test_a_standby_knows_sizes_and_its_own_reads_and_no_dead_rows(standby: Server) -> None:
    primary = standby.primary
    assert primary is not None
    with fresh_database(primary) as name:
        primary.execute("CREATE TABLE t AS SELECT generate_series(1, 100) AS a; ANALYZE t", name)
        answer = ask("stat_user_tables", standby, name)
        assert answer.value("pg_stat_user_tables_n_live_tup", relname="t") == 100
        for hidden in ("n_dead_tup", "n_mod_since_analyze", "n_ins_since_vacuum"):
            assert answer.values(f"pg_stat_user_tables_{hidden}") == []
        assert ask("table_sizes", standby, name).value("pg_table_size_bytes", relname="t") == 8192


def test_a_database_of_50_tables_has_at_most_700_series_of_tables(a_server: Server) -> None:
    with fresh_database(a_server) as name:
        a_server.execute(
            "".join(
                f"CREATE TABLE t{n} (id serial PRIMARY KEY, a text); INSERT INTO t{n} (a) VALUES ('x');"
                f"CREATE INDEX ON t{n} (a); ANALYZE t{n};"
                for n in range(50)
            ),
            name,
        )
        a_server.execute("GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO PUBLIC", name)
        sets = {"tables", "vacuum", "sequences", "functions"}
        assert not sets & CATALOG.optional_sets
        answers = [ask(query.name, a_server, name) for query in QUERIES.values() if query.set in sets]
        assert sum(len(family.samples) for answer in answers for family in answer.families) <= 700
