"""Owns the conditions of the token store and of its safety."""

from __future__ import annotations

from collections.abc import Iterator

from conditions import leads_to, told
from installation import SHOP, Installation
from traffic import repeated

_EXPIRED = """
INSERT INTO tokens (token_id, client_id, token_type, access_token, expires_at, created_at)
SELECT gen_random_uuid(), 'web', 'access', 'of a test', at, at - interval '1 h'
FROM (SELECT now() AT TIME ZONE 'UTC' - interval '20 d' AS at FROM generate_series(1, {}))
"""
_CODES = """
INSERT INTO authorization_codes (code, client_id, user_id, redirect_uri, expires_at, created_at)
SELECT 'of a test ' || n, 'web', 'somebody', 'https://shop.example', at, at - interval '10 min'
FROM (SELECT n, now() AT TIME ZONE 'UTC' - interval '10 min' AS at FROM generate_series(1, 60) AS n)
"""
_CLIENT = """
INSERT INTO clients (client_id, client_secret, client_name, redirect_uris, grant_types)
VALUES ('new', 'x', 'new', '{http://shop.example/back}', '{authorization_code}')
"""
_USERS = """
INSERT INTO users (user_id, username, email, created_at)
SELECT 'u' || n, 'u' || n, n || '@example.org', clock_timestamp() AT TIME ZONE 'UTC'
FROM generate_series(1, 60) AS n
"""
_SESSIONS = """
INSERT INTO user_sessions (session_id, session_token, expires_at, created_at)
SELECT gen_random_uuid(), 'of a test ' || n, at + interval '1 h', at
FROM (SELECT n, now() AT TIME ZONE 'UTC' AS at FROM generate_series(1, 100) AS n)
"""
_FAILED = """
INSERT INTO flyway_schema_history
VALUES (2, '2', 'two', 'SQL', 'V2__two.sql', 1, 'somebody', now() AT TIME ZONE 'UTC', 1, false)
"""


@leads_to(told("OAuthTokenIssuanceStopped", "critical", datname=SHOP))
def no_tokens_are_issued(site: Installation) -> Iterator[None]:
    site.clients["main"].rate = 0
    yield
    site.clients["main"].rate = 10


@leads_to(told("OAuthTokenIssuanceSurge", target="crowded", datname=SHOP))
def far_more_tokens_are_issued(site: Installation) -> Iterator[None]:
    site.clients["crowded"].rate = 200
    yield
    site.clients["crowded"].rate = 10


@leads_to(
    told("OAuthPurgeStopped", target="primary", datname=SHOP, entity="tokens"),
    told("OAuthExpiredTokenBacklog", target="primary", datname=SHOP, entity="tokens"),
)
def expired_tokens_are_not_deleted(site: Installation) -> Iterator[None]:
    with repeated(lambda: site.execute("primary", _EXPIRED.format(20)), 0.5):
        yield
    site.execute("primary", "DELETE FROM tokens WHERE expires_at < now() - interval '10 d'")


@leads_to(told("OAuthRevocationWave", team="security", target="crowded", datname=SHOP))
def tokens_are_revoked_in_a_wave(site: Installation) -> Iterator[None]:
    site.execute("crowded", "UPDATE tokens SET revoked_at = clock_timestamp() AT TIME ZONE 'UTC'")
    yield


@leads_to(told("OAuthRegistrationSpike", team="security", datname=SHOP))
def users_are_registered_in_a_wave(site: Installation) -> Iterator[None]:
    site.execute("main", _USERS)
    yield
    site.execute("main", "DELETE FROM users")


@leads_to(told("OAuthSessionsPileUp", datname=SHOP))
def sessions_pile_up(site: Installation) -> Iterator[None]:
    site.execute("main", _SESSIONS)
    yield
    site.execute("main", "DELETE FROM user_sessions")


@leads_to(
    told("OAuthClientRegistered", "info", team="security", datname=SHOP),
    told("OAuthRedirectUriUnsafe", team="security", datname=SHOP, risk="http"),
)
def a_client_without_tls_is_registered(site: Installation) -> Iterator[None]:
    site.execute("main", _CLIENT)
    yield
    site.execute("main", "DELETE FROM clients WHERE client_id = 'new'")


@leads_to(
    told("OAuthCodesNotExchanged", datname=SHOP),
    told("OAuthCodesWithoutPkce", team="security", datname=SHOP),
)
def codes_are_not_exchanged(site: Installation) -> Iterator[None]:
    site.execute("main", _CODES)
    yield
    site.execute("main", "DELETE FROM authorization_codes")


@leads_to(told("OAuthMigrationFailed", "critical", datname=SHOP))
def a_migration_fails(site: Installation) -> Iterator[None]:
    site.execute("main", _FAILED)
    yield
    site.execute("main", "DELETE FROM flyway_schema_history WHERE NOT success")


@leads_to(
    told("OAuthWriterClockAhead", target="primary", datname=SHOP, entity="tokens"),
    told("OAuthWriterClockAhead", target="standby", datname=SHOP, entity="tokens"),
)
def a_writers_clock_is_ahead(site: Installation) -> Iterator[None]:
    site.execute("primary", _EXPIRED.format(1).replace("- interval '20 d'", "+ interval '2 h'"))
    yield
    site.execute("primary", "DELETE FROM tokens WHERE created_at > now()")


@leads_to(told("OAuthTokenPrivilegeGranted", team="security", datname=SHOP, privilege="truncate"))
def somebody_may_delete_all_tokens(site: Installation) -> Iterator[None]:
    site.execute("main", "GRANT TRUNCATE ON tokens TO reporter")
    yield
    site.execute("main", "REVOKE TRUNCATE ON tokens FROM reporter")
