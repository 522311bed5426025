"""What the set `security` says of roles, sessions, logging, pg_hba.conf and token tables is so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from exporter.model import Rows
from servers import MONITOR, Server
from shipped import QUERIES, TOKENS, ask, connect, fresh_database, fresh_role, run


def _roles(server: Server, attribute: str) -> int:
    found = ask("roles", server).value("pg_roles", attribute=attribute)
    assert isinstance(found, int)
    return found


@pytest.mark.parametrize(
    ("settings", "attribute", "more"),
    [
        ("", "login", 1),
        ("SUPERUSER", "superuser", 1),
        ("CREATEROLE", "createrole", 1),
        ("SUPERUSER CREATEROLE", "createrole", 0),
        ("CREATEDB", "createdb", 1),
        ("REPLICATION", "replication", 1),
        ("BYPASSRLS", "bypassrls", 1),
        ("IN ROLE pg_execute_server_program", "server_programs", 1),
        ("IN ROLE pg_write_server_files", "server_files", 1),
        ("IN ROLE pg_monitor", "server_files", 0),
        ("", "password_without_expiry", 1),
        ("VALID UNTIL 'infinity'", "password_without_expiry", 1),
        ("VALID UNTIL '2999-12-31'", "password_without_expiry", 0),
        ("VALID UNTIL '2999-12-31'", "password_expired", 0),
        ("VALID UNTIL '2001-12-31'", "password_expired", 1),
    ],
)
def test_a_login_role_is_counted_by_what_it_may_do(
    a_server: Server, settings: str, attribute: str, more: int
) -> None:
    before = _roles(a_server, attribute)
    with fresh_role(a_server, settings):
        assert _roles(a_server, attribute) == before + more


def test_a_role_that_cannot_log_in_is_not_counted(a_server: Server) -> None:
    before = [_roles(a_server, name) for name in ("login", "superuser")]
    with fresh_role(a_server, "SUPERUSER") as (role, _):
        a_server.execute(f"ALTER ROLE {role} NOLOGIN")
        assert [_roles(a_server, name) for name in ("login", "superuser")] == before


def _sessions(server: Server, dsn: str, *, remote: bool) -> Rows:
    query = QUERIES["plain_sessions"]
    sql = str(query.sql_for(server.major))
    if remote:  # the tests' own addresses pass for those of other machines
        sql = sql.replace("127.0.0.0/8", "10.0.0.0/8").replace("pg_catalog.inet_server_addr()", "null")
    with connect(dsn) as connection:
        return run(connection, replace(query, variants=((0, sql),)))


def test_sessions_without_encryption_are_counted_by_database_and_role(server: Server) -> None:
    with fresh_role(server) as (role, password), connect(server.dsn("postgres", role, password)) as one:
        if one.execute("select pg_catalog.inet_client_addr()").fetchone() == (None,):
            pytest.skip("this server is reached by its socket")
        with connect(server.dsn("postgres", role, password)):
            found = _sessions(server, server.monitor_dsn(), remote=True)
            assert ("postgres", role, 2) in found.rows
            assert _sessions(server, server.monitor_dsn(), remote=False).rows == []
            blind = _sessions(server, server.dsn("postgres", role, password), remote=True)
            assert blind.rows == [], "a role that sees no addresses must not say that there is none"


def _logging(server: Server, monitor: str, name: str, value: str) -> dict[str, int]:
    query = QUERIES["audit"]
    given = f"from (values ('{name}', '{value}', 'default')) as given (name, reset_val, source)"
    sql = str(query.sql_for(server.major)).replace("from pg_catalog.pg_settings", given)
    with connect(monitor) as connection:
        return {
            str(what): int(str(on)) for what, on in run(connection, replace(query, variants=((0, sql),))).rows
        }


@pytest.mark.parametrize(
    ("name", "value", "what", "is_on"),
    [
        ("log_connections", "on", "connections", 1),
        ("log_connections", "off", "connections", 0),
        ("log_connections", "receipt,authorization", "connections", 1),  # since 18
        ("log_connections", "", "connections", 0),
        ("log_statement", "mod", "changes", 1),
        ("log_statement", "all", "changes", 1),
        ("log_statement", "ddl", "changes", 0),
        ("log_min_duration_statement", "0", "slow_statements", 1),
        ("log_min_duration_statement", "-1", "slow_statements", 0),
        ("log_lock_waits", "on", "lock_waits", 1),
        ("pgaudit.log", "write, ddl", "pgaudit", 1),
        ("pgaudit.log", "none", "pgaudit", 0),
    ],
)
def test_what_the_log_would_hold_is_1(
    a_server: Server, monitor: str, name: str, value: str, what: str, is_on: int
) -> None:
    assert _logging(a_server, monitor, name, value) == {what: is_on}


def test_every_server_says_what_it_logs(server: Server) -> None:
    found = ask("audit", server)
    assert len(found.values("pg_logging_enabled")) == 8
    [(disconnections,)] = server.execute("SHOW log_disconnections")
    assert found.value("pg_logging_enabled", what="disconnections") == (disconnections == "on")


def test_rules_that_trust_are_counted_once_somebody_grants_it(server: Server) -> None:
    with fresh_database(server) as database:
        dsn = server.monitor_dsn(database)
        server.execute(f"GRANT EXECUTE ON FUNCTION pg_catalog.pg_hba_file_rules() TO {MONITOR}", database)
        found = ask("hba", server, dsn=dsn)
    counted = "SELECT count(*) FROM pg_hba_file_rules WHERE auth_method = 'trust' AND type = 'local'"
    [(truth,)] = server.execute(counted)
    assert (found.value("pg_hba_rules", type="local", auth_method="trust") or 0) == truth
    [(every,)] = server.execute("SELECT count(*) FROM pg_hba_file_rules")
    assert sum(found.values("pg_hba_rules")) == every


@pytest.fixture(scope="module")
def store(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        server.execute(TOKENS, name)
        yield name


@pytest.mark.parametrize(
    ("grant", "privilege"),
    [
        ("GRANT SELECT (token_type) ON tokens TO {}", "select"),
        ("GRANT INSERT ON tokens TO {}", "insert"),
        ("GRANT UPDATE (token_type) ON tokens TO {}", "update"),
        ("GRANT DELETE ON tokens TO {}", "delete"),
        ("GRANT TRUNCATE ON tokens TO {}", "truncate"),
    ],
)
def test_a_role_that_may_do_something_to_tokens_is_counted_for_that(
    server: Server, store: str, grant: str, privilege: str
) -> None:
    def counted() -> dict[str, object]:
        found = ask("token_privileges", server, store)
        kinds = ("select", "insert", "update", "delete", "truncate")
        return {kind: found.value("oauth2_token_privileges", privilege=kind) for kind in kinds}

    before = counted()
    with fresh_role(server) as (role, _):
        assert counted() == before
        server.execute(grant.format(role), store)
        now = counted()
        server.execute(
            f"REVOKE USAGE ON SCHEMA public FROM public; GRANT USAGE ON SCHEMA public TO {MONITOR}", store
        )
        without_schema = counted()
        server.execute(f"GRANT USAGE ON SCHEMA public TO public; DROP OWNED BY {role}", store)
    changed = {kind for kind, value in now.items() if value != before[kind]}
    assert changed == {privilege}
    assert int(str(now[privilege])) == int(str(before[privilege])) + 1
    assert int(str(without_schema[privilege])) <= int(str(before[privilege]))


def test_who_owns_the_tables_of_tokens_is_not_counted(server: Server, store: str) -> None:
    before = ask("token_privileges", server, store).value("oauth2_token_privileges", privilege="delete")
    with fresh_role(server) as (role, _):
        owner = server.execute("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'tokens'", store)
        server.execute(f"ALTER TABLE tokens OWNER TO {role}", store)
        after = ask("token_privileges", server, store).value("oauth2_token_privileges", privilege="delete")
        server.execute(f"ALTER TABLE tokens OWNER TO {owner[0][0]}; DROP OWNED BY {role}", store)
    assert after == before
