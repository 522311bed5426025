"""Measures a scrape of a full store: the page alone, and a gzip scrape against the same bytes as a constant.

The application is the real one, in a process of its own; the client keeps its connection, as Prometheus does.
"""

from __future__ import annotations

import argparse
import http.client
import multiprocessing
import socket
import sys
import time
from itertools import count
from statistics import median

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from exporter import web
from exporter.model import Family, JobKey, MetricType, Sample
from exporter.render import Format, fragment
from exporter.segments import Fragment
from exporter.status import Status
from exporter.store import Store
from exporter.telemetry import Telemetry

TARGET_SECONDS = 0.010
TARGET_RATIO = 2.0
JOBS = 10  # that share their families, as the databases of a server do
GENERATIONS = 40  # of which the first half warms up: each new length costs once


def counters(name: str, database: str, size: int, generation: int) -> Fragment:
    """Return a family of counters of tables; another generation has other values, some longer or shorter."""
    samples = tuple(
        Sample(("main", database, "public", f"table_{row}"), (row + generation) * 2_654_435_761 % 10**12)
        for row in range(size)
    )
    labels = ("target", "datname", "schemaname", "relname")
    return fragment(Family(name, MetricType.COUNTER, "A counter of tables.", labels, samples))


def fill(store: Store, samples: int, fragments: int, generation: int = 0) -> None:
    """Put so many samples into the store, spread evenly over so many fragments of all jobs."""
    for job in range(JOBS):
        database = f"app_{job}"
        made = [
            counters(f"pg_stat_user_tables_{family}_total", database, samples // fragments, generation)
            for family in range(fragments // JOBS)
        ]
        store.put(JobKey("pg_stat_user_tables", "main", database), made, time.time() + 3600)


def application(store: Store) -> Starlette:
    """Return the application under test, whose `/metrics` is measured."""

    def status(only: str | None = None, *, with_queries: bool = True) -> Status:
        raise NotImplementedError  # only routes that nobody asks for need it

    return web.create(web.Backend(store, Telemetry(time.time), status, lambda: frozenset({"main"})))


def serve(listener: socket.socket, samples: int, fragments: int) -> None:
    """Serve the application until terminated, and beside it its page as constant bytes at `/constant`.

    `/renew` replaces every value, and prepares the page as the daemon does every second.
    """
    store = Store(time.time)
    fill(store, samples, fragments)
    page = store.page(Format.TEXT, compressed=True)
    generations = count(1)

    async def constant(_: Request) -> Response:
        return Response(page, headers={"Content-Type": "text/plain", "Content-Encoding": "gzip"})

    async def renew(_: Request) -> Response:
        fill(store, samples, fragments, next(generations))
        store.prepare()
        return Response()

    app = application(store)
    app.router.routes.append(Route("/renew", renew))
    app.router.routes.append(Route("/constant", constant))
    config = uvicorn.Config(app, log_config=None, access_log=False, server_header=False)
    uvicorn.Server(config).run(sockets=[listener])


def scrape(connection: http.client.HTTPConnection, path: str) -> bytes:
    """Return the body of a gzip scrape."""
    connection.request("GET", path, headers={"Accept-Encoding": "gzip"})
    return connection.getresponse().read()


def scrape_seconds(connection: http.client.HTTPConnection, path: str) -> float:
    """Return how long a gzip scrape takes."""
    start = time.perf_counter()
    scrape(connection, path)
    return time.perf_counter() - start


def page_seconds(store: Store, *, compressed: bool) -> float:
    """Return how long it takes to build a page."""
    start = time.perf_counter()
    store.page(Format.TEXT, compressed=compressed)
    return time.perf_counter() - start


def measure_scrapes(samples: int, fragments: int, runs: int) -> tuple[float, float]:
    """Return the median seconds of a scrape and of the constant response, measured in turns.

    Before each turn every value is replaced by another one.
    """
    listener = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.get_context("spawn").Process(
        target=serve, args=(listener, samples, fragments), daemon=True
    )
    server.start()
    connection = http.client.HTTPConnection(*listener.getsockname())
    paths = ("/metrics", "/constant")
    try:
        if len({scrape(connection, path) for path in paths}) > 1:
            sys.exit("the two routes do not give the same bytes")
        rounds = []
        for _ in range(runs):
            scrape(connection, "/renew")
            rounds.append([scrape_seconds(connection, path) for path in paths])
    finally:
        connection.close()
        listener.close()
        server.terminate()
        server.join()
    live, constant = (median(column) for column in zip(*rounds, strict=True))
    return live, constant


def measure_pages(samples: int, fragments: int, runs: int) -> None:
    """Print the median seconds of building a page in this process."""
    store = Store(time.time)
    renewed = []
    for generation in range(GENERATIONS):
        fill(store, samples, fragments, generation)
        renewed.append(page_seconds(store, compressed=True))
    sizes = {compressed: len(store.page(Format.TEXT, compressed=compressed)) for compressed in (False, True)}
    print(f"{store.samples()} samples: {sizes[False]} bytes, {sizes[True]} compressed; medians")
    for compressed in (False, True):
        seconds = median(page_seconds(store, compressed=compressed) for _ in range(runs))
        print(f"page, {'compressed' if compressed else 'plain':<24}{seconds * 1e3:8.2f} ms")
    print(f"page, compressed, all new     {median(renewed[GENERATIONS // 2 :]) * 1e3:8.2f} ms")
    print(f"page, compressed, the first   {renewed[0] * 1e3:8.2f} ms")


def main() -> int:
    """Print medians, and return 1 when `--check` finds a target missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=30_000, help="samples in the store (default 30000)")
    parser.add_argument("--fragments", type=int, default=300, help="fragments they are in (default 300)")
    parser.add_argument("--runs", type=int, default=400, help="scrapes of each kind (default 400)")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    options = parser.parse_args()
    measure_pages(options.samples, options.fragments, options.runs)
    live, constant = measure_scrapes(options.samples, options.fragments, options.runs)
    is_fast, is_near = live <= TARGET_SECONDS, live <= TARGET_RATIO * constant
    print(
        f"gzip scrape                   {live * 1e3:8.2f} ms   <= {TARGET_SECONDS * 1e3}: {_verdict(is_fast)}"
    )
    print(f"the same bytes as a constant  {constant * 1e3:8.2f} ms")
    print(f"ratio                         {live / constant:8.2f}      <= {TARGET_RATIO}: {_verdict(is_near)}")
    return 1 if options.check and not (is_fast and is_near) else 0


def _verdict(met: bool) -> str:  # noqa: FBT001  # a verdict on a truth value takes one
    return "yes" if met else "NO"


if __name__ == "__main__":
    sys.exit(main())
