"""Rules about what `doctor` says of token stores: what was found, how it is counted, what would help."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from commands import command, load
from exporter import doctor
from exporter.counting import SCAN_AT_ALL, SCAN_EVERY_MINUTE, Leaf, Moment, TimeType, TokenSource
from exporter.doctor import Diagnosis, as_json, as_text, examine
from exporter.findings import Facts, Finding, Level, StoreFacts, TokenTable
from exporter.model import JobKey, Needs, Skip, SkipReason
from exporter.profile import Unobservable
from exporter.profile_files import load as load_profiles
from exporter.profile_files import shipped_directory
from exporter.recognise import located
from exporter.token_store import TokenStore
from health import TOKENS_QUERY, WELL
from servers import Server
from shipped import TOKENS, grant_columns

SEED = located(load_profiles([shipped_directory()])["seed"], "public")
STORE = TokenStore(SEED, "public", "seed fits")
SOURCE = TokenSource(
    "public.tokens",
    "kind",
    Moment("expires_at", TimeType.TZ, "expires_at"),
    issued=Moment("created_at", TimeType.TZ, "created_at"),
)
COUNTED = replace(TOKENS_QUERY, reads=(Needs(relation="public.tokens", max_pages=SCAN_EVERY_MINUTE),))
ESTIMATED = replace(TOKENS_QUERY, every=300.0, reads=(), estimated=True)
ISSUED = replace(TOKENS_QUERY, name="tokens_issued", needs=Needs(max_pages=SCAN_EVERY_MINUTE))
ISSUED_KEY = JobKey("tokens_issued", "main", "app")
TOO_LARGE = {ISSUED_KEY: Skip(SkipReason.SIZE, "too large")}


def leaf(pages: int = 266_928, rows: float = 5e6, *leading: str, **changes: object) -> Leaf:
    made = Leaf("public.tokens", pages, rows, leading=frozenset(leading))
    return replace(made, **changes)  # type: ignore[arg-type]  # a test knows the fields of a leaf


def store(*leaves: Leaf, source: TokenSource | None = SOURCE, **changes: object) -> Facts:
    """Return a target whose one store is estimated and has these relations behind its tokens."""
    pages = sum(each.pages for each in leaves)
    table = TokenTable("tokens.tokens", "public.tokens", pages, source, leaves)
    found = StoreFacts(STORE, tables=(table,), counted=ESTIMATED)
    return replace(WELL, stores={"app": replace(found, **changes)})  # type: ignore[arg-type]  # as above


def said(facts: Facts, check: str) -> list[Finding]:
    return [one for one in examine(facts) if one.check == check]


def only(facts: Facts, check: str) -> Finding:
    [finding] = said(facts, check)
    return finding


def test_a_recognised_store_is_named_with_its_schema() -> None:
    finding = only(store(leaf()), "token store")
    assert (finding.level, finding.summary) == (Level.OK, "app: profile seed in schema public")


@pytest.mark.parametrize(("alike", "count"), [(True, 1), (False, 0)])
def test_a_database_without_a_profile_matters_when_it_looks_like_it_had_one(alike: bool, count: int) -> None:
    unknown = StoreFacts(TokenStore(None, "", "saw tables oauth_things; nearest is seed"), is_alike=alike)
    findings = said(replace(WELL, stores={"app": unknown}), "token store")
    assert [one.level for one in findings] == [Level.INFO] * count
    assert all(one.detail == "Saw tables oauth_things; nearest is seed." for one in findings)


def test_a_table_that_is_read_in_full_needs_nothing() -> None:
    facts = store(leaf(8000, 1e5), counted=COUNTED)
    finding = only(facts, "counting")
    assert (finding.level, finding.summary) == (
        Level.OK,
        "public.tokens in app: 8000 pages are read in full every 1m, up to 8000 are",
    )
    assert said(facts, "index") == said(facts, "table statistics") == []


@pytest.mark.parametrize(("pages", "word"), [(SCAN_AT_ALL, "read in full"), (SCAN_AT_ALL + 1, "estimated")])
def test_the_way_of_counting_is_told_on_both_sides_of_the_limit(pages: int, word: str) -> None:
    facts = store(leaf(pages))
    assert f"{word} every 5m" in only(facts, "counting").summary
    assert len(said(facts, "index")) == (word == "estimated")


@pytest.mark.parametrize(
    ("one", "source", "words"),
    [
        (leaf(266_928, 5e6, "expires_at"), SOURCE, "by the index on the expiry"),
        (leaf(correlation=1.0), SOURCE, "end of the table"),
        (leaf(), replace(SOURCE, issued=None, lifetimes={"access": 3600}), "arrivals"),
        (leaf(), SOURCE, "arrivals"),
        (leaf(), replace(SOURCE, issued=None), "a sample tells little"),
    ],
)
def test_what_tells_of_tokens_that_live_shortly_is_said(one: Leaf, source: TokenSource, words: str) -> None:
    finding = only(store(one, source=source), "counting")
    assert words in finding.detail
    assert re.match(r"\d+ of 266928 pages are drawn", finding.detail)


def test_an_index_is_recommended_with_its_size_and_its_price_and_without_a_condition() -> None:
    finding = only(store(leaf()), "index")
    assert finding.level is Level.INFO
    assert finding.remedy == "CREATE INDEX CONCURRENTLY ON public.tokens (expires_at);"
    assert "105 to 143 MiB: 5000000 rows of 22 bytes when built, of up to 30 later" in finding.detail
    assert "69 % were HOT updates without such a one and 0 % with it" in finding.detail


def test_a_time_in_text_makes_a_larger_index() -> None:
    source = replace(SOURCE, expires=Moment("expires_at", TimeType.TEXT_ISO, "expires_at"))
    assert "234 to 372 MiB" in only(store(leaf(), source=source), "index").detail


def test_the_size_of_an_index_is_not_made_up_where_the_rows_are_unknown() -> None:
    assert "not known before ANALYZE" in only(store(leaf(rows=-1.0)), "index").detail


def test_an_expiry_that_is_computed_gets_no_index() -> None:
    source = replace(SOURCE, expires=Moment("(created_at + life)", TimeType.TZ))
    finding = only(store(leaf(), source=source), "index")
    assert (finding.level, finding.remedy) == (Level.INFO, "")
    assert "no index can make" in finding.summary


def test_a_name_is_quoted_where_it_has_to_be() -> None:
    source = replace(SOURCE, expires=Moment('"expiresAt"', TimeType.TZ, "expiresAt"))
    assert only(store(leaf(), source=source), "index").remedy.endswith('ON public.tokens ("expiresAt");')


def test_of_a_partitioned_table_each_partition_without_the_index_gets_one_before_the_whole() -> None:
    old = leaf(200_000, 4e6, "expires_at", relation="public.tokens_1")
    new = leaf(100_000, 2e6, relation="public.tokens_2")
    finding = only(store(old, new), "index")
    first, last = finding.remedy.splitlines()
    assert first == "CREATE INDEX CONCURRENTLY ON public.tokens_2 (expires_at);"
    assert last.startswith("CREATE INDEX ON public.tokens (expires_at);")
    assert "2000000 rows" in finding.detail


def test_of_many_partitions_only_the_first_are_written_out() -> None:
    parts = [leaf(10_000, 1e5, relation=f"public.tokens_{number}") for number in range(25)]
    lines = only(store(*parts), "index").remedy.splitlines()
    assert len(lines) == 22
    assert lines[-2] == "-- the same for 5 more partitions"


def issued(*leaves: Leaf, **changes: object) -> list[Finding]:
    facts = replace(store(*leaves), **changes)  # type: ignore[arg-type]  # a test knows the fields of facts
    facts = replace(facts, queries={**facts.queries, "tokens_issued": ISSUED})
    return [one for one in said(facts, "index") if "created_at" in one.summary]


def test_counting_issued_tokens_of_a_large_table_needs_an_index_on_the_time_of_issue() -> None:
    [finding] = issued(leaf(9000), skipped=TOO_LARGE)
    assert finding.remedy == "CREATE INDEX CONCURRENTLY ON public.tokens (created_at);"
    assert issued(leaf(9000), active={ISSUED_KEY}) == [finding]


def test_no_index_is_missed_on_a_small_table_or_where_issued_tokens_are_not_counted() -> None:
    assert issued(leaf(8000, 1e5), active={ISSUED_KEY}) == []
    assert issued(leaf(9000)) == []


def test_an_index_on_the_time_of_issue_is_told() -> None:
    [finding] = issued(leaf(9000, 1e5, "created_at"), skipped=TOO_LARGE)
    assert (finding.level, finding.remedy) == (Level.OK, "")


def test_text_in_the_order_of_letters_does_not_find_the_newest_rows() -> None:
    source = replace(SOURCE, issued=Moment("created_at", TimeType.TEXT_ISO, "created_at"))
    facts = replace(store(leaf(), source=source), skipped=TOO_LARGE, queries={"tokens_issued": ISSUED})
    assert not [one for one in said(facts, "index") if "created_at" in one.summary]


@pytest.mark.parametrize(
    ("one", "level", "words"),
    [
        (leaf(9000, -1.0), Level.WARN, "never analysed"),
        (leaf(9000, 0.0, changed=10), Level.WARN, "never analysed"),  # as before version 14
        (leaf(9000, 1e5, changed=20_001), Level.INFO, "up to 20 % changed"),
        (leaf(9000, 1e5, changed=20_000), Level.OK, "little changed"),
    ],
)
def test_statistics_that_are_missing_or_old_are_told_with_the_statement(
    one: Leaf, level: Level, words: str
) -> None:
    finding = only(store(one), "table statistics")
    assert (finding.level, words in finding.summary) == (level, True)
    assert finding.remedy == ("" if level is Level.OK else "ANALYZE public.tokens;")


def test_an_empty_partition_needs_no_statistics_and_a_table_of_unknown_size_does() -> None:
    full, empty = leaf(9000, 1e5, relation="public.a"), leaf(0, -1.0, relation="public.b")
    assert only(store(full, empty), "table statistics").level is Level.OK
    blank = TokenTable("tokens.tokens", "public.tokens", 9000, SOURCE, (leaf(0, -1.0),))
    assert only(store(tables=(blank,)), "table statistics").level is Level.WARN


def test_what_a_large_store_leaves_uncounted_is_told() -> None:
    finding = only(store(source=None), "counting")
    assert (finding.level, "tokens.tokens" in finding.summary) == (Level.WARN, True)


def test_a_table_that_the_catalogue_hides_is_told_with_the_reason() -> None:
    table = TokenTable("tokens.tokens", "auth.tokens", 9000, SOURCE, problem="permission denied")
    finding = only(store(tables=(table,)), "counting")
    assert (finding.level, "permission denied" in finding.summary) == (Level.INFO, True)


def test_what_cannot_be_seen_is_a_list_for_programs_and_a_number_for_people() -> None:
    blind = (Unobservable("codes.replay", "no trace"), Unobservable("tokens.refresh", "x", "tokens.refresh"))
    profile = replace(SEED, unobservable=blind)
    facts = store(leaf(9000), store=TokenStore(profile, "public", ""))
    diagnosis = Diagnosis(facts.target, facts, examine(facts))
    [people] = [line for line in as_text(diagnosis) if "unobservable" in line]
    assert people.endswith("app: 2 things that the profile seed cannot show, see docs/profiles.md")
    printed = json.loads(json.dumps(as_json(diagnosis)))["findings"]
    lines = [one for one in printed if one["check"] == "unobservable"]
    assert [one["summary"] for one in lines[1:]] == ["app: codes.replay: no trace", "app: tokens.refresh: x"]
    assert {one["level"] for one in lines} == {"info"}
    assert "tokens.refresh" in lines[-1]["detail"]
    assert set(lines[0]) == {"check", "level", "summary", "detail", "remedy"}


# A table that is as good as 512 MB: its statistics say so. An index that is created sets them right again.
FILL = """
INSERT INTO tokens (token_id, token_type, access_token, created_at, expires_at)
SELECT gen_random_uuid(), 'access', 'x', now(), now() + n * interval '1 second'
FROM generate_series(1, 30000) AS n;
ANALYZE tokens;
"""
ENLARGE = """
SET allow_system_table_mods = on;
UPDATE pg_class SET relpages = 70000 WHERE oid = 'public.tokens'::regclass;
"""
INDEXES = """
SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'tokens'::regclass AND NOT indisunique
"""


def _found(dsn: str, check: str) -> list[dict[str, str]]:
    _, printed = command(doctor, load(dsn), "--json", "--target", "main")
    [target] = json.loads(printed)["targets"]
    return [one for one in target["findings"] if one["check"] == check]


def test_the_recommended_index_ends_the_recommendation_and_has_the_size_it_said(
    a_server: Server, database: str
) -> None:
    a_server.execute(TOKENS, database)
    for (index,) in a_server.execute(INDEXES, database):
        a_server.execute(f"DROP INDEX {index}", database)
    # Or it would put the size right again.
    a_server.execute("ALTER TABLE tokens SET (autovacuum_enabled = false)", database)
    a_server.execute(FILL, database)
    a_server.execute(ENLARGE, database)
    dsn = a_server.monitor_dsn(database)
    grant_columns(a_server, database)
    relations = "SELECT count(*) FROM pg_class"
    before = a_server.execute(relations, database)
    [advice] = [one for one in _found(dsn, "index") if "expires_at" in one["summary"]]
    assert a_server.execute(relations, database) == before, "nothing is created"
    a_server.execute(advice["remedy"], database)
    a_server.execute(ENLARGE, database)
    [now] = [one for one in _found(dsn, "index") if "expires_at" in one["summary"]]
    assert (now["level"], now["remedy"]) == ("ok", "")
    [(size,)] = a_server.execute("SELECT pg_relation_size('tokens_expires_at_idx')", database)
    low, high = map(float, re.findall(r"take ([\d.]+) to ([\d.]+) MiB", advice["detail"])[0])
    assert low * 0.9 <= int(str(size)) / 2**20 <= high


def test_a_small_store_has_no_advice(a_server: Server, database: str) -> None:
    a_server.execute(TOKENS, database)
    dsn = a_server.monitor_dsn(database)
    grant_columns(a_server, database)
    assert [one["level"] for one in _found(dsn, "token store")] == ["ok"]
    assert [one["level"] for one in _found(dsn, "counting")] == ["ok"]
    assert _found(dsn, "index") == _found(dsn, "table statistics") == []


def test_tables_that_only_look_like_a_store_are_reported_from_the_server(
    a_server: Server, database: str
) -> None:
    dsn = a_server.monitor_dsn(database)
    a_server.execute("CREATE TABLE users (id int)", database)
    assert _found(dsn, "token store") == []
    a_server.execute("CREATE TABLE oauth_things (id int)", database)
    [finding] = _found(dsn, "token store")
    assert (finding["level"], "oauth_things" in finding["detail"]) == ("info", True)
