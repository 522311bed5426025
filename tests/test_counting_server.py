"""Rules of the statements that count tokens, on a real server, against counts written independently here."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import cast

import psycopg
import pytest

from exporter.counting import (
    TID_RANGE,
    Draw,
    Leaf,
    Method,
    Moment,
    Plan,
    TimeType,
    TokenSource,
    Turn,
    leaves,
)
from exporter.counting_sql import leaves_statement, statement
from exporter.derive.token_memory import Memory
from exporter.model import Rows
from servers import Server
from token_tables import NOW, WHOLE, Counted, Fill, ask, fill_table, sample, truth_of_table


@pytest.fixture
def fill(a_server: Server, database: str) -> Fill:
    """Makes the table with times stored in a type, and returns its source."""
    return partial(fill_table, a_server, database)


@pytest.mark.parametrize("time", TimeType)
def test_a_scan_counts_every_token_whatever_the_time_zone_and_the_type_of_time(
    a_server: Server, database: str, fill: Fill, time: TimeType
) -> None:
    found = Counted(ask(a_server, database, fill(time), WHOLE))
    assert found.counts == truth_of_table()
    assert set(found.half_widths.values()) == {0}
    assert set(found.methods.values()) == {"scan"}


@pytest.mark.parametrize("by_tid", [True, False])
def test_a_sample_of_all_blocks_is_exact(
    a_server: Server, database: str, fill: Fill, *, by_tid: bool
) -> None:
    source = replace(fill(), lifetimes={})
    found = Counted(ask(a_server, database, source, sample(10**6, by_tid=by_tid)))
    assert found.counts == truth_of_table()
    assert set(found.half_widths.values()) == {0}


@pytest.mark.parametrize("by_tid", [True, False])
def test_the_interval_of_a_sample_holds_the_truth(
    a_server: Server, database: str, fill: Fill, *, by_tid: bool
) -> None:
    source, truth = fill(), truth_of_table()
    held = []
    for _run in range(12):
        found = Counted(ask(a_server, database, source, sample(120, by_tid=by_tid)))
        held += [abs(found.counts[cell] - truth[cell]) <= found.half_widths[cell] for cell in truth]
    assert sum(held) >= 0.85 * len(held)


@pytest.mark.parametrize("time", TimeType)
def test_an_index_that_is_read_in_turns_is_exact_when_each_had_its_own(
    a_server: Server, database: str, fill: Fill, time: TimeType
) -> None:
    source, truth = fill(time), truth_of_table()["access", "active"]
    a_server.execute("CREATE INDEX ON public.tokens (expires)", database)
    memory: object | None = None
    off = []
    for number in range(3):
        turn = Turn(number, 3, since=1767225600.0 if number else None, lives=(3_600,))
        rows = ask(a_server, database, source, replace(sample(100, share=0.5), turn=turn))
        # As if the server had counted; before 15 its counters come late.
        found = Counted(replace(rows, rows=_inserted(rows, 20_000)), memory)
        memory = found.memory
        off.append(abs(found.counts["access", "active"] - truth))
        assert off[-1] <= max(0.5, found.half_widths["access", "active"])
    assert off[-1] == pytest.approx(0)
    assert found.half_widths["access", "active"] == pytest.approx(0)


@pytest.mark.parametrize("by_tid", [True, False])
def test_blocks_that_a_purge_emptied_are_not_taken_for_full_ones(
    a_server: Server, database: str, fill: Fill, *, by_tid: bool
) -> None:
    source = fill()
    a_server.execute("DELETE FROM public.tokens WHERE id <= 12000", database)
    a_server.execute("VACUUM public.tokens", database)
    totals = [
        sum(Counted(ask(a_server, database, source, sample(200, by_tid=by_tid))).counts.values())
        for _run in range(8)
    ]
    assert sum(totals) / len(totals) == pytest.approx(8_000, rel=0.1)


@pytest.mark.parametrize("time", TimeType)
def test_an_index_on_the_expiry_gives_the_live_short_lived_tokens_exactly(
    a_server: Server, database: str, fill: Fill, time: TimeType
) -> None:
    source = fill(time)
    a_server.execute("CREATE INDEX ON public.tokens (expires)", database)
    found = Counted(ask(a_server, database, source, sample(100, share=1.0)))
    assert found.counts["access", "active"] == truth_of_table()["access", "active"]
    assert found.half_widths["access", "active"] == 0
    assert found.methods["access", "active"] == "index"


def test_a_part_of_an_index_gives_an_estimate_that_says_so(
    a_server: Server, database: str, fill: Fill
) -> None:
    source = fill()
    a_server.execute("CREATE INDEX ON public.tokens (expires)", database)
    found = Counted(ask(a_server, database, source, sample(100, share=0.5)))
    truth = truth_of_table()["access", "active"]
    assert 0 < found.half_widths["access", "active"] < truth / 2
    assert found.counts["access", "active"] == pytest.approx(truth, rel=0.3)


def test_the_end_of_a_table_in_order_of_issue_gives_them_exactly_without_an_index(
    a_server: Server, database: str, fill: Fill
) -> None:
    if a_server.major < TID_RANGE:
        pytest.skip("no TID range scan before PostgreSQL 14")
    found = Counted(ask(a_server, database, fill(), sample(50, tail=True)))
    assert found.counts["access", "active"] == truth_of_table()["access", "active"]
    assert found.half_widths["access", "active"] == 0
    assert found.methods["access", "active"] == "tail"
    assert found.methods["refresh", "active"] == "sample"


def _inserted(rows: Rows, number: int) -> list[tuple[object, ...]]:
    """Return the rows of an answer with that number in place of the counter of inserted rows."""
    return [
        (*row[:4], [number, *cast("list[int]", row[4])[1:]], row[5]) if row[0] == "facts" else row
        for row in rows.rows
    ]


def test_arrivals_give_them_where_neither_an_index_nor_the_order_helps(
    a_server: Server, database: str, fill: Fill
) -> None:
    source = fill()
    first = ask(a_server, database, source, sample(40), f"{NOW} - interval '1 h'")
    second = ask(a_server, database, source, sample(40))
    # As if the server had counted in that hour what was issued in it; before 15 its counters come late.
    first = replace(first, rows=_inserted(first, 19_640))
    second = replace(second, rows=_inserted(second, 20_000))
    found = Counted(second, Counted(first).memory)
    assert found.methods["access", "active"] == "rate"
    assert found.counts["access", "active"] == pytest.approx(truth_of_table()["access", "active"], rel=0.1)


def test_a_token_without_an_expiry_is_active_and_one_of_no_known_kind_is_of_the_last(
    a_server: Server, database: str, fill: Fill
) -> None:
    source, truth = fill(), truth_of_table()
    a_server.execute(
        "INSERT INTO public.tokens (kind, revoked, used) VALUES (NULL, false, false), ('id', true, true)",
        database,
    )
    for plan in (WHOLE, sample(10**6)):
        counts = Counted(ask(a_server, database, source, plan)).counts
        assert counts["refresh", "active"] == truth["refresh", "active"] + 1
        assert counts["refresh", "revoked"] == truth["refresh", "revoked"] + 1


def test_a_state_that_the_schema_cannot_show_is_absent(a_server: Server, database: str, fill: Fill) -> None:
    counts = Counted(ask(a_server, database, replace(fill(), used=None), WHOLE)).counts
    assert {state for _, state in counts} == {"active", "expired", "revoked"}
    assert sum(counts.values()) == 20_000


@pytest.mark.parametrize("time", TimeType)
def test_the_longest_life_of_each_kind_is_seen_in_what_is_recent_or_live(
    a_server: Server, database: str, fill: Fill, time: TimeType
) -> None:
    source = replace(fill(time), lifetimes={})
    a_server.execute("UPDATE public.tokens SET issued = expires WHERE id < 1000", database)
    for plan in (WHOLE, sample(400)):
        memory = Counted(ask(a_server, database, source, plan)).memory
        assert isinstance(memory, Memory)
        lives = {kind: seconds for kind, (seconds, _) in memory.lifetimes.items()}
        assert lives == {"access": 3_600, "refresh": 30 * 3_600}


def test_a_token_that_never_expires_is_not_taken_for_a_short_lived_one(
    a_server: Server, database: str, fill: Fill
) -> None:
    source = replace(fill(), lifetimes={})
    a_server.execute("UPDATE public.tokens SET expires = NULL WHERE id = 19996", database)
    a_server.execute("UPDATE public.tokens SET expires = 'infinity' WHERE id = 19995", database)
    memory = Counted(ask(a_server, database, source, WHOLE)).memory
    assert isinstance(memory, Memory)
    assert all(seconds > 10**9 for seconds, _ in memory.lifetimes.values())


def test_a_constant_kind_counts_all(a_server: Server, database: str, fill: Fill) -> None:
    source = replace(fill(), kind="'access'", kinds=("access",))
    counts = Counted(ask(a_server, database, source, sample(10**6))).counts
    assert sum(counts.values()) == 20_000
    assert {kind for kind, _ in counts} == {"access"}


def test_partitions_are_counted_together(a_server: Server, database: str, fill: Fill) -> None:
    source = fill()
    a_server.execute(
        """
        ALTER TABLE public.tokens RENAME TO old;
        CREATE TABLE public.tokens (LIKE public.old) PARTITION BY RANGE (id);
        CREATE TABLE public."Tokens 1" PARTITION OF public.tokens FOR VALUES FROM (0) TO (9000);
        CREATE TABLE public."Tokens 2" PARTITION OF public.tokens FOR VALUES FROM (9000) TO (20001);
        INSERT INTO public.tokens SELECT * FROM public.old;
        ANALYZE public.tokens
        """,
        database,
    )
    names = ('public."Tokens 1"', 'public."Tokens 2"')
    draws = tuple(Draw(name, 10**6, tail=False) for name in names)
    for plan in (
        WHOLE,
        Plan(Method.SAMPLE, "", 300.0, draws),
        Plan(Method.SAMPLE, "", 300.0, draws, by_tid=False),
    ):
        assert Counted(ask(a_server, database, source, plan)).counts == truth_of_table()


def test_facts_about_partitions_and_indexes_are_found(a_server: Server, database: str) -> None:
    a_server.execute(
        """
        CREATE TABLE public.tokens (id int, expires timestamp, revoked bool) PARTITION BY RANGE (id);
        CREATE TABLE public."A" PARTITION OF public.tokens FOR VALUES FROM (0) TO (10);
        CREATE TABLE public.b PARTITION OF public.tokens FOR VALUES FROM (10) TO (20);
        CREATE INDEX ON public."A" (expires) WHERE NOT revoked;
        CREATE INDEX ON public.b (expires);
        CREATE INDEX ON public.b (id, expires);
        CREATE INDEX ON public.b USING hash (revoked)
        """,
        database,
    )
    source = TokenSource("public.tokens", "'x'", Moment("expires", TimeType.NAIVE_UTC, "expires"))

    def found(source: TokenSource) -> dict[str, frozenset[str]]:
        rows = a_server.execute(leaves_statement(source), database)
        return {leaf.relation: leaf.leading for leaf in leaves(Rows((), rows))}

    assert found(source) == {'public."A"': frozenset(), "public.b": frozenset({"expires", "id"})}
    source = replace(source, index_conditions=("(NOT revoked)",))
    assert found(source)['public."A"'] == {"expires"}


def test_a_sample_touches_the_blocks_it_was_told_to_and_no_more(
    a_server: Server, database: str, fill: Fill
) -> None:
    if a_server.major < TID_RANGE:
        pytest.skip("no TID range scan before PostgreSQL 14")
    source = fill()
    sql = statement(source, sample(100, tail=True), (Leaf("public.tokens", 0, 0.0),), NOW)
    explain = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {sql}"
    a_server.execute(explain, database)  # fills the caches of the catalogue
    [(plan,)] = a_server.execute(explain, database)
    root = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]  # type: ignore[index] # JSON
    # Some 770 blocks: the last 512, and 128 of those before.
    assert root["Shared Hit Blocks"] + root["Shared Read Blocks"] == pytest.approx(512 + 128, abs=5)


def test_a_role_that_cannot_read_a_token_can_count_them(a_server: Server, database: str, fill: Fill) -> None:
    source = fill()
    a_server.monitor_dsn()
    a_server.execute(
        "GRANT SELECT (ctid, kind, issued, expires, revoked, used) ON public.tokens TO monitor", database
    )
    with psycopg.connect(a_server.monitor_dsn(database), autocommit=True) as connection:
        for plan in (WHOLE, sample(50), sample(50, by_tid=False), sample(50, share=0.5)):
            sql = statement(source, plan, (Leaf("public.tokens", 0, 0.0),), NOW)
            assert connection.execute(sql.encode()).fetchall()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("SELECT secret FROM public.tokens LIMIT 1")
