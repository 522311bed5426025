"""Owns the web configuration in force: read again when a file changes, kept when the new one is bad."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from exporter import web_config, web_tls
from exporter.errors import ConfigError
from exporter.web_model import ClientAuth, WebConfig

log = logging.getLogger(__name__)

# Seconds between two looks at the files: each request and each handshake asks.
_LOOK_EVERY = 1.0

_Stamp = tuple[tuple[int, int, int] | None, ...]


class WebState:
    """What a web configuration file says now; without one, plain HTTP for everybody.

    `timer` returns seconds that only grow. `loaded` hears of every attempt to read the files again.

    Raises:
        ConfigError: the file, or one that it names, is bad at the start.
    """

    def __init__(
        self,
        path: str | None,
        timer: Callable[[], float],
        loaded: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self._path = Path(path) if path is not None else None
        self._timer = timer
        self._loaded = loaded
        self._looked = timer()
        self._files: tuple[Path, ...] = ()
        self._stamp: _Stamp = ()
        self._config = WebConfig()
        self._context: ssl.SSLContext | None = None
        if self._path is not None:
            self._config, self._context = self._read(self._path)
            loaded(True)
        self.at_start = self._config

    def config(self) -> WebConfig:
        """Return what is in force."""
        self._look()
        return self._config

    def context(self) -> ssl.SSLContext | None:
        """Return the context of the next handshake, None for plain HTTP."""
        self._look()
        return self._context

    def _look(self) -> None:
        if self._path is None or self._timer() - self._looked < _LOOK_EVERY:
            return
        self._looked = self._timer()
        stamp = _stamp(self._files)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            config, context = self._read(self._path)
        except ConfigError as error:
            self._loaded(False)
            for fault in error.faults:
                facts = {"fault": str(fault)}
                log.error("the web configuration is bad, the old one stays in force", extra=facts)  # noqa: TRY400 - a fault says where, a traceback does not
            return
        self._loaded(True)
        for key in _fixed(self.at_start, config):
            log.warning("a change of the web configuration needs a restart", extra={"key": key})
        if (self.at_start.tls is None) != (config.tls is None):
            # With the context stay the names that it lets in.
            config, context = replace(config, tls=self._config.tls), self._context
        self._config, self._context = config, context
        log.info("web configuration read again", extra={"file": str(self._path)})

    def _read(self, path: Path) -> tuple[WebConfig, ssl.SSLContext | None]:
        self._files = self._files or (path,)
        self._stamp = _stamp(self._files)
        config = web_config.load(path)
        # Before they are read, and also when what they hold is bad: then it is they that will be mended.
        self._files = (path, *config.files())
        self._stamp = _stamp(self._files)
        return config, web_tls.context(config.tls) if config.tls else None


def is_protected(config: WebConfig) -> bool:
    """Return whether not everybody is let in."""
    wanted = (ClientAuth.REQUIRE_ANY, ClientAuth.REQUIRE_AND_VERIFY)
    return bool(config.users) or (config.tls is not None and config.tls.client_auth in wanted)


def _fixed(old: WebConfig, new: WebConfig) -> Iterator[str]:
    """Yield the keys that differ and stay as they were at the start."""
    if (old.tls is None) != (new.tls is None):
        yield "tls_server_config"
    if old.http2 != new.http2:
        yield "http_server_config.http2"
    if old.rate_limit != new.rate_limit:
        yield "rate_limit"


def _stamp(files: Iterable[Path]) -> _Stamp:
    return tuple(map(_mark, files))


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
