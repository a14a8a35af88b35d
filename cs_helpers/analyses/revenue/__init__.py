"""Revenue: movements of the MRR, retention of customers and revenue, what growth costs, and what a customer is worth."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pandas as pd

from cs_helpers.analyses.revenue.costs import profitability, year_of_costs
from cs_helpers.analyses.revenue.declared import DECLARES
from cs_helpers.analyses.revenue.findings import find
from cs_helpers.analyses.revenue.lifetime import lifetime_values, lifetimes
from cs_helpers.analyses.revenue.movements import MOVEMENTS, Ledger, ledger, month_ends
from cs_helpers.analyses.revenue.retention import by_segment, cohort, quick_ratio
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
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.time import contracts_without_rate, customer_time_as_of, missing_contracts
from cs_helpers.result import Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData

__all__ = ["DECLARES", "analyse"]

#: the months of the trend, and of the table of movements
TREND_MONTHS, TABLE_MONTHS = 36, 12
#: the periods of retention in months, by the ending of their metrics' names
PERIODS = {"quarter": 3, "year": 12}


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The revenue of the product as known at the end of the quarter, all amounts in the product's currency.

    Tables: `bridge` (step: opening, the kinds of `movements.MOVEMENTS`, closing; amount, customers): of the quarter;
    `movements`: `Ledger.by_month` of the last `TABLE_MONTHS` months; `trend` (month, mrr, customers): of the last
    `TREND_MONTHS`; `retention` (period, months, those of `Cohort.measures`, quick_ratio and its interval): of the quarter and
    of twelve months; `segments`: `retention.by_segment` of twelve months, or of the quarter where there is no full year;
    `profitability` (measure, value, unit): `costs.profitability`; `lifetime` and `survival`: `lifetime.lifetime_values`.
    """
    if missing := missing_contracts(data):
        notes = tuple(Note("missing_table", question, {"tables": missing}) for question in DECLARES.questions)
        return _result(data, quarter, 0, notes=notes)
    time = customer_time_as_of(data, quarter.end)
    of_months = ledger(time, month_ends(quarter, TREND_MONTHS))
    apart = contracts_without_rate(data, quarter.end)
    notes_on_amounts = [
        Note(
            "currency_apart", "bridge", {"names": row.currency, "contracts": row.contracts, "amount": row.mrr}
        )
        for row in apart.itertuples()
    ]
    if not (of_months.at.spell >= 0).any():
        nobody = [
            Note("no_customers", question, {"quarter": str(quarter)}) for question in DECLARES.questions
        ]
        return _result(data, quarter, 0, notes=(*nobody, *notes_on_amounts))
    tables: dict[str, pd.DataFrame] = {}
    metrics: dict[str, Metric] = {}
    verdicts: dict[str, Verdict] = {}
    notes = [*notes_on_amounts, *_rate_notes(data), *_spell_notes(time, of_months, quarter)]
    _add_movements(of_months, tables, metrics, verdicts)
    by_segment_metrics = _add_retention(data, time, of_months, tables, metrics, notes, verdicts)
    _add_money(data, quarter, time, of_months, tables, metrics, notes, verdicts)
    n = int(of_months.customers().sum())
    findings = find(of_months, tables, metrics)
    return _result(data, quarter, n, tables, metrics, tuple(notes), verdicts, by_segment_metrics, findings)


def _result(data, quarter, n, tables=None, metrics=None, notes=(), verdicts=None, by_segment=(), findings=()):  # type: ignore[no-untyped-def]
    return Result(
        "revenue", data.product.product, quarter, quarter.start, data.as_of, n, tables or {}, metrics or {}, notes,
        verdicts=verdicts or {}, by_segment=by_segment, findings=findings,
    )  # fmt: skip


def _rate_notes(data: ProductData) -> list[Note]:
    """A note on each exchange rate that was used."""
    used = set(data["contracts"]["currency"].dropna())
    rates = data.product.revenue.exchange_rates
    return [
        Note("converted", "bridge", {"names": name, "rate": rate.rate, "since": rate.on})
        for name, rate in rates.items()
        if name in used
    ]


