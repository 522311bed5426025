"""Owns the dashboard Tokens: whether they are issued as usual, what the store holds, and what ends soon."""

from __future__ import annotations

from dashboards.model import Dashboard
from dashboards.tokens_flow import CODES, ISSUANCE, PEOPLE
from dashboards.tokens_now import NOW
from dashboards.tokens_store import CLIENTS, EXPIRY, STORE, WATCHED

DASHBOARD = Dashboard(
    uid="pg-oauth-tokens",
    title="OAuth2: tokens",
    what="Whether tokens are issued as usual, whether codes become tokens, what the store holds, what ends soon.",
    rows=(NOW, ISSUANCE, CODES, STORE, EXPIRY, PEOPLE, CLIENTS, WATCHED),
)
