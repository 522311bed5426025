"""Owns the conditions that sessions bring about: connections, locks and transactions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import psycopg

from conditions import leads_to, muted, told
from installation import SHOP, Installation
from sessions import finish, start
from traffic import repeated

_BURN = "DO $$ BEGIN FOR i IN 1..15000 LOOP PERFORM pg_current_xact_id(); COMMIT; END LOOP; END $$"


@leads_to(
    told("PostgresPreparedTransactionOld", datname=SHOP),
    told("PostgresXminHorizonOld", holder="prepared_transaction"),
    told("PostgresXidWraparound", datname=SHOP),
)
def a_prepared_transaction_is_forgotten(site: Installation) -> Iterator[None]:
    """And holds back vacuum while others use up transaction numbers."""
    site.execute("main", "BEGIN; INSERT INTO carts VALUES (0); PREPARE TRANSACTION 'forgotten'")
    site.execute("main", _BURN)
    yield
    site.execute("main", "ROLLBACK PREPARED 'forgotten'")
    site.execute("main", "ALTER DATABASE template0 ALLOW_CONNECTIONS true")
    for database in (SHOP, "postgres", "template0", "template1"):
        site.servers["main"].execute("VACUUM FREEZE", database)


@leads_to(
    told("PostgresConnectionsNearLimit", "critical", target="crowded"),
    muted(told("PostgresConnectionsNearLimit", target="crowded")),
    told("PostgresRoleHoldsIdleConnections", "info", target="crowded", usename="clerk"),
)
def connections_are_used_up(site: Installation) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            while True:
                stack.enter_context(site.session("crowded", "clerk"))
        except psycopg.OperationalError:  # the server refuses it
            yield


@leads_to(told("PostgresRoleConnectionsNearLimit", "critical", rolname="reporter"))
def a_role_uses_up_its_connections(site: Installation) -> Iterator[None]:
    site.execute("main", "ALTER ROLE reporter CONNECTION LIMIT 3")
    with ExitStack() as stack:
        for _ in range(3):
            stack.enter_context(site.session("main", "reporter"))
        yield
    site.execute("main", "ALTER ROLE reporter CONNECTION LIMIT -1")


@leads_to(told("PostgresDatabaseConnectionsNearLimit", "critical", target="primary", datname="annex"))
def a_database_uses_up_its_connections(site: Installation) -> Iterator[None]:
    server = site.servers["primary"]
    server.execute("CREATE DATABASE annex CONNECTION LIMIT 1")
    with psycopg.connect(server.dsn("annex")):
        yield
    server.execute("DROP DATABASE annex WITH (FORCE)")


@leads_to(
    told("PostgresSessionsBlocked"),
    told("PostgresLockQueueLong"),
    told("PostgresBlockerIdle", state="idle in transaction"),
    told("PostgresExclusiveLockWaiting", datname=SHOP),
    told("PostgresIdleInTransaction", datname=SHOP, usename="clerk"),
)
def a_lock_queue(site: Installation) -> Iterator[None]:
    with ExitStack() as stack:
        holder, *others = [stack.enter_context(site.session("main", "clerk")) for _ in range(9)]
        holder.execute("BEGIN; SELECT FROM baskets")
        for each in others:
            start(each, "BEGIN; LOCK TABLE baskets", site.servers["main"], "wait_event_type = 'Lock'")
            stack.callback(finish, each)
        yield


@leads_to(
    told("PostgresIdleInTransaction", target="primary", datname=SHOP, usename="clerk"),
    told("PostgresTransactionOld", target="primary", datname=SHOP, usename="clerk"),
)
def a_client_forgets_to_commit(site: Installation) -> Iterator[None]:
    with site.session("primary", "clerk") as session:
        session.execute("BEGIN")
        session.execute("SELECT 1")
        yield


@leads_to(
    told("PostgresPoolExhausted", pool="web"),
    told("PostgresTransactionOld", datname=SHOP, usename="clerk"),
)
def a_pool_waits_for_slow_queries(site: Installation) -> Iterator[None]:
    with ExitStack() as stack:
        for _ in range(3):
            session = stack.enter_context(site.session("main", "clerk", "web-pool"))
            session.pgconn.send_query(b"SELECT pg_sleep(600)")
            stack.callback(finish, session)
        yield


@leads_to(told("PostgresDeadlocks", datname=SHOP))
def transactions_deadlock(site: Installation) -> Iterator[None]:
    def once() -> None:
        with site.session("main", "clerk") as one, site.session("main", "clerk") as other:
            one.execute("BEGIN; SELECT pg_advisory_xact_lock(1)")
            other.execute("BEGIN; SELECT pg_advisory_xact_lock(2)")
            one.pgconn.send_query(b"SELECT pg_advisory_xact_lock(2)")
            try:
                other.execute("SELECT pg_advisory_xact_lock(1)")
            finally:
                finish(one)

    with repeated(once):
        yield


@leads_to(told("PostgresRollbackRatioHigh", datname=SHOP))
def most_transactions_are_rolled_back(site: Installation) -> Iterator[None]:
    with site.session("main", "clerk") as session:

        def some() -> None:
            for _ in range(20):
                session.execute("BEGIN")
                session.execute("SELECT FROM carts")  # the server counts none of a session that reads nothing
                session.execute("ROLLBACK")

        with repeated(some):
            yield


@leads_to(told("PostgresTempFilesHigh", datname=SHOP))
def sorts_spill_to_disk(site: Installation) -> Iterator[None]:
    with site.session("main", "clerk") as session:
        session.execute("SET work_mem = '64kB'")
        sort = (
            "SELECT count(*) FROM (SELECT md5(i::text) FROM generate_series(1, 10000) AS i ORDER BY 1) AS s"
        )
        with repeated(lambda: session.execute(sort), 0.5):
            yield
