"""Owns certificates of tests, made by openssl when they are needed: no key lies in the repository."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from dataclasses import dataclass

import pytest

_NEW = (
    "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=test -keyout - -out - -days"
)


@dataclass(frozen=True, slots=True)
class Made:
    """A key and its certificate as PEM, and when that ends by what openssl says, as Unix time."""

    key: str
    certificate: str
    end: float


def make(days: int) -> Made:
    """Make a certificate that ends in so many days; skips the test where there is no openssl."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    both = _openssl([*_NEW.split(" "), str(days)])
    key, mark, rest = both.partition("-----BEGIN CERTIFICATE-----")
    certificate = mark + rest
    said = _openssl(["x509", "-noout", "-enddate"], certificate)
    return Made(key, certificate, float(ssl.cert_time_to_seconds(said.strip().removeprefix("notAfter="))))


def _openssl(arguments: list[str], sent: str | None = None) -> str:
    return subprocess.run(
        ["openssl", *arguments],
        input=sent,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
