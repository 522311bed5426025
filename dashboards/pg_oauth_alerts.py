"""Owns the dashboard Alerts and SLO: what fires, what is left of the budget, how far each alert is from firing."""

from __future__ import annotations

from dashboards.alert_panels import rows
from dashboards.alert_state import LISTS, NOW, SLO
from dashboards.model import Dashboard

DASHBOARD = Dashboard(
    uid="pg-oauth-alerts",
    title="Alerts and SLO",
    what="What fires, how much of the availability budget is left, and how far each alert is from firing.",
    rows=(NOW, LISTS, SLO, *rows()),
)
