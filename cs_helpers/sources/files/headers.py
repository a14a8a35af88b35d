"""Column names from a header that repeats names, spans several rows or leaves names out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def join_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """Join a header of one or several rows into one name per column, separated by a space.

    In all rows but the last, an empty cell takes the name to its left, as merged cells do.
    """
    width = max((len(row) for row in rows), default=0)
    parts: list[list[str]] = []
    for i, row in enumerate(rows):
        cells = [*(" ".join(cell.split()) for cell in row), *[""] * (width - len(row))]
        if i < len(rows) - 1:
            for at in range(1, width):
                cells[at] = cells[at] or cells[at - 1]
        parts.append(cells)
    return [" ".join(dict.fromkeys(filter(None, names))) for names in zip(*parts, strict=True)]


def column_names(header: Sequence[str]) -> list[str]:
    """A unique name for each column: `mrr [1]`, `mrr [2]` where a name repeats, `column 3` where it is missing.

    Case is ignored, as DuckDB does.
    """
    names = [name.strip() or f"column {at}" for at, name in enumerate(header, 1)]
    name_counts = Counter(name.casefold() for name in names)
    occurrences: Counter[str] = Counter()
    unique = []
    for name in names:
        occurrences[name.casefold()] += 1
        is_repeated = name_counts[name.casefold()] > 1
        unique.append(f"{name} [{occurrences[name.casefold()]}]" if is_repeated else name)
    return unique


def columns_named(name: str, columns: Sequence[str]) -> list[str]:
    """The columns that shared a name in the header: `mrr [1]`, `mrr [2]`."""
    prefix = f"{name} [".casefold()
    return [c for c in columns if c.casefold().startswith(prefix) and c[len(prefix) : -1].isdecimal()]
