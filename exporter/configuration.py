"""Owns the one way a configuration is loaded: `check`, `run`, a reload and every other command take it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from exporter import catalog, database, settings, targets
from exporter.derive import DERIVATIONS
from exporter.errors import ConfigError, Fault
from exporter.model import Catalog, Query, Skip, Target


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that was configured, proven valid: nothing behind this type needs to check again.

    `queries` are the enabled ones with the user's overrides applied, `disabled` says why the others are not.
    """

    settings: settings.Settings
    catalog: Catalog
    targets: tuple[Target, ...]
    queries: Mapping[str, Query]
    disabled: Mapping[str, Skip]


def load(
    config_file: Path | None,
    flags: Mapping[str, object],
    environ: Mapping[str, str] = os.environ,
    *,
    needs_target: bool = True,
) -> Configuration:
    """Read settings and catalogue and prove them consistent; see `settings.load` for the parameters.

    Raises:
        ConfigError: with every fault found; the catalogue is read even when the settings have faults, so that
            one call shows all there is to mend.
    """
    faults: list[Fault] = []
    chosen: settings.Settings | None = None
    try:
        chosen = settings.load(config_file, environ, flags, needs_target=needs_target)
    except ConfigError as error:
        faults.extend(error.faults)
    directories = [catalog.shipped_directory(), *(chosen.queries_dirs if chosen else ())]
    found = Catalog(queries={})
    try:
        found = catalog.load(directories, DERIVATIONS)
    except ConfigError as error:
        faults.extend(error.faults)
    if chosen is None or faults:
        raise ConfigError(faults)
    wanted = targets.from_settings(chosen)
    faults.extend(_dsn_faults(wanted))
    try:
        queries, disabled = targets.select(found, chosen)
    except ConfigError as error:
        faults.extend(error.faults)
        raise ConfigError(faults) from None
    if faults:
        raise ConfigError(faults)
    return Configuration(chosen, found, wanted, queries, disabled)


def _dsn_faults(wanted: tuple[Target, ...]) -> list[Fault]:
    problems = ((target.name, database.check_dsn(target.dsn)) for target in wanted)
    return [Fault(f"target {name}", "dsn", problem) for name, problem in problems if problem is not None]
