"""Owns what a web configuration file says, as types: TLS, users, headers, a limit of the rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from exporter.document import reason
from exporter.errors import ConfigError, Fault

TLS_VERSIONS = ("TLS10", "TLS11", "TLS12", "TLS13")
# Go's names and those of OpenSSL.
CURVES: Mapping[str, str] = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
# What Go's crypto/tls calls its secure ones, by OpenSSL's names; those of TLS 1.3 cannot be chosen in either.
CIPHERS: Mapping[str, str] = {
    "TLS_AES_128_GCM_SHA256": "",
    "TLS_AES_256_GCM_SHA384": "",
    "TLS_CHACHA20_POLY1305_SHA256": "",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
}


class ClientAuth(StrEnum):
    """What is asked of a client's certificate."""

    NONE = "NoClientCert"
    REQUEST = "RequestClientCert"
    REQUIRE_ANY = "RequireAnyClientCert"
    VERIFY_IF_GIVEN = "VerifyClientCertIfGiven"
    REQUIRE_AND_VERIFY = "RequireAndVerifyClientCert"


@dataclass(frozen=True, slots=True)
class Pem:
    """Certificates or a key, in a file or in the text itself; `where` and `key` are what a fault names."""

    where: str
    key: str
    path: Path | None = None
    text: str = field(default="", repr=False)

    def read(self) -> bytes:
        """Return it as it is now.

        Raises:
            ConfigError: the file cannot be read.
        """
        if self.path is None:
            return self.text.encode()
        try:
            return self.path.read_bytes()
        except OSError as error:
            raise ConfigError([self.fault(f"the file cannot be read: {reason(error)}")]) from None

    def fault(self, problem: str, remedy: str = "") -> Fault:
        """Return a fault of what this is."""
        return Fault(self.where, self.key, problem, remedy)

    def beside(self, key: str, problem: str) -> Fault:
        """Return a fault of another key of the same mapping."""
        return Fault(self.where.rpartition(":")[0], f"{self.key.rpartition('.')[0]}.{key}", problem)


@dataclass(frozen=True, slots=True)
class Tls:
    """How TLS is spoken; the names are the file's."""

    cert: Pem
    key: Pem
    client_ca: Pem | None = None
    client_auth: ClientAuth = ClientAuth.NONE
    allowed_sans: tuple[str, ...] = ()
    min_version: str = "TLS12"
    max_version: str = "TLS13"
    cipher_suites: tuple[str, ...] = ()
    prefer_server_cipher_suites: bool = True
    curves: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RateLimit:
    """A token bucket: so many requests at once, then one every `interval` seconds."""

    interval: float
    burst: int


@dataclass(frozen=True, slots=True)
class WebConfig:
    """One web configuration file; `users` are bcrypt hashes by name."""

    tls: Tls | None = None
    http2: bool = True
    headers: tuple[tuple[str, str], ...] = ()
    users: Mapping[str, str] = field(default_factory=dict, repr=False)
    rate_limit: RateLimit | None = None

    def files(self) -> tuple[Path, ...]:
        """Return the files that it refers to."""
        parts = (self.tls.cert, self.tls.key, self.tls.client_ca) if self.tls else ()
        return tuple(part.path for part in parts if part is not None and part.path is not None)
