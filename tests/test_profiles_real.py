"""Tokens that real OAuth2 software issued, rotated and revoked are counted as that software sees them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from exporter.bind import entity_sql, token_states_sql
from exporter.entities import Entity
from exporter.override import Overrides, merge
from exporter.profile import Profile
from exporter.profile_files import load, shipped_directory
from exporter.recognise import facts_from, facts_sql, fitted, recognise
from servers import Server
from shipped import connect

PROFILES = load([shipped_directory()])
HERE = Path(__file__).resolve().parent

pytestmark = pytest.mark.slow


def run(script: str, needs: str, dsn: str) -> dict[str, int]:
    """Run a script of this folder in a process of its own; return what it says about its rows."""
    if find_spec(needs) is None:
        reason = f"{needs} is not installed: install the extra `dev`"
        if os.environ.get("REQUIRE_SCHEMAS"):
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    done = subprocess.run(
        [sys.executable, HERE / script, dsn], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    return {str(name): int(count) for name, count in said.items()}


def counted(dsn: str, name: str, overrides: Overrides) -> dict[str, int]:
    """Return the counts of tokens and codes, named as the scripts name them; the profile is recognised."""
    with connect(dsn) as connection:
        connection.execute("set timezone = 'America/New_York'")
        facts = facts_from(connection.execute(facts_sql(PROFILES.values()).encode()).fetchall())
        found = recognise(PROFILES.values(), facts)
        assert found.profile is PROFILES[name], found.report
        profile, lacks = fitted(merge(found.profile, overrides), facts)
        assert lacks == ()
        tokens = connection.execute((token_states_sql(profile) or "").encode()).fetchall()
        codes = connection.execute(_codes(profile).encode()).fetchall()
    return {f"{kind} {state}": count for kind, state, count in (*tokens, *codes)}


def _codes(profile: Profile) -> str:
    state = "case when expires <= now() then 'expired' else 'active' end"
    return f"select 'code', {state}, count(*) from ({entity_sql(profile, Entity.CODES)}) as codes group by 2"


def test_django_oauth_toolkit_agrees_with_its_profile(a_server: Server, database: str) -> None:
    """By its own migrations, endpoints and models: exchange, rotation, revocation both ways, expiry."""
    dsn = a_server.dsn(database)
    said = run("issue_django.py", "oauth2_provider", dsn)
    assert said == {
        "access active": 3,
        "access expired": 2,
        "refresh active": 2,
        "refresh expired": 1,
        "refresh revoked": 3,
        "code active": 2,
        "code expired": 1,
    }
    overrides = Overrides(schema="public", parameters={"refresh_ttl": 3600.0})
    assert counted(dsn, "django-oauth-toolkit", overrides) == said


def test_authlib_agrees_with_its_profile(a_server: Server, database: str) -> None:
    """By its own mixins and functions: saving, revocation of either token, expiry, a token without one."""
    dsn = a_server.dsn(database)
    said = run("issue_authlib.py", "authlib", dsn)
    assert said == {
        "access active": 3,
        "access expired": 1,
        "access revoked": 3,
        "refresh active": 6,
        "refresh revoked": 1,
        "code active": 2,
        "code expired": 1,
    }
    assert counted(dsn, "authlib", Overrides(schema="public", sources=["tokens.refresh"])) == said
