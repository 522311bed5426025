"""Owns what a user can say about the hours in which queries run."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from exporter import cron
from exporter.fields import Strict, Text


def _window(value: str) -> str:
    cron.parse(value)
    return value


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


_WINDOW = {"type": "string", "pattern": r"^\s*\S+(\s+\S+){4}\s*$"}
WindowText = Annotated[str, AfterValidator(_window)]
Windows = Annotated[
    tuple[WindowText, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"title": "window, or a list", "oneOf": [_WINDOW, {"type": "array", "items": _WINDOW}]}),
]


class QuietHours(Strict):
    """Hours for some queries on some targets, in the time zone of each target."""

    sets: tuple[Text, ...] = Field(default=(), description="shell patterns: all queries of these sets")
    queries: tuple[Text, ...] = Field(
        default=(),
        description=(
            "shell patterns: these queries. A query that either key names is meant; without both, every query"
        ),
    )
    targets: tuple[Text, ...] = Field(
        default=(), description="shell patterns: on these targets; without it, on all of them"
    )
    only: Windows = Field(default=(), description="five cron fields: they run in these windows only")
    never: Windows = Field(default=(), description="five cron fields: they never run in these windows")

    @model_validator(mode="after")
    def _has_window(self) -> Self:
        if not self.only and not self.never:
            raise ValueError("needs a window: only or never")
        return self
