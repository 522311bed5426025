"""Owns HTTP: routes, headers, status codes. Never waits for a database: a page is bytes that are ready."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import jinja2
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter import evidence_page
from exporter.duration import format_duration
from exporter.evidence import Episode, Evidence
from exporter.negotiate import CONTENT_TYPES, wanted_format, wants_gzip
from exporter.status import EvidenceStatus, Status
from exporter.store import Store
from exporter.telemetry import Telemetry

# The page shows what the server and the configuration say: nothing in it may run or be loaded.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

_FRESH = {"Cache-Control": "no-store", "Vary": "Accept"}

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class Backend:
    """What the routes serve. `reload` returns the faults that kept a reload from happening, None when off."""

    store: Store
    telemetry: Telemetry
    status: Callable[[], Status]
    targets: Callable[[], frozenset[str]]
    reload: Callable[[], Awaitable[tuple[str, ...]]] | None = None
    evidence: Evidence = field(default_factory=lambda: Evidence(keep=0))


def create(backend: Backend, lifespan: Lifespan | None = None) -> Starlette:
    """Return the application; what starts and stops with it is in `lifespan`."""
    routes = _Routes(backend)
    return Starlette(
        routes=[
            Route("/", routes.index),
            Route("/metrics", routes.metrics),
            Route("/healthz", routes.healthz),
            Route("/readyz", routes.readyz),
            Route("/api/v1/status", routes.status),
            Route("/evidence/{target}/", routes.evidence_kinds),
            Route("/evidence/{target}/{kind}", routes.evidence),
            Route("/-/reload", routes.reload, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


class _Routes:
    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        templates = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
        environment = jinja2.Environment(loader=templates, autoescape=True, trim_blocks=True)
        environment.filters["duration"] = format_duration
        environment.filters["utc"] = _utc
        environment.filters |= {
            "spoken": evidence_page.spoken,
            "standing": evidence_page.standing,
            "moment": evidence_page.moment,
            "lines": evidence_page.lines,
        }
        self._template = environment.get_template("status.html")
        self._evidence = environment.get_template("evidence.html")
        self._evidence_kinds = environment.get_template("evidence_kinds.html")

    async def metrics(self, request: Request) -> Response:
        chosen = frozenset(request.query_params.getlist("target"))
        unknown = chosen - self._backend.targets()
        if unknown:
            known = ", ".join(sorted(self._backend.targets()))
            names = ", ".join(sorted(unknown))
            return PlainTextResponse(f"no target named {names}; there are: {known}\n", 404)
        form = wanted_format(request.headers.get("accept", ""))
        compressed = wants_gzip(request.headers.get("accept-encoding", ""))
        page = self._backend.store.page(form, compressed=compressed, targets=chosen or None)
        self._backend.telemetry.scraped()
        headers = {"Content-Type": CONTENT_TYPES[form], "Vary": "Accept, Accept-Encoding"}
        if compressed:
            headers["Content-Encoding"] = "gzip"
        return Response(page, headers=headers)

    async def healthz(self, _: Request) -> Response:
        return PlainTextResponse("ok\n")

    async def readyz(self, _: Request) -> Response:
        problems = self._backend.status().not_ready
        if problems:
            return PlainTextResponse("".join(f"{problem}\n" for problem in problems), 503)
        return PlainTextResponse("ready\n")

    async def status(self, _: Request) -> Response:
        return JSONResponse(asdict(self._backend.status()), headers={"Cache-Control": "no-store"})

    async def index(self, _: Request) -> Response:
        page = self._template.render(
            status=self._backend.status(), can_reload=self._backend.reload is not None
        )
        return HTMLResponse(page, headers=_PAGE_HEADERS)

    async def evidence_kinds(self, request: Request) -> Response:
        name = request.path_params["target"]
        status = self._backend.status()
        if name not in self._backend.targets():
            return PlainTextResponse(f"no target named {name}\n", 404)
        kinds = _kinds(status, name)
        if not _wants_html(request):
            document = {"target": name, "now": status.now, "kinds": [asdict(kind) for kind in kinds]}
            return JSONResponse(document, headers=_FRESH)
        newest_first = sorted(kinds, key=lambda kind: (not kind.lasting, -(kind.newest or 0)))
        page = self._evidence_kinds.render(target=name, kinds=newest_first, now=status.now)
        return HTMLResponse(page, headers=_PAGE_HEADERS | _FRESH)

    async def evidence(self, request: Request) -> Response:
        name, kind = request.path_params["target"], request.path_params["kind"]
        status = self._backend.status()
        kinds = {each.kind: each for each in _kinds(status, name)}
        if kind not in kinds:
            there = ", ".join(kinds) or "none"
            return PlainTextResponse(f"no such evidence on a target of this name; there is: {there}\n", 404)
        episodes = self._backend.evidence.of(name, kind)
        if not _wants_html(request):
            found = [_episode(episode) for episode in episodes]
            document = {"target": name, "kind": kind, "now": status.now, "episodes": found}
            return JSONResponse(document, headers=_FRESH)
        page = self._evidence.render(
            target=name, kind=kind, help=kinds[kind].help, episodes=episodes, now=status.now
        )
        return HTMLResponse(page, headers=_PAGE_HEADERS | _FRESH)

    async def reload(self, _: Request) -> Response:
        if self._backend.reload is None:
            return PlainTextResponse(
                "reloading over HTTP is off: set web.enable_reload, or send SIGHUP\n", 403
            )
        faults = await self._backend.reload()
        if faults:
            return PlainTextResponse("".join(f"{fault}\n" for fault in faults), 400)
        return PlainTextResponse("reloaded\n")


def _kinds(status: Status, target: str) -> tuple[EvidenceStatus, ...]:
    return next((each.evidence for each in status.targets if each.name == target), ())


def _episode(episode: Episode) -> dict[str, object]:
    return {
        "query": episode.query,
        "database": episode.database,
        "runs": episode.runs,
        "began": episode.first.at,
        "ended": episode.ended,
        "snapshots": [asdict(snapshot) for snapshot in episode.snapshots],
    }


def _wants_html(request: Request) -> bool:
    """Browsers ask for HTML by name; programs take what comes, which is JSON."""
    wanted = request.query_params.get("format")
    return wanted == "html" if wanted else "text/html" in request.headers.get("accept", "")


def _utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
