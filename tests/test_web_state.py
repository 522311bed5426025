"""What is in force while files change: new certificates and users at once, the last good ones else."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import httpx
import pytest

from certificates import Made, make
from endpoint import Endpoint, Keys, keys
from exporter.errors import ConfigError
from exporter.web_state import WebState, is_protected
from test_web_auth import hashed

TLS = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"


def served(endpoint: Endpoint, certificate: Made) -> bool:
    """Whether a client that trusts this certificate alone gets a page, on a connection of its own."""
    endpoint.clock.ahead += 2
    try:
        return endpoint.get(tls=Keys(Path(), certificate, certificate).trust()).status_code == 200
    except httpx.ConnectError as error:
        if "CERTIFICATE_VERIFY_FAILED" in str(error):
            return False
        raise


def test_a_renewed_certificate_is_served_without_a_restart_and_half_a_renewal_is_not(tmp_path: Path) -> None:
    old = keys(tmp_path).server
    with Endpoint(tmp_path, TLS) as endpoint:
        assert served(endpoint, old)
        new = make(3, subject="server", sans="IP:127.0.0.1")
        (tmp_path / "server.crt").write_text(new.certificate)
        assert (served(endpoint, old), served(endpoint, new)) == (True, False)
        assert endpoint.read == [True, False]
        (tmp_path / "server.key").write_text(new.key)
        assert (served(endpoint, old), served(endpoint, new)) == (False, True)
        assert endpoint.read == [True, False, True]


def test_a_certificate_behind_a_link_is_renewed_when_the_link_moves(tmp_path: Path) -> None:
    """Kubernetes puts a secret's new files into a new folder and turns a link."""
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        keys(tmp_path / name)
    (tmp_path / "now").symlink_to("one")
    text = "tls_server_config: {cert_file: now/server.crt, key_file: now/server.key}\n"
    state_of = tmp_path / "two" / "server.crt"
    with Endpoint(tmp_path, text) as endpoint:
        (tmp_path / "next").symlink_to("two")
        (tmp_path / "next").replace(tmp_path / "now")
        new = Made("", state_of.read_text(), 0.0)
        assert served(endpoint, new)


def test_users_and_headers_change_with_the_file(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint:
        assert endpoint.get().status_code == 200
        users = f"basic_auth_users: {{alice: {hashed('secret')}}}\n"
        endpoint.file.write_text(f"{users}http_server_config: {{headers: {{X-Frame-Options: deny}}}}\n")
        endpoint.clock.ahead += 2
        answer = endpoint.get()
        assert (answer.status_code, answer.headers["x-frame-options"]) == (401, "deny")
        assert endpoint.get(auth=("alice", "secret")).status_code == 200
        endpoint.file.write_text(users.replace("alice", "bob"))
        endpoint.clock.ahead += 2
        assert endpoint.get(auth=("alice", "secret")).status_code == 401
        assert endpoint.get(auth=("bob", "secret")).status_code == 200


def test_a_client_s_authority_is_read_again(tmp_path: Path) -> None:
    pki = keys(tmp_path)
    text = TLS.replace("}", ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}")
    another = make(2, subject="another")
    with Endpoint(tmp_path, text) as endpoint:
        client, stranger = pki.trust(pki.client()), pki.trust(pki.client(authority=another))
        assert endpoint.get(tls=client).status_code == 200
        another.write(tmp_path, "ca")
        endpoint.clock.ahead += 2
        assert endpoint.get(tls=stranger).status_code == 200
        with pytest.raises(Exception, match=r"(?i)alert|reset|disconnected"):
            endpoint.get(tls=client)


def test_a_broken_file_keeps_the_last_good_one_and_says_so_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    now, read = [0.0], list[bool]()
    file = tmp_path / "web.yml"
    file.write_text(f"basic_auth_users: {{alice: {hashed('secret')}}}\n")
    state = WebState(str(file), lambda: now[0], read.append)
    good = state.config()
    with caplog.at_level(logging.INFO):
        file.write_text("basic_auth_users: {alice: hunter2}\n")
        for now[0] in (2.0, 4.0, 6.0):
            assert state.config() is good
        assert read == [True, False]
        assert caplog.text.count("the web configuration is bad, the old one stays in force") == 1
        assert "hunter2" not in caplog.text
        file.unlink()
        now[0] = 8.0
        assert state.config() is good
        file.write_text("")
        now[0] = 10.0
        assert not state.config().users
        assert read == [True, False, False, True]


def test_files_are_looked_at_once_a_second(tmp_path: Path) -> None:
    now = [0.0]
    file = tmp_path / "web.yml"
    file.write_text("")
    state = WebState(str(file), lambda: now[0])
    file.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    now[0] = 0.99
    assert not state.config().headers
    now[0] = 1.0
    assert state.config().headers


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("", TLS, "tls_server_config"),
        (TLS, "", "tls_server_config"),
        ("", "http_server_config: {http2: false}\n", "http_server_config.http2"),
        ("", "rate_limit: {interval: 1s, burst: 1}\n", "rate_limit"),
    ],
)
def test_what_cannot_change_says_that_it_needs_a_restart_and_stays(
    tmp_path: Path, old: str, new: str, key: str, caplog: pytest.LogCaptureFixture
) -> None:
    keys(tmp_path)
    now = [0.0]
    file = tmp_path / "web.yml"
    file.write_text(old)
    state = WebState(str(file), lambda: now[0])
    had_tls = state.context() is not None
    file.write_text(new)
    now[0] = 2.0
    with caplog.at_level(logging.WARNING):
        assert (state.context() is not None) is had_tls
    [record] = [record for record in caplog.records if "needs a restart" in record.message]
    assert vars(record)["key"] == key


