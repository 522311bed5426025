"""Owns what came of a query that was run by hand, and how it is printed."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TextIO

from exporter import table
from exporter.duration import format_duration
from exporter.errors import QueryError
from exporter.model import Family, JobKey, OutcomeKind, Query, Rows, Skip
from exporter.render import Format, fragment
from exporter.samples import SampleSet
from exporter.store import Store
from exporter.survey import Exit


class Show(StrEnum):
    """What is printed about a run."""

    LINES = "lines"
    TABLE = "table"
    PROMETHEUS = "prometheus"


@dataclass(frozen=True, slots=True)
class Run:
    """What came of one query in one place; `seconds` is from asking to the last row.

    Without `skip` and `error` it went well; then no `samples` means that the rows are a query plan.
    """

    key: JobKey
    query: Query | None = None
    rows: Rows = field(default_factory=lambda: Rows((), ()))
    seconds: float = 0.0
    samples: SampleSet | None = None
    skip: Skip | None = None
    error: QueryError | None = None

    @property
    def exit(self) -> Exit:
        """What this run means for the exit code; a query that does not apply is no failure."""
        if self.error is None:
            return Exit.FINE
        return Exit.UNREACHABLE if self.error.kind is OutcomeKind.CONNECT else Exit.BAD


class Printer:
    """Prints runs as they end; a page of metrics only at the end, where a family stands once."""

    def __init__(self, out: TextIO, show: Show, rows: int) -> None:
        self._out = out
        self._show = show
        self._most = rows or None
        self._page = Store(time.time)
        self._runs: list[Run] = []

    def show(self, done: Run, position: str) -> None:
        """Print one run, or keep it for the page."""
        self._runs.append(done)
        if self._show is Show.LINES:
            self._write([f"{position} {place(done.key)}: {verdict(done)}"])
        elif self._show is Show.TABLE:
            self._write(as_table(done, self._most))
        elif done.samples is None:
            self.note(f"{place(done.key)}: {verdict(done)}")
        else:
            parts = [fragment(family) for family in done.samples.families]
            self._page.put(done.key, parts, expires_at=math.inf)

    def note(self, text: str) -> None:
        """Print a line that is no answer; on a page of metrics it is a comment."""
        self._write([f"# {text}" if self._show is Show.PROMETHEUS else text])

    def finish(self) -> None:
        """Print what can only be said at the end."""
        if self._show is Show.PROMETHEUS:
            self._out.write(self._page.page(Format.TEXT, compressed=False).decode())
        elif len(self._runs) > 1:
            self._write([totals(self._runs)])

    def _write(self, lines: Iterable[str]) -> None:
        for line in lines:
            self._out.write(table.cell(line) + "\n")
        self._out.flush()


def as_table(done: Run, most: int | None) -> Iterator[str]:
    """Yield everything about one run: rows, samples as on /metrics, cost."""
    yield f"== {place(done.key)}"
    if done.samples is not None:
        yield from table.lines(done.rows.columns, done.rows.rows[:most])
        yield from _left_out(len(done.rows.rows), most, "rows")
        for family in done.samples.families:
            yield ""
            yield from _exposed(family, most)
        yield ""
    elif done.error is None and done.skip is None:
        yield from (str(line) for *_, line in done.rows.rows)
        yield ""
    yield verdict(done)
    yield ""


def _exposed(family: Family, most: int | None) -> Iterator[str]:
    part = fragment(family)
    yield from part.text_header.plain.decode().rstrip("\n").split("\n")
    body = part.body.plain.decode().rstrip("\n").split("\n")
    yield from body[:most]
    yield from _left_out(len(body), most, "lines")


def _left_out(count: int, most: int | None, noun: str) -> Iterator[str]:
    if most is not None and count > most:
        yield f"... {count - most} more {noun} (--rows 0 shows all)"


def place(key: JobKey) -> str:
    """Return where a run took place: `pg_locks on main`, `bloat on main/oauth2`."""
    return f"{key.query} on {key.target}" + (f"/{key.database}" if key.database else "")


def verdict(done: Run) -> str:
    """Return in one line how a run went and what it cost, or why there was none."""
    if done.skip is not None:
        remedy = f"; to change that: {done.skip.remedy}" if done.skip.remedy else ""
        return f"skipped ({done.skip.reason}): {done.skip.detail}{remedy}"
    if done.error is not None:
        return f"failed ({done.error.kind}): {done.error}"
    return f"ok: {_cost(done)}"


def _cost(done: Run) -> str:
    allowed = f" (allowed: {format_duration(done.query.timeout)})" if done.query else ""
    time_spent = f"{_ms(done.rows.seconds)} on the server{allowed}, {_ms(done.seconds)} round trip"
    if done.samples is None:
        return time_spent
    dropped = ", ".join(
        f"{count} {reason}" for reason, count in sorted(done.samples.dropped.items()) if count
    )
    kept = f"{_plural(len(done.rows.rows), 'row')}, {_plural(_count(done), 'sample')}"
    return f"{time_spent}; {kept}, dropped: {dropped or 'none'}"


def totals(runs: Sequence[Run]) -> str:
    """Return the sum over all runs in one line."""
    failed = sum(done.error is not None for done in runs)
    skipped = sum(done.skip is not None for done in runs)
    server = _ms(sum(done.rows.seconds for done in runs))
    samples = sum(map(_count, runs))
    counts = f"{len(runs) - failed - skipped} ok, {failed} failed, {skipped} skipped"
    return f"{counts}; {_plural(samples, 'sample')}, {server} on the server"


def _count(done: Run) -> int:
    return sum(len(family.samples) for family in done.samples.families) if done.samples else 0


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
