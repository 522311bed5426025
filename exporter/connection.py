"""Owns one connection of a client: uvicorn's, with a limit of time for everything it can wait for."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import h11
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from exporter.seldom import Seldom
from exporter.web_guard import LARGEST_HEAD
from exporter.web_state import WebState
from exporter.web_tls import is_allowed

log = logging.getLogger(__name__)
log.addFilter(Seldom())

# Seconds in which a request's head has to be there, and in which an answer has to be read.
HEAD_WITHIN = 10.0
READ_WITHIN = 30.0
# Bytes of an answer that wait for a client; what is beyond waits in the page, which all share.
_BUFFER = 32 * 1024
_TLS_HANDSHAKE = b"\x16"


class Connection(H11Protocol):
    """Speaks HTTP/1.1 with one client; `made` is told when that begins."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        state: WebState,
        made: Callable[[], None],
    ) -> None:
        super().__init__(config, server_state, app_state)
        self._state = state
        self._made = made
        self._refused = False
        self._head_since: float | None = None
        self._unread_since: float | None = None
        self.quiet_since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin, unless the client's certificate has none of the names that may come in."""
        transport.set_write_buffer_limits(high=_BUFFER)
        self.quiet_since = self._head_since = self.loop.time()
        super().connection_made(transport)
        self._made()
        tls = self._state.config().tls
        if tls and not is_allowed(transport.get_extra_info("peercert"), tls.allowed_sans):
            self._refused = True
            log.warning("a client's certificate has no name of client_allowed_sans", extra=self._peer())
            transport.abort()

    def data_received(self, data: bytes) -> None:
        """Take bytes of a request."""
        if self._refused:
            return
        if self.scheme == "http" and self.cycle is None and data.startswith(_TLS_HANDSHAKE):
            log.warning("a client speaks TLS where plain HTTP is served", extra=self._peer())
        if self.waits() and self._head_since is None:
            self._head_since = self.loop.time()
        super().data_received(data)
        if not self.waits():
            self._head_since = None

    def pause_writing(self) -> None:
        """Note since when the client does not read as fast as we write."""
        super().pause_writing()
        self._unread_since = self._unread_since or self.loop.time()

    def on_response_complete(self) -> None:
        """Begin to wait for the next request, or take the one that is there already."""
        self.quiet_since = self.loop.time()
        if self.transport.get_write_buffer_size():
            self._unread_since = self._unread_since or self.quiet_since
        super().on_response_complete()
        if self.conn.trailing_data[0] and self.waits():
            self._head_since = self.quiet_since

    def waits(self) -> bool:
        """Return whether there is no request to be answered."""
        return self.cycle is None or self.cycle.response_complete  # type: ignore[redundant-expr]  # until the first request it is None

    def drop_if_late(self, now: float) -> None:
        """End the connection when the client lets us wait for too long."""
        late = ""
        if self._head_since is not None and now - self._head_since > HEAD_WITHIN:
            late = "a client took too long to send its request"
        if self._unread_since is not None:
            if self.waits() and not self.transport.get_write_buffer_size():
                self._unread_since = None
            elif now - self._unread_since > READ_WITHIN:
                late = "a client took too long to read its answer"
        if late:
            log.info(late, extra=self._peer())
            self.transport.abort()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no request, or is too long for one."""
        too_long = len(self.conn.trailing_data[0]) > LARGEST_HEAD
        status, text = (431, "Request Header Fields Too Large") if too_long else (400, msg)
        headers = [("content-type", "text/plain; charset=utf-8"), ("connection", "close")]
        for event in (
            h11.Response(status_code=status, headers=headers, reason=""),
            h11.Data(data=f"{text}\n".encode()),
            h11.EndOfMessage(),
        ):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _peer(self) -> dict[str, str]:
        return {"client": self.client[0] if self.client else "a Unix socket"}
