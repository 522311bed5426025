"""Owns the rules for a dashboard's file: each is a function that yields what breaks it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

import promql_parser as promql

from dashboard_files import WINDOWS, Json, numbers, panels, substituted, variables_in
from dashboards.links import DASHBOARDS
from dashboards.metrics import Metric, metrics
from exporter.model import MetricType

UNITS = {
    "none", "short", "percentunit", "bytes", "decbytes", "binBps", "Bps", "s", "dtdurations", "ms",
    "dateTimeFromNow", "dateTimeAsIso", "ops", "reqps", "rps", "wps", "cps", "iops", "bool", "string",
    "suffix:x", "suffix:/s", "suffix:/h", "suffix:/min", "suffix:/d",
}  # fmt: skip
_RATES = {"rate", "irate"}
_CHANGES = {*_RATES, "increase", "delta", "deriv", "resets", "changes", "absent", "count_over_time"}
_COUNTS = {"count", "group", "absent", "label_values"}
_EVIDENCE = r"http://\$\{__data\.fields\.instance\}/evidence/\$\{__data\.fields\.target:percentencode\}/\w+"
_OF_GRAFANA = re.compile(r"__\w+|\d+")  # a digit is a group of label_replace
Found = tuple[promql.VectorSelector, tuple[object, ...]]


FRAME = {"id": None, "editable": False, "tags": ["pg-oauth-exporter"], "refresh": "1m", "graphTooltip": 1}
QUERIED = {"type": "query", "refresh": 2, "multi": True, "includeAll": True}


def of_the_frame(dashboard: Json) -> Iterator[str]:
    """A readable uid, and what is the same everywhere: no id, not editable, the tag, the crosshair."""
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,39}", dashboard.get("uid", "")):
        yield f"uid {dashboard.get('uid')!r}"
    yield from (f"{key} must be {value}" for key, value in FRAME.items() if dashboard.get(key, "") != value)


def of_variables(dashboard: Json) -> Iterator[str]:
    """The data source first; the others are queries that follow the time range and take several."""
    first, *others = dashboard["templating"]["list"]
    if (first["name"], first["type"]) != ("datasource", "datasource"):
        yield "the first variable must be the data source"
    for each in others:
        # All jobs are those of this exporter: everybody has `up`.
        wanted = QUERIED if each["name"] == "job" else {**QUERIED, "allValue": ".+"}
        for key, value in wanted.items():
            if each.get(key) != value:
                yield f"${each['name']}: {key} must be {value}"


def _variables(dashboard: Json) -> dict[str, Json]:
    return {each["name"]: each for each in dashboard["templating"]["list"]}


def of_the_grid(dashboard: Json) -> Iterator[str]:
    """No panel leaves the grid or lies on another; every line is full."""
    for group in (dashboard["panels"], *(panel.get("panels", []) for panel in dashboard["panels"])):
        cells: Counter[tuple[int, int]] = Counter()
        for panel in group:
            place = panel["gridPos"]
            if place["x"] < 0 or place["x"] + place["w"] > 24:
                yield f"{panel['title']!r} leaves the grid"
            columns = range(place["x"], place["x"] + place["w"])
            cells.update((x, y) for x in columns for y in range(place["y"], place["y"] + place["h"]))
        yield from (
            f"panels overlap in line {y}" for y in sorted({y for (_, y), n in cells.items() if n > 1})
        )
        lines = Counter(y for _, y in cells)
        yield from (f"line {y} is not full" for y, wide in sorted(lines.items()) if wide < 24)


def of_numbers(dashboard: Json) -> Iterator[str]:
    """Panels have ids, queries letters, and no two are the same."""
    ids = Counter(panel.get("id") for panel in panels(dashboard))
    yield from (f"id {number} of {times} panels" for number, times in ids.items() if times > 1 or not number)
    for panel in panels(dashboard):
        letters = [target.get("refId") for target in panel.get("targets", [])]
        if None in letters or len(set(letters)) < len(letters):
            yield f"{panel['title']!r}: letters {letters}"


def of_rows(dashboard: Json) -> Iterator[str]:
    """A row asks."""
    titles = [panel["title"] for panel in panels(dashboard) if panel["type"] == "row"]
    yield from (f"row {title!r} is no question" for title in titles if not title.endswith("?"))


def of_panels(dashboard: Json) -> Iterator[str]:
    """A panel says what it is, has a unit, a shortest step and words for nothing, and asks something."""
    for panel in numbers(dashboard):
        title, text = panel.get("title", ""), panel.get("description", "")
        if not title or len(re.findall(r"\n\n\*\*(?:Good|Otherwise):\*\* \S", text)) != 2:
            yield f"{title!r}: the description does not say what, good and otherwise"
        defaults = panel["fieldConfig"]["defaults"]
        if defaults.get("unit") not in UNITS:
            yield f"{title!r}: unit {defaults.get('unit')!r}"
        if not defaults.get("noValue") or not panel.get("interval"):
            yield f"{title!r}: noValue or interval is missing"
        if len(title) > 7 * panel["gridPos"]["w"] - 9:
            yield f"{title!r}: is cut on a screen of 1280 pixels"
        if not panel.get("targets"):
            yield f"{title!r}: asks nothing"


def of_legends(dashboard: Json) -> Iterator[str]:
    """A legend that is a table has the last value and the greatest."""
    for panel in panels(dashboard):
        legend = panel.get("options", {}).get("legend", {})
        is_table = panel["type"] == "timeseries" and legend["displayMode"] == "table"
        if is_table and legend["calcs"] != ["lastNotNull", "max"]:
            yield f"{panel['title']!r}: the legend lacks last and max"


def of_sources(dashboard: Json) -> Iterator[str]:
    """Nothing names a data source but by the variable."""
    for panel in numbers(dashboard):
        for each in (panel, *panel.get("targets", [])):
            if each.get("datasource", {}).get("uid") != "${datasource}":
                yield f"{panel['title']!r}: data source {each.get('datasource')}"
    others = [*dashboard["annotations"]["list"], *dashboard["templating"]["list"]]
    for each in others:
        if each.get("type") != "datasource" and each.get("datasource", {}).get("uid") != "${datasource}":
            yield f"{each['name']!r}: data source {each.get('datasource')}"


def of_links(dashboard: Json) -> Iterator[str]:
    """A link leads to a dashboard that there is, and keeps the time; or to the exporter's evidence."""
    for panel in panels(dashboard):
        for url in re.findall(r'"url": "([^"]*)"', str(panel).replace("'", '"')):
            if re.fullmatch(_EVIDENCE, url):
                continue
            found = re.fullmatch(r"/d/([^?]+)\?(.*)", url)
            if not found or found[1] not in DASHBOARDS or "${__url_time_range}" not in found[2]:
                yield f"{panel['title']!r}: link {url}"
    used = variables_in(str(dashboard["panels"])) - _variables(dashboard).keys()
    yield from (f"${name} is no variable" for name in sorted(used) if not _OF_GRAFANA.match(name))


