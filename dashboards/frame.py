"""Owns what is around the panels, the same on every dashboard: variables, links, annotations, numbers, places."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from dashboards import parts
from dashboards.expression import filtered
from dashboards.layout import Place, number, places
from dashboards.model import AnyPanel, Dashboard, Row
from dashboards.panels import panel

TAG = "pg-oauth-exporter"
_ROW = 1  # the height of a row's title

# Name: label, and where its values come from.
VARIABLES = {
    "job": ("Job", "label_values(pg_exporter_build_info, job)"),
    "target": ("Target", 'label_values(pg_up{job=~"$job"}, target)'),
    "datname": (
        "Database",
        'label_values(pg_stat_database_numbackends{job=~"$job",target=~"$target"}, datname)',
    ),
}


class RepeatedKeyError(ValueError):
    """Two panels of a dashboard have the same key, so that their numbers would not differ."""


def build(spec: Dashboard) -> dict[str, object]:
    """Return a dashboard as Grafana loads it.

    Raises:
        RepeatedKeyError: give one of the two panels a `key` of its own.
    """
    made = (
        builders.Dashboard(spec.title)
        .uid(spec.uid)
        .description(spec.what)
        .tags([TAG])
        .readonly()
        .refresh("1m")
        .time("now-6h", "now")
        .timezone("browser")
        .tooltip(dashboard.DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .with_variable(builders.DatasourceVariable("datasource").label("Data source").type("prometheus"))
    )
    for name in spec.variables:
        made = made.with_variable(_variable(name))
    for annotation in _annotations(spec.variables):
        made = made.annotation(annotation)
    built = made.build()
    built.panels = list(_placed(spec))
    _check_numbers(spec)
    encoded = json.loads(JSONEncoder(sort_keys=True).encode(built))
    return {**_visible(encoded), "id": None}


def _visible(encoded: dict[str, Any]) -> dict[str, Any]:
    """Return the dashboard without the SDK's wish to hide links and annotations in a menu of Grafana 12."""
    for each in (*encoded["annotations"]["list"], *encoded["links"]):
        del each["placement"]
    return encoded


def _others() -> builders.DashboardLink:
    link = builders.DashboardLink("Dashboards").type(dashboard.DashboardLinkType.DASHBOARDS).tags([TAG])
    return link.as_dropdown(as_dropdown=True).include_vars(include_vars=True).keep_time(keep_time=True)


def _variable(name: str) -> builders.QueryVariable:
    label, query = VARIABLES[name]
    made = (
        builders.QueryVariable(name)
        .label(label)
        .datasource(parts.SOURCE)
        .query(query)
        .refresh(dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(dashboard.VariableSort.ALPHABETICAL_ASC)
        .multi(multi=True)
        .include_all(include_all=True)
        .current(dashboard.VariableOption(selected=True, text="All", value="$__all"))
    )
    # All jobs are those that are exporters of ours, and no other: `up` is everybody's.
    return made if name == "job" else made.all_value(".+")


# Name, colour, expression, text. The value is the time of the event, in milliseconds, unless it says 0 or 1.
_EVENTS = (
    ("Restarts", "red", "pg_postmaster_start_time_seconds * 1000", "{{target}} was started", True),
    ("Failovers", "purple", "changes(pg_timeline[5m]) > 0", "{{target}}: a new timeline began", False),
    (
        "Migrations",
        "blue",
        "max by (target, datname) (oauth2_migration_last_timestamp_seconds) * 1000",
        "{{datname}} on {{target}} was migrated",
        True,
    ),
    (
        "Settings",
        "yellow",
        "pg_config_load_timestamp_seconds * 1000",
        "{{target}} read its configuration",
        True,
    ),
)


def _annotations(variables: Collection[str]) -> Iterator[builders.AnnotationQuery]:
    for name, colour, expr, text, timed in _EVENTS:
        yield (
            builders.AnnotationQuery()
            .name(name)
            .datasource(parts.SOURCE)
            .enable(enable=True)
            .icon_color(colour)
            .expr(filtered(expr, variables))
            .title_format(text)
            .step("60s")
            .use_value_for_time(use_value_for_time=timed)
        )


def _placed(spec: Dashboard) -> Iterator[dashboard.Panel | dashboard.RowPanel]:
    top = 0
    for row in spec.rows:
        head = dashboard.RowPanel(
            title=row.question, collapsed=row.folded, id_val=number(f"row {row.question}")
        )
        head.grid_pos = _position(Place(0, top, 24, _ROW))
        yield head
        top += _ROW
        sizes = [(each.width, each.height) for each in row.panels]
        found = list(places(sizes, top))
        made = [_at(each, place, spec.variables) for each, place in zip(row.panels, found, strict=True)]
        if row.folded:
            head.panels = made
        else:
            yield from made
            top = max((place.y + place.height for place in found), default=top)


def _at(spec: AnyPanel, place: Place, variables: Collection[str]) -> dashboard.Panel:
    made = panel(spec, variables)
    made.id_val, made.grid_pos = number(_key(spec)), _position(place)
    return made


def _key(spec: AnyPanel) -> str:
    return spec.key or spec.title


def _position(place: Place) -> dashboard.GridPos:
    return dashboard.GridPos(x=place.x, y=place.y, w=place.width, h=place.height)


def _check_numbers(spec: Dashboard) -> None:
    taken: dict[int, str] = {}
    for key in _keys(spec.rows):
        other = taken.setdefault(number(key), key)
        if other != key or list(_keys(spec.rows)).count(key) > 1:
            raise RepeatedKeyError(f"{spec.uid}: {key!r} has the number of {other!r}; give it another key")


def _keys(rows: tuple[Row, ...]) -> Iterator[str]:
    for row in rows:
        yield f"row {row.question}"
        yield from map(_key, row.panels)


def written(made: Mapping[str, object]) -> str:
    """Return the text of the file: a difference shows line by line."""
    return json.dumps(made, indent=1, ensure_ascii=False) + "\n"
