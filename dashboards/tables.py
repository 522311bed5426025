"""Owns how a table is made of one query a column: merged by their labels, in order, each with its own look."""

from __future__ import annotations

from collections.abc import Collection

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import table as table_builders
from grafana_foundation_sdk.models import common, dashboard

from dashboards import parts
from dashboards.model import Column, Table

_CELLS: dict[str, dict[str, str]] = {
    "background": {"type": "color-background", "mode": "basic"},
    "text": {"type": "color-text"},
    "gauge": {"type": "gauge", "mode": "basic", "valueDisplayMode": "text"},
}


def table(spec: Table, variables: Collection[str]) -> dashboard.Panel:
    """Return the panel; the heading of a label's column is what links from its cells are about."""
    made = table_builders.Panel().show_header(show_header=True).cell_height(common.TableCellHeight.SM)
    if spec.sort:
        order = common_builders.TableSortByFieldState().display_name(spec.sort).desc(desc=True)
        made = made.sort_by([order])
    made = made.with_transformation(dashboard.DataTransformerConfig(id_val="merge", options={}))
    made = made.with_transformation(dashboard.DataTransformerConfig(id_val="organize", options=_order(spec)))
    for title, width in spec.widths:
        made = made.override_by_name(title, parts.properties([("custom.width", width)]))
    for column in spec.columns:
        if look := _look(column, variables):
            made = made.override_by_name(column.title, parts.properties(look))
    built = made.build()
    built.targets = [
        parts.target(column.expr, parts.letter(number), variables, now=True, table=True)
        for number, column in enumerate(spec.columns)
    ]
    return built


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
    look: list[tuple[str, object]] = [("unit", column.unit)]
    if column.steps or column.words:
        steps = [{"value": value, "color": colour} for value, colour in column.steps or ((None, "text"),)]
        look.append(("thresholds", {"mode": "absolute", "steps": steps}))
        look.append(("custom.cellOptions", _CELLS[column.cell]))
    if column.words:
        look.append(("mappings", [mapping.to_json() for mapping in parts.mappings(column.words)]))
    if column.width is not None:
        look.append(("custom.width", column.width))
    if column.decimals is not None:
        look.append(("decimals", column.decimals))
    if column.links:
        look.append(("links", [link.to_json() for link in parts.links(column.links, variables, table=True)]))
    return look
