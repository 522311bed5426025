"""Routes, headers and status codes; served in process, without a socket."""

from dataclasses import replace

from sites import STATUS, Site


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


def test_reloading_over_http_is_off_unless_enabled() -> None:
    assert Site().ask("/-/reload", method="POST").status_code == 403


def test_a_reload_tells_the_faults_that_kept_it_from_happening() -> None:
    good, bad = Site(faults=()), Site(faults=("exporter.yaml:3: targets: missing",))
    assert good.ask("/-/reload", method="POST").status_code == 200
    answer = bad.ask("/-/reload", method="POST")
    assert (answer.status_code, answer.text) == (400, "exporter.yaml:3: targets: missing\n")
    assert (good.reloads, bad.reloads) == (1, 1)


def test_a_page_of_another_site_cannot_make_a_browser_reload_the_configuration() -> None:
    site = Site(faults=())
    refused = site.ask("/-/reload", {"Sec-Fetch-Site": "cross-site"}, method="POST")
    assert (refused.status_code, site.reloads) == (403, 0)
    allowed = site.ask("/-/reload", {"Sec-Fetch-Site": "same-origin"}, method="POST")
    assert (allowed.status_code, site.reloads) == (200, 1)


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
