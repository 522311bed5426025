"""Owns the composition: the daemon, its HTTP and its signals, in the right order; no logic of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Iterator

import uvicorn
from starlette.applications import Starlette

from exporter import web
from exporter.configuration import Configuration
from exporter.daemon import Daemon, LoadAgain
from exporter.dashboard_files import dashboards_in
from exporter.errors import ConfigError, Fault
from exporter.fleet import Fleet
from exporter.request_log import RequestLog

log = logging.getLogger(__name__)


def serve(configuration: Configuration, load_again: LoadAgain) -> None:
    """Run the exporter until SIGTERM or SIGINT.

    Raises:
        ConfigError: the listen address cannot be had.
    """
    settings = configuration.settings
    for remark in configuration.remarks:
        log.warning("without effect", extra={"remark": remark})
    listener = _listener(settings.web.host, settings.web.port)
    daemon = Daemon(configuration, load_again)
    backend = web.Backend(
        daemon.store,
        daemon.telemetry,
        daemon.status,
        daemon.target_names,
        daemon.reload if settings.web.enable_reload else None,
        daemon.evidence,
        dashboards_in(settings.web.dashboard_url),
        Fleet(daemon.watched, daemon.standing),
        pausing=daemon.pausing if settings.web.enable_reload else None,
    )
    server: _Server

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        _on_signals(server, daemon)
        daemon.start()
        address = settings.web.listen_address
        log.info("listening", extra={"address": address, "targets": len(configuration.targets)})
        yield
        log.info("stopping")
        await daemon.stop()
        log.info("stopped")

    server = _Server(
        uvicorn.Config(
            RequestLog(web.create(backend, lifespan)),
            log_config=None,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=round(settings.shutdown_grace) or 1,
        )
    )
    server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers, which raise SIGTERM again behind us: exit status 143."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to `_on_signals`."""
        yield


def _on_signals(server: _Server, daemon: Daemon) -> None:
    loop = asyncio.get_running_loop()
    reloads: set[asyncio.Task[tuple[str, ...]]] = set()

    def stop() -> None:
        server.should_exit = True

    def reload() -> None:
        task = asyncio.create_task(daemon.reload())
        reloads.add(task)  # the loop itself holds tasks weakly
        task.add_done_callback(reloads.discard)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, reload)


def _listener(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=128)
    except OSError as error:
        reason = error.strerror or "cannot listen there"
        remedy = "choose another with --web.listen-address"
        raise ConfigError([Fault("web", "listen_address", f"{host}:{port}: {reason}", remedy)]) from None
