"""Owns the user's settings: configuration file, environment and flags, merged and validated once.

Flags win over the environment, the environment over the file. No fault ever quotes a value: it may be a DSN.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, PrivateAttr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from exporter.document import KeyPath, in_order, reason, suggestion
from exporter.engines import Engine
from exporter.errors import ConfigError, Fault
from exporter.fields import (
    Address,
    Command,
    Dsn,
    Duration,
    Folder,
    Grace,
    NamePattern,
    PoolPattern,
    SetNames,
    Share,
    Strict,
    TargetName,
    Text,
    VariableName,
)
from exporter.sources import Origins, gather
from exporter.store_settings import StoreSettings


class Databases(Strict):
    """Which databases of a target are visited, as shell patterns; exclusion wins."""

    include: tuple[Text, ...] = ("*",)
    exclude: tuple[Text, ...] = ()


class TargetSettings(Strict):
    """A server to watch. Times in seconds; at most one of the three sources of a password is given."""

    name: TargetName
    dsn: Dsn
    kind: Engine | None = None
    password_file: Text | None = None
    password_env: VariableName | None = None
    password_command: Command | None = Field(default=None, repr=False)
    databases: Databases = Databases()
    max_connections: Annotated[int, Field(strict=True, ge=1, le=10)] = 3
    connect_timeout: Duration = 5.0
    oauth2: StoreSettings | None = None


class BackupSettings(Strict):
    """Backups to watch on a disk. `every` in seconds, `min_size` in bytes; `path` is a folder or a glob."""

    name: TargetName
    path: Text
    pattern: NamePattern = "*"
    every: Duration = 300.0
    min_size: Annotated[int, Field(strict=True, ge=0)] = 0
    target: TargetName | None = None


class QueryOverride(Strict):
    """What the user wants otherwise about one query; None is as the query's file says. Times in seconds."""

    enabled: bool | None = None
    every: Duration | None = None
    timeout: Duration | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    budget: Share | None = None


class EvidenceSettings(Strict):
    """What is kept of the rows behind a number: `keep` episodes of each kind, of what is `longer_than`."""

    enabled: bool = True
    keep: Annotated[int, Field(strict=True, ge=1, le=1000)] = 20
    longer_than: Duration = 60.0
    query_text: bool = False


class Web(Strict):
    """Where the exporter serves; see `host` and `port` for the address in parts."""

    listen_address: Address = "127.0.0.1:9187"
    enable_reload: bool = False

    @property
    def host(self) -> str:
        """The host or address to listen on, IPv6 without brackets; empty is all interfaces."""
        return self.listen_address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The TCP port; 0 lets the system choose a free one."""
        return int(self.listen_address.rpartition(":")[2])


class Log(Strict):
    """What is logged, and how a line looks."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["text", "json"] = "text"


