"""Owns the list of targets that follows from the settings."""

from __future__ import annotations

import json
from collections.abc import Iterator

from exporter.engines import Engine, engine_of, for_libpq
from exporter.leader_settings import LeaderElection
from exporter.leadership import lock_of
from exporter.model import Secret, Target
from exporter.settings import Settings
from exporter.target_settings import TargetSettings


def from_settings(settings: Settings) -> tuple[Target, ...]:
    """Return the targets in the order in which the user lists them."""
    parameters = tuple(_parameters(settings))
    return tuple(_target(target, parameters, settings.leader_election) for target in settings.targets)


def _parameters(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield what queries may read of the settings; what is not set is not there."""
    if settings.pools:
        yield "pools", json.dumps(settings.pools)
    if "longer_than" in settings.evidence.model_fields_set:
        yield "longer_than", str(settings.evidence.longer_than)
    if settings.evidence.query_text:
        yield "query_text", "on"


def _target(
    given: TargetSettings, parameters: tuple[tuple[str, str], ...], election: LeaderElection
) -> Target:
    engine = given.kind or engine_of(given.dsn.get_secret_value())
    elects = election.enabled and engine is Engine.POSTGRESQL
    return Target(
        name=given.name,
        dsn=for_libpq(given.dsn.get_secret_value()),
        password=_secret(given),
        include_databases=given.databases.include,
        exclude_databases=given.databases.exclude,
        max_connections=given.max_connections,
        connect_timeout=given.connect_timeout,
        engine=engine,
        parameters=parameters,
        labels=tuple(sorted(given.labels.items())),
        lock=lock_of(election.group, given.name) if elects else None,
    )


def _secret(given: TargetSettings) -> Secret:
    command = given.password_command or ()
    return Secret(given.password_file, given.password_env, command, given.password_timeout)
