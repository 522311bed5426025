"""Owns the numbers of a page over a token store, counted in Python from what was put there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from stores_meaning import DAY, HOUR, Content, Token

RISKS = {"https://a.example/cb": "none", "http://b.example/cb": "http", "https://*.c.example/": "wildcard"}
WITHIN = {"5m": 300.0, "1h": HOUR, "24h": DAY}

# The values of a family by its labels, joined by blanks; a histogram is the list of what it counts.
Numbers = Mapping[str, Mapping[str, float | Sequence[float]]]


@dataclass(frozen=True, slots=True)
class Meaning:
    """What is in a store at first, what comes later, and what its schema hides, as `entity.field`."""

    first: Content
    later: Content
    hides: Collection[str]
    revocations: Collection[str] = ()  # the kinds whose revocation has a time

    def shows(self, name: str) -> bool:
        return name not in self.hides and name.partition(".")[0] not in self.hides

    def numbers(self) -> Numbers:
        """Return all numbers that a page shows of the store, when what comes later has come."""
        whole = self.first + self.later
        parts = (
            _tokens(self, whole),
            _purge(self, whole),
            _codes(self, whole),
            _clients(self, whole),
            _users(self, whole),
            _rest(self, whole),
            _clock(self, whole),
        )
        found = {family: values for part in parts for family, values in part.items()}
        return {family: values for family, values in found.items() if values}


def _sum(rows: Iterable[tuple[str, int]]) -> dict[str, float]:
    counts: Counter[str] = Counter()
    for label, times in rows:
        counts[label] += times
    return dict(counts)


def _tokens(of: Meaning, whole: Content) -> Numbers:
    tokens, kinds = whole.tokens, dict.fromkeys(token.kind for token in whole.tokens)
    live = [token for token in tokens if token.state == "active"]
    states = _sum((f"{token.kind} {token.state}", token.times) for token in tokens)
    found: dict[str, Mapping[str, float | Sequence[float]]] = {
        "oauth2_tokens": states,
        "oauth2_tokens_half_width": dict.fromkeys(states, 0.0),
        "oauth2_tokens_expiring": {
            f"{kind} {name}": sum(
                t.times for t in live if t.kind == kind and t.expires is not None and t.expires <= limit
            )
            for kind in kinds
            for name, limit in WITHIN.items()
        },
        "oauth2_tokens_without_expiry": {
            kind: sum(t.times for t in live if t.kind == kind and t.expires is None) for kind in kinds
        },
        "oauth2_tokens_revoked_total": {
            kind: sum(t.times for t in of.later.tokens if t.kind == kind and t.gone == "revoked")
            for kind in of.revocations
        },
    }
    if of.shows("tokens.issued"):
        found["oauth2_token_lifetime_seconds"] = {
            kind: [
                t.expires - t.issued
                for t in tokens
                if t.kind == kind and t.issued > -DAY and t.expires is not None
                for _ in range(t.times)
            ]
            for kind in kinds
        }
        found["oauth2_tokens_issued_total"] = {
            kind: sum(t.times for t in of.later.tokens if t.kind == kind and t.issued > -600)
            for kind in kinds
        }
    return found


def _due(token: Token, revocations: Collection[str]) -> float | None:
    if token.expires is not None:
        return token.expires
    return token.gone_at if token.gone == "revoked" and token.kind in revocations else None


def _purge(of: Meaning, whole: Content) -> Numbers:
    """Count by entity what ended a retention ago; each row is (ended, times, whether it is inactive)."""
    used = [(code.expires, code.times, code.state != "pending") for code in whole.codes]
    ended: dict[str, list[tuple[float | None, int, bool]]] = {
        "tokens": [(_due(t, of.revocations), t.times, t.state != "active") for t in whole.tokens],
        "codes": [*used],
        "sessions": [(one.expires, one.times, one.expires <= 0) for one in whole.sessions],
    }
    found: dict[str, dict[str, float]] = {
        name: {}
        for name in ("oauth2_purge_overdue_rows", "oauth2_purge_oldest_seconds", "oauth2_dead_weight_ratio")
    }
    for (entity, rows), retention in zip(ended.items(), (7 * DAY, HOUR, DAY), strict=True):
        if not rows:
            continue
        late = [(-end - retention, times) for end, times, _ in rows if end is not None and end <= -retention]
        # What ended without any time of it has no retention to wait for.
        timeless = sum(times for end, times, inactive in rows if end is None and inactive)
        overdue = sum(times for _, times in late)
        found["oauth2_purge_overdue_rows"][entity] = overdue
        found["oauth2_purge_oldest_seconds"][entity] = max(seconds for seconds, _ in late)
        total = sum(times for _, times, _ in rows)
        found["oauth2_dead_weight_ratio"][entity] = (overdue + timeless) / total
    return found


def _codes(of: Meaning, whole: Content) -> Numbers:
    if not whole.codes:
        return {}
    start = [(code.issued if of.shows("codes.issued") else code.expires, code) for code in whole.codes]
    recent = [code for begins, code in start if begins > -HOUR]
    found: dict[str, Mapping[str, float | Sequence[float]]] = {
        "oauth2_authorization_codes": _sum((code.state, code.times) for code in recent),
        "oauth2_authorization_codes_stale": {"": sum(c.times for b, c in start if b <= -HOUR)},
    }
    if of.shows("codes.pkce"):
        found["oauth2_authorization_codes_pkce"] = _sum(
            (code.pkce if code.pkce in {"S256", "plain"} else "other" if code.pkce else "none", code.times)
            for code in recent
        )
    if of.shows("codes.used_at") and of.shows("codes.issued"):
        found["oauth2_authorization_code_exchange_seconds"] = {
            "": [c.used_at - c.issued for c in recent if c.used_at is not None for _ in range(c.times)]
        }
    return found


def _states(of: Meaning, entity: str) -> dict[str, bool]:
    return {"enabled": True} | ({"disabled": False} if of.shows(f"{entity}.enabled") else {})


def _clients(of: Meaning, whole: Content) -> Numbers:
    clients, states = whole.clients, _states(of, "clients")
    found: dict[str, Mapping[str, float | Sequence[float]]] = {
        "oauth2_clients_registered": {
            name: sum(one.enabled is flag for one in clients) for name, flag in states.items()
        }
    }
    if of.shows("clients.grant_types"):
        grants = dict.fromkeys(grant for one in clients for grant in one.grants or ("none",))
        found["oauth2_clients"] = {
            f"{grant} {name}": sum(
                grant in (one.grants or ("none",)) and one.enabled is flag for one in clients
            )
            for grant in grants
            for name, flag in states.items()
        }
    if of.shows("clients.redirect_uris"):
        found["oauth2_redirect_uris"] = _sum((RISKS[uri], 1) for one in clients for uri in one.uris)
    if of.shows("tokens.client"):
        live = [token for token in whole.tokens if token.state == "active"]
        found["oauth2_client_tokens"] = _sum((token.client or "_other", token.times) for token in live)
    if of.shows("tokens.client") and of.shows("tokens.issued"):
        recent = [token for token in whole.tokens if token.issued > -90 * DAY]
        busy = {token.client for token in recent}
        old = [one for one in clients if one.created <= -90 * DAY or not of.shows("clients.created")]
        found["oauth2_clients_idle"] = {"": sum(one.enabled and one.name not in busy for one in old)}
        found["oauth2_clients_idle_reach_seconds"] = {"": -min(token.issued for token in recent)}
    return found


def _users(of: Meaning, whole: Content) -> Numbers:
    if not whole.users:
        return {}
    found: dict[str, Mapping[str, float | Sequence[float]]] = {}
    named = of.shows("users.provider")
    providers = dict.fromkeys(one.provider if named else "" for one in whole.users)
    found["oauth2_users"] = {
        f"{provider} {name}".strip(): sum(
            one.enabled is flag and (not named or one.provider == provider) for one in whole.users
        )
        for provider in providers
        for name, flag in _states(of, "users").items()
    }
    if of.shows("users.created"):
        found["oauth2_users_registered_total"] = {"": sum(one.created > -600 for one in of.later.users)}
    if of.shows("users.enabled") and of.shows("tokens.user_id"):
        holders = {token.user for token in whole.tokens if token.state == "active"}
        held = sum(one.name in holders and not one.enabled for one in whole.users)
        found["oauth2_disabled_users_with_live_tokens"] = {"": held}
    return found


def _rest(of: Meaning, whole: Content) -> Numbers:
    sessions = (
        ("active" if one.expires > 0 else "expired" if one.expires > -DAY else "overdue", one.times)
        for one in whole.sessions
    )
    devices = (
        (one.state if one.state in {"denied", "used"} or one.expires > 0 else "expired", one.times)
        for one in whole.devices
    )
    entries = _sum(
        (f"{one.kind} {'active' if one.expires is None or one.expires > 0 else 'expired'}", one.times)
        for one in whole.denylist
    )
    states = {True: "success"} | ({False: "failed"} if of.shows("migrations.success") else {})
    installed = {
        name: [one for one in whole.migrations if one.success is flag] for flag, name in states.items()
    }
    done = {name: found for name, found in installed.items() if found}
    return {
        "oauth2_sessions": _sum(sessions),
        "oauth2_device_authorizations": _sum(devices),
        "oauth2_denylist_entries": entries,
        "oauth2_migrations": {name: len(found) for name, found in done.items()},
        "oauth2_migration_last_timestamp_seconds": {
            name: max(one.installed for one in found) for name, found in done.items()
        },
        "oauth2_migration_version_info": {found[-1].version: 1.0 for found in [done.get("success")] if found},
    }


def _clock(of: Meaning, whole: Content) -> Numbers:
    times = {
        "tokens": ("tokens.issued", [one.issued for one in whole.tokens]),
        "codes": ("codes.issued", [one.issued for one in whole.codes]),
        "users": ("users.created", [one.created for one in whole.users]),
        "sessions": ("sessions.created", [one.created for one in whole.sessions]),
    }
    ahead = {entity: max(rows) for entity, (name, rows) in times.items() if rows and of.shows(name)}
    return {"oauth2_newest_row_ahead_seconds": ahead}
