"""Owns the dashboard Target: one server, from "is something wrong" down to its settings."""

from __future__ import annotations

from dashboards.model import Dashboard
from dashboards.target_capacity import CAPACITY, SETTINGS
from dashboards.target_health import HEALTH
from dashboards.target_problems import PERFORMANCE, PROBLEMS

DASHBOARD = Dashboard(
    uid="pg-oauth-target",
    title="PostgreSQL: target",
    what="One server: is something wrong, what needs attention, is it fast, how long will it last.",
    rows=(HEALTH, PROBLEMS, PERFORMANCE, CAPACITY, SETTINGS),
)
