"""Owns the small parts that panels share: queries, thresholds, words, links, legends."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from grafana_foundation_sdk.builders import common as common_builders
from grafana_foundation_sdk.builders import dashboard as dashboard_builders
from grafana_foundation_sdk.builders import prometheus as prometheus_builders
from grafana_foundation_sdk.models import common, dashboard, prometheus

from dashboards.expression import filtered, interval
from dashboards.model import Evidence, Link, Steps, Words
from exporter.duration import format_duration

SOURCE = common.DataSourceRef(type_val="prometheus", uid="${datasource}")
_NOTHING = "#6e7079"  # a grey on which white can be read
_KEPT = ("datasource", "job", "target", "datname")


def target(
    expr: str, letter: str, variables: Collection[str], legend: str = "", *, now: bool, table: bool = False
) -> prometheus.Dataquery:
    """Return an expression as Grafana asks it: of this moment, or over the time shown."""
    query = prometheus_builders.Dataquery().datasource(SOURCE).ref_id(letter)
    query = query.expr(filtered(expr, variables)).interval(step([expr]))
    query = query.instant() if now else query.range()
    if table:
        query = query.format(prometheus.PromQueryFormat.TABLE)
    # Without a legend, Grafana would write all labels.
    return query.legend_format(legend or "__auto").build()


def letter(number: int) -> str:
    """Return the name of a panel's query: A, B, C ..."""
    return chr(ord("A") + number)


def step(exprs: Collection[str]) -> str:
    """Return the shortest useful step of these expressions as Grafana writes it."""
    return format_duration(interval(exprs))


def thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    """Return steps as Grafana's thresholds."""
    return dashboard.ThresholdsConfig(
        mode=dashboard.ThresholdsMode.ABSOLUTE,
        steps=[dashboard.Threshold(value=value, color=colour) for value, colour in steps],
    )


def mappings(words: Words, empty: str, colour: str = _NOTHING) -> list[dashboard.ValueMapping]:
    """Return words for values as Grafana's mappings; nothing at all is `empty`, and neither good nor bad."""
    options = {
        f"{value:g}": dashboard.ValueMappingResult(text=text, color=colour, index=index)
        for index, (value, text, colour) in enumerate(words)
    }
    nothing = dashboard.DashboardSpecialValueMapOptions(
        match=dashboard.SpecialValueMatch.NULL_AND_NAN,
        result=dashboard.ValueMappingResult(text=empty, color=colour, index=len(words)),
    )
    found: list[dashboard.ValueMapping] = [dashboard.ValueMap(options=options)] if options else []
    return [*found, dashboard.SpecialValueMap(options=nothing)]


def links(
    wanted: Iterable[Link | Evidence], variables: Collection[str], *, table: bool
) -> list[dashboard.DashboardLink]:
    """Return data links that keep the variables and the time shown."""
    return [
        dashboard_builders.DashboardLink(each.title).url(_url(each, variables, table=table)).build()
        for each in wanted
    ]


def _url(link: Link | Evidence, variables: Collection[str], *, table: bool) -> str:
    if isinstance(link, Evidence):
        return (
            f"http://${{__data.fields.instance}}/evidence/${{__data.fields.target:percentencode}}/{link.kind}"
        )
    kept = [
        f"${{{name}:queryparam}}"
        for name in _KEPT
        if (name in variables or name == "datasource") and name not in link.of_series
    ]
    where = "__data.fields" if table else "__field.labels"
    own = [f"var-{name}=${{{where}.{name}:percentencode}}" for name in link.of_series]
    return f"/d/{link.uid}?{'&'.join([*kept, *own, '${__url_time_range}'])}"


def legend(kind: str) -> common_builders.VizLegendOptions:
    """Return a legend below the graph: a table, the greatest series first, a list, or none."""
    shape = common.LegendDisplayMode.TABLE if kind == "table" else common.LegendDisplayMode.LIST
    made = common_builders.VizLegendOptions().display_mode(shape).placement(common.LegendPlacement.BOTTOM)
    made = made.show_legend(kind != "none")
    return (
        made.calcs(["lastNotNull", "max"]).sort_by("Max").sort_desc(sort_desc=True)
        if kind == "table"
        else made
    )


def tooltip() -> common_builders.VizTooltipOptions:
    """Return a tooltip with all series, the greatest first."""
    made = common_builders.VizTooltipOptions().mode(common.TooltipDisplayMode.MULTI)
    return made.sort(common.SortOrder.DESCENDING)


def properties(pairs: Sequence[tuple[str, object]]) -> list[dashboard.DynamicConfigValue]:
    """Return an override's properties."""
    return [dashboard.DynamicConfigValue(id_val=name, value=value) for name, value in pairs]
