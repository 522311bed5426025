"""Basic authentication: who comes in, what is remembered, and what a guess can learn."""

from __future__ import annotations

import asyncio
import base64
import statistics
import time
from collections.abc import Mapping
from pathlib import Path

import bcrypt
import pytest

from endpoint import Endpoint
from exporter import web_auth
from exporter.web_auth import BasicAuth, credentials, matches


def hashed(password: str, cost: int = 4, kind: bytes = b"2y") -> str:
    return bcrypt.hashpw(password.encode(), bcrypt.gensalt(cost)).replace(b"2b", kind, 1).decode()


def header(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


USERS: Mapping[str, str] = {"alice": hashed("secret"), "bob": hashed("b:o:b"), "": hashed("nobody")}


class Counted:
    """Checks of passwords, counted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.against: list[str] = []
        monkeypatch.setattr(web_auth, "matches", self._matches)

    def _matches(self, hashed: str, password: bytes) -> bool:
        self.against.append(hashed)
        return matches(hashed, password)


def allowed(auth: BasicAuth, users: Mapping[str, str], *headers: bytes | None) -> list[bool]:
    async def ask() -> list[bool]:
        return [await auth.allows(each, users) for each in headers]

    return asyncio.run(ask())


def test_a_user_with_the_password_comes_in_and_nobody_else() -> None:
    good = [header("alice", "secret"), header("bob", "b:o:b"), header("", "nobody")]
    assert allowed(BasicAuth(), USERS, *good) == [True] * 3
    bad = [
        None,
        b"",
        b"Basic",
        b"Basic ???",
        b"Basic " + base64.b64encode(b"alice"),
        b"Basic " + base64.b64encode(b"\xff:secret"),
        b"Bearer " + base64.b64encode(b"alice:secret"),
        header("alice", "Secret"),
        header("alice", ""),
        header("Alice", "secret"),
        header("bob", "b"),
        header("eve", "secret"),
        header("alice", "nobody"),
    ]
    assert allowed(BasicAuth(), USERS, *bad) == [False] * len(bad)
    assert allowed(BasicAuth(), USERS, header("alice", "secret").replace(b"Basic", b"basic")) == [True]


@pytest.mark.parametrize("kind", [b"2a", b"2b", b"2x", b"2y"])
def test_every_kind_of_bcrypt_hash_that_a_file_may_hold_is_checked(kind: bytes) -> None:
    assert matches(hashed("x", kind=kind), b"x")
    assert not matches(hashed("x", kind=kind), b"y")


def test_bcrypt_reads_72_bytes_of_a_password_as_it_does_in_go() -> None:
    long = "a" * 72
    assert matches(hashed(long), f"{long}more".encode())
    assert not matches(hashed(long), long[:71].encode())


def test_a_hash_that_bcrypt_cannot_read_lets_nobody_in() -> None:
    assert not matches("$2y$10$short", b"x")


def test_a_result_is_remembered_good_or_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, auth = Counted(monkeypatch), BasicAuth()
    headers = [header("alice", "secret"), header("alice", "wrong"), header("eve", "x")]
    assert allowed(auth, USERS, *headers, *headers) == [True, False, False] * 2
    assert len(counted.against) == 3


def test_a_changed_hash_is_checked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, auth = Counted(monkeypatch), BasicAuth()
    assert allowed(auth, USERS, header("alice", "secret")) == [True]
    assert allowed(auth, {"alice": hashed("other")}, header("alice", "secret")) == [False]
    assert allowed(auth, {}, header("alice", "secret")) == [False]
    assert len(counted.against) == 3


def test_an_unknown_user_is_checked_against_a_hash_as_costly_as_the_costliest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = Counted(monkeypatch)
    users = {"alice": hashed("secret", 4), "bob": hashed("secret", 5)}
    assert allowed(BasicAuth(), users, header("eve", "fakepassword")) == [False]
    [against] = counted.against
    assert against[:7] == "$2y$05$"


@pytest.mark.slow
def test_the_time_of_a_refusal_does_not_tell_whether_there_is_the_user() -> None:
    users, auth = {"alice": hashed("secret", 8)}, BasicAuth()

    def seconds(user: str) -> float:
        taken = []
        for n in range(15):
            started = time.perf_counter()
            assert allowed(auth, users, header(user, f"{user}{n}")) == [False]
            taken.append(time.perf_counter() - started)
        return statistics.median(taken)

    assert 0.5 < seconds("alice") / seconds("eve") < 2


def test_no_user_can_pass_for_another_by_a_colon() -> None:
    """The toolkit once joined hash and password with a colon: who knew a hash came in with the rest of it."""
    auth = BasicAuth()
    alice = USERS["alice"]
    assert allowed(auth, USERS, header("alice", "secret")) == [True]
    tricks = [
        header("alice", f"{alice}:secret"),
        header(f"alice:{alice}", "secret"),
        header("alice:", "secret"),
    ]
    assert allowed(auth, USERS, *tricks) == [False] * 3


def test_a_hundred_results_are_kept_and_guesses_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, auth = Counted(monkeypatch), BasicAuth()
    assert allowed(auth, USERS, header("alice", "secret")) == [True]
    guesses = [header("alice", str(n)) for n in range(100)]
    assert not any(allowed(auth, USERS, *guesses))
    assert len(counted.against) == 101
    assert allowed(auth, USERS, header("alice", "secret"), guesses[-1]) == [True, False]
    assert len(counted.against) == 101
    assert allowed(auth, USERS, guesses[0]) == [False]
    assert len(counted.against) == 102


def test_a_good_result_makes_room_when_there_are_good_ones_only(monkeypatch: pytest.MonkeyPatch) -> None:
    users = {str(n): hashed("x") for n in range(101)}
    counted, auth = Counted(monkeypatch), BasicAuth()
    assert all(allowed(auth, users, *(header(user, "x") for user in users), header("100", "x")))
    assert len(counted.against) == 101
    assert allowed(auth, users, header("0", "x")) == [True]
    assert len(counted.against) == 102


def test_no_password_stays_in_memory() -> None:
    auth, password = BasicAuth(), "correct-horse-" + "battery"
    assert allowed(auth, {"alice": hashed(password)}, header("alice", password)) == [True]
    held = repr(vars(auth._results))
    assert password not in held
    assert base64.b64encode(password.encode()).decode() not in held


def test_many_at_once_with_one_password_are_checked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    counted, auth = Counted(monkeypatch), BasicAuth()

    async def ask() -> list[bool]:
        return await asyncio.gather(*(auth.allows(header("alice", "secret"), USERS) for _ in range(20)))

    assert all(asyncio.run(ask()))
    assert len(counted.against) == 1


def test_while_bcrypt_runs_others_are_served(tmp_path: Path) -> None:
    text = f"basic_auth_users:\n  slow: {hashed('x', 12)}\n  fast: {hashed('x', 4)}\n"
    with Endpoint(tmp_path, text) as endpoint:
        assert endpoint.get(auth=("fast", "x")).status_code == 200
        with endpoint.connect() as client:
            client.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: " + header("slow", "y") + b"\r\n\r\n"
            )
            started = time.monotonic()
            assert endpoint.get(auth=("fast", "x")).status_code == 200
            fast = time.monotonic() - started
            assert client.recv(100).startswith(b"HTTP/1.1 401")
            assert fast < time.monotonic() - started


def test_a_header_is_user_and_password_parted_at_the_first_colon() -> None:
    assert credentials(header("a", "b:c")) == ("a", b"b:c")
    assert credentials(b"Basic " + base64.b64encode("jürgen:ä".encode())) == ("jürgen", "ä".encode())
