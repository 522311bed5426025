"""Owns what a user can say about the log."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from exporter.fields import Strict


class Log(Strict):
    """What is logged, and how a line looks."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="the least severe that is logged"
    )
    format: Literal["logfmt", "json"] = Field(default="logfmt", description="how a line looks")
    requests: bool = Field(
        default=False, description="whether each HTTP request gets a line, whatever the level is"
    )
