"""Owns the daemon as tests start it: the real process, its address, its logs and its end."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parent.parent


class Daemon:
    """`python -m exporter run` on a free port, as a context manager; SIGTERM at the end if still running."""

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, object],
        *arguments: str,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config_file = folder / "exporter.yaml"
        self.configure(config)
        self._arguments = arguments
        self._env = env
        self._lines: list[str] = []
        self._process: subprocess.Popen[str] | None = None

    def configure(self, config: Mapping[str, object]) -> None:
        """Write the configuration file; it is read at the start and at a reload."""
        self.config_file.write_text(yaml.safe_dump(dict(config)))

    def __enter__(self) -> Self:
        self._process = start(
            "run",
            "--config.file",
            self.config_file,
            f"--web.listen-address=127.0.0.1:{self.port}",
            *self._arguments,
            env=self._env,
        )
        threading.Thread(target=self._read, args=(self._process,), daemon=True).start()
        try:
            self.until(lambda: "listening" in self.logs, "listen", 60)
        except AssertionError:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        process = self.process
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"did not end in 30 s:\n{self.logs[-5000:]}") from None
        finally:
            if process.stdout:
                process.stdout.close()

    def restart(self) -> None:
        """Start it anew on its port, once it has ended or by ending it."""
        self.__exit__(None, None, None)
        self.__enter__()

    @property
    def process(self) -> subprocess.Popen[str]:
        assert self._process is not None, "not started"
        return self._process

    @property
    def logs(self) -> str:
        return "".join(self._lines)

    def get(self, path: str) -> httpx.Response:
        return httpx.get(f"{self.url}{path}", timeout=10)

    def post(self, path: str) -> httpx.Response:
        return httpx.post(f"{self.url}{path}", timeout=10)

    def samples(self, name: str, **labels: str) -> list[float]:
        """Return the values of the series that have this name and these labels, among others."""
        return [
            sample.value
            for family in text_string_to_metric_families(self.get("/metrics").text)
            for sample in family.samples
            if sample.name == name and labels.items() <= sample.labels.items()
        ]

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 20) -> float:
        """Wait until the condition holds and return the seconds that took; fail with the logs otherwise."""
        started = time.monotonic()
        while not condition():
            assert self.process.poll() is None, f"the daemon ended before it could {what}:\n{self.logs}"
            assert time.monotonic() - started < seconds, f"did not {what} in {seconds} s:\n{self.logs}"
            time.sleep(0.05)
        return time.monotonic() - started

    def until_ready(self, seconds: float = 20) -> float:
        return self.until(lambda: self.get("/readyz").status_code == 200, "become ready", seconds)

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                self._lines.append(line)
        except ValueError:  # closed by us at the end
            return


def start(*arguments: str | Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start a command of the exporter with nothing of ours in its environment but what is given."""
    clean = {key: value for key, value in os.environ.items() if not re.match(r"PG|DATA_SOURCE_", key)}
    return subprocess.Popen(
        [sys.executable, "-m", "exporter", *map(str, arguments)],
        cwd=ROOT,
        env={**clean, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(*arguments: str | Path, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Run a command of the exporter to its end; return its exit code and all it printed."""
    process = start(*arguments, env=env)
    output, _ = process.communicate(timeout=60)
    return process.returncode, output


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
