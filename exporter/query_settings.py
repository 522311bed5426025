"""Owns what a user can say about a query of the catalogue."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.fields import Duration, Share, Strict


class QueryOverride(Strict):
    """What the user wants otherwise about one query; None is as the query's file says. Times in seconds."""

    enabled: bool | None = None
    every: Duration | None = None
    timeout: Duration | None = None
    limit: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    budget: Share | None = None
