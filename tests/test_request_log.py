"""Rules about the log of requests: off unless wanted, one line each, and of a query only the targets."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from exporter import logs
from exporter.request_log import RequestLog


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.configure("warning", "logfmt", io.StringIO())
    root.handlers[:] = handlers


async def _page(_: Request) -> Response:
    return PlainTextResponse("x" * 1000)


async def _broken(_: Request) -> Response:
    raise ValueError("a bug")


def asked(*paths: str, wanted: bool = True, method: str = "GET") -> list[dict[str, object]]:
    """Return the lines that requests for these paths leave."""
    stream = io.StringIO()
    logs.configure("warning", "json", stream, requests=wanted)
    app = RequestLog(Starlette(routes=[Route("/metrics", _page), Route("/broken", _broken)]))

    async def exchange() -> None:
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False, client=("192.0.2.1", 5))
        async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
            for path in paths:
                await client.request(method, path)

    asyncio.run(exchange())
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_there_is_no_line_unless_they_are_wanted() -> None:
    assert asked("/metrics", wanted=False) == []


def test_a_request_is_one_line_at_whatever_level_with_what_was_served() -> None:
    [line] = asked("/metrics")
    assert line.pop("ts")
    assert 0 <= float(str(line.pop("seconds"))) < 5
    assert line == {
        "level": "info",
        "msg": "request",
        "method": "GET",
        "path": "/metrics",
        "remote": "192.0.2.1",
        "status": 200,
        "bytes": 1000,
    }


def test_a_head_sends_no_bytes() -> None:
    [line] = asked("/metrics", method="HEAD")
    assert (line["method"], line["status"], line["bytes"]) == ("HEAD", 200, 0)


def test_of_a_query_string_only_the_targets_are_told_and_no_secret_in_them() -> None:
    [plain, nasty] = asked(
        "/metrics?target=a&token=s3cret&target=b", "/metrics?target=postgresql://u:s3cret@h/d%0Afake"
    )
    assert plain["target"] == "a,b"
    assert "s3cret" not in json.dumps([plain, nasty])
    assert "\n" in str(nasty["target"])  # read back from a line that was one


def test_what_a_stranger_sends_is_cut() -> None:
    [line] = asked(f"/metrics{'x' * 5000}?target={'y' * 5000}")
    assert (len(str(line["path"])), len(str(line["target"])), line["status"]) == (200, 200, 404)


def test_a_request_on_which_we_fail_has_its_line_too() -> None:
    assert [line["status"] for line in asked("/broken")] == [500]
