"""Rules for folders of queries: which files are read, how variants are found, what no two files share."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.catalog import load, shipped_directory
from exporter.derive import DERIVATIONS
from exporter.errors import ConfigError
from query_files import GOOD, HEADER, SQL, catalog, family, fault, faults, write


def test_a_folder_is_a_set_and_a_file_is_a_query(tmp_path: Path) -> None:
    found = catalog(
        tmp_path, {"locks/held.sql": GOOD, "locks/waited.sql": family("pg_waits"), "x-1/a.sql": family("a")}
    )
    assert {name: query.set for name, query in found.queries.items()} == {
        "held": "locks",
        "waited": "locks",
        "a": "x-1",
    }
    assert found.optional_sets == frozenset()


def test_a_query_holds_its_sql_without_header_and_semicolon(tmp_path: Path) -> None:
    text = f"{HEADER}\n-- why\nselect 1;\n-- done\n"
    query = catalog(tmp_path, {"locks/held.sql": text}).queries["held"]
    assert query.variants == ((0, "-- why\nselect 1"),)


def test_files_of_other_kinds_are_not_read(tmp_path: Path) -> None:
    others = {"README.md": "x", "locks/notes.txt": "x", "locks/held.sql~": "x", "locks/.#held.sql": "x"}
    hidden = {".git/x.sql": "x", "..data/held.sql": "x", "empty/README.md": "", "locks/deeper/x.sql": "x"}
    assert list(catalog(tmp_path, {"locks/held.sql": GOOD, **others, **hidden}).queries) == ["held"]


def test_variants_are_in_ascending_order_and_the_highest_that_fits_runs(tmp_path: Path) -> None:
    files = {f"locks/held.{major}.sql": f"-- since: {major}\nselect {major}\n" for major in (9, 17, 14)}
    query = catalog(tmp_path, {"locks/held.sql": GOOD, **files}).queries["held"]
    assert [floor for floor, _ in query.variants] == [0, 9, 14, 17]
    endings = {major: str(query.sql_for(major))[-2:] for major in (8, 13, 14, 16, 17, 99)}
    assert endings == {8: "ks", 13: " 9", 14: "14", 16: "14", 17: "17", 99: "17"}


@pytest.mark.parametrize("rest", ["", "\n", "\n-- nothing before 14\n"])
def test_with_variants_a_file_may_be_a_header_alone(tmp_path: Path, rest: str) -> None:
    query = catalog(tmp_path, {"locks/held.sql": HEADER + rest, "locks/held.14.sql": "select 1"}).queries[
        "held"
    ]
    assert query.variants == ((14, "select 1"),)
    assert query.sql_for(13) is None


@pytest.mark.parametrize("rest", ["", "\n", "\n-- later\n", "\n;\n"])
def test_without_variants_a_file_without_sql_is_refused(tmp_path: Path, rest: str) -> None:
    assert fault(tmp_path, HEADER + rest).problem == "there is no SQL"


def test_a_variant_without_a_file_for_its_header_is_refused(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"locks/held.17.sql": "select 1"})
    assert (found.where, found.problem) == ("locks/held.17.sql", "has no held.sql beside it for the header")


@pytest.mark.parametrize("top", ["-- every: 5s\n\n", "-- why\n-- metrics:\n", "--help: x\n"])
def test_a_variant_with_a_header_is_refused_on_its_line(tmp_path: Path, top: str) -> None:
    [found] = faults(tmp_path, {"locks/held.sql": GOOD, "locks/held.17.sql": f"{top}select 1"})
    line = 2 if top.startswith("-- why") else 1
    assert (found.where, found.problem) == (f"locks/held.17.sql:{line}", "a variant with a header")


def test_a_comment_further_down_a_variant_is_no_header(tmp_path: Path) -> None:
    files = {"locks/held.sql": GOOD, "locks/held.17.sql": "select 1\n-- on: any\n, 2"}
    assert catalog(tmp_path, files).queries["held"].sql_for(17) == "select 1\n-- on: any\n, 2"


def test_a_variant_without_sql_is_refused(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"locks/held.sql": GOOD, "locks/held.17.sql": "-- later\n"})
    assert (found.where, found.problem) == ("locks/held.17.sql:1", "there is no SQL")


@pytest.mark.parametrize("text", ["", "\n", SQL, "\n" + GOOD, "select 1\n-- help: x\n"])
def test_a_file_without_a_header_is_refused(tmp_path: Path, text: str) -> None:
    found = faults(tmp_path, {"locks/held.sql": text})[0]
    assert (found.where, found.problem) == ("locks/held.sql:1", "there is no header")


def test_a_header_ends_with_an_empty_line(tmp_path: Path) -> None:
    found = fault(tmp_path, HEADER + SQL.lstrip())
    assert (found.where, found.problem) == ("locks/held.sql:7", "the header must end with an empty line")


def test_a_header_line_without_a_space_is_no_header_line(tmp_path: Path) -> None:
    found = fault(tmp_path, HEADER + "--limit: 5\n" + SQL)
    assert (found.where, found.remedy) == (
        "locks/held.sql:7",
        "header lines begin with two dashes and a space",
    )


@pytest.mark.parametrize(
    ("sql", "line", "words"),
    [
        ("select 1;\nselect 2", 9, "a second statement begins here"),
        ("select 1;;", 8, "a second statement begins here"),
        ("select 1,\n'a", 9, "is never closed"),
        ("select 1 /* a", 8, "is never closed"),
    ],
)
def test_a_file_holds_one_statement_and_closes_what_it_opens(
    tmp_path: Path, sql: str, line: int, words: str
) -> None:
    found = fault(tmp_path, f"{HEADER}\n{sql}\n")
    assert found.where == f"locks/held.sql:{line}"
    assert words in found.problem


@pytest.mark.parametrize(
    "name",
    ["Held.sql", "held-1.sql", "1held.sql", "held.017.sql", "held.170004.sql", "held.X.sql", "held.1.2.sql"],
)
def test_a_file_name_of_another_shape_is_refused(tmp_path: Path, name: str) -> None:
    [found] = faults(tmp_path, {"locks/held.sql": GOOD, f"locks/{name}": "select 1"})
    assert (found.where, found.problem) == (f"locks/{name}", "is no name for a query file")


@pytest.mark.parametrize("name", ["Locks", "my locks", "+locks", "a,b"])
def test_a_set_has_a_name_that_a_flag_can_carry(tmp_path: Path, name: str) -> None:
    [found] = faults(tmp_path, {f"{name}/held.sql": GOOD})
    assert (found.where, found.problem) == (name, "is no name for a set")


def test_a_file_outside_a_set_is_refused(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"held.sql": GOOD})
    assert (found.where, found.problem) == ("held.sql", "is in no set")


def test_a_set_is_off_when_its_file_says_so(tmp_path: Path) -> None:
    files = {
        "a/set.yaml": "help: x\ndefault: off\n",
        "b/set.yaml": "help: x\ndefault: on\n",
        "c/set.yaml": "help: x",
    }
    assert catalog(tmp_path, files).optional_sets == {"a"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("default: off", 1, "help: is missing"),
        ("help: x\ndefault: false", 2, "default: must be one of on, off"),
        ("help: x\nevery: 5s", 2, "every: unknown key (known: default, help, names)"),
        ("help: [", 1, "not valid YAML"),
        ("- help", 1, "must be a mapping"),
        ("", 1, "help: is missing"),
    ],
)
def test_a_set_file_is_held_to_its_keys(tmp_path: Path, text: str, line: int, words: str) -> None:
    found = faults(tmp_path, {"a/set.yaml": text})[0]
    assert found.where == f"a/set.yaml:{line}"
    assert words in str(found)


def test_any_other_yaml_in_a_set_is_refused(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"a/sets.yaml": "help: x"})
    assert (found.where, found.problem) == ("a/sets.yaml", "is not read")


def test_a_family_belongs_to_one_query_and_the_fault_names_both_files(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"a/one.sql": GOOD, "b/two.sql": GOOD})
    assert (found.where, found.key) == ("b/two.sql:6", "metrics.pg_locks")
    assert found.problem == f"is already declared by {tmp_path}/a/one.sql"


def test_a_counter_and_a_gauge_may_not_be_one_family_to_openmetrics(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"a/one.sql": family("pg_x"), "b/two.sql": family("pg_x_total", "counter")})
    assert found.where == "b/two.sql:6"
    assert found.problem == f"is the family pg_x to OpenMetrics, as is pg_x of {tmp_path}/a/one.sql"


def test_a_query_name_stands_for_one_query_in_all_sets(tmp_path: Path) -> None:
    [found] = faults(tmp_path, {"a/held.sql": GOOD, "b/held.sql": family("pg_x")})
    assert (found.where, found.problem) == (
        "b/held.sql",
        f"the query held is already defined by {tmp_path}/a/held.sql",
    )


def test_a_later_folder_adds_queries_to_a_set_and_redefines_none(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    write(first, {"locks/held.sql": GOOD})
    write(second, {"locks/more.sql": family("pg_more")})
    assert {query.set for query in load([first, second], ()).queries.values()} == {"locks"}
    write(second, {"locks/held.sql": family("pg_x")})
    with pytest.raises(
        ConfigError, match=rf"second/locks/held.sql: .* already defined by {first}/locks/held.sql"
    ):
        load([first, second], ())


def test_all_faults_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    files = {
        "a/one.sql": GOOD.replace("15s", "x"),
        "a/two.sql": family("pg_two").replace("gauge", "guage"),
        "a/two.17.sql": "select 1; select 2",
        "b/three.sql": GOOD,
        "b/set.yaml": "help: ''",
    }
    assert [found.where for found in faults(tmp_path, files)] == [
        "a/one.sql:2",
        "a/two.17.sql:1",
        "a/two.sql:6",
        "b/set.yaml:1",
        "b/three.sql:6",
    ]


def test_broken_yaml_does_not_hide_faults_of_the_sql(tmp_path: Path) -> None:
    found = faults(tmp_path, {"a/one.sql": HEADER.replace("[mode]", "[mode") + "\nselect 1;\nselect 2"})
    assert [(each.where, each.problem[:14]) for each in found] == [
        ("a/one.sql:5", "not valid YAML"),
        ("a/one.sql:9", "a second state"),
    ]


def test_a_folder_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="the folder cannot be read: no such file or directory"):
        load([tmp_path / "none"], ())


def test_a_file_instead_of_a_folder_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {"held.sql": GOOD})
    with pytest.raises(ConfigError, match="the folder cannot be read: not a directory"):
        load([tmp_path / "held.sql"], ())


def test_a_file_that_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "gone.sql").symlink_to(tmp_path / "nowhere")
    (tmp_path / "a" / "held.17.sql").mkdir()
    (tmp_path / "a" / "set.yaml").mkdir()
    found = faults(tmp_path, {"a/held.sql": GOOD})
    assert [(each.where, each.problem) for each in found] == [
        ("a/gone.sql", "the file cannot be read: no such file or directory"),
        ("a/held.17.sql", "the file cannot be read: is a directory"),
        ("a/set.yaml", "the file cannot be read: is a directory"),
    ]


def test_a_file_that_is_not_utf8_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path, {"a/held.sql": GOOD})
    (tmp_path / "a" / "held.sql").write_bytes(GOOD.encode() + b"-- \xe9\n")
    [found] = faults(tmp_path, {})
    assert (found.where, found.problem) == ("a/held.sql:9", "is not UTF-8 text")


def test_no_query_in_a_folder_is_fine(tmp_path: Path) -> None:
    assert catalog(tmp_path, {}).queries == {}


def test_the_shipped_queries_are_there_and_without_fault() -> None:
    assert load([shipped_directory()], DERIVATIONS).queries


def test_the_schema_of_an_extension_can_stand_only_where_an_extension_is_needed(tmp_path: Path) -> None:
    file = GOOD + "-- and :extension_schema\n+ :extension_schema.f(1)\n"
    [found] = faults(tmp_path, {"a/held.sql": file})
    assert (found.key, found.problem) == ("needs", ":extension_schema is of an extension")
    needy = file.replace("-- labels", "-- needs: {extension: x}\n-- labels")
    assert "held" in catalog(tmp_path, {"a/held.sql": needy}).queries
