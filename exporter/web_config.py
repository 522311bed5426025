"""Owns what a web configuration file may say: the format of Prometheus' exporter-toolkit, key by key.

No fault quotes a value, and none about a user names one: what stands there may be a password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from exporter.document import Document, read_text, suggestion
from exporter.errors import ConfigError, Fault
from exporter.section import Section
from exporter.web_model import CIPHERS, CURVES, TLS_VERSIONS, ClientAuth, Pem, RateLimit, Tls, WebConfig
from exporter.web_yaml import parse

_Value = TypeVar("_Value")

_HEADERS: Mapping[str, tuple[str, ...]] = {
    "Strict-Transport-Security": (),
    "X-Content-Type-Options": ("nosniff",),
    "X-Frame-Options": ("deny", "sameorigin"),
    "X-XSS-Protection": (),
    "Content-Security-Policy": (),
}
_TLS_KEYS = (
    *("cert", "cert_file", "key", "key_file", "client_ca", "client_ca_file"),
    *("client_auth_type", "client_allowed_sans", "min_version", "max_version"),
    *("cipher_suites", "prefer_server_cipher_suites", "curve_preferences"),
)
_BCRYPT = re.compile(r"\$2[abxy]\$(0[4-9]|[12][0-9]|3[01])\$[./A-Za-z0-9]{53}")
_NANOSECONDS = {
    "ns": 1,
    "us": 10**3,
    "µs": 10**3,
    "ms": 10**6,
    "s": 10**9,
    "m": 60 * 10**9,
    "h": 3600 * 10**9,
}
_GO_DURATION = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")


_CLIENT_AUTH = {str(kind): kind for kind in ClientAuth} | {"RequireClientCert": ClientAuth.REQUIRE_ANY}


def load(path: Path) -> WebConfig:
    """Return what the file says; the files that it names are not opened.

    Raises:
        ConfigError: with every fault found.
    """
    faults: list[Fault] = []
    text = read_text(path, faults)
    if text is None:
        raise ConfigError(faults)
    document = parse(text, str(path))
    faults.extend(document.faults)
    if document.value is not None and not isinstance(document.value, dict):
        raise ConfigError([*faults, document.fault((), "must be a mapping", "tls_server_config: {...}")])
    known = ("tls_server_config", "http_server_config", "basic_auth_users", "rate_limit")
    Section(document, (), known, faults)
    http = _Part(document, ("http_server_config",), ("http2", "headers"), faults)
    config = WebConfig(
        _tls(_Part(document, ("tls_server_config",), _TLS_KEYS, faults), path.parent),
        http.yes("http2", default=True),
        _headers(_Part(document, ("http_server_config", "headers"), _HEADERS, faults)),
        _users(document, faults),
        _rate_limit(_Part(document, ("rate_limit",), ("interval", "burst"), faults)),
    )
    if faults:
        raise ConfigError(faults)
    return config


class _Part(Section):
    """A mapping whose scalars are text; what is empty counts as not given, as it does in Go."""

    def string(self, key: str) -> str:
        value = self._values.get(key)
        if value is None or isinstance(value, str):
            return value or ""
        self.fault(key, "must be text")
        return ""

    def one_of(self, key: str, values: Mapping[str, _Value], default: _Value) -> _Value:
        word = self.string(key)
        if word and word not in values:
            self.fault(key, "is not known", suggestion(word, values))
        return values.get(word, default)

    def yes(self, key: str, *, default: bool) -> bool:
        word = self.string(key).lower()
        if word in ("", "y", "yes", "true", "on"):
            return default if not word else True
        if word not in ("n", "no", "false", "off"):
            self.fault(key, "must be true or false")
        return False

    def some_of(self, key: str, known: Mapping[str, str]) -> tuple[str, ...]:
        names = self.strings(key) or ()
        for name in names:
            if name not in known:
                self.fault(key, "names one that is not known", suggestion(name, known))
        return names

    def strings(self, key: str) -> tuple[str, ...] | None:
        value = self._values.get(key)
        if value is None:
            return None
        if isinstance(value, list) and all(isinstance(item, str) and item for item in value):
            return tuple(value)
        self.fault(key, "must be a list of text", f"{key}: [...]")
        return None

    def pem(self, key: str, folder: Path) -> Pem | None:
        """Return what `key` holds or `key`_file names; the file wins, as it does in the toolkit."""
        file, text = self.string(f"{key}_file"), self.string(key)
        name = f"{key}_file" if file else key
        where = self._document.where((*self._path, name))
        place = ".".join([*map(str, self._path), name])
        if file:
            return Pem(where, place, folder / file)
        return Pem(where, place, text=text) if text else None


def _tls(part: _Part, folder: Path) -> Tls | None:
    cert, key = part.pem("cert", folder), part.pem("key", folder)
    client_ca = part.pem("client_ca", folder)
    auth = part.one_of("client_auth_type", _CLIENT_AUTH, ClientAuth.NONE)
    versions = {name: name for name in TLS_VERSIONS}
    sans = part.strings("client_allowed_sans")
    low = part.one_of("min_version", versions, "TLS12")
    high = part.one_of("max_version", versions, "TLS13")
    if low > high:
        part.fault("max_version", "is below min_version: no version is left")
    suites = part.some_of("cipher_suites", CIPHERS)
    curves = part.some_of("curve_preferences", CURVES)
    prefer = part.yes("prefer_server_cipher_suites", default=True)
    if not (cert or key or client_ca or part.string("client_auth_type")):
        if sans is not None:
            part.fault("client_allowed_sans", "has no effect without TLS", "give cert_file and key_file")
        return None
    for problem in _client_faults(auth, client_ca, sans):
        part.fault(*problem)
    if cert is None:
        part.fault("cert_file", "missing one of cert or cert_file")
    if key is None:
        part.fault("key_file", "missing one of key or key_file")
    if cert is None or key is None:
        return None
    return Tls(cert, key, client_ca, auth, sans or (), low, high, suites, prefer, curves)


def _client_faults(
    auth: ClientAuth, client_ca: Pem | None, sans: tuple[str, ...] | None
) -> Iterator[tuple[str, str, str]]:
    """Yield what the policies for clients leave open, or what Python's TLS cannot do."""
    verifying = "client_auth_type: RequireAndVerifyClientCert"
    if client_ca is not None and auth is ClientAuth.NONE:
        yield client_ca.key.rpartition(".")[2], "is given without a client_auth_type", verifying
    if auth is ClientAuth.REQUIRE_ANY and client_ca is None:
        problem = "this TLS library cannot ask for a certificate that it does not verify"
        yield "client_auth_type", problem, "name the authority with client_ca_file, and it is verified"
    if sans is not None and auth in (ClientAuth.NONE, ClientAuth.REQUEST):
        yield "client_allowed_sans", "has no effect unless certificates are verified", verifying
    if sans == ():
        yield "client_allowed_sans", "is empty: no certificate would do", "list names, or leave it out"


