"""Owns who uses the simulated OAuth2 server: its registered clients and their habits."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client.

    `weight` is its share of the traffic, `pkce` the code_challenge_method it sends (None: no PKCE). A client
    without a redirect URI is a service: it uses the client_credentials grant and holds no refresh token.
    """

    client_id: str
    name: str
    weight: int
    pkce: str | None = None
    redirect_uri: str | None = None

    @property
    def grant_types(self) -> tuple[str, ...]:
        """The grants it may use."""
        if self.redirect_uri is None:
            return ("client_credentials",)
        return ("authorization_code", "refresh_token")


CLIENTS = (
    Client("web-portal", "Web portal", 30, "S256", "https://portal.example.org/callback"),
    Client("mobile-ios", "Mobile app (iOS)", 24, "S256", "org.example.app://callback"),
    Client("mobile-android", "Mobile app (Android)", 20, "S256", "org.example.app://callback"),
    Client("partner-shop", "Partner shop", 8, None, "https://shop.example.com/oauth/callback"),
    Client("legacy-intranet", "Legacy intranet", 6, "plain", "http://intranet.example.org/login"),
    Client("tv-app", "TV app", 4, "S256", "https://tv.example.org/callback"),
    Client("developer-sandbox", "Developer sandbox", 2, None, "http://localhost:3000/callback"),
    Client("billing-service", "Billing service", 12),
    Client("report-service", "Report service", 6),
    Client("sync-service", "Sync service", 4),
)
PEOPLE_CLIENTS = tuple(client for client in CLIENTS if client.redirect_uri is not None)
SERVICE_CLIENTS = tuple(client for client in CLIENTS if client.redirect_uri is None)
