"""Owns the dashboard WAL, replication and backups: whether anything would be lost."""

from __future__ import annotations

from dashboards.model import Dashboard
from dashboards.wal_backups import BACKUPS, DETAIL, WRITTEN
from dashboards.wal_now import NOW
from dashboards.wal_replication import KEPT, LOGICAL, REPLAY, STANDBYS

DASHBOARD = Dashboard(
    uid="pg-oauth-wal",
    title="PostgreSQL: WAL, replication and backups",
    what="Whether anything would be lost: standbys, slots, the archive, backups.",
    rows=(NOW, STANDBYS, KEPT, WRITTEN, BACKUPS, REPLAY, LOGICAL, DETAIL),
)
