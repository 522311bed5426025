"""Rules for pausing and resuming over HTTP; served in process, without a socket."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from starlette.applications import Starlette

from exporter.pause_routes import PauseRoutes
from exporter.pauses import By, Pause, Pauses


class Control:
    """Pauses that begin at 0, and are applied to nothing."""

    def __init__(self) -> None:
        self.pauses = Pauses(lambda: 0.0)

    async def pause(self, target: str, seconds: float | None, why: str) -> Pause:
        self.pauses.pause(target, seconds, why)
        found = self.pauses.of(target)
        assert found is not None
        return found

    async def resume(self, target: str) -> Pause | None:
        return self.pauses.resume(target)


def post(
    path: str,
    control: Control | None,
    *,
    method: str = "POST",
    headers: Mapping[str, str] | None = None,
) -> httpx.Response:
    routes = PauseRoutes(control, lambda: frozenset({"main"})).routes()

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app=Starlette(routes=routes))
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, headers=headers)

    return asyncio.run(ask())


def test_a_target_is_paused_for_a_time_and_says_until_when() -> None:
    control = Control()
    answer = post("/-/targets/main/pause?for=2h&reason=disk%20swap", control)
    assert answer.status_code == 200
    assert answer.text == (
        "main is paused by endpoint since 1970-01-01 00:00:00 UTC, until 1970-01-01 02:00:00 UTC: disk swap\n"
    )
    assert control.pauses.of("main") == Pause(By.ENDPOINT, 0.0, 7200.0, "disk swap")


def test_without_a_time_a_target_is_paused_until_it_is_resumed() -> None:
    control = Control()
    answer = post("/-/targets/main/pause", control)
    assert answer.text == (
        "main is paused by endpoint since 1970-01-01 00:00:00 UTC\n"
        "it ends when it is resumed or the exporter restarts\n"
    )
    assert control.pauses.of("main") == Pause(By.ENDPOINT, 0.0)
    assert post("/-/targets/main/resume", control).text == "main is not paused\n"
    assert control.pauses.of("main") is None


def test_what_something_else_has_paused_cannot_be_resumed_here() -> None:
    control = Control()
    control.pauses.configured(["main"])
    answer = post("/-/targets/main/resume", control)
    assert answer.status_code == 409
    assert answer.text == (
        "main is paused by configuration since 1970-01-01 00:00:00 UTC\nonly what paused it ends that\n"
    )


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("for=soon", "for: must be a duration"),
        ("for=", "for: must be a duration"),
        ("for=31d", "up to 30d"),
        ("for=0s", "above 0"),
        ("reason=" + "x" * 201, "reason: must be one line"),
        ("reason=a%0ab", "reason: must be one line"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_pauses_nothing(query: str, says: str) -> None:
    control = Control()
    answer = post(f"/-/targets/main/pause?{query}", control)
    assert answer.status_code == 400
    assert says in answer.text
    assert control.pauses.of("main") is None


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_only_a_post_for_a_target_that_there_is_does_anything_and_only_where_allowed(verb: str) -> None:
    assert post(f"/-/targets/main/{verb}", None).status_code == 403
    assert "set web.enable_reload" in post(f"/-/targets/main/{verb}", None).text
    assert post(f"/-/targets/other/{verb}", Control()).status_code == 404
    assert post(f"/-/targets/main/{verb}", Control(), method="GET").status_code == 405


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, 200),
        ({"Origin": "http://test", "Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": "http://elsewhere.example"}, 403),
        ({"Origin": "http://test:8080"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
def test_a_page_of_another_site_cannot_make_a_browser_pause_a_target(
    headers: dict[str, str], code: int
) -> None:
    control = Control()
    assert post("/-/targets/main/pause", control, headers=headers).status_code == code
    assert (control.pauses.of("main") is not None) is (code == 200)
