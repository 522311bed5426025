"""Owns what a user can say about the evidence that is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.fields import Duration, Strict


class EvidenceSettings(Strict):
    """What is kept of the rows behind a number: `keep` episodes of each kind, of what is `longer_than`."""

    enabled: bool = Field(
        default=True,
        description="`false` keeps nothing, and the queries that are for nothing else do not run",
    )
    keep: Annotated[int, Field(strict=True, ge=1, le=1000)] = Field(
        default=20,
        description=(
            "episodes of each kind and target; of each the first, the largest and the newest snapshot"
        ),
    )
    longer_than: Duration = Field(
        default=60.0, description="how long a transaction or a statement has to go on before it is kept"
    )
    query_text: bool = Field(
        default=False,
        description=(
            "whether the texts of queries are read and shown. They may hold what users typed: tokens, "
            "names, addresses"
        ),
    )
