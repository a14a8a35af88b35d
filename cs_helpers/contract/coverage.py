"""Data coverage: the period for which each table has data on a product, with its gaps.

A day without rows counts as 0 only inside this period. Before the first row, in a gap, and after the last row of a table
that stopped, values are unknown: missing, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # reading a manifest must not import them
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Period:
    """The period for which there is data, first and last day inclusive, without the gaps.

    silent_since: the day after the last row, where the data ends there.
    """

    first: date
    last: date
    gaps: tuple[tuple[date, date], ...] = ()
    silent_since: date | None = None

    def covers(self, first: date, last: date) -> bool:
        """Whether all days from `first` to `last` are covered."""
        within = self.first <= first and last <= self.last
        return within and not any(a <= last and first <= b for a, b in self.gaps)

    def covers_days(self, days: pd.DatetimeIndex) -> np.ndarray:
        """Whether each of `days` is covered; bool array."""
        import numpy as np
        import pandas as pd

        covered = (days >= pd.Timestamp(self.first)) & (days <= pd.Timestamp(self.last))
        for first, last in self.gaps:
            covered &= (days < pd.Timestamp(first)) | (days > pd.Timestamp(last))
        return np.asarray(covered)

    def as_json(self) -> dict[str, Any]:
        """The period in the format of a manifest."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "gaps": [[a.isoformat(), b.isoformat()] for a, b in self.gaps],
            "silent_since": self.silent_since and self.silent_since.isoformat(),
        }

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Period:
        """The period from the format of a manifest."""
        day = date.fromisoformat
        return cls(
            day(content["first"]),
            day(content["last"]),
            tuple((day(a), day(b)) for a, b in content["gaps"]),
            day(content["silent_since"]) if content["silent_since"] else None,
        )


@dataclass(frozen=True)
class Coverage:
    """The data coverage of a product.

    tables: table -> its period; a table without rows of the product is missing. parts: (table, part) -> period, where a
    part is an event of usage, a measure of assessments, or `nps` of surveys. active_elsewhere: tables that still get rows
    of other products after those of this product stopped.
    """

    tables: Mapping[str, Period] = field(default_factory=dict)
    parts: Mapping[tuple[str, str], Period] = field(default_factory=dict)
    active_elsewhere: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """The coverage in the format of a manifest."""
        parts: dict[str, dict[str, Any]] = {}
        for (table, part), period in self.parts.items():
            parts.setdefault(table, {})[part] = period.as_json()
        return {
            "tables": {name: period.as_json() for name, period in self.tables.items()},
            "parts": parts,
            "elsewhere": sorted(self.active_elsewhere),
        }

    @classmethod
    def of_json(cls, content: Mapping[str, Any]) -> Coverage:
        """The coverage from the format of a manifest."""
        return cls(
            {name: Period.of_json(p) for name, p in content["tables"].items()},
            {(t, n): Period.of_json(p) for t, parts in content["parts"].items() for n, p in parts.items()},
            frozenset(content["elsewhere"]),
        )


#: the coverage of a product without rows
NO_COVERAGE = Coverage()
