"""Owns what a shard keeps of a configuration: the targets that are its own, and the backups with them."""

from __future__ import annotations

from dataclasses import replace

from exporter.configuration import Configuration
from exporter.errors import ConfigError
from exporter.sharding import Shard, parse


def own_share(whole: Configuration, host: str) -> Configuration:
    """Return the part of the configuration that this process polls; `host` is the name of its machine.

    Backups go with their target, or by their own name: otherwise every shard would say the same of them.

    Raises:
        ConfigError: the shard is none, or the host's name does not say which.
    """
    settings = whole.settings
    if settings.shard is None:
        return whole
    try:
        shard = parse(settings.shard, host)
    except ValueError as error:
        remedy = "write it as 2/5, or auto/5 in a StatefulSet"
        raise ConfigError([settings.fault(("shard",), str(error), remedy)]) from None
    backups = tuple(entry for entry in settings.backups if shard.has(entry.target or entry.name))
    return replace(
        whole,
        settings=settings.model_copy(update={"backups": backups}),
        targets=tuple(target for target in whole.targets if shard.has(target.name)),
        shard=shard,
    )


def described(whole: Configuration, part: Configuration) -> str:
    """Return in words what the shard polls."""
    shard: Shard | None = part.shard
    if shard is None:
        return ""
    names = ", ".join(target.name for target in part.targets) or "none"
    count, of = len(part.targets), len(whole.targets)
    return f"shard {shard.number}/{shard.count} polls {count} of {of} targets: {names}"
