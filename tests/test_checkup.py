"""Rules about the facts that `doctor` learns from a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter import checkup
from exporter.findings import Facts, Role
from exporter.token_store import Choice
from gateway import target, using
from servers import Server
from shipped import QUERIES, fresh_database, fresh_role

UNTIL = 4102444800.0  # 2100-01-01 00:00:00 UTC


def facts(dsn: str, **options: object) -> Facts:
    return using(dsn, lambda gateway: checkup.ask(gateway, target(dsn, **options), QUERIES, Choice()))


def test_a_role_with_nothing_is_known_as_such(server: Server) -> None:
    with fresh_role(server, "CONNECTION LIMIT 5 VALID UNTIL '2100-01-01 00:00:00+00'") as (name, password):
        found = facts(server.dsn("postgres", name, password))
    assert found.role == Role(
        superuser=False,
        reads_stats=False,
        reads_settings=False,
        reserved=False if server.major >= 16 else None,
        connection_limit=5,
        valid_until=UNTIL,
    )


def test_rights_that_a_role_inherits_are_known(server: Server) -> None:
    with fresh_role(server, "VALID UNTIL 'infinity'") as (name, password):
        roles = ["pg_monitor", *(["pg_use_reserved_connections"] if server.major >= 16 else [])]
        server.execute(f"GRANT {', '.join(roles)} TO {name}")
        role = facts(server.dsn("postgres", name, password)).role
    assert (role.reads_stats, role.reads_settings, role.superuser) == (True, True, False)
    assert role.reserved is (True if server.major >= 16 else None)
    assert role.valid_until == float("inf")


@contextmanager
def closed_database(server: Server) -> Iterator[str]:
    with fresh_database(server) as name:
        server.execute(f"REVOKE CONNECT ON DATABASE {name} FROM PUBLIC")
        yield name


def test_a_closed_database_is_known_unless_it_is_excluded(a_server: Server) -> None:
    with closed_database(a_server) as name:
        dsn = a_server.monitor_dsn()
        assert name in facts(dsn).closed
        assert name not in facts(dsn, exclude_databases=(name,)).closed
        assert name not in facts(a_server.dsn()).closed


def test_the_clock_of_a_server_on_this_machine_is_ours(server: Server) -> None:
    session = facts(server.monitor_dsn()).session
    assert abs(session.clock) <= session.clock_error + 0.1
    assert 0 < session.clock_error < 5
    assert not session.pooled


@pytest.mark.parametrize("connections", [1, 2, 3])
def test_few_connections_are_enough(a_server: Server, connections: int) -> None:
    """A checkup must fit into the limit of a role that is made for the target."""
    with fresh_role(a_server, f"CONNECTION LIMIT {connections}") as (name, password):
        a_server.execute(f"GRANT pg_monitor TO {name}")
        found = facts(a_server.dsn("postgres", name, password), max_connections=connections)
    assert found.server.role == name


def test_what_is_installed_and_created_is_known(a_server: Server, database: str) -> None:
    found = facts(a_server.monitor_dsn(database))
    assert "plpgsql" in found.databases[database].extensions
    assert "plpgsql" in found.available
