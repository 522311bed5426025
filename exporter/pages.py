"""Owns the pages for people: what is found at which address, and what may not happen on a page."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from exporter import evidence_page, status_page
from exporter.assets import Assets
from exporter.dashboard_files import Dashboard
from exporter.duration import format_duration
from exporter.evidence import Episode, Evidence
from exporter.fleet import unknown
from exporter.negotiate import wants_gzip
from exporter.status import EvidenceStatus, Status

# A page shows what servers and the configuration say: nothing in it may run, nothing foreign be loaded.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PAGE_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
    "Vary": "Accept, Accept-Encoding",
}
_FRESH = {"Cache-Control": "no-store", "Vary": "Accept"}
# Higher levels cost more than they save on a page that is made for each reader.
_GZIP_LEVEL = 4


class Ask(Protocol):
    """Who knows the status; see `daemon.Daemon.status`."""

    def __call__(self, only: str | None = None, *, with_queries: bool = True) -> Status:
        """Return the status of one target or of all."""


class Pages:
    """Serves the status pages, the pages of evidence, and what these load."""

    def __init__(
        self,
        status: Ask,
        targets: Callable[[], frozenset[str]],
        evidence: Evidence,
        dashboards: Sequence[Dashboard] = (),
    ) -> None:
        self._status = status
        self._targets = targets
        self._kept = evidence
        self._assets = Assets()
        self._templates = _environment(self._assets, dashboards)

    def routes(self) -> list[Route]:
        """Return what is found where."""
        return [
            Route("/", self.index),
            Route("/targets/{target}", self.target),
            Route("/evidence/{target}/", self.evidence_kinds),
            Route("/evidence/{target}/{kind}", self.evidence),
            Route("/assets/{file}", self._assets.serve),
        ]

    async def index(self, request: Request) -> Response:
        """Answer with the state of everything; of a single target with all there is to say."""
        is_single = len(self._targets()) == 1
        status = self._status(with_queries=is_single)
        if is_single and status.targets:
            return self._target(request, status, is_index=True)
        asked = status_page.question(request.query_params)
        listing = status_page.listing(status, asked)
        return self._page(request, "status.html", "", status=status, asked=asked, listing=listing)

    async def target(self, request: Request) -> Response:
        """Answer with all there is to say about a target."""
        name = request.path_params["target"]
        status = self._status(name)
        if not status.targets:
            return unknown({name}, self._targets())
        return self._target(request, status, is_index=False)

    async def evidence_kinds(self, request: Request) -> Response:
        """Answer with the kinds of evidence of a target."""
        name = request.path_params["target"]
        status = self._status(name, with_queries=False)
        if not status.targets:
            return unknown({name}, self._targets())
        kinds = status.targets[0].evidence
        if not _wants_html(request):
            document = {"target": name, "now": status.now, "kinds": [asdict(kind) for kind in kinds]}
            return JSONResponse(document, headers=_FRESH)
        newest_first = sorted(kinds, key=lambda kind: (not kind.lasting, -(kind.newest or 0)))
        return self._page(
            request, "evidence_kinds.html", "../../", target=name, kinds=newest_first, now=status.now
        )

    async def evidence(self, request: Request) -> Response:
        """Answer with the episodes of one kind."""
        name, kind = request.path_params["target"], request.path_params["kind"]
        status = self._status(name, with_queries=False)
        kinds = {each.kind: each for target in status.targets for each in target.evidence}
        if kind not in kinds:
            there = ", ".join(kinds) or "none"
            return PlainTextResponse(f"no such evidence on a target of this name; there is: {there}\n", 404)
        episodes = self._kept.of(name, kind)
        if not _wants_html(request):
            found = [_episode(episode) for episode in episodes]
            document = {"target": name, "kind": kind, "now": status.now, "episodes": found}
            return JSONResponse(document, headers=_FRESH)
        about: EvidenceStatus = kinds[kind]
        facts = {"kind": kind, "help": about.help, "episodes": episodes, "now": status.now}
        return self._page(request, "evidence.html", "../../", target=name, **facts)

    def _target(self, request: Request, status: Status, *, is_index: bool) -> Response:
        asked = status_page.question(request.query_params)
        target = status.targets[0]
        facts = {
            "status": status,
            "target": target,
            "asked": asked,
            "sections": status_page.sections(target, status.disabled, asked),
            "is_index": is_index,
        }
        return self._page(request, "target.html", "" if is_index else "../", **facts)

    def _page(self, request: Request, template: str, root: str, **facts: object) -> Response:
        """Return a page; `root` leads from it to the page at the root, also behind a proxy with a prefix."""
        page = self._templates.get_template(template).render(root=root, **facts).encode()
        if not wants_gzip(request.headers.get("accept-encoding", "")):
            return HTMLResponse(page, headers=_PAGE_HEADERS)
        page = gzip.compress(page, _GZIP_LEVEL)
        return HTMLResponse(page, headers={**_PAGE_HEADERS, "Content-Encoding": "gzip"})


def _environment(assets: Assets, dashboards: Sequence[Dashboard]) -> jinja2.Environment:
    loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    environment = jinja2.Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.globals |= {
        "asset": assets.address,
        "dashboards": dashboards,
        "target_states": status_page.TARGET_STATES,
        "query_states": status_page.QUERY_STATES,
        "headline": status_page.headline,
    }
    environment.filters |= {
        "duration": format_duration,
        "utc": _utc,
        "segment": lambda text: quote(text, safe=""),
        "spoken": evidence_page.spoken,
        "standing": evidence_page.standing,
        "moment": evidence_page.moment,
        "lines": evidence_page.lines,
        "ago": status_page.ago,
        "took": status_page.took,
        "percent": status_page.percent,
        "share_of_time": status_page.share_of_time,
        "kind_of": status_page.kind_of,
        "trouble": status_page.trouble,
    }
    return environment


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
