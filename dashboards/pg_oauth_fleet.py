"""Owns the dashboard Fleet overview: is anything wrong, on which target, what changed, how is sign-in."""

from __future__ import annotations

from dashboards.fleet_rows import AUTH, CHANGED, WRONG
from dashboards.fleet_targets import POLLED, TARGETS
from dashboards.model import Dashboard

DASHBOARD = Dashboard(
    uid="pg-oauth-fleet",
    title="PostgreSQL: fleet overview",
    what="All targets at a glance: is anything wrong, which one, what changed, and how the token stores do.",
    variables=("job", "target"),
    rows=(WRONG, TARGETS, CHANGED, AUTH, POLLED),
)
