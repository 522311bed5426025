"""Owns what every request passes before a route: limits of size and rate, basic auth, headers.

And what every answer passes: large ones leave in slices, so that a slow client holds no copy of its page.
"""

from __future__ import annotations

from collections.abc import Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from exporter.web_auth import BasicAuth
from exporter.web_model import RateLimit
from exporter.web_state import WebState

LARGEST_HEAD = 16 * 1024
# No route reads a body; a client that sends a little by habit is let in all the same.
_LARGEST_BODY = 4 * 1024
_SLICE = 32 * 1024
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="pg-oauth-exporter", charset="UTF-8"'}


class Guard:
    """The application behind what the web configuration asks for. `timer` returns seconds that only grow."""

    def __init__(self, app: ASGIApp, state: WebState, timer: Callable[[], float]) -> None:
        self._app = app
        self._state = state
        self._auth = BasicAuth()
        limit = state.at_start.rate_limit
        self._bucket = Bucket(limit, timer) if limit else None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or let it pass."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        config = self._state.config()
        send = _sliced(send)
        refusal = _too_large(scope)
        if refusal is None and self._bucket is not None and not self._bucket.takes():
            refusal = PlainTextResponse("Too Many Requests\n", 429)
        if refusal is None:
            send = _with_headers(send, config.headers)
            if config.users and not await self._auth.allows(_authorization(scope), config.users):
                refusal = PlainTextResponse("Unauthorized\n", 401, _CHALLENGE)
        await (refusal or self._app)(scope, receive, send)


class Bucket:
    """A token bucket, full at the start."""

    def __init__(self, limit: RateLimit, timer: Callable[[], float]) -> None:
        self._limit = limit
        self._timer = timer
        self._tokens = float(limit.burst)
        self._filled = timer()

    def takes(self) -> bool:
        """Return whether there was a token, and take it."""
        now = self._timer()
        self._tokens = min(self._limit.burst, self._tokens + (now - self._filled) / self._limit.interval)
        self._filled = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def _authorization(scope: Scope) -> bytes | None:
    return next((value for name, value in scope["headers"] if name == b"authorization"), None)


def _too_large(scope: Scope) -> PlainTextResponse | None:
    """Return the refusal of a request that is larger than any that a route here has use for."""
    close = {"Connection": "close"}
    head = sum(len(name) + len(value) for name, value in scope["headers"])
    if head + len(scope["raw_path"]) + len(scope["query_string"]) > LARGEST_HEAD:
        return PlainTextResponse("Request Header Fields Too Large\n", 431, close)
    headers = Headers(scope=scope)
    length = headers.get("content-length", "0")
    if "transfer-encoding" in headers or not length.isdigit() or int(length) > _LARGEST_BODY:
        return PlainTextResponse("Content Too Large: no request needs a body here\n", 413, close)
    return None


def _with_headers(send: Send, headers: tuple[tuple[str, str], ...]) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            given = MutableHeaders(scope=message)
            for name, value in headers:
                given[name] = value
        await send(message)

    return sending if headers else send


def _sliced(send: Send) -> Send:
    """Return a `send` that waits for the client after each slice of a body."""

    async def sending(message: Message) -> None:
        body = message.get("body", b"")
        if message["type"] == "http.response.body" and len(body) > _SLICE:
            last = len(body) - _SLICE
            at = 0
            while at < last:
                await send({"type": "http.response.body", "body": body[at : at + _SLICE], "more_body": True})
                at += _SLICE
            message = {**message, "body": body[at:]}
        await send(message)

    return sending
