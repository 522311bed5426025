"""A client that lets us wait is dropped, and holds little until then; over real sockets."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from daemon import ROOT
from endpoint import Endpoint, rest
from exporter import connection

GET = b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"


def ended_within(client: socket.socket, seconds: float) -> bool:
    """Whether the other side ends the connection by then."""
    client.settimeout(seconds)
    try:
        rest(client)
    except TimeoutError:
        return False
    return True


def trickle(client: socket.socket, data: bytes) -> None:
    for byte in data:
        client.sendall(bytes([byte]))
        time.sleep(0.05)


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients have a second or so for everything."""
    monkeypatch.setattr(connection, "HEAD_WITHIN", 0.5)
    monkeypatch.setattr(connection, "READ_WITHIN", 0.5)


@pytest.mark.slow
@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize("sent", [b"", b"GET /metrics HTTP/1.1\r\nHost: x\r\n", GET + b"GET /metr"])
def test_a_request_that_does_not_come_to_its_end_ends_the_connection(tmp_path: Path, sent: bytes) -> None:
    with Endpoint(tmp_path) as endpoint, endpoint.connect() as client:
        client.sendall(sent)
        assert ended_within(client, 5)


@pytest.mark.slow
@pytest.mark.usefixtures("hasty")
def test_a_request_that_comes_byte_by_byte_has_no_more_time(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint, endpoint.connect() as client:
        started = time.monotonic()
        with pytest.raises(OSError, match=r"reset|Broken pipe"):
            trickle(client, b"GET /" + b"a" * 1000)
        assert time.monotonic() - started < 5


@pytest.mark.slow
@pytest.mark.usefixtures("hasty")
def test_a_connection_between_two_requests_may_be_quiet(tmp_path: Path) -> None:
    """Prometheus keeps its connection from one scrape to the next."""
    with Endpoint(tmp_path) as endpoint, endpoint.connect() as client:
        for seconds in (2, 0.1):
            client.sendall(GET)
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
            assert not ended_within(client, seconds)


@pytest.mark.slow
@pytest.mark.usefixtures("hasty")
def test_a_client_that_does_not_read_its_page_is_dropped_and_one_that_reads_is_not(tmp_path: Path) -> None:
    page = b"x" * 20_000_000
    with Endpoint(tmp_path, page=page) as endpoint, endpoint.connect() as slow:
        slow.sendall(GET)
        endpoint.until(lambda: bool(endpoint.server.server_state.connections))
        assert endpoint.get().content == page
        endpoint.until(lambda: not endpoint.server.server_state.connections)


def test_several_requests_at_once_are_answered_in_turn(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint:
        answers = endpoint.talk(GET * 3 + GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        assert answers.count(b"HTTP/1.1 200 OK") == 4


def test_what_is_no_request_is_refused_and_fills_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Endpoint(tmp_path) as endpoint:
        assert endpoint.talk(b"\x00\x01\x02\r\n\r\n").startswith(b"HTTP/1.1 400 ")
        for _ in range(5):
            assert endpoint.talk(b"GET /metrics HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    assert len([record for record in caplog.records if "Invalid HTTP" in record.message]) <= 1


class BigPage:
    """The real pages over a store of some 5 MB, in a process of its own."""

    def __init__(self) -> None:
        command = [sys.executable, str(ROOT / "tests/big_page.py")]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def resident(self) -> int:
        """Bytes of the process in memory."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024

    def scrape(self) -> tuple[int, float]:
        """Return the size of a page and the seconds that it took, on a connection of its own."""
        started = time.perf_counter()
        with socket.create_connection(("127.0.0.1", self.port), 10) as client:
            client.sendall(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
            return len(rest(client)), time.perf_counter() - started


@pytest.fixture
def big_page() -> Iterator[BigPage]:
    page = BigPage()
    yield page
    page.process.terminate()
    page.process.wait(20)
    assert page.process.stdout is not None
    page.process.stdout.close()


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="memory is read from /proc")
def test_a_hundred_slow_clients_share_one_page_and_keep_nobody_from_scraping(
    big_page: BigPage, record_property: Callable[[str, object], None]
) -> None:
    size, _ = big_page.scrape()
    assert size > 5_000_000
    before = big_page.resident()
    with contextlib.ExitStack() as clients:
        slow = [clients.enter_context(socket.socket()) for _ in range(99)]
        for client in slow:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", big_page.port))
            client.sendall(GET)
        for client in slow:
            assert client.recv(10).startswith(b"HTTP/1.1")
        seconds = sorted(big_page.scrape()[1] for _ in range(5))
        grown = big_page.resident() - before
    record_property("measured", f"{grown:,} bytes more for a page of {size:,}, {seconds[0]:.3f} s a scrape")
    # Two pages, and for each client a slice, a buffer and what a connection is made of.
    assert grown < 2 * size + 99 * 96 * 1024
    assert seconds[0] < 0.1  # of five: the others may have waited for another program
