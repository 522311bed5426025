"""Owns the words that a dashboard is written in: rows that ask, panels that answer, and how they look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

GREEN, ORANGE, RED, BLUE, GREY = "green", "orange", "red", "blue", "text"

# From a value on, this colour; the first has no value and is the colour below all others.
Steps = tuple[tuple[float | None, str], ...]
# A value, the word that is shown for it, the colour of the word.
Words = tuple[tuple[float, str, str], ...]

PLAIN: Steps = ((None, BLUE),)  # a number that is neither good nor bad
QUIET: Steps = ((None, GREY),)
UP: Words = ((1, "up", GREEN), (0, "DOWN", RED))


def rising(orange: float | None = None, red: float | None = None) -> Steps:
    """Return steps for a number of which more is worse. Where an alert has the limit, use `alert_steps`."""
    pairs = ((orange, ORANGE), (red, RED))
    return ((None, GREEN), *((value, colour) for value, colour in pairs if value is not None))


def falling(orange: float | None = None, red: float | None = None) -> Steps:
    """Return steps for a number of which less is worse: below `orange` that colour, below `red` that one."""
    worst = RED if red is not None else ORANGE
    edges = [(red, ORANGE if orange is not None else GREEN), (orange, GREEN)]
    return ((None, worst), *((value, colour) for value, colour in edges if value is not None))


@dataclass(frozen=True, slots=True)
class Query:
    """An expression in PromQL without the filters of variables, which are put in for every known metric.

    `legend` names its series. A `limit` is drawn as a dashed red line: what must not be reached; what is
    `dashed` is there to compare with, such as the week before.
    """

    expr: str
    legend: str = ""
    limit: bool = False
    dashed: bool = False
    colour: str = ""  # of its series, where a colour means something


@dataclass(frozen=True, slots=True)
class Link:
    """A way to another dashboard that keeps the time range and the variables.

    `of_series` are variables that are taken from the labels of the series, or of the table's row, instead.
    """

    uid: str
    title: str
    of_series: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A way from a table's row to the page on which the exporter shows who is behind a number.

    The table has the labels instance and target: `instance` is where Prometheus finds the exporter.
    """

    kind: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """What every panel has. `what` it shows, what is `good`, what to `do` otherwise: its description.

    `empty` is shown when there is no series: it must tell "none" from "not collected". `key` keeps the
    panel's number, and links to it, when the title changes: put the old title there.
    """

    title: str
    what: str
    good: str
    do: str
    unit: str
    empty: str
    width: int = 12
    height: int = 8
    links: tuple[Link | Evidence, ...] = ()
    key: str = ""
    decimals: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile(Panel):
    """One number, now, in the colour of its threshold. The expression gives one series: the worst, or a sum."""

    query: Query
    steps: Steps
    words: Words = ()
    width: int = 4
    height: int = 3
    names: bool = False  # show the name of the series, too, for the few tiles of several


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph(Panel):
    """Lines over time. `steps` draw the alert's limits as dashed lines; `colours` are by the name of a series."""

    queries: tuple[Query, ...]
    steps: Steps = ()
    stack: bool = False
    bars: bool = False
    least: float | None = 0  # of the axis; None where values are below 0
    most: float | None = None
    legend: Literal["table", "list", "none"] = "table"
    colours: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its heading and an expression that has the table's labels and no others."""

    title: str
    expr: str
    unit: str = "short"
    steps: Steps = ()
    words: Words = ()
    width: int | None = None
    decimals: int | None = None
    cell: Literal["text", "background", "gauge"] = "background"  # of what has steps
    links: tuple[Link | Evidence, ...] = ()
    empty: str = "-"  # where the row has no such value
    hidden: bool = False  # for a query of which the labels matter only


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Panel):
    """Rows now: one for each set of values of the labels `by` (label, heading), one column an expression.

    Its `links` are on the columns of labels.
    """

    by: tuple[tuple[str, str], ...]
    columns: tuple[Column, ...]
    sort: str = ""  # heading of the column to sort by, the largest first
    widths: tuple[tuple[str, int], ...] = ()  # of the columns of labels, by heading
    unit: str = "short"
    width: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Bars(Panel):
    """Horizontal bars now, the longest first: the largest few of many. The expression is a `topk`."""

    query: Query
    steps: Steps = PLAIN
    most: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(Panel):
    """States over time, a line for each series, in words and colours."""

    queries: tuple[Query, ...]
    words: Words = ()
    steps: Steps = ()
    unit: str = "short"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heat(Panel):
    """A histogram over time. The expression gives `sum by (le) (...)` of a family's buckets."""

    query: Query


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A text in Markdown, for what has to be known to read a row."""

    title: str
    text: str
    width: int = 24
    height: int = 3
    key: str = ""


AnyPanel = Tile | Graph | Table | Bars | Timeline | Heat | Note


@dataclass(frozen=True, slots=True)
class Row:
    """A question and the panels that answer it. A folded row asks Prometheus only when it is opened."""

    question: str
    panels: tuple[AnyPanel, ...]
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard; `variables` are those of `frame.VARIABLES` that it filters by."""

    uid: str
    title: str
    what: str
    rows: tuple[Row, ...]
    variables: tuple[str, ...] = ("job", "target", "datname")
