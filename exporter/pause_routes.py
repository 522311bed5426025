"""Owns pausing and resuming over HTTP: what may be asked for, and the answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter.pauses import LONGEST_REASON, By, Pause
from exporter.refusals import foreign, is_foreign
from exporter.section import seconds

_OFF = "pausing over HTTP is off: set web.enable_reload, or use pause_dir or paused in the configuration\n"


class Control(Protocol):
    """Who pauses; see `pausing.Pausing`."""

    async def pause(self, target: str, seconds: float | None, why: str) -> Pause:
        """Pause a target for some time, None for until it is resumed."""

    async def resume(self, target: str) -> Pause | None:
        """End a pause by the endpoint; return the one that goes on."""


@dataclass(frozen=True, slots=True)
class PauseRoutes:
    """The routes; `control` is None where the configuration does not allow them."""

    control: Control | None
    targets: Callable[[], frozenset[str]]

    def routes(self) -> list[Route]:
        """Return what is found at which address."""
        return [
            Route("/-/targets/{target}/pause", self._pause, methods=["POST"]),
            Route("/-/targets/{target}/resume", self._resume, methods=["POST"]),
        ]

    async def _pause(self, request: Request) -> Response:
        async def answer(control: Control, name: str) -> Response:
            given = request.query_params
            try:
                lasting = seconds(given["for"]) if "for" in given else None
            except ValueError as error:
                return PlainTextResponse(f"for: {error}\n", 400)
            why = given.get("reason", "").strip()
            if len(why) > LONGEST_REASON or not why.isprintable():
                return PlainTextResponse(f"reason: must be one line of up to {LONGEST_REASON} letters\n", 400)
            return PlainTextResponse(_told(name, await control.pause(name, lasting, why)))

        return await self._answer(request, answer)

    async def _resume(self, request: Request) -> Response:
        async def answer(control: Control, name: str) -> Response:
            rest = await control.resume(name)
            if rest is not None:
                return PlainTextResponse(f"{_told(name, rest)}only what paused it ends that\n", 409)
            return PlainTextResponse(f"{name} is not paused\n")

        return await self._answer(request, answer)

    async def _answer(
        self, request: Request, answer: Callable[[Control, str], Awaitable[Response]]
    ) -> Response:
        name = request.path_params["target"]
        if self.control is None:
            return PlainTextResponse(_OFF, 403)
        if is_foreign(request):
            return foreign()
        if name not in self.targets():
            return PlainTextResponse("no target of this name\n", 404)
        return await answer(self.control, name)


def _told(name: str, pause: Pause) -> str:
    ends = pause.until is None and pause.by is By.ENDPOINT
    return f"{name} is {pause}\n" + ("it ends when it is resumed or the exporter restarts\n" if ends else "")
