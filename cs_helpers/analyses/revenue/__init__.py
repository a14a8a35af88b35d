"""Revenue: movements of the MRR, retention of customers and revenue, what growth costs, and what a customer is worth."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

import pandas as pd

from cs_helpers.analyses.revenue.costs import costs_with_notes, profitability
from cs_helpers.analyses.revenue.declared import DECLARES
from cs_helpers.analyses.revenue.findings import find
from cs_helpers.analyses.revenue.lifetime import lifetime_values, lifetimes
from cs_helpers.analyses.revenue.retention import by_segment, quick_ratio
from cs_helpers.analyses.revenue.verdicts import (
    bridge_verdict,
    profitability_verdict,
    retention_verdict,
    segments_verdict,
    survival_verdict,
    trend_verdict,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.movements import MOVEMENTS, Ledger, ledger, month_ends
from cs_helpers.customers.retention import cohort
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.time import (
    contracts_without_rate,
    customer_time_as_of,
    exchange_rates_used,
    missing_contracts,
)
from cs_helpers.result import Answers, Finding, Metric, Note, Result
from cs_helpers.snapshot import ProductData

__all__ = ["DECLARES", "analyse"]

#: the months of the trend, and of the table of movements
TREND_MONTHS, TABLE_MONTHS = 36, 12
#: the periods of retention in months
PERIODS = {"quarter": 3, "year": 12}
#: the ending of the names of each period's metrics
ENDINGS_OF_NAMES = {"quarter": "", "year": "_year"}
#: the measures of retention that are metrics of both periods
RETENTION = ("nrr", "grr", "logo_churn")
#: the questions, each with a note where there are no customers
QUESTIONS = tuple(DECLARES.questions)
#: units of the measures of `costs.profitability` that are no amounts
UNITS = {
    "gross_margin": "share", "profit_margin": "share", "growth_efficiency": "ratio", "growth_efficiency_net": "ratio",
    "cac_payback": "months",
}  # fmt: skip


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The revenue of the product as known at the end of the quarter, all amounts in the product's currency.

    Tables: `bridge` (step: opening, the kinds of `movements.MOVEMENTS`, closing; amount, customers): of the quarter;
    `movements`: `Ledger.by_month` of the last `TABLE_MONTHS` months; `trend` (month, mrr, customers): of the last
    `TREND_MONTHS`; `retention` (period, months, those of `Cohort.measures`, quick_ratio and its interval): of the quarter and
    of twelve months; `segments`: `retention.by_segment` of twelve months, or of the quarter where there is no full year, and
    `clear_segments` those of them that differ clearly;
    `profitability` (measure, value, unit): `costs.profitability`; `lifetime` and `survival`: `lifetime.lifetime_values`.
    """
    answers = Answers()
    n = 0
    findings: tuple[Finding, ...] = ()
    if missing := missing_contracts(data):
        answers.notes += [Note("missing_table", question, {"tables": missing}) for question in QUESTIONS]
    else:
        time = customer_time_as_of(data, quarter.end)
        of_months = ledger(time, month_ends(quarter, TREND_MONTHS))
        answers.notes += _currency_notes(data, quarter)
        if (of_months.at.spell >= 0).any():
            answers.notes += _spell_notes(time, of_months, quarter)
            _add_movements(answers, of_months)
            _add_retention(answers, data, time, of_months)
            ratios = _add_profitability(answers, data, quarter, of_months)
            _add_lifetime(answers, data, time, of_months, ratios.get("gross_margin"))
            n = int(of_months.customers().sum())
            findings = find(of_months, answers.tables, answers.metrics)
        else:
            answers.notes += [
                Note("no_customers", question, {"quarter": str(quarter)}) for question in QUESTIONS
            ]
    return Result(
        "revenue",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        n,
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        {"discount_rate": data.product.revenue.discount_rate},
        verdicts=answers.verdicts,
        by_segment=tuple(answers.by_segment),
        findings=findings,
    )


