"""Owns what a setting may look like: types of fields and of mappings; messages never quote the value."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    WithJsonSchema,
    model_validator,
)

from exporter import sharding
from exporter.section import seconds, share

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# The pattern of Prometheus 2; two underscores in front are its own.
_LABEL = re.compile(r"(?!__)[A-Za-z_][A-Za-z0-9_]{0,62}")
# Set by Prometheus or by every sample here; the last two are parts of histograms and summaries.
_TAKEN_LABELS = frozenset({"target", "job", "instance", "le", "quantile"})
_SET = re.compile(r"[+-]?[a-z][a-z0-9_-]*")
_PAGE = re.compile(r"https?://[^\s/?#@\\\"'<>]+(?:/[^\s?#@\\\"'<>]*)?")
_ADDRESS = re.compile(r"(?:|\[[0-9A-Fa-f:.%a-z]+\]|[^\s:\[\]]+):(?P<port>[0-9]{1,5})")
_SOCKET = re.compile(r"unix:/[^,]+|systemd(?::[A-Za-z0-9_.-]+)?")


def _printable(value: str) -> str:
    if not value.strip() or not value.isprintable():
        raise ValueError("must be one line of printable text that is not empty")
    return value


def _target_name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("must be up to 63 letters, digits, _, . and -, with a letter or digit first")
    return value


def _variable(value: str) -> str:
    if not _VARIABLE.fullmatch(value):
        raise ValueError("must be the name of an environment variable")
    return value


def _label_name(value: str) -> str:
    if not _LABEL.fullmatch(value):
        raise ValueError("must be up to 63 letters, digits and _, no digit first and no __ in front")
    if value in _TAKEN_LABELS:
        raise ValueError(f"is not free: {', '.join(sorted(_TAKEN_LABELS))} have a meaning already")
    return value


def _dsn(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("is empty")
    return SecretStr(text)


def _command(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return shlex.split(value)
    except ValueError:
        raise ValueError("a quote in the command is never closed") from None


def _sets(value: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_SET.fullmatch(name) for name in value):
        raise ValueError("must be names of sets: lower-case letters, digits, _ and -, after a + or - or none")
    if len({name[0] in "+-" for name in value}) > 1:
        raise ValueError(
            "mixes plain names, which replace the default choice, with +name and -name, which change it"
        )
    return value


def _pattern(value: str) -> str:
    if "/" in value:
        raise ValueError("is for names of files: a folder belongs into path")
    return value


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _path(value: object) -> object:
    return _printable(value) if isinstance(value, str) else value


def _grace(value: object) -> float:
    return 0.0 if value == "0s" else seconds(value)


def _shard(value: str) -> str:
    sharding.parse(value, "any-0")  # whose ordinal is that of every fleet; the host is looked at by `run`
    return value


def _one_or_some(value: object) -> object:
    if not isinstance(value, str | list | tuple):
        raise ValueError("must be text or a list of it, in quotes")  # noqa: TRY004 - pydantic wants this one
    return _split(value)


def _addresses(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values:
        raise ValueError("is empty")
    for value in values:
        match = _ADDRESS.fullmatch(value)
        is_port = match is not None and int(match["port"]) <= 65535  # noqa: PLR2004 - the highest port
        if not is_port and not (value.isprintable() and _SOCKET.fullmatch(value)):
            raise ValueError("must be host:port, :port, [IPv6 address]:port, unix:/path or systemd")
    if len(set(values)) < len(values):
        raise ValueError("names an address twice")
    return values


def _page_address(value: str) -> str:
    match = _PAGE.fullmatch(value)
    if match is None:
        raise ValueError("must be http:// or https:// with a host, and no login, no ? and no #")
    return value.rstrip("/")


def shown(title: str, **schema: object) -> WithJsonSchema:
    """Return how the schema shows a type that is written as text: by name, and with what else can be said."""
    return WithJsonSchema({"type": "string", "title": title, **schema})


_PRINTABLE = r"\S"
_DURATION = r"(?=\d)(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?"
DURATION_SHAPE = rf"(?=.*[1-9]){_DURATION}"
_PATH = shown("path", pattern=_PRINTABLE, format="path")
_LISTENED_AT = r":\d{1,5}$|^unix:/|^systemd(:|$)"
_COMMAND = {
    "title": "command",
    "oneOf": [
        {"type": "string", "pattern": _PRINTABLE},
        {"type": "array", "items": {"type": "string", "pattern": _PRINTABLE}, "minItems": 1},
    ],
}
_SETS = {
    "title": "list of sets",
    "oneOf": [
        {
            "type": "array",
            "items": {"type": "string", "pattern": f"^{_SET.pattern}$"},
            "anyOf": [{"items": {"pattern": "^[+-]"}}, {"items": {"pattern": "^[^+-]"}}],
        },
        {"type": "string", "pattern": rf"^\s*(\s*{_SET.pattern}\s*(,|$))*$"},
    ],
}
_LISTENED = {
    "title": "address or list",
    "oneOf": [
        {"type": "string", "pattern": _LISTENED_AT},
        {"type": "array", "items": {"type": "string", "pattern": _LISTENED_AT}, "minItems": 1},
    ],
}

Text = Annotated[str, AfterValidator(_printable), shown("text", pattern=_PRINTABLE)]
Folder = Annotated[Path, BeforeValidator(_path), _PATH]
PathText = Annotated[str, AfterValidator(_printable), _PATH]
PathPattern = Annotated[str, AfterValidator(_printable), shown("pattern", pattern=_PRINTABLE, format="glob")]
NamePattern = Annotated[
    str, AfterValidator(_printable), AfterValidator(_pattern), shown("pattern", pattern="^[^/]+$")
]
TargetName = Annotated[str, AfterValidator(_target_name), shown("name", pattern=f"^{_NAME.pattern}$")]
LabelName = Annotated[
    str,
    AfterValidator(_label_name),
    shown("label", pattern=f"^(?!({'|'.join(sorted(_TAKEN_LABELS))})$){_LABEL.pattern}$"),
]
LabelValue = Annotated[
    str, AfterValidator(_printable), Field(max_length=200), shown("text", pattern=_PRINTABLE, maxLength=200)
]
VariableName = Annotated[str, AfterValidator(_variable), shown("variable", pattern=f"^{_VARIABLE.pattern}$")]
Dsn = Annotated[SecretStr, AfterValidator(_dsn), shown("DSN", pattern=_PRINTABLE)]
Command = Annotated[
    tuple[Text, ...], Field(min_length=1), BeforeValidator(_command), WithJsonSchema(_COMMAND)
]
SetNames = Annotated[tuple[str, ...], AfterValidator(_sets), BeforeValidator(_split), WithJsonSchema(_SETS)]
Addresses = Annotated[
    tuple[str, ...],
    AfterValidator(_addresses),
    BeforeValidator(_one_or_some),
    WithJsonSchema(_LISTENED),
]
PageAddress = Annotated[str, AfterValidator(_page_address), shown("address", pattern=r"^https?://[^\s?#@]+$")]
ShardText = Annotated[str, AfterValidator(_shard), shown("shard", pattern=r"^(\d+|auto)/\d+$")]
Duration = Annotated[float, BeforeValidator(seconds), shown("duration", pattern=f"^{DURATION_SHAPE}$")]
PoolPattern = Annotated[  # for LIKE
    str,
    AfterValidator(_printable),
    Field(max_length=200),
    shown("pattern", pattern=_PRINTABLE, maxLength=200),
]
Share = Annotated[float, BeforeValidator(share), shown("share of time", pattern=r"^\d{1,3}(\.\d{1,6})? ?%$")]
Grace = Annotated[float, BeforeValidator(_grace), shown("duration", pattern=f"^(0s|{DURATION_SHAPE})$")]


class Strict(BaseModel):
    """A mapping of the file; unknown keys are faults, a key that is null counts as not given."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, data: object) -> object:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None or key not in cls.model_fields}
