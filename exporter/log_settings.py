"""Owns what a user can say about the log."""

from __future__ import annotations

from typing import Literal

from exporter.fields import Strict


class Log(Strict):
    """What is logged, and how a line looks."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["logfmt", "json"] = "logfmt"
