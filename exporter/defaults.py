"""Owns what targets take from `defaults`, before anything is validated."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from exporter.document import KeyPath

# A password has one source: a target that names one takes none of the others.
_SOURCES = frozenset({"password_file", "password_env", "password_command"})
# What stands beside a profile is about the tables of that profile alone.
_WHOLE = frozenset({"oauth2"})

Values = Mapping[str, object]


def completed(target: Values, defaults: Values) -> tuple[dict[str, object], tuple[KeyPath, ...]]:
    """Return a target with what it does not say itself, and the paths of what it took.

    Mappings are completed key by key; lists and `oauth2` are the target's own or the default, whole.
    """
    own = {key for key, value in target.items() if value is not None}
    if own & _SOURCES:
        defaults = {key: value for key, value in defaults.items() if key not in _SOURCES}
    taken: list[KeyPath] = []
    return dict(_merged(target, defaults, (), taken)), tuple(taken)


def _merged(
    target: Values, defaults: Values, at: KeyPath, taken: list[KeyPath]
) -> Iterator[tuple[str, object]]:
    for key, value in target.items():
        default = defaults.get(key)
        if value is None and default is not None:
            continue
        if isinstance(value, dict) and isinstance(default, dict) and key not in _WHOLE:
            yield key, dict(_merged(value, default, (*at, key), taken))
        else:
            yield key, value
    for key, default in defaults.items():
        if default is not None and target.get(key) is None:
            taken.append((*at, key))
            yield key, default
