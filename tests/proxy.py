"""Owns a TCP proxy that stands between a client and a server, and can go silent or away."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Coroutine
from types import TracebackType
from typing import Self


class Proxy:
    """Forwards connections to a server until told otherwise; in a thread of its own, for any kind of test.

    `freeze` goes silent: whoever connects is accepted, nobody is answered, nothing is lost. `thaw` goes on.
    `cut` is a server that is down: connections are aborted, new ones refused. `heal` takes new ones again.
    """

    def __init__(self, host: str, port: int) -> None:
        self.host = "127.0.0.1"
        self.accepted = 0
        self._upstream = host, port
        self._loop = asyncio.new_event_loop()
        self._flows = asyncio.Event()
        self._flows.set()
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()
        # Bound and never listening, it keeps the port ours while connections to it are refused.
        self._claim = self._bound(0)
        self.port: int = self._claim.getsockname()[1]
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.heal()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        self._claim.close()

    def freeze(self) -> None:
        """Go silent in both directions."""

        async def stop() -> None:
            self._flows.clear()

        self._do(stop())

    def thaw(self) -> None:
        """Deliver what was held back and go on."""

        async def go_on() -> None:
            self._flows.set()

        self._do(go_on())

    def cut(self) -> None:
        """Abort all connections and refuse new ones."""
        self._do(self._cut())

    def heal(self) -> None:
        """Take new connections and forward again."""
        self._do(self._heal())

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    def _bound(self, port: int) -> socket.socket:
        claim = socket.socket()
        claim.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        claim.bind((self.host, port))
        return claim

    async def _heal(self) -> None:
        self._flows.set()
        if self._server is None:
            self._server = await asyncio.start_server(self._accept, sock=self._bound(self.port), backlog=100)

    async def _cut(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for task in (tasks := list(self._connections)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        task = self._loop.create_task(self._serve(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream = None
        try:
            await self._flows.wait()
            back, upstream = await asyncio.open_connection(*self._upstream)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, upstream))
                group.create_task(self._pump(back, writer))
        except* OSError:
            pass
        except* asyncio.CancelledError:
            # A reset, as from a host that is gone or has forgotten the connection.
            end = writer.get_extra_info("socket")
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
            raise
        finally:
            await _close(writer)
            if upstream is not None:
                await _close(upstream)

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            await self._flows.wait()
            sink.write(data)
            await sink.drain()
        # TCP's half-close: the other direction may still have something to say.
        await self._flows.wait()
        sink.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
