"""Owns PostgreSQL servers in Docker containers, when an engine answers."""

from __future__ import annotations

import os
import socket
import time
import warnings
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from servers import PASSWORD, Server

if TYPE_CHECKING:
    import docker
    from testcontainers.core.container import DockerContainer

SUPERUSER = "postgres"
_PORT, _STANDBY_PORT = 5432, 5433
_STANDBY_DATA = "/tmp/standby"  # noqa: S108 - inside the container, where nobody else is
_SETTINGS = ("max_connections=50", "shared_buffers=32MB", "fsync=off", "full_page_writes=off")
_EXTRAS = ("track_io_timing=on", "shared_preload_libraries=pg_stat_statements")


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is on the engine, ready to be started."""

    major: int
    version: str
    source: str = field(default="Docker", init=False)

    @property
    def name(self) -> str:
        """The image's name and tag."""
        return f"postgres:{self.major}"


def find(majors: Collection[int], notes: list[str]) -> dict[int, Image]:
    """Return the images of `majors` that the engine has or can pull; none when no engine answers."""
    engine = _engine()
    if engine is None:
        notes.append("no Docker engine answers")
        return {}
    try:
        with ThreadPoolExecutor(3) as pool:
            images = list(pool.map(partial(_image, engine), sorted(majors)))
    finally:
        engine.close()
    return {image.major: image for image in images if image}


def available() -> bool:
    """Tell whether a Docker engine answers."""
    if engine := _engine():
        engine.close()
    return engine is not None


def _engine() -> docker.DockerClient | None:
    """Connect to the engine; None quickly when there is none."""
    if not _listens(os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the libraries' own deprecations are not ours to mend
        try:
            import docker  # noqa: PLC0415 - only where it is needed

            return docker.from_env(timeout=600)  # a pull takes its time
        except (ImportError, docker.errors.DockerException):
            return None


def _listens(url: str) -> bool:
    """Tell whether something listens at an engine's address: the library's own way leaks its socket."""
    address = urlsplit(url)
    family = socket.AF_UNIX if address.scheme == "unix" else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(2)
        try:
            probe.connect(
                address.path if address.scheme == "unix" else (address.hostname, address.port or 2375)
            )
        except OSError:
            return False
    return True


def _image(engine: docker.DockerClient, major: int) -> Image | None:
    import docker  # noqa: PLC0415 - only where it is needed

    name = f"postgres:{major}"
    try:
        try:
            image = engine.images.get(name)
        except docker.errors.ImageNotFound:
            image = engine.images.pull("postgres", tag=str(major))
    except (docker.errors.DockerException, OSError):
        return None
    settings = dict(item.split("=", 1) for item in image.attrs["Config"]["Env"])
    return Image(major, settings.get("PG_VERSION", str(major)).split("-")[0])


@dataclass(slots=True)
class Container:
    """One container; its standby, when asked for, is a second server process inside it."""

    image: Image
    _container: DockerContainer | None = field(default=None, init=False)

    def start(self) -> Server:
        """Start the container and wait until the server answers over TCP."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from testcontainers.core.container import DockerContainer  # noqa: PLC0415 - only where needed

            flags = " ".join(f"-c {setting}" for setting in (*_SETTINGS, *_EXTRAS))
            container = DockerContainer(self.image.name).with_exposed_ports(_PORT, _STANDBY_PORT)
            container.with_env("POSTGRES_PASSWORD", PASSWORD).with_command(f"postgres {flags}")
            self._container = container.start()
        return self._server(_PORT)

    def start_standby(self, primary: Server) -> Server:
        """Copy the primary over its socket, and run the copy on the second port of the same container."""
        backup = f"pg_basebackup -U {SUPERUSER} -D {_STANDBY_DATA} -R -X stream -c fast"
        server = f"pg_ctl -w -D {_STANDBY_DATA} -l {_STANDBY_DATA}.log -o '-p {_STANDBY_PORT}"
        settings = "".join(f" -c {setting}" for setting in (*_SETTINGS, *_EXTRAS))
        self._exec(f"{backup} && {server}{settings}' start")
        return self._server(_STANDBY_PORT, primary)

    def stop(self) -> None:
        """Remove the container and what is in it."""
        if self._container is not None:
            self._container.stop()
            self._container = None

    def _exec(self, script: str) -> None:
        if self._container is None:
            raise RuntimeError("the container is not running")
        container = self._container.get_wrapped_container()
        code, output = container.exec_run(["bash", "-c", script], user=SUPERUSER)
        if code:
            raise RuntimeError(f"making a standby in {self.image.name} failed: {output[-2000:]!r}")

    def _server(self, port: int, primary: Server | None = None) -> Server:
        if self._container is None:
            raise RuntimeError("the container is not running")
        host, mapped = self._container.get_container_host_ip(), int(self._container.get_exposed_port(port))
        standby = primary is not None
        server = Server(self.image.major, host, mapped, SUPERUSER, standby=standby, primary=primary)
        _wait(server)
        return server


def _wait(server: Server, timeout: float = 60) -> None:
    """Wait for the first answer; the image's set-up phase does not listen on TCP."""
    import psycopg  # noqa: PLC0415 - only where it is needed

    deadline = time.monotonic() + timeout
    while True:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return
