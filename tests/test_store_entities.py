"""What the queries over codes, sessions, devices, migrations and rows say is what a count by hand says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import count

import psycopg
import pytest

from exporter.model import Histogram
from servers import Server
from shipped import fresh_role
from store_queries import ROOT, Session, Store, store_of
from test_store_clients import rust_client

DAY = 86400.0
_IDS = count(1)


@pytest.fixture(scope="module")
def seed(server: Server) -> Iterator[Store]:
    with store_of("seed", server) as store:
        yield store


@pytest.fixture(scope="module")
def rust(server: Server) -> Iterator[Store]:
    """A store with devices and a denylist."""
    with store_of("rust-oauth2-server", server) as store:
        yield store


@pytest.fixture
def session(seed: Store) -> Iterator[Session]:
    with seed.begin() as session:
        yield session


@pytest.fixture
def other(rust: Store) -> Iterator[Session]:
    with rust.begin() as session:
        yield session


def code(
    session: Session, issued: float, expires: float, used: float | None = None, pkce: object = None
) -> None:
    session.insert(
        "authorization_codes",
        code=next(_IDS),
        user_id="u",
        redirect_uri="",
        code_challenge_method=pkce,
        created_at=issued,
        expires_at=expires,
        used_at=used,
    )


def test_a_code_is_pending_exchanged_or_abandoned(session: Session) -> None:
    """One that was exchanged stays so after it expired; one that expires this moment is abandoned."""
    for issued, expires, used in [
        (-10.0, 590.0, None),
        (-3599.9, 0.1, None),
        (-600.0, 0.0, None),
        (-900.0, -300.0, -880.0),
        (-10.0, 590.0, -1.0),
        (-900.0, -300.0, -890.0),
        (-3600.0, -3000.0, None),
        (-9000.0, -8000.0, -8990.0),
    ]:
        code(session, issued, expires, used)
    found = session.by("codes", "oauth2_authorization_codes", "state")
    assert found == {"pending": 2, "exchanged": 3, "abandoned": 1}
    assert session.ask("codes_stale").value("oauth2_authorization_codes_stale") == 2


def test_where_use_deletes_a_code_nothing_is_said_of_exchanged_ones(server: Server) -> None:
    with store_of("django-oauth-toolkit", server) as store, store.begin() as session:
        found = session.by("codes", "oauth2_authorization_codes", "state")
        assert found == {"pending": 0, "abandoned": 0}


def test_codes_are_counted_by_pkce_method_and_a_missing_one_is_none(session: Session) -> None:
    for method in ("S256", "S256", "plain", None, "", None, "s256"):
        code(session, -10.0, 60.0, None, method)
    code(session, -3600.0, -3000.0, None, "plain")
    found = session.by("codes_pkce", "oauth2_authorization_codes_pkce", "method")
    assert found == {"S256": 2, "plain": 1, "none": 3, "other": 1}


def test_the_time_to_exchange_is_a_histogram_over_the_last_hour(session: Session) -> None:
    seconds = [0.0, 0.5, 0.75, 4.0, 30.0, 61.0, 599.0, 601.0]
    for one in seconds:
        code(session, -700.0, 60.0, -700.0 + one)
    code(session, -10.0, 60.0)
    code(session, -3600.0, -3000.0, -3599.0)
    [family] = session.ask("code_exchange").families
    value = family.samples[0].value
    assert isinstance(value, Histogram)
    assert value.bounds == (0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600)
    assert value.buckets == tuple(sum(one <= bound for one in seconds) for bound in value.bounds)
    assert (value.count, value.sum) == (8, sum(seconds))


def test_a_session_is_overdue_when_its_retention_is_over(session: Session) -> None:
    session.insert("users", user_id="u", username="u", email="u")
    for expires in (60.0, 0.1, 0.0, -86399.0, -DAY, -9 * DAY, -10 * DAY):
        number = next(_IDS)
        key = f"00000000-0000-0000-0000-{number:012}"
        session.insert("user_sessions", session_id=key, session_token=number, expires_at=expires, user_id="u")
    found = session.by("sessions", "oauth2_sessions", "state")
    assert found == {"active": 2, "expired": 2, "overdue": 3}


def test_a_device_that_nobody_approved_or_that_never_came_back_is_expired(other: Session) -> None:
    rust_client(other, "c", "[]", enabled=True)
    flags = [{}, {"approved": True}, {"denied": True}, {"approved": True, "used": True}]
    for flag, expires, _ in (
        (f, e, n) for f in flags for e, many in ((9.0, 1), (0.0, 2)) for n in range(many)
    ):
        codes = {"device_code": next(_IDS), "user_code": next(_IDS), "client_id": "c", "scope": ""}
        times = {"created_at": -1.0, "expires_at": expires, "interval_seconds": 5}
        other.insert("device_authorizations", id=next(_IDS), **codes, **times, **flag)
    found = other.by("devices", "oauth2_device_authorizations", "state")
    assert found == {"pending": 1, "approved": 1, "expired": 4, "denied": 3, "used": 3}


def test_denylist_entries_are_counted_by_kind_and_whether_they_still_hold(other: Session) -> None:
    entries: list[tuple[str, float | None]] = [("jti", 9.0), ("jti", None), ("jti", 0.0)]
    entries += [(f"k{number:02}", 5.0) for number in range(20)]
    for kind, expires in entries:
        other.insert("denylist", id=next(_IDS), kind=kind, value="v", created_at=0.0, expires_at=expires)
    active = other.by("denylist", "oauth2_denylist_entries", "kind", state="active")
    expired = other.by("denylist", "oauth2_denylist_entries", "kind", state="expired")
    assert (active["jti"], expired["jti"]) == (2, 1)
    assert {len(active), len(expired)} == {16}
    assert (active["other"], expired["other"]) == (21 - 15, 0)


def migrate(session: Session, *rows: tuple[str | None, str, bool, float]) -> None:
    """Store migrations as Flyway does, given as version, type, success and when, in seconds from now."""
    for version, kind, success, installed in rows:
        texts = dict.fromkeys(("description", "script", "installed_by"), "x")
        session.insert(
            "flyway_schema_history",
            installed_rank=next(_IDS),
            version=version,
            type=kind,
            success=success,
            installed_on=installed,
            execution_time=1,
            **texts,
        )


def version(session: Session) -> list[object]:
    return list(session.by("migration_version", "oauth2_migration_version_info", "version"))


def test_migrations_are_counted_by_result_with_the_time_of_the_last(session: Session) -> None:
    now = session.connection.execute("SELECT extract(epoch FROM now())::float8").fetchone()
    assert now is not None
    migrate(session, ("1", "SQL", True, -90.0), ("2", "SQL", True, -60.0), ("3", "SQL", False, -30.0))
    answer = session.ask("migrations")
    assert answer.value("oauth2_migrations", state="success") == 2
    assert answer.value("oauth2_migrations", state="failed") == 1
    last = answer.value("oauth2_migration_last_timestamp_seconds", state="success")
    assert last == pytest.approx(now[0] - 60, abs=1e-3)


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("9", "SQL", True, -9.0), ("10", "SQL", True, -8.0)], "10"),
        ([("1.10", "SQL", True, -9.0), ("1_9", "SQL", True, -8.0)], "1.10"),
        ([("5", "SQL", True, -9.0), ("4", "SQL", True, -8.0)], "5"),
        ([("5", "SQL", True, -9.0), ("6", "SQL", False, -8.0)], "5"),
        ([("5", "SQL", True, -9.0), (None, "SQL", True, -8.0)], "5"),
        ([("4", "SQL", True, -9.0), ("5", "SQL", True, -8.0), ("5", "UNDO_SQL", True, -7.0)], "4"),
        (
            [
                ("4", "SQL", True, -9.0),
                ("5", "SQL", True, -8.0),
                ("5", "UNDO_SQL", True, -7.0),
                ("5", "SQL", True, -6.0),
            ],
            "5",
        ),
        ([("0002_b", "django", True, -9.0), ("0001_a", "django", True, -8.0)], "0001_a"),
    ],
)
def test_the_version_is_the_highest_that_succeeded_and_was_not_undone(
    session: Session, rows: list[tuple[str | None, str, bool, float]], expected: str
) -> None:
    migrate(session, *rows)
    assert version(session) == [expected]


def _changes(session: Session) -> dict[str, object]:
    session.connection.rollback()
    return session.by("row_changes", "oauth2_rows_deleted_total", "entity")


@pytest.mark.slow
def test_rows_that_come_and_go_are_those_of_the_table_and_its_partitions(server: Server) -> None:
    with store_of("seed", server) as store:
        server.execute(
            "ALTER TABLE tokens RENAME TO old;"
            "CREATE TABLE tokens (LIKE old) PARTITION BY RANGE (created_at);"
            "CREATE TABLE tokens_p PARTITION OF tokens DEFAULT;"
            "INSERT INTO tokens (token_id, token_type, access_token, expires_at, created_at)"
            " SELECT gen_random_uuid(), 'access', '', now(), now() FROM generate_series(1, 7);"
            "INSERT INTO users (user_id, username, email) VALUES ('a', 'a', 'a')",
            store.database,
        )
        server.execute("DELETE FROM tokens WHERE ctid IN (SELECT ctid FROM tokens LIMIT 3)", store.database)
        deadline = time.monotonic() + 10
        with store.begin() as session:
            while _changes(session).get("tokens") != 3 and time.monotonic() < deadline:
                time.sleep(0.1)
            assert _changes(session) == {"tokens": 3, "codes": 0, "clients": 0, "users": 0, "sessions": 0}
            inserted = session.by("row_changes", "oauth2_rows_inserted_total", "entity")
            assert inserted == {"tokens": 7, "codes": 0, "clients": 0, "users": 1, "sessions": 0}


def test_the_end_of_a_password_is_a_time_and_no_end_is_absence(server: Server) -> None:
    [path] = [
        *ROOT.glob("queries/connections/role_password_expiry.sql"),
        *ROOT.glob("drafts/connections/role_password_expiry.sql"),
    ]
    with (
        fresh_role(server, "VALID UNTIL '2031-01-01 00:00:00+00'") as (ending, _),
        fresh_role(server, "VALID UNTIL 'infinity'") as (endless, _),
        psycopg.connect(server.monitor_dsn()) as connection,
    ):
        found: dict[str, float] = dict(connection.execute(path.read_bytes()).fetchall())
    assert found[ending] == 1924992000
    assert endless not in found
