"""Rules about blotting out: what was learnt, however it is written, and what stands as a secret in a DSN."""

from __future__ import annotations

import html
import json
import re
import time
from urllib.parse import quote, quote_plus

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.dsn import secrets_of
from exporter.redaction import SHORTEST, Secrets

PRINTABLE = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs"))
MARKUP = jinja2.Environment(autoescape=True).from_string("{{ text }}")


@pytest.mark.parametrize(
    "text",
    [
        "postgresql://u:s3cret@h/d",
        "postgres://u:s3cret@h/d",
        "postgresql://:s3cret@h",
        "no scheme is left out: sqlalchemy+psycopg://u:s3cret@h",
        "an @ of the password: postgresql://u:s3c@s3cret@h/d",
        "a slash of it: postgresql://u:s3c/s3cret@h/d",
        "postgresql://u@h/d?password=s3cret",
        "postgresql://u@h/d?sslmode=require&password=s3cret&x=1",
        "postgresql://u@a,b:5432,5433/d?sslpassword=s3cret",
        "password=s3cret host=h",
        "host=h password = s3cret",
        "host=h password='s3c s3cret' user=u",
        r"host=h password='s3c\' s3cret' user=u",
        r"host=h password=s3c\ s3cret user=u",
        "host=h password='s3c s3cret",
        "PGPASSWORD=s3cret psql",
        "DATA_SOURCE_PASS=s3cret",
        "{'user': 'u', 'password': 's3cret'}",
        '{"user": "u", "password": "s3c \\" s3cret"}',
        "ALTER ROLE u PASSWORD 's3c '' s3cret'",
    ],
)
def test_what_stands_as_a_secret_in_a_dsn_is_blotted_out_though_nobody_knows_it(text: str) -> None:
    blotted = Secrets().blot(text)
    assert "s3cret" not in blotted
    assert "***" in blotted


@pytest.mark.parametrize(
    "text",
    [
        "write postgresql://user@host:5432/database and, in a URI, @ as %40",
        "http://127.0.0.1:9187/metrics is scraped every 15 s",
        "postgresql://[::1]:5432/d",
        "environment variable DB_PASSWORD for the password: is not set",
        "use password_file, password_env=NAME or password_command",
        'password authentication failed for user "monitor"',
        "check the role's name, its password and where the password comes from",
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    assert Secrets().blot(text) == text


def test_a_secret_goes_wherever_it_stands_and_the_longer_one_as_a_whole() -> None:
    secrets = Secrets()
    secrets.learn(["hunter", "hunter2!", ""])
    assert secrets.blot("xhunter2!x hunter x") == "x***x *** x"


def test_what_is_too_short_to_be_told_from_text_goes_only_where_a_password_stands() -> None:
    secrets = Secrets()
    secrets.learn(["abc", "abcd"])
    assert len("abc") < SHORTEST == len("abcd")
    assert secrets.blot("abc abcd postgresql://u:abc@h") == "abc *** postgresql://u:***@h"


def test_the_newest_secrets_are_known_when_there_are_more_than_can_be_kept() -> None:
    """A token that is made for each connect must not fill the memory, and the one in use must not go."""
    secrets = Secrets()
    secrets.learn(["of the file"])
    for number in range(6000):
        secrets.learn([f"token-{number}"])
        secrets.learn(["of the file"])
    assert secrets.blot("token-5999 token-0 of the file") == "*** token-0 ***"


def test_a_line_is_blotted_in_milliseconds_when_500_targets_have_tokens_of_a_kilobyte() -> None:
    secrets = Secrets()
    secrets.learn(f"{number:04}" * 256 for number in range(500))
    secrets.blot("")
    started = time.perf_counter()
    for _ in range(10):
        secrets.blot("target is down target=main reason=refused " * 5)
    assert (time.perf_counter() - started) / 10 < 0.02


@pytest.mark.parametrize("part", ["a://b:", "a.", "password =", "'password': ", "password ''"])
def test_no_text_that_a_stranger_could_send_takes_seconds(part: str) -> None:
    started = time.perf_counter()
    Secrets().blot(part * (50_000 // len(part)))
    assert time.perf_counter() - started < 2


@given(st.text(PRINTABLE, min_size=SHORTEST + 4, max_size=40), st.text(PRINTABLE, max_size=20))
@settings(max_examples=300, deadline=None)
def test_no_way_of_writing_a_secret_gets_through(secret: str, around: str) -> None:
    secrets = Secrets()
    secrets.learn([secret])
    written = {
        secret,
        repr(secret),
        repr(secret.encode()),
        repr({"a": secret}),
        repr(ValueError(secret)),
        quote(secret, safe=""),
        quote(secret),
        re.sub("%..", lambda code: code[0].lower(), quote(secret, safe="")),
        quote_plus(secret),
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        html.escape(secret),
        MARKUP.render(text=secret),
        "'" + secret.replace("\\", "\\\\").replace("'", "\\'") + "'",
        "'" + secret.replace("'", "''") + "'",
    }
    for text in written:
        bare = text.removeprefix("'").removesuffix("'") or text
        assert bare not in secrets.blot(f"{around} {text} {around}").replace("***", ""), text


@pytest.mark.parametrize(
    ("dsn", "expected"),
    [
        ("postgresql://u:p%40ss@h/d?sslpassword=k3y", {"p@ss", "k3y"}),
        ("host=h user=u password='p w'", {"p w"}),
        ("postgresql://u@a,b/d?password=s3cret", {"s3cret"}),
        ("service=mine", set()),
        ("postgresql://u:u@h/d", set()),
        ("postgresql://u:d@h/d", set()),
        ("postgresql://u:p%ss@h", {"postgresql://u:p%ss@h"}),
    ],
)
def test_the_secrets_of_a_dsn_are_its_secret_parameters_but_no_name_and_all_of_a_bad_one(
    dsn: str, expected: set[str]
) -> None:
    assert secrets_of(dsn) == expected
