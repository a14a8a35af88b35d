"""What is known: from when to when each table tells of a product, and where it is silent.

A day on which nothing stands in a table is a day without anything only where the table tells of that day. Before
its first row and in a gap nothing is known, nor after its last row where it went silent: unknown is missing, never 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # what a manifest says is read without them
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Period:
    """From when to when something is known, both days included, but for the gaps.

    silent_since: the day after the last row, where the end of rows is the end of what is known.
    """

    first: date
    last: date
    gaps: tuple[tuple[date, date], ...] = ()
    silent_since: date | None = None

    def covers(self, first: date, last: date) -> bool:
        """Whether all days from one to another are known."""
        inside = self.first <= first and last <= self.last
        return inside and not any(a <= last and first <= b for a, b in self.gaps)

    def days(self, days: pd.DatetimeIndex) -> np.ndarray:
        """Which of some days are known; bool."""
        import numpy as np
        import pandas as pd

        known = (days >= pd.Timestamp(self.first)) & (days <= pd.Timestamp(self.last))
        for first, last in self.gaps:
            known &= (days < pd.Timestamp(first)) | (days > pd.Timestamp(last))
        return np.asarray(known)

    def as_json(self) -> dict[str, Any]:
        """The period as a manifest holds it."""
        return {
            "first": self.first.isoformat(),
            "last": self.last.isoformat(),
            "gaps": [[a.isoformat(), b.isoformat()] for a, b in self.gaps],
            "silent_since": self.silent_since and self.silent_since.isoformat(),
        }

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Period:
        """The period that a manifest holds."""
        day = date.fromisoformat
        return cls(
            day(said["first"]),
            day(said["last"]),
            tuple((day(a), day(b)) for a, b in said["gaps"]),
            day(said["silent_since"]) if said["silent_since"] else None,
        )


@dataclass(frozen=True)
class Known:
    """What is known of a product.

    tables: table -> its period; a table without rows of the product is not there. parts: the same by (table, part): of
    usage an event, of assessments a measure, of surveys `nps`. elsewhere: tables that still tell of other products
    after they went silent on this one.
    """

    tables: Mapping[str, Period] = field(default_factory=dict)
    parts: Mapping[tuple[str, str], Period] = field(default_factory=dict)
    elsewhere: frozenset[str] = frozenset()

    def as_json(self) -> dict[str, Any]:
        """What is known as a manifest holds it."""
        parts: dict[str, dict[str, Any]] = {}
        for (table, part), period in self.parts.items():
            parts.setdefault(table, {})[part] = period.as_json()
        return {
            "tables": {name: period.as_json() for name, period in self.tables.items()},
            "parts": parts,
            "elsewhere": sorted(self.elsewhere),
        }

    @classmethod
    def of_json(cls, said: Mapping[str, Any]) -> Known:
        """What is known, from a manifest."""
        return cls(
            {name: Period.of_json(p) for name, p in said["tables"].items()},
            {(t, n): Period.of_json(p) for t, parts in said["parts"].items() for n, p in parts.items()},
            frozenset(said["elsewhere"]),
        )


#: of no table, that of a snapshot without rows
NOTHING = Known()