class Settings(BaseSettings):
    """All that a user can set. Times in seconds; `expire_after` is a number of intervals."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=False
    )

    targets: tuple[TargetSettings, ...] = ()
    sets: SetNames = ()
    queries: dict[str, QueryOverride] = {}
    queries_dirs: tuple[Folder, ...] = ()
    queries_yaml: tuple[Folder, ...] = ()
    oauth2: StoreSettings = StoreSettings()
    profiles_dirs: tuple[Folder, ...] = ()
    pools: dict[TargetName, PoolPattern] = {}
    evidence: EvidenceSettings = EvidenceSettings()
    backups: tuple[BackupSettings, ...] = ()
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

    def fault(self, path: KeyPath, problem: str, remedy: str = "") -> Fault:
        """Return a fault that points at where the user set `path`."""
        return self._origins.fault(path, problem, remedy)


def load(
    config_file: Path | None,
    environ: Mapping[str, str],
    flags: Mapping[str, object],
    *,
    needs_target: bool = True,
) -> Settings:
    """Return the user's settings.

    `flags` are by the dotted key that they set, such as `log.level`; None is a flag that is not given.
    `needs_target` makes it a fault that no target is given.

    Raises:
        ConfigError: with every fault found. None of them quotes a value.
    """
    gathered = gather(config_file, environ, flags, needs_target=needs_target)
    origins, faults = gathered.origins, gathered.faults
    unknown = gathered.values.keys() - Settings.model_fields.keys()
    faults.extend(origins.fault((key,), "unknown key", _near((key,))) for key in sorted(unknown))
    values = {
        key: value for key, value in gathered.values.items() if key not in unknown and value is not None
    }
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        for detail in details:
            words = _explained(detail["type"], detail.get("ctx", {}), detail["loc"])
            faults.append(origins.fault(detail["loc"], *words))
        raise ConfigError(in_order(faults)) from None
    settings._origins = origins  # noqa: SLF001 - its own module
    faults.extend(_conflicts(settings, environ))
    if faults:
        raise ConfigError(in_order(faults))
    return settings


def _explained(kind: str, context: Mapping[str, object], path: KeyPath) -> tuple[str, str]:
    """Return problem and remedy for a fault that pydantic found, in our words and without the value."""
    if kind == "extra_forbidden":
        return "unknown key", _near(path)
    if kind == "value_error":
        return str(context["error"]), ""
    if kind in ("literal_error", "enum"):
        return f"must be one of {context['expected']}", ""
    if kind in ("greater_than_equal", "less_than_equal"):
        word, bound = ("at least", "ge") if kind == "greater_than_equal" else ("at most", "le")
        return f"must be {word} {context[bound]}", ""
    return _WORDS.get(kind, ("is not valid", ""))


_WORDS: Mapping[str, tuple[str, str]] = {
    "missing": ("is missing", ""),
    "string_type": ("must be text", "put it in quotes"),
    "int_type": ("must be a whole number", ""),
    "float_type": ("must be a number", ""),
    "float_parsing": ("must be a number", ""),
    "finite_number": ("must be a number", ""),
    "bool_type": ("must be true or false", ""),
    "bool_parsing": ("must be true or false", ""),
    "tuple_type": ("must be a list", "[a, b]"),
    "too_short": ("is empty", ""),
    "dict_type": ("must be a mapping", "key: value"),
    "model_type": ("must be a mapping", "key: value"),
    "path_type": ("must be text", "put it in quotes"),
}


# The mapping that a path leads to; a * is the place in a list, or a name that the user chose.
_MODELS: Mapping[tuple[str, ...], type[BaseModel]] = {
    ("targets", "*"): TargetSettings,
    ("targets", "*", "databases"): Databases,
    ("targets", "*", "oauth2"): StoreSettings,
    ("oauth2",): StoreSettings,
    ("queries", "*"): QueryOverride,
    ("backups", "*"): BackupSettings,
    ("evidence",): EvidenceSettings,
    ("web",): Web,
    ("log",): Log,
    (): Settings,
}


def _near(path: KeyPath) -> str:
    """Return the remedy for the unknown key at the end of `path`."""
    above = tuple("*" if place == 1 else str(part) for place, part in enumerate(path[:-1]))
    if above == ("targets", "*") and path[-1] == "password":
        return "no password stands in the file: use password_file, password_env or password_command"
    return suggestion(str(path[-1]), _MODELS.get(tuple(map(str, above)), Settings).model_fields)


def _conflicts(settings: Settings, environ: Mapping[str, str]) -> Iterator[Fault]:
    """Yield what is wrong between settings that are fine one by one, and passwords that cannot be had."""
    names: set[str] = set()
    for index, target in enumerate(settings.targets):
        at: KeyPath = ("targets", index)
        if target.name in names:
            yield settings.fault((*at, "name"), "another target has this name", "give each its own")
        names.add(target.name)
        given = {
            "password_file": target.password_file,
            "password_env": target.password_env,
            "password_command": target.password_command,
        }
        sources = [key for key, value in given.items() if value is not None]
        for key in sources[1:]:
            yield settings.fault((*at, key), f"{sources[0]} is given too", "a password has one source")
        for key, problem in _without_password(target, environ):
            yield settings.fault((*at, key), problem)
    yield from _backup_conflicts(settings, names)


def _backup_conflicts(settings: Settings, targets: Collection[str]) -> Iterator[Fault]:
    names: set[str] = set()
    for index, backup in enumerate(settings.backups):
        at: KeyPath = ("backups", index)
        if backup.name in names:
            yield settings.fault((*at, "name"), "other backups have this name", "give each their own")
        names.add(backup.name)
        if backup.target is not None and backup.target not in targets:
            remedy = suggestion(backup.target, targets)
            yield settings.fault((*at, "target"), "there is no target of this name", remedy)


def _without_password(target: TargetSettings, environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield why a password cannot be had; what the user gave as its source may be the password: no quotes."""
    if target.password_file is not None:
        try:
            Path(target.password_file).open("rb").close()
        except OSError as error:
            yield "password_file", f"the file cannot be read: {reason(error)}"
    if target.password_env is not None and not environ.get(target.password_env):
        yield "password_env", "there is no environment variable of this name, or it is empty"
    command = target.password_command
    if command is not None and shutil.which(command[0], path=environ.get("PATH")) is None:
        yield "password_command", "there is no such program"
