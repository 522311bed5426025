"""Owns accepting connections: how many, with which certificate, and what becomes of them at the end."""

from __future__ import annotations

import asyncio
import asyncio.sslproto
import contextlib
import errno
import logging
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import uvicorn
from starlette.types import ASGIApp

from exporter.connection import Connection
from exporter.listeners import Listener
from exporter.seldom import Seldom
from exporter.web_guard import LARGEST_HEAD
from exporter.web_state import WebState

log = logging.getLogger(__name__)
log.addFilter(Seldom())
logging.getLogger("uvicorn.error").addFilter(Seldom())  # it warns of each request that is none

# Seconds for a TLS handshake, and until a connection without a request is closed: Prometheus keeps its own.
_HANDSHAKE_WITHIN = 10.0
_IDLE_WITHIN = 120
_END_OF_TLS_WITHIN = 2.0
# Bytes that the kernel holds for a client; left to itself it takes some megabytes of a page for each.
_KERNEL_BUFFER = 128 * 1024
_NO_MORE_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)
_TICKS_A_SECOND = 10
_START_FAILED = 3  # as uvicorn exits
_TLS_HANDSHAKE = b"\x16"
_PLAIN_ON_TLS = (
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n"
    b"Client sent an HTTP request to an HTTPS server.\n"
)
_NO_ROOM = b"HTTP/1.0 503 Service Unavailable\r\nConnection: close\r\n\r\nToo many connections\n"

# What asyncio sets aside to read from a client over TLS: by itself 256 KiB, for requests of some hundreds.
# No other TLS of this process goes through asyncio.
asyncio.sslproto.SSLProtocol.max_size = LARGEST_HEAD


@dataclass(frozen=True, slots=True)
class Hooks:
    """Who hears of what happens: that we serve, that a second has gone by, that the end has begun."""

    started: Callable[[], None]
    second: Callable[[], None]
    stopping: Callable[[], None]


class Server(uvicorn.Server):
    """uvicorn with an accept loop of ours: each connection gets the certificate of its moment.

    Signals are not taken: uvicorn raises SIGTERM again behind us, which makes the exit status 143.
    """

    def __init__(
        self,
        app: ASGIApp,
        listeners: Sequence[Listener],
        state: WebState,
        most: int,
        grace: float,
        hooks: Hooks,
    ) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http="h11",
                ws="none",
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                timeout_keep_alive=_IDLE_WITHIN,
                timeout_graceful_shutdown=round(grace) or 1,
                h11_max_incomplete_event_size=LARGEST_HEAD,
            )
        )
        self._listeners = listeners
        self._state = state
        self._most = most
        self._hooks = hooks
        self._handshakes: dict[socket.socket, asyncio.Task[None]] = {}

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the composition."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's
        """Start the application, then accept."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(_START_FAILED)
        self.servers = [_Acceptor(listener, self._accepted) for listener in self._listeners]  # type: ignore[misc]  # closes like one of asyncio's
        self.started = True
        self._hooks.started()

    async def on_tick(self, counter: int) -> bool:
        """Look once a second for clients that let us wait."""
        if counter % _TICKS_A_SECOND == 0:
            now = asyncio.get_running_loop().time()
            for connection in self._connections():
                connection.drop_if_late(now)
            self._hooks.second()
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, let answers end, then stop the application."""
        self._hooks.stopping()
        for task in self._handshakes.values():
            task.cancel()
        await super().shutdown(sockets)
        for connection in self._connections():
            connection.transport.abort()
        await asyncio.sleep(0)

    def _connections(self) -> list[Connection]:
        return [each for each in self.server_state.connections if isinstance(each, Connection)]

    def _accepted(self, client: socket.socket) -> None:
        if not self._has_room():
            log.warning("too many connections, the newest is closed", extra={"most": self._most})
            with contextlib.suppress(OSError), client:
                if self._state.context() is None:
                    client.send(_NO_ROOM)
            return
        with contextlib.suppress(OSError):  # a Unix socket has no Nagle, and a client may have gone
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BUFFER)
            # asyncio does so only where the socket says that it is TCP, which an accepted one does not. Head
            # and body are two writes: the second would wait 40 ms for the first to be acknowledged.
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = asyncio.create_task(self._connect(client))
        self._handshakes[client] = task
        task.add_done_callback(lambda _: self._handshakes.pop(client, None))

    def _has_room(self) -> bool:
        """Return whether one more fits; the connection that has waited longest for a request makes room."""
        connections = self._connections()
        if len(connections) + len(self._handshakes) < self._most:
            return True
        waiting = [each for each in connections if each.waits()]
        if not waiting:
            return False
        longest = min(waiting, key=lambda each: each.quiet_since)
        longest.transport.abort()
        self.server_state.connections.discard(longest)
        return True

    async def _connect(self, client: socket.socket) -> None:
        if self._state.context() is not None and not await _begins_tls(client):
            client.close()
            return
        context = self._state.context()
        within = _HANDSHAKE_WITHIN if context else None
        end_within = _END_OF_TLS_WITHIN if context else None
        try:
            await asyncio.get_running_loop().connect_accepted_socket(
                lambda: self._new(client),
                client,
                ssl=context,
                ssl_handshake_timeout=within,
                ssl_shutdown_timeout=end_within,
            )
        except OSError as error:
            reason = (getattr(error, "reason", "") or "broken off").lower().replace("_", " ")
            log.warning("a TLS handshake failed", extra=_peer(client) | {"reason": reason})

    def _new(self, client: socket.socket) -> Connection:
        def made() -> None:
            # From here on it is one of uvicorn's; counted twice, it would drive another one out.
            self._handshakes.pop(client, None)

        return Connection(self.config, self.server_state, self.lifespan.state, self._state, made)


class _Acceptor:
    """Accepts at one listener until it is closed."""

    def __init__(self, listener: Listener, accepted: Callable[[socket.socket], None]) -> None:
        self._listener = listener
        self._accepted = accepted
        self._task = asyncio.create_task(self._serve())

    def close(self) -> None:
        self._task.cancel()

    async def wait_closed(self) -> None:
        await asyncio.wait([self._task])

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        self._listener.socket.setblocking(False)
        try:
            while True:
                try:
                    client, _ = await loop.sock_accept(self._listener.socket)
                except OSError as error:  # also a client that has gone already
                    if error.errno in _NO_MORE_FILES:
                        log.warning("no connection can be accepted", extra={"reason": error.strerror})
                        await asyncio.sleep(1)
                    continue
                self._accepted(client)
        finally:
            self._listener.close()


async def _begins_tls(client: socket.socket) -> bool:
    """Wait for the first byte, which is left where it is; plain HTTP is told so, as Go's server does."""
    try:
        async with asyncio.timeout(_HANDSHAKE_WITHIN):
            await _readable(client)
            first = client.recv(1, socket.MSG_PEEK)
            if first not in (b"", _TLS_HANDSHAKE):
                log.warning("a client speaks plain HTTP where TLS is served", extra=_peer(client))
                client.recv(LARGEST_HEAD)  # to close with bytes unread would take the answer away again
                await asyncio.get_running_loop().sock_sendall(client, _PLAIN_ON_TLS)
    except (OSError, TimeoutError):
        return False
    return first == _TLS_HANDSHAKE


async def _readable(client: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    there = asyncio.Event()
    loop.add_reader(client, there.set)
    try:
        await there.wait()
    finally:
        loop.remove_reader(client)


def _peer(client: socket.socket) -> dict[str, str]:
    try:
        name = client.getpeername()
    except OSError:
        return {}
    return {"client": name[0]} if isinstance(name, tuple) else {}
