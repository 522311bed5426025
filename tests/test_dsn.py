"""Rules about DSNs: what is refused before anybody connects, and that no part of one is ever said."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.database import check_dsn
from exporter.dsn import attempt_seconds, connect_seconds, hidden, parameters, place
from gateway import target


@pytest.mark.parametrize(
    "dsn",
    [
        "postgresql://u:p%25%40%2F%20x@h:5432/d",
        "postgres://u@h/d?sslmode=require",
        "postgresql://u:p?x#y:z@h/d",
        "postgresql://u@a,b:5432,5433/d",
        "postgresql://%2Fvar%2Frun/d",
        "postgresql://[::1]:5432/d",
        "postgresql:///d?host=/tmp",
        "host=h user=u password='p\\'w @%:/ x' dbname=d",
        "host=@abstract",
        "service=mine",
        "connect_timeout=5",
        "port=65535",
    ],
)
def test_a_good_dsn_is_fine(dsn: str) -> None:
    assert check_dsn(dsn) is None


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("", "is empty"),
        ("  ", "is empty"),
        ("nonsense", "neither a URI"),
        ("s3cret:wOrd@hOst", "neither a URI"),
        ("postgresql://u:s3cret%wOrd@hOst/d", "percent-encoded"),
        ("postgresql://u:s3cret%@hOst/d", "percent-encoded"),
        ("postgresql://u:s3cret wOrd@hOst/d", "percent-encoded"),
        ("postgresql://u:s3cret@wOrd@hOst/d", "percent-encoded"),
        ("postgresql://u:s3cret/wOrd@hOst/d", "percent-encoded"),
        ("postgresql://u:s3cret/wOrd@hOst", "percent-encoded"),
        ("postgresql://us@er:s3cret@hOst/d", "percent-encoded"),
        ("postgresql://u:s3cret@hOst:wOrd/d", "port"),
        ("postgresql://u:s3cret@hOst:0/d", "port"),
        ("postgresql://u:s3cret@hOst:65536/d", "port"),
        ("postgresql://u:s3cret@[::1/d", "not a valid URI"),
        ("postgresql://u:s3cret@hOst/d?sslmode", "not a valid URI"),
        ("postgresql://u:s3cret@hOst/d?ssl_mode=require", r"does not know \(sslmode\?\)"),
        ("postgresql+psycopg://u:s3cret@hOst/d?x=1", "scheme"),
        ("jdbc:postgresql://hOst/d?user=u&password=s3cret", "scheme"),
        ("host=hOst password=s3cret wOrd", "single quotes"),
        ("host=hOst password='s3cret", "single quotes"),
        ("host=hOst password=s3cret wOrd=1", "keyword that libpq does not know"),
        ("host=hOst usr=s3cret", r"does not know \(user\?\)"),
        ("host=hOst port=s3cret", "port"),
        ("host=hOst connect_timeout=s3cret", "connect_timeout"),
        ("host=hOst\0password=s3cret", "NUL"),
        ("host=hOst password=\udce9", "UTF-8"),
    ],
)
def test_a_bad_dsn_is_refused_in_words_that_hold_nothing_of_it(dsn: str, says: str) -> None:
    problem = check_dsn(dsn)
    assert problem is not None
    assert re.search(says, problem)
    assert "\n" not in problem
    assert not re.search("s3cret|wOrd|hOst", problem)


_ANY = st.characters(codec="utf-8", exclude_characters="\0")


@given(st.text(alphabet=st.sampled_from("@/:?#%[]&=, ab1") | _ANY, min_size=3))
@settings(max_examples=500)
def test_a_password_as_it_is_in_a_uri_is_refused_or_taken_whole(password: str) -> None:
    """What libpq would cut in the middle must not get as far as a connect, which quotes the rest."""
    dsn = f"postgresql://u:{password}@hOst/d"
    if check_dsn(dsn) is None:
        found = parameters(target(dsn), None, None)
        assert found["host"] == "hOst"
        assert found["dbname"] == "d"


def test_a_connection_has_a_name_a_timeout_and_keepalives_unless_the_dsn_says_otherwise() -> None:
    found = parameters(target("host=h"), None, None)
    assert found["fallback_application_name"] == "pg-oauth-exporter"
    assert found["connect_timeout"] == "5"
    assert found["keepalives"] == "1"
    own = parameters(target("host=h connect_timeout=9 keepalives=0 client_encoding=LATIN1"), None, None)
    assert (own["connect_timeout"], own["keepalives"]) == ("9", "0")
    assert own["client_encoding"] == "UTF8"


def test_a_password_and_a_database_that_are_given_replace_those_of_the_dsn() -> None:
    found = parameters(target("host=h password=old dbname=main"), "other", "new")
    assert (found["password"], found["dbname"]) == ("new", "other")
    kept = parameters(target("host=h password=old dbname=main"), None, None)
    assert (kept["password"], kept["dbname"]) == ("old", "main")


@pytest.mark.parametrize(
    ("dsn", "timeout", "attempt", "whole"),
    [
        ("host=h", 5.0, 5, 10),
        ("host=h", 0.5, 2, 4),
        ("host=h", 2.5, 3, 6),
        ("host=a,b,c", 5.0, 5, 20),
        ("host=h connect_timeout=7", 5.0, 7, 14),
        ("host=h connect_timeout=0", 5.0, 60, 120),
    ],
)
def test_a_connect_is_bounded_for_each_address_and_in_all(
    dsn: str, timeout: float, attempt: int, whole: int
) -> None:
    found = parameters(target(dsn, connect_timeout=timeout), None, None)
    assert attempt_seconds(found) == attempt
    assert connect_seconds(found) == whole


def test_a_place_names_host_port_database_and_role_only() -> None:
    found = parameters(target("postgresql://u:s3cret@h:5433/d?sslmode=require"), None, None)
    assert place(found) == 'host "h" port "5433" database "d" role "u"'
    assert place({}) == "the local server"


def test_what_is_hidden_are_the_secret_parameters_wherever_the_password_came_from() -> None:
    found = parameters(target("host=h user=u sslpassword=k3y"), None, "p@ss/wörd")
    assert hidden(found) == {"p@ss/wörd", "k3y"}
