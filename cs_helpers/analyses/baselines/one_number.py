"""One watched number, of all customers or of a segment: its usual range, the same quarter of past years, first months."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property

import pandas as pd

from cs_helpers.analyses.baselines.cohorts import belongs_to_accounts, compare_first_months, first_months_of
from cs_helpers.analyses.baselines.scan import Scan, scan_quarter, summed_over
from cs_helpers.analyses.baselines.years import compare_years, year_values
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.result import Note, Result, Verdict
from cs_helpers.snapshot import ProductData


class OneNumber:
    """The three comparisons of a watched number, each a result of its own, so that one can be shown before the next.

    The number is judged by itself: nothing else takes part in its budget of false alerts.
    """

    def __init__(self, data: ProductData, quarter: Quarter, baseline: str) -> None:
        """data: of all customers, or of those of a segment. baseline: the id of a watched number of the product."""
        declared = next(b for b in data.product.baselines if b.id == baseline)
        self._baseline = declared.model_copy(update={"by": None})
        product = data.product.model_copy(update={"baselines": (self._baseline,)})
        self._data, self._quarter = replace(data, product=product), quarter
        self._time = customer_time_as_of(data, quarter.end)

    @cached_property
    def _scan(self) -> Scan:
        return scan_quarter(self._data, self._quarter)

    def usual(self) -> Result:
        """Each day, week or month of the quarter against its usual range: the tables, verdict and notes of `series`."""
        scan = self._scan
        verdicts = {"series": scan.verdict} if scan.verdict is not None else {}
        return self._result(scan.tables, verdicts, scan.notes)

    def past_years(self) -> Result:
        """The quarter against the same quarter of past years.

        Table `number_years`: year, value (the mean of a day, week or month, at today's number of customers), and in the row of
        this year usual, low, high (95 %). Verdict: the codes of `years.compare_years`, with value, usual, low, high, years, every.
        """
        if not self._scan.watched:
            about = [
                replace(note, about="number_years") for note in self._scan.notes if note.about == "series"
            ]
            return self._result({}, {}, about)
        [watched] = self._scan.watched
        [row] = compare_years(self._data, self._time, self._quarter, [watched]).to_dict("records")
        years = year_values(self._data, self._time, self._quarter, watched)
        named = {"usual": "year_usual", "low": "year_low", "high": "year_high"}
        is_now = years["year"] == self._quarter.year
        for name, column in named.items():
            years[name] = pd.Series(row[column], years.index, dtype="float64").where(is_now)
        fields = {
            "value": row["quarter_value"],
            "years": int(row["years"]),
            "every": summed_over(self._baseline),
        }
        verdict = Verdict(str(row["year_verdict"]), fields | {name: row[c] for name, c in named.items()})
        return self._result({"number_years": years} if len(years) else {}, {"number_years": verdict}, [])

    def first_months(self) -> Result:
        """New customers' first 30 days against those of earlier customers.

        Table `number_ages`: cohort (quarter of start), customers, each (the number in the first 30 days of one). Verdict: the
        codes of the question `cohorts`, with ratio, low, high; `unknown` where either are too few.
        """
        baseline = self._baseline
        if not belongs_to_accounts(baseline):
            return self._result({}, {}, [Note("no_first_months", "number_ages", {})])
        if missing := (*missing_contracts(self._data), *self._data.missing(baseline.source)):
            return self._result({}, {}, [Note("missing_table", "number_ages", {"tables": missing})])
        found = first_months_of(self._data, self._time, self._quarter, baseline)
        if found is None or found[1].empty:
            note = Note("no_new_customers", "number_ages", {"quarter": str(self._quarter)})
            return self._result({}, {}, [note])
        values, started = found
        cohort = started.map(lambda day: str(Quarter.containing(day.date())))
        table = values.groupby(cohort).agg(customers="size", each="mean").rename_axis("cohort").reset_index()
        verdict = Verdict("unknown")
        for row in compare_first_months(self._data, self._time, self._quarter).to_dict("records"):
            fields = {name: row[f"age_{name}"] for name in ("ratio", "low", "high")}
            verdict = Verdict(str(row["age_verdict"]), fields)
        return self._result({"number_ages": table}, {"number_ages": verdict}, [])

    def _result(
        self, tables: dict[str, pd.DataFrame], verdicts: dict[str, Verdict], notes: list[Note]
    ) -> Result:
        data, quarter = self._data, self._quarter
        return Result(
            "baselines", data.product.product, quarter, quarter.start, data.as_of, len(self._time.customers(quarter.end)),
            tables, self._scan.metrics, tuple(notes), {"baseline": self._baseline.id}, verdicts=verdicts,
        )  # fmt: skip
