"""What an analysis returns: tables, headline metrics, and notes on what could not be said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from cs_helpers.contract.disclosure import Disclosure
from cs_helpers.contract.quarters import Quarter


@dataclass(frozen=True)
class Metric:
    """A number of the headline: value and interval in `unit` (share, days, currency, count)."""

    name: str
    value: float | None
    unit: str
    n: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Note:
    """Something that could not be said, or must be known to read the rest.

    `code` names the sentence in the catalogue (`notes.<code>`), `fields` fill it, `about` is the
    question of the page that it belongs to.
    """

    code: str
    about: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """What the page says of a question: decided beside the numbers, never where they are drawn.

    `code` names the sentence in the catalogue (`<analysis>.<question>.<code>`), `fields` hold what fills
    it as it was found: numbers, not words; the chart only formats them.
    """

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """The answer of one analysis for one product and quarter.

    `n` counts the customers it speaks of. A question whose table is not in `tables` has a note
    that says why. `verdicts` are what the page says of a question, by its name. `settings` are what the reader must
    know of the product, for instance the window of a conversion in days, and the currency of its contracts
    (`Workbook.analyse`). `shows` is what the tables tell of; None: nobody looked, it is the team's.
    """

    analysis: str
    product: str
    quarter: Quarter
    since: date
    as_of: date
    n: int
    tables: Mapping[str, pd.DataFrame]
    metrics: Mapping[str, Metric]
    notes: tuple[Note, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    shows: frozenset[Disclosure] | None = None
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)

    def about(self, question: str) -> tuple[Note, ...]:
        """The notes that belong to a question of the page."""
        return tuple(n for n in self.notes if n.about == question)
