"""Accepting connections: how many, who makes room, and how it ends; over real sockets."""

from __future__ import annotations

import contextlib
import socket
import time
from pathlib import Path

import pytest

from endpoint import Endpoint, keys, rest
from exporter import serving

GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = b"x" * 20_000_000
TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"


def is_open(client: socket.socket) -> bool:
    client.settimeout(0.05)
    try:
        return client.recv(1, socket.MSG_PEEK) != b""
    except TimeoutError:
        return True
    except OSError:
        return False


def test_one_connection_too_many_closes_the_one_that_has_waited_longest(tmp_path: Path) -> None:
    with Endpoint(tmp_path, most=3) as endpoint:
        clients = []
        for _ in range(3):
            clients.append(endpoint.connect())
            count = len(clients)
            endpoint.until(lambda count=count: len(endpoint.server.server_state.connections) == count)  # type: ignore[misc]  # mypy cannot tell
        clients[0].sendall(GET)  # it has had its answer, and has waited least now
        assert clients[0].recv(1000).startswith(b"HTTP/1.1 200")
        assert endpoint.get().status_code == 200
        assert [is_open(client) for client in clients] == [True, False, True]
        for client in clients:
            client.close()


def test_as_many_as_may_be_there_are_let_in_at_once(tmp_path: Path) -> None:
    with Endpoint(tmp_path, page=LARGE, most=50) as endpoint, contextlib.ExitStack() as clients:
        busy = [clients.enter_context(endpoint.connect()) for _ in range(50)]
        for client in busy:
            client.sendall(GET)
        assert all(client.recv(8) == b"HTTP/1.1" for client in busy)


def test_when_each_has_a_request_the_newest_is_closed(tmp_path: Path) -> None:
    with Endpoint(tmp_path, page=LARGE, most=2) as endpoint:
        slow = [endpoint.connect() for _ in range(2)]
        for client in slow:
            client.sendall(GET)
            assert client.recv(8) == b"HTTP/1.1"
        assert endpoint.talk().startswith(b"HTTP/1.0 503 ")
        slow[0].close()
        endpoint.until(lambda: len(endpoint.server.server_state.connections) == 1)
        assert endpoint.get("/frame").status_code == 200
        slow[1].close()


@pytest.mark.slow
def test_a_handshake_that_is_not_made_ends_and_counts_as_a_connection(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "_HANDSHAKE_WITHIN", 1.0)
    pki = keys(tmp_path)
    with Endpoint(tmp_path, TLS, most=2) as endpoint:
        # One says nothing, the other begins a handshake and leaves it there.
        started = time.monotonic()
        with endpoint.connect() as silent, endpoint.connect() as begun:
            begun.sendall(b"\x16\x03\x01")
            endpoint.until(lambda: len(endpoint.server._handshakes) == 2)
            assert endpoint.talk() == b""
            assert (rest(silent), rest(begun)) == (b"", b"")
        assert time.monotonic() - started < 8
        assert endpoint.get(tls=pki.trust()).status_code == 200


def test_an_answer_on_a_connection_that_stays_open_waits_for_no_acknowledgement(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint, endpoint.connect() as client:
        taken = []
        for _ in range(9):
            started = time.perf_counter()
            client.sendall(GET)
            answer = b""
            while not answer.endswith(b"page\n"):
                answer += client.recv(1000)
            taken.append(time.perf_counter() - started)
    assert sorted(taken)[4] < 0.03


def test_a_client_that_goes_away_in_its_handshake_is_no_error(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pki = keys(tmp_path)
    with Endpoint(tmp_path, TLS) as endpoint:
        for sent in (b"", b"\x16", b"\x16\x03\x01\x02\x00", b"\x16" * 500):
            with endpoint.connect() as client:
                client.sendall(sent)
        assert endpoint.get(tls=pki.trust()).status_code == 200
        endpoint.until(lambda: not endpoint.server._handshakes)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


def test_at_the_end_an_answer_is_finished_and_idle_connections_are_closed(tmp_path: Path) -> None:
    with Endpoint(tmp_path, page=LARGE) as endpoint, endpoint.connect() as idle, endpoint.connect() as busy:
        idle.sendall(b"GET /frame HTTP/1.1\r\nHost: x\r\n\r\n")
        assert idle.recv(1000).startswith(b"HTTP/1.1 200")
        busy.sendall(GET)
        endpoint.until(lambda: len(endpoint.server.server_state.connections) == 2)
        assert busy.recv(8) == b"HTTP/1.1"
        endpoint.server.should_exit = True
        endpoint.until(lambda: "stopping" in endpoint.happened)
        assert rest(idle) == b""
        assert len(rest(busy)) > len(LARGE)
    with pytest.raises(ConnectionRefusedError):
        endpoint.connect()
    assert endpoint.happened[0] == "started"
    assert endpoint.happened[-1] == "stopping"


def test_somebody_who_does_not_read_cannot_keep_the_end_from_coming(tmp_path: Path) -> None:
    with Endpoint(tmp_path, page=LARGE) as endpoint, endpoint.connect() as client:
        client.sendall(GET)
        assert client.recv(8) == b"HTTP/1.1"
        started = time.monotonic()
        endpoint.__exit__(None, None, None)
        assert time.monotonic() - started < 5  # the grace period is a second


def test_methods_and_paths_that_there_are_not_are_refused(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint:
        assert endpoint.get("/debug/pprof").status_code == 404
        refused = endpoint.talk(b"POST /metrics HTTP/1.0\r\nHost: x\r\n\r\n")
        assert refused.startswith(b"HTTP/1.1 405 ")
        assert b"\r\nallow: " in refused
