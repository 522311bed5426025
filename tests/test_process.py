"""The real process against real servers, from the start to SIGTERM."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from daemon import Daemon
from programs import require
from prometheus import ask, prometheus
from proxy import Proxy
from servers import Server
from shipped import TOKENS, grant_columns

SOME_TOKENS = """
INSERT INTO public.tokens (token_id, token_type, access_token, expires_at, revoked_at)
SELECT gen_random_uuid(), kind, md5(n::text), now() AT TIME ZONE 'UTC' + age,
    CASE WHEN n % 10 = 0 THEN now() END
FROM generate_series(1, 100) AS n,
    (VALUES ('access', interval '1 hour'), ('access', interval '-1 hour'), ('refresh', interval '30 days'))
        AS token (kind, age);
"""
SLOW_QUERY = """\
-- help: Sleeps.
-- every: 1h
-- timeout: 20s
-- labels: []
-- metrics:
--   test_slept: {column: slept, type: gauge, help: "1 when it slept well."}

SELECT 1 AS slept FROM pg_catalog.pg_sleep(4)
"""


@pytest.fixture
def store(a_server: Server, database: str) -> str:
    """The DSN of the role `monitor` for a database with 300 tokens."""
    dsn = a_server.monitor_dsn(database)
    a_server.execute(TOKENS + SOME_TOKENS, database)
    grant_columns(a_server, database)
    return dsn


def _config(dsn: str, **more: object) -> dict[str, object]:
    return {"targets": [{"name": "main", "dsn": dsn}], **more}


@pytest.mark.slow
def test_the_first_complete_page_is_there_within_seconds_and_is_valid(tmp_path: Path, store: str) -> None:
    with Daemon(tmp_path, _config(store)) as daemon:
        daemon.until_ready()
        page = daemon.get("/metrics").text
        assert daemon.samples("pg_up", target="main") == [1]
        assert daemon.samples("oauth2_tokens", kind="access", state="active") == [90]
        assert daemon.samples("oauth2_tokens", kind="access", state="expired") == [90]
        assert daemon.samples("oauth2_tokens", kind="access", state="revoked") == [20]
        assert daemon.samples("oauth2_tokens", kind="refresh", state="active") == [90]
        hba = {"reason": "privilege", "query": "hba"}  # a right that few give
        assert daemon.samples("pg_exporter_query_skipped", reason="privilege") == daemon.samples(
            "pg_exporter_query_skipped", **hba
        )
    promtool = require("promtool")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=page, text=True, capture_output=True, check=False
    )
    # Names that PostgreSQL made, such as ..._count, are linted too; an invalid page is what must not be.
    assert "error while linting" not in done.stderr, done.stderr


@pytest.mark.slow
def test_a_real_prometheus_scrapes_the_token_series(tmp_path: Path, store: str) -> None:
    with Daemon(tmp_path, _config(store)) as daemon:
        daemon.until_ready()
        with prometheus(tmp_path, f"127.0.0.1:{daemon.port}") as url:
            daemon.until(lambda: ask(url, 'up{job="exporter"}') == [1.0], "be scraped", 30)
            assert ask(url, 'pg_up{target="main"}') == [1.0]
            assert ask(url, 'oauth2_tokens{kind="refresh",state="active"}') == [90.0]
            assert ask(url, "sum(oauth2_tokens)") == [300.0]
            assert ask(url, "scrape_samples_scraped > 100")


@pytest.mark.slow
@pytest.mark.parametrize(("grace", "ended"), [("10s", "finished"), ("300ms", "cancelled")])
def test_sigterm_in_the_middle_of_a_query_waits_for_it_within_the_grace_period(
    tmp_path: Path, a_server: Server, store: str, grace: str, ended: str
) -> None:
    (tmp_path / "mine" / "slow").mkdir(parents=True)
    (tmp_path / "mine" / "slow" / "sleep.sql").write_text(SLOW_QUERY)
    sleeping = (
        "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(4)%' AND pid <> pg_backend_pid()"
    )
    config = _config(store, queries_dirs=[str(tmp_path / "mine")], shutdown_grace=grace)
    with Daemon(tmp_path, config) as daemon:
        daemon.until(lambda: a_server.execute(sleeping + " AND state = 'active'") == [(1,)], "run the query")
        started = time.monotonic()
        daemon.process.send_signal(signal.SIGTERM)
        assert daemon.process.wait(15) == 0
        seconds = time.monotonic() - started
    assert (seconds > 2) is (ended == "finished"), f"ended after {seconds:.1f} s"
    assert seconds < 6
    _until(lambda: a_server.execute(sleeping) == [(0,)])
    assert "Traceback" not in daemon.logs
    assert "stopped" in daemon.logs


def _until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.slow
def test_a_daemon_whose_database_is_down_starts_says_so_and_recovers_by_itself(
    tmp_path: Path, a_server: Server, store: str
) -> None:
    with Proxy(a_server.host, a_server.port) as proxy:
        proxy.cut()
        with Daemon(tmp_path, _config(_through(proxy, store))) as daemon:
            daemon.until_ready()
            assert daemon.samples("pg_up") == [0]
            proxy.heal()
            daemon.until(lambda: daemon.samples("pg_up") == [1], "recover", 30)
            daemon.until(lambda: bool(daemon.samples("oauth2_tokens")), "show tokens")


def _through(proxy: Proxy, dsn: str) -> str:
    parts = psycopg.conninfo.conninfo_to_dict(dsn)
    parts.update(host=proxy.host, port=proxy.port)
    return psycopg.conninfo.make_conninfo("", **parts)


@pytest.mark.slow
def test_a_server_that_goes_away_takes_its_values_at_once_and_another_target_keeps_its_own(
    tmp_path: Path, a_server: Server, store: str
) -> None:
    with Proxy(a_server.host, a_server.port) as proxy:
        config = {
            "targets": [{"name": "near", "dsn": store}, {"name": "far", "dsn": _through(proxy, store)}],
            "queries": {"tokens": {"every": "5s"}, "stat_activity": {"every": "2s"}},
        }
        with Daemon(tmp_path, config) as daemon:
            daemon.until_ready()
            assert daemon.samples("oauth2_tokens", target="far")
            proxy.cut()
            daemon.until(lambda: daemon.samples("pg_up", target="far") == [0], "notice", 20)
            assert daemon.samples("oauth2_tokens", target="far") == []
            assert daemon.samples("pg_up", target="near") == [1]
            assert daemon.samples("oauth2_tokens", target="near")
            proxy.heal()
            daemon.until(lambda: bool(daemon.samples("oauth2_tokens", target="far")), "recover", 40)


@pytest.mark.slow
def test_a_server_that_accepts_and_never_answers_is_noticed_and_scrapes_stay_fast(
    tmp_path: Path, a_server: Server, store: str
) -> None:
    with Proxy(a_server.host, a_server.port) as proxy:
        target = {"name": "main", "dsn": _through(proxy, store), "connect_timeout": "2s"}
        config = {"targets": [target], "queries": {"stat_activity": {"every": "2s", "timeout": "500ms"}}}
        with Daemon(tmp_path, config) as daemon:
            daemon.until_ready()
            proxy.freeze()
            slowest = 0.0

            def down() -> bool:
                nonlocal slowest
                started = time.monotonic()
                values = daemon.samples("pg_up")
                slowest = max(slowest, time.monotonic() - started)
                return values == [0]

            daemon.until(down, "notice that nobody answers", 60)
            assert slowest < 2
            proxy.thaw()
            daemon.until(lambda: daemon.samples("pg_up") == [1], "recover", 60)


@pytest.mark.slow
def test_a_locked_table_costs_only_the_queries_that_read_it_a_turn(
    tmp_path: Path, a_server: Server, database: str, store: str
) -> None:
    config = _config(
        store, queries={"tokens": {"every": "1s", "timeout": "500ms"}, "stat_activity": {"every": "2s"}}
    )
    with Daemon(tmp_path, config) as daemon:
        daemon.until_ready()
        with psycopg.connect(a_server.dsn(database)) as holder:
            holder.execute("LOCK TABLE public.tokens IN ACCESS EXCLUSIVE MODE")

            def runs(query: str, outcome: str) -> float:
                return sum(daemon.samples("pg_exporter_query_runs_total", query=query, outcome=outcome))

            daemon.until(lambda: runs("tokens", "locked") >= 2, "miss turns")
            good = runs("stat_activity", "ok")
            daemon.until(lambda: runs("stat_activity", "ok") > good, "go on with the others")
            assert runs("stat_activity", "locked") == 0
            assert daemon.samples("pg_up") == [1]


@pytest.mark.slow
def test_a_reload_takes_a_good_configuration_and_keeps_the_old_one_when_the_new_is_bad(
    tmp_path: Path, store: str
) -> None:
    def state() -> tuple[list[float], bool]:
        reload = daemon.samples("pg_exporter_config_last_reload_successful")
        return reload, bool(daemon.samples("pg_up", target="second"))

    with Daemon(tmp_path, _config(store)) as daemon:
        daemon.until_ready()
        good = {"targets": [{"name": "main", "dsn": store}, {"name": "second", "dsn": store}]}
        daemon.configure(good)
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: state() == ([1], True), "take the second target")
        daemon.configure({**_config(store), "targets_files": ["targets.d/*.yaml"]})
        (tmp_path / "targets.d").mkdir()
        (tmp_path / "targets.d" / "more.yaml").write_text(f"targets: [{{name: third, dsn: '{store}'}}]")
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: daemon.samples("pg_up", target="third") == [1], "take a target of a new file")
        daemon.configure({"targets": [{"name": "main", "dns": store}]})
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: state() == ([0], False), "refuse the bad configuration")
        assert "the old one stays in force" in daemon.logs
        assert store not in daemon.logs
        daemon.configure(_config(store, queries={"tokens": {"enabled": False}}))
        daemon.process.send_signal(signal.SIGHUP)
        daemon.until(lambda: state() == ([1], False), "let the second target go")
        daemon.until(lambda: not daemon.samples("oauth2_tokens"), "switch the token query off")
