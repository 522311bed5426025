"""Owns what a user can say about serving over HTTP."""

from __future__ import annotations

from pydantic import Field

from exporter.fields import Address, PageAddress, Strict


class Web(Strict):
    """Where the exporter serves; see `host` and `port` for the address in parts."""

    listen_address: Address = Field(
        default="127.0.0.1:9187",
        description="`:9187` is all interfaces, `[::1]:9187` is IPv6, port 0 any free one",
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

    @property
    def host(self) -> str:
        """The host or address to listen on, IPv6 without brackets; empty is all interfaces."""
        return self.listen_address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The TCP port; 0 lets the system choose a free one."""
        return int(self.listen_address.rpartition(":")[2])
