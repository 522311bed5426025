"""What is said of the certificate that a server shows, and that nothing is said where there is none."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest

from certificates import Made, make, put
from exporter.certificate_watch import FAMILY, CertificateWatch
from exporter.dsn import endpoints
from exporter.handshake import HandshakeError, certificate_end
from exporter.model import Target
from exporter.render import Format
from exporter.store import Store
from servers import Server
from shipped import changed


def end(server: Server, seconds: float = 5.0) -> float | None:
    return asyncio.run(certificate_end(server.host, server.port, seconds))


@pytest.fixture(scope="module")
def encrypted(a_server: Server) -> Iterator[tuple[Server, Made]]:
    """The server with a certificate, which it had not before, and that certificate."""
    if a_server.execute("SHOW ssl") == [("on",)] or not a_server.execute(
        "SELECT 1 FROM pg_settings WHERE name = 'ssl_library' AND setting <> ''"
    ):
        pytest.skip("the server cannot be given a certificate")
    assert end(a_server) is None
    made = make(30)
    put(a_server, "tests.key", made.key)
    put(a_server, "tests.crt", made.certificate)
    with ExitStack() as stack:
        stack.enter_context(changed(a_server, "ssl_key_file", "'tests.key'"))
        stack.enter_context(changed(a_server, "ssl_cert_file", "'tests.crt'"))
        stack.enter_context(changed(a_server, "ssl", "on"))
        deadline = time.monotonic() + 20
        while end(a_server) is None:
            assert time.monotonic() < deadline, "the server does not begin to offer TLS"
        yield a_server, made
    while end(a_server) is not None:
        assert time.monotonic() < deadline + 20, "the server does not stop to offer TLS"


def test_the_end_is_that_of_the_certificate_that_is_shown(encrypted: tuple[Server, Made]) -> None:
    server, made = encrypted
    assert end(server) == made.end


def test_the_page_says_when_the_certificate_of_a_target_ends(encrypted: tuple[Server, Made]) -> None:
    server, made = encrypted
    page = asyncio.run(_watched(server.dsn()))
    assert f'{FAMILY}{{target="main"}} {made.end}\n' in page


def test_what_was_said_goes_with_the_target(encrypted: tuple[Server, Made]) -> None:
    server, _ = encrypted

    async def trial() -> list[bool]:
        store = Store(time.time)
        watch = CertificateWatch(store, time.time)
        found = []
        for targets in ([Target("main", server.dsn())], []):
            watch.configure(targets)
            await _serve_once(watch)
            found.append(FAMILY in store.page(Format.TEXT, compressed=False).decode())
        return found

    assert asyncio.run(trial()) == [True, False]


async def _serve_once(watch: CertificateWatch) -> None:
    with suppress(TimeoutError):
        await asyncio.wait_for(watch.serve(), 0.8)


async def _watched(dsn: str) -> str:
    store = Store(time.time)
    watch = CertificateWatch(store, time.time)
    watch.configure([Target("main", dsn, connect_timeout=0.3)])
    await _serve_once(watch)
    return store.page(Format.TEXT, compressed=False).decode()


@pytest.mark.parametrize("answer", [b"", b"N", b"S", b"Shello, no TLS at all", b"E", b"HTTP/1.1 400", None])
def test_whoever_answers_otherwise_shows_no_certificate(answer: bytes | None) -> None:
    """None: somebody who accepts and never answers."""

    async def trial() -> float | None:
        talks: list[asyncio.Task[None]] = []

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            talks.extend(task for task in [asyncio.current_task()] if task)
            assert await reader.readexactly(8) == bytes.fromhex("0000000804d2162f")
            if answer is None:
                await reader.read()
            writer.write(answer or b"")
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

        somebody = await asyncio.start_server(talk, "127.0.0.1", 0)
        try:
            async with somebody:
                return await certificate_end("127.0.0.1", somebody.sockets[0].getsockname()[1], 0.3)
        finally:
            await asyncio.gather(*talks)

    if answer is not None and answer[:1] in b"NEH" and answer:
        assert asyncio.run(trial()) is None
    else:
        with pytest.raises(HandshakeError):
            asyncio.run(trial())


def test_where_nobody_listens_nothing_is_said() -> None:
    assert FAMILY not in asyncio.run(_watched("postgresql://x@127.0.0.1:1/x"))


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://u@db/x", [("db", 5432)]),
        ("host=db port=6000", [("db", 6000)]),
        ("host=a,b port=1,2", [("a", 1), ("b", 2)]),
        ("host=a,b port=7", [("a", 7), ("b", 7)]),
        ("host=db hostaddr=10.0.0.1", [("10.0.0.1", 5432)]),
        ("postgresql://u@[::1]:7/x", [("::1", 7)]),
        ("host=/run/postgresql", []),
        ("host=@abstract", []),
        ("host=/run/postgresql,db", [("db", 5432)]),
        ("dbname=x", []),
        ("host=db sslmode=disable", []),
        ("host=db sslmode=prefer", [("db", 5432)]),
        ("sqlite:///x.db", []),
    ],
)
def test_endpoints_are_those_that_libpq_would_reach_by_tcp(dsn: str, expected: list[tuple[str, int]]) -> None:
    assert list(endpoints(Target("main", dsn))) == expected
