"""Owns what a user can say about a token store: its profile, and what differs from it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from exporter.entities import Entity, TimeType, TokenKind
from exporter.fields import DURATION_SHAPE, Duration, Strict, Text, shown
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


def _shown(kinds: type[StrEnum]) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "enum": [str(kind) for kind in kinds]})


def _or_never(value: object) -> float | None:
    return None if value == "never" else seconds(value)


_Parameter = Annotated[
    float | None,
    BeforeValidator(_or_never),
    shown("duration", pattern=f"^(never|{DURATION_SHAPE})$"),
]


class StoreSettings(Strict):
    """The token store of a target's databases. `profile` is auto, none, or the name of a profile.

    `lifetimes` are the longest of each kind of token; they make counting a large store more exact.
    """

    profile: Text = Field(
        default=AUTO,
        description=(
            "`auto` looks in each database for a store that it knows; `none` does not look, and no query "
            "over token stores runs; or the name of a profile"
        ),
    )
    schema_: Text | None = Field(
        default=None,
        alias="schema",
        description=(
            "the schema of the tables, without it where they are found; with `auto`, the only one that is "
            "looked in"
        ),
    )  # BaseModel has a method of that name
    tables: dict[str, Text] = Field(
        default_factory=dict,
        description="the profile's name of a table: the name that it has, perhaps with a schema of its own",
    )
    columns: dict[str, dict[str, Text]] = Field(
        default_factory=dict,
        description="by table, as the profile names it: the profile's name of a column: the name that it has",
    )
    expressions: dict[str, Text] = Field(
        default_factory=dict, description="`entity.source.field`: SQL in place of the profile's"
    )
    time: Annotated[str, _one_of(TimeType), _shown(TimeType)] | None = Field(
        default=None, description="how times are stored; without it as the profile says"
    )
    parameters: dict[str, _Parameter] = Field(
        default_factory=dict,
        description=(
            "what the tables do not hold, such as lifetimes; `never` is none. Without it as the profile says"
        ),
    )
    retention: dict[Annotated[str, _one_of(Entity), _shown(Entity)], Duration] = Field(
        default_factory=dict,
        description=(
            "by entity: how long a row may stay after its end before it counts as overdue. Without it "
            "`tokens: 7d`, `codes: 1h`, `sessions: 1d`, or as the profile says"
        ),
    )
    sources: tuple[Text, ...] = Field(
        default=(), description="the profile's opt-in sources to use, as `entity.source`"
    )
    lifetimes: dict[Annotated[str, _one_of(TokenKind), _shown(TokenKind)], Duration] = Field(
        default_factory=dict,
        description=(
            "by kind of token: how long the longest lives; where it is not given, counting a large store "
            "goes by the longest life that it sees (`oauth2_tokens_longest_lifetime_seconds`)"
        ),
    )

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