def _spell_notes(time: CustomerTime, of_months: Ledger, quarter: Quarter) -> list[Note]:
    """Notes on renewals not recorded, on customers counted again, and on contracts without any end."""
    notes = []
    if amount := -of_months.total("not_recorded", 3):
        names = time.renewals_not_recorded()
        notes.append(Note("not_recorded", "bridge", {"customers": len(names), "mrr": amount}))
    openings = [quarter.back(k).end for k in (1, 4)]
    if recounted := len(time.recounted_customers(openings)):
        notes.append(Note("recounted", "retention", {"customers": recounted}))
    if not time.spells["ended"].isin(ENDINGS).any():
        notes.append(Note("no_losses_recorded", "retention", {}))
    return notes


def _add_movements(
    of_months: Ledger,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    verdicts: dict[str, Verdict],
) -> None:
    """Adds the movements by month and of the quarter, and the trend."""
    by_month = of_months.by_month()
    begun = (by_month[["opening", "closing", "customers"]] > 0).any(axis=1)
    by_month = by_month[begun.cummax()].reset_index(drop=True)
    tables["movements"] = by_month.tail(TABLE_MONTHS).reset_index(drop=True)
    tables["trend"] = by_month.rename(columns={"closing": "mrr"})[["month", "mrr", "customers"]]
    moved = {kind: amounts[:, -3:] for kind, amounts in of_months.movements.items()}
    opening, closing = of_months.mrr(3), of_months.mrr()
    tables["bridge"] = pd.DataFrame(
        {
            "step": ["opening", *MOVEMENTS, "closing"],
            "amount": [opening.sum(), *(moved[kind].sum() for kind in MOVEMENTS), closing.sum()],
            "customers": [
                of_months.customers(3).sum(),
                *((moved[kind] != 0).any(axis=1).sum() for kind in MOVEMENTS),
                of_months.customers().sum(),
            ],
        }
    )
    n = int(of_months.customers().sum())
    metrics["customers"] = Metric("customers", float(n), "count", n)
    metrics["mrr"] = Metric("mrr", float(closing.sum()), "currency", n)
    verdicts["bridge"] = bridge_verdict(tables["bridge"])
    verdicts["trend"] = trend_verdict(tables["trend"])


