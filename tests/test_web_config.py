"""What a web configuration file may say: the toolkit's cases, and faults that give nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import ConfigError
from exporter.web_config import load
from exporter.web_model import CIPHERS, CURVES, ClientAuth, RateLimit, WebConfig

HASH = "$2y$10$QOauhQNbBCuQDKes6eFzPeMqBSjb7Mr5DUmpZ/VcEd00UAV/LDeSi"
TLS = "tls_server_config:\n  cert_file: server.crt\n  key_file: server.key\n"


def config(folder: Path, text: str) -> WebConfig:
    (folder / "web.yml").write_text(text)
    return load(folder / "web.yml")


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        config(folder, text)
    return [str(fault).replace(f"{folder}/", "") for fault in caught.value.faults]


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "tls_server_config:\nbasic_auth_users:\nrate_limit: {}\n"]
)
def test_an_empty_file_asks_for_nothing(tmp_path: Path, text: str) -> None:
    assert config(tmp_path, text) == WebConfig()


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such file or directory"):
        load(tmp_path / "none.yml")


def test_every_key_is_read(tmp_path: Path) -> None:
    text = f"""\
{TLS}  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: /etc/ca.crt
  client_allowed_sans: [a, 10.0.0.1]
  min_version: TLS11
  max_version: TLS12
  cipher_suites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: false
  curve_preferences: [X25519, CurveP256]
http_server_config:
  http2: false
  headers:
    Strict-Transport-Security: max-age=31536000; includeSubDomains
    X-Content-Type-Options: nosniff
    X-Frame-Options: deny
    X-XSS-Protection: 1
    Content-Security-Policy: "default-src 'self'"
basic_auth_users:
  alice: {HASH}
