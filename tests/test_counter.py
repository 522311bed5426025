"""Counting a store that is too large to be read, on real servers, by the way that the daemon goes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from daemon import Daemon, finish
from exporter.countable import countable, described
from exporter.counting import Method, Plan, TimeType, leaves
from exporter.counting_sql import leaves_statement, statement
from exporter.entities import Entity
from exporter.model import Rows
from exporter.profile_files import load, shipped_directory
from exporter.recognise import located
from servers import Server
from shipped import TOKENS, fresh_database, fresh_role

PROFILES = {name: located(profile, "public") for name, profile in load([shipped_directory()]).items()}

# A fillfactor of 10 puts a few rows on a page: small to make, large to read.
LARGE = """
ALTER TABLE tokens SET (fillfactor = 10, autovacuum_enabled = off);
INSERT INTO tokens (token_id, token_type, access_token, created_at, expires_at, revoked_at)
SELECT gen_random_uuid(),
    CASE WHEN n % 5 = 0 THEN 'refresh' ELSE 'access' END,
    repeat('x', 100),
    utc - (40000 - n) * interval '1 minute',
    utc - (40000 - n) * interval '1 minute'
        + CASE WHEN n % 5 = 0 THEN interval '14 days' ELSE interval '1 hour' END,
    CASE WHEN n % 20 = 7 THEN utc END
FROM generate_series(1, 40000) AS n, (SELECT now() AT TIME ZONE 'UTC') AS clock (utc);
ANALYZE tokens;
"""


@pytest.fixture(scope="module")
def large(server: Server) -> Iterator[str]:
    server.monitor_dsn()
    with fresh_database(server) as name:
        server.execute(TOKENS, name)
        server.execute(LARGE, name)
        yield name


@contextmanager
def granted(server: Server, database: str) -> Iterator[str]:
    """Make a role by what `grants` prints and yield its DSN; the tests' own role stays as it is."""
    with fresh_role(server) as (role, password):
        _, sql = finish("grants", "--role", role)
        server.execute(sql, database)
        try:
            yield server.dsn(database, role, password)
        finally:
            server.execute(f"DROP OWNED BY {role}", database)


def _truth(server: Server, database: str) -> dict[tuple[object, object], int]:
    sql = """
        SELECT token_type, CASE WHEN revoked_at IS NOT NULL THEN 'revoked'
            WHEN expires_at <= now() AT TIME ZONE 'UTC' THEN 'expired' ELSE 'active' END, count(*)
        FROM tokens GROUP BY 1, 2
    """
    return {(kind, state): int(str(count)) for kind, state, count in server.execute(sql, database)}


def test_a_role_is_told_which_rights_counting_takes(server: Server, large: str) -> None:
    server.execute("GRANT SELECT (token_type, expires_at, revoked_at) ON tokens TO monitor", large)
    server.execute("REVOKE SELECT (created_at, ctid) ON tokens FROM monitor", large)
    environ = {"DATA_SOURCE_NAME": server.monitor_dsn(large)}
    code, output = finish("once", "tokens", "--database", large, env=environ)
    assert code == 0
    assert "GRANT SELECT (created_at, ctid) ON public.tokens TO monitor;" in output


def test_grants_let_a_large_store_be_counted_within_its_own_error(server: Server, large: str) -> None:
    [(pages,)] = server.execute("SELECT relpages FROM pg_class WHERE relname = 'tokens'", large)
    assert int(str(pages)) > 8000
    with granted(server, large) as dsn:
        code, page = finish(
            "once", "tokens", "--database", large, "--format", "prometheus", env={"DATA_SOURCE_NAME": dsn}
        )
    assert code == 0, page
    values = dict(line.rsplit(" ", 1) for line in page.splitlines() if line.startswith("oauth2_tokens"))
    for (kind, state), count in _truth(server, large).items():
        labels = f'{{target="main",datname="{large}",kind="{kind}",state="{state}"}}'
        found, half_width = values[f"oauth2_tokens{labels}"], values[f"oauth2_tokens_half_width{labels}"]
        # A minute may pass between the two counts, and a 95 % interval misses one time in twenty.
        assert abs(int(found) - count) <= 2 * float(half_width) + 2, (kind, state)


SEARCHED = ("clock", "token_expiry", "token_lifetimes", "tokens_issued", "tokens_revoked")


