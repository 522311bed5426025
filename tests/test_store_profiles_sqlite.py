"""Every metric over a token store in SQLite is a count of what was put there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

import test_store_profiles_rust as rust
from exporter.override import Overrides
from sqlite_files import NOW, Clock, epoch, execute, iso, listed, make, page, profile_of, rows_of
from stores_meaning import (
    DAY,
    MIGRATIONS,
    SESSIONS,
    Code,
    Content,
    Token,
    User,
    clients,
    codes,
    tokens,
    users,
)
from stores_numbers import Meaning
from stores_pages import compared, differences, expected_at
from stores_sqlite import fill_rust, fill_seed


def _seed_meaning() -> Meaning:
    access, later_access = tokens("access", "revoked", never=False)
    refresh, later_refresh = tokens("refresh", "revoked", never=False, times=20)
    first_codes, later_codes = codes(600.0)
    first_users, later_users = users("local", "google", off=False)
    return Meaning(
        Content(
            [*access, *refresh],
            first_codes,
            clients(off=False),
            first_users,
            SESSIONS[0],
            migrations=MIGRATIONS,
        ),
        Content([*later_access, *later_refresh], later_codes, users=later_users, sessions=SESSIONS[1]),
        hides=("clients.enabled", "users.enabled", "devices", "denylist"),
        revocations=("access", "refresh"),
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A profile, and how a server may write its times and lists."""

    name: str
    profile: str
    meaning: Meaning
    clock: Clock
    lists: Callable[[list[str]], str] = listed


SEED = _seed_meaning()
CASES = (
    Case("iso-t-zone", "seed", SEED, iso("+00:00")),
    Case("iso-z", "seed", SEED, iso("Z")),
    Case("iso-blank", "seed", SEED, iso("", " "), ", ".join),
    Case("iso-east", "seed", SEED, iso("+05:00"), " ".join),
    Case("iso-west-hours", "seed", SEED, iso("-08")),
    Case("iso-west-four-digits", "seed", SEED, iso("-0800")),
    Case("iso-utc", "seed", SEED, iso(" UTC", " ")),
    Case("epoch", "seed", SEED, epoch),
    Case("rust", "rust-oauth2-server", rust.MEANING, iso("+00:00")),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_number_over_a_store_in_sqlite_is_a_count_of_its_rows(tmp_path: Path, case: Case) -> None:
    """However its server writes times: ISO 8601 with a zone or without, or seconds; and lists."""
    schemas: Mapping[str, str] = {"seed": "seed", "rust-oauth2-server": "rust-oauth2-server-text"}
    path = make(tmp_path / "store.db", schemas[case.profile])
    overrides = Overrides(schema="main")

    def fill(into: Path, content: Content) -> None:
        fill_seed(into, content, case.clock, case.lists)

    if case.profile != "seed":
        overrides = Overrides(schema="main", sources=["tokens.refresh"])
        execute(path, *(text for text in rust.LATER_TABLES.split(";\n") if text.strip()))

        def fill(into: Path, content: Content) -> None:
            fill_rust(into, content, case.clock)

    profile = profile_of(path, case.profile, overrides)
    found = page(path, profile, case.meaning.first, case.meaning.later, fill)
    numbers = case.meaning.numbers()
    zero = {name for name, values in numbers.items() if not any(values.values())}
    assert zero == {"oauth2_tokens_half_width", "oauth2_tokens_without_expiry"}
    wrong = differences(compared(found, numbers), expected_at(numbers, NOW))
    assert not wrong, wrong


def test_both_sides_of_each_edge_of_time_are_where_they_belong(tmp_path: Path) -> None:
    """An hour of codes, minutes to an expiry, the end itself, the retention, and the window of counters."""
    path = make(tmp_path / "store.db", "seed")
    edges = {300.0: 1, 301.0: 2, 3600.0: 4, 3601.0: 8, 0.0: 16, -7 * DAY: 32, -7 * DAY + 1: 64}
    content = Content(
        [Token("access", -9 * DAY, expires, times=times) for expires, times in edges.items()],
        [Code(-3599.0, 9.0, None, "S256", 1), Code(-3600.0, 9.0, None, "S256", 2)],
        users=[User("a", -100.0, provider="x")],
    )
    fill_seed(path, content, iso("Z"), listed)
    profile = profile_of(path, "seed")

    def answer(name: str) -> list[tuple[object, ...]]:
        return [*rows_of(path, name, profile).rows]

    assert set(answer("token_expiry")) >= {("access", "5m", 1, None), ("access", "1h", 7, None)}
    assert set(answer("tokens")) >= {("access", "active", 15, 0), ("access", "expired", 112, 0)}
    assert ("tokens", 32, 0.0, 32 / 127) in answer("purge")
    assert ("pending", 1) in answer("codes")
    assert ("S256", 1) in answer("codes_pkce")
    assert answer("codes_stale") == [(2,)]
    start = int(NOW - 600) // 10 * 10
    assert answer("users_registered") == [(start, int(NOW - 100) // 10 * 10, 1), (start, None, 0)]