def test_who_may_come_in_by_name_stays_with_the_tls_that_stays(tmp_path: Path) -> None:
    keys(tmp_path)
    now = [0.0]
    file = tmp_path / "web.yml"
    policy = (
        ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt, client_allowed_sans: [a]}"
    )
    file.write_text(TLS.replace("}", policy))
    state = WebState(str(file), lambda: now[0])
    file.write_text(f"basic_auth_users: {{alice: {hashed('secret')}}}\n")
    now[0] = 2.0
    config = state.config()
    assert config.tls is not None
    assert (config.tls.allowed_sans, list(config.users)) == (("a",), ["alice"])


def test_at_the_start_a_bad_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "web.yml").write_text(TLS)
    with pytest.raises(ConfigError, match=r"server\.crt|no such file"):
        WebState(str(tmp_path / "web.yml"), lambda: 0.0)
    with pytest.raises(ConfigError, match="no such file"):
        WebState(str(tmp_path / "none.yml"), lambda: 0.0)


def test_without_a_file_nothing_is_asked_for_and_nothing_noted() -> None:
    read = list[bool]()
    state = WebState(None, lambda: 0.0, read.append)
    assert (state.context(), state.config().users, read) == (None, {}, [])


def test_a_look_at_unchanged_files_is_cheap(tmp_path: Path) -> None:
    keys(tmp_path)
    (tmp_path / "web.yml").write_text(TLS)
    state = WebState(str(tmp_path / "web.yml"), lambda: 0.0)
    context = state.context()
    assert all(state.context() is context for _ in range(100))
    os.utime(tmp_path / "server.crt", (1, 1))
    assert state.context() is context  # nobody looked: no second has gone by


@pytest.mark.parametrize(
    ("text", "protected"),
    [
        ("", False),
        (TLS, False),
        (f"basic_auth_users: {{a: {hashed('x')}}}\n", True),
        (TLS.replace("}", ", client_auth_type: VerifyClientCertIfGiven, client_ca_file: ca.crt}"), False),
        (TLS.replace("}", ", client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}"), True),
    ],
)
def test_protected_is_what_does_not_let_everybody_in(tmp_path: Path, text: str, protected: bool) -> None:
    keys(tmp_path)
    (tmp_path / "web.yml").write_text(text)
    assert is_protected(WebState(str(tmp_path / "web.yml"), lambda: 0.0).at_start) is protected
