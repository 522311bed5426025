"""Owns what a user can say about serving over HTTP."""

from __future__ import annotations

from pydantic import Field

from exporter.fields import Address, PageAddress, Strict


class Web(Strict):
    """Where the exporter serves; see `host` and `port` for the address in parts."""

    listen_address: Address = "127.0.0.1:9187"
    enable_reload: bool = False
    dashboard_url: PageAddress = Field(
        default="",
        description="The address of a Grafana that has the shipped dashboards; status pages link to it.",
    )

    @property
    def host(self) -> str:
        """The host or address to listen on, IPv6 without brackets; empty is all interfaces."""
        return self.listen_address.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The TCP port; 0 lets the system choose a free one."""
        return int(self.listen_address.rpartition(":")[2])
