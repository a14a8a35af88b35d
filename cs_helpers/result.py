"""The result of an analysis: tables, headline metrics, verdicts, and notes on what could not be answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import pandas as pd

from cs_helpers.contract.disclosure import Disclosure
from cs_helpers.contract.quarters import Quarter

#: an address that becomes that of an answer in another report when the page is published (`report.links`)
PLACE = "#place:"


@dataclass(frozen=True)
class Metric:
    """A headline metric: value and 95 % interval in `unit`, from `n` observations.

    unit: `share`, `days`, `months`, `ratio`, `currency`, `points` or `count`, as its card formats it; `p` of a p-value, which has
    no card. low and high are None where the value is counted and not estimated. segment: `all`, or
    `<dimension>=<value>` as in `size=small`. base: what a ratio is of (as the MRR at the start of NRR), by which the
    metric of several products is weighted; without it a share is weighted by n, and other estimates are not added up. exact: counted or of accounts, so that a
    change of it is no chance although it has no interval; amounts and counts without an interval are so anyway.
    """

    name: str
    value: float | None
    unit: str
    n: int
    low: float | None = None
    high: float | None = None
    segment: str = "all"
    base: float | None = None
    exact: bool = False

    @property
    def is_known(self) -> bool:
        """Whether it has a value, which may be infinite."""
        return self.value is not None and self.value == self.value


#: whether a finding is good or bad for the business
Direction = Literal["better", "worse", "neither"]
#: what a finding's value was compared with
ComparedWith = Literal["previous_quarter", "previous_year", "target", "usual", "other_customers", "nothing"]
#: `counted`: a fact without sampling error; `clear`: the 95 % interval excludes no effect; `unclear`: it does not
Certainty = Literal["counted", "clear", "unclear"]


@dataclass(frozen=True)
class Finding:
    """What an analysis found about the customers: what summaries, cards, digests and decks rank and say.

    code: of its sentence in the catalogue (`<analysis>.findings.<code>`). about: the question of the report that shows
    it. value, compared: the two numbers whose difference or ratio is `size`, with the 95 % interval `low` to `high`;
    `unit` is that of value and compared (as of a `Metric`), `size_unit` that of the size (`unit` for a difference,
    `ratio` for a ratio). n: observations behind it. customers, mrr: at stake, in number and monthly revenue; None where
    that is not known or has no meaning. fields: further values of the sentence (`tables.findings`).
    """

    code: str
    about: str
    direction: Direction
    certainty: Certainty
    n: int
    value: float | None = None
    compared: float | None = None
    compared_with: ComparedWith = "nothing"
    size: float | None = None
    low: float | None = None
    high: float | None = None
    unit: str = "count"
    size_unit: str = ""
    customers: int | None = None
    mrr: float | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


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


#: the code of the verdict on a table (`<question>.rows` of `Result.verdicts`) in which no row differs from the others
#: beyond chance: leadership reads its sentence, the team its sentence and the table
NOTHING_APART = "nothing_apart"


@dataclass(frozen=True)
class Result:
    """The result of one analysis for one product and quarter.

    since, as_of: first and last day of the data behind it. n: number of customers in it. tables: question -> table;
    a question without a table has a note that explains why. verdicts: question -> conclusion; `<question>.rows` -> that on the rows of a table. settings: of the
    product, as the window of a conversion in days, and the currency of its contracts (`Workbook.analyse`). shows:
    the disclosures of its tables; None where they were not determined, as in the team's edition. by_segment: further
    metrics, of segments, for `metrics.parquet`. findings: what the analysis found, most important first.
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
    by_segment: tuple[Metric, ...] = ()
    findings: tuple[Finding, ...] = ()

    def about(self, question: str) -> tuple[Note, ...]:
        """The notes on a question."""
        return tuple(n for n in self.notes if n.about == question)


@dataclass
class Answers:
    """What a `Result` is made of, filled by one question after the other."""

    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    metrics: dict[str, Metric] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    by_segment: list[Metric] = field(default_factory=list)

    def add(self, metric: Metric | None) -> None:
        """Adds a metric, if there is one."""
        if metric is not None:
            self.metrics[metric.name] = metric
