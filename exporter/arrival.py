"""Owns what is logged when a target is up."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from exporter.engines import ENGINE_NAMES, Engine
from exporter.model import NEWEST_TESTED, OLDEST_TESTED, ServerInfo

log = logging.getLogger(__name__)


def announce(target: str, server: ServerInfo, jobs: int, outage: Mapping[str, object]) -> None:
    """Say which server is there, how many jobs it gets, and what there is to say of its outage."""
    version = f"{ENGINE_NAMES[server.engine]} {server.version}"
    facts = {"target": target, "version": version, "standby": server.in_recovery}
    log.info("target is up", extra={**facts, "jobs": jobs, **outage})
    is_tested = OLDEST_TESTED <= server.major <= NEWEST_TESTED
    if server.engine is Engine.POSTGRESQL and not is_tested:
        log.warning("the queries were not tested on this version", extra=facts)
