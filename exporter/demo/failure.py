"""Owns how the demo says that it cannot start or go on."""

from __future__ import annotations

from exporter.errors import ExporterError


class DemoError(ExporterError):
    """The demo cannot start or go on; the message says what and what to do, and holds no secret.

    `exit_code` is what the command returns: 1, or 2 when the request itself cannot be met.
    """

    def __init__(self, message: str, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
