"""Owns the dashboards as Grafana loads them (`<uid>.json`) and the Python that builds them."""
