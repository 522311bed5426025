"""Which jobs follow from what is known about a target."""

from dataclasses import replace

from exporter.errors import QueryError
from exporter.model import (
    Column,
    DatabaseInfo,
    ExtensionInfo,
    JobKey,
    MetricType,
    Needs,
    OutcomeKind,
    Query,
    Scope,
    ServerInfo,
    SkipReason,
    Target,
)
from exporter.plan import Facts, plan, visited
from exporter.scout import Known
from exporter.token_store import TokenStore
from shipped import SEED

TARGET = Target("main", "postgresql://127.0.0.1/app")
SERVER = ServerInfo(
    170004, "17.4", in_recovery=False, database="app", role="monitor", databases=("app", "shop")
)
ONCE = Query(
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
EACH = replace(ONCE, name="pg_tables", scope=Scope.DATABASE)
QUERIES = {"pg_locks": ONCE, "pg_tables": EACH}
FACTS: Facts = {"app": Known(DatabaseInfo("app")), "shop": Known(DatabaseInfo("shop"))}


def test_a_server_query_gives_one_job_and_a_database_query_one_for_each_database() -> None:
    made = plan(TARGET, QUERIES, SERVER, FACTS)
    assert set(made.active) == {
        JobKey("pg_locks", "main"),
        JobKey("pg_tables", "main", "app"),
        JobKey("pg_tables", "main", "shop"),
    }
    assert not made.skipped


def test_databases_that_are_not_selected_get_no_jobs() -> None:
    target = replace(TARGET, exclude_databases=("shop",))
    assert JobKey("pg_tables", "main", "shop") not in plan(target, QUERIES, SERVER, FACTS).active
    assert visited(target, QUERIES, SERVER) == ()


def test_a_query_is_skipped_only_where_what_it_needs_is_missing() -> None:
    needy = replace(EACH, needs=Needs(extension="pgstattuple"))
    facts = {
        **FACTS,
        "shop": Known(DatabaseInfo("shop", extensions={"pgstattuple": ExtensionInfo("1.5", "public")})),
    }
    made = plan(TARGET, {"pg_tables": needy}, SERVER, facts)
    assert set(made.active) == {JobKey("pg_tables", "main", "shop")}
    assert made.skipped[JobKey("pg_tables", "main", "app")].reason is SkipReason.EXTENSION


def test_a_query_of_an_extension_runs_in_the_schema_that_each_database_keeps_it_in() -> None:
    needy = replace(
        EACH, needs=Needs(extension="pgstattuple"), variants=((0, "select :extension_schema.f()"),)
    )
    facts: Facts = {
        name: Known(DatabaseInfo(name, {"pgstattuple": ExtensionInfo("1.5", schema)}))
        for name, schema in (("app", "public"), ("shop", "Tools"))
    }
    made = plan(TARGET, {"pg_tables": needy}, SERVER, facts).active
    assert made[JobKey("pg_tables", "main", "app")].sql_for(17) == "select public.f()"
    assert made[JobKey("pg_tables", "main", "shop")].sql_for(17) == 'select "Tools".f()'


def test_a_database_that_cannot_be_reached_is_skipped_with_the_reason_and_the_others_run() -> None:
    facts: Facts = {**FACTS, "shop": QueryError(OutcomeKind.CONNECT, "permission denied for database")}
    made = plan(TARGET, QUERIES, SERVER, facts)
    skip = made.skipped[JobKey("pg_tables", "main", "shop")]
    assert skip.reason is SkipReason.CONNECTIONS
    assert "permission denied" in skip.detail
    assert JobKey("pg_tables", "main", "app") in made.active


def test_a_target_with_one_connection_visits_no_other_database_and_says_so() -> None:
    target = replace(TARGET, max_connections=1)
    made = plan(target, QUERIES, SERVER, {"app": Known(DatabaseInfo("app"))})
    assert "max_connections is 1" in made.skipped[JobKey("pg_tables", "main", "shop")].detail
    assert visited(target, QUERIES, SERVER) == ()
    assert visited(TARGET, QUERIES, SERVER) == ("shop",)


def test_no_database_is_visited_when_no_query_wants_it() -> None:
    assert visited(TARGET, {"pg_locks": ONCE}, SERVER) == ()


def test_a_database_without_a_store_gets_no_job_when_the_store_is_elsewhere() -> None:
    query = replace(EACH, name="tokens", over=("tokens",), variants=((0, "select kind from :tokens as t"),))
    none = TokenStore(None, "", "saw nothing")
    found = Known(DatabaseInfo("shop"), TokenStore(SEED, "public", "seed fits"))
    one = plan(TARGET, {"tokens": query}, SERVER, {"app": Known(DatabaseInfo("app"), none), "shop": found})
    assert {key.database for key in (*one.active, *one.skipped)} == {"shop"}
    nowhere: Facts = {name: Known(DatabaseInfo(name), none) for name in ("app", "shop")}
    two = plan(TARGET, {"tokens": query}, SERVER, nowhere)
    assert {key.database: skip.detail for key, skip in two.skipped.items()} == {
        "app": "no token store was recognised: saw nothing",
        "shop": "no token store was recognised: saw nothing",
    }
