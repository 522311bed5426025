"""Owns the fixtures that hand real servers to tests, and the options and header lines about them."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator

import pytest

from exporter import redaction
from farm import Farm, NoServerError
from pairs import Pair, start_pair
from programs import describe
from servers import Server

_FARM = pytest.StashKey[Farm]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--pg", metavar="MAJORS", help="test on these PostgreSQL majors only, e.g. 15,17")


def pytest_configure(config: pytest.Config) -> None:
    # A session that is told to stop must still stop its servers; Python's default for SIGTERM is to vanish.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    chosen = config.getoption("--pg") or os.environ.get("PG", "")
    required = _majors(os.environ.get("REQUIRE_PG", ""))
    wanted = (_majors(chosen) | required) if chosen else None
    farm = config.stash[_FARM] = Farm(wanted, os.environ.get("TEST_DSN", ""))
    try:
        missing = farm.missing(required)
    except NoServerError as error:
        raise pytest.UsageError(str(error)) from None
    if missing:
        names = ", ".join(map(str, missing))
        pytest.exit(
            f"REQUIRE_PG asks for PostgreSQL {names}, not found: {'; '.join(farm.notes)}", returncode=1
        )


def pytest_unconfigure(config: pytest.Config) -> None:
    if farm := config.stash.get(_FARM, None):
        farm.close()


def pytest_report_header(config: pytest.Config) -> list[str]:
    farm = config.stash[_FARM]
    return [f"PostgreSQL: {farm.describe()}", f"programs: {describe()}"]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "major" in metafunc.fixturenames:
        majors = metafunc.config.stash[_FARM].majors
        metafunc.parametrize("major", majors, ids=[f"pg{major}" for major in majors], scope="session")


@pytest.fixture(autouse=True)
def _no_secrets_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test's DSN holds must not be blotted out of the messages of another."""
    monkeypatch.setattr(redaction, "SECRETS", redaction.Secrets())


@pytest.fixture(scope="session")
def farm(request: pytest.FixtureRequest) -> Farm:
    """All servers of this session."""
    return request.config.stash[_FARM]


@pytest.fixture(scope="session")
def server(farm: Farm, major: int) -> Server:
    """A primary; the test runs once for each major tested."""
    try:
        return farm.primary(major)
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def roomy(farm: Farm, major: int) -> Server:
    """A primary with places for many sessions, prepared transactions and logical slots; as `server`."""
    settings = {"max_connections": "80", "max_prepared_transactions": "10", "wal_level": "logical"}
    if major >= 16:
        settings["reserved_connections"] = "2"
    try:
        return farm.another(major, "roomy", settings)
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def standby(farm: Farm, major: int) -> Server:
    """A streaming standby of `server`; the test runs once for each major tested."""
    try:
        return farm.standby(major)
    except NoServerError as error:
        if os.environ.get("REQUIRE_PG"):
            pytest.fail(str(error), pytrace=False)
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def pair(farm: Farm, major: int) -> Pair:
    """A primary and its standby for tests that change them; the test runs once for each major tested."""
    try:
        return start_pair(farm, major)
    except NoServerError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def a_server(farm: Farm) -> Server:
    """One primary, the newest at hand, for tests that do not vary by version."""
    if not farm.available:
        pytest.skip(f"no PostgreSQL here: {'; '.join(farm.notes)}")
    return farm.primary(farm.available[-1])


@pytest.fixture
def database(a_server: Server) -> Iterator[str]:
    """The name of a fresh, empty database on `a_server`."""
    name = f"test_{secrets.token_hex(4)}"
    a_server.execute(f"CREATE DATABASE {name}")
    yield name
    a_server.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def monitor(a_server: Server) -> str:
    """The DSN of the role `monitor` on `a_server`; for other servers see Server.monitor_dsn."""
    return a_server.monitor_dsn()


def _majors(text: str) -> set[int]:
    """Read "13,14" from an option or a variable; raises UsageError for anything else."""
    try:
        return {int(part) for part in text.replace(",", " ").split()}
    except ValueError:
        raise pytest.UsageError(f"PostgreSQL majors are numbers such as 15,17: got {text!r}") from None
