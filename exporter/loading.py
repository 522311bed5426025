"""Owns how the user's settings are loaded: file, environment and flags, merged and validated once.

Flags win over the environment, the environment over the file. No fault ever quotes a value: it may be a DSN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from exporter.conflicts import conflicts
from exporter.defaults import completed
from exporter.document import KeyPath, in_order, suggestion
from exporter.errors import ConfigError
from exporter.origins import Origins
from exporter.schema import known
from exporter.settings import Settings
from exporter.sources import gather
from exporter.target_settings import TargetDefaults

# What pydantic puts behind a key of the user's own choice that is at fault itself.
_KEY = "[key]"


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
    origins = _complete(values, origins)
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=False)
        for detail in details:
            at = tuple(part for part in detail["loc"] if part != _KEY)
            words = _explained(detail["type"], detail.get("ctx", {}), at)
            faults.append(origins.fault(at, *words))
        raise ConfigError(in_order(faults)) from None
    settings.came_from(origins)
    faults.extend(conflicts(settings, environ))
    if faults:
        raise ConfigError(in_order(faults))
    return settings


def _complete(values: dict[str, object], origins: Origins) -> Origins:
    """Give targets what they take from the defaults, and return where everything stands then."""
    defaults, targets = values.get("defaults"), values.get("targets")
    if not isinstance(defaults, dict) or not isinstance(targets, list):
        return origins
    try:
        TargetDefaults.model_validate(defaults)
    except ValidationError:
        return origins  # told once, of the defaults, and not of every target
    moved = dict(origins.moved)
    for index, target in enumerate(targets):
        if isinstance(target, dict):
            targets[index], taken = completed(target, defaults)
            for path in taken:
                moved["targets", index, *path] = (origins.document, ("defaults", *path))
    return replace(origins, moved=moved)


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
    if kind in ("string_too_long", "too_long"):
        return f"is longer than {context['max_length']}", ""
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


def _near(path: KeyPath) -> str:
    """Return the remedy for the unknown key at the end of `path`."""
    if path[0] == "targets" and path[-1] == "password":
        return "no password stands in the file: use password_file, password_env or password_command"
    return suggestion(str(path[-1]), known(path[:-1]))
