"""Rules of sequences and the keys that they fill, of functions, and of partitioned tables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
import pytest

from servers import Server
from shipped import ask, ask_on, connect, fresh_database, until

USED = "pg_sequence_used_ratio"
INT4, INT8 = 2**31 - 1, 2**63 - 1


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        yield name


_KEYS = f"""
CREATE TABLE by_default (id integer PRIMARY KEY);
CREATE SEQUENCE feeds_integer;
ALTER TABLE by_default ALTER id SET DEFAULT nextval('feeds_integer');
SELECT setval('feeds_integer', {int(INT4 * 0.9)});

CREATE TABLE owned (id bigserial PRIMARY KEY);
SELECT setval('owned_id_seq', {int(INT4 * 0.9)});

CREATE TABLE small (id smallint GENERATED ALWAYS AS IDENTITY);
SELECT setval('small_id_seq', 32767);

CREATE DOMAIN key AS integer;
CREATE TABLE by_domain (id key);
CREATE SEQUENCE feeds_domain OWNED BY by_domain.id;
SELECT setval('feeds_domain', {INT4 // 2});

CREATE TABLE parent (id bigserial PRIMARY KEY);
CREATE TABLE child (parent_id integer REFERENCES parent);
SELECT setval('parent_id_seq', {INT4 // 4});

CREATE SEQUENCE free MAXVALUE 1000;
SELECT setval('free', 501);
CREATE SEQUENCE down INCREMENT -1 MINVALUE -100 MAXVALUE 0 START 0;
SELECT setval('down', -75);
CREATE SEQUENCE round MAXVALUE 10 CYCLE;
SELECT setval('round', 10);
CREATE SEQUENCE unused;
CREATE TEMPORARY SEQUENCE passing;
"""


def test_a_sequence_ends_where_the_narrowest_column_of_its_numbers_does(
    server: Server, database: str
) -> None:
    server.execute(_KEYS, database)
    dsn = server.dsn(database)
    answer = ask("sequence_used", server, database, dsn=dsn)
    near = pytest.approx
    assert answer.value(USED, sequencename="feeds_integer", relname="by_default", attname="id") == near(0.9)
    assert answer.value(USED, sequencename="owned_id_seq") == near(INT4 * 0.9 / INT8)
    assert answer.value(USED, sequencename="small_id_seq", relname="small") == 1
    assert answer.value(USED, sequencename="feeds_domain", relname="by_domain") == near(0.5)
    assert answer.value(USED, sequencename="parent_id_seq", relname="child", attname="parent_id") == near(
        0.25
    )
    assert answer.value(USED, sequencename="free", relname="", attname="") == near(500 / 999)
    assert answer.value(USED, sequencename="down") == near(0.75)
    assert answer.values(USED, sequencename="round") == []
    assert answer.values(USED, sequencename="unused") == []
    assert len(answer.values(USED)) == 7
    server.execute("SELECT nextval('unused')", database)
    assert ask("sequence_used", server, database, dsn=dsn).value(USED, sequencename="unused") == 0


def test_a_sequence_that_our_role_may_not_read_is_counted_and_not_guessed(
    server: Server, database: str
) -> None:
    server.execute("CREATE SEQUENCE a; SELECT nextval('a'); CREATE SEQUENCE b; SELECT nextval('b')", database)
    assert ask("sequence_used", server, database).families == ()
    assert ask("sequences_unreadable", server, database).value("pg_sequences_unreadable") == 2
    server.monitor_dsn()
    server.execute("GRANT SELECT ON SEQUENCE a TO monitor", database)
    assert ask("sequence_used", server, database).value(USED, sequencename="a") == 0
    assert ask("sequences_unreadable", server, database).value("pg_sequences_unreadable") == 1


def test_a_sequence_that_is_locked_costs_only_itself(server: Server, database: str) -> None:
    server.execute(
        "CREATE SEQUENCE busy; CREATE SEQUENCE free; SELECT nextval('busy'), nextval('free')", database
    )
    with psycopg.connect(server.dsn(database)) as holder, connect(server.dsn(database)) as session:
        holder.execute("ALTER SEQUENCE busy INCREMENT 2")
        session.execute("SET lock_timeout = '100ms'")
        answer = ask_on(session, "sequence_used")
        assert answer.values(USED, sequencename="busy") == []
        assert answer.values(USED, sequencename="free") == [0]
        holder.rollback()
        assert ask_on(session, "sequence_used").values(USED, sequencename="busy") == [0]


def test_no_more_than_200_sequences_are_read_and_first_those_near_their_end(a_server: Server) -> None:
    """Each takes a lock that the query holds to its end, and the server has not many."""
    with fresh_database(a_server) as name:
        a_server.execute(
            """
            DO $$ BEGIN FOR i IN 1..250 LOOP
              EXECUTE format('CREATE SEQUENCE s%s', i);
              PERFORM nextval('s' || i);
            END LOOP; END $$;
            CREATE TABLE t (id serial PRIMARY KEY);
            INSERT INTO t SELECT FROM generate_series(1, 100);
            """,
            name,
        )
        until(a_server, "n_tup_ins = 100 FROM pg_stat_user_tables", name)
        with connect(a_server.dsn(name)) as session:
            session.execute("BEGIN")
            answer = ask_on(session, "sequence_used", limit=10_000)
            [(locks,)] = session.execute(
                "SELECT count(*) FROM pg_catalog.pg_locks AS l, pg_catalog.pg_class AS c"
                " WHERE l.relation = c.oid AND l.pid = pg_catalog.pg_backend_pid() AND c.relkind = 'S'"
            )
        assert locks == len(answer.values(USED)) == 200
        assert answer.value(USED, relname="t") == pytest.approx(99 / (INT4 - 1))


def test_functions_of_one_name_are_one_where_their_calls_are_tracked(server: Server, database: str) -> None:
    server.execute(
        """
        CREATE FUNCTION f(a int) RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN a; END';
        CREATE FUNCTION f(a text) RETURNS int LANGUAGE plpgsql
            AS 'BEGIN PERFORM count(*) FROM generate_series(1, 20000); RETURN f(1); END';
        """,
        database,
    )
    server.execute("SELECT f(1)", database)
    server.execute("SET track_functions = 'pl'; SELECT f(1), f(2), f('x')", database)
    until(server, "sum(calls) = 4 FROM pg_stat_user_functions", database)
    answer = ask("stat_user_functions", server, database)
    assert answer.value("pg_stat_user_functions_calls_total", schemaname="public", funcname="f") == 4
    total = answer.value("pg_stat_user_functions_total_time_seconds_total", funcname="f")
    own = answer.value("pg_stat_user_functions_self_time_seconds_total", funcname="f")
    assert own is not None
    assert total is not None
    assert 0.0005 < own <= total < 10


_PARTITIONS = """
CREATE TABLE by_day (at timestamptz, a int) PARTITION BY RANGE (at, a);
CREATE TABLE by_day_1 PARTITION OF by_day FOR VALUES FROM (MINVALUE, MINVALUE) TO ('2030-01-01', 5);
CREATE TABLE by_day_2 PARTITION OF by_day FOR VALUES FROM ('2030-01-01', 5) TO ('2030-02-01 01:00+01', 5);
CREATE TABLE by_day_rest PARTITION OF by_day DEFAULT;
INSERT INTO by_day SELECT '2040-01-01', generate_series(1, 7);

CREATE TABLE by_date (at date) PARTITION BY RANGE (at);
CREATE TABLE by_date_1 PARTITION OF by_date FOR VALUES FROM ('1999-01-01') TO ('2000-01-01')
    PARTITION BY LIST (at);
CREATE TABLE endless (at timestamp) PARTITION BY RANGE (at);
CREATE TABLE endless_1 PARTITION OF endless FOR VALUES FROM ('2000-01-01') TO ('2001-01-01');
CREATE TABLE endless_2 PARTITION OF endless FOR VALUES FROM ('2001-01-01') TO (MAXVALUE);
CREATE TABLE by_list (a text) PARTITION BY LIST (a);
CREATE TABLE by_list_1 PARTITION OF by_list FOR VALUES IN (' TO (''2020-01-01'')');
CREATE TABLE by_number (a int) PARTITION BY RANGE (a);
CREATE TABLE by_number_1 PARTITION OF by_number FOR VALUES FROM (1) TO (10);
CREATE TABLE by_expression (a text) PARTITION BY RANGE (lower(a));
CREATE TABLE none (a int) PARTITION BY HASH (a);
"""
_BOUND = "pg_partitioned_table_newest_bound_timestamp_seconds"


def test_partitions_are_counted_with_how_far_they_reach_and_what_fits_in_none(
    server: Server, database: str
) -> None:
    """It takes no lock: a partition that is locked is counted like any other."""
    server.execute(_PARTITIONS, database)
    until(server, "n_live_tup = 7 FROM pg_stat_user_tables WHERE relname = 'by_day_rest'", database)
    with psycopg.connect(server.dsn(database)) as holder, connect(server.monitor_dsn(database)) as session:
        holder.execute("LOCK TABLE by_day, by_day_2 IN ACCESS EXCLUSIVE MODE")
        session.execute("SET lock_timeout = '100ms'; SET timezone = 'UTC'; SET datestyle = 'German'")
        answer = ask_on(session, "partitions", limit=10_000)
    counts = {
        "by_day": 3,
        "by_date": 1,
        "endless": 2,
        "by_list": 1,
        "by_number": 1,
        "by_expression": 0,
        "none": 0,
    }
    for name, count in counts.items():
        assert answer.value("pg_partitioned_table_partitions", relname=name) == count
    assert len(answer.values("pg_partitioned_table_partitions")) == len(counts)
    assert answer.value("pg_partitioned_table_default_rows", relname="by_day") == 7
    assert answer.values("pg_partitioned_table_default_rows") == [7]
    assert answer.value(_BOUND, relname="by_day") == datetime(2030, 2, 1, tzinfo=UTC).timestamp()
    assert answer.value(_BOUND, relname="by_date") == datetime(2000, 1, 1, tzinfo=UTC).timestamp()
    assert len(answer.values(_BOUND)) == 2


def test_a_default_partition_that_is_empty_holds_0_rows(server: Server, database: str) -> None:
    server.execute(
        "CREATE TABLE t (a int) PARTITION BY LIST (a); CREATE TABLE t_rest PARTITION OF t DEFAULT", database
    )
    assert ask("partitions", server, database).value("pg_partitioned_table_default_rows", relname="t") == 0
