"""Owns an endpoint as tests serve it: real sockets and TLS, a small application, in a thread."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from certificates import Made, make
from exporter.listeners import listen
from exporter.serving import Hooks, Server
from exporter.web_guard import Guard
from exporter.web_state import WebState


@dataclass
class Clock:
    """Seconds that only grow, and more when a test says so."""

    ahead: float = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Endpoint:
    """Serves `page` at /metrics on a free port of the loopback, as a web configuration `text` says."""

    def __init__(
        self, folder: Path, text: str = "", *, page: bytes = b"page\n", most: int = 100, address: str = ""
    ) -> None:
        self.file = folder / "web.yml"
        self.file.write_text(text)
        self.clock = Clock()
        self.read: list[bool] = []
        self.happened: list[str] = []

        async def metrics(_: Request) -> Response:
            return PlainTextResponse(page)

        async def frame(_: Request) -> Response:
            return PlainTextResponse("", headers={"X-Frame-Options": "DENY"})

        app = Starlette(
            routes=[Route("/metrics", metrics), Route("/healthz", metrics), Route("/frame", frame)]
        )
        self.state = WebState(str(self.file), self.clock, self.read.append)
        [self.listener] = listen([address or "127.0.0.1:0"], {})
        self.port = 0 if address.startswith("unix:") else int(self.listener.socket.getsockname()[1])
        hooks = Hooks(*(self._note(word) for word in ("started", "second", "stopping")))
        self.server = Server(Guard(app, self.state, self.clock), [self.listener], self.state, most, 1, hooks)
        self._thread = threading.Thread(target=lambda: asyncio.run(self.server.serve()), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self.until(lambda: "started" in self.happened)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.should_exit = True
        self._thread.join(20)
        assert not self._thread.is_alive(), "did not end in 20 s"

    def get(
        self,
        path: str = "/metrics",
        *,
        tls: ssl.SSLContext | None = None,
        auth: tuple[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}{path}"
        with httpx.Client(verify=tls or False, trust_env=False, timeout=10) as client:
            return client.get(url, auth=auth, headers=headers)

    def talk(self, *sent: bytes) -> bytes:
        """Send bytes over TCP and return all that comes back until the end."""
        with self.connect() as client:
            for each in sent:
                client.sendall(each)
            return rest(client)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), 20)

    def until(self, condition: Callable[[], bool], seconds: float = 10) -> None:
        started = time.monotonic()
        while not condition():
            assert time.monotonic() - started < seconds, f"not within {seconds} s"
            time.sleep(0.01)

    def _note(self, word: str) -> Callable[[], None]:
        return lambda: self.happened.append(word)


def rest(client: socket.socket) -> bytes:
    """Return what comes until the other side ends the connection."""
    parts = []
    try:
        while part := client.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


@dataclass(frozen=True)
class Keys:
    """Certificates for a server and its clients, and the files that a web configuration names."""

    folder: Path
    authority: Made
    server: Made

    def client(self, sans: str = "DNS:prometheus.example", authority: Made | None = None) -> Made:
        return make(2, subject="client", sans=sans, authority=authority or self.authority)

    def trust(
        self, client: Made | None = None, limits: Mapping[str, ssl.TLSVersion] | None = None
    ) -> ssl.SSLContext:
        """Return how a client speaks TLS that trusts the server, and shows a certificate of its own."""
        context = ssl.create_default_context(cadata=self.server.certificate)
        for name, version in (limits or {}).items():
            setattr(context, name, version)
        if client is not None:
            context.load_cert_chain(*client.write(self.folder, f"client{id(client)}"))
        return context


def keys(folder: Path) -> Keys:
    """Write server.crt, server.key and ca.crt into the folder."""
    server = make(2, subject="server", sans="DNS:localhost,IP:127.0.0.1")
    authority = make(2, subject="authority")
    server.write(folder, "server")
    authority.write(folder, "ca")
    return Keys(folder, authority, server)
