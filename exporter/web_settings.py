"""Owns what a user can say about serving over HTTP."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from exporter.fields import Addresses, PageAddress, PathText, Strict


class Web(Strict):
    """Where the exporter serves, and to whom."""

    listen_address: Addresses = Field(
        default=("127.0.0.1:9187",),
        description="one or a list: `host:port` (`:9187` is all interfaces, `[::1]:9187`"
        " IPv6, port 0 any free one), `unix:/path` (`unix:/path:0600` with a mode other than 0660), `systemd`"
        " (the sockets that it passes; `systemd:name` for some of them)",
    )
    config_file: PathText | None = Field(
        default=None,
        description="TLS, users and headers: a web configuration file as postgres_exporter has,"
        " see [security](security.md)",
    )
    max_connections: Annotated[int, Field(strict=True, ge=1, le=10_000)] = Field(
        default=100,
        description="connections of clients at a time; one more closes the one that has waited longest for a"
        " request, and is closed itself when each has one",
    )
    enable_reload: bool = Field(
        default=False,
        description=(
            "whether `POST /-/reload` does what SIGHUP does, and targets are "
            "[paused](quiet_hours.md#pausing-a-target) over HTTP"
        ),
    )
    dashboard_url: PageAddress = Field(
        default="",
        description=(
            "the address of a Grafana that has the shipped dashboards, such as `https://grafana.example`: "
            "the [status pages](status_page.md) link to them"
        ),
    )
