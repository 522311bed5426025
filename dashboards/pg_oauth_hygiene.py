"""Owns the dashboard Token hygiene: what should have been purged, revoked, renewed or locked."""

from __future__ import annotations

from dashboards.hygiene_now import NOW
from dashboards.hygiene_rights import LISTENED, RIGHTS, SCHEMA
from dashboards.hygiene_store import LEFT, OPEN, PURGE
from dashboards.model import Dashboard

DASHBOARD = Dashboard(
    uid="pg-oauth-hygiene",
    title="OAuth2: token hygiene",
    what="What should have been purged, revoked, renewed or locked.",
    rows=(NOW, PURGE, OPEN, RIGHTS, SCHEMA, LEFT, LISTENED),
)
