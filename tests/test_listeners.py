"""Where we listen: TCP, Unix sockets, sockets of systemd; and what is said when that cannot be."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from endpoint import Endpoint
from exporter.errors import ConfigError
from exporter.listeners import Listener, listen

IPV6 = pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")


def fault(*addresses: str) -> str:
    with pytest.raises(ConfigError) as caught:
        listen(addresses, {})
    [found] = caught.value.faults
    assert (found.where, found.key) == ("web", "listen_address")
    return found.problem


def close(listeners: list[Listener]) -> None:
    for listener in listeners:
        listener.close()


def reaches(family: socket.AddressFamily, host: str, port: int) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        return client.connect_ex((host, port)) == 0


def test_several_addresses_are_listened_on_and_a_port_of_0_is_told() -> None:
    listeners = listen(["127.0.0.1:0", "localhost:0"], {})
    try:
        for listener in listeners:
            host, _, port = listener.address.rpartition(":")
            assert reaches(socket.AF_INET, host, int(port))
            assert listener.is_local()
    finally:
        close(listeners)


@IPV6
@pytest.mark.parametrize(
    ("address", "v4", "v6", "local"),
    [
        (":0", True, True, False),
        ("[::]:0", True, True, False),
        ("0.0.0.0:0", True, False, False),
        ("[::1]:0", False, True, True),
    ],
)
def test_no_host_means_both_families_as_it_does_in_go(address: str, v4: bool, v6: bool, local: bool) -> None:
    [listener] = listen([address], {})
    try:
        port = listener.socket.getsockname()[1]
        assert reaches(socket.AF_INET, "127.0.0.1", port) is v4
        assert reaches(socket.AF_INET6, "::1", port) is v6
        assert listener.is_local() is local
    finally:
        listener.close()


def test_a_port_in_use_is_a_fault_and_leaves_no_other_socket_open(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert fault(f"unix:{path}", f"127.0.0.1:{port}") == f"127.0.0.1:{port}: Address already in use"
    assert not path.exists()


def test_a_host_that_there_is_not_is_a_fault() -> None:
    assert "192.0.2.1:1" in fault("192.0.2.1:1")
    assert "no.such.host.invalid:1" in fault("no.such.host.invalid:1")


@pytest.mark.parametrize(("suffix", "mode"), [("", 0o660), (":0600", 0o600), (":0666", 0o666)])
def test_a_unix_socket_has_its_mode_from_the_start_and_goes_at_the_end(
    tmp_path: Path, suffix: str, mode: int
) -> None:
    path = tmp_path / "x.sock"
    before = os.umask(0o022)
    try:
        [listener] = listen([f"unix:{path}{suffix}"], {})
        assert os.umask(before) == 0o022
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    assert (listener.address, listener.is_local()) == (f"unix:{path}", True)
    listener.close()
    assert not path.exists()


def test_a_socket_that_nobody_listens_on_is_replaced_and_one_in_use_is_not(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))
    [listener] = listen([f"unix:{path}"], {})
    assert fault(f"unix:{path}") == f"unix:{path}: Address already in use"
    listener.close()


def test_a_file_that_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    path.write_text("mine")
    assert fault(f"unix:{path}").endswith("there is a file of this name, and it is no socket")
    assert path.read_text() == "mine"


@pytest.mark.parametrize("name", ["none/x.sock", "x" * 120])
def test_a_path_that_cannot_be_is_a_fault(tmp_path: Path, name: str) -> None:
    assert fault(f"unix:{tmp_path}/{name}").startswith(f"unix:{tmp_path}/{name}: ")


def test_http_is_served_on_a_unix_socket(tmp_path: Path) -> None:
    path = tmp_path / "x.sock"
    with Endpoint(tmp_path, address=f"unix:{path}"), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
    assert not path.exists()


PROGRAM = """
import os, socket, sys
from exporter.errors import ConfigError
from exporter.listeners import listen
if sys.argv[2] == "mine":
    os.environ["LISTEN_PID"] = str(os.getpid())
try:
    for listener in listen([sys.argv[1]], os.environ):
        made = listener.socket
        print(listener.address, made.getsockname()[1], listener.is_local(), made.get_inheritable())
except ConfigError as error:
    print(error.faults[0].problem)
print([name for name in os.environ if name.startswith("LISTEN_")])
"""


def handed_over(address: str, names: str, *sockets: socket.socket, pid: str = "mine") -> list[str]:
    """Run a process that finds the sockets where systemd puts them: from file descriptor 3 on."""
    moves = "".join(f"{n + 10}<&{each.fileno()} " for n, each in enumerate(sockets))
    moves += "".join(f"{n + 3}<&{n + 10} " for n in range(len(sockets)))
    command = f'exec {moves}; exec "$@"'
    environ = {**os.environ, "LISTEN_FDS": str(len(sockets)), "LISTEN_FDNAMES": names, "LISTEN_PID": "1"}
    done = subprocess.run(
        ["bash", "-c", command, "bash", sys.executable, "-c", PROGRAM, address, pid],
        pass_fds=[each.fileno() for each in sockets],
        env=environ,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def test_sockets_of_systemd_are_taken_all_or_by_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        first, second = one.getsockname()[1], two.getsockname()[1]
        assert handed_over("systemd", "http:more", one, two) == [
            f"systemd:http {first} True False",
            f"systemd:more {second} True False",
            "[]",
        ]
        assert handed_over("systemd:more", "http:more", one, two)[0] == f"systemd:more {second} True False"
        assert handed_over("systemd", "", one)[0] == f"systemd:3 {first} True False"


def test_what_systemd_did_not_pass_to_us_is_not_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.socket() as deaf:
        nothing = "systemd passed no such socket"
        assert nothing in handed_over("systemd:other", "http", one)[0]
        assert nothing in handed_over("systemd", "")[0]
        assert nothing in handed_over("systemd", "http", one, pid="another")[0]
        assert "does not listen" in handed_over("systemd", "http", deaf)[0]
