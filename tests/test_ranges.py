"""Rows of a large table that expire soon, read by an index in steps: all of them, or no number."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from exporter.entities import FIELDS, Entity, TimeType
from exporter.model import Query
from exporter.overlay import bound
from exporter.profile import Profile, Relation, TimeColumn
from exporter.ranges import ahead
from servers import Server
from store_queries import PROFILES, QUERIES, Session, Store, profile_of, rows_of, store_of

WITHIN = {"5m": 300, "1h": 3600, "24h": 86400}
# About five rows on a page, in an order that has nothing to do with their expiry.
SPREAD = """
    ALTER TABLE tokens SET (fillfactor = 10);
    INSERT INTO tokens (token_id, token_type, access_token, created_at, expires_at, revoked_at)
    SELECT gen_random_uuid(), CASE WHEN n % 3 = 0 THEN 'refresh' ELSE 'access' END, repeat('x', 100),
        now() AT TIME ZONE 'UTC', now() AT TIME ZONE 'UTC' + n * interval '{gap} seconds',
        CASE WHEN n % 7 = 0 THEN now() AT TIME ZONE 'UTC' END
    FROM generate_series(-100, {rows}) AS n ORDER BY md5(n::text)"""


@pytest.fixture(scope="module")
def seed(server: Server) -> Iterator[Store]:
    with store_of("seed", server) as store:
        store.server.execute("CREATE INDEX by_expiry ON tokens (expires_at)", store.database)
        yield store


@pytest.fixture
def session(seed: Store) -> Iterator[Session]:
    with seed.begin() as session:
        # Or what other tests rolled back lies in the index and is visited.
        session.connection.execute("TRUNCATE tokens CASCADE")
        yield session


def shown(session: Session, *, is_large: bool = True) -> dict[tuple[object, object], object]:
    rows = rows_of(session.connection, "token_expiry", session.profile, is_large=is_large).rows
    return {(kind, within): number for kind, within, number, _ in rows if within is not None}


def truth(session: Session) -> dict[tuple[object, object], object]:
    sql = """
        SELECT kind, within, count(token_id) FROM unnest(ARRAY['access', 'refresh']) AS kind
        CROSS JOIN (VALUES ('5m', 300), ('1h', 3600), ('24h', 86400)) AS step (within, seconds)
        LEFT JOIN tokens ON token_type = kind AND revoked_at IS NULL AND expires_at > now() AT TIME ZONE 'UTC'
            AND expires_at <= now() AT TIME ZONE 'UTC' + seconds * interval '1 second'
        GROUP BY kind, within"""
    return {(kind, within): number for kind, within, number in session.connection.execute(sql)}


def blocks(session: Session, profile: Profile | None = None) -> int:
    made = bound(QUERIES["token_expiry"], profile or session.profile, is_large=True)
    assert isinstance(made, Query)
    lines = session.connection.execute(
        f"EXPLAIN (ANALYZE, BUFFERS) {made.variants[0][1]}".encode()
    ).fetchall()
    root = next(line for (line,) in lines if "Buffers: shared" in line)
    return sum(int(each) for each in re.findall(r"(?:hit|read)=(\d+)", root))


# A step has 500 rows: none, a part of one, just one and several.
@pytest.mark.parametrize(("rows", "gap"), [(0, 1), (499, 1), (500, 1), (501, 1), (1500, 57.6), (1600, 57.6)])
def test_what_expires_soon_is_counted_by_an_index_as_by_reading_all(
    session: Session, rows: int, gap: float
) -> None:
    session.connection.execute(SPREAD.format(rows=rows, gap=gap).encode())
    expected = truth(session)
    assert shown(session) == expected
    assert shown(session, is_large=False) == expected


def test_what_lies_on_too_many_blocks_has_no_number_and_what_comes_before_is_exact(session: Session) -> None:
    session.connection.execute(SPREAD.format(rows=6000, gap=10).encode())
    found, expected = shown(session), truth(session)
    assert [found.pop((kind, "24h")) for kind in ("access", "refresh")] == [None, None]
    assert found == {key: number for key, number in expected.items() if key[1] != "24h"}
    assert 1500 < blocks(session) <= 3500


@pytest.mark.parametrize("before", [0, 800, 1600])
def test_old_statistics_do_not_make_more_blocks_be_read(session: Session, before: int) -> None:
    """Of a table that was nearly empty when it was analysed: few rows would be read at once and sorted."""
    session.connection.execute(SPREAD.format(rows=10000, gap=-1).encode())
    session.connection.execute("DELETE FROM tokens WHERE expires_at < now()")
    session.connection.execute(SPREAD.format(rows=before, gap=10).encode())
    session.connection.execute("ANALYZE tokens")
    session.connection.execute(SPREAD.format(rows=8000, gap=8).encode())
    assert blocks(session) <= 3500


def test_rows_that_a_source_leaves_out_cost_as_much_as_others(session: Session) -> None:
    [source] = session.profile.of(Entity.TOKENS)
    refresh = replace(session.profile, sources=(replace(source, where="{token_type} = 'refresh'"),))
    session.connection.execute(SPREAD.format(rows=6000, gap=10).encode())
    assert 1500 < blocks(session, refresh) <= 3500


def test_several_sources_share_the_blocks_and_the_shortest_reach_counts(server: Server) -> None:
    """The three tokens of a row are found by an index each."""
    with store_of("spring-authorization-server", server) as store, store.begin() as session:
        names = {"access": 1, "refresh": 10, "oidc_id": 2}
        columns = "".join(f", {name}_token_issued_at, {name}_token_expires_at" for name in names)
        times = "".join(f", now(), now() + n * interval '{seconds} seconds'" for seconds in names.values())
        for name in names:
            session.connection.execute(
                f"CREATE INDEX ON oauth2_authorization ({name}_token_expires_at)".encode()
            )
        session.connection.execute(
            "ALTER TABLE oauth2_authorization SET (fillfactor = 10);"
            "INSERT INTO oauth2_authorization (id, registered_client_id, principal_name,"
            f" authorization_grant_type, attributes{columns})"
            f" SELECT n, 'a', 'b', 'c', repeat('x', 300){times} FROM generate_series(1, 2000) AS n"
            " ORDER BY md5(n::text)".encode()
        )
        expected = {
            (kind, within): min(2000, WITHIN[within] // seconds)
            for (kind, seconds) in (("access", 1), ("refresh", 10), ("id", 2))
            for within in WITHIN
        }
        found = shown(session)
        assert blocks(session) <= 3500
        assert shown(session, is_large=False) == expected
    # Of 2,000 tokens about 800 of each kind can be read, which reach for 800 seconds of the densest.
    assert found == {key: number if key[1] == "5m" else None for key, number in expected.items()}


@pytest.mark.parametrize(
    ("kind", "type_", "moment"),
    [
        (TimeType.TZ, "timestamptz(3)", "%"),
        (TimeType.NAIVE_UTC, "timestamp(0)", "% at time zone 'UTC'"),
        (TimeType.EPOCH, "integer", "extract(epoch from %)"),
        (TimeType.EPOCH, "numeric", "extract(epoch from %)"),
        (TimeType.EPOCH_MS, "bigint", "1000 * extract(epoch from %)"),
    ],
)
def test_times_are_read_ahead_however_a_column_keeps_them(
    session: Session, kind: TimeType, type_: str, moment: str
) -> None:
    [source] = session.profile.of(Entity.TOKENS)
    time = TimeColumn("until", kind)
    stamps = replace(
        source,
        relation=Relation("public", "stamps"),
        fields={"kind": source.fields["kind"], "expires": time},
    )
    value = moment.replace("%", "(now() + (n * 20.5 - 7) * interval '1 second')")
    session.connection.execute(
        f"CREATE TABLE stamps (token_type text, until {type_});"
        f"INSERT INTO stamps SELECT 'access', {value} FROM generate_series(-50, 600) AS n;"
        "CREATE INDEX ON stamps (until)".encode()
    )
    sql = f"SELECT count(*) FROM ({ahead(stamps, 'expires', ['kind', 'expires'], 86400.0, 1)}) AS token"
    assert session.connection.execute(sql.encode()).fetchall() == [(600,)]


@pytest.mark.parametrize(("equal", "known"), [(999, {"5m", "1h", "24h"}), (1000, {"5m"})])
def test_equal_times_are_counted_together_unless_they_are_too_many(
    session: Session, equal: int, known: set[str]
) -> None:
    insert = "INSERT INTO tokens (token_id, token_type, access_token, created_at, expires_at) SELECT"
    for rows, seconds in ((3, 60), (equal - 3, 1800), (2, 7200)):
        session.connection.execute(
            f"{insert} gen_random_uuid(), 'access', '', now(), now() + interval '{seconds} seconds'"
            f" FROM generate_series(1, {rows})".encode()
        )
    expected = {key: number if key[1] in known else None for key, number in truth(session).items()}
    assert shown(session) == expected


def test_what_never_expires_is_not_looked_for_in_a_large_table(session: Session) -> None:
    rows = rows_of(session.connection, "token_expiry", session.profile, is_large=True).rows
    assert {never for *_, never in rows} == {None}
    rows = rows_of(session.connection, "token_expiry", session.profile).rows
    assert {never for *_, within, _, never in rows if within is None} == {0}


@pytest.mark.parametrize("name", PROFILES)
def test_every_entity_of_every_profile_can_be_read_ahead(server: Server, name: str) -> None:
    """Whatever the types of its fields and the way in which it keeps times."""
    with store_of(name, server) as store:
        profile = profile_of(name, server, store.database)
        for source in profile.sources:
            if "expires" in FIELDS[source.entity] and source.entity is not Entity.MIGRATIONS:
                sql = ahead(source, "expires", [*FIELDS[source.entity]], 60.0, 1)
                assert server.execute(sql, store.database) == []
