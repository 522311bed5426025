"""What every request passes: users, headers, rate, sizes; over real sockets."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint import Endpoint, keys
from exporter.web_guard import LARGEST_HEAD, Bucket
from exporter.web_model import RateLimit
from test_web_auth import hashed

USERS = f"basic_auth_users:\n  alice: {hashed('secret')}\n  bob: {hashed('another')}\n"
HEADERS = """\
http_server_config:
  headers:
    X-Frame-Options: sameorigin
    Strict-Transport-Security: max-age=31536000
    X-XSS-Protection: 1
"""


def test_without_users_everybody_comes_in(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint:
        answer = endpoint.get()
        assert (answer.status_code, answer.text) == (200, "page\n")
        assert endpoint.get(auth=("alice", "secret")).status_code == 200


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/none", "/"])
def test_users_are_asked_for_on_every_path(tmp_path: Path, path: str) -> None:
    with Endpoint(tmp_path, USERS) as endpoint:
        refused = endpoint.get(path)
        assert (refused.status_code, refused.text) == (401, "Unauthorized\n")
        assert refused.headers["www-authenticate"].startswith("Basic")
        assert endpoint.get(path, auth=("alice", "wrong")).status_code == 401
        assert endpoint.get(path, auth=("eve", "secret")).status_code == 401
        assert endpoint.get(path, auth=("alice", "secret")).status_code in (200, 404)


def test_users_and_tls_go_together(tmp_path: Path) -> None:
    pki = keys(tmp_path)
    tls = "tls_server_config: {cert_file: server.crt, key_file: server.key}\n"
    with Endpoint(tmp_path, tls + USERS) as endpoint:
        assert endpoint.get(tls=pki.trust()).status_code == 401
        assert endpoint.get(tls=pki.trust(), auth=("alice", "secret")).status_code == 200
        assert endpoint.get(tls=pki.trust(), auth=("bob", "another")).status_code == 200
        assert endpoint.get(tls=pki.trust(), auth=("bob", "secret")).status_code == 401


def test_headers_are_on_every_answer_and_win_over_the_page_s_own(tmp_path: Path) -> None:
    with Endpoint(tmp_path, HEADERS + USERS) as endpoint:
        for answer in (endpoint.get("/frame", auth=("alice", "secret")), endpoint.get("/frame")):
            assert answer.headers.get_list("x-frame-options") == ["sameorigin"]
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert answer.headers["x-xss-protection"] == "1"
            assert "content-security-policy" not in answer.headers


def test_what_is_over_the_rate_is_refused_until_a_token_is_there_again(tmp_path: Path) -> None:
    with Endpoint(tmp_path, "rate_limit: {interval: 1h, burst: 2}\n") as endpoint:
        assert [endpoint.get().status_code for _ in range(3)] == [200, 200, 429]
        endpoint.clock.ahead = 3601
        assert [endpoint.get().status_code for _ in range(2)] == [200, 429]


def test_a_refusal_for_the_rate_comes_before_a_password_is_checked(tmp_path: Path) -> None:
    with Endpoint(tmp_path, f"rate_limit: {{interval: 1h, burst: 1}}\n{USERS}") as endpoint:
        assert [endpoint.get(auth=("alice", "wrong")).status_code for _ in range(2)] == [401, 429]


def test_a_bucket_is_full_at_the_start_and_never_fuller() -> None:
    now = [0.0]
    bucket = Bucket(RateLimit(0.5, 3), lambda: now[0])
    assert [bucket.takes() for _ in range(4)] == [True, True, True, False]
    now[0] = 0.49
    assert not bucket.takes()
    now[0] = 0.5
    assert [bucket.takes() for _ in range(2)] == [True, False]
    now[0] = 1000.0
    assert [bucket.takes() for _ in range(4)] == [True, True, True, False]


def test_a_head_that_is_too_large_is_refused_and_one_below_is_not(tmp_path: Path) -> None:
    with Endpoint(tmp_path) as endpoint:
        assert endpoint.get(headers={"X-A": "a" * (LARGEST_HEAD - 1000)}).status_code == 200
        # More than fits where the server looks for the end of a head, and more than it takes in at a time.
        assert endpoint.get(headers={"X-A": "a" * LARGEST_HEAD}).status_code == 431
        line = b"GET /" + b"a" * (LARGEST_HEAD * 20)
        assert endpoint.talk(line).startswith(b"HTTP/1.1 431 ")
        assert endpoint.get().status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        (b"Content-Length: 4096", b"200"),
        (b"Content-Length: 4097", b"413"),
        (b"Content-Length: 99999999999999999999", b"413"),
        (b"Transfer-Encoding: chunked", b"413"),
        (b"Content-Length: -1", b"400"),
        (b"Content-Length: 1\r\nContent-Length: 2", b"400"),
    ],
)
def test_a_body_is_refused_when_it_is_more_than_a_habit(
    tmp_path: Path, headers: bytes, status: bytes
) -> None:
    with Endpoint(tmp_path) as endpoint, endpoint.connect() as client:
        client.sendall(b"GET /metrics HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n\r\n")
        assert client.recv(100).split(b" ")[1] == status


@pytest.mark.parametrize("size", [0, 1, 32767, 32768, 32769, 65536, 65537, 1_000_003])
def test_a_page_of_any_size_arrives_whole(tmp_path: Path, size: int) -> None:
    page = bytes(97 + n % 26 for n in range(size))
    with Endpoint(tmp_path, page=page) as endpoint:
        assert endpoint.get().content == page


def test_no_certificate_replaces_a_password(tmp_path: Path) -> None:
    pki = keys(tmp_path)
    tls = (
        "tls_server_config: {cert_file: server.crt, key_file: server.key,"
        " client_auth_type: RequireAndVerifyClientCert, client_ca_file: ca.crt}\n"
    )
    with Endpoint(tmp_path, tls + USERS) as endpoint:
        assert endpoint.get(tls=pki.trust(pki.client())).status_code == 401
