"""The demo: a made-up OAuth2 server's database with live traffic, and the real daemon watching it.

A program of its own beside the daemon; nothing outside this package imports it but the command line.
"""

from __future__ import annotations

from exporter.demo.command import main

__all__ = ["main"]
