"""What the columns of a file are called, where its header says it twice, over two rows or not at all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence


def joined_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """The names of a header of one or several rows; those of a column are joined by a blank.

    In all rows but the last, an empty cell belongs to the one left of it, as in merged cells.
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
    """A name for each column: `mrr [1]`, `mrr [2]` where two have one name, `column 3` where one has none.

    Names that differ in case alone are one to the engine, and so here.
    """
    names = [name.strip() or f"column {at}" for at, name in enumerate(header, 1)]
    often = Counter(name.casefold() for name in names)
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name.casefold()] += 1
        twice = often[name.casefold()] > 1
        unique.append(f"{name} [{seen[name.casefold()]}]" if twice else name)
    return unique


def repeated(name: str, columns: Sequence[str]) -> list[str]:
    """The columns that had this name together: `mrr [1]`, `mrr [2]`."""
    begin = f"{name} [".casefold()
    return [c for c in columns if c.casefold().startswith(begin) and c[len(begin) : -1].isdecimal()]
