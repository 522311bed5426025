"""Owns all that a user can set, as one model; each part of it has a module of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from exporter.backup_settings import BackupSettings
from exporter.document import KeyPath
from exporter.errors import Fault
from exporter.evidence_settings import EvidenceSettings
from exporter.fields import Folder, Grace, PathPattern, PoolPattern, SetNames, ShardText, TargetName
from exporter.leader_settings import LeaderElection
from exporter.log_settings import Log
from exporter.origins import Origins
from exporter.query_settings import QueryOverride
from exporter.quiet_settings import QuietHours
from exporter.store_settings import StoreSettings
from exporter.target_settings import TargetDefaults, TargetSettings
from exporter.web_settings import Web


class Settings(BaseSettings):
    """All that a user can set. Times in seconds; `expire_after` is a number of intervals."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False
    )

    targets: tuple[TargetSettings, ...] = Field(default=(), description="the servers to watch")
    targets_files: tuple[PathPattern, ...] = Field(
        default=(),
        description="files of further targets, as patterns relative to this file; `**` is any depth",
    )
    defaults: TargetDefaults = Field(
        default=TargetDefaults(),
        description="everything that a target may have but `name` and `dsn`; a target's own wins",
    )
    sets: SetNames = Field(
        default=(),
        description=(
            "`+name` and `-name` change the default choice of sets; plain names replace it. Both together "
            "are a fault"
        ),
    )
    queries: dict[str, QueryOverride] = Field(
        default={}, description="by name, what you want otherwise about a query"
    )
    queries_dirs: tuple[Folder, ...] = Field(
        default=(),
        description=(
            "further folders of queries, laid out [as the shipped ones](../queries/README.md); they add and "
            "never redefine"
        ),
    )
    queries_yaml: tuple[Folder, ...] = Field(
        default=(), description="[queries.yaml](migrating.md) files of postgres_exporter"
    )
    oauth2: StoreSettings = Field(
        default=StoreSettings(),
        description=(
            "which [profile](profiles.md) describes the token stores of the targets, and what differs from "
            "it. A target's own `oauth2` replaces this one whole"
        ),
    )
    profiles_dirs: tuple[Folder, ...] = Field(
        default=(), description="further folders of profiles; one of a name that ships takes its place"
    )
    pools: dict[TargetName, PoolPattern] = Field(
        default={},
        description=(
            "by name, a pattern of `application_name` as LIKE has it (`%` is any text); sessions are "
            "counted by pool and state. A session that fits several counts in each, one that fits none in "
            "`_other`"
        ),
    )
    evidence: EvidenceSettings = Field(
        default=EvidenceSettings(), description="what is kept of the rows behind a number"
    )
    quiet_hours: tuple[QuietHours, ...] = Field(
        default=(), description="hours in which some queries run or do not"
    )
    pause_dir: Folder | None = Field(
        default=None,
        description=(
            "a folder, relative to this file: a file in it that is named as a target "
            "[pauses](quiet_hours.md#pausing-a-target) that target"
        ),
    )
    backups: tuple[BackupSettings, ...] = Field(
        default=(), description="places on the disk where backups should appear"
    )
    expire_after: Annotated[float, Field(strict=True, ge=1, le=100)] = Field(
        default=3.0, description="after how many intervals without success values are served no more"
    )
    shard: ShardText | None = Field(
        default=None,
        description=(
            "which share of the targets `run` polls: `2/5` is the second of five, `auto/5` goes by the "
            "number at the end of the host name ([fleets](fleet.md))"
        ),
    )
    leader_election: LeaderElection = Field(
        default=LeaderElection(), description="which of several [replicas](fleet.md) polls a target"
    )
    shutdown_grace: Grace = Field(
        default=10.0, description="how long queries may finish after SIGTERM; `0s` does not wait"
    )
    web: Web = Field(default=Web(), description="serving over HTTP")
    log: Log = Field(default=Log(), description="the log of the program itself")

    _origins: Origins = PrivateAttr(default_factory=Origins)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is the library's
        init_settings: PydanticBaseSettingsSource,
        *_: object,
        **__: object,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take values from `load` alone: it is given the environment, so that a test or a reload is too."""
        return (init_settings,)

    def came_from(self, origins: Origins) -> None:
        """Note where each value was set; only the loading knows."""
        self._origins = origins

    def fault(self, path: KeyPath, problem: str, remedy: str = "") -> Fault:
        """Return a fault that points at where the user set `path`."""
        return self._origins.fault(path, problem, remedy)
