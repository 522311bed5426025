"""Owns the dashboard Tables, bloat and vacuum: what vacuum does not get to, and where space goes."""

from __future__ import annotations

from dashboards.model import Dashboard
from dashboards.tables_detail import ENDS, PARTS, RUNNING
from dashboards.tables_now import NOW
from dashboards.tables_space import BLOAT, GROWTH, INDEXES
from dashboards.tables_vacuum import FREEZE, HORIZON, VACUUM

DASHBOARD = Dashboard(
    uid="pg-oauth-tables",
    title="PostgreSQL: tables, bloat and vacuum",
    what="Whether vacuum keeps up and what keeps it from it, how far wraparound is, and where space is wasted.",
    rows=(NOW, VACUUM, HORIZON, BLOAT, FREEZE, INDEXES, GROWTH, ENDS, RUNNING, PARTS),
)
