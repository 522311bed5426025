"""Which profile describes a database's token store, from the settings to the page, on a real server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from daemon import Daemon, finish
from exporter import configuration
from exporter.database import Database
from exporter.errors import ConfigError
from exporter.model import Target
from exporter.scout import Known, look
from exporter.token_store import Choice, TokenStore
from servers import Server
from shipped import TOKENS

Config = configuration.Configuration


def _loaded(tmp_path: Path, dsn: str, **oauth2: object) -> Config:
    file = tmp_path / "exporter.yaml"
    file.write_text(yaml.safe_dump({"targets": [{"name": "main", "dsn": dsn}], "oauth2": oauth2}))
    return configuration.load(file, {}, {})


def _store(tmp_path: Path, dsn: str, **oauth2: object) -> TokenStore:
    loaded = _loaded(tmp_path, dsn, **oauth2)

    async def looked() -> Known:
        gateway = Database(Target("main", dsn), random=lambda: 0.5)
        try:
            return await look(gateway, loaded.queries, loaded.stores["main"])
        finally:
            await gateway.close()

    store = asyncio.run(looked()).store
    assert store is not None
    return store


def test_auto_recognises_the_store_by_its_columns(tmp_path: Path, a_server: Server, database: str) -> None:
    a_server.execute(TOKENS, database)
    store = _store(tmp_path, a_server.monitor_dsn(database))
    assert store.profile is not None
    assert (store.profile.name, store.schema) == ("seed", "public")


def test_a_database_without_a_store_is_told_what_was_seen(
    tmp_path: Path, a_server: Server, database: str
) -> None:
    a_server.execute("CREATE TABLE oauth_things (id int)", database)
    store = _store(tmp_path, a_server.monitor_dsn(database))
    assert store.profile is None
    assert "oauth_things" in store.report


def test_tables_and_columns_may_have_other_names_in_another_schema(
    tmp_path: Path, a_server: Server, database: str
) -> None:
    a_server.execute("CREATE SCHEMA auth; SET search_path = auth; " + TOKENS, database)
    a_server.execute(
        "ALTER TABLE auth.tokens RENAME TO bearer; ALTER TABLE auth.bearer RENAME expires_at TO ends",
        database,
    )
    changes = {"tables": {"tokens": "bearer"}, "columns": {"tokens": {"expires_at": "ends"}}}
    dsn = a_server.monitor_dsn(database)
    store = _store(tmp_path, dsn, profile="seed", schema="auth", **changes)
    assert store.profile is not None
    assert [str(relation) for relation in store.profile.relations() if "bearer" in str(relation)]
    assert _store(tmp_path, dsn).profile is None


BAD: Mapping[str, tuple[dict[str, object], str]] = {
    "an unknown profile": ({"profile": "sed"}, "seed"),
    "changes without a profile": ({"tables": {"tokens": "bearer"}}, "profile is auto"),
    "a table that the profile does not have": ({"profile": "seed", "tables": {"tokns": "x"}}, "tokns"),
    "an unknown key": ({"profil": "seed"}, "profile"),
    "a retention of nothing": ({"retention": {"cookies": "1d"}}, "tokens"),
    "a retention that is none": ({"retention": {"tokens": "soon"}}, "duration"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_store_that_is_described_wrongly_is_refused(tmp_path: Path, case: str) -> None:
    oauth2, expected = BAD[case]
    with pytest.raises(ConfigError, match=expected):
        _loaded(tmp_path, "postgresql://127.0.0.1/x", **oauth2)


def test_none_switches_the_recognition_off(tmp_path: Path) -> None:
    loaded = _loaded(tmp_path, "postgresql://127.0.0.1/x", profile="none")
    assert loaded.stores["main"] == Choice()


@pytest.mark.slow
def test_the_page_says_what_was_recognised_and_what_cannot_be_seen(
    tmp_path: Path, a_server: Server, database: str
) -> None:
    a_server.execute(TOKENS, database)
    dsn = a_server.monitor_dsn(database)
    a_server.execute("GRANT SELECT (token_type, expires_at, revoked_at) ON tokens TO monitor", database)
    with Daemon(tmp_path, {"targets": [{"name": "main", "dsn": dsn}]}) as daemon:
        daemon.until_ready()
        assert daemon.samples("oauth2_profile_info", profile="seed", schema="public") == [1]
        assert daemon.samples("oauth2_unobservable_info", what="codes.replay") == [1]
        assert daemon.samples("oauth2_tokens", kind="access", state="active") == [0]


def test_grants_are_for_the_kind_of_store_that_is_asked_for() -> None:
    code, seed = finish("grants", "--role", "watcher")
    assert code == 0
    assert "GRANT SELECT (" in seed
    assert "public.tokens" in seed
    code, hydra = finish("grants", "--role", "watcher", "--profile", "hydra", "--schema", "auth")
    assert code == 0
    assert "auth.hydra_oauth2_access" in hydra
    code, output = finish("grants", "--role", "watcher", "--profile", "hidra")
    assert code == 2
    assert "hydra" in output