def of_expressions(dashboard: Json) -> Iterator[str]:
    """Every expression parses, reads what there is, by what labels there are, filtered by the variables."""
    queries = [
        (f"{panel['title']!r} {target.get('refId')}", target["expr"])
        for panel in panels(dashboard)
        for target in panel.get("targets", [])
    ]
    queries += [(f"annotation {each['name']!r}", each["expr"]) for each in dashboard["annotations"]["list"]]
    for place, text in queries:
        try:
            tree = promql.parse(substituted(text, WINDOWS))
        except ValueError as error:
            yield f"{place}: {error}"
            continue
        for problem in (*_of_selectors(tree, dashboard), *_of_grouping(tree), *_of_windows(text)):
            yield f"{place}: {problem}"


def _of_selectors(tree: object, dashboard: Json) -> Iterator[str]:
    for selector, around in selectors(tree):
        metric = metrics().get(str(selector.name))
        if metric is None:
            yield f"unknown metric {selector.name}"
            continue
        matchers = str(selector)
        for label in re.findall(r'[{,]\s*(\w+)\s*(?:=~|!~|!=|=)"', matchers):
            if label != "__name__" and not metric.has(label):
                yield f"{metric.name} has no label {label}"
        for name in _variables(dashboard):
            if metric.labels and name in metric.labels and f'{name}=~"${name}' not in matchers:
                yield f"{metric.name} is not filtered by ${name}"
        yield from _of_use(
            metric, [each.func.name for each in around if isinstance(each, promql.Call)], around
        )


def _of_use(metric: Metric, functions: list[str], around: tuple[object, ...]) -> Iterator[str]:
    counted = any(isinstance(each, promql.AggregateExpr) and str(each.op) in _COUNTS for each in around)
    if metric.type is MetricType.COUNTER and not (_CHANGES & set(functions)) and not counted:
        yield f"the counter {metric.name} is not in rate or increase"
    if metric.type is MetricType.GAUGE and {*_RATES, "increase"} & set(functions[-1:]):
        yield f"rate of the gauge {metric.name}"


def _of_grouping(tree: object) -> Iterator[str]:
    """A label that is grouped or joined by is one that some metric of the expression has."""
    read = [metrics()[str(each.name)] for each, _ in selectors(tree) if str(each.name) in metrics()]
    made = set(re.findall(r'label_(?:replace|join)\(.*?, "(\w+)", "|count_values\("(\w+)"', str(tree)))
    own = {name for pair in made for name in pair if name} | {"le"}
    for group in re.findall(r"\b(?:by|on|group_left|group_right)\s*\(([^)]*)\)", str(tree)):
        for label in filter(None, map(str.strip, group.split(","))):
            if label not in own and not any(metric.has(label) for metric in read):
                yield f"grouped by {label}, which no metric of it has"


def _of_windows(text: str) -> Iterator[str]:
    for window in re.findall(r"\bi?rate\([^\[\]]*\[([^\]]+)\]", text):
        if window != "$__rate_interval":
            yield f"rate over {window}, not over $__rate_interval"


def selectors(node: object, around: tuple[object, ...] = ()) -> Iterator[Found]:
    """Yield every selector of an expression, with what is around it, the outermost first."""
    if isinstance(node, promql.VectorSelector):
        yield node, around
        return
    if isinstance(node, promql.MatrixSelector):
        yield node.vector_selector, (*around, node)
        return
    children = [getattr(node, name, None) for name in ("expr", "lhs", "rhs", "param")]
    for child in (*children, *(getattr(node, "args", None) or ())):
        if child is not None and not isinstance(child, str | int | float):
            yield from selectors(child, (*around, node))


RULES = (
    of_the_frame,
    of_variables,
    of_the_grid,
    of_numbers,
    of_rows,
    of_panels,
    of_legends,
    of_sources,
    of_links,
    of_expressions,
)
