"""Rules for alternatives: which of the ways to one answer runs, by what a database has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from exporter.model import DatabaseInfo, ExtensionInfo, JobKey, Query, Scope, ServerInfo, SkipReason, Target
from exporter.plan import plan
from exporter.scout import Known
from exporter.targets import skip
from gateway import role, using
from query_files import SQL, catalog, changed, faults
from servers import Server

TWO = changed(
    "labels: [mode]",
    "labels: [mode]\n-- alternatives:\n"
    "--   helper: {function: tools.f}\n--   exact: {extension: pgstattuple}",
)
FILES = {
    "locks/held.sql": TWO,
    "locks/held.17.sql": "select 'plain 17'",
    "locks/held.helper.sql": "select 'helper'",
    "locks/held.helper.18.sql": "select 'helper 18'",
    "locks/held.exact.sql": "select 'exact'",
}


def runs(query: Query, info: DatabaseInfo, major: int = 17) -> str:
    """Return the end of the SQL that the plan runs in a database."""
    server = ServerInfo(major * 10000, str(major), False, "app", "monitor", ("app",))
    here = replace(query, scope=Scope.DATABASE)
    made = plan(Target("main", "host=x"), {query.name: here}, server, {"app": Known(info)})
    return str(made.active[JobKey(query.name, "main", "app")].sql_for(major)).split("'")[1]


@pytest.mark.parametrize(
    ("functions", "extensions", "version", "expected"),
    [
        ({}, (), 16, "x"),
        ({}, (), 17, "plain 17"),
        ({"tools.f": True}, (), 17, "helper"),
        ({"tools.f": True}, (), 18, "helper 18"),
        ({"tools.f": False}, (), 17, "plain 17"),
        ({}, ("pgstattuple",), 17, "exact"),
        ({"tools.f": True}, ("pgstattuple",), 17, "helper"),
    ],
)
def test_the_first_alternative_whose_needs_are_met_runs_and_else_the_query_itself(
    tmp_path: Path, functions: Mapping[str, bool], extensions: tuple[str, ...], version: int, expected: str
) -> None:
    query = catalog(tmp_path, FILES).queries["held"]
    info = DatabaseInfo("app", dict.fromkeys(extensions, ExtensionInfo("1", "public")), {}, functions)
    assert runs(query, info, version) == expected


def test_an_alternative_for_later_versions_alone_leaves_earlier_ones_to_the_query(tmp_path: Path) -> None:
    files = {name: text for name, text in FILES.items() if name != "locks/held.helper.sql"}
    query = catalog(tmp_path, files).queries["held"]
    info = DatabaseInfo("app", functions={"tools.f": True})
    assert (runs(query, info, 17), runs(query, info, 18)) == ("plain 17", "helper 18")


def test_a_header_and_its_alternatives_must_name_each_other(tmp_path: Path) -> None:
    files = {**FILES, "locks/held.other.17.sql": "select 1"}
    del files["locks/held.exact.sql"]
    found = {(fault.where, fault.problem) for fault in faults(tmp_path, files)}
    assert found == {
        ("locks/held.sql:7", "has no file"),
        ("locks/held.other.17.sql", "is an alternative that held.sql does not name"),
    }


def test_an_alternative_holds_sql_alone(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {**FILES, "locks/held.exact.sql": f"-- every: 5s\n{SQL}"})
    assert (found.where, found.problem) == ("locks/held.exact.sql:1", "a variant with a header")


def test_an_alternative_without_the_query_is_refused(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"locks/held.helper.sql": "select 1"})
    assert found.problem == "has no held.sql beside it for the header"


def test_a_query_that_needs_a_function_is_skipped_without_it_and_without_the_right(tmp_path: Path) -> None:
    text = changed("labels: [mode]", "labels: [mode]\n-- needs: {function: tools.f}")
    query = catalog(tmp_path, {"locks/held.sql": text}).queries["held"]
    server = ServerInfo(170000, "17", False, "app", "monitor", ("app",))
    known: tuple[dict[str, bool], ...] = ({}, {"tools.f": False}, {"tools.f": True})
    found = [skip(query, server, DatabaseInfo("app", functions=functions)) for functions in known]
    reasons = [one and one.reason for one in found]
    assert reasons == [SkipReason.FUNCTION, SkipReason.PRIVILEGE, None]


def test_a_function_is_executable_with_the_schema_and_with_each_of_its_name(
    a_server: Server, database: str
) -> None:
    a_server.execute(
        "CREATE SCHEMA tools; CREATE FUNCTION tools.f() RETURNS int LANGUAGE sql AS 'SELECT 1';"
        " REVOKE ALL ON FUNCTION tools.f() FROM PUBLIC",
        database,
    )
    with role(a_server) as (name, password):
        dsn = a_server.dsn(database, name, password)

        def asked() -> dict[str, bool]:
            wanted = ("tools.f", "tools.nix", "nix", "Tools.F")
            return dict(using(dsn, lambda gateway: gateway.database_info((), None, wanted)).functions)

        found = [asked()]
        for grant in (f"EXECUTE ON FUNCTION tools.f() TO {name}", f"USAGE ON SCHEMA tools TO {name}"):
            a_server.execute(f"GRANT {grant}", database)
            found.append(asked())
        a_server.execute(
            "CREATE FUNCTION tools.f(int) RETURNS int LANGUAGE sql AS 'SELECT 1';"
            " REVOKE ALL ON FUNCTION tools.f(int) FROM PUBLIC",
            database,
        )
        found.append(asked())
        a_server.execute(f"DROP OWNED BY {name}", database)
    both = [{"tools.f": held, "Tools.F": held} for held in (False, False, True, False)]
    assert found == both


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{function: tools.f}", "{functoin: tools.f}", "did you mean function?"),
        ("{function: tools.f}", "tools.f", "must be a mapping"),
        ("scope", "over: [tokens]\n-- scope", "are not for token stores"),
    ],
)
def test_a_fault_of_an_alternative_is_told_with_its_place(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    text = TWO.replace("-- labels", "-- scope: database\n-- labels").replace(old, new)
    found = faults(tmp_path, {**FILES, "locks/held.sql": text})
    assert any(
        fault.key.startswith("alternatives") and words in f"{fault.problem} ({fault.remedy})"
        for fault in found
    )
