"""Owns the HTTP of a fleet: service discovery, what load balancers ask, and targets that there are not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from difflib import get_close_matches
from functools import partial

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from exporter.discovery import groups
from exporter.model import Target
from exporter.redaction import blot
from exporter.refusals import refused
from exporter.roles import Standing, Wanted, verdict
from exporter.section import seconds

_FRESH = {"Cache-Control": "no-store"}
# Names are listed up to here, and beyond only the nearest is told.
_LISTED = 20
_LONGEST_NAME = 63
# HAProxy's checks are OPTIONS unless told otherwise.
_ASKED_BY = ["GET", "HEAD", "OPTIONS"]


class Fleet:
    """Answers from memory alone: `watched` are the targets of this process, `standing` is what is known.

    `now` returns Unix time in seconds.
    """

    def __init__(
        self,
        watched: Callable[[], Mapping[str, Target]],
        standing: Callable[[str], Standing],
        now: Callable[[], float],
    ) -> None:
        self._watched = watched
        self._standing = standing
        self._now = now

    def routes(self) -> list[Route]:
        """Return the routes."""
        roles = [
            Route(f"/targets/{{target}}/{wanted}", partial(self._role, wanted), methods=_ASKED_BY)
            for wanted in Wanted
        ]
        return [Route("/sd", self._sd), *roles]

    async def _sd(self, request: Request) -> Response:
        address = request.headers.get("host")
        if not address:
            return refused(400, "the request has no Host header")
        return JSONResponse(groups(self._watched().values(), address), headers=_FRESH)

    async def _role(self, wanted: Wanted, request: Request) -> Response:
        name = request.path_params["target"]
        if name not in self._watched():
            return unknown([name], self._watched())
        given = request.query_params.get("max_lag")
        try:
            max_lag = None if given is None else seconds(given)
        except ValueError as error:
            return refused(400, f"max_lag {error}")
        good, words = verdict(wanted, self._standing(name), self._now(), max_lag)
        return refused(200 if good else 503, words, _FRESH)


def unknown(names: Collection[str], known: Collection[str]) -> Response:
    """Return the answer to who asked for targets that there are not; of many it names the nearest only."""
    listed = blot(", ".join(sorted(name[:_LONGEST_NAME] for name in names)))
    if len(known) <= _LISTED:
        return refused(404, f"no target named {listed}; there are: {', '.join(sorted(known))}")
    near = get_close_matches(min(names)[:_LONGEST_NAME], known, n=1)
    meant = f"did you mean {near[0]}?" if near else f"there are {len(known)}, and /sd lists them"
    return refused(404, f"no target named {listed}; {meant}")
