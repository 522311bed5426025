"""Rules about TLS to the server: a certificate in place of a password, and what is said when it fails."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from certificates import encrypted, make, put
from exporter.errors import QueryError
from farm import Farm, NoServerError
from gateway import fetched
from servers import Server

HBA = """\
local all all trust
hostssl all certified 127.0.0.1/32 cert
hostssl all careful 127.0.0.1/32 scram-sha-256 clientcert=verify-full
host all all 127.0.0.1/32 scram-sha-256
"""
PASSWORD = "s3cret of a key"


@dataclass(frozen=True)
class Site:
    """A server that takes certificates of an authority, and the folder with what a client needs."""

    server: Server
    folder: Path

    def dsn(self, **parameters: str) -> str:
        """Return a DSN that verifies the server and shows the role's certificate, with what is given."""
        files = {"sslrootcert": "ca.crt", "sslcert": "certified.crt", "sslkey": "certified.key"}
        known = {
            "host": "127.0.0.1",
            "port": str(self.server.port),
            "dbname": "postgres",
            "user": "certified",
            "sslmode": "verify-full",
            **{key: str(self.folder / name) for key, name in files.items()},
        }
        return make_conninfo("", **{**known, **parameters})


@pytest.fixture(scope="module")
def site(farm: Farm, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A server of its own: how it lets clients in would be in the way of other tests."""
    if not farm.available:
        pytest.skip("no PostgreSQL at hand")
    try:
        server = farm.another(max(farm.available), "tls", {})
    except NoServerError as error:
        pytest.skip(str(error))
    if not server.execute("SELECT 1 FROM pg_settings WHERE name = 'ssl_library' AND setting <> ''"):
        pytest.skip("the server cannot do TLS")
    folder = tmp_path_factory.mktemp("tls")
    authority, stranger = make(30, subject="authority"), make(30, subject="stranger")
    of_server = make(30, subject="server", sans="IP:127.0.0.1", authority=authority)
    for name in ("certified", "careful", "other"):
        made = make(30, subject=name, authority=authority)
        _private(made.write(folder, name)[1])
    _private(make(30, subject="certified", authority=stranger).write(folder, "stranger")[1])
    _private(authority.write(folder, "ca")[1])
    (folder / "strangers.crt").write_text(stranger.certificate)
    locked = folder / "locked.key"
    locked.write_text(encrypted((folder / "certified.key").read_text(), PASSWORD))
    _private(locked)
    for name, text in (
        ("tls.key", of_server.key),
        ("tls.crt", of_server.certificate),
        ("tls-ca.crt", authority.certificate),
        ("pg_hba.conf", HBA),
    ):
        put(server, name, text)
    server.execute("CREATE ROLE certified LOGIN; CREATE ROLE careful LOGIN PASSWORD 'of both'")
    for setting, value in (("key_file", "tls.key"), ("cert_file", "tls.crt"), ("ca_file", "tls-ca.crt")):
        server.execute(f"ALTER SYSTEM SET ssl_{setting} = '{value}'")
    server.execute("ALTER SYSTEM SET ssl = on")
    server.execute("SELECT pg_reload_conf()")
    found = Site(server, folder)
    _until_it_answers(found.dsn())
    return found


def _private(key: Path) -> None:
    key.chmod(0o600)


def _until_it_answers(dsn: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            psycopg.connect(dsn).close()
        except psycopg.OperationalError:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        else:
            return


@pytest.fixture
def _at_home(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(site.folder)


def problem(dsn: str) -> str:
    with pytest.raises(QueryError) as caught:
        fetched(dsn, "SELECT 1")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_certificate_is_all_that_a_role_needs(site: Site) -> None:
    sql = "SELECT current_user::text, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
    assert fetched(site.dsn(), sql).rows == [("certified", "/CN=certified")]
    assert fetched(site.dsn(sslkey=str(site.folder / "locked.key"), sslpassword=PASSWORD), sql).rows


def test_a_certificate_and_a_password_can_both_be_wanted(site: Site) -> None:
    files = {"sslcert": str(site.folder / "careful.crt"), "sslkey": str(site.folder / "careful.key")}
    assert fetched(site.dsn(user="careful", password="of both", **files), "SELECT 1").rows == [(1,)]
    assert "no password supplied" in problem(site.dsn(user="careful", **files))
    assert "authentication failed" in problem(site.dsn(user="careful", password="of both"))


@pytest.mark.usefixtures("_at_home")
def test_a_relative_path_begins_at_the_working_directory(site: Site) -> None:
    relative = site.dsn(sslrootcert="ca.crt", sslcert="certified.crt", sslkey="certified.key")
    assert fetched(relative, "SELECT 1").rows == [(1,)]
    assert "must name files that are there" in problem(site.dsn(sslcert="nix/certified.crt"))


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sslrootcert": "nix"}, "sslrootcert names the certificate of the authority"),
        ({"sslrootcert": "strangers.crt"}, "sslrootcert must hold the authority that signed"),
        ({"sslcert": "other.crt", "sslkey": "other.key"}, "the certificate's common name must be the role"),
        ({"sslcert": "stranger.crt", "sslkey": "stranger.key"}, "the server does not know who signed our"),
        ({"sslcert": "nix"}, "sslcert and sslkey must name files that are there"),
        ({"sslkey": "nix"}, "sslkey must name the key of that certificate"),
        ({"sslkey": "open.key"}, "chmod 600 it, and let the exporter's user own it"),
        ({"sslkey": "locked.key"}, "sslpassword must open it"),
        ({"sslkey": "other.key"}, "sslcert and sslkey do not belong together"),
    ],
    ids=lambda value: "-".join(value.values()) if isinstance(value, dict) else None,
)
def test_what_is_wrong_with_a_file_is_said_with_what_to_do(
    site: Site, changes: dict[str, str], says: str
) -> None:
    (site.folder / "open.key").write_text((site.folder / "certified.key").read_text())
    (site.folder / "open.key").chmod(0o644)
    files = {key: str(site.folder / name) for key, name in changes.items()}
    said = problem(site.dsn(**files))
    assert "sslmode to disable" not in said
    assert says in said


def test_a_server_of_another_name_is_not_the_server(site: Site) -> None:
    assert "connect by a name that is in the server's certificate" in problem(site.dsn(host="localhost"))


def test_a_server_without_tls_is_refused_where_it_is_wanted(a_server: Server, site: Site) -> None:
    if a_server.execute("SHOW ssl") == [("on",)]:
        pytest.skip("the tests' server has TLS")
    assert "turn SSL on at the server" in problem(site.dsn(host=a_server.host, port=str(a_server.port)))


def test_the_password_of_a_key_is_a_secret(site: Site) -> None:
    said = problem(site.dsn(sslkey=str(site.folder / "locked.key"), sslpassword="s3cret and wrong"))
    assert "s3cret" not in said
