"""Owns a process of tests: the real pages over a store whose page is more than 5 MB; prints its port."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from typing import Any, cast

from exporter import web
from exporter.listeners import listen
from exporter.model import Family, JobKey, MetricType, Sample
from exporter.render import fragment
from exporter.serving import Hooks, Server
from exporter.store import Store
from exporter.telemetry import Telemetry
from exporter.web_guard import Guard
from exporter.web_state import WebState


def filled() -> Store:
    """Return a store with 500 families of 200 series."""
    store = Store(time.time)
    for number in range(500):
        samples = tuple(Sample(("main", f"relation_{series}"), series * 1.5) for series in range(200))
        family = Family(f"pg_family_{number}", MetricType.GAUGE, "Made up.", ("target", "relname"), samples)
        store.put(JobKey(f"query_{number}", "main"), [fragment(family)], time.time() + 3600)
    return store


async def serve() -> None:
    """Serve on a free port until SIGTERM."""
    state = WebState(None, time.monotonic)
    [listener] = listen(["127.0.0.1:0"], os.environ)
    backend = web.Backend(filled(), Telemetry(time.time), cast("Any", None), lambda: frozenset({"main"}))
    hooks = Hooks(lambda: None, lambda: None, lambda: None)
    server = Server(Guard(web.create(backend), state, time.monotonic), [listener], state, 100, 1, hooks)
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, lambda: setattr(server, "should_exit", True))
    sys.stdout.write(f"{listener.socket.getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve()


if __name__ == "__main__":
    asyncio.run(serve())
