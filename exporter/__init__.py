"""pg-oauth-exporter: polls PostgreSQL and the OAuth2 tokens in it, serves Prometheus metrics."""

__version__ = "0.1.0"