def test_what_is_new_is_found_by_an_index_in_a_store_too_large_to_be_read(server: Server, large: str) -> None:
    with granted(server, large) as dsn:
        environ = {"DATA_SOURCE_NAME": dsn}
        _, without = finish("once", *SEARCHED, "--database", large, "--format", "lines", env=environ)
        server.execute("CREATE INDEX by_issue ON tokens (created_at)", large)
        server.execute("CREATE INDEX by_revocation ON tokens (revoked_at)", large)
        server.execute("CREATE INDEX by_expiry ON tokens (expires_at)", large)
        try:
            _, found = finish("once", *SEARCHED, "--database", large, "--format", "lines", env=environ)
        finally:
            server.execute("DROP INDEX by_issue, by_revocation, by_expiry", large)
    assert without.count("skipped (size)") == 4
    assert "larger ones by an index that leads with column created_at" in without
    assert without.count("reads it in full up to 8000 pages") == 4
    assert "larger ones by an index that leads with column expires_at" in without
    assert "5 ok, 0 failed, 0 skipped" in found


@pytest.mark.slow
def test_the_daemon_says_how_a_large_store_was_counted(tmp_path: Path, a_server: Server) -> None:
    with fresh_database(a_server) as name:
        a_server.execute(TOKENS, name)
        a_server.execute(LARGE, name)
        with (
            granted(a_server, name) as dsn,
            Daemon(tmp_path, {"targets": [{"name": "main", "dsn": dsn}]}) as daemon,
        ):
            daemon.until_ready()
            daemon.until(lambda: bool(daemon.samples("oauth2_tokens_method_info")), "say the method")
            assert daemon.samples("oauth2_tokens", kind="refresh", state="active")
            # Up to 64,000 pages it is read in full, every five minutes only.
            assert daemon.samples("oauth2_tokens_method_info", kind="access", method="scan")
            assert daemon.samples("oauth2_tokens_half_width", kind="access", state="active") == [0]
            longest = "oauth2_tokens_longest_lifetime_seconds"
            assert daemon.samples(longest, kind="access", origin="seen") == [3600]
            # What has no other way than to read the table says why it does not.
            assert daemon.samples("pg_exporter_query_skipped", query="token_expiry", reason="size") == [1]


@pytest.mark.parametrize("name", sorted(PROFILES))
def test_every_countable_source_of_every_profile_can_be_described(name: str) -> None:
    for source in countable(PROFILES[name]):
        counted = described(source, {})
        assert counted.relation.startswith("public.")
        assert counted.expires.sql


def test_an_index_over_live_tokens_only_is_known_by_its_condition() -> None:
    conditions = {
        name: [described(source, {}).index_conditions for source in countable(PROFILES[name])]
        for name in ("seed", "rust-oauth2-server")
    }
    assert conditions["seed"] == [("(revoked_at IS NULL)",)]
    assert conditions["rust-oauth2-server"][0] == ()


def test_an_index_over_live_tokens_only_is_read(server: Server) -> None:
    [seed] = PROFILES["seed"].of(Entity.TOKENS)
    source = described(seed, {})
    with fresh_database(server) as name:
        server.execute(TOKENS, name)
        server.execute("DROP INDEX IF EXISTS idx_tokens_expires_at", name)
        server.execute(
            "CREATE INDEX live ON tokens (expires_at) WHERE revoked_at IS NULL;"
            "CREATE INDEX issued_live ON tokens (created_at) WHERE revoked_at IS NULL",
            name,
        )
        [leaf] = leaves(Rows((), server.execute(leaves_statement(source), name)))
        plan = Plan(Method.SAMPLE, "", 300.0, index_share=1.0)
        sql = f"SET enable_seqscan = off; EXPLAIN {statement(source, plan, (leaf,))}"
        lines = str(server.execute(sql, name))
    assert "expires_at" in leaf.leading
    assert "created_at" not in leaf.leading
    assert "live on tokens" in lines


def test_times_keep_their_type_so_that_an_index_helps() -> None:
    [source] = PROFILES["seed"].of(Entity.TOKENS)
    counted = described(source, {})
    assert (counted.expires.column, counted.expires.type) == ("expires_at", TimeType.NAIVE_UTC)
    assert counted.issued is not None
    assert counted.issued.column == "created_at"
    assert counted.kinds == ("access", "refresh", "id", "other")
