"""Owns how a table is made of one query a column: merged by their labels, in order, each with its own look."""

from __future__ import annotations

from collections.abc import Collection

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import table as table_builders
from grafana_foundation_sdk.models import common, dashboard

from dashboards import parts
from dashboards.model import Column, Evidence, Link, Table

# Pixels. Grafana's own least width, 150, would push columns off a small screen.
_LEAST, _LETTER, _AROUND = 75, 8, 24
_CELLS: dict[str, dict[str, str]] = {
    "background": {"type": "color-background", "mode": "basic"},
    "text": {"type": "color-text"},
    "gauge": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
}


def table(spec: Table, variables: Collection[str]) -> dashboard.Panel:
    """Return the panel."""
    made = table_builders.Panel().show_header(show_header=True).cell_height(common.TableCellHeight.SM)
    if spec.sort:
        order = common_builders.TableSortByFieldState().display_name(spec.sort).desc(desc=True)
        made = made.sort_by([order])
    made = made.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    made = made.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=_order(spec)))
    for _, title in spec.by:
        made = made.override_by_name(title, parts.properties(_of_label(spec, title, variables)))
    for column in spec.columns:
        made = made.override_by_name(column.title, parts.properties(_look(column, variables)))
    built = made.build()
    built.targets = [
        parts.target(column.expr, parts.letter(number), variables, now=True, table=True)
        for number, column in enumerate(spec.columns)
    ]
    return built


def _of_label(spec: Table, title: str, variables: Collection[str]) -> list[tuple[str, object]]:
    """Return the look of a label's column: what names the row is where the links are."""
    look: list[tuple[str, object]] = [
        ("noValue", "-"),
        ("unit", "string"),  # digits, such as a statement's identifier, are no number
        ("custom.minWidth", _room(title)),
    ]
    look += [("custom.width", width) for name, width in spec.widths if name == title]
    if spec.links:
        look.append(("links", _links(spec.links, variables)))
    return look


def _room(title: str) -> int:
    """Return the pixels that a heading takes."""
    return max(_LEAST, len(title) * _LETTER + _AROUND)


def _links(wanted: tuple[Link | Evidence, ...], variables: Collection[str]) -> list[dict[str, object]]:
    return [link.to_json() for link in parts.links(wanted, variables, table=True)]


def _order(spec: Table) -> dict[str, object]:
    """Return Grafana's options to leave out the time, name the columns and put them in order."""
    values = [_value(spec, number) for number in range(len(spec.columns))]
    titles = {label: title for label, title in spec.by if title != label}
    titles |= {value: column.title for value, column in zip(values, spec.columns, strict=True)}
    hidden = [value for value, column in zip(values, spec.columns, strict=True) if column.hidden]
    names = [*(label for label, _ in spec.by), *values]
    return {
        "excludeByName": dict.fromkeys(["Time", *hidden], True),
        "indexByName": {name: index for index, name in enumerate(names)},
        "renameByName": titles,
    }


def _value(spec: Table, number: int) -> str:
    """Return what Grafana calls the values of a query: with a letter only where there are several."""
    return "Value" if len(spec.columns) == 1 else f"Value #{parts.letter(number)}"


def _look(column: Column, variables: Collection[str]) -> list[tuple[str, object]]:
    look: list[tuple[str, object]] = [
        ("unit", column.unit),
        ("noValue", column.empty),
        ("custom.minWidth", _room(column.title)),
    ]
    if column.steps or column.words:
        steps = [{"value": value, "color": colour} for value, colour in column.steps or ((None, "text"),)]
        look.append(("thresholds", {"mode": "absolute", "steps": steps}))
        look.append(("custom.cellOptions", _CELLS[column.cell]))
    words = parts.mappings(
        column.words, column.empty, colour="transparent" if column.cell == "background" else "text"
    )
    look.append(("mappings", [mapping.to_json() for mapping in words]))
    if column.width is not None:
        look.append(("custom.width", column.width))
    if column.decimals is not None:
        look.append(("decimals", column.decimals))
    if column.links:
        look.append(("links", _links(column.links, variables)))
    return look
