"""The daemon as a process: its endpoint with TLS, users, several sockets, and what systemd hears."""

from __future__ import annotations

import contextlib
import re
import signal
import socket
from pathlib import Path

import httpx
import pytest
import yaml

from certificates import make
from daemon import Daemon, free_port, start
from endpoint import Endpoint, keys
from exporter.__main__ import main
from prometheus import ask, configured
from test_web_auth import hashed

# Nobody listens there: the endpoint is served all the same.
TARGETS = {"targets": [{"name": "main", "dsn": "postgresql://127.0.0.1:1/none"}]}
SECRET = "correct-horse"


def written(folder: Path, web: dict[str, object]) -> Path:
    file = folder / "exporter.yaml"
    file.write_text(yaml.safe_dump({**TARGETS, "web": web}))
    return file


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_bad_web_configuration_is_refused_with_its_line(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "web.yml").write_text(f"basic_auth_users:\n  alice: {SECRET}\n")
    config = written(tmp_path, {"config_file": "web.yml"})
    assert main([command, "--config.file", str(config)]) == 1
    said = capsys.readouterr().err
    assert f"{tmp_path}/web.yml:2: basic_auth_users: a password is no bcrypt hash" in said
    assert SECRET not in said


def test_check_takes_the_web_configuration_of_a_flag(tmp_path: Path) -> None:
    config = written(tmp_path, {"config_file": "none.yml"})
    (tmp_path / "web.yml").write_text("")
    assert main(["check", "--config.file", str(config)]) == 1
    assert main(["check", "--config.file", str(config), f"--web.config.file={tmp_path}/web.yml"]) == 0


def test_an_address_in_use_is_a_fault(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        config = written(tmp_path, {"listen_address": address})
        assert main(["run", "--config.file", str(config)]) == 1
    assert f"{address}: Address already in use" in capsys.readouterr().err


@pytest.mark.slow
def test_tls_and_users_are_asked_for_and_follow_their_files(tmp_path: Path) -> None:
    pki = keys(tmp_path)
    tls = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
    web = tmp_path / "web.yml"
    web.write_text(f"{tls}basic_auth_users: {{alice: {hashed(SECRET)}}}\n")
    with Daemon(tmp_path, TARGETS, f"--web.config.file={web}") as daemon:
        url = f"https://127.0.0.1:{daemon.port}/metrics"

        def metrics(password: str = SECRET) -> httpx.Response:
            return httpx.get(url, auth=("alice", password), verify=pki.trust(), timeout=10)

        def state() -> str:
            found = re.search(
                r"^pg_exporter_web_config_last_reload_successful (\d)$", metrics().text, re.MULTILINE
            )
            return found[1] if found else ""

        assert (metrics().status_code, metrics("x").status_code) == (200, 401)
        assert httpx.get(url, verify=pki.trust()).status_code == 401
        daemon.until(lambda: state() == "1", "show the state of the file")
        web.write_text(f"{tls}basic_auth_users: {{alice: {SECRET}}}\n")
        daemon.until(lambda: state() == "0", "keep the old file and say so")
        make(3, sans="IP:127.0.0.1").write(tmp_path, "server")
        web.write_text(tls)
        daemon.until(lambda: "web configuration read again" in daemon.logs or not _asks(url), "read it again")
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            metrics()
        assert SECRET not in daemon.logs
        assert "everybody who reaches" not in daemon.logs


def _asks(url: str) -> bool:
    return httpx.get(url, verify=False).status_code == 401  # noqa: S501 - the certificate is changing


class Systemd:
    """The end of the notify socket that systemd has."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._socket.settimeout(30)
        self.environ = {"NOTIFY_SOCKET": str(path), "WATCHDOG_USEC": "2000000"}

    def hears(self, word: bytes) -> bytes:
        """Wait for what begins so; until then the watchdog is patted and nothing else happens."""
        while not (said := self._socket.recv(1000)).startswith(word):
            assert said == b"WATCHDOG=1"
        return said

    def close(self) -> None:
        self._socket.close()


@pytest.mark.slow
def test_systemd_hears_of_the_start_of_reloads_and_of_the_end(tmp_path: Path) -> None:
    config = written(tmp_path, {"listen_address": "127.0.0.1:0"})
    with contextlib.closing(Systemd(tmp_path / "notify")) as systemd:
        process = start("run", "--config.file", config, env=systemd.environ)
        try:
            assert systemd.hears(b"READY=1") == b"READY=1\nSTATUS=watching 1 targets"
            systemd.hears(b"WATCHDOG=1")
            process.send_signal(signal.SIGHUP)
            assert b"MONOTONIC_USEC=" in systemd.hears(b"RELOADING=1")
            systemd.hears(b"READY=1")
            config.write_text("targets: {")
            process.send_signal(signal.SIGHUP)
            systemd.hears(b"RELOADING=1")
            assert b"the old one stays in force" in systemd.hears(b"READY=1")
            process.send_signal(signal.SIGTERM)
            systemd.hears(b"STOPPING=1")
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert process.returncode == 0


@pytest.mark.slow
def test_several_sockets_serve_and_what_everybody_reaches_is_warned_of_once(tmp_path: Path) -> None:
    port, path = free_port(), tmp_path / "x.sock"
    config = {**TARGETS, "web": {"listen_address": []}}
    flags = (f"--web.listen-address=0.0.0.0:{port}", f"--web.listen-address=unix:{path}")
    with Daemon(tmp_path, config, *flags) as daemon:
        assert daemon.get("/healthz").text == httpx.get(f"http://127.0.0.1:{port}/healthz").text == "ok\n"
        with httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client:
            assert client.get("http://x/healthz").text == "ok\n"
    assert not path.exists()
    [warned] = [line for line in daemon.logs.splitlines() if "everybody who reaches this address" in line]
    assert f"address=0.0.0.0:{port} " in warned


@pytest.mark.slow
@pytest.mark.parametrize("certificate", [False, True])
def test_a_real_prometheus_scrapes_over_tls_as_a_user_or_by_its_certificate(
    tmp_path: Path, certificate: bool
) -> None:
    pki = keys(tmp_path)
    pki.client().write(tmp_path, "prometheus")
    policy = (
        "RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n  client_allowed_sans: [prometheus.example]"
    )
    tls = {"ca_file": str(tmp_path / "server.crt")}
    if certificate:
        tls |= {
            f"{part}_file": str(tmp_path / f"prometheus.{name}")
            for part, name in (("cert", "crt"), ("key", "key"))
        }
    wanted = (
        f"  client_auth_type: {policy}\n"
        if certificate
        else f"basic_auth_users: {{alice: {hashed(SECRET)}}}\n"
    )
    text = f"tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n{wanted}"
    with Endpoint(tmp_path, text, page=b"served 1\n") as endpoint:
        scrape: dict[str, object] = {"job_name": "e", "scheme": "https", "tls_config": tls}
        if not certificate:
            scrape["basic_auth"] = {"username": "alice", "password": SECRET}
        scrape["static_configs"] = [{"targets": [f"127.0.0.1:{endpoint.port}"]}]
        config = {"global": {"scrape_interval": "1s"}, "scrape_configs": [scrape]}
        with configured(tmp_path, config) as url:
            endpoint.until(lambda: ask(url, "served") == [1.0], 30)
            assert ask(url, 'up{job="e"}') == [1.0]
