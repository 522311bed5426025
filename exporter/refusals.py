"""Owns the answers to what cannot be asked for: each says what can be."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from exporter.negotiate import CONTENT_TYPES

# Nobody may take an answer for a page of another kind, whatever stands in it.
_PLAIN = {"X-Content-Type-Options": "nosniff"}


def refused(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer of one line."""
    return PlainTextResponse(f"{text}\n", status, headers={**_PLAIN, **(headers or {})})


def not_acceptable() -> Response:
    """Return the answer to a request that excludes all that there is."""
    offered = ", ".join(CONTENT_TYPES.values())
    text = f"none of what the request accepts is served here; there is: {offered}; as it is, or with gzip"
    return refused(406, text, {"Vary": "Accept, Accept-Encoding"})


def is_foreign(request: Request) -> bool:
    """Tell whether a browser sends this for a page that is not ours: any page can make it POST anywhere."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")


def foreign() -> Response:
    """Return the answer to a request for what a page of another site may not do."""
    return refused(403, "a page of another site may not do this")


async def not_found(request: Request, _: Exception) -> Response:
    """Answer a path that leads nowhere."""
    paths = ", ".join(_paths(request))
    return refused(404, f"there is nothing at this path; there is: {paths}")


async def not_allowed(request: Request, error: Exception) -> Response:
    """Answer a method that a path does not have; OPTIONS asks for just that."""
    given = (error.headers or {}).get("Allow", "") if isinstance(error, HTTPException) else ""
    allow = ", ".join(sorted({name.strip() for name in given.split(",") if name} | {"OPTIONS"}))
    if request.method == "OPTIONS":
        return Response(status_code=204, headers={"Allow": allow})
    return refused(405, f"this path takes {allow}", {"Allow": allow})


def _paths(request: Request) -> Iterable[str]:
    """Return the addresses that need no further name."""
    routes = (getattr(route, "path", "") for route in request.app.routes)
    return sorted({path for path in routes if path and "{" not in path})
