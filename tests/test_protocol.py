"""Rules about HTTP that the real process keeps: methods, refusals, and label values as they were."""

from __future__ import annotations

import gzip
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families

from daemon import Daemon
from programs import require
from prometheus import prometheus
from servers import Server
from test_negotiate import PROMETHEUS_2, PROMETHEUS_3

NASTY = (
    "emoji 🐘",
    "two\nlines",
    'a "quote"',
    "back\\slash \\n",
    "tab\tand\rreturn",
    "zero\u200bwidth\u2028line",
    "é ü ß 漢字 \u0301",
    "{a='b'} # EOF",
    "",
)
QUERY = """\
-- help: Values that are hard to write.
-- every: 1h
-- timeout: 1s
-- scope: server
-- labels: [value]
-- metrics:
--   test_nasty_total: {column: number, type: counter, help: "Of each value, 1. \\"Quoted\\"."}

SELECT value, 1 AS number FROM public.nasty
"""
PATHS = (
    "/",
    "/metrics",
    "/healthz",
    "/readyz",
    "/api/v1/status",
    "/sd",
    "/targets/utf8",
    "/probe?target=utf8",
)


@pytest.fixture(scope="module")
def site(a_server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon with one target in UTF-8 and one in SQL_ASCII, which holds a byte that is no UTF-8."""
    folder = tmp_path_factory.mktemp("protocol")
    (folder / "mine" / "test").mkdir(parents=True)
    (folder / "mine" / "test" / "nasty.sql").write_text(QUERY)
    names = {"utf8": "UTF8", "ascii": "SQL_ASCII"}
    for name, encoding in names.items():
        a_server.execute(
            f"CREATE DATABASE protocol_{name} TEMPLATE template0 ENCODING '{encoding}' LOCALE 'C'"
        )
        with psycopg.connect(a_server.dsn(f"protocol_{name}"), autocommit=True) as connection:
            connection.execute("CREATE TABLE public.nasty (value text)")
            if name == "ascii":
                connection.execute(r"INSERT INTO public.nasty VALUES (E'caf\351'), (E'\303\251')")
            else:
                for value in NASTY:
                    connection.execute("INSERT INTO public.nasty VALUES (%s)", [value])
    targets = [{"name": name, "dsn": a_server.dsn(f"protocol_{name}")} for name in names]
    config = {"targets": targets, "queries_dirs": [str(folder / "mine")], "sets": "test"}
    with Daemon(folder, config) as daemon:
        daemon.until_ready()
        yield daemon
    for name in names:
        a_server.execute(f"DROP DATABASE protocol_{name} WITH (FORCE)")


def ask(site: Daemon, method: str, path: str, **headers: str) -> httpx.Response:
    sent = {"Accept-Encoding": "identity", **{key.replace("_", "-"): text for key, text in headers.items()}}
    return httpx.request(method, f"{site.url}{path}", headers=sent, timeout=10)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("coding", ["identity", "gzip"])
def test_head_has_the_headers_of_get_with_the_length_and_no_body(
    site: Daemon, path: str, coding: str
) -> None:
    """Read from the socket: a client that knows HTTP would not show a body that must not be."""
    request = f"HEAD {path} HTTP/1.1\r\nHost: x\r\nAccept-Encoding: {coding}\r\nConnection: close\r\n\r\n"
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as wire:
        wire.sendall(request.encode())
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    lines = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:])
    assert head.startswith(b"HTTP/1.1 200")
    assert body == b""
    assert int(lines["content-length"]) > 0
    full = ask(site, "GET", path, Accept_Encoding=coding)
    assert lines["content-type"] == full.headers["content-type"]
    assert lines.get("content-encoding") == full.headers.get("content-encoding")


def test_the_length_of_a_head_is_that_of_the_page(site: Daemon) -> None:
    target = "/metrics?target=utf8"
    whole, head = ask(site, "GET", target), ask(site, "HEAD", target)
    assert abs(int(head.headers["content-length"]) - len(whole.content)) < len(whole.content) / 20


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE"])
def test_a_method_that_a_path_does_not_have_is_told_which_it_has(
    site: Daemon, method: str, path: str
) -> None:
    answer = ask(site, method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert answer.text == "this path takes GET, HEAD, OPTIONS\n"


def test_options_names_the_methods(site: Daemon) -> None:
    answer = ask(site, "OPTIONS", "/metrics")
    assert (answer.status_code, answer.headers["allow"], answer.text) == (204, "GET, HEAD, OPTIONS", "")
    assert ask(site, "OPTIONS", "/-/reload").headers["allow"] == "OPTIONS, POST"


@pytest.mark.parametrize("path", ["/metric", "/debug/pprof/heap", "/metrics/x", "/%00", "/../etc/passwd"])
def test_a_path_that_leads_nowhere_names_those_that_lead_somewhere(site: Daemon, path: str) -> None:
    answer = ask(site, "GET", path)
    assert answer.status_code == 404
    assert answer.text.startswith("there is nothing at this path; there is: /, /-/reload, /api/v1/status, ")
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_who_accepts_nothing_that_there_is_gets_the_list(site: Daemon) -> None:
    for headers in ({"Accept": "image/png"}, {"Accept_Encoding": "*;q=0"}):
        answer = ask(site, "GET", "/metrics", **headers)
        assert answer.status_code == 406
        assert "text/plain; version=0.0.4" in answer.text
        assert answer.headers["vary"] == "Accept, Accept-Encoding"


@pytest.mark.parametrize("accept", [PROMETHEUS_2, PROMETHEUS_3, "*/*", ""])
def test_what_scrapers_and_curl_send_gets_a_page_of_the_kind_that_it_says(site: Daemon, accept: str) -> None:
    answer = ask(site, "GET", "/metrics", Accept=accept)
    assert answer.status_code == 200
    is_openmetrics = answer.headers["content-type"].startswith("application/openmetrics-text")
    assert is_openmetrics is ("openmetrics" in accept) is answer.text.endswith("# EOF\n")
    assert answer.headers["vary"] == "Accept, Accept-Encoding"


def test_a_dsn_as_the_name_of_a_target_does_not_come_back(site: Daemon) -> None:
    answer = ask(site, "GET", "/metrics?target=postgresql://u:s3cret@h/d")
    assert answer.status_code == 404
    assert "s3cret" not in answer.text


def test_label_values_are_read_from_the_text_format_as_they_were(site: Daemon) -> None:
    page = gzip.decompress(_raw(site))
    found = {
        sample.labels["value"]
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
        if sample.name == "test_nasty_total" and sample.labels["target"] == "utf8"
    }
    assert found == set(NASTY)
    promtool = require("promtool")
    done = subprocess.run([promtool, "check", "metrics"], input=page, capture_output=True, check=False)
    assert b"error while linting" not in done.stderr, done.stderr


def _raw(site: Daemon) -> bytes:
    with httpx.stream("GET", f"{site.url}/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
        return b"".join(answer.iter_raw())


@pytest.mark.slow
def test_label_values_arrive_in_a_real_prometheus_as_they_were(site: Daemon, tmp_path: Path) -> None:
    """By OpenMetrics, as 2.42 scrapes; what is no UTF-8 in a database without an encoding shows as such."""

    def values(url: str, target: str) -> set[str]:
        answer = httpx.get(
            f"{url}/api/v1/series", params={"match[]": f'test_nasty_total{{target="{target}"}}'}
        )
        return {series.get("value", "") for series in answer.json().get("data", [])}

    with prometheus(tmp_path, f"127.0.0.1:{site.port}") as url:
        site.until(lambda: _up(url), "be scraped by Prometheus", 30)
        assert values(url, "utf8") == set(NASTY)
        assert values(url, "ascii") == {"caf\ufffd", "é"}


def _up(url: str) -> bool:
    try:
        answer = httpx.get(f"{url}/api/v1/query", params={"query": 'up{job="exporter"} == 1'})
    except httpx.HTTPError:
        return False
    return bool(answer.json().get("data", {}).get("result"))
