"""Rules about the source itself: who may import whom, how long a file may be, what a comment may hold.

The table of docs/design.md is the rule for imports and is read from there: page and code cannot differ.
"""

from __future__ import annotations

import ast
import re
import statistics
import sys
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "exporter"
ANYTHING = "anything"


@dataclass(frozen=True, slots=True)
class Row:
    """What one module may import: of ours, and of others; `anything` in a set allows all."""

    ours: frozenset[str]
    others: frozenset[str]


def cell(text: str) -> frozenset[str]:
    """Read names from a cell such as "model, errors", "-" or "anything"."""
    names = (name.strip(" `").rstrip("/").replace("-", "_") for name in text.split(","))
    return frozenset(name for name in names if name.strip("_"))


def import_table(page: str) -> dict[str, Row]:
    """Read the table under the heading "### 2.1"; the cell of a module may name several."""
    section = re.split(r"^##", page.split("\n### 2.1", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    lines = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    header, _rule, *rows = [[part.strip() for part in line] for line in lines]
    assert header == ["module", "owns", "may import (ours)", "third party"]
    return {
        name.strip("` /"): Row(cell(row[-2]), cell(row[-1])) for row in rows for name in row[0].split(",")
    }


TABLE = import_table((ROOT / "docs/design.md").read_text())
MODULES = {
    path.stem: path
    for path in sorted(PACKAGE.iterdir())
    if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py")))
}
FOLDERS = ("exporter", "tests", "benchmarks", "dashboards")
SOURCES = sorted(path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py"))
PUT_OFF = re.compile(r"\b(TODO|FIXME|XXX)\b")
BLANKET = re.compile(r"type: ?ignore(?!\[)|noqa(?!: ?[A-Z]+[0-9])")


def imported(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a file, or a folder of files, imports."""
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{file}:{node.lineno}: write the import in full"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def split(names: Iterator[str], modules: Mapping[str, Path]) -> tuple[set[str], set[str]]:
    """Part imported names into modules of ours and roots of third parties; the standard library is free."""
    parts = [name.split(".") for name in names]
    ours = {each[1] for each in parts if each[0] == "exporter" and len(each) > 1 and each[1] in modules}
    others = {each[0] for each in parts} - {"exporter"} - sys.stdlib_module_names
    return ours, others


@pytest.mark.parametrize("module", MODULES)
def test_a_module_imports_only_what_the_design_allows(module: str) -> None:
    if module == "__init__":
        assert split(imported(MODULES[module]), MODULES) == (set(), set())
        return
    described = module in TABLE
    assert described, f"docs/design.md, table of 2.1: add a row for {module}"
    ours, others = split(imported(MODULES[module]), MODULES)
    row = TABLE[module]
    excess = set() if ANYTHING in row.ours else ours - row.ours - {module}
    foreign = set() if ANYTHING in row.others else others - row.others
    assert (excess, foreign) == (set(), set()), f"docs/design.md does not let {module} import these"


def test_the_design_allows_no_circle() -> None:
    graph = {name: row.ours - {ANYTHING} for name, row in TABLE.items()}
    TopologicalSorter(graph).prepare()


def test_the_design_names_only_modules_it_describes() -> None:
    named = frozenset[str]().union(*(row.ours for row in TABLE.values())) - {ANYTHING}
    assert named <= TABLE.keys()


def test_a_cell_of_the_table_reads_as_names() -> None:
    page = "\n### 2.1 x\n| module | owns | may import (ours) | third party |\n|-|-|-|-|\n"
    page += "| `a/`, b | x \\| y | model, `derive/` | pydantic-settings |\n| c | z | - | anything |\n"
    page += "\n### 2.2 y\n| d |"
    row = Row(frozenset({"model", "derive"}), frozenset({"pydantic_settings"}))
    assert import_table(page) == {"a": row, "b": row, "c": Row(frozenset(), frozenset({ANYTHING}))}


def test_imports_inside_functions_and_type_checking_blocks_count(tmp_path: Path) -> None:
    file = tmp_path / "a.py"
    inside = "if 1:\n    import psycopg.rows\ndef f():\n    from exporter import model, __version__\n"
    file.write_text(f"import os\n{inside}")
    assert split(imported(file), {"model": file}) == ({"model"}, {"psycopg"})


def test_no_file_is_longer_than_300_lines() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: length for name, length in lengths.items() if length > 300} == {}


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield every function of a file as "file:line name" with its length in lines."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            place = f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            yield place, (node.end_lineno or node.lineno) - node.lineno + 1


def test_no_function_is_longer_than_50_lines() -> None:
    lengths = [each for path in SOURCES for each in functions(path)]
    assert [each for each in lengths if each[1] > 50] == []


def test_half_of_the_functions_have_at_most_12_lines() -> None:
    lengths = [length for path in SOURCES if path.is_relative_to(PACKAGE) for _, length in functions(path)]
    assert statistics.median(lengths) <= 12


def test_every_module_says_in_its_first_line_what_it_owns() -> None:
    first = {
        str(path.relative_to(ROOT)): (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]
        for path in SOURCES
    }
    assert [name for name, line in first.items() if len(line.split()) < 3] == []


def comments(path: Path) -> Iterator[tuple[str, str]]:
    """Yield every comment of a file with its place."""
    with path.open("rb") as file:
        for token in tokenize.tokenize(file.readline):
            if token.type == tokenize.COMMENT:
                yield f"{path.relative_to(ROOT)}:{token.start[0]}", token.string


def test_no_comment_puts_work_off() -> None:
    assert [place for path in SOURCES for place, text in comments(path) if PUT_OFF.search(text)] == []


def test_a_silenced_warning_names_its_code() -> None:
    assert [place for path in SOURCES for place, text in comments(path) if BLANKET.search(text)] == []
