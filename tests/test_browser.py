"""The pages for people in a real browser, served by a real daemon that watches a real server."""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, expect

from browser import Tab, chromium, tab
from daemon import Daemon
from query_files import SQL, family, write
from servers import Server

PAGES = ("/", "/targets/main", "/targets/gone", "/targets/paused", "/evidence/main/?format=html")
EVIDENCE = "/evidence/main/transactions?format=html"
RENEWED = 10_000
DESK = {"color_scheme": "light", "viewport": {"width": 1280, "height": 800}}
PHONE = {
    "color_scheme": "dark",
    "viewport": {"width": 390, "height": 844},
    "is_mobile": True,
    "device_scale_factor": 2,
}
# A name of a type that does not exist is repeated in the server's message.
HOSTILE = "<img src=x onerror=alert(1)>"
Open = Callable[..., AbstractContextManager[Tab]]


@pytest.fixture(scope="module")
def config(a_server: Server, tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """One target that answers, with two queries that are broken, and one that does not answer."""
    folder = tmp_path_factory.mktemp("queries")
    broken = {
        "mine/broken.sql": query("mine_broken", "select 'x' as mode, 1 as locks from public.nowhere"),
        "mine/hostile.sql": query("mine_hostile", f'select null::"{HOSTILE}" as mode, 1 as locks'),
        "mine/set.yaml": "help: Of a test.\ndefault: on\n",
    }
    return {
        "targets": [
            {"name": "main", "dsn": a_server.monitor_dsn(), "labels": {"env": "test"}},
            {"name": "gone", "dsn": "host=127.0.0.1 port=1 user=monitor dbname=postgres"},
            {"name": "paused", "dsn": a_server.monitor_dsn(), "paused": True},
        ],
        "sets": ["activity", "bloat", "mine"],
        "queries_dirs": [str(write(folder, broken))],
        "evidence": {"longer_than": "100ms"},
        "queries": {"transactions_evidence": {"every": "2s"}},
        "web": {"dashboard_url": "https://grafana.example"},
    }


@pytest.fixture(scope="module")
def daemon(
    a_server: Server, config: dict[str, object], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    """The daemon, when every query has run once, and somebody has left a transaction open."""
    with (
        psycopg.connect(a_server.dsn()) as session,
        Daemon(tmp_path_factory.mktemp("daemon"), config) as running,
    ):
        session.execute("SELECT 1")
        running.until_ready(60)
        running.until(lambda: "idle in transaction" in running.get(EVIDENCE).text, "find the transaction")
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all."""
    with chromium() as started:
        yield started


@pytest.fixture
def opened(browser: Browser, daemon: Daemon) -> Open:
    """Opens a tab; what it takes is what Playwright's `new_context` does."""
    return partial(tab, browser, daemon.url)


def query(family_name: str, sql: str) -> str:
    """Return a file of a query that runs at once and soon again."""
    return family(family_name).replace(SQL, f"\n{sql}\n").replace("15s", "5s")


def renew(page: Page) -> None:
    """Let as much time pass as a page waits, and wait for its answer."""
    with page.expect_response(re.compile("")):
        page.clock.fast_forward(RENEWED)


@pytest.mark.parametrize("how", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("path", [*PAGES, EVIDENCE])
def test_a_page_is_accessible_complains_of_nothing_and_loads_nothing_foreign(
    opened: Open, path: str, how: dict[str, Any]
) -> None:
    with opened(**how) as shown:
        shown.go(path)
        assert shown.violations() == []
        assert (shown.complaints, shown.foreign) == ([], [])


@pytest.mark.parametrize("path", [*PAGES, EVIDENCE])
def test_on_a_phone_no_page_is_wider_than_the_window(opened: Open, path: str) -> None:
    with opened(**PHONE) as shown:
        shown.go(path)
        assert shown.overflow == 0


def test_what_is_down_comes_first_with_the_reason(opened: Open) -> None:
    with opened() as shown:
        rows = shown.go("/").locator("#rows tbody tr")
        expect(rows).to_have_count(3)
        expect(rows.first).to_contain_text(re.compile("gone.*down.*refused", re.DOTALL))
        expect(rows.nth(1)).to_contain_text(re.compile("main.*env=test.*up.*2 failing.*broken", re.DOTALL))
        expect(rows.last).to_contain_text(re.compile("paused.*by configuration", re.DOTALL))
        assert shown.page.title().startswith("1 down, 2 queries failing")


def test_a_broken_query_is_shown_as_failing_with_the_reason_and_what_it_says_is_only_text(
    opened: Open,
) -> None:
    with opened() as shown:
        page = shown.go("/targets/main")
        failing = page.locator("table.failing tbody tr")
        expect(failing).to_have_count(2)
        expect(failing.first).to_contain_text(re.compile("broken.*missing.*public.nowhere", re.DOTALL))
        expect(failing.last).to_contain_text("onerror")
        expect(page.locator("main img")).to_have_count(0)


def test_a_target_that_is_down_says_why_and_none_of_its_queries_is_said_to_work(opened: Open) -> None:
    with opened() as shown:
        page = shown.go("/targets/gone")
        expect(page.locator("h1")).to_contain_text("down")
        expect(page.locator(".note")).to_contain_text("refused")
        expect(page.locator("table.ok")).to_have_count(0)


def test_a_target_leads_to_its_dashboards_and_its_evidence(opened: Open) -> None:
    with opened() as shown:
        page = shown.go("/targets/main")
        page.get_by_text("Dashboards").click()
        board = page.get_by_role("link", name="PostgreSQL: target")
        expect(board).to_have_attribute("href", "https://grafana.example/d/pg-oauth-target?var-target=main")
        page.get_by_role("link", name="Evidence", exact=True).click()
        expect(page.locator("h1")).to_have_text("Evidence on main")


@pytest.mark.parametrize("has_script", [True, False])
def test_the_search_finds_queries_with_and_without_javascript(opened: Open, has_script: bool) -> None:
    with opened(java_script_enabled=has_script) as shown:
        page = shown.go("/targets/main")
        before = page.locator("#rows tbody tr").count()
        page.get_by_label("Search").first.fill("stat_activity")
        if not has_script:
            page.get_by_role("button", name="Search").click()
        expect(page.locator("#rows tbody tr").filter(has_not_text="stat_activity")).to_have_count(0)
        assert 0 < page.locator("#rows tbody tr").count() < before
        assert "q=stat_activity" in page.url


def test_targets_are_found_by_words_and_by_state(opened: Open) -> None:
    with opened() as shown:
        page = shown.go("/")
        rows = page.locator("#rows tbody tr")
        page.get_by_label("State").select_option("up")
        expect(rows).to_have_count(1)
        expect(page.locator("#found")).to_contain_text("1 of 3 targets")
        page.get_by_label("Search").fill("refused")
        expect(page.locator("#rows")).to_contain_text("No target fits")
        page.get_by_label("State").select_option("")
        expect(rows).to_have_count(1)
        page.reload()
        expect(page.get_by_label("Search")).to_have_value("refused")
        expect(rows).to_contain_text("gone")


def test_a_page_renews_itself_and_keeps_what_was_typed_the_place_and_the_focus(
    opened: Open, daemon: Daemon, config: dict[str, Any]
) -> None:
    with opened(viewport={"width": 800, "height": 300}) as shown:
        shown.page.clock.install()
        page = shown.go("/?state=down")
        page.get_by_label("Search").evaluate("box => { box.value = 'postgresql'; }")
        link = page.get_by_role("link", name="gone", exact=True)
        link.focus()
        place = page.evaluate("scrollTo(0, 60), scrollY")
        further = {**config["targets"][1], "name": "gone-too"}
        daemon.configure({**config, "targets": [*config["targets"], further]})
        daemon.process.send_signal(signal.SIGHUP)
        # Its name alone is there before, in what keeps the exporter from being ready.
        listed = 'href="targets/gone-too"'
        daemon.until(lambda: listed in daemon.get("/?state=down").text, "take the new target")
        renew(page)
        expect(page.get_by_role("link", name="gone-too")).to_be_visible()
        expect(link).to_be_focused()
        expect(page.get_by_label("Search")).to_have_value("postgresql")
        assert page.evaluate("scrollY") == place > 0
        daemon.configure(config)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: "gone-too" not in daemon.get("/").text, "let go of the target")


def test_a_page_that_nobody_sees_or_that_is_paused_asks_for_nothing(opened: Open) -> None:
    with opened() as shown:
        shown.page.clock.install()
        page = shown.go("/")
        hide = "is => { Object.defineProperty(document, 'hidden', {value: is, configurable: true});"
        hide += " document.dispatchEvent(new Event('visibilitychange')); }"
        page.evaluate(hide, arg=True)
        before = len(shown.requests)
        page.clock.fast_forward(3 * RENEWED)
        assert len(shown.requests) == before
        with page.expect_response(re.compile("")):
            page.evaluate(hide, arg=False)
        button = page.get_by_role("button", name="Pause updates")
        button.click()
        expect(button).to_have_attribute("aria-pressed", "true")
        before = len(shown.requests)
        page.clock.fast_forward(3 * RENEWED)
        assert len(shown.requests) == before
        with page.expect_response(re.compile("")):
            button.click()


def test_a_page_says_when_the_exporter_does_not_answer_any_more_and_when_it_does_again(opened: Open) -> None:
    with opened() as shown:
        shown.page.clock.install()
        page = shown.go("/")
        page.context.set_offline(offline=True)
        page.clock.fast_forward(RENEWED)
        expect(page.get_by_role("alert")).to_contain_text("does not answer")
        expect(page.locator("#rows tbody tr")).to_have_count(3)
        page.context.set_offline(offline=False)
        renew(page)
        expect(page.locator("#news")).to_contain_text("Updated")


def test_what_is_selected_is_not_taken_away(opened: Open) -> None:
    with opened() as shown:
        shown.page.clock.install()
        page = shown.go("/targets/main")
        page.locator("pre.sql").first.evaluate("pre => getSelection().selectAllChildren(pre)")
        before = len(shown.requests)
        page.clock.fast_forward(RENEWED)
        assert len(shown.requests) == before
        page.evaluate("getSelection().removeAllRanges()")
        renew(page)


def test_all_can_be_done_with_the_keyboard(opened: Open) -> None:
    with opened() as shown:
        page = shown.go("/")
        page.keyboard.press("/")
        expect(page.get_by_label("Search")).to_be_focused()
        page.keyboard.type("main up")
        expect(page.locator("#rows tbody tr")).to_have_count(1)
        for _ in range(3):
            page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="main", exact=True)).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("h1")).to_contain_text("main")


def test_dark_is_dark_and_light_is_light(opened: Open) -> None:
    colours = []
    for how in (DESK, PHONE):
        with opened(**how) as shown:
            page = shown.go("/")
            colours.append(page.evaluate("getComputedStyle(document.documentElement).backgroundColor"))
    light, dark = (sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in colours)
    assert light > 700
    assert dark < 150


def test_the_first_look_is_small(daemon: Daemon, opened: Open) -> None:
    with opened() as shown:
        shown.go("/")
        sizes = [
            answer["transferSize"]
            for kind in ("navigation", "resource")
            for answer in shown.page.evaluate(f"performance.getEntriesByType('{kind}').map(e => e.toJSON())")
        ]
        assert len(sizes) == 3
        assert sum(sizes) < 15_000
