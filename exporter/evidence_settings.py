"""Owns what a user can say about the evidence that is kept."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.fields import Duration, Strict


class EvidenceSettings(Strict):
    """What is kept of the rows behind a number: `keep` episodes of each kind, of what is `longer_than`."""

    enabled: bool = True
    keep: Annotated[int, Field(strict=True, ge=1, le=1000)] = 20
    longer_than: Duration = 60.0
    query_text: bool = False
