"""Owns the dashboard Queries: which statements take the time, what they cost, how busy the server is."""

from __future__ import annotations

from dashboards.model import Dashboard
from dashboards.queries_now import NOW
from dashboards.queries_server import INPUT_OUTPUT, SERVER, SESSIONS, STATISTICS
from dashboards.queries_statements import CHANGE, COST, TIME

DASHBOARD = Dashboard(
    uid="pg-oauth-queries",
    title="PostgreSQL: queries",
    what="Which statements take the time, what changed, what they cost, and how busy the server is.",
    rows=(NOW, TIME, CHANGE, SERVER, COST, SESSIONS, INPUT_OUTPUT, STATISTICS),
)
