"""Owns the composition: the daemon, its HTTP and its signals, in the right order; no logic of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from starlette.applications import Starlette

from exporter import web, web_state, web_tls
from exporter.configuration import Configuration
from exporter.daemon import Daemon, LoadAgain
from exporter.dashboard_files import dashboards_in
from exporter.fleet import Fleet
from exporter.listeners import Listener, listen
from exporter.notify import Notifier
from exporter.request_log import RequestLog
from exporter.serving import Hooks, Server
from exporter.web_guard import Guard
from exporter.web_state import WebState

log = logging.getLogger(__name__)

Reload = Callable[[], Awaitable[tuple[str, ...]]]


def serve(configuration: Configuration, load_again: LoadAgain) -> None:
    """Run the exporter until SIGTERM or SIGINT.

    Raises:
        ConfigError: a listen address cannot be had, or the web configuration is bad.
    """
    settings = configuration.settings
    for remark in configuration.remarks:
        log.warning("without effect", extra={"remark": remark})
    daemon = Daemon(configuration, load_again)
    state = WebState(settings.web.config_file, time.monotonic, daemon.telemetry.web_config_read)
    listeners = listen(settings.web.listen_address, os.environ)
    notifier = Notifier(os.environ)
    reload = _announced(daemon, notifier)
    backend = web.Backend(
        daemon.store,
        daemon.telemetry,
        daemon.status,
        daemon.target_names,
        reload if settings.web.enable_reload else None,
        daemon.evidence,
        dashboards_in(settings.web.dashboard_url),
        Fleet(daemon.watched, daemon.standing, time.time),
        pausing=daemon.pausing if settings.web.enable_reload else None,
    )
    server: Server

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        _on_signals(server, reload)
        daemon.start()
        yield
        log.info("stopping")
        await daemon.stop()
        log.info("stopped")

    def started() -> None:
        for listener in listeners:
            tls = state.at_start.tls is not None
            facts = {"address": listener.address, "tls": tls, "targets": len(configuration.targets)}
            log.info("listening", extra=facts)
        _warn(state, listeners)
        notifier.ready(_watching(daemon))

    hooks = Hooks(started, lambda: notifier.alive(time.monotonic()), notifier.stopping)
    app = RequestLog(Guard(web.create(backend, lifespan), state, time.monotonic))
    server = Server(app, listeners, state, settings.web.max_connections, settings.shutdown_grace, hooks)
    server.run()


def _announced(daemon: Daemon, notifier: Notifier) -> Reload:
    """Return the daemon's reload, of which systemd hears how it began and ended."""

    async def reload() -> tuple[str, ...]:
        notifier.reloading()
        faults = await daemon.reload()
        kept = "; the new configuration is bad, the old one stays in force" if faults else ""
        notifier.ready(_watching(daemon) + kept)
        return faults

    return reload


def _watching(daemon: Daemon) -> str:
    return f"watching {len(daemon.target_names())} targets"


def _warn(state: WebState, listeners: Sequence[Listener]) -> None:
    """Say once what somebody who reads the logs would want to change."""
    tls = state.at_start.tls
    for remark in web_tls.remarks(tls) if tls else ():
        log.warning("the web configuration is served otherwise", extra={"remark": remark})
    far = [listener.address for listener in listeners if not listener.is_local()]
    if far and not web_state.is_protected(state.at_start):
        remedy = "set basic_auth_users or client certificates in web.config_file, or listen on 127.0.0.1"
        facts = {"address": ", ".join(far), "remedy": remedy}
        log.warning("everybody who reaches this address can read the metrics", extra=facts)


def _on_signals(server: Server, reload: Reload) -> None:
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Future[tuple[str, ...]]] = set()

    def stop() -> None:
        server.should_exit = True

    def begin() -> None:
        task = asyncio.ensure_future(reload())
        reloads.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, begin)
