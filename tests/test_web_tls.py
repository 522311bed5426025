"""TLS as a web configuration file asks for it: the toolkit's cases, over real sockets."""

from __future__ import annotations

import logging
import ssl
import warnings
from pathlib import Path

import httpx
import pytest

from certificates import encrypted, make
from endpoint import Endpoint, Keys, keys
from exporter import web_tls
from exporter.errors import ConfigError
from exporter.web_config import load
from exporter.web_model import ClientAuth, Pem, Tls

TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"
VERIFIED = TLS + "  client_auth_type: RequireAndVerifyClientCert\n  client_ca_file: ca.crt\n"


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Keys:
    return keys(tmp_path_factory.mktemp("keys"))


def refused(endpoint: Endpoint, context: ssl.SSLContext) -> bool:
    """Whether no answer comes: in TLS 1.3 a client learns of its certificate's end when it reads."""
    try:
        endpoint.get(tls=context)
    except (httpx.TransportError, ssl.SSLError):
        return True
    return False


def test_without_a_file_http_is_plain_and_a_client_of_tls_is_answered_in_plain_http(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint:
        assert endpoint.get().text == "page\n"
        # Go's client makes "server gave HTTP response to HTTPS client" of it.
        assert endpoint.talk(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n").startswith(
            b"HTTP/1.1 400 "
        )


def test_a_client_of_plain_http_is_told_that_tls_is_served(
    pki: Keys, caplog: pytest.LogCaptureFixture
) -> None:
    with Endpoint(pki.folder, TLS) as endpoint, caplog.at_level(logging.WARNING):
        answer = endpoint.get()
        assert (answer.status_code, answer.text) == (400, "Client sent an HTTP request to an HTTPS server.\n")
        assert endpoint.get(tls=pki.trust()).text == "page\n"
    assert "a client speaks plain HTTP where TLS is served" in caplog.text


def test_certificate_and_key_may_stand_in_the_file(pki: Keys, tmp_path: Path) -> None:
    def block(pem: str) -> str:
        return "|\n" + "".join(f"    {line}\n" for line in pem.splitlines())

    text = f"tls_server_config:\n  cert: {block(pki.server.certificate)}  key: {block(pki.server.key)}"
    with Endpoint(tmp_path, text) as endpoint:
        assert endpoint.get(tls=pki.trust()).text == "page\n"


@pytest.mark.parametrize(
    ("keys_of_file", "limits", "works"),
    [
        ("", {"maximum_version": ssl.TLSVersion.TLSv1_1, "minimum_version": ssl.TLSVersion.TLSv1}, False),
        ("", {"maximum_version": ssl.TLSVersion.TLSv1_2}, True),
        ("  min_version: TLS13\n", {"maximum_version": ssl.TLSVersion.TLSv1_2}, False),
        ("  max_version: TLS12\n", {"minimum_version": ssl.TLSVersion.TLSv1_3}, False),
        ("  min_version: TLS13\n", {}, True),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", {"maximum_version": ssl.TLSVersion.TLSv1_2}, False),
        ("  cipher_suites: [TLS_AES_128_GCM_SHA256]\n", {}, True),
    ],
)
def test_only_versions_within_the_bounds_are_spoken(
    pki: Keys, keys_of_file: str, limits: dict[str, ssl.TLSVersion], works: bool
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = pki.trust(limits=limits)
    if limits.get("maximum_version") is ssl.TLSVersion.TLSv1_1:
        context.set_ciphers("ALL:@SECLEVEL=0")
    with Endpoint(pki.folder, TLS + keys_of_file) as endpoint:
        assert refused(endpoint, context) is not works


GCM = ("TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384")


@pytest.mark.parametrize(
    ("suites", "prefer", "offered", "agreed"),
    [
        (GCM, "true", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (GCM, "true", "ECDHE-ECDSA-CHACHA20-POLY1305", None),
        (
            GCM,
            "true",
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES128-GCM-SHA256",
        ),
        (
            GCM,
            "false",
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
            "ECDHE-ECDSA-AES256-GCM-SHA384",
        ),
    ],
)
def test_suites_are_those_of_the_file_in_the_order_of_whom_it_prefers(
    pki: Keys, suites: tuple[str, ...], prefer: str, offered: str, agreed: str | None
) -> None:
    text = f"{TLS}  max_version: TLS12\n  cipher_suites: [{', '.join(suites)}]\n"
    with Endpoint(pki.folder, f"{text}  prefer_server_cipher_suites: {prefer}\n") as endpoint:
        context = pki.trust()
        context.set_ciphers(offered)
        with endpoint.connect() as plain:
            if agreed is None:
                with pytest.raises(ssl.SSLError):
                    context.wrap_socket(plain, server_hostname="127.0.0.1")
                return
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as client:
                cipher = client.cipher()
                assert cipher is not None
                assert cipher[0] == agreed


@pytest.mark.parametrize(("offered", "works"), [("secp521r1", True), ("prime256v1", False)])
def test_a_curve_is_spoken_when_the_file_has_it_first(pki: Keys, offered: str, works: bool) -> None:
    context = pki.trust(limits={"minimum_version": ssl.TLSVersion.TLSv1_3})
    context.set_ecdh_curve(offered)
    with Endpoint(pki.folder, TLS + "  curve_preferences: [CurveP521]\n") as endpoint:
        assert refused(endpoint, context) is not works


def test_a_verified_client_comes_in_and_none_other(pki: Keys) -> None:
    stranger = pki.client(authority=make(2, subject="another authority"))
    with Endpoint(pki.folder, VERIFIED) as endpoint:
        assert not refused(endpoint, pki.trust(pki.client()))
        assert refused(endpoint, pki.trust())
        assert refused(endpoint, pki.trust(stranger))
        # A refused client costs the next one nothing.
        assert not refused(endpoint, pki.trust(pki.client()))


@pytest.mark.parametrize(
    ("kind", "good", "none", "strange"),
    [
        ("NoClientCert", True, True, True),
        ("RequestClientCert", True, True, True),
        ("RequireClientCert", True, False, False),
        ("RequireAnyClientCert", True, False, False),
        ("VerifyClientCertIfGiven", True, True, False),
        ("RequireAndVerifyClientCert", True, False, False),
    ],
)
def test_each_policy_lets_in_nobody_whom_go_would_not(
    pki: Keys, kind: str, good: bool, none: bool, strange: bool
) -> None:
    ca = "" if kind == "NoClientCert" else "  client_ca_file: ca.crt\n"
    stranger = pki.client(authority=make(2, subject="another authority"))
    with Endpoint(pki.folder, f"{TLS}  client_auth_type: {kind}\n{ca}") as endpoint:
        tried = [pki.trust(pki.client()), pki.trust(), pki.trust(stranger)]
        assert [not refused(endpoint, context) for context in tried] == [good, none, strange]


ALL_NAMES = "DNS:a.example,email:b@example.org,IP:10.0.0.1,IP:fd00::1,URI:spiffe://c/d"


@pytest.mark.parametrize(
    ("allowed", "works"),
    [
        ("a.example", True),
        ("b@example.org", True),
        ("10.0.0.1", True),
        ("fd00::1", True),
        ("spiffe://c/d", True),
        ("A.example", False),
        ("example", False),
        ("client", False),  # the common name is none of them
        ("spiffe://c", False),
        ("*.example", False),
    ],
)
def test_an_allowed_name_is_exactly_one_of_the_certificate(pki: Keys, allowed: str, works: bool) -> None:
    client = pki.client(ALL_NAMES)
    text = f'{VERIFIED}  client_allowed_sans: ["other", "{allowed}"]\n'
    with Endpoint(pki.folder, text) as endpoint:
        assert refused(endpoint, pki.trust(client)) is not works


def test_names_are_asked_of_a_certificate_that_is_given_and_not_of_nobody(pki: Keys) -> None:
    text = VERIFIED.replace("RequireAndVerifyClientCert", "VerifyClientCertIfGiven")
    with Endpoint(pki.folder, text + "  client_allowed_sans: [prometheus.example]\n") as endpoint:
        assert not refused(endpoint, pki.trust(pki.client()))
        assert not refused(endpoint, pki.trust())
        assert refused(endpoint, pki.trust(pki.client("DNS:other.example")))


def fault(folder: Path, text: str) -> str:
    (folder / "web.yml").write_text(text)
    config = load(folder / "web.yml")
    assert config.tls is not None
    with pytest.raises(ConfigError) as caught:
        web_tls.context(config.tls)
    [found] = caught.value.faults
    return str(found).replace(f"{folder}/", "")


def test_a_file_that_is_named_and_bad_is_a_fault_with_its_line(pki: Keys, tmp_path: Path) -> None:
    pki.server.write(tmp_path, "server")
    pki.authority.write(tmp_path, "ca")
    (tmp_path / "junk").write_text("junk")
    (tmp_path / "locked.key").write_text(encrypted(pki.server.key, "secret"))
    key = "tls_server_config"
    assert fault(tmp_path, TLS.replace("server.crt", "none")) == (
        f"web.yml:2: {key}.cert_file: the file cannot be read: no such file or directory"
    )
    assert fault(tmp_path, TLS.replace("server.key", "none")) == (
        f"web.yml:3: {key}.key_file: the file cannot be read: no such file or directory"
    )
    assert fault(tmp_path, TLS.replace("server.crt", "junk")).startswith(f"web.yml:2: {key}.cert_file: ")
    assert fault(tmp_path, TLS.replace("server.key", "ca.key")) == (
        f"web.yml:3: {key}.key_file: the key does not belong to the certificate"
    )
    assert "the key is encrypted" in fault(tmp_path, TLS.replace("server.key", "locked.key"))
    assert fault(tmp_path, VERIFIED.replace("ca.crt", "junk")) == (
        f"web.yml:5: {key}.client_ca_file: there is no certificate of an authority in it"
    )
    assert "has none for the versions" in fault(
        tmp_path, TLS + "  max_version: TLS12\n  cipher_suites: [TLS_AES_128_GCM_SHA256]\n"
    )


def test_what_is_served_otherwise_is_said_and_nothing_else() -> None:
    pem = Pem("web.yml:1", "cert_file")
    assert list(web_tls.remarks(Tls(pem, pem))) == []
    assert list(web_tls.remarks(Tls(pem, pem, pem, ClientAuth.REQUIRE_AND_VERIFY))) == []
    said = [
        *web_tls.remarks(Tls(pem, pem, pem, ClientAuth.REQUIRE_ANY)),
        *web_tls.remarks(Tls(pem, pem, None, ClientAuth.REQUEST)),
        *web_tls.remarks(Tls(pem, pem, None, ClientAuth.VERIFY_IF_GIVEN)),
    ]
    assert len(said) == 3
    several = list(web_tls.remarks(Tls(pem, pem, curves=("X25519", "CurveP256"))))
    assert len(several) == (0 if hasattr(ssl.SSLContext, "set_groups") else 1)
