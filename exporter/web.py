"""Owns HTTP: routes, headers, status codes. Never waits for a database: a page is bytes that are ready."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, fields
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.dashboard_files import Dashboard
from exporter.evidence import Evidence
from exporter.fleet import Fleet, unknown
from exporter.negotiate import CONTENT_TYPES, Coding, wanted_coding, wanted_format
from exporter.pages import Ask, Pages
from exporter.pause_routes import Control, PauseRoutes
from exporter.refusals import foreign, is_foreign, not_acceptable, not_allowed, not_found, refused
from exporter.store import Store
from exporter.telemetry import Telemetry

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Backend:
    """What the routes serve. `reload` returns the faults that kept a reload from happening, None when off."""

    store: Store
    telemetry: Telemetry
    status: Ask
    targets: Callable[[], frozenset[str]]
    reload: Callable[[], Awaitable[tuple[str, ...]]] | None = None
    evidence: Evidence = field(default_factory=lambda: Evidence(keep=0))
    dashboards: Sequence[Dashboard] = ()
    fleet: Fleet | None = None
    pausing: Control | None = None


def create(backend: Backend, lifespan: Lifespan | None = None) -> Starlette:
    """Return the application; what starts and stops with it is in `lifespan`."""
    routes = _Routes(backend)
    pages = Pages(backend.status, backend.targets, backend.evidence, backend.dashboards)
    return Starlette(
        routes=[
            *pages.routes(),
            *(backend.fleet.routes() if backend.fleet else ()),
            Route("/metrics", routes.metrics),
            Route("/metrics/exporter", routes.exporter),
            Route("/probe", routes.probe),
            Route("/healthz", routes.healthz),
            Route("/readyz", routes.readyz),
            Route("/api/v1/status", routes.status),
            Route("/-/reload", routes.reload, methods=["POST"]),
            *PauseRoutes(backend.pausing, backend.targets).routes(),
        ],
        exception_handlers={404: not_found, 405: not_allowed},
        lifespan=lifespan,
    )


class _Routes:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def metrics(self, request: Request) -> Response:
        chosen = frozenset(request.query_params.getlist("target"))
        if strange := chosen - self._backend.targets():
            return unknown(strange, self._backend.targets())
        return self._page(request, chosen or None)

    async def exporter(self, request: Request) -> Response:
        return self._page(request, frozenset([""]))  # what is about no target

    async def probe(self, request: Request) -> Response:
        chosen = request.query_params.getlist("target")
        if len(chosen) != 1 or not chosen[0]:
            return refused(400, "a probe is of one target: /probe?target=name")
        if chosen[0] not in self._backend.targets():
            return unknown(chosen, self._backend.targets())
        return self._page(request, frozenset(chosen))

    def _page(self, request: Request, targets: frozenset[str] | None) -> Response:
        form = wanted_format(",".join(request.headers.getlist("accept")))
        coding = wanted_coding(",".join(request.headers.getlist("accept-encoding")))
        if form is None or coding is None:
            return not_acceptable()
        page = self._backend.store.page(form, compressed=coding is Coding.GZIP, targets=targets)
        if request.method == "GET":
            self._backend.telemetry.scraped()
        headers = {"Content-Type": CONTENT_TYPES[form], "Vary": "Accept, Accept-Encoding"}
        if coding is Coding.GZIP:
            headers["Content-Encoding"] = "gzip"
        return Response(page, headers=headers)

    async def healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(self, _: Request) -> Response:
        problems = self._backend.status(with_queries=False).not_ready
        if problems:
            return PlainTextResponse("".join(f"{problem}\n" for problem in problems), 503)
        return PlainTextResponse("ready\n")

    async def status(self, request: Request) -> Response:
        name = request.query_params.get("target")
        status = self._backend.status(name)
        if name is not None and not status.targets:
            return unknown([name], self._backend.targets())
        # Of hundreds of targets it is megabytes; a scrape is not to wait for that.
        page = await asyncio.to_thread(json.dumps, status, default=_members, separators=(",", ":"))
        return Response(page, media_type="application/json", headers={"Cache-Control": "no-store"})

    async def reload(self, request: Request) -> Response:
        if self._backend.reload is None:
            return PlainTextResponse(
                "reloading over HTTP is off: set web.enable_reload, or send SIGHUP\n", 403
            )
        if is_foreign(request):
            return foreign()
        faults = await self._backend.reload()
        if faults:
            return PlainTextResponse("".join(f"{fault}\n" for fault in faults), 400)
        return PlainTextResponse("reloaded\n")


def _members(part: Any) -> dict[str, object]:  # noqa: ANN401  # any dataclass of the status
    return {field.name: getattr(part, field.name) for field in fields(part)}