def _add_retention(
    data: ProductData,
    time: CustomerTime,
    of_months: Ledger,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> tuple[Metric, ...]:
    """Adds NRR, GRR, logo churn and quick ratio of both periods and of segments; returns the metrics of segments."""
    rows, cohorts = [], {}
    for period, months in PERIODS.items():
        start = of_months.at.days[-months - 1] + timedelta(days=1)
        found = cohort(of_months, months)
        if not len(found.start):
            code = "no_year" if period == "year" else "no_start_customers"
            notes.append(Note(code, "retention", {"since": start}))
            continue
        cohorts[period] = found
        row = {"period": period, "months": months, **found.measures()}
        row["quick_ratio"], row["quick_ratio_low"], row["quick_ratio_high"] = quick_ratio(of_months, months)
        rows.append(row)
        ending = "_year" if period == "year" else ""
        for name in ("nrr", "grr", "logo_churn"):
            _add_metric(metrics, _metric(f"{name}{ending}", row, name))
        if period == "quarter":
            _add_metric(metrics, _metric("quick_ratio", row, "quick_ratio", "ratio"))
            if np.isnan(row["quick_ratio"]):
                notes.append(Note("nothing_lost", "retention", {}))
        if not row["mrr"]:
            notes.append(Note("no_start_mrr", "retention", {"customers": row["customers"], "since": start}))
    if not rows:
        notes.append(
            Note("no_start_customers", "segments", {"since": of_months.at.days[-4] + timedelta(days=1)})
        )
        return ()
    tables["retention"] = pd.DataFrame(rows)
    verdicts["retention"] = retention_verdict(rows[-1])
    accounts = with_segments(data["accounts"]).set_index("account_id")
    accounts["cohort"] = time.first_days().dt.year.astype("Int64").astype("str")
    segments = by_segment(cohorts[rows[-1]["period"]], accounts, data.sizes)
    if segments.empty:
        notes.append(Note("one_segment", "segments", {}))
        return ()
    tables["segments"] = segments
    verdicts["segments"] = segments_verdict(segments, rows[-1])
    ending = "_year" if rows[-1]["period"] == "year" else ""
    of_segments = [
        _metric(f"{name}{ending}", row, name, segment=f"{row['dimension']}={row['segment']}")
        for row in segments.to_dict("records")
        for name in ("nrr", "grr", "logo_churn")
    ]
    return tuple(metric for metric in of_segments if metric is not None)


def _add_money(
    data: ProductData,
    quarter: Quarter,
    time: CustomerTime,
    of_months: Ledger,
    tables: dict[str, pd.DataFrame],
    metrics: dict[str, Metric],
    notes: list[Note],
    verdicts: dict[str, Verdict],
) -> None:
    """Adds what growth costs and what a customer is worth."""
    costs, cost_notes = year_of_costs(data, quarter)
    notes += cost_notes
    ratios: dict[str, float] = {}
    n = int(of_months.customers(12).sum())
    if costs is not None:
        ratios = profitability(of_months, costs)
        tables["profitability"] = pd.DataFrame(
            [(name, value, _UNITS.get(name, "currency")) for name, value in ratios.items()],
            columns=["measure", "value", "unit"],
        )
        verdicts["profitability"] = profitability_verdict(ratios)
        for name in ("profit_margin", "growth_efficiency", "growth_efficiency_net", "cac_payback"):
            if name in ratios:
                metrics[name] = Metric(name, ratios[name], _UNITS[name], n)
    paying = of_months.mrr()[of_months.mrr() > 0]
    found = lifetimes(time)
    margin = float(paying.mean()) * ratios.get("gross_margin", 1.0) if len(paying) else 0.0
    values, curve = lifetime_values(found, of_months, margin, data.product.revenue, PERIODS["year"])
    tables["survival"] = curve
    verdicts["survival"] = survival_verdict(curve, found, values)
    if not len(paying):
        notes.append(Note("no_customers", "lifetime", {"quarter": str(quarter)}))
        return
    tables["lifetime"] = values
    if "gross_margin" not in ratios:
        notes.append(Note("value_of_revenue", "lifetime", {}))
    if "sbg" not in set(values["method"]):
        notes.append(Note("no_term", "lifetime", {"months": data.product.revenue.term_months}))
    if len(best := values[values["method"] == "km_rmst"]):
        row = best.iloc[0].to_dict() | {"customers": len(found.lost)}
        _add_metric(metrics, _metric("lifetime_value", row, "value", "currency", bounds=("low", "high")))


#: units of the measures of `costs.profitability` that are no amounts
_UNITS = {
    "gross_margin": "share", "profit_margin": "share", "growth_efficiency": "ratio", "growth_efficiency_net": "ratio",
    "cac_payback": "months",
}  # fmt: skip


def _metric(
    name: str,
    row: dict[str, float],
    column: str,
    unit: str = "share",
    *,
    segment: str = "all",
    bounds: tuple[str, str] | None = None,
) -> Metric | None:
    """The metric of a column of a row with its interval; None where it has no finite value."""
    value = float(row[column])
    if not math.isfinite(value):
        return None
    low, high = (float(row[b]) for b in bounds or (f"{column}_low", f"{column}_high"))
    known = [None if math.isnan(bound) else bound for bound in (low, high)]
    return Metric(name, value, unit, int(row["customers"]), *known, segment=segment)


def _add_metric(metrics: dict[str, Metric], metric: Metric | None) -> None:
    if metric is not None:
        metrics[metric.name] = metric
