"""Owns the log of requests: one line for each, when it is wanted, and nothing of a query but the targets."""

from __future__ import annotations

import logging
import time
from urllib.parse import parse_qs

from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Its level is its switch; see `logs.configure`.
log = logging.getLogger(__name__)

# Of what a stranger sends.
_LONGEST = 200


class RequestLog:
    """Wraps the application; costs nothing to speak of while the log is off."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, and say what was served once it is through."""
        if scope["type"] != "http" or not log.isEnabledFor(logging.INFO):
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        status: int | None = None
        size = 0

        async def counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            elif scope["method"] != "HEAD":
                size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, counted)
        finally:
            seconds = round(time.perf_counter() - started, 6)
            log.info("request", extra={**_asked(scope), "status": status, "bytes": size, "seconds": seconds})


def _asked(scope: Scope) -> dict[str, object]:
    client = scope.get("client")
    targets = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("target", [])
    return {
        "method": scope["method"][:_LONGEST],
        "path": scope["path"][:_LONGEST],
        "target": ",".join(targets)[:_LONGEST] or None,
        "remote": client[0] if client else "unix",
    }
