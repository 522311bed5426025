"""Rules about the proxy that other tests stand between the exporter and a server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from proxy import Proxy


@pytest.fixture
def echo() -> Iterator[int]:
    """The port of a server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def answer(client: socket.socket) -> None:
            with client:
                while data := client.recv(100):
                    client.sendall(data)

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=[client], daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def _client(proxy: Proxy) -> socket.socket:
    return socket.create_connection((proxy.host, proxy.port), timeout=5)


def test_it_forwards_both_ways(echo: int) -> None:
    with Proxy("127.0.0.1", echo) as proxy, _client(proxy) as client:
        client.sendall(b"hello")
        assert client.recv(100) == b"hello"


def test_frozen_it_accepts_and_is_silent_and_thawed_it_has_lost_nothing(echo: int) -> None:
    with Proxy("127.0.0.1", echo) as proxy, _client(proxy) as old:
        old.sendall(b"1")
        assert old.recv(100) == b"1"
        proxy.freeze()
        with _client(proxy) as new:
            for client in (old, new):
                client.sendall(b"2")
                client.settimeout(0.1)
                with pytest.raises(TimeoutError):
                    client.recv(100)
                client.settimeout(5)
            proxy.thaw()
            assert (old.recv(100), new.recv(100)) == (b"2", b"2")


def test_cut_it_aborts_and_refuses_and_healed_it_is_back_on_the_same_port(echo: int) -> None:
    with Proxy("127.0.0.1", echo) as proxy, _client(proxy) as client:
        client.sendall(b"1")
        assert client.recv(100) == b"1"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            client.recv(100)
        with pytest.raises(ConnectionRefusedError):
            _client(proxy)
        proxy.heal()
        with _client(proxy) as other:
            other.sendall(b"2")
            assert other.recv(100) == b"2"


def test_the_end_of_a_connection_is_passed_on(echo: int) -> None:
    with Proxy("127.0.0.1", echo) as proxy, _client(proxy) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100) == b""
