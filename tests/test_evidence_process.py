"""The daemon keeps who blocked whom and shows it to people, and counts pools by its configuration."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from daemon import Daemon
from servers import Server
from sessions import finish, start

_WAITING = "wait_event_type = 'Lock'"
# No number: a timestamp on the page could hold the same digits.
_SECRET = "only-in-the-text-of-a-query"


@pytest.mark.slow
@pytest.mark.parametrize("query_text", [False, True])
def test_a_blocking_tree_is_served_with_texts_only_where_the_configuration_says_so(
    tmp_path: Path, a_server: Server, database: str, query_text: bool
) -> None:
    config = {
        "targets": [{"name": "main", "dsn": a_server.monitor_dsn(database)}],
        "sets": ["locks", "connections"],
        "evidence": {"query_text": query_text},
        "pools": {"web": "oauth2-%"},
    }
    dsn = a_server.dsn(database)
    with (
        psycopg.connect(dsn, autocommit=True, application_name="oauth2-holder") as holder,
        psycopg.connect(dsn, autocommit=True, application_name="oauth2-waiter") as waiter,
    ):
        pids = [connection.info.backend_pid for connection in (holder, waiter)]
        holder.execute(f"BEGIN; SELECT pg_advisory_xact_lock(hashtext('{_SECRET}'))")
        start(waiter, f"SELECT pg_advisory_lock(hashtext('{_SECRET}'))", a_server, _WAITING)
        try:
            with Daemon(tmp_path, config) as daemon:
                daemon.until_ready()
                page = daemon.get("/evidence/main/blocking?format=html").text
                document = daemon.get("/evidence/main/blocking").json()
                status = daemon.get("/api/v1/status").json()
                assert daemon.samples("pg_pool_sessions", pool="web", state="active") == [1]
                metrics = daemon.get("/metrics").text
        finally:
            finish(waiter)
    [episode] = document["episodes"]
    root, blocked = episode["snapshots"][0]["rows"]
    assert ([root["pid"], blocked["pid"]], blocked["waits_for"]) == (pids, [root["pid"]])
    assert root["application_name"] == "oauth2-holder"
    assert blocked["lock"] == "advisory ExclusiveLock"
    assert "oauth2-waiter" in page
    assert (_SECRET in page) is query_text
    assert _SECRET not in metrics
    [kept] = [kind for kind in status["targets"][0]["evidence"] if kind["kind"] == "blocking"]
    assert (kept["path"], kept["episodes"], kept["lasting"]) == ("evidence/main/blocking", 1, True)


@pytest.mark.slow
def test_no_evidence_is_kept_where_the_configuration_says_so(tmp_path: Path, a_server: Server) -> None:
    target = {"name": "main", "dsn": a_server.monitor_dsn()}
    config = {"targets": [target], "sets": ["locks"], "evidence": {"enabled": False}}
    with Daemon(tmp_path, config) as daemon:
        daemon.until_ready()
        assert daemon.get("/evidence/main/blocking").status_code == 404
        disabled = {query["query"] for query in daemon.get("/api/v1/status").json()["disabled"]}
    assert "blocking_evidence" in disabled
    assert "blocking" not in disabled
