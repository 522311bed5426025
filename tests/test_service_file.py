"""Rules about services: where they lead is known before anybody connects; what else they say is libpq's."""

from __future__ import annotations

from pathlib import Path

import pytest
from psycopg import pq

from exporter.dsn import endpoints, parameters, unverified
from exporter.service_file import with_service
from gateway import target

FILE = """\
# of everybody
[other]
host=other.example

  [mine]
host=db.example,db2.example
# port=1
 port=5433
dbname=oauth 2\t
user=monitor
password=s3cret
sslmode=require
host=late.example
[mine]
hostaddr=192.0.2.1
[of a directory]
ldap://ldap.example/x
host=nobody
"""


@pytest.fixture
def environ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / ".pg_service.conf").write_text(FILE)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("PGSERVICEFILE", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    return {"HOME": str(tmp_path)}


def test_a_service_gives_the_place_and_no_password(environ: dict[str, str]) -> None:
    assert with_service({"service": "mine"}, environ) == {
        "service": "mine",
        "host": "db.example,db2.example",
        "port": "5433",
        "dbname": "oauth 2",
        "sslmode": "require",
    }


def test_it_reads_what_libpq_reads(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGSERVICE", "mine")
    by_libpq = {each.keyword.decode(): (each.val or b"").decode() for each in pq.Conninfo.get_defaults()}
    found = with_service({"service": "mine"}, environ)
    del found["service"]
    assert {key: by_libpq[key] for key in found} == found


def test_what_the_dsn_says_stands(environ: dict[str, str]) -> None:
    given = {"service": "mine", "host": "own", "sslmode": "verify-full"}
    assert with_service(given, environ).items() >= given.items()


def test_a_variable_names_the_service_and_another_its_file(environ: dict[str, str], tmp_path: Path) -> None:
    assert with_service({}, {**environ, "PGSERVICE": "other"})["host"] == "other.example"
    (tmp_path / "own").write_text("[mine]\nhost=own.example\n")
    named = {**environ, "PGSERVICEFILE": str(tmp_path / "own")}
    assert with_service({"service": "mine"}, named)["host"] == "own.example"


@pytest.mark.parametrize("service", ["nobody's", "of a directory", "min", "mine]"])
def test_what_is_not_there_is_left_to_libpq(environ: dict[str, str], service: str) -> None:
    assert with_service({"service": service}, environ) == {"service": service}
    assert with_service({"service": service}, {"HOME": "/nowhere"}) == {"service": service}
    assert with_service({"host": "h"}, environ) == {"host": "h"}


@pytest.mark.usefixtures("environ")
def test_certificates_and_verification_are_those_of_the_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PGSSLMODE", raising=False)
    mine = target("service=mine")
    assert endpoints(mine) == (("db.example", 5433), ("db2.example", 5433))
    assert unverified(mine) == "require"
    assert parameters(mine, "shop", None)["dbname"] == "shop"
