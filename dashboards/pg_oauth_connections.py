"""Owns the dashboard Connections and locks: who holds connections, who waits, and for whom."""

from __future__ import annotations

from dashboards.connections_holders import COMINGS, HOLDERS
from dashboards.connections_locks import BLOCKING, LOCKS, TRANSACTIONS, WAITS
from dashboards.connections_now import NOW
from dashboards.connections_pooler import POOLER
from dashboards.model import Dashboard

DASHBOARD = Dashboard(
    uid="pg-oauth-connections",
    title="PostgreSQL: connections and locks",
    what="Who holds the connections, who blocks whom, what sessions wait for, and which transactions stay open.",
    rows=(NOW, HOLDERS, BLOCKING, WAITS, TRANSACTIONS, LOCKS, COMINGS, POOLER),
)
