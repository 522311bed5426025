"""What the shipped queries say about I/O, WAL and checkpoints is what the server did."""

from __future__ import annotations

import pytest

from farm import Farm, NoServerError
from pairs import Pair, wait
from servers import Server
from shipped import QUERIES, ask, changed, fresh_database


def test_a_checkpoint_that_is_asked_for_is_counted_under_one_name_on_all_versions(server: Server) -> None:
    def requested() -> float:
        return ask("stat_checkpointer", server).value("pg_stat_checkpointer_num_requested_total") or 0

    before = requested()
    server.execute("CHECKPOINT")
    for _ in range(200):
        if requested() > before:
            break
    assert requested() > before


def test_after_a_checkpoint_a_crash_would_replay_next_to_nothing(server: Server) -> None:
    server.execute("CREATE TABLE redo AS SELECT generate_series(1, 20000); DROP TABLE redo")
    loaded = ask("control_checkpoint", server)
    server.execute("CHECKPOINT")
    fresh = ask("control_checkpoint", server)
    assert (loaded.value("pg_control_checkpoint_redo_bytes") or 0) > 500_000
    assert (fresh.value("pg_control_checkpoint_redo_bytes") or 0) < 100_000
    assert 0 <= (fresh.value("pg_control_checkpoint_age_seconds") or 0) < 10


def test_transactions_that_the_control_file_knows_are_those_that_were_begun(server: Server) -> None:
    server.execute("SELECT txid_current()")
    [(current,)] = server.execute("SELECT txid_current()")
    server.execute("CHECKPOINT")
    known = ask("control_checkpoint", server).value("pg_control_checkpoint_next_xid_total")
    assert isinstance(current, int)
    assert current < (known or 0) < current + 1000


def test_a_standby_is_on_its_primarys_timeline(server: Server, standby: Server) -> None:
    assert ask("control_checkpoint", server).value("pg_timeline") == 1
    assert ask("control_checkpoint", standby).value("pg_timeline") == 1


def test_a_promotion_is_a_new_timeline_at_once(farm: Farm, a_server: Server) -> None:
    """The control file knows of it only after the next checkpoint."""
    try:
        cluster = farm.create(a_server.major, "promoted")
        primary = cluster.start()
        other = farm.clone(cluster, "promoted-standby", primary)
    except NoServerError as error:
        pytest.skip(str(error))
    promoted = other.start()
    promoted.execute("SELECT pg_promote()")
    answers = [ask(name, promoted, dsn=promoted.dsn()) for name in ("control_checkpoint", "wal_position")]
    other.stop()
    cluster.stop()
    assert answers[0].value("pg_timeline") == 2
    assert (answers[1].value("pg_wal_lsn_bytes_total", position="insert") or 0) > 0


def test_the_position_in_the_wal_is_the_bytes_that_were_written(server: Server) -> None:
    [(before,)] = server.execute("SELECT pg_current_wal_flush_lsn() - '0/0'")
    answer = ask("wal_position", server)
    [(after,)] = server.execute("SELECT pg_current_wal_insert_lsn() - '0/0'")
    for position in ("insert", "write", "flush"):
        assert before <= answer.value("pg_wal_lsn_bytes_total", position=position) <= after  # type: ignore[operator]
    assert answer.values("pg_wal_lsn_bytes_total", position="replay") == []


def test_a_standby_has_the_positions_that_it_received_and_replayed_to(
    server: Server, standby: Server
) -> None:
    server.execute("CREATE TABLE moved AS SELECT 1 AS a; DROP TABLE moved")
    [(position,)] = server.execute("SELECT (pg_current_wal_flush_lsn() - '0/0')::int8")
    standby.catch_up()
    answer = ask("wal_position", standby)
    assert isinstance(position, int)
    assert (answer.value("pg_wal_lsn_bytes_total", position="replay") or 0) >= position
    assert (answer.value("pg_wal_lsn_bytes_total", position="receive") or 0) >= position
    assert answer.values("pg_wal_lsn_bytes_total", position="insert") == []


def test_segments_are_counted_with_their_size(server: Server) -> None:
    answer = ask("wal_directory", server)
    segments = answer.value("pg_wal_segments") or 0
    assert segments >= 1
    assert answer.value("pg_wal_size_bytes") == segments * 16 * 2**20


def test_generated_wal_is_counted_in_bytes_and_records(server: Server) -> None:
    if server.major < 14:
        pytest.skip("the view is new in 14")
    before = ask("stat_wal", server)
    server.execute("CREATE TABLE written AS SELECT generate_series(1, 20000); DROP TABLE written")
    for _ in range(200):
        after = ask("stat_wal", server)
        grown = _grown(before.value("pg_stat_wal_bytes_total"), after.value("pg_stat_wal_bytes_total"))
        if grown > 500_000:
            break
    assert grown > 500_000
    assert _grown(before.value("pg_stat_wal_records_total"), after.value("pg_stat_wal_records_total")) > 100
    assert _grown(before.value("pg_stat_wal_write_total"), after.value("pg_stat_wal_write_total")) > 0


def _grown(before: float | None, after: float | None) -> float:
    assert before is not None
    assert after is not None
    return after - before


def test_a_server_that_does_not_archive_says_nothing_of_it(server: Server, pair: Pair) -> None:
    """Nor does a standby whose primary does: it would only with "always"."""
    for subject in (server, pair.standby):
        assert ask("stat_archiver", subject).families == ()
        assert ask("archive_backlog", subject).families == ()


