"""Every metric over a store of Keycloak, which stores sessions, is a count of what was put there."""

from __future__ import annotations

from servers import Server
from stores import rows
from stores_meaning import MIGRATIONS, SESSIONS, Content, clients, tokens, users
from stores_numbers import Meaning
from stores_pages import Case, epoch, inserts, naive, quoted


def keycloak(content: Content) -> str:
    """Return inserts of the content: a realm, sessions, and their clients' sessions.

    Offline sessions end an hour after their last refresh, online ones 10 minutes after it.
    """
    offline = [(number, token) for number, token in enumerate(content.tokens)]
    return (
        "INSERT INTO realm VALUES ('r', 60, 60, 'r', 600, 999999, 3600) ON CONFLICT DO NOTHING;"
        + "".join(
            rows(
                "offline_user_session",
                "user_session_id, user_id, realm_id, created_on, offline_flag, last_session_refresh",
                (
                    t.times,
                    (
                        f"{_session(n, t.issued)}, '{t.user}', 'r', {epoch(t.issued)}, '1',"
                        f" {_refresh(t.expires, 3600)}"
                    ),
                ),
            )
            + rows(
                "offline_client_session",
                "user_session_id, client_id, offline_flag, timestamp",
                (t.times, f"{_session(n, t.issued)}, 'id-{t.client}', '1', {epoch(t.issued)}"),
            )
            for n, t in offline
        )
        + inserts(
            "offline_user_session",
            "user_session_id, user_id, realm_id, created_on, offline_flag, last_session_refresh",
            [
                (
                    s.times,
                    ("gen_random_uuid()", "'1'", "'r'", epoch(s.created), "'0'", _refresh(s.expires, 600)),
                )
                for s in content.sessions
            ],
        )
        + _keycloak_rest(content)
    )


def _keycloak_rest(content: Content) -> str:
    return (
        inserts(
            "client",
            "id, client_id, enabled, standard_flow_enabled, service_accounts_enabled",
            [
                (
                    1,
                    (
                        *(f"'id-{c.name}'", f"'{c.name}'", quoted(c.enabled)),
                        *(quoted("authorization_code" in c.grants), quoted("client_credentials" in c.grants)),
                    ),
                )
                for c in content.clients
            ],
        )
        + inserts(
            "user_entity",
            "id, enabled, federation_link, created_timestamp",
            [
                (
                    1,
                    (
                        *(f"'{u.name}'", quoted(u.enabled), "null" if u.provider == "local" else "'ldap'"),
                        f"({epoch(u.created)}) * 1000",
                    ),
                )
                for u in content.users
            ],
        )
        + inserts(
            "databasechangelog",
            "id, author, filename, dateexecuted, orderexecuted, exectype",
            [
                (
                    1,
                    (
                        f"'{m.version}'",
                        "'a'",
                        "'f'",
                        naive(m.installed),
                        "1",
                        "'EXECUTED'" if m.success else "'FAILED'",
                    ),
                )
                for m in content.migrations
            ],
        )
    )


def _session(number: int, issued: float) -> str:
    return f"'{number}/{issued:.0f}/' || n"


def _refresh(expires: float | None, idle: float) -> str:
    assert expires is not None
    return epoch(expires - idle)


def _keycloak() -> Case:
    first, later = tokens("offline", never=False)
    first_users, later_users = users("local", "federated")
    meaning = Meaning(
        Content(first, (), clients(uris=False), first_users, SESSIONS[0], migrations=MIGRATIONS),
        Content(later, users=later_users, sessions=SESSIONS[1]),
        hides=("codes", "devices", "denylist", "clients.redirect_uris", "clients.created"),
    )
    tables = {
        "tokens": ["offline_client_session"],
        "clients": ["client"],
        "users": ["user_entity"],
        "sessions": ["offline_user_session"],
    }
    return Case("keycloak", meaning, keycloak, tables, never=["oauth2_tokens_without_expiry"])


def test_every_number_over_keycloak_is_a_count_of_its_rows(a_server: Server) -> None:
    """Offline sessions are its only tokens; what is kept in its cache is absent."""
    _keycloak().check(a_server)
