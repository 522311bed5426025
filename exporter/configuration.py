"""Owns the one way a configuration is loaded: `check`, `run`, a reload and every other command take it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter import catalog, gateways, loading, profile_files, quiet, roster, targets
from exporter.catalog import Catalog
from exporter.derive import DERIVATIONS
from exporter.document import KeyPath, suggestion
from exporter.engines import ENGINE_NAMES, Engine
from exporter.errors import ConfigError, Fault
from exporter.labelling import clashes
from exporter.model import Query, Skip, Target
from exporter.override import Overrides, merge
from exporter.profile import Profile
from exporter.quiet import Timetable
from exporter.redaction import learn
from exporter.settings import Settings
from exporter.sharding import Shard
from exporter.store_settings import AUTO, NONE, StoreSettings
from exporter.token_store import Choice


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that was configured, proven valid: nothing behind this type needs to check again.

    `queries` are the enabled ones with the user's overrides applied, `disabled` says why the others are not;
    `stores` says for each target, by name, what its token stores may be, and `timetables` when its queries
    run. `remarks` are about what has no effect.
    """

    settings: Settings
    catalog: Catalog
    targets: tuple[Target, ...]
    queries: Mapping[str, Query]
    disabled: Mapping[str, Skip]
    stores: Mapping[str, Choice]
    profiles: Mapping[str, Profile]
    timetables: Mapping[str, Timetable]
    remarks: tuple[str, ...] = ()
    shard: Shard | None = None


def load(
    config_file: Path | None,
    flags: Mapping[str, object],
    environ: Mapping[str, str] = os.environ,
    *,
    needs_target: bool = True,
) -> Configuration:
    """Read settings and catalogue and prove them consistent; see `loading.load` for the parameters.

    Raises:
        ConfigError: with every fault found; the catalogue is read even when the settings have faults, so that
            one call shows all there is to mend.
    """
    faults: list[Fault] = []
    chosen: Settings | None = None
    try:
        chosen = loading.load(config_file, environ, flags, needs_target=needs_target)
    except ConfigError as error:
        faults.extend(error.faults)
    found, profiles = _shipped_and_own(chosen, faults)
    if chosen is None or faults:
        raise ConfigError(faults)
    wanted = roster.from_settings(chosen)
    faults.extend((*_dsn_faults(chosen, wanted), *clashes(chosen, found.queries.values())))
    stores = _stores(chosen, wanted, profiles, faults)
    faults.extend(quiet.faults(chosen, found.queries))
    try:
        queries, disabled = targets.select(found, chosen)
    except ConfigError as error:
        raise ConfigError([*faults, *error.faults]) from None
    if faults:
        raise ConfigError(faults)
    return Configuration(
        chosen,
        found,
        wanted,
        queries,
        disabled,
        stores,
        profiles[Engine.POSTGRESQL],
        quiet.timetables(chosen),
        (*found.remarks, *quiet.remarks(chosen, queries)),
    )


def _shipped_and_own(
    chosen: Settings | None, faults: list[Fault]
) -> tuple[Catalog, Mapping[Engine, Mapping[str, Profile]]]:
    directories = [catalog.shipped_directory(), *(chosen.queries_dirs if chosen else ())]
    found = Catalog(queries={})
    profiles: Mapping[Engine, Mapping[str, Profile]] = {}
    try:
        found = catalog.load(directories, DERIVATIONS, chosen.queries_yaml if chosen else ())
    except ConfigError as error:
        faults.extend(error.faults)
    try:
        profiles = _profiles([profile_files.shipped_directory(), *(chosen.profiles_dirs if chosen else ())])
    except ConfigError as error:
        faults.extend(error.faults)
    return found, profiles


def _profiles(folders: Sequence[Path]) -> Mapping[Engine, Mapping[str, Profile]]:
    return {engine: profile_files.load(folders, engine) for engine in Engine}


def _stores(
    chosen: Settings,
    targets: Iterable[Target],
    by_engine: Mapping[Engine, Mapping[str, Profile]],
    faults: list[Fault],
) -> Mapping[str, Choice]:
    stores = {}
    # A choice keeps what it works out from all profiles, which is much where hundreds of targets do.
    shared: dict[Engine, Choice] = {}
    for index, (target, made) in enumerate(zip(chosen.targets, targets, strict=True)):
        if target.oauth2 is not None:
            at: KeyPath = ("targets", index, "oauth2")
            stores[target.name] = _choice(chosen, target.oauth2, at, by_engine, made.engine, faults)
            continue
        if made.engine not in shared:
            shared[made.engine] = _choice(chosen, chosen.oauth2, ("oauth2",), by_engine, made.engine, faults)
        stores[target.name] = shared[made.engine]
    return stores


def _choice(
    chosen: Settings,
    wanted: StoreSettings,
    at: KeyPath,
    by_engine: Mapping[Engine, Mapping[str, Profile]],
    engine: Engine,
    faults: list[Fault],
) -> Choice:
    profiles = by_engine[engine]
    if not profiles or wanted.profile == NONE:
        return Choice()  # no token store is kept in a pooler
    if wanted.profile == AUTO:
        # Each profile has tables of its own: without one being named nothing but the schema can be said.
        schema = wanted.schema_ or ""
        if wanted.overrides() != Overrides(schema=schema):
            problem = "profile is auto, and only schema goes with that"
            faults.append(chosen.fault(at, problem, f"name the profile: {', '.join(sorted(profiles))}"))
        return Choice(profiles, Overrides(schema=schema), wanted.lifetimes, engine)
    if wanted.profile not in profiles:
        near = suggestion(wanted.profile, [*profiles, AUTO, NONE])
        problem = f"there is no profile {wanted.profile} for {ENGINE_NAMES[engine]}"
        faults.append(chosen.fault((*at, "profile"), problem, near))
        return Choice()
    profile, overrides = profiles[wanted.profile], wanted.overrides()
    try:
        merge(profile, overrides, str(chosen.fault(at, "")).removesuffix(": "))
    except ConfigError as error:
        faults.extend(error.faults)
    return Choice({profile.name: profile}, overrides, wanted.lifetimes, engine)


def _dsn_faults(chosen: Settings, wanted: tuple[Target, ...]) -> list[Fault]:
    """Return what is wrong with the DSNs; from here on nobody says their secrets."""
    learn(secret for target in wanted for secret in gateways.secrets_of(target))
    problems = (gateways.check_dsn(target) for target in wanted)
    return [
        chosen.fault(("targets", index, "dsn"), problem)
        for index, problem in enumerate(problems)
        if problem is not None
    ]
