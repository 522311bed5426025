"""Owns what a user can say about the election of a leader among replicas."""

from __future__ import annotations

from pydantic import Field

from exporter.fields import Strict, Text


class LeaderElection(Strict):
    """Whether replicas with the same targets elect, for each target, the one that polls it."""

    enabled: bool = Field(
        default=False,
        description="whether of several [replicas](fleet.md) with the same targets one polls each target: "
        "the one that holds an advisory lock on it",
    )
    group: Text = Field(
        default="",
        description="replicas elect among those of the same group; installations that are to watch the same "
        "targets side by side have different ones",
    )
