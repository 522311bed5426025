"""What the shipped queries say about standbys, lag and slots is what was done to them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from exporter.derive.wal_clock import wal_clock
from exporter.samples import families
from pairs import Pair, wait
from servers import Server
from shipped import QUERIES, Answer, ask, changed, connect, fresh_role, run

_LAG = "pg_replication_lag_seconds"
_SENT_LAG = "pg_stat_replication_lag_seconds"


class Watch:
    """One query run again and again, as the daemon does, with what it remembers."""

    def __init__(self, name: str, server: Server) -> None:
        self._query, self._dsn = QUERIES[name], server.monitor_dsn()
        self._state: object | None = None

    def look(self) -> Answer:
        with connect(self._dsn) as connection:
            rows, self._state = wal_clock(run(connection, self._query), self._state, 0.0)
        return Answer(families(self._query, rows, "test", None).families)


def _write(pair: Pair) -> None:
    pair.primary.execute("CREATE TABLE load AS SELECT generate_series(1, 5000) AS a; DROP TABLE load")


def _write_and_wait(pair: Pair) -> None:
    """Write on the primary and wait until the standby, which replays nothing, knows that."""
    [(before,)] = pair.standby.execute("SELECT pg_last_wal_replay_lsn()")
    _write(pair)
    pair.wait(f"latest_end_lsn > '{before}' FROM pg_stat_wal_receiver")


def test_a_standby_of_an_idle_primary_is_not_late_while_its_last_transaction_grows_old(pair: Pair) -> None:
    _write(pair)
    pair.standby.catch_up()
    watch = Watch("standby_lag", pair.standby)
    first, second = watch.look(), watch.look()
    ages = [answer.value("pg_replication_last_replay_seconds") or 0 for answer in (first, second)]
    assert 0 < ages[0] < ages[1]
    assert first.value(_LAG) == second.value(_LAG) == 0
    assert second.value("pg_replication_lag_bytes") == 0
    assert second.value("pg_replication_replay_paused") == 0


def test_a_paused_standby_is_late_by_the_time_since_and_not_by_the_idle_time_before(pair: Pair) -> None:
    pair.standby.catch_up()
    watch = Watch("standby_lag", pair.standby)
    watch.look()
    with pair.paused():
        began = time.monotonic()
        assert watch.look().value(_LAG) == 0
        _write_and_wait(pair)
        first, second = watch.look(), watch.look()
        elapsed = time.monotonic() - began
    after = watch.look()
    assert first.value("pg_replication_replay_paused") == 1
    assert (first.value("pg_replication_lag_bytes") or 0) > 100_000
    assert 0 < (first.value(_LAG) or 0) < (second.value(_LAG) or 0) <= elapsed
    assert (after.value(_LAG), after.value("pg_replication_replay_paused")) == (0, 0)


def test_a_standby_without_contact_grows_late_from_the_last_contact_on(pair: Pair) -> None:
    """All that it received it has replayed, for which the usual formula says 0; the primary goes on."""
    dsn = pair.standby.monitor_dsn()
    watch, newcomer = Watch("standby_lag", pair.standby), Watch("standby_lag", pair.standby)
    began = time.monotonic()
    assert watch.look().value(_LAG) == 0
    with pair.cut():
        _write(pair)
        first, second = watch.look(), watch.look()
        elapsed = time.monotonic() - began
        new = newcomer.look()
        gone = ask("wal_receiver", pair.standby, dsn=dsn)
        assert ask("wal_receiver_info", pair.standby, dsn=dsn).families == ()
        assert pair.standby.execute("SELECT pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn()") == [
            (True,)
        ]
    assert 0 < (first.value(_LAG) or 0) < (second.value(_LAG) or 0) <= elapsed
    assert second.value("pg_replication_lag_bytes") is None
    assert new.value(_LAG) == new.value("pg_replication_last_replay_seconds") != 0
    assert gone.value("pg_stat_wal_receiver_up") == 0
    assert gone.value("pg_stat_wal_receiver_last_msg_age_seconds") is None
    assert watch.look().value(_LAG) == 0


def test_the_receiver_tells_whom_it_receives_from_and_since_when_it_heard_nothing(pair: Pair) -> None:
    _write(pair)
    pair.standby.catch_up()
    answer = ask("wal_receiver", pair.standby)
    assert answer.value("pg_stat_wal_receiver_up") == 1
    assert 0 <= (answer.value("pg_stat_wal_receiver_last_msg_age_seconds") or -1) < 20
    assert answer.value("pg_stat_wal_receiver_flush_lag_bytes") == 0
    assert answer.value("pg_stat_wal_receiver_received_timeline") == 1
    assert ask("wal_receiver_info", pair.standby).value("pg_stat_wal_receiver_info", status="streaming") == 1


def test_who_may_not_see_a_connection_is_told_nothing_instead_of_that_it_is_down(pair: Pair) -> None:
    """On either side of it."""
    queries = (
        (pair.standby, ("standby_lag", "wal_receiver", "wal_receiver_info")),
        (pair.primary, ("stat_replication", "replication_senders")),
    )
    with fresh_role(pair.primary) as (role, password):
        pair.standby.catch_up()
        for server, names in queries:
            dsn = server.dsn(user=role, password=password)
            assert [ask(name, server, dsn=dsn).families for name in names] == [()] * len(names)


def test_the_primary_sees_at_which_stage_a_standby_is_late(pair: Pair) -> None:
    """Of a paused standby some releases go on saying how late it was before."""
    pair.standby.catch_up()
    watch = Watch("stat_replication", pair.primary)
    watch.look()
    with pair.paused():
        began = time.monotonic()
        watch.look()
        _write_and_wait(pair)
        pair.wait("replay_lsn < flush_lsn FROM pg_stat_replication", on_primary=True)
        watch.look()
        late = watch.look()
        elapsed = time.monotonic() - began
    pair.wait("replay_lsn = pg_current_wal_lsn() FROM pg_stat_replication", on_primary=True)
    after = watch.look()
    assert (late.value("pg_stat_replication_lag_bytes", stage="replay") or 0) > 100_000
    assert 0 < (late.value(_SENT_LAG, stage="replay") or 0) <= elapsed
    assert late.value("pg_stat_replication_lag_bytes", stage="sent") == 0
    assert late.value(_SENT_LAG, stage="sent") == 0
    stages = ("flush", "replay", "sent", "write")
    assert [after.value(_SENT_LAG, stage=stage) for stage in stages] == [0, 0, 0, 0]
    assert [after.value("pg_stat_replication_lag_bytes", stage=stage) for stage in stages] == [0, 0, 0, 0]


def test_a_standby_is_counted_by_its_state_and_gone_without_contact(pair: Pair) -> None:
    labels = {"application_name": "walreceiver", "state": "streaming", "sync_state": "async"}
    there = ask("replication_senders", pair.primary)
    with pair.cut():
        pair.wait("NOT EXISTS (SELECT FROM pg_stat_replication)", on_primary=True)
        gone = ask("replication_senders", pair.primary)
    assert there.value("pg_stat_replication_senders", **labels) == 1
    assert 0 <= (there.value("pg_stat_replication_reply_age_seconds", **labels) or -1) < 20
    assert gone.families == ()


@pytest.mark.parametrize(
    ("names", "wanted", "connected"),
    [
        ("walreceiver", 1, 1),
        ("2 (walreceiver, other)", 2, 1),
        ("any 12(other)", 12, 0),
    ],
)
def test_synchronous_standbys_are_those_wanted_and_those_there(
    pair: Pair, names: str, wanted: int, connected: int
) -> None:
    """With fewer than wanted every commit hangs, so nothing may be written meanwhile."""
    dsn = pair.primary.monitor_dsn()
    with changed(pair.primary, "synchronous_standby_names", f"'{names}'"):
        pair.wait(f"current_setting('synchronous_standby_names') = '{names}'", on_primary=True)
        for _ in range(500):
            answer = ask("synchronous_standbys", pair.primary, dsn=dsn)
            if answer.value("pg_synchronous_standbys_connected") == connected:
                break
    assert answer.value("pg_synchronous_standbys_wanted") == wanted
    assert answer.value("pg_synchronous_standbys_connected") == connected


@contextmanager
def _slot(server: Server, name: str, made_by: str) -> Iterator[None]:
    server.execute(f"SELECT {made_by}")
    try:
        yield
    finally:
        server.execute(f"SELECT pg_drop_replication_slot('{name}')")


def test_a_slot_that_nobody_reads_retains_what_is_written(pair: Pair) -> None:
    with _slot(pair.primary, "kept", "pg_create_physical_replication_slot('kept', true)"):
        before = ask("replication_slots", pair.primary)
        _write(pair)
        after = ask("replication_slots", pair.primary)
        info = ask("replication_slots_info", pair.primary)
    grown = [a.value("pg_replication_slots_retained_bytes", slot_name="kept") for a in (before, after)]
    assert grown[0] is not None
    assert (grown[1] or 0) > grown[0] + 100_000
    assert after.value("pg_replication_slots_active", slot_name="kept", slot_type="physical") == 0
    assert after.value("pg_replication_slots_invalidated", slot_name="kept") == 0
    assert after.values("pg_replication_slots_safe_wal_size_bytes") == []
    labels = {"slot_name": "kept", "wal_status": "reserved", "temporary": "false"}
    assert info.value("pg_replication_slots_info", **labels) == 1
    since = after.value("pg_replication_slots_inactive_since_timestamp_seconds", slot_name="kept")
    assert (since is None) == (pair.primary.major < 17)
    assert since is None or abs(time.time() - since) < 60


def test_a_slot_that_was_never_used_retains_nothing(pair: Pair) -> None:
    with _slot(pair.primary, "new", "pg_create_physical_replication_slot('new')"):
        answer = ask("replication_slots", pair.primary)
    assert answer.value("pg_replication_slots_retained_bytes", slot_name="new") is None
    assert answer.value("pg_replication_slots_active", slot_name="new") == 0


def test_a_slot_that_falls_behind_the_limit_is_lost(pair: Pair) -> None:
    """First it is said how much may still be written; then it is lost, and retains nothing any more."""
    made = "pg_create_physical_replication_slot('doomed', true)"
    pair.primary.execute("CHECKPOINT")  # a new slot keeps what was written since the last one
    with _slot(pair.primary, "doomed", made), changed(pair.primary, "max_slot_wal_keep_size", "'16MB'"):
        pair.wait("safe_wal_size IS NOT NULL FROM pg_replication_slots", on_primary=True)
        before = ask("replication_slots", pair.primary)
        for _ in range(4):
            pair.primary.execute("SELECT pg_logical_emit_message(false, 'test', 'x')")
            pair.primary.execute("SELECT pg_switch_wal()")
        # The standby has no slot: what it has not received yet must not go.
        pair.standby.catch_up()
        pair.primary.execute("CHECKPOINT")
        after = ask("replication_slots", pair.primary)
        info = ask("replication_slots_info", pair.primary)
    assert (before.value("pg_replication_slots_safe_wal_size_bytes", slot_name="doomed") or 0) > 0
    assert before.value("pg_replication_slots_invalidated", slot_name="doomed") == 0
    assert after.value("pg_replication_slots_invalidated", slot_name="doomed") == 1
    assert after.value("pg_replication_slots_retained_bytes", slot_name="doomed") is None
    reason = "wal_removed" if pair.primary.major >= 17 else ""
    labels = {"slot_name": "doomed", "wal_status": "lost", "invalidation_reason": reason}
    assert info.value("pg_replication_slots_info", **labels) == 1


def test_a_logical_slot_holds_back_the_catalogues_and_tells_what_is_unconfirmed(pair: Pair) -> None:
    made = "pg_create_logical_replication_slot('decoded', 'pgoutput')"
    with _slot(pair.primary, "decoded", made):
        _write(pair)
        answer = ask("replication_slots", pair.primary)
        info = ask("replication_slots_info", pair.primary)
    labels = {"slot_name": "decoded", "slot_type": "logical", "database": "postgres"}
    assert (answer.value("pg_replication_slots_confirmed_flush_lag_bytes", **labels) or 0) > 100_000
    assert (answer.value("pg_replication_slots_catalog_xmin_age", **labels) or 0) >= 1
    assert answer.value("pg_replication_slots_xmin_age", **labels) is None
    assert info.value("pg_replication_slots_info", plugin="pgoutput", **labels) == 1


def test_a_standbys_query_that_holds_back_vacuum_shows_on_the_primary(pair: Pair) -> None:
    """With hot_standby_feedback; without a query there is no age, or a small one."""
    with connect(pair.standby.dsn()) as session:
        session.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        session.execute("SELECT 1 FROM pg_class")
        pair.wait("backend_xmin IS NOT NULL FROM pg_stat_replication", on_primary=True)
        for _ in range(5):
            pair.primary.execute("SELECT txid_current()")
        held = ask("replication_senders", pair.primary)
    assert (held.value("pg_stat_replication_backend_xmin_age", state="streaming") or 0) >= 5


def test_wait_gives_up_on_what_never_comes_true(a_server: Server) -> None:
    with pytest.raises(TimeoutError, match="never came true"):
        wait(a_server, "false", timeout=0.05)
