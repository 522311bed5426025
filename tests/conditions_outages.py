"""Owns the conditions in which a server or the exporter goes away or cannot do its work."""

from __future__ import annotations

import signal
from collections.abc import Iterator

from conditions import leads_to, told
from installation import SHOP, Installation


@leads_to(told("PostgresDown", "critical", target="down"))
def a_server_is_killed(site: Installation) -> Iterator[None]:
    cluster = site.clusters["down"]
    site.signal("down", signal.SIGKILL)
    cluster.stop()
    (cluster.data / "postmaster.pid").unlink()  # it still says that the server is ready
    yield
    cluster.start(cluster.port)


@leads_to(told("PostgresDown", "critical", target="frozen"))
def a_server_freezes(site: Installation) -> Iterator[None]:
    site.signal("frozen", signal.SIGSTOP)
    try:
        yield
    finally:
        site.signal("frozen", signal.SIGCONT)


@leads_to(told("PgOauthExporterDown", "critical", instance="spare"))
def an_exporter_is_killed(site: Installation) -> Iterator[None]:
    spare = site.exporters["spare"]
    spare.process.kill()
    yield
    spare.restart()


@leads_to(told("PgOauthExporterReloadFailed", instance="second"))
def a_configuration_with_a_fault_is_reloaded(site: Installation) -> Iterator[None]:
    second = site.exporters["second"]
    second.configure({**site.configs["second"], "no_such_key": 1})
    second.process.send_signal(signal.SIGHUP)
    yield
    second.configure(site.configs["second"])
    second.process.send_signal(signal.SIGHUP)


@leads_to(
    told("PgOauthExporterQueryTimeouts", target="crowded", query="shop_carts"),
    told("PgOauthExporterQueryStale", target="crowded", query="shop_carts"),
    told("PostgresIdleInTransaction", target="crowded", datname=SHOP, usename="postgres"),
    told("PostgresTransactionOld", target="crowded", datname=SHOP, usename="postgres"),
)
def somebody_locks_what_a_query_reads(site: Installation) -> Iterator[None]:
    with site.session("crowded", "postgres") as session:
        session.execute("BEGIN; LOCK TABLE carts")
        yield
