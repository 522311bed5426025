"""What the shipped queries say about publications, subscriptions and decoding is what flowed through them."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from pairs import Pair, wait
from servers import Server
from shipped import ask, fresh_database

_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Flow:
    """A subscription from one database of a server to another; both have a table `t (a int PRIMARY KEY)`."""

    server: Server
    source: str
    sink: str
    name: str

    @property
    def labels(self) -> dict[str, str]:
        return {"datname": self.sink, "subname": self.name}


@pytest.fixture
def flow(pair: Pair) -> Iterator[Flow]:
    server, name = pair.primary, f"sub_{secrets.token_hex(4)}"
    # Before 15 a new database is a checkpoint, after which WAL may go that the standby still needs.
    pair.standby.catch_up()
    with fresh_database(server) as source, fresh_database(server) as sink:
        server.execute("CREATE TABLE t (a int PRIMARY KEY)", source)
        server.execute("CREATE TABLE t (a int PRIMARY KEY)", sink)
        server.execute("CREATE PUBLICATION all_of_it FOR TABLE t", source)
        # A subscription to a database of the same server would wait for itself if it made its slot.
        server.execute(f"SELECT pg_create_logical_replication_slot('{name}', 'pgoutput')", source)
        server.execute(
            f"CREATE SUBSCRIPTION {name} CONNECTION '{server.dsn(source)}' PUBLICATION all_of_it"
            f" WITH (create_slot = false, slot_name = '{name}')",
            sink,
        )
        try:
            wait(server, "bool_and(srsubstate = 'r') FROM pg_subscription_rel", sink)
            yield Flow(server, source, sink, name)
        finally:
            server.execute(f"ALTER SUBSCRIPTION {name} DISABLE", sink)
            server.execute(f"ALTER SUBSCRIPTION {name} SET (slot_name = NONE)", sink)
            server.execute(f"DROP SUBSCRIPTION {name}", sink)
            wait(server, f"NOT active FROM pg_replication_slots WHERE slot_name = '{name}'")
            server.execute(f"SELECT pg_drop_replication_slot('{name}')", source)


def test_a_subscription_that_works_is_up_with_its_tables_ready_and_its_publisher_knows_it(flow: Flow) -> None:
    server = flow.server
    server.execute("INSERT INTO t VALUES (1)", flow.source)
    wait(server, "count(*) = 1 FROM t", flow.sink)
    answer = ask("stat_subscription", server)
    assert answer.value("pg_subscription_enabled", **flow.labels) == 1
    assert answer.value("pg_stat_subscription_up", **flow.labels) == 1
    assert answer.value("pg_stat_subscription_sync_workers", **flow.labels) == 0
    assert 0 <= (answer.value("pg_stat_subscription_last_msg_age_seconds", **flow.labels) or -1) < 60
    assert (answer.value("pg_stat_subscription_received_lsn_bytes_total", **flow.labels) or 0) > 0
    relations = ask("subscription_relations", server, flow.sink)
    assert relations.value("pg_subscription_relations", subname=flow.name, state="ready") == 1
    assert (ask("replication_origins", server).value("pg_replication_origins") or 0) >= 1
    _assert_publisher_knows(flow)


def _assert_publisher_knows(flow: Flow) -> None:
    """On the publisher's side a subscription is a receiver with a slot."""
    labels = {"application_name": flow.name, "slot_name": flow.name}
    assert ask("replication_senders", flow.server).value("pg_stat_replication_senders", **labels) == 1
    answer = ask("stat_replication", flow.server)
    assert answer.value("pg_stat_replication_lag_bytes", stage="replay", **labels) is not None
    slots = ask("replication_slots", flow.server)
    assert slots.value("pg_replication_slots_active", slot_name=flow.name, database=flow.source) == 1


