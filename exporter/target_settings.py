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
    PathText,
    Strict,
    TargetName,
    Text,
    VariableName,
    shown,
)
from exporter.store_settings import StoreSettings
from exporter.zones import UTC_NAME, zone


def _zone(value: str) -> str:
    zone(value)
    return value


class Databases(Strict):
    """Which databases of a target are visited, as shell patterns; exclusion wins."""

    include: tuple[Text, ...] = Field(
        default=("*",),
        description=(
            "which databases are visited by queries of `scope: database`, as shell patterns; templates "
            "never are"
        ),
    )
    exclude: tuple[Text, ...] = Field(default=(), description="which of these are not; wins over `include`")


class TargetDefaults(Strict):
    """What a target has that does not say it itself. Times in seconds; a password has at most one source."""

    kind: Engine | None = Field(
        default=None,
        description=(
            "what the target is; by the DSN, and needed only for the console of a PgBouncer whose DSN does "
            "not begin with `pgbouncer://`"
        ),
    )
    password_file: PathText | None = Field(
        default=None, description="a file that holds the password and nothing else"
    )
    password_env: VariableName | None = Field(
        default=None, description="the name of an environment variable that holds the password"
    )
    password_command: Command | None = Field(
        default=None,
        repr=False,
        description=(
            "a program that prints the password; a list, or a text that is split as a shell does, without a "
            "shell"
        ),
    )
    password_timeout: Duration = Field(default=10.0, description="how long that program may take")
    labels: dict[LabelName, LabelValue] = Field(
        default_factory=dict,
        max_length=16,
        description=(
            "further labels on every series of the target, such as `{env: prod}`; not `target`, `job`, "
            "`instance`, `le`, `quantile`, nor a label of a metric"
        ),
    )
    databases: Databases = Field(default=Databases(), description="which databases of the server are visited")
    max_connections: Annotated[int, Field(strict=True, ge=1, le=10)] = Field(
        default=3,
        description="connections to this target at most. With 1, no other database than the DSN's is visited",
    )
    connect_timeout: Duration = Field(
        default=5.0, description="for each address of the server; what the DSN says wins"
    )
    timezone: Annotated[str, AfterValidator(_zone), shown("time zone", pattern="^[A-Za-z0-9_+/-]+$")] = Field(
        default=UTC_NAME,
        description=(
            "the time zone of its [quiet hours](quiet_hours.md), by its IANA name, such as `Europe/Berlin`"
        ),
    )
    paused: Annotated[bool, Field(strict=True)] = Field(
        default=False,
        description=(
            "`true` leaves the target alone: no connections, no values; see "
            "[quiet hours](quiet_hours.md#pausing-a-target)"
        ),
    )
    oauth2: StoreSettings | None = Field(
        default=None, description="the token store of this target, in place of the `oauth2` of all"
    )


class TargetSettings(TargetDefaults):
    """A server to watch."""

    name: TargetName = Field(
        description=(
            "the label `target` of every sample: up to 63 letters, digits, `_`, `.`, `-`; each target has "
            "its own"
        ),
    )
    dsn: Dsn = Field(
        description=(
            "a URI or `keyword=value` pairs, as libpq takes them; or a [SQLite](#sqlite) file. In a URI, "
            "write special characters of a password percent-encoded"
        ),
    )
