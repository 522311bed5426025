"""Owns the sockets that we listen on: TCP, Unix sockets, and what systemd hands over."""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import re
import socket
import stat
from collections.abc import Iterable, MutableMapping
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import ConfigError, Fault

_BACKLOG = 128
_FIRST = 3  # the file descriptor of the first socket that systemd passes: sd_listen_fds(3)
_UNIX = re.compile(r"unix:(?P<path>/.+?)(?::(?P<mode>0[0-7]{3}))?")
_MODE = "0660"


@dataclass(frozen=True, slots=True)
class Listener:
    """A socket that listens, and where; `path` is a file that goes with it."""

    address: str
    socket: socket.socket
    path: Path | None = None

    def is_local(self) -> bool:
        """Return whether nobody on another machine can reach it."""
        if self.socket.family == socket.AF_UNIX:
            return True
        host = str(self.socket.getsockname()[0]).partition("%")[0]
        return ipaddress.ip_address(host).is_loopback

    def close(self) -> None:
        """Stop listening, and take away the file, if it is still the one we made."""
        ours = self.path is not None and _is_bound_to(self.socket, self.path)
        self.socket.close()
        if ours and self.path is not None:
            self.path.unlink(missing_ok=True)


def listen(addresses: Iterable[str], environ: MutableMapping[str, str]) -> list[Listener]:
    """Return a listener for each address, and one for each socket that systemd passed to a `systemd`.

    What says so in `environ` is taken out of it: programs that we start are not meant.

    Raises:
        ConfigError: some cannot be had; none is left open then.
    """
    passed = _passed(environ)
    listeners: list[Listener] = []
    faults: list[Fault] = []
    for address in addresses:
        try:
            listeners.extend(_listen(address, passed))
        except (OSError, ValueError) as error:
            remedy = "choose another with --web.listen-address"
            faults.append(Fault("web", "listen_address", f"{address}: {_reason(error)}", remedy))
    if faults:
        for listener in listeners:
            listener.close()
        raise ConfigError(faults)
    return listeners


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError) and error.errno and not isinstance(error, socket.gaierror):
        return os.strerror(error.errno)
    return getattr(error, "strerror", None) or str(error)


def _listen(address: str, passed: list[tuple[str, int]]) -> list[Listener]:
    if address == "systemd" or address.startswith("systemd:"):
        return _from_systemd(address.partition(":")[2], passed)
    if match := _UNIX.fullmatch(address):
        return [_unix(Path(match["path"]), int(match["mode"] or _MODE, 8))]
    host, _, port = address.rpartition(":")
    made = _tcp(host.strip("[]"), int(port))
    host, port = made.getsockname()[:2]
    return [Listener(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", made)]


def _tcp(host: str, port: int) -> socket.socket:
    """Return a socket; without a host, or with ::, it takes IPv4 and IPv6, as Go's net.Listen does."""
    if host in ("", "::"):
        with contextlib.suppress(OSError):
            if socket.has_dualstack_ipv6():
                both = (host, port)
                return socket.create_server(
                    both, family=socket.AF_INET6, backlog=_BACKLOG, dualstack_ipv6=True
                )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=_BACKLOG)


def _unix(path: Path, mode: int) -> Listener:
    _clear(path)
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o777 & ~mode)  # a chmod would leave a moment for others to connect in
    try:
        made.bind(str(path))
        made.listen(_BACKLOG)
    except OSError:
        made.close()
        raise
    finally:
        os.umask(before)
    return Listener(f"unix:{path}", made, path)


def _clear(path: Path) -> None:
    """Remove a socket that nobody listens on any more.

    Raises:
        OSError: somebody does, or it is another kind of file.
    """
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise ValueError("there is a file of this name, and it is no socket")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _is_bound_to(bound: socket.socket, path: Path) -> bool:
    """Return whether the file is this socket's, and not that of one who came after us."""
    try:
        return path.is_socket() and bound.getsockname() == str(path)
    except OSError:
        return False


def _passed(environ: MutableMapping[str, str]) -> list[tuple[str, int]]:
    """Return name and file descriptor of each socket that is passed to this process."""
    pid, count = environ.pop("LISTEN_PID", ""), environ.pop("LISTEN_FDS", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if pid != str(os.getpid()) or not count.isdigit():
        return []
    named = [*names, *[""] * int(count)][: int(count)]
    return [(name, _FIRST + place) for place, name in enumerate(named)]


def _from_systemd(name: str, passed: list[tuple[str, int]]) -> list[Listener]:
    chosen = [(label, number) for label, number in passed if name in ("", label)]
    if not chosen:
        raise ValueError("systemd passed no such socket: start the .socket unit, which starts the service")
    listeners = []
    for label, number in chosen:
        os.set_inheritable(number, False)
        made = socket.socket(fileno=number)
        if made.type != socket.SOCK_STREAM or not made.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise ValueError("systemd passed something that does not listen: use ListenStream=, Accept=no")
        listeners.append(Listener(f"systemd:{label or number}", made))
    return listeners