def test_a_subscription_that_is_disabled_is_neither_enabled_nor_up(flow: Flow) -> None:
    flow.server.execute(f"ALTER SUBSCRIPTION {flow.name} DISABLE", flow.sink)
    wait(flow.server, f"pid IS NULL FROM pg_stat_subscription WHERE subname = '{flow.name}'")
    answer = ask("stat_subscription", flow.server)
    assert answer.value("pg_subscription_enabled", **flow.labels) == 0
    assert answer.value("pg_stat_subscription_up", **flow.labels) == 0
    assert answer.value("pg_stat_subscription_last_msg_age_seconds", **flow.labels) is None


def test_a_change_that_cannot_be_applied_counts_as_an_error_each_time(flow: Flow) -> None:
    if flow.server.major < 15:
        pytest.skip("errors are counted since 15")
    flow.server.execute("INSERT INTO t VALUES (7)", flow.sink)
    flow.server.execute("INSERT INTO t VALUES (7)", flow.source)
    errors = f"apply_error_count >= 2 FROM pg_stat_subscription_stats WHERE subname = '{flow.name}'"
    wait(flow.server, errors)
    answer = ask("subscription_errors", flow.server)
    assert (answer.value("pg_stat_subscription_apply_errors_total", **flow.labels) or 0) >= 2
    assert answer.value("pg_stat_subscription_sync_errors_total", **flow.labels) == 0
    conflicts = answer.value("pg_stat_subscription_conflicts_insert_exists_total", **flow.labels)
    assert (conflicts is None) == (flow.server.major < 18)
    assert conflicts is None or conflicts >= 1


def test_a_transaction_larger_than_the_memory_for_decoding_spills_or_is_streamed(flow: Flow) -> None:
    if flow.server.major < 14:
        pytest.skip("decoding is counted since 14")
    flow.server.execute(f"INSERT INTO t SELECT generate_series(1, {_ROWS})", flow.source)
    wait(flow.server, f"count(*) = {_ROWS} FROM t", flow.sink)
    slot = f"FROM pg_stat_replication_slots WHERE slot_name = '{flow.name}'"
    wait(flow.server, f"spill_txns + stream_txns > 0 AND total_bytes > 100000 {slot}")
    answer = ask("stat_replication_slots", flow.server)
    moved = [
        answer.value(f"pg_stat_replication_slots_{way}_bytes_total", slot_name=flow.name) or 0
        for way in ("spill", "stream")
    ]
    assert sum(moved) > 100_000
    assert (answer.value("pg_stat_replication_slots_bytes_total", slot_name=flow.name) or 0) > 100_000
    assert (answer.value("pg_stat_replication_slots_txns_total", slot_name=flow.name) or 0) >= 1


def test_publications_have_the_tables_that_the_server_would_list(pair: Pair) -> None:
    """A name in quotes, a partitioned table and its partition, and an unlogged one that none publishes."""
    server = pair.primary
    with fresh_database(server) as name:
        server.execute(
            """
            CREATE TABLE "it's ""one"" Ö" (a int);
            CREATE TABLE two (a int);
            CREATE UNLOGGED TABLE three (a int);
            CREATE TABLE parts (a int) PARTITION BY LIST (a);
            CREATE TABLE part PARTITION OF parts FOR VALUES IN (1);
            CREATE PUBLICATION one FOR TABLE two;
            CREATE PUBLICATION leaves FOR ALL TABLES;
            CREATE PUBLICATION roots FOR ALL TABLES WITH (publish_via_partition_root);
            CREATE PUBLICATION "no tables";
            """,
            name,
        )
        if server.major >= 15:
            server.execute("CREATE PUBLICATION schema_too FOR TABLE two, TABLES IN SCHEMA public", name)
        listed = server.execute("SELECT pubname, count(*) FROM pg_publication_tables GROUP BY pubname", name)
        answer = ask("publications", server, name)
    expected = {str(publication): count for publication, count in listed}
    if server.major >= 15:
        expected["schema_too"] = 4  # as named: with the partitioned table and its partition
    assert {
        publication: answer.value("pg_publication_tables", pubname=publication) for publication in expected
    } == expected
    assert answer.value("pg_publication_tables", pubname="no tables") == 0
    assert expected["leaves"] == expected["roots"] == 3
