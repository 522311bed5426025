"""Owns what a user can say about a query of the catalogue."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.fields import Duration, Share, Strict


class QueryOverride(Strict):
    """What the user wants otherwise about one query; None is as the query's file says. Times in seconds."""

    enabled: bool | None = Field(
        default=None, description="`true` or `false` for this query, whatever its set is"
    )
    every: Duration | None = Field(default=None, description="the interval")
    timeout: Duration | None = Field(
        default=None,
        description=(
            "the deadline of a run, below `every`. Above 2 s the query runs on the lane for heavy ones"
        ),
    )
    limit: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = Field(
        default=None, description="series at most"
    )
    budget: Share | None = Field(
        default=None,
        description=(
            "the share of time that runs may take on the server, such as `0.5%`; a run that took longer "
            "makes the interval longer"
        ),
    )
