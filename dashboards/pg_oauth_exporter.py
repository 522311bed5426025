"""Owns the dashboard Exporter: whether what all others show is fresh, and what it costs."""

from __future__ import annotations

from dashboards.exporter_cost import COST, ERRORS, PROCESS, SERIES
from dashboards.exporter_now import FRESHNESS, NOW
from dashboards.model import Dashboard

DASHBOARD = Dashboard(
    uid="pg-oauth-exporter",
    title="PostgreSQL: exporter",
    what="The exporter itself: is what it serves fresh, what does it cost the servers, what fails, what does it take.",
    rows=(NOW, FRESHNESS, COST, ERRORS, SERIES, PROCESS),
)