def _headers(part: _Part) -> tuple[tuple[str, str], ...]:
    given = []
    for name, allowed in _HEADERS.items():
        value = part.string(name).strip()
        if not value:
            continue
        if not (value.isascii() and value.isprintable()):
            part.fault(name, "must be one line of plain ASCII")
        elif allowed and value not in allowed:
            part.fault(name, "invalid value", f"one of: {', '.join(allowed)}")
        given.append((name, value))
    return tuple(given)


def _users(document: Document, faults: list[Fault]) -> Mapping[str, str]:
    key = "basic_auth_users"
    value = document.value.get(key) if isinstance(document.value, dict) else None
    if value is None:
        return {}
    if not isinstance(value, dict):
        faults.append(document.fault((key,), "must be a mapping", "name: bcrypt hash"))
        return {}
    for name, hashed in value.items():
        if not isinstance(hashed, str) or not _BCRYPT.fullmatch(hashed):
            remedy = 'make one: htpasswd -nBC 10 "" | tr -d ":\\n"'
            where = document.where((key, name))
            faults.append(Fault(where, key, "a password is no bcrypt hash", remedy))
    return value


def _rate_limit(part: _Part) -> RateLimit | None:
    interval, burst = part.string("interval"), part.string("burst")
    seconds = _go_duration(interval) if interval else 0.0
    if seconds is None:
        part.fault("interval", "must be a duration such as 1s, 100ms or 1m30s")
    if burst and not re.fullmatch(r"[0-9]{1,9}", burst):
        part.fault("burst", "must be a whole number")
    elif seconds and int(burst or "0") == 0:
        part.fault("burst", "must be at least 1: with 0 every request is refused")
    elif seconds:
        return RateLimit(seconds, int(burst))
    return None


def _go_duration(text: str) -> float | None:
    """Return seconds of what Go's time.ParseDuration takes; a bare number is nanoseconds, as in yaml.v2."""
    if re.fullmatch(r"[0-9]{1,18}", text):
        return int(text) / 1e9
    if re.fullmatch(rf"\+?(?:{_GO_DURATION.pattern})+", text) is None:
        return None
    return sum(float(number) * _NANOSECONDS[unit] for number, unit in _GO_DURATION.findall(text)) / 1e9