def _currency_notes(data: ProductData, quarter: Quarter) -> list[Note]:
    """Notes on contracts in a currency that is left apart, and on each exchange rate that was used."""
    notes = [
        Note(
            "currency_apart", "bridge", {"names": row.currency, "contracts": row.contracts, "amount": row.mrr}
        )
        for row in contracts_without_rate(data, quarter.end).itertuples()
    ]
    for name, rate in exchange_rates_used(data).items():
        notes.append(Note("converted", "bridge", {"names": name, "rate": f"{rate.rate:g}", "since": rate.on}))
    return notes


def _spell_notes(time: CustomerTime, of_months: Ledger, quarter: Quarter) -> list[Note]:
    """Notes on renewals not recorded, on customers counted again, and on contracts without any end."""
    notes = []
    if amount := -of_months.total("not_recorded", PERIODS["quarter"]):
        customers = int(
            (of_months.movements["not_recorded"][:, -PERIODS["quarter"] :] != 0).any(axis=1).sum()
        )
        notes.append(Note("not_recorded", "bridge", {"customers": customers, "mrr": amount}))
    openings = [quarter.back(k).end for k in (1, 4)]
    if recounted := len(time.recounted_customers(openings)):
        notes.append(Note("recounted", "retention", {"customers": recounted}))
    if not time.spells["ended"].isin(ENDINGS).any():
        notes.append(Note("no_losses_recorded", "retention", {}))
    return notes


def _add_movements(answers: Answers, of_months: Ledger) -> None:
    """Adds the movements by month and of the quarter, and the trend."""
    by_month = of_months.by_month()
    begun = (by_month[["opening", "closing", "customers"]] > 0).any(axis=1)
    by_month = by_month[begun.cummax()].reset_index(drop=True)
    trend = by_month.rename(columns={"closing": "mrr"})[["month", "mrr", "customers"]]
    quarter = PERIODS["quarter"]
    moved = {kind: amounts[:, -quarter:] for kind, amounts in of_months.movements.items()}
    opening, closing = of_months.mrr(quarter), of_months.mrr()
    n = int(of_months.customers().sum())
    bridge = pd.DataFrame(
        {
            "step": ["opening", *MOVEMENTS, "closing"],
            "amount": [opening.sum(), *(moved[kind].sum() for kind in MOVEMENTS), closing.sum()],
            "customers": [
                of_months.customers(quarter).sum(),
                *((moved[kind] != 0).any(axis=1).sum() for kind in MOVEMENTS),
                n,
            ],
        }
    )
    answers.tables |= {"movements": by_month.tail(TABLE_MONTHS).reset_index(drop=True), "trend": trend}
    answers.tables["bridge"] = bridge
    answers.add(Metric("customers", float(n), "count", n))
    answers.add(Metric("mrr", float(closing.sum()), "currency", n))
    answers.verdicts |= {"bridge": bridge_verdict(bridge), "trend": trend_verdict(trend)}


def _add_retention(answers: Answers, data: ProductData, time: CustomerTime, of_months: Ledger) -> None:
    """Adds NRR, GRR, logo churn and quick ratio of both periods, and of the segments of the longer one that is known."""
    rows: list[dict[str, Any]] = []
    known = None
    for period, months in PERIODS.items():
        start = of_months.at.days[-months - 1] + timedelta(days=1)
        found = cohort(of_months, months)
        if not len(found.start):
            code = "no_year" if period == "year" else "no_start_customers"
            answers.notes.append(Note(code, "retention", {"since": start}))
            continue
        row: dict[str, Any] = {"period": period, "months": months, **found.measures()}
        row["quick_ratio"], row["quick_ratio_low"], row["quick_ratio_high"] = quick_ratio(of_months, months)
        rows.append(row)
        known = found
        for name in RETENTION:
            answers.add(_metric(name + ENDINGS_OF_NAMES[period], row, name))
        if not row["mrr"]:
            fields = {"customers": row["customers"], "since": start}
            answers.notes.append(Note("no_start_mrr", "retention", fields))
    if known is None:
        since = of_months.at.days[-PERIODS["quarter"] - 1] + timedelta(days=1)
        for question in ("segments", "clear_segments"):
            answers.notes.append(Note("no_start_customers", question, {"since": since}))
        return
    if rows[0]["period"] == "quarter":
        answers.add(_metric("quick_ratio", rows[0], "quick_ratio", "ratio"))
        if math.isnan(rows[0]["quick_ratio"]):
            answers.notes.append(Note("nothing_lost", "retention", {}))
    answers.tables["retention"] = pd.DataFrame(rows)
    answers.verdicts["retention"] = retention_verdict(rows[-1])
    accounts = with_segments(data["accounts"]).set_index("account_id")
    accounts["cohort"] = time.first_days().dt.year.astype("Int64").astype("str")
    segments = by_segment(known, accounts, data.sizes)
    if segments.empty:
        answers.notes += [Note("one_segment", question, {}) for question in ("segments", "clear_segments")]
        return
    clear = segments[segments["verdict"] != "unclear"].reset_index(drop=True)
    answers.tables |= {"segments": segments, "clear_segments": clear}
    answers.verdicts["segments"] = segments_verdict(segments, rows[-1])
    for row in segments.to_dict("records"):
        for name in RETENTION:
            segment = f"{row['dimension']}={row['segment']}"
            metric = _metric(name + ENDINGS_OF_NAMES[rows[-1]["period"]], row, name, segment=segment)
            answers.by_segment += [metric] if metric is not None else []


