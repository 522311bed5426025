"""What the exporter says about itself."""

from exporter.model import (
    Column,
    Family,
    JobKey,
    MetricType,
    Outcome,
    OutcomeKind,
    Query,
    ServerInfo,
    Skip,
    SkipReason,
)
from exporter.render import fragment
from exporter.sharding import Shard
from exporter.telemetry import Telemetry

KEY = JobKey("pg_locks", "main")
QUERY = Query(
    name="pg_locks",
    set="locks",
    help="Locks.",
    every=15.0,
    timeout=2.0,
    labels=(),
    columns=(Column("pg_locks", "locks", MetricType.GAUGE, "Locks held."),),
    variants=((0, "select 1"),),
    path="queries/locks/pg_locks.sql",
)


def _telemetry() -> Telemetry:
    return Telemetry(lambda: 1000.0)


def _values(families: tuple[Family, ...]) -> dict[str, object]:
    return {
        " ".join((family.name, *sample.labels)): sample.value
        for family in families
        for sample in family.samples
    }


def test_before_the_first_run_a_job_has_zero_counts_and_no_times() -> None:
    values = _values(_telemetry().job_families(KEY, QUERY))
    assert values["pg_exporter_query_runs_total main pg_locks ok"] == 0
    assert values["pg_exporter_query_runs_total main pg_locks timeout"] == 0
    assert values["pg_exporter_query_up main pg_locks"] == 0
    assert values["pg_exporter_query_interval_seconds main pg_locks"] == 15.0
    assert "pg_exporter_query_last_success_timestamp_seconds main pg_locks" not in values
    assert "pg_exporter_query_duration_seconds main pg_locks" not in values


def test_a_good_run_counts_its_time_samples_and_drops() -> None:
    telemetry = _telemetry()
    telemetry.record(
        KEY,
        Outcome(
            OutcomeKind.OK,
            at=990.0,
            seconds=0.5,
            server_seconds=0.25,
            rows=3,
            samples=2,
            dropped={"limit": 7},
        ),
    )
    values = _values(telemetry.job_families(KEY, QUERY))
    assert values["pg_exporter_query_runs_total main pg_locks ok"] == 1
    assert values["pg_exporter_query_up main pg_locks"] == 1
    assert values["pg_exporter_query_last_success_timestamp_seconds main pg_locks"] == 990.0
    assert values["pg_exporter_query_seconds_total main pg_locks"] == 0.5
    assert values["pg_exporter_query_server_seconds_total main pg_locks"] == 0.25
    assert values["pg_exporter_query_samples main pg_locks"] == 2
    assert values["pg_exporter_series_dropped_total main pg_locks limit"] == 7
    assert "pg_exporter_series_dropped_total main pg_locks duplicate" not in values


def test_a_failure_after_a_success_keeps_the_time_of_the_success() -> None:
    telemetry = _telemetry()
    telemetry.record(KEY, Outcome(OutcomeKind.OK, at=990.0))
    telemetry.record(KEY, Outcome(OutcomeKind.DENIED, at=995.0))
    values = _values(telemetry.job_families(KEY, QUERY))
    assert values["pg_exporter_query_up main pg_locks"] == 0
    assert values["pg_exporter_query_runs_total main pg_locks denied"] == 1
    assert values["pg_exporter_query_last_success_timestamp_seconds main pg_locks"] == 990.0


def test_a_job_in_a_database_is_told_apart_by_datname() -> None:
    families = _telemetry().job_families(JobKey("pg_locks", "main", "shop"), QUERY)
    up = next(family for family in families if family.name == "pg_exporter_query_up")
    assert up.label_names == ("target", "datname", "query")
    assert up.samples[0].labels == ("main", "shop", "pg_locks")


def test_a_forgotten_job_starts_from_zero() -> None:
    telemetry = _telemetry()
    telemetry.record(KEY, Outcome(OutcomeKind.OK, at=990.0))
    telemetry.forget(KEY)
    assert telemetry.last_outcome(KEY) is None
    assert telemetry.last_success(KEY) is None


def test_a_skipped_query_says_why() -> None:
    skip = Skip(SkipReason.EXTENSION, "pg_stat_statements is not created")
    values = _values(_telemetry().skip_families(KEY, skip))
    assert values == {"pg_exporter_query_skipped main pg_locks extension": 1}


def test_a_target_that_is_down_says_only_that() -> None:
    server = ServerInfo(170004, "17.4", in_recovery=False, database="oauth2", role="monitor", databases=())
    telemetry = _telemetry()
    probes = {"ok": 4, "failed": 0}
    down = _values(telemetry.target_families("main", up=False, server=server, probes=probes))
    up = _values(telemetry.target_families("main", up=True, server=server, probes=probes))
    always = {"pg_exporter_probes_total main ok": 4, "pg_exporter_probes_total main failed": 0}
    assert down == {"pg_up main": 0} | always
    assert up == {"pg_up main": 1, "pg_exporter_target_info main postgresql oauth2 monitor": 1} | always


def test_the_process_tells_its_version_memory_and_scrapes() -> None:
    telemetry = _telemetry()
    telemetry.scraped()
    telemetry.reloaded(ok=False)
    values = _values(telemetry.process_families(series=42))
    assert values["pg_exporter_series"] == 42
    assert values["pg_exporter_scrapes_total"] == 1
    assert values["pg_exporter_config_last_reload_successful"] == 0
    resident = values["process_resident_memory_bytes"]
    assert isinstance(resident, float)
    assert resident > 1e6


def test_a_shard_tells_which_of_how_many_it_is_and_a_process_without_shards_does_not() -> None:
    telemetry = _telemetry()
    assert "pg_exporter_shard_info" not in {each.name for each in telemetry.process_families(series=0)}
    values = _values(telemetry.process_families(series=0, shard=Shard(2, 5)))
    assert values["pg_exporter_shard_info 2 5"] == 1


def test_every_own_family_can_be_rendered_and_belongs_to_one_type() -> None:
    telemetry = _telemetry()
    telemetry.record(KEY, Outcome(OutcomeKind.OK, at=990.0))
    for family in (*telemetry.job_families(KEY, QUERY), *telemetry.process_families(series=1)):
        rendered = fragment(family)
        assert rendered.samples == len(family.samples)
        assert (family.type is MetricType.COUNTER) == family.name.endswith("_total")
