"""New customers' first month compared with the first month of earlier customers: the same age, not the same days."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cs_helpers.contract.baselines import Baseline
from cs_helpers.contract.coverage import Period
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.measures import covered_period
from cs_helpers.customers.time import missing_contracts
from cs_helpers.customers.watched import account_rows
from cs_helpers.result import Metric, Note, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import benjamini_hochberg, rate_ratio

#: the days of the first month of a customer
FIRST_MONTH = 30
#: the quarters of start that are shown, including that of the report
COHORTS = 9
#: smaller cohorts are not compared
MIN_COHORT = 8

#: sources whose rows belong to accounts and say how much they did, so that their first months can be compared
_OF_ACCOUNTS = ("usage", "tickets", "touches")


@dataclass
class Cohorts:
    """The answer on the first-month tickets of new customers. table: cohort, customers, tickets, each; None without one."""

    table: pd.DataFrame | None = None
    verdict: Verdict | None = None
    metrics: dict[str, Metric] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


def compare_first_tickets(data: ProductData, time: CustomerTime, quarter: Quarter) -> Cohorts:
    """The tickets of new customers in their first 30 days against those of earlier ones, with the notes on them."""
    # without contracts the start of an account is not known, and its first ticket may be its first row
    if missing := (*missing_contracts(data), *data.missing("tickets")):
        return Cohorts(notes=[Note("missing_table", "cohorts", {"tables": missing})])
    period = covered_period(data, "tickets")
    if period is None:
        return Cohorts(notes=[Note("no_tickets", "cohorts", {})])
    first_days = time.first_days()
    started = _whole_first_months(first_days, period, quarter)
    if started.empty:
        return Cohorts(notes=[Note("no_new_customers", "cohorts", {"quarter": str(quarter)})])
    if started.max() < pd.Timestamp(quarter.back(COHORTS - 1).start):
        return Cohorts(notes=[Note("no_recent_customers", "cohorts", {"quarters": COHORTS})])
    opened = data["tickets"][["account_id"]].assign(
        day=data["tickets"]["opened_at"].dt.normalize(), value=1.0
    )
    tickets = _first_months(opened, started)
    cohort = started.map(lambda day: str(Quarter.containing(day.date())))
    table = tickets.groupby(cohort).agg(customers="size", tickets="sum").rename_axis("cohort").reset_index()
    table["tickets"] = table["tickets"].astype("int64")
    answer = Cohorts(table.assign(each=table["tickets"] / table["customers"]))
    is_new = (cohort == str(quarter)).to_numpy()
    n, earlier = int(is_new.sum()), int((~is_new).sum())
    if not_over := int((first_days >= pd.Timestamp(quarter.start)).sum()) - n:
        answer.notes.append(Note("first_month_open", "cohorts", {"customers": not_over, "of": not_over + n}))
    if min(n, earlier) < MIN_COHORT:
        answer.notes.append(
            Note("small_cohort", "cohorts", {"customers": n, "earlier": earlier, "needed": MIN_COHORT})
        )
        answer.verdict = Verdict("unknown")
        return answer
    same_age = _compare(tickets, is_new)
    ratio, low, high, p = (same_age[name] for name in ("ratio", "low", "high", "p"))
    if not np.isnan(ratio):  # NaN without any ticket
        answer.metrics["cohort_ratio"] = Metric("cohort_ratio", ratio, "ratio", n, low, high)
    answer.metrics["cohort_p"] = Metric("cohort_p", p, "p", n)
    answer.verdict = Verdict(_verdict(ratio, p < 0.05), {"ratio": ratio, "low": low, "high": high})
    return answer


def compare_first_months(data: ProductData, time: CustomerTime, quarter: Quarter) -> pd.DataFrame:
    """Each watched number that belongs to accounts: new customers' first 30 days against those of earlier customers.

    Columns: baseline, customers, earlier (their numbers), each, earlier_each (the number in a first month of one),
    age_ratio, age_low, age_high, age_p, age_verdict: the codes of the question `cohorts`, decided at the false discovery
    rate of the product's alerts over the numbers. Only numbers of which enough customers have a whole first month.
    """
    rows = [] if missing_contracts(data) else _first_month_rows(data, time, quarter)
    columns = ["baseline", "customers", "earlier", "each", "earlier_each", "ratio", "low", "high", "p"]
    ours = {c: f"age_{c}" for c in ("ratio", "low", "high", "p")}
    table = pd.DataFrame(rows, columns=columns).rename(columns=ours)
    called = benjamini_hochberg(table["age_p"].to_list(), q=data.product.alerts.false_discovery)
    table["age_verdict"] = [_verdict(r, bool(c)) for r, c in zip(table["age_ratio"], called, strict=True)]
    return table


def _first_month_rows(data: ProductData, time: CustomerTime, quarter: Quarter) -> list[Mapping[str, object]]:
    rows: list[Mapping[str, object]] = []
    for baseline in data.product.baselines:
        found = first_months_of(data, time, quarter, baseline)
        if found is None:
            continue
        values, started = found
        is_new = (started >= pd.Timestamp(quarter.start)).to_numpy()
        if min(is_new.sum(), (~is_new).sum()) < MIN_COHORT:
            continue
        rows.append({"baseline": baseline.id, **_compare(values, is_new)})
    return rows


def belongs_to_accounts(baseline: Baseline) -> bool:
    """Whether a watched number is a sum over customers, so that their first months can be compared."""
    return baseline.source in _OF_ACCOUNTS and baseline.scale == "count"


def first_months_of(
    data: ProductData, time: CustomerTime, quarter: Quarter, baseline: Baseline
) -> tuple[pd.Series, pd.Series] | None:
    """A watched number in the first 30 days of each customer whose first month is known, and the first day of each.

    None where it does not belong to customers (`belongs_to_accounts`), or nothing is recorded of it.
    """
    if not belongs_to_accounts(baseline) or data.missing(baseline.source):
        return None
    period = covered_period(data, baseline.source, baseline.event)
    if period is None:
        return None
    started = _whole_first_months(time.first_days(), period, quarter)
    return _first_months(account_rows(data, baseline, pd.Timestamp(quarter.end)), started), started


def _whole_first_months(first_days: pd.Series, period: Period, quarter: Quarter) -> pd.Series:
    """The first days of customers whose whole first month is over by the end of the quarter and covered by the data."""
    month = pd.Timedelta(days=FIRST_MONTH - 1)
    until = min(pd.Timestamp(quarter.end), pd.Timestamp(period.last)) - month
    started = first_days[(first_days >= pd.Timestamp(period.first)) & (first_days <= until)]
    is_covered = [period.covers(day.date(), (day + month).date()) for day in started]
    return started[np.array(is_covered, dtype=bool)]


def _first_months(rows: pd.DataFrame, started: pd.Series) -> pd.Series:
    """The sum of `value` in the first 30 days of each customer in `started`. rows: account_id, day, value."""
    # not `map`, which of no customers makes numbers
    first_days = started.astype("datetime64[us]").reindex(rows["account_id"]).set_axis(rows.index)
    age = (rows["day"] - first_days).dt.days
    inside = rows[(age >= 0) & (age < FIRST_MONTH)]
    return inside.groupby("account_id")["value"].sum().reindex(started.index, fill_value=0.0)


def _compare(values: pd.Series, is_new: np.ndarray) -> dict[str, float]:
    """The ratio of the means, with the over-dispersion of the earlier customers (variance divided by mean)."""
    new, earlier = values[is_new], values[~is_new]
    dispersion = float(earlier.var() / earlier.mean()) if earlier.mean() > 0 else 1.0
    ratio, low, high, p = rate_ratio(
        int(new.sum()), len(new), int(earlier.sum()), len(earlier), dispersion=dispersion
    )
    return {
        "customers": len(new), "earlier": len(earlier), "each": new.mean(), "earlier_each": earlier.mean(),
        "ratio": ratio, "low": low, "high": high, "p": p,
    }  # fmt: skip


def _verdict(ratio: float, is_significant: bool) -> str:
    """`none_asked`, `less`, `more`, `as_usual`; where earlier customers had none, `more_than_none` or `hardly_any`."""
    if np.isnan(ratio):
        return "none_asked"
    if not np.isfinite(ratio):
        return "more_than_none" if is_significant else "hardly_any"
    return ("less" if ratio < 1 else "more") if is_significant else "as_usual"
