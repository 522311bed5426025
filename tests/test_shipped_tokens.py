"""The token counts are those of the table, in every time zone, for a role that can read no token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import product

import psycopg
import pytest

from servers import Server
from shipped import TOKENS, ask, fresh_database, grant_columns

_KINDS = {
    "access": "access",
    "Bearer": "access",
    "ACCESS_TOKEN": "access",
    "refresh": "refresh",
    "Refresh_Token": "refresh",
    "id_token": "id",
    "mac": "other",
}
_STATES = ("active", "expired", "revoked")


@pytest.fixture
def store(server: Server) -> Iterator[str]:
    server.monitor_dsn()
    with fresh_database(server) as name:
        server.execute(TOKENS, name)
        grant_columns(server, name)
        yield name


def _fill(server: Server, store: str, tokens: list[tuple[str, int, bool]]) -> None:
    """Store tokens given as type, minutes until they expire, and whether they are revoked; times in UTC."""
    with psycopg.connect(server.dsn(store)) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO tokens (token_id, token_type, access_token, expires_at, revoked_at)"
            " SELECT gen_random_uuid(), %s, 'secret', utc + make_interval(mins => %s),"
            " CASE WHEN %s THEN utc END FROM (SELECT now() AT TIME ZONE 'UTC') AS clock (utc)",
            tokens,
        )


def _counted(server: Server, store: str) -> dict[tuple[str, str], object]:
    answer = ask("tokens", server, store)
    [family] = [one for one in answer.families if one.name == "oauth2_tokens"]
    assert family.label_names == ("target", "datname", "kind", "state")
    assert {sample.labels[:2] for sample in family.samples} == {("test", store)}
    return {(sample.labels[2], sample.labels[3]): sample.value for sample in family.samples}


def _true(tokens: list[tuple[str, int, bool]]) -> Mapping[tuple[str, str], object]:
    """Count as the metric is defined, one token after the other."""
    counts = Counter(
        (_KINDS[kind], "revoked" if revoked else "expired" if minutes < 0 else "active")
        for kind, minutes, revoked in tokens
    )
    return {
        (kind, state): counts[kind, state] for kind in ("access", "refresh") for state in _STATES
    } | counts


def test_an_empty_table_is_0_of_each_not_absence(server: Server, store: str) -> None:
    assert _counted(server, store) == {(k, s): 0 for k in ("access", "refresh") for s in _STATES}


def test_counts_are_those_of_the_table(server: Server, store: str) -> None:
    """Every kind as it may be written, before and after its end, revoked or not; each a different number."""
    cases = product(_KINDS, [-90, -1, 1, 90], [False, True])
    tokens = [token for number, token in enumerate(cases, 1) for _ in range(number)]
    _fill(server, store, tokens)
    assert _counted(server, store) == _true(tokens)


def test_a_revoked_token_is_revoked_also_after_it_expired(server: Server, store: str) -> None:
    _fill(server, store, [("access", -5, True), ("access", 5, True)])
    counts = _counted(server, store)
    assert [counts["access", state] for state in _STATES] == [0, 0, 2]


def test_other_kinds_are_there_only_when_some_token_is(server: Server, store: str) -> None:
    _fill(server, store, [("mac", 5, False)])
    assert _counted(server, store)["other", "active"] == 1
    assert ("other", "expired") not in _counted(server, store)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_no_time_zone_moves_a_token_from_active_to_expired(server: Server, store: str, zone: str) -> None:
    """Five hours west or east is more than the minutes that these tokens have, or are past."""
    tokens = [("access", 5, False), ("access", 5, False), ("refresh", -5, False)]
    _fill(server, store, tokens)
    server.execute(f"ALTER DATABASE {store} SET timezone = '{zone}'")
    assert server.execute("SHOW timezone", store) == [(zone,)]
    assert _counted(server, store) == _true(tokens)


@pytest.mark.parametrize("column", ["access_token", "refresh_token", "*"])
def test_the_role_that_counts_can_read_no_token(server: Server, store: str, column: str) -> None:
    with (
        psycopg.connect(server.monitor_dsn(store)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(f"SELECT {column} FROM public.tokens".encode())


def test_a_standby_counts_the_same(server: Server, standby: Server, store: str) -> None:
    tokens = [("access", 5, False), ("refresh", -5, False), ("refresh", 5, True)]
    _fill(server, store, tokens)
    standby.catch_up()
    assert _counted(standby, store) == _true(tokens)