def test_an_archive_that_fails_shows_until_it_works_again(pair: Pair) -> None:
    """A file waits from the moment that it is full."""
    subject = pair.primary
    failed = ask("stat_archiver", subject).value("pg_stat_archiver_failed_total") or 0
    with changed(subject, "archive_command", "'false'"):
        subject.execute("SELECT pg_logical_emit_message(false, 'test', 'x'); SELECT pg_switch_wal()")
        wait(subject, f"failed_count > {failed} from pg_stat_archiver")
        broken, waiting = ask("stat_archiver", subject), ask("archive_backlog", subject)
    assert broken.value("pg_stat_archiver_failing") == 1
    assert waiting.value("pg_archiver_backlog_segments") == 1
    assert 0 <= (waiting.value("pg_archiver_backlog_age_seconds") or 0) < 60
    wait(subject, "last_archived_time > last_failed_time from pg_stat_archiver")
    mended, empty = ask("stat_archiver", subject), ask("archive_backlog", subject)
    assert mended.value("pg_stat_archiver_failing") == 0
    assert (mended.value("pg_stat_archiver_archived_total") or 0) >= 1
    assert 0 <= (mended.value("pg_stat_archiver_last_archive_age_seconds") or 0) < 60
    assert empty.value("pg_archiver_backlog_segments") == 0
    assert empty.value("pg_archiver_backlog_age_seconds") == 0


def test_reads_and_writes_are_counted_in_operations_and_bytes(server: Server) -> None:
    """The pages of a table that is made from a query are added by its client backend, in a ring."""
    if server.major < 16:
        pytest.skip("the view is new in 16")
    labels = {"backend_type": "client backend", "object": "relation", "context": "bulkwrite"}
    before = ask("stat_io", server)
    server.execute("CREATE TABLE bulk AS SELECT generate_series(1, 20000); CHECKPOINT; DROP TABLE bulk")
    for _ in range(200):
        after = ask("stat_io", server)
        if after.value("pg_stat_io_extends_total", **labels) != before.value(
            "pg_stat_io_extends_total", **labels
        ):
            break
    grown = [
        _grown(before.value(name, **labels) or 0, after.value(name, **labels))
        for name in ("pg_stat_io_extends_total", "pg_stat_io_extend_bytes_total")
    ]
    pages = 20_000 // 226 + 1
    assert 0 < grown[0] <= grown[1] / 8192
    assert pages <= grown[1] / 8192 <= pages + 64  # files grow by more than is needed at once
    assert after.values("pg_stat_io_hits_total", backend_type="checkpointer") == []


def test_what_processes_write_themselves_is_one_number_over_all_versions(server: Server) -> None:
    """The sum over pg_stat_io that stands in for it since 17 grows as what 16 still counts in both places."""
    if server.major != 16:
        pytest.skip("only 16 has both")
    sql = QUERIES["stat_bgwriter"].sql_for(17)
    assert sql is not None

    def both() -> tuple[float, float]:
        server.execute("CHECKPOINT")  # brings the old number up to date
        [(_, _, _, summed, *_)] = server.execute(sql)
        assert isinstance(summed, int)
        return ask("stat_bgwriter", server).value("pg_stat_bgwriter_buffers_backend_total") or 0, summed

    server.execute("CREATE TABLE written (a int)")
    before = both()
    server.execute("INSERT INTO written SELECT generate_series(1, 20000)")
    for _ in range(50):
        after = both()
        if after[1] - before[1] > 80:
            break
    server.execute("DROP TABLE written")
    assert after[0] - before[0] > 80
    # Between the two readings somebody else may write a block or two.
    assert after[0] - before[0] == pytest.approx(after[1] - before[1], abs=5)


def test_the_small_caches_have_the_same_names_on_all_versions(server: Server) -> None:
    """To see a row that a session just made, the next asks whether the transaction committed."""
    before = ask("stat_slru", server).value("pg_stat_slru_blks_hit_total", name="transaction") or 0
    server.execute("CREATE TABLE seen AS SELECT 1 AS a")
    server.execute("SELECT FROM seen")
    server.execute("DROP TABLE seen")
    for _ in range(500):
        answer = ask("stat_slru", server)
        if (answer.value("pg_stat_slru_blks_hit_total", name="transaction") or 0) > before:
            break
    assert (answer.value("pg_stat_slru_blks_hit_total", name="transaction") or 0) > before
    assert answer.values("pg_stat_slru_blks_hit_total", name="Xact") == []


def test_shared_memory_adds_up_to_what_the_server_asked_for(server: Server) -> None:
    if server.major < 15:
        pytest.skip("pg_monitor may read it since 15")
    [(total,)] = server.execute("SELECT sum(allocated_size)::int8 FROM pg_shmem_allocations")
    answer = ask("shmem_allocations", server)
    assert sum(answer.values("pg_shmem_allocated_bytes")) == total
    assert len(answer.values("pg_shmem_allocated_bytes")) == 12
    assert answer.values("pg_shmem_allocated_bytes", name="Buffer Blocks") != []


def test_all_shared_buffers_are_used_or_unused(server: Server) -> None:
    if server.major < 16:
        pytest.skip("the function is new in 16")
    if not server.execute("SELECT FROM pg_available_extensions WHERE name = 'pg_buffercache'"):
        pytest.skip("no pg_buffercache here")
    [(buffers,)] = server.execute("SELECT setting::int FROM pg_settings WHERE name = 'shared_buffers'")
    with fresh_database(server) as name:
        server.execute("CREATE EXTENSION pg_buffercache", name)
        answer = ask("buffercache_summary", server, name)
    used = answer.value("pg_buffercache_summary_buffers_used")
    unused = answer.value("pg_buffercache_summary_buffers_unused")
    assert used is not None
    assert unused is not None
    assert used > 0
    assert used + unused == buffers
