"""Owns certificates of tests, made by openssl when they are needed: no key lies in the repository."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from servers import Server

_NEW = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout - -out - -days"


@dataclass(frozen=True, slots=True)
class Made:
    """A key and its certificate as PEM, and when that ends by what openssl says, as Unix time."""

    key: str
    certificate: str
    end: float

    def write(self, folder: Path, name: str) -> tuple[Path, Path]:
        """Write certificate and key as `name`.crt and `name`.key."""
        certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
        certificate.write_text(self.certificate)
        key.write_text(self.key)
        return certificate, key


def make(days: int, *, subject: str = "test", sans: str = "", authority: Made | None = None) -> Made:
    """Make a certificate that ends in so many days; skips the test where there is no openssl.

    `sans` are alternative names as openssl writes them, such as `DNS:a,IP:127.0.0.1`; without an
    `authority` it is signed by itself.
    """
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    arguments = [*_NEW.split(" "), str(days), "-subj", f"/CN={subject}"]
    if sans:
        arguments += ["-addext", f"subjectAltName={sans}"]
    with tempfile.TemporaryDirectory() as folder:
        if authority is not None:
            signing, signing_key = authority.write(Path(folder), "ca")
            arguments += ["-CA", str(signing), "-CAkey", str(signing_key)]
        both = _openssl(arguments)
    key, mark, rest = both.partition("-----BEGIN CERTIFICATE-----")
    certificate = mark + rest
    said = _openssl(["x509", "-noout", "-enddate"], certificate)
    return Made(key, certificate, float(ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter="))))


def put(server: Server, name: str, text: str) -> None:
    """Write a file into a server's data folder that only the server can read."""
    server.execute(
        f"COPY (SELECT line FROM regexp_split_to_table('{text.strip()}', '\n') AS line)"
        f" TO PROGRAM 'umask 077; cat > {name}'"
    )


def encrypted(key: str, password: str) -> str:
    """Return a key under a password."""
    return _openssl(["pkcs8", "-topk8", "-passout", f"pass:{password}"], key)


def _openssl(arguments: list[str], sent: str | None = None) -> str:
    return subprocess.run(
        ["openssl", *arguments],
        input=sent,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
