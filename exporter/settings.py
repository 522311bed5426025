"""Owns all that a user can set, as one model; each part of it has a module of its own."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PrivateAttr
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from exporter.backup_settings import BackupSettings
from exporter.document import KeyPath
from exporter.errors import Fault
from exporter.evidence_settings import EvidenceSettings
from exporter.fields import Folder, Grace, PoolPattern, SetNames, ShardText, TargetName, Text
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

    targets: tuple[TargetSettings, ...] = ()
    targets_files: tuple[Text, ...] = ()
    defaults: TargetDefaults = TargetDefaults()
    sets: SetNames = ()
    queries: dict[str, QueryOverride] = {}
    queries_dirs: tuple[Folder, ...] = ()
    queries_yaml: tuple[Folder, ...] = ()
    oauth2: StoreSettings = StoreSettings()
    profiles_dirs: tuple[Folder, ...] = ()
    pools: dict[TargetName, PoolPattern] = {}
    evidence: EvidenceSettings = EvidenceSettings()
    quiet_hours: tuple[QuietHours, ...] = ()
    pause_dir: Folder | None = None
    backups: tuple[BackupSettings, ...] = ()
    shard: ShardText | None = None
    expire_after: Annotated[float, Field(ge=1, le=100)] = 3.0
    shutdown_grace: Grace = 10.0
    web: Web = Web()
    log: Log = Log()

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
