"""One watched number, of all customers or of a segment: its usual range, the same quarter of past years, first months."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from cs_helpers.analyses.baselines.cohorts import (
    belongs_to_accounts,
    compare_first_months,
    first_months_of,
)
from cs_helpers.analyses.baselines.scan import scan_quarter, summed_over
from cs_helpers.analyses.baselines.years import compare_years, year_values
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.result import Answers, Note, Result, Verdict
from cs_helpers.snapshot import ProductData


def compare_number(data: ProductData, quarter: Quarter, baseline: str) -> Result:
    """The three comparisons of a watched number, by itself: nothing else takes part in its budget of false alerts.

    data: of all customers, or of those of a segment. baseline: its id. Tables: `series` and `departures` (of `scan`), `number_years` (year,
    value: of the same quarter, at today's number of customers; and in the row of this year usual, low, high), and `number_ages`
    (cohort: quarter of start, customers, each: in the first 30 days of one). Verdicts: `series`, `number_years` (the codes of
    `years`, with value, usual, low, high, years) and `number_ages` (those of the question `cohorts`, with ratio, low, high).
    """
    declared = next(b for b in data.product.baselines if b.id == baseline)
    alone = declared.model_copy(update={"by": None})
    data = replace(data, product=data.product.model_copy(update={"baselines": (alone,)}))
    time = customer_time_as_of(data, quarter.end)
    scan = scan_quarter(data, quarter)
    answers = Answers(tables=dict(scan.tables), notes=list(scan.notes))
    if scan.verdict is not None:
        answers.verdicts["series"] = scan.verdict
    if scan.watched:
        [watched] = scan.watched
        [row] = compare_years(data, time, quarter, [watched]).to_dict("records")
        years = year_values(data, time, quarter, watched)
        named = {"usual": "year_usual", "low": "year_low", "high": "year_high"}
        is_now = years["year"] == quarter.year
        for name, column in named.items():
            years[name] = pd.Series(row[column], years.index, dtype="float64").where(is_now)
        if len(years):
            answers.tables["number_years"] = years
        fields = {"value": row["quarter_value"], "years": int(row["years"]), "every": summed_over(alone)}
        fields |= {name: row[column] for name, column in named.items()}
        answers.verdicts["number_years"] = Verdict(str(row["year_verdict"]), fields)
    _add_first_months(answers, data, quarter)
    return Result(
        "baselines", data.product.product, quarter, quarter.start, data.as_of, len(time.customers(quarter.end)),
        answers.tables, scan.metrics, tuple(answers.notes), {"baseline": baseline}, verdicts=answers.verdicts,
    )  # fmt: skip


def _add_first_months(answers: Answers, data: ProductData, quarter: Quarter) -> None:
    """Adds new customers' first 30 days by quarter of start, or a note why there are none."""
    [baseline] = data.product.baselines
    if not belongs_to_accounts(baseline):
        answers.notes.append(Note("no_first_months", "number_ages", {}))
        return
    if missing := (*missing_contracts(data), *data.missing(baseline.source)):
        answers.notes.append(Note("missing_table", "number_ages", {"tables": missing}))
        return
    time = customer_time_as_of(data, quarter.end)
    found = first_months_of(data, time, quarter, baseline)
    if found is None or found[1].empty:
        answers.notes.append(Note("no_new_customers", "number_ages", {"quarter": str(quarter)}))
        return
    values, started = found
    cohort = started.map(lambda day: str(Quarter.containing(day.date())))
    table = values.groupby(cohort).agg(customers="size", each="mean").rename_axis("cohort").reset_index()
    answers.tables["number_ages"] = table
    compared = compare_first_months(data, time, quarter)
    if compared.empty:
        answers.verdicts["number_ages"] = Verdict("unknown")
        return
    [row] = compared.to_dict("records")
    fields = {name: row[f"age_{name}"] for name in ("ratio", "low", "high")}
    answers.verdicts["number_ages"] = Verdict(str(row["age_verdict"]), fields)
