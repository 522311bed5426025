"""Owns how rows look on a terminal: aligned columns, and nothing that a terminal would obey."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

_ELLIPSIS = "…"


def lines(head: Sequence[str], rows: Sequence[Sequence[object]], *, widest: int = 40) -> Iterator[str]:
    """Yield a heading, a rule and one line for each row; a cell longer than `widest` characters is cut."""
    cells = [[_cut(cell(value), widest) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *cells, strict=True)]
    numeric = [all(map(_is_number, column)) for column in zip(*rows, strict=True)]
    right = numeric or [False] * len(head)
    yield _line(head, widths, right)
    yield "  ".join("-" * width for width in widths)
    for row in cells:
        yield _line(row, widths, right)


def cell(value: object) -> str:
    """Return a value as one line of printable text; NULL is written out, since it gives no sample."""
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _cut(text: str, widest: int) -> str:
    return text if len(text) <= widest else text[: widest - 1] + _ELLIPSIS


def _is_number(value: object) -> bool:
    return value is None or (not isinstance(value, bool | str) and hasattr(value, "__float__"))


def _line(cells: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    aligned = (
        text.rjust(width) if to_right else text.ljust(width)
        for text, width, to_right in zip(cells, widths, right, strict=True)
    )
    return "  ".join(aligned).rstrip()
