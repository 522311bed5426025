"""Owns a PgBouncer in transaction mode between a test and its server."""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from binaries import environment, run_as
from programs import require
from servers import Server

_CONFIGURATION = """
[databases]
* = host={host} port={port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {listen}
unix_socket_dir =
auth_type = plain
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = 1
stats_users = {user}
"""


@contextmanager
def pooled(server: Server) -> Iterator[str]:
    """Yield the superuser's DSN by way of a pooler that has one connection to each database."""
    program = require("pgbouncer")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        listen = probe.getsockname()[1]
    parameters = {name: str(value) for name, value in conninfo_to_dict(server.dsn()).items()}
    with tempfile.TemporaryDirectory(prefix="pgbouncer-") as name:
        folder = Path(name)
        values = {"host": server.host, "port": server.port, "listen": listen, "folder": folder}
        values["user"] = parameters["user"]
        (folder / "ini").write_text(_CONFIGURATION.format(**values))
        (folder / "users").write_text(f'"{parameters["user"]}" "{parameters["password"]}"\n')
        user = run_as()
        for path in (*folder.iterdir(), folder):
            if "user" in user:
                shutil.chown(path, user["user"])
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen([program, folder / "ini"], env=environment(), stderr=log, **user)
        try:
            _wait(listen, process, folder / "log")
            yield make_conninfo("", **{**parameters, "host": "127.0.0.1", "port": str(listen)})
        finally:
            process.terminate()
            process.wait(10)


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        assert process.poll() is None, log.read_text()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        else:
            return
