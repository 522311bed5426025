"""Routes, headers and status codes; served in process, without a socket."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import httpx
import pytest

from exporter import web
from exporter.evidence import Evidence
from exporter.model import Family, JobKey, MetricType, Query, Rows, Sample
from exporter.render import fragment
from exporter.status import EvidenceStatus, QueryStatus, Status, TargetStatus
from exporter.store import Store
from exporter.telemetry import Telemetry

EVIDENT = Query("tree", "locks", "Trees.", 15.0, 1.0, (), (), (), "tree.sql", evidence="blocking")
STATUS = Status(
    version="1.2.3",
    started=1000.0,
    now=1060.0,
    series=2,
    not_ready=(),
    targets=(
        TargetStatus(
            name="main",
            up=True,
            problem="",
            engine="postgresql",
            version="17.4",
            standby=False,
            database="oauth2",
            role="monitor",
            queries=(
                QueryStatus("pg_locks", "locks", None, "ok", every=15.0, last_success=1050.0, samples=7),
                QueryStatus("oauth2_tokens", "oauth2", "app", "skipped", "relation: <none>", "CREATE it"),
            ),
            evidence=(
                EvidenceStatus("blocking", "Who waits.", "evidence/main/blocking", 1, 1050.0, lasting=True),
            ),
        ),
    ),
    disabled=(),
)


def _evidence() -> Evidence:
    """One episode, which goes on: a session in two runs."""
    evidence = Evidence(keep=5)
    for at in (1035.0, 1050.0):
        columns = ("depth", "pid", "usename", "waiting_seconds", "query")
        rows = Rows(columns, [(0, 41, "app<b>", None, None), (1, 42, "web", 125.2, "select 1")])
        evidence.note(JobKey("tree", "main"), EVIDENT, rows, at)
    return evidence


class Site:
    """The application over a store with one series for each of two targets."""

    def __init__(self, status: Status = STATUS, faults: tuple[str, ...] | None = None) -> None:
        store = Store(lambda: 0.0)
        for target in ("main", "replica"):
            family = Family("pg_locks", MetricType.GAUGE, "Locks.", ("target",), (Sample((target,), 1),))
            store.put(JobKey("pg_locks", target), [fragment(family)], 1.0)
        self.telemetry = Telemetry(lambda: 0.0)
        self.reloads = 0

        async def reload() -> tuple[str, ...]:
            self.reloads += 1
            return faults or ()

        self._app = web.create(
            web.Backend(
                store,
                self.telemetry,
                lambda: status,
                lambda: frozenset({"main", "replica"}),
                None if faults is None else reload,
                _evidence(),
            )
        )

    def ask(self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> httpx.Response:
        async def exchange() -> httpx.Response:
            transport = httpx.ASGITransport(app=self._app)
            async with httpx.AsyncClient(transport=transport, base_url="http://exporter") as client:
                return await client.request(method, path, headers={"Accept-Encoding": "", **(headers or {})})

        return asyncio.run(exchange())


def test_metrics_are_text_unless_openmetrics_is_asked_for() -> None:
    site = Site()
    text = site.ask("/metrics")
    openmetrics = site.ask("/metrics", {"Accept": "application/openmetrics-text;version=1.0.0"})
    assert text.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert 'pg_locks{target="main"} 1\n' in text.text
    assert openmetrics.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0")
    assert openmetrics.text.endswith("# EOF\n")


def test_a_compressed_page_is_the_same_page() -> None:
    site = Site()
    plain = site.ask("/metrics")
    packed = site.ask("/metrics", {"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text  # httpx has decompressed it
    assert plain.headers["vary"] == "Accept, Accept-Encoding"


def test_a_subset_of_targets_can_be_scraped() -> None:
    site = Site()
    assert "replica" not in site.ask("/metrics?target=main").text
    both = site.ask("/metrics?target=main&target=replica").text
    assert both == site.ask("/metrics").text


def test_an_unknown_target_is_a_404_that_names_the_known_ones() -> None:
    answer = Site().ask("/metrics?target=mian")
    assert answer.status_code == 404
    assert answer.text == "no target named mian; there are: main, replica\n"


def test_health_is_about_the_process_alone() -> None:
    ailing = replace(STATUS, not_ready=("target main: no query has succeeded lately",))
    assert Site(ailing).ask("/healthz").status_code == 200


def test_readiness_says_what_is_missing() -> None:
    ailing = replace(STATUS, not_ready=("target main: no query has succeeded lately",))
    assert Site().ask("/readyz").status_code == 200
    answer = Site(ailing).ask("/readyz")
    assert (answer.status_code, answer.text) == (503, "target main: no query has succeeded lately\n")


def test_the_status_is_one_json_document() -> None:
    document = Site().ask("/api/v1/status").json()
    assert document["targets"][0]["queries"][1]["reason"] == "relation: <none>"
    assert document["series"] == 2


def test_the_page_shows_every_query_and_escapes_what_others_wrote() -> None:
    answer = Site().ask("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert "pg_locks" in answer.text
    assert "10s ago" in answer.text
    assert "relation: &lt;none&gt;" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_reloading_over_http_is_off_unless_enabled() -> None:
    assert Site().ask("/-/reload", method="POST").status_code == 403


def test_a_reload_tells_the_faults_that_kept_it_from_happening() -> None:
    good, bad = Site(faults=()), Site(faults=("exporter.yaml:3: targets: missing",))
    assert good.ask("/-/reload", method="POST").status_code == 200
    answer = bad.ask("/-/reload", method="POST")
    assert (answer.status_code, answer.text) == (400, "exporter.yaml:3: targets: missing\n")
    assert (good.reloads, bad.reloads) == (1, 1)


def test_reload_is_a_post_and_unknown_paths_are_404() -> None:
    site = Site(faults=())
    assert site.ask("/-/reload").status_code == 405
    assert site.ask("/nothing").status_code == 404
    assert site.reloads == 0


def test_scrapes_are_counted() -> None:
    site = Site()
    site.ask("/metrics")
    site.ask("/metrics?target=nobody")
    families = {family.name: family for family in site.telemetry.process_families(series=0)}
    assert families["pg_exporter_scrapes_total"].samples[0].value == 1


def test_evidence_is_json_with_the_newest_snapshot_first() -> None:
    answer = Site().ask("/evidence/main/blocking")
    assert answer.headers["cache-control"] == "no-store"
    [episode] = answer.json()["episodes"]
    assert (episode["began"], episode["ended"], episode["runs"]) == (1035.0, None, 2)
    assert [snapshot["at"] for snapshot in episode["snapshots"]] == [1050.0, 1035.0]
    assert episode["snapshots"][0]["rows"][0] == {
        "depth": 0,
        "pid": 41,
        "usename": "app<b>",
        "waiting_seconds": None,
        "query": None,
    }


def test_a_browser_gets_evidence_as_a_page_on_which_nothing_runs() -> None:
    answer = Site().ask("/evidence/main/blocking", {"Accept": "text/html,*/*"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "app&lt;b&gt;" in answer.text
    assert "waits for 2 min" in answer.text
    assert "Going on" in answer.text


def test_the_form_of_evidence_can_be_asked_for_in_the_address() -> None:
    site = Site()
    assert site.ask("/evidence/main/blocking?format=html").headers["content-type"].startswith("text/html")
    plain = site.ask("/evidence/main/blocking?format=json", {"Accept": "text/html"})
    assert plain.headers["content-type"] == "application/json"


@pytest.mark.parametrize("path", ["main/other", "replica/blocking"])
def test_evidence_that_there_is_not_is_not_found(path: str) -> None:
    assert Site().ask(f"/evidence/{path}").status_code == 404


def test_the_kinds_of_a_target_are_listed_with_the_time_of_the_newest_and_lead_to_their_pages() -> None:
    site = Site()
    [kind] = site.ask("/evidence/main/").json()["kinds"]
    assert (kind["kind"], kind["newest"], kind["lasting"]) == ("blocking", 1050.0, True)
    page = site.ask("/evidence/main/?format=html")
    assert "default-src 'none'" in page.headers["content-security-policy"]
    assert 'href="blocking?format=html"' in page.text
    assert "going on, seen 10 s ago" in page.text
    assert "Who waits." in page.text


def test_a_target_without_evidence_has_an_empty_list_and_one_that_is_not_there_has_none() -> None:
    site = Site()
    assert site.ask("/evidence/replica/").json()["kinds"] == []
    assert "No evidence" in site.ask("/evidence/replica/?format=html").text
    assert site.ask("/evidence/other/").status_code == 404


def test_the_status_page_leads_to_the_evidence() -> None:
    page = Site().ask("/").text
    assert 'href="evidence/main/blocking?format=html"' in page
    assert "going on" in page