def _add_profitability(
    answers: Answers, data: ProductData, quarter: Quarter, of_months: Ledger
) -> dict[str, float]:
    """Adds what growth costs, and returns the ratios (`costs.profitability`)."""
    costs, notes = costs_with_notes(data, quarter)
    answers.notes += notes
    if costs is None:
        return {}
    ratios = profitability(of_months, costs)
    answers.tables["profitability"] = pd.DataFrame(
        [(name, value, UNITS.get(name, "currency")) for name, value in ratios.items()],
        columns=["measure", "value", "unit"],
    )
    answers.verdicts["profitability"] = profitability_verdict(ratios)
    n = int(of_months.customers(PERIODS["year"]).sum())
    for name in ("profit_margin", "growth_efficiency", "growth_efficiency_net", "cac_payback"):
        if name in ratios:
            answers.add(Metric(name, ratios[name], UNITS[name], n, exact=True))
    return ratios


def _add_lifetime(
    answers: Answers, data: ProductData, time: CustomerTime, of_months: Ledger, gross_margin: float | None
) -> None:
    """Adds how long customers stay, and what one is worth."""
    rules = data.product.revenue
    found = lifetimes(time)
    paying = of_months.mrr()[of_months.mrr() > 0]
    margin = float(paying.mean()) * (1.0 if gross_margin is None else gross_margin) if len(paying) else 0.0
    values, curve = lifetime_values(found, of_months, margin, rules, PERIODS["year"])
    answers.tables["survival"] = curve
    answers.verdicts["survival"] = survival_verdict(curve, found)
    if not len(paying):
        answers.notes.append(Note("no_paying_customers", "lifetime", {}))
        return
    answers.tables["lifetime"] = values
    if gross_margin is None:
        answers.notes.append(Note("value_of_revenue", "lifetime", {}))
    if "sbg" not in set(values["method"]):
        answers.notes.append(Note("no_term", "lifetime", {"months": rules.term_months}))
    for row in values[values["method"] == "km_rmst"].to_dict("records"):
        value = {
            "lifetime_value": row["value"],
            "lifetime_value_low": row["low"],
            "lifetime_value_high": row["high"],
        }
        answers.add(
            _metric("lifetime_value", {**value, "customers": len(found.lost)}, "lifetime_value", "currency")
        )


def _metric(
    name: str, row: dict[str, Any], column: str, unit: str = "share", *, segment: str = "all"
) -> Metric | None:
    """The metric of a column of a row with its interval; None where it has no finite value."""
    value = float(row[column])
    if not math.isfinite(value):
        return None
    low, high = (
        None if math.isnan(bound) else float(bound) for bound in (row[f"{column}_low"], row[f"{column}_high"])
    )
    of_start_mrr = column in ("nrr", "grr")
    n = int(row["paying" if of_start_mrr else "customers"])
    base = float(row["mrr"]) if of_start_mrr else None
    return Metric(name, value, unit, n, low, high, segment=segment, base=base)
