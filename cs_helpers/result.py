"""The result of an analysis: tables, headline metrics, verdicts, and notes on what could not be answered."""

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
    """A headline metric: value and 95 % interval in `unit`, from `n` observations.

    unit: `share`, `days`, `ratio`, `currency` or `count`, as its card formats it; `p` of a p-value, which has no card.
    """

    name: str
    value: float | None
    unit: str
    n: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Note:
    """A note on a question: why it cannot be answered, or what a reader must know about the answer.

    code: of its sentence in the catalogue (`notes.<code>`). about: the question of the page. fields: values of the
    sentence.
    """

    code: str
    about: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Verdict:
    """The conclusion on a question, decided by the analysis and not by the chart.

    code: of its sentence in the catalogue (`<analysis>.<question>.<code>`). fields: values of the sentence, as
    numbers; the chart formats them.
    """

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Result:
    """The result of one analysis for one product and quarter.

    since, as_of: first and last day of the data behind it. n: number of customers in it. tables: question -> table;
    a question without a table has a note that explains why. verdicts: question -> conclusion. settings: of the
    product, as the window of a conversion in days, and the currency of its contracts (`Workbook.analyse`). shows:
    the disclosures of its tables; None where they were not determined, as in the team's edition.
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
        """The notes on a question."""
        return tuple(n for n in self.notes if n.about == question)
