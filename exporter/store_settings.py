"""Owns what a user can say about a token store: its profile, and what differs from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from exporter.entities import Entity, TimeType, TokenKind
from exporter.fields import Duration, Strict, Text
from exporter.override import Overrides
from exporter.section import seconds

AUTO = "auto"
NONE = "none"


def _one_of(kinds: type[StrEnum]) -> AfterValidator:
    def member(value: str) -> StrEnum:
        if value not in list(kinds):
            raise ValueError(f"must be one of {', '.join(kinds)}")
        return kinds(value)

    return AfterValidator(member)


def _or_never(value: object) -> float | None:
    return None if value == "never" else seconds(value)


_Parameter = Annotated[float | None, BeforeValidator(_or_never)]


class StoreSettings(Strict):
    """The token store of a target's databases. `profile` is auto, none, or the name of a profile.

    `lifetimes` are the longest of each kind of token; they make counting a large store more exact.
    """

    profile: Text = AUTO
    schema_: Text | None = Field(default=None, alias="schema")  # BaseModel has a method of that name
    tables: dict[str, Text] = Field(default_factory=dict)
    columns: dict[str, dict[str, Text]] = Field(default_factory=dict)
    expressions: dict[str, Text] = Field(default_factory=dict)
    time: Annotated[str, _one_of(TimeType)] | None = None
    parameters: dict[str, _Parameter] = Field(default_factory=dict)
    retention: dict[Annotated[str, _one_of(Entity)], Duration] = Field(default_factory=dict)
    sources: tuple[Text, ...] = ()
    lifetimes: dict[Annotated[str, _one_of(TokenKind)], Duration] = Field(default_factory=dict)

    def overrides(self) -> Overrides:
        """Return the user's changes to the profile."""
        return Overrides(
            schema=self.schema_ or "",
            tables=self.tables,
            columns=self.columns,
            expressions=self.expressions,
            time=TimeType(self.time) if self.time else None,
            parameters=self.parameters,
            retention={Entity(name): value for name, value in self.retention.items()},
            sources=self.sources,
        )
