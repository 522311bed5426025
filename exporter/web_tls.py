"""Owns TLS as a server speaks it: contexts made from a web configuration file, and who may come in by name.

Keys and certificates are handed to OpenSSL from memory: nothing is written to a disk.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import ssl
import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence

from exporter.errors import ConfigError
from exporter.web_model import CIPHERS, CURVES, ClientAuth, Pem, Tls

_VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
# Python's TLS has nothing between not asking and verifying. Not asking lets in whom asking and not looking
# lets in; verifying is stricter than to take any certificate.
_VERIFY = {
    ClientAuth.NONE: ssl.CERT_NONE,
    ClientAuth.REQUEST: ssl.CERT_NONE,
    ClientAuth.REQUIRE_ANY: ssl.CERT_REQUIRED,
    ClientAuth.VERIFY_IF_GIVEN: ssl.CERT_OPTIONAL,
    ClientAuth.REQUIRE_AND_VERIFY: ssl.CERT_REQUIRED,
}
_SANS = ("DNS", "email", "URI", "IP Address")


def context(tls: Tls) -> ssl.SSLContext:
    """Return the context that serves so, with certificates as they are on the disk now.

    Raises:
        ConfigError: a file cannot be read or is not what it should be.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # TLS 1.0 and 1.1 are the user's decision
        made.minimum_version = _VERSIONS[tls.min_version]
        made.maximum_version = _VERSIONS[tls.max_version]
    made.set_alpn_protocols(["http/1.1"])
    if not tls.prefer_server_cipher_suites:
        made.options &= ~ssl.OP_CIPHER_SERVER_PREFERENCE
    _choose_ciphers(made, tls)
    _choose_curves(made, tls)
    _load_key(made, tls.cert, tls.key)
    made.verify_mode = _VERIFY[tls.client_auth]
    if made.verify_mode is not ssl.CERT_NONE:
        _load_authorities(made, tls.client_ca)
    return made


def remarks(tls: Tls) -> Iterator[str]:
    """Yield what is served otherwise than the file says, or is probably not what was meant."""
    if len(tls.curves) > 1 and not hasattr(ssl.SSLContext, "set_groups"):
        yield f"curve_preferences: this version of Python takes one curve, so it is {tls.curves[0]} alone"
    if tls.client_auth is ClientAuth.REQUEST:
        yield "client_auth_type: RequestClientCert would look at no certificate, so none is asked for"
    if tls.client_auth is ClientAuth.REQUIRE_ANY:
        yield "client_auth_type: RequireAnyClientCert is served as RequireAndVerifyClientCert"
    if _VERIFY[tls.client_auth] is not ssl.CERT_NONE and tls.client_ca is None:
        yield "client_auth_type: without client_ca_file the authorities of this system decide who comes in"


def is_allowed(certificate: Mapping[str, object] | None, allowed: Sequence[str]) -> bool:
    """Return whether a verified certificate, as Python shows it, has an allowed name, if any is set.

    A client without a certificate is let in: whether it needs one has been decided in the handshake.
    """
    if not allowed or not certificate:
        return True
    names = certificate.get("subjectAltName", ())
    return isinstance(names, tuple) and any(_name(*entry) in allowed for entry in names if entry[0] in _SANS)


def _name(kind: str, value: str) -> str:
    """Return a name of a certificate as Go writes it."""
    if kind != "IP Address":
        return value
    address = ipaddress.ip_address(value.strip())
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return str(mapped or address)


def _choose_ciphers(made: ssl.SSLContext, tls: Tls) -> None:
    if not tls.cipher_suites:
        return
    older = [CIPHERS[name] for name in tls.cipher_suites if CIPHERS[name]]
    if older:
        try:
            made.set_ciphers(":".join(older))
        except ssl.SSLError:
            problem = "this system's OpenSSL has none of these cipher suites"
            raise ConfigError([tls.cert.beside("cipher_suites", problem)]) from None
    elif tls.max_version == "TLS13":  # only suites of TLS 1.3 are named: nothing older can be agreed on
        made.minimum_version = ssl.TLSVersion.TLSv1_3
    else:
        raise ConfigError([tls.cert.beside("cipher_suites", "has none for the versions that are allowed")])


def _choose_curves(made: ssl.SSLContext, tls: Tls) -> None:
    names = [CURVES[name] for name in tls.curves]
    if not names:
        return
    if hasattr(made, "set_groups"):
        made.set_groups(":".join(names))
    else:
        made.set_ecdh_curve(names[0])


def _load_key(made: ssl.SSLContext, cert: Pem, key: Pem) -> None:
    encrypted = False

    def no_password() -> str:
        nonlocal encrypted
        encrypted = True
        return ""

    with _as_file(cert.read()) as certificates, _as_file(key.read()) as secret:
        try:
            made.load_cert_chain(certificates, secret, no_password)
        except (ssl.SSLError, ValueError) as error:
            if encrypted:
                raise ConfigError(
                    [key.fault("the key is encrypted", "store it without a password")]
                ) from None
            if getattr(error, "reason", "") == "KEY_VALUES_MISMATCH":
                raise ConfigError([key.fault("the key does not belong to the certificate")]) from None
            problem = "certificate and key cannot be used: one of them is not PEM, or not whole"
            raise ConfigError([cert.fault(problem)]) from None


def _load_authorities(made: ssl.SSLContext, client_ca: Pem | None) -> None:
    if client_ca is None:
        made.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        return
    try:
        made.load_verify_locations(cadata=client_ca.read().decode("ascii", "replace"))
    except (ssl.SSLError, ValueError):
        raise ConfigError([client_ca.fault("there is no certificate of an authority in it")]) from None


@contextlib.contextmanager
def _as_file(content: bytes) -> Iterator[str]:
    """Give OpenSSL, which reads files alone, a file that is in memory where the system has such."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("pem")
        try:
            os.write(handle, content)
            yield f"/proc/self/fd/{handle}"
        finally:
            os.close(handle)
    else:
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            yield file.name
