"""Owns the pages for people: what is found at which address, and what may not happen on a page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter import evidence_page
from exporter.duration import format_duration
from exporter.evidence import Episode, Evidence
from exporter.status import EvidenceStatus, Status

# The page shows what the server and the configuration say: nothing in it may run or be loaded.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}

_FRESH = {"Cache-Control": "no-store", "Vary": "Accept"}


class Pages:
    """Serves the status page and the pages of evidence."""

    def __init__(
        self,
        status: Callable[[], Status],
        targets: Callable[[], frozenset[str]],
        evidence: Evidence,
        *,
        can_reload: bool,
    ) -> None:
        self._status = status
        self._targets = targets
        self._kept = evidence
        self._can_reload = can_reload
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

    def routes(self) -> list[Route]:
        """Return what is found where."""
        return [
            Route("/", self.index),
            Route("/evidence/{target}/", self.evidence_kinds),
            Route("/evidence/{target}/{kind}", self.evidence),
        ]

    async def index(self, _: Request) -> Response:
        """Answer with the state of everything."""
        page = self._template.render(status=self._status(), can_reload=self._can_reload)
        return HTMLResponse(page, headers=_PAGE_HEADERS)

    async def evidence_kinds(self, request: Request) -> Response:
        """Answer with the kinds of evidence of a target."""
        name = request.path_params["target"]
        status = self._status()
        if name not in self._targets():
            return PlainTextResponse(f"no target named {name}\n", 404)
        kinds = _kinds(status, name)
        if not _wants_html(request):
            document = {"target": name, "now": status.now, "kinds": [asdict(kind) for kind in kinds]}
            return JSONResponse(document, headers=_FRESH)
        newest_first = sorted(kinds, key=lambda kind: (not kind.lasting, -(kind.newest or 0)))
        page = self._evidence_kinds.render(target=name, kinds=newest_first, now=status.now)
        return HTMLResponse(page, headers=_PAGE_HEADERS | _FRESH)

    async def evidence(self, request: Request) -> Response:
        """Answer with the episodes of one kind."""
        name, kind = request.path_params["target"], request.path_params["kind"]
        status = self._status()
        kinds = {each.kind: each for each in _kinds(status, name)}
        if kind not in kinds:
            there = ", ".join(kinds) or "none"
            return PlainTextResponse(f"no such evidence on a target of this name; there is: {there}\n", 404)
        episodes = self._kept.of(name, kind)
        if not _wants_html(request):
            found = [_episode(episode) for episode in episodes]
            document = {"target": name, "kind": kind, "now": status.now, "episodes": found}
            return JSONResponse(document, headers=_FRESH)
        page = self._evidence.render(
            target=name, kind=kind, help=kinds[kind].help, episodes=episodes, now=status.now
        )
        return HTMLResponse(page, headers=_PAGE_HEADERS | _FRESH)


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
