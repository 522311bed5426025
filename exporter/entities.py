"""Owns the common model of token stores: its entities, the fields they have, and what a field can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Entity(StrEnum):
    """What the metrics are about."""

    TOKENS = "tokens"
    CODES = "codes"  # authorization codes
    CLIENTS = "clients"
    USERS = "users"
    SESSIONS = "sessions"
    DEVICES = "devices"  # device authorizations, RFC 8628
    DENYLIST = "denylist"
    MIGRATIONS = "migrations"


class TokenKind(StrEnum):
    """The values of a token's `kind`."""

    ACCESS = "access"
    REFRESH = "refresh"
    ID = "id"
    DEVICE = "device"
    OFFLINE = "offline"
    OTHER = "other"


class TimeType(StrEnum):
    """How a column stores a time."""

    TZ = "tz"  # timestamp with time zone
    NAIVE_UTC = "naive_utc"  # timestamp without time zone that holds UTC
    EPOCH = "epoch"  # whole seconds since 1970
    EPOCH_MS = "epoch_ms"  # milliseconds since 1970
    TEXT_ISO = "text_iso"  # ISO 8601 in text; UTC when it names no zone


class FieldKind(StrEnum):
    """What a field of the model is."""

    KIND = "kind"
    TIME = "time"
    FLAG = "flag"
    TEXT = "text"
    LIST = "list"  # text[]


class Test(StrEnum):
    """What a column has to be for a flag to be true."""

    __test__ = False  # pytest takes the name for a test

    ON = "on"  # a boolean that is true
    OFF = "off"
    SET = "set"  # is not null
    UNSET = "unset"
    NONZERO = "nonzero"
    ZERO = "zero"


class TypeClass(StrEnum):
    """What kind of type a column has, as far as telling one server's tables from another's goes."""

    TEXT = "text"
    TIMESTAMP = "timestamp"
    TIMESTAMPTZ = "timestamptz"
    INTEGER = "integer"
    NUMERIC = "numeric"
    BOOLEAN = "boolean"
    UUID = "uuid"
    ARRAY = "array"
    JSON = "json"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Field:
    """A field of an entity. `absent` is the SQL of its value where a profile does not map it."""

    kind: FieldKind
    required: bool = False
    absent: str = ""


_TIME = Field(FieldKind.TIME, absent="null::timestamptz")
_TEXT = Field(FieldKind.TEXT, absent="null::text")
_LIST = Field(FieldKind.LIST, absent="null::text[]")
_NO = Field(FieldKind.FLAG, absent="false")
_YES = Field(FieldKind.FLAG, absent="true")
_EXPIRES = Field(FieldKind.TIME, required=True)  # null: never

# The model. A null `expires` means that it never does. `client` is the `id` of a client, `user_id` that of a
# user, and a client's `label` the public client_id where that is not its id.
FIELDS: Mapping[Entity, Mapping[str, Field]] = {
    Entity.TOKENS: {
        "kind": Field(FieldKind.KIND, required=True),
        "issued": _TIME,
        "expires": _EXPIRES,
        "revoked": _NO,
        "revoked_at": _TIME,
        "used": _NO,  # rotated or consumed, and not revoked
        "client": _TEXT,
        "user_id": _TEXT,
    },
    Entity.CODES: {
        "issued": _TIME,
        "expires": _EXPIRES,
        "used": _NO,
        "used_at": _TIME,
        "pkce": _TEXT,  # the stored challenge method
        "client": _TEXT,
    },
    Entity.CLIENTS: {
        "id": Field(FieldKind.TEXT, required=True),
        "label": _TEXT,
        "grant_types": _LIST,
        "redirect_uris": _LIST,
        "enabled": _YES,
        "created": _TIME,
    },
    Entity.USERS: {
        "id": Field(FieldKind.TEXT, required=True),
        "provider": _TEXT,
        "created": _TIME,
        "enabled": _YES,
    },
    Entity.SESSIONS: {"created": _TIME, "expires": _EXPIRES, "last_activity": _TIME, "user_id": _TEXT},
    Entity.DEVICES: {
        "issued": _TIME,
        "expires": _EXPIRES,
        "state": Field(
            FieldKind.TEXT, required=True
        ),  # pending, approved, denied or used; expiry comes on top
        "client": _TEXT,
    },
    Entity.DENYLIST: {"kind": Field(FieldKind.TEXT, required=True), "expires": _TIME, "created": _TIME},
    Entity.MIGRATIONS: {
        "version": Field(FieldKind.TEXT, required=True),
        "success": _YES,
        "installed_on": _TIME,
        "type": _TEXT,
    },
}

# Seconds that a row may stay after its end before it counts as purge debt: the cleanups of the seed's
# operators.
RETENTION: Mapping[Entity, float] = {
    Entity.TOKENS: 7 * 86400.0,
    Entity.CODES: 3600.0,
    Entity.SESSIONS: 86400.0,
}
