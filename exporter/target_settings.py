"""Owns what a user can say about a target."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from exporter.engines import Engine
from exporter.fields import (
    Command,
    Dsn,
    Duration,
    LabelName,
    LabelValue,
    Strict,
    TargetName,
    Text,
    VariableName,
)
from exporter.store_settings import StoreSettings
from exporter.zones import UTC_NAME, zone


def _zone(value: str) -> str:
    zone(value)
    return value


class Databases(Strict):
    """Which databases of a target are visited, as shell patterns; exclusion wins."""

    include: tuple[Text, ...] = ("*",)
    exclude: tuple[Text, ...] = ()


class TargetDefaults(Strict):
    """What a target has that does not say it itself. Times in seconds; a password has at most one source."""

    kind: Engine | None = None
    password_file: Text | None = None
    password_env: VariableName | None = None
    password_command: Command | None = Field(default=None, repr=False)
    password_timeout: Duration = 10.0
    labels: dict[LabelName, LabelValue] = Field(default_factory=dict, max_length=16)
    databases: Databases = Databases()
    max_connections: Annotated[int, Field(strict=True, ge=1, le=10)] = 3
    connect_timeout: Duration = 5.0
    timezone: Annotated[str, AfterValidator(_zone)] = Field(
        default=UTC_NAME, description="the time zone of its quiet hours, by its IANA name"
    )
    paused: Annotated[bool, Field(strict=True)] = Field(
        default=False, description="`true` leaves the target alone: no connections, no values"
    )
    oauth2: StoreSettings | None = None


class TargetSettings(TargetDefaults):
    """A server to watch."""

    name: TargetName
    dsn: Dsn