rate_limit: {{interval: 1m30s, burst: 20}}
"""
    found = config(tmp_path, text)
    tls = found.tls
    assert tls is not None
    assert (tls.cert.path, tls.key.path) == (tmp_path / "server.crt", tmp_path / "server.key")
    assert tls.client_ca is not None
    assert found.files() == (tmp_path / "server.crt", tmp_path / "server.key", Path("/etc/ca.crt"))
    assert (tls.client_auth, tls.allowed_sans) == (ClientAuth.REQUIRE_AND_VERIFY, ("a", "10.0.0.1"))
    assert (tls.min_version, tls.max_version) == ("TLS11", "TLS12")
    assert tls.cipher_suites == ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",)
    assert (tls.prefer_server_cipher_suites, tls.curves) == (False, ("X25519", "CurveP256"))
    assert not found.http2
    assert dict(found.headers)["X-XSS-Protection"] == "1"
    assert len(found.headers) == 5
    assert found.users == {"alice": HASH}
    assert found.rate_limit == RateLimit(90.0, 20)


def test_all_suites_and_curves_of_go_are_known(tmp_path: Path) -> None:
    text = f"{TLS}  cipher_suites: [{', '.join(CIPHERS)}]\n  curve_preferences: [{', '.join(CURVES)}]\n"
    tls = config(tmp_path, text).tls
    assert tls is not None
    assert (len(tls.cipher_suites), len(tls.curves)) == (13, 4)


def test_a_file_wins_over_a_text_beside_it(tmp_path: Path) -> None:
    tls = config(tmp_path, f"{TLS}  cert: text\n").tls
    assert tls is not None
    assert tls.cert.path == tmp_path / "server.crt"


K = "tls_server_config"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hWkNKCp3fvIx3jKnsaBI\nTuEjdwNS8A2vYdFbiKqr\n", "web.yml:1: must be a mapping"),
        (f"{K}:\n  cert_filse: a\n", f"web.yml:2: {K}.cert_filse: unknown key (did you mean cert_file?)"),
        ("basic_auth:\n  a: b\n", "web.yml:1: basic_auth: unknown key"),
        (f"{K}: text\n", f"web.yml:1: {K}: must be a mapping"),
        (
            f"{K}:\n  cert_file: ''\n  key_file: k\n",
            f"web.yml:2: {K}.cert_file: missing one of cert or cert_file",
        ),
        (f"{K}:\n  cert: ''\n  key_file: k\n", f"web.yml:1: {K}.cert_file: missing one of cert or cert_file"),
        (
            f"{K}:\n  cert_file: c\n  key_file: ''\n",
            f"web.yml:3: {K}.key_file: missing one of key or key_file",
        ),
        (f"{K}:\n  cert_file: c\n  key: ''\n", f"web.yml:1: {K}.key_file: missing one of key or key_file"),
        (f"{K}:\n  client_auth_type: RequireClientCert\n", f"web.yml:1: {K}.cert_file: missing one of cert"),
        (f"{TLS}  client_auth_type: x\n", f"web.yml:4: {K}.client_auth_type: is not known"),
        (f"{TLS}  client_ca_file: /dev/null\n", f"web.yml:4: {K}.client_ca_file: is given without"),
        (f"{TLS}  client_ca: x\n", f"web.yml:4: {K}.client_ca: is given without a client_auth_type"),
        (
            f"{TLS}  client_auth_type: RequireAnyClientCert\n",
            f"web.yml:4: {K}.client_auth_type: this TLS library",
        ),
        (f"{TLS}  client_allowed_sans: [a]\n", f"web.yml:4: {K}.client_allowed_sans: has no effect"),
        (
            f"{TLS}  client_auth_type: VerifyClientCertIfGiven\n  client_allowed_sans: []\n",
            f"web.yml:5: {K}.client_allowed_sans: is empty",
        ),
        (
            f"{K}:\n  client_allowed_sans: [a]\n",
            f"web.yml:2: {K}.client_allowed_sans: has no effect without TLS",
        ),
        (
            f"{TLS}  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA2048]\n",
            "names one that is not known",
        ),
        (f"{TLS}  cipher_suites: [TLS_RSA_WITH_RC4_128_SHA]\n", "names one that is not known"),
        (f"{TLS}  curve_preferences: [CurveP257]\n", "did you mean CurveP256?"),
        (f"{TLS}  curve_preferences: CurveP256\n", "must be a list of text"),
        (f"{TLS}  min_version: TLS111\n", f"web.yml:4: {K}.min_version: is not known"),
        (f"{TLS}  min_version: TLS13\n  max_version: TLS12\n", "is below min_version"),
        (f"{TLS}  prefer_server_cipher_suites: 2\n", "must be true or false"),
        ("http_server_config: {headers: {Content-Type: foo}}\n", "headers.Content-Type: unknown key"),
        ("http_server_config: {headers: {x-frame-options: deny}}\n", "x-frame-options: unknown key"),
        (
            "http_server_config: {headers: {X-Content-Type-Options: sniff}}\n",
            "invalid value (one of: nosniff)",
        ),
        ("http_server_config: {headers: {X-Frame-Options: DENY}}\n", "one of: deny, sameorigin"),
        ('http_server_config: {headers: {Content-Security-Policy: "a\\r\\nb: c"}}\n', "must be one line"),
        (
            'http_server_config: {headers: {Content-Security-Policy: "\u00e4"}}\n',
            "must be one line of plain ASCII",
        ),
        ("basic_auth_users: [a]\n", "basic_auth_users: must be a mapping"),
        ("basic_auth_users:\n  john: doe\n", "web.yml:2: basic_auth_users: a password is no bcrypt hash"),
        ("basic_auth_users:\n  john:\n", "web.yml:2: basic_auth_users: a password is no bcrypt hash"),
        (f"basic_auth_users:\n  a: {HASH}x\n", "a password is no bcrypt hash"),
        (f"basic_auth_users:\n  a: {HASH.replace('$10', '$03')}\n", "a password is no bcrypt hash"),
        (
            f"basic_auth_users:\n  a: {HASH}\n  a: {HASH}\n",
            "web.yml:3: basic_auth_users: a key is given twice",
        ),
        ("rate_limit: {interval: soon, burst: 1}\n", "rate_limit.interval: must be a duration"),
        ("rate_limit: {interval: 1s, burst: 0}\n", "rate_limit.burst: must be at least 1"),
        ("rate_limit: {interval: 1s}\n", "rate_limit.burst: must be at least 1"),
        ("rate_limit: {interval: 1s, burst: a}\n", "rate_limit.burst: must be a whole number"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, said: str) -> None:
    found = faults(tmp_path, text)
    assert len([fault for fault in found if said in fault]) == 1, found


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        ("1s", 1.0),
        ("100ms", 0.1),
        ("1h1m1.5s", 3661.5),
        ("250us", 0.00025),
        ("1000000000", 1.0),
        ("+2m", 120.0),
    ],
)
def test_an_interval_is_one_of_go(tmp_path: Path, interval: str, seconds: float) -> None:
    limit = config(tmp_path, f"rate_limit: {{interval: {interval}, burst: 3}}\n").rate_limit
    assert limit is not None
    assert limit.interval == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["interval: 0, burst: 3", "burst: 3", "interval: 0s"])
def test_without_an_interval_there_is_no_limit(tmp_path: Path, text: str) -> None:
    assert config(tmp_path, f"rate_limit: {{{text}}}\n").rate_limit is None


SECRET = "hunter2"


@pytest.mark.parametrize(
    "text",
    [
        f"basic_auth_users:\n  alice: {SECRET}\n",
        f"basic_auth_users:\n  alice:{SECRET}:\n",
        f"basic_auth_users:\n  {SECRET}: [{SECRET}]\n",
        f"basic_auth_users: {SECRET}\n",
        f"tls_server_config:\n  cert_file: c\n  key: [{SECRET}]\n",
        f"tls_server_config:\n  key: |\n   {SECRET}\n",
        f"tls_server_config:\n  key: '{SECRET}\n",
        f"tls_server_config:\n  key: *{SECRET}\n",
        f"tls_server_config:\n  key: !{SECRET} {SECRET}\n",
        f"tls_server_config: {SECRET}\n",
        f"{TLS}  min_version: {SECRET}\n",
        f"{TLS}  cipher_suites: [{SECRET}]\n",
        f"rate_limit: {{interval: {SECRET}}}\n",
        f"http_server_config: {{headers: {{X-Frame-Options: {SECRET}}}}}\n",
        f"{SECRET}\n",
    ],
)
def test_no_fault_quotes_what_stands_in_the_file(tmp_path: Path, text: str) -> None:
    found = faults(tmp_path, text)
    assert found
    assert SECRET not in "".join(found)


def test_neither_users_nor_keys_are_in_the_text_of_a_configuration(tmp_path: Path) -> None:
    text = f"tls_server_config: {{cert: c, key: {SECRET}}}\nbasic_auth_users: {{a: {HASH}}}\n"
    shown = repr(config(tmp_path, text))
    assert SECRET not in shown
    assert HASH not in shown
