"""The numbers that the ten principles go by: headlines of other reports, and shares that no other report has."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from cs_helpers import analyses
from cs_helpers.contract.organisation import same_department
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.handovers import UNKNOWN, customer_handovers, is_filled
from cs_helpers.customers.measures import covered_period
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Metric, Result
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import wilson

#: a customer without a touch for so many days is left alone
DAYS_ALONE = 90
#: touch models in which the customer does not depend on one person
WITHOUT_A_PERSON = ("tech", "community")
YEAR = 4


class Known(NamedTuple):
    """A number, and the answer of a report that it is from (`<analysis>-<question>`; '': of this one)."""

    metric: Metric
    place: str


@dataclass
class Numbers:
    """The numbers of a product by name, for a quarter and for earlier ones.

    results: of the reports that the numbers of the quarter are from. An earlier quarter is worked out from the same data, so that
    corrected data does not look like progress.
    """

    data: ProductData
    quarter: Quarter
    results: Mapping[str, Result]
    _earlier: dict[tuple[str, Quarter], Mapping[str, Metric]] = field(default_factory=dict)

    def now(self, name: str) -> Known | None:
        """The number at the end of the quarter; None where it is not known."""
        analysis, _, metric = name.partition(".")
        if metric:
            found = self.results[analysis].metrics.get(metric) if analysis in self.results else None
            return _known(found, f"{analysis}-headlines")
        if name in OF_DATA:
            return _known(OF_DATA[name](self.data, self.quarter), "")
        of_results, place = OF_RESULTS[name]
        return _known(of_results(self.data, self.quarter, self.results), place)

    def before(self, name: str, quarters: int) -> Metric | None:
        """An outcome so many quarters before, by the data of today; None where it was not known."""
        quarter = self.quarter.back(quarters)
        analysis, _, metric = name.partition(".")
        if not metric:
            found = _known(OF_DATA[name](self.data, quarter), "")
        else:
            if (analysis, quarter) not in self._earlier:
                # without small numbers that leadership may not see: both editions go by the same course
                self._earlier[analysis, quarter] = analyses.analysis(analysis).metrics_of(
                    self.data, quarter, leadership=True
                )
            found = _known(self._earlier[analysis, quarter].get(metric), "")
        return found.metric if found else None


def _known(metric: Metric | None, place: str) -> Known | None:
    if metric is None or metric.value is None or not math.isfinite(metric.value):
        return None
    return Known(metric, place)


def _share(name: str, count: int, of: int) -> Metric | None:
    return Metric(name, count / of, "share", of, *wilson(count, of)) if of else None


def _counted(name: str, count: int, of: int) -> Metric | None:
    return Metric(name, count / of, "share", of, exact=True) if of else None


def _recent_touches(data: ProductData, quarter: Quarter, days: int) -> pd.DataFrame | None:
    """The touches of the last days of a quarter of those who were customers at its end; None where they are not recorded."""
    first = quarter.end - timedelta(days=days - 1)
    period = covered_period(data, "touches")
    if data.missing("touches") or period is None or not period.covers(first, quarter.end):
        return None
    rows = data["touches"]
    day = rows["occurred_at"].dt.normalize()
    customers = customer_time_as_of(data, quarter.end).customers(quarter.end)
    inside = (day >= pd.Timestamp(first)) & (day <= pd.Timestamp(quarter.end))
    return rows[inside & (rows["kind"] != "churn_notice") & rows["account_id"].isin(customers)]


def touched(data: ProductData, quarter: Quarter) -> Metric | None:
    """Of the customers at the end of a quarter those with a touch in its last `DAYS_ALONE` days."""
    rows = _recent_touches(data, quarter, DAYS_ALONE)
    of = len(customer_time_as_of(data, quarter.end).customers(quarter.end))
    return None if rows is None else _share("touched", rows["account_id"].nunique(), of)


def not_by_one_person(data: ProductData, quarter: Quarter) -> Metric | None:
    """Of the customers that were touched in the last year those that more than one person, or a touch without one, reached."""
    rows = _recent_touches(data, quarter, 365)
    if rows is None or rows.empty:
        return None
    accounts = data["accounts"].set_index("account_id")
    model = rows["touch_model"].where(
        rows["touch_model"].notna(), rows["account_id"].map(accounts["touch_model"])
    )
    by = rows.assign(without=model.isin(WITHOUT_A_PERSON)).groupby("account_id")
    apart = by["without"].any() | (by["csm"].nunique() > 1)
    # where nobody is named, it is not known how many persons there were
    told = apart | by["csm"].nunique().gt(0)
    return _share("not_by_one_person", int(apart.sum()), int(told.sum()))


def _expectation_known(data: ProductData, quarter: Quarter, _: Mapping[str, Result]) -> Metric | None:
    """Of the customers who began when hand-overs were recorded, those of whom an expected outcome is on record."""
    if data.missing("handovers"):
        return None
    time = customer_time_as_of(data, quarter.end)
    rows = customer_handovers(data, quarter.end, time)
    rows = rows[rows.index.isin(time.customers(quarter.end)) & (rows["standing"] != UNKNOWN)]
    return _share("expectation_known", int(is_filled(rows["expected_outcome"]).sum()), len(rows))


def _scored(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Metric | None:
    """Of the customers those with a health score; None where nobody has one, because nothing that it is made of is known."""
    scored = results["health"].n
    of = len(customer_time_as_of(data, quarter.end).customers(quarter.end))
    return _share("scored", scored, of) if scored else None


def _of_kept_segments(data: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Metric | None:
    """Of those who became customers in the last year those in no segment that loses clearly more customers than the others."""
    segments = results["revenue"].tables.get("segments")
    if segments is None:
        return None
    time = customer_time_as_of(data, quarter.end)
    began = time.first_days()
    new = began.index[(began > pd.Timestamp(quarter.back(YEAR).end)) & (began <= pd.Timestamp(quarter.end))]
    accounts = data["accounts"][data["accounts"]["account_id"].isin(new)]
    leaves = pd.Series(False, accounts.index)
    for row in segments[segments["verdict"] == "more"].itertuples():
        if row.dimension in ("size", "industry"):
            leaves |= (accounts[row.dimension] == row.segment).fillna(False).astype(bool)
    return _share("of_kept_segments", int((~leaves).sum()), len(accounts))


def _without_a_person(_: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Metric | None:
    """Of the touches of the last year those by tech or community touch."""
    mix = results["touch_mix"].tables.get("mix")
    if mix is None:
        return None
    rows = mix[(mix["period"] == "year") & (mix["level"] == "all")]
    count = int(rows.loc[rows["touch_model"].isin(WITHOUT_A_PERSON), "count"].sum())
    return _counted("without_a_person", count, int(rows["touches"].max()) if len(rows) else 0)


def _answered(_: ProductData, quarter: Quarter, results: Mapping[str, Result]) -> Metric | None:
    """Of the requests to the product those with an answer, whatever it is."""
    undecided = results["product_feedback"].metrics.get("open_requests")
    if undecided is None or undecided.value is None:
        return None
    return _share("answered", undecided.n - int(undecided.value), undecided.n)


def _loss_noticed(data: ProductData, quarter: Quarter, _: Mapping[str, Result]) -> Metric | None:
    """Of the customers lost in the last year those whose notice is on record, in the year before their last day or since."""
    time = customer_time_as_of(data, quarter.end)
    if not time.by_contracts or data.missing("touches"):
        return None
    first, last = quarter.back(YEAR).end, quarter.end
    lost = time.lost_customers(first, last)
    period = covered_period(data, "touches")
    if period is None or not period.covers(first, last):
        return None
    rows = data["touches"]
    since, until = pd.Timestamp(quarter.back(2 * YEAR).end), pd.Timestamp(last) + pd.Timedelta(days=1)
    noticed = rows[
        (rows["kind"] == "churn_notice") & (rows["occurred_at"] > since) & (rows["occurred_at"] < until)
    ]
    return _share("loss_noticed", int(lost.isin(noticed["account_id"]).sum()), len(lost))


def aims(product: Product) -> list[tuple[str, float]]:
    """What is aimed at: the headline numbers with a target, and those of the goals, with the value that each is to have."""
    goals = product.to_be.goals if product.to_be else ()
    of_goals = [(goal.metric, goal.value) for goal in goals if goal.metric]
    return list(dict.fromkeys([*product.targets.items(), *of_goals]))


def _aimed(product: Product, results: Mapping[str, Result]) -> list[tuple[str, float, Metric | None]]:
    """The aims in reports that are at hand, each with its number, as far as this is known with its interval or counted."""
    found = []
    for name, target in aims(product):
        analysis, _, key = name.partition(".")
        if analysis in results:
            known = _known(results[analysis].metrics.get(key), "")
            metric = known.metric if known and is_measured(known.metric) else None
            found.append((name, target, metric))
    return found


def _aims_counted(data: ProductData, _: Quarter, results: Mapping[str, Result]) -> Metric | None:
    """Of the aims those whose number is known."""
    found = _aimed(data.product, results)
    return _counted("aims_counted", sum(metric is not None for *_, metric in found), len(found))


def _aims_met(data: ProductData, _: Quarter, results: Mapping[str, Result]) -> Metric | None:
    """Of the aims with a number those that are reached beyond chance."""
    found = [(name, target, m) for name, target, m in _aimed(data.product, results) if m is not None]
    return _counted("aims_met", sum(_is_met(*one) for one in found), len(found))


def _is_met(name: str, target: float, metric: Metric) -> bool:
    """Whether a number has reached its target, with all of its interval where it has one; on the target is reached."""
    analysis, _, key = name.partition(".")
    low, high = (float(metric.value or 0.0) if end is None else end for end in (metric.low, metric.high))
    better = analyses.analysis(analysis).declares.metrics[key]
    return {"higher": low >= target, "lower": high <= target, "neither": False}[better]


def _answered_for(_: ProductData, __: Quarter, results: Mapping[str, Result]) -> Metric | None:
    """Of the steps, entries of the playbook and KPIs those that a department answers for."""
    between = results["means"].tables.get("between")
    if between is None:
        return None
    items = between[between["kind"] != "means"]
    return _counted("answered_for", int((items["state"] != "nobodys").sum()), len(items))


def _departments(data: ProductData, _: Quarter, __: Mapping[str, Result]) -> Metric | None:
    """The departments with a role for the customers."""
    if data.product.organisation is None:
        return None
    roles = data.product.organisation.roles
    names = {same_department(role.department) for role in roles}
    return Metric("departments", float(len(names)), "count", len(roles), exact=True)


def _shared_kpis(data: ProductData, _: Quarter, __: Mapping[str, Result]) -> Metric | None:
    """The KPIs that several departments are measured by."""
    if data.product.organisation is None:
        return None
    of: dict[str, set[str]] = {}
    for role in data.product.organisation.roles:
        for kpi in role.kpis:
            of.setdefault(kpi, set()).add(same_department(role.department))
    shared = sum(len(departments) > 1 for departments in of.values())
    return Metric("shared_kpis", float(shared), "count", len(of), exact=True) if of else None


#: numbers of our own that have a history: they rest on the data of a product alone
OF_DATA: Mapping[str, Callable[[ProductData, Quarter], Metric | None]] = {
    "touched": touched,
    "not_by_one_person": not_by_one_person,
}
_OfResults = Callable[[ProductData, Quarter, Mapping[str, Result]], Metric | None]
#: the others, each with the answer of a report that it is from
OF_RESULTS: Mapping[str, tuple[_OfResults, str]] = {
    "expectation_known": (_expectation_known, "handover-fields"),
    "scored": (_scored, "health-bands"),
    "of_kept_segments": (_of_kept_segments, "revenue-segments"),
    "without_a_person": (_without_a_person, "touch_mix-mix"),
    "answered": (_answered, "product_feedback-status"),
    "loss_noticed": (_loss_noticed, ""),
    "aims_counted": (_aims_counted, ""),
    "aims_met": (_aims_met, ""),
    "answered_for": (_answered_for, "means-between"),
    "departments": (_departments, "means-between"),
    "shared_kpis": (_shared_kpis, "means-between"),
}


def is_measured(metric: Metric) -> bool:
    """Whether a number has its interval, or is counted and needs none."""
    counted = metric.exact or metric.unit in ("count", "currency")
    return counted or (metric.low is not None and metric.high is not None)
