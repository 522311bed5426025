"""What the pages for people say, and how they are served."""

import hashlib
import json
import re
from dataclasses import replace

import pytest

from exporter.dashboard_files import dashboards_in, shipped_directory
from exporter.pauses import By, Pause
from exporter.status import EvidenceStatus, QueryStatus
from sites import STATUS, Site


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


def test_the_status_page_lists_the_targets_and_leads_to_each() -> None:
    answer = Site().ask("/")
    assert answer.headers["content-type"].startswith("text/html")
    assert 'href="targets/main"' in answer.text
    assert "PostgreSQL 17.4, primary" in answer.text
    assert answer.text.index("connection refused") < answer.text.index("17.4")
    assert "pg_locks" not in answer.text


def test_the_page_of_a_target_shows_its_queries_and_leads_to_its_evidence() -> None:
    page = Site().ask("/targets/main").text
    assert "pg_locks" in page
    assert "10 s ago" in page
    assert "CREATE it" in page
    assert 'href="../evidence/main/blocking?format=html"' in page
    assert "going on" in page
    assert Site().ask("/targets/mian").status_code == 404


def test_the_status_page_of_a_single_target_is_that_of_the_target_and_more() -> None:
    page = Site(replace(STATUS, targets=STATUS.targets[:1])).ask("/").text
    assert "pg_locks" in page
    assert 'href="evidence/main/blocking?format=html"' in page
    assert "1.2.3" in page


HOSTILE = "<script>alert(1)</script>\"'&{{ 7 * 7 }}"


@pytest.mark.parametrize("path", ["/", "/?q=x", "/targets/main"])
def test_what_servers_and_configurations_say_is_only_text(path: str) -> None:
    query = QueryStatus(HOSTILE, HOSTILE, HOSTILE, "failing", HOSTILE, HOSTILE, 5.0, 1.0, None, 1.0)
    kind = EvidenceStatus(HOSTILE, HOSTILE, "", 1, 1050.0, lasting=True)
    main = replace(
        *STATUS.targets[:1],
        queries=(query, replace(query, state="skipped")),
        evidence=(kind,),
        problem=HOSTILE,
        version=HOSTILE,
        database=HOSTILE,
        role=HOSTILE,
        worst=HOSTILE,
    )
    other = replace(main, name=HOSTILE)
    status = replace(
        STATUS, targets=(main, other), disabled=(query,), reload_faults=(HOSTILE,), not_ready=(HOSTILE,)
    )
    page = Site(status).ask(path.replace("x", "alert")).text
    assert "alert(1)" in page
    assert "<script>alert" not in page
    assert HOSTILE[-15:] not in page
    assert "49" not in page


def test_the_search_text_comes_back_escaped() -> None:
    page = Site().ask("/", parameters={"q": HOSTILE}).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(
    "path", ["/", "/targets/main", "/evidence/main/?format=html", "/evidence/main/blocking?format=html"]
)
def test_a_page_may_load_nothing_but_what_it_names_here_and_runs_nothing_inline(path: str) -> None:
    answer = Site().ask(path)
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["cache-control"] == "no-store"
    assert not re.search(r"<style|<script>|\sstyle=|\son[a-z]+=|(src|href)=\"(https?:)?//", answer.text)


def test_files_are_kept_by_browsers_under_an_address_that_changes_with_them() -> None:
    site = Site()
    addresses = re.findall(r"assets/[^\"]+", site.ask("/").text)
    assert len(addresses) == 2
    for address in addresses:
        plain, packed = site.ask(f"/{address}"), site.ask(f"/{address}", {"Accept-Encoding": "gzip"})
        assert "immutable" in plain.headers["cache-control"]
        assert packed.headers["content-encoding"] == "gzip"
        assert plain.text == packed.text
        assert hashlib.sha256(plain.content).hexdigest()[:12] in address
        assert site.ask(f"/{address}x").status_code == 404


def test_a_compressed_page_is_the_same_page() -> None:
    plain, packed = (Site().ask("/targets/main", {"Accept-Encoding": each}) for each in ("", "gzip"))
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.text == plain.text


def test_with_a_grafana_the_page_of_a_target_leads_to_its_dashboards() -> None:
    boards = dashboards_in("https://grafana.example/sub/")
    page = Site(dashboards=boards).ask("/targets/main").text
    assert 'href="https://grafana.example/sub/d/pg-oauth-target?var-target=main"' in page
    assert "Dashboards" not in Site(dashboards=dashboards_in("")).ask("/targets/main").text


def test_every_dashboard_takes_the_target_that_a_link_names() -> None:
    for path in shipped_directory().glob("*.json"):
        variables = json.loads(path.read_text())["templating"]["list"]
        assert "target" in {variable["name"] for variable in variables}, path.name


def test_a_bad_configuration_and_what_is_not_ready_are_on_the_first_page() -> None:
    status = replace(STATUS, reload_faults=("exporter.yaml:3: missing",), not_ready=("main: not yet",))
    page = Site(status).ask("/").text
    assert "exporter.yaml:3: missing" in page
    assert "main: not yet" in page


def test_the_page_of_a_target_that_is_left_alone_says_by_what_and_until_when() -> None:
    main = STATUS.targets[0]
    pause = Pause(By.ENDPOINT, 1000.0, 4600.0, HOSTILE)
    paused = replace(main, state="paused", paused=pause, problem=str(pause))
    page = Site(replace(STATUS, targets=(paused, *STATUS.targets[1:]))).ask("/targets/main").text
    assert "paused by endpoint" in page
    assert "until 1970-01-01 01:16:40 UTC" in page
    assert "<script>alert" not in page
    follower = replace(main, state="follower", leader=False)
    page = Site(replace(STATUS, targets=(follower, *STATUS.targets[1:]))).ask("/targets/main").text
    assert "Another replica polls this target" in page


def test_labels_and_the_shard_are_shown() -> None:
    labelled = replace(STATUS.targets[0], labels={"env": HOSTILE, "team": "red"})
    site = Site(replace(STATUS, targets=(labelled, *STATUS.targets[1:]), shard="2/5"))
    for path in ("/", "/targets/main"):
        assert "red" in site.ask(path).text
        assert "<script>alert" not in site.ask(path).text
    assert "shard 2/5" in site.ask("/").text
