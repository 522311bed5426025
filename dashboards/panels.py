"""Owns how each kind of panel becomes one of Grafana's."""

from __future__ import annotations

from collections.abc import Collection
from functools import singledispatch

from grafana_foundation_sdk.builders import (
    bargauge,
    heatmap,
    stat,
    statetimeline,
    text,
    timeseries,
)
from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.models import common, dashboard
from grafana_foundation_sdk.models import text as text_models

from dashboards import parts
from dashboards.model import (
    AnyPanel,
    Bars,
    Graph,
    Heat,
    Note,
    Panel,
    Query,
    Steps,
    Table,
    Tile,
    Timeline,
    Words,
)
from dashboards.tables import table

_FAINT, _FULL = 12, 60  # opacity of the area below a line, alone and in a stack


def panel(spec: AnyPanel, variables: Collection[str]) -> dashboard.Panel:
    """Return a panel without its place and its number."""
    made = _body(spec, variables)
    made.title = spec.title
    made.datasource = parts.SOURCE
    if isinstance(spec, Panel):
        _dress(made, spec, variables)
    return made


def _dress(made: dashboard.Panel, spec: Panel, variables: Collection[str]) -> None:
    """Put on what every panel with numbers has."""
    made.description = f"{spec.what}\n\n**Good:** {spec.good}\n\n**Otherwise:** {spec.do}"
    made.interval = parts.step([query.expr for query in asked(spec)])
    made.field_config = made.field_config or dashboard.FieldConfigSource()
    defaults = made.field_config.defaults
    defaults.unit, defaults.no_value, defaults.decimals = spec.unit, spec.empty, spec.decimals
    if isinstance(spec, Table):
        return  # its columns have looks of their own
    steps, words = _look(spec)
    defaults.thresholds, defaults.mappings = parts.thresholds(steps), parts.mappings(words, spec.empty)
    if spec.links:
        defaults.links = parts.links(spec.links, variables, table=False)


def _look(spec: Panel) -> tuple[Steps, Words]:
    steps: Steps = getattr(spec, "steps", ()) or ((None, "green"),)
    words: Words = getattr(spec, "words", ())
    return steps, words


def asked(spec: Panel) -> tuple[Query, ...]:
    """Return the queries of a panel, in the order of their letters."""
    match spec:
        case Tile() | Bars() | Heat():
            return (spec.query,)
        case Graph() | Timeline():
            return spec.queries
        case Table():
            return tuple(Query(column.expr) for column in spec.columns)
        case _:
            return ()


@singledispatch
def _body(spec: AnyPanel, _: Collection[str]) -> dashboard.Panel:
    raise TypeError(f"no panel of Grafana for {spec!r}")


def _with_targets(
    made: dashboard.Panel, spec: Panel, variables: Collection[str], *, now: bool
) -> dashboard.Panel:
    made.targets = [
        parts.target(query.expr, parts.letter(number), variables, query.legend, now=now)
        for number, query in enumerate(asked(spec))
    ]
    return made


@_body.register
def _(spec: Tile, variables: Collection[str]) -> dashboard.Panel:
    # Of this moment: the last value of a series that is gone would still look like the truth.
    mode = common.BigValueTextMode.VALUE_AND_NAME if spec.names else common.BigValueTextMode.VALUE
    made = (
        stat.Panel()
        .color_mode(common.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(common.BigValueGraphMode.NONE)
        .text_mode(mode)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    return _with_targets(made.build(), spec, variables, now=True)


@_body.register
def _(spec: Bars, variables: Collection[str]) -> dashboard.Panel:
    made = (
        bargauge.Panel()
        .orientation(common.VizOrientation.HORIZONTAL)
        .display_mode(common.BarGaugeDisplayMode.BASIC)
        .show_unfilled(show_unfilled=True)
        .value_mode(common.BarGaugeValueMode.TEXT)
        .min(0)
        .reduce_options(common_builders.ReduceDataOptions().calcs(["lastNotNull"]))
    )
    if spec.most is not None:
        made = made.max(spec.most)
    return _with_targets(made.build(), spec, variables, now=True)


@_body.register
def _(spec: Graph, variables: Collection[str]) -> dashboard.Panel:
    style = common.GraphThresholdsStyleMode.DASHED if spec.steps else common.GraphThresholdsStyleMode.OFF
    draw = common.GraphDrawStyle.BARS if spec.bars else common.GraphDrawStyle.LINE
    stacking = common.StackingMode.NORMAL if spec.stack else common.StackingMode.NONE
    made = (
        timeseries.Panel()
        .draw_style(draw)
        .line_width(1)
        .fill_opacity(_FULL if spec.stack or spec.bars else _FAINT)
        .show_points(common.VisibilityMode.AUTO)
        .thresholds_style(common_builders.GraphThresholdsStyleConfig().mode(style))
        .stacking(common_builders.StackingConfig().mode(stacking).group("A"))
        .legend(parts.legend(spec.legend))
        .tooltip(parts.tooltip())
    )
    if spec.least is not None:
        made = made.min(spec.least)
    if spec.most is not None:
        made = made.max(spec.most)
    for name, colour in spec.colours:
        fixed = parts.properties([("color", {"mode": "fixed", "fixedColor": colour})])
        made = made.override_by_name(name, fixed)
    for number, query in enumerate(spec.queries):
        if own := _own_look(query):
            made = made.override_by_query(parts.letter(number), parts.properties(own))
    return _with_targets(made.build(), spec, variables, now=False)


def _own_look(query: Query) -> list[tuple[str, object]]:
    colour = query.colour or ("red" if query.limit else "")
    look: list[tuple[str, object]] = []
    if colour:
        look.append(("color", {"mode": "fixed", "fixedColor": colour}))
    if query.limit or query.dashed:
        look += [
            ("custom.lineStyle", {"fill": "dash", "dash": [10, 10]}),
            ("custom.fillOpacity", 0),
            ("custom.stacking", {"mode": "none", "group": "limit"}),
        ]
    return look


@_body.register
def _(spec: Timeline, variables: Collection[str]) -> dashboard.Panel:
    made = (
        statetimeline.Panel()
        .color_scheme(dashboard_builders.FieldColor().mode(dashboard.FieldColorModeId.THRESHOLDS))
        .show_value(common.VisibilityMode.AUTO)
        .row_height(0.8)
        .legend(parts.legend("none"))
        .tooltip(parts.tooltip())
    )
    return _with_targets(made.build(), spec, variables, now=False)


@_body.register
def _(spec: Heat, variables: Collection[str]) -> dashboard.Panel:
    made = heatmap.Panel().calculate(calculate=False).hide_legend()
    return _with_targets(made.build(), spec, variables, now=False)


@_body.register
def _(spec: Table, variables: Collection[str]) -> dashboard.Panel:
    return table(spec, variables)


@_body.register
def _(spec: Note, _: Collection[str]) -> dashboard.Panel:
    return (
        text.Panel()
        .mode(text_models.TextMode.MARKDOWN)
        .content(spec.text)
        .transparent(transparent=True)
        .build()
    )
