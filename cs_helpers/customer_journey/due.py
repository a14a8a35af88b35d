"""For which customers a rule, as that of an entry of the playbook, holds on a day, and since when."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.contract.coverage import Period
from cs_helpers.contract.playbook import MAX_MONTHS_BACK, Rule
from cs_helpers.contract.products import Measure
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customer_journey.waits import all_waits, known_steps, milestone_times, records_begin
from cs_helpers.customers import measures
from cs_helpers.customers.health_score import (
    health_bands,
    measure_points,
    measure_weights,
    monthly_scores,
)
from cs_helpers.customers.maturity_levels import level_bounds
from cs_helpers.customers.time import customer_time_as_of, knows_terms, missing_contracts, term_ends
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED

_DAY = pd.Timedelta(days=1)

#: for each customer of a situation: whether a rule holds, whether that is known, and the day since which it holds
Answer = tuple[np.ndarray, np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Due:
    """The customers for whom an entry is due.

    since: the day since which it is, for each of them (index: account_id, sorted). unknown: the account_ids of customers
    for whom the data cannot tell.
    """

    since: pd.Series
    unknown: pd.Index

    @property
    def customers(self) -> pd.Index:
        """The account_ids of the customers for whom it is due."""
        return self.since.index

    def is_known(self, of: int) -> bool:
        """Whether the data tells it of any of so many customers; of none it is not known for whom it is due."""
        return len(self.unknown) < of

    def share(self, of: int) -> tuple[float, int]:
        """The share of so many customers for whom it is due, of those of whom the data tells it; second: how many these are.

        NaN of none.
        """
        known = of - len(self.unknown)
        return (len(self.customers) / known if known else math.nan), known


@dataclass(frozen=True)
class Situation:
    """The customers of a product on the last day of a month, as known on that day.

    measured: the values of measures over the months that rules look back on.
    """

    data: ProductData
    day: date
    measured: measures.MonthlyValues
    _answers: dict[tuple[str, int], Answer] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def time(self) -> CustomerTime:
        """The customers' spells as known on the day."""
        return customer_time_as_of(self.data, self.day)

    @cached_property
    def starts(self) -> pd.Series:
        """The first day of the current spell of each customer. Index: account_id, sorted."""
        return self.time.spell_starts(self.day).sort_index()

    @cached_property
    def customers(self) -> pd.Index:
        """The account_ids of the customers, sorted."""
        return self.starts.index

    @cached_property
    def end(self) -> pd.Timestamp:
        """The end of the day."""
        return pd.Timestamp(self.day) + _DAY

    @classmethod
    def on(cls, data: ProductData, *days: date) -> tuple[Situation, ...]:
        """The situations on some days, oldest first; they share what is worked out of measures."""
        measured = measures.MonthlyValues(data, _months_back(days[0], days[-1]))
        return tuple(cls(data, day, measured) for day in days)

    @cached_property
    def months(self) -> pd.DatetimeIndex:
        """The first days of the month of the day and of those that rules look back on, oldest first."""
        return _months_back(self.day, self.day)

    @cached_property
    def month_ends(self) -> pd.DatetimeIndex:
        """The last days of `months`."""
        return pd.DatetimeIndex(self.months + pd.offsets.MonthEnd(0)).as_unit("us")

    @cached_property
    def levels(self) -> tuple[np.ndarray, np.ndarray]:
        """The lowest and the highest possible level of each customer at each month's end; NaN: no customer."""
        bounds = level_bounds(self.data, list(self.month_ends.date), self.time, self.measured)
        lowest, highest = (table.reindex(self.customers).to_numpy() for table in bounds)
        return lowest, highest

    @cached_property
    def bands(self) -> np.ndarray:
        """The band of each customer's health at each month's end; '': not known."""
        points, _ = measure_points(self.data, self.months, self.starts, self.measured)
        scores = monthly_scores(points, measure_weights(self.data))
        bands = health_bands(pd.Series(scores.to_numpy().ravel()), self.data.product.health)
        return np.asarray(bands.fillna("").to_numpy(object)).reshape(scores.shape)

    def values(self, measure: Measure) -> tuple[np.ndarray, np.ndarray]:
        """A measure of each customer at each month's end, and whether it is known: of no customer who is too new."""
        months = self.months
        values = self.measured.of(measure, months).reindex(self.customers)
        known = measures.known_values(self.data, measure, months, values, self.starts)
        return values.to_numpy(), known & ~measures.started_within_windows(
            self.data, measure, months, self.starts
        )

    def due(self, rule: Rule, *, months_later: int = 0) -> Due:
        """For whom a rule holds on the day, and since when.

        months_later: the rule is one of so many months ago; what it compares with is of then, and `customer_days`,
        which everybody outgrows, is left out. So a customer whose level fell is due until it is back.
        """
        holds, known, since = self._answer(rule, months_later if rule.compares else 0)
        fits = self._fits(rule, months_later)
        holds, unknown = holds & known & fits, ~known & fits
        earliest = self.starts.to_numpy("datetime64[D]")
        if not months_later:
            earliest = earliest + np.timedelta64(rule.customer_days.at_least, "D")
        days = np.maximum(since.astype("datetime64[D]"), earliest)[holds]
        return Due(
            pd.Series(days.astype("datetime64[us]"), self.customers[holds], name="since"),
            self.customers[unknown],
        )

    def _answer(self, rule: Rule, months_later: int) -> Answer:
        """What a rule says of each customer; worked out once, as the list and its outcome ask for the same."""
        key = rule.model_dump_json(), months_later
        if key not in self._answers:
            self._answers[key] = _RULES[rule.kind](self, rule, months_later)
        return self._answers[key]

    def _fits(self, rule: Rule, months_later: int) -> np.ndarray:
        """Whether each customer is one that a rule is about."""
        fits = np.full(len(self.customers), True)
        if rule.reached:
            rows = self.data["milestones"]
            rows = rows[(rows["step"] == rule.reached) & (rows["reached_at"] < self.end)]
            fits &= self.customers.isin(rows["account_id"])
        if not months_later:
            days = (np.datetime64(self.day, "D") - self.starts.to_numpy("datetime64[D]")).astype(int)
            at_most = rule.customer_days.at_most
            fits &= (days >= rule.customer_days.at_least) & (at_most is None or days <= at_most)
        return fits

    def run_starts(self, holds: np.ndarray) -> np.ndarray:
        """The last day of the month since which something holds without interruption, for each customer.

        holds: by customer and month, of which the last is that of the day.
        """
        broken = np.logical_or.accumulate(~holds[:, ::-1], axis=1)[:, ::-1]
        first = np.minimum(broken.sum(axis=1), holds.shape[1] - 1)
        return np.asarray(self.month_ends.to_numpy("datetime64[D]")[-holds.shape[1] :][first])


def _months_back(first: date, last: date) -> pd.DatetimeIndex:
    """The first days of months, from the earliest that a rule on the day `first` looks back on to that of `last`."""
    oldest = pd.Timestamp(first).replace(day=1) - pd.DateOffset(months=MAX_MONTHS_BACK + 3)
    return pd.date_range(oldest, last, freq="MS").as_unit("us")


def _waits_for(at: Situation, rule: Rule, later: int) -> Answer:
    """The wait for a step, from the day of the step before it or from that of `after`."""
    data, day = at.data, np.datetime64(at.day, "D")
    nobody = np.full(len(at.customers), False)
    declared = [step.step for step in data.product.journey.steps]
    recorded = known_steps(data, at.end)
    step = str(rule.waits_for)
    before = [s for s in recorded if declared.index(s) < declared.index(step)]
    after = rule.after or (before[-1] if before else "")
    if step not in recorded or after not in before:
        return nobody, nobody, np.full(len(nobody), day)
    path = [*before[: before.index(after) + 1], step]
    reached = milestone_times(data, path, records_begin(data, path), at.end, at.time)
    waits = all_waits(reached, pd.Series(index=reached.index, dtype="str"), [after, step], at.end)
    began = waits[waits["outcome"] == CENSORED].groupby("account_id")["began"].max().reindex(at.customers)
    is_waiting = began.notna().to_numpy()
    first = began.to_numpy("datetime64[D]")
    first = np.where(is_waiting, first, day)
    since = first + np.timedelta64(rule.days or 0, "D")
    is_recorded = np.full(len(nobody), True)
    event = next(s.rule.event for s in data.product.journey.steps if s.step == step)
    table = "usage" if event else "milestones"
    period = measures.covered_period(data, table, event or "*")
    for n in np.flatnonzero(is_waiting):
        is_recorded[n] = _covers_until(period, first[n].astype(date), at.day)
    return is_waiting & (since <= day), at.customers.isin(reached.index) & is_recorded, since


def _covers_until(period: Period | None, first: date, last: date) -> bool:
    """Whether nothing between two days could have gone unseen; before the first row there was nothing to see."""
    if period is None:
        return False
    return period.covers(max(first, period.first), last)


def _level_dropped(at: Situation, rule: Rule, later: int) -> Answer:
    """The level is lower than some months ago, for customers who were there then."""
    lowest, highest = at.levels
    base = -1 - (rule.months or 3) - later
    with np.errstate(invalid="ignore"):
        fell = highest[:, base + 1 :] < lowest[:, [base]]
        held = (lowest[:, -1] >= highest[:, base]) | np.isnan(lowest[:, base])
    return fell[:, -1], fell[:, -1] | held, at.run_starts(fell)


def _level_below(at: Situation, rule: Rule, later: int) -> Answer:
    lowest, highest = at.levels
    level = rule.level_below or 1
    with np.errstate(invalid="ignore"):
        below = highest < level
        return below[:, -1], below[:, -1] | (lowest[:, -1] >= level), at.run_starts(below)


def _band(at: Situation, rule: Rule, later: int) -> Answer:
    is_in_band = at.bands == rule.band
    return is_in_band[:, -1], at.bands[:, -1] != "", at.run_starts(is_in_band)


def _measure(at: Situation, rule: Rule, later: int) -> Answer:
    """A condition on a measure."""
    condition = rule.measure
    assert condition is not None
    values, known = at.values(condition)
    surely, possibly = measures.meets_bounds(values, known, condition)
    return surely[:, -1], surely[:, -1] | ~possibly[:, -1], at.run_starts(surely)


def _fall(at: Situation, rule: Rule, later: int) -> Answer:
    """A measure fell, against as many months before (as seen `later` months ago)."""
    fall = rule.fall
    assert fall is not None
    values, known = at.values(fall)
    base = -1 - fall.months - later
    before = values[:, [base]]
    fell = (values[:, base + 1 :] <= fall.to * before) & (before > 0)
    fell &= known[:, base + 1 :] & known[:, [base]]
    return fell[:, -1], known[:, -1] & known[:, base], at.run_starts(fell)


def _silence(at: Situation, rule: Rule, later: int) -> Answer:
    """Nothing was recorded on the last days, this one included."""
    silence = rule.silence
    assert silence is not None
    data, day = at.data, np.datetime64(at.day, "D")
    starts = at.starts.to_numpy("datetime64[D]")
    nobody = np.full(len(starts), False)
    period = measures.covered_period(data, silence.source, silence.event)
    if period is None or data.missing(silence.source):
        return nobody, nobody, starts
    rows = _recorded_days(data, silence.source, silence.event, at.end)
    last = rows.groupby("account_id")["day"].max().reindex(at.customers).to_numpy("datetime64[D]")
    is_seen = ~np.isnat(last) & (last >= starts)
    length = np.timedelta64(silence.days, "D")
    # the last day on which something was, or may have been, recorded
    before_start = starts - np.timedelta64(1, "D")
    unseen = [np.datetime64(period.first, "D") - np.timedelta64(1, "D")]
    unseen += [np.datetime64(b, "D") for _, b in period.gaps if b <= at.day]
    blind_until = max(unseen)
    is_blind = period.last < at.day or any(a <= at.day <= b for a, b in period.gaps)
    spoke = np.where(is_seen, last, before_start)
    if silence.since_start:
        is_long = starts + length - np.timedelta64(1, "D") <= day
        known = is_seen | ~is_long | ((blind_until <= before_start) & (not is_blind))
        return is_long & ~is_seen, known, starts + length - np.timedelta64(1, "D")
    since = np.maximum(spoke, blind_until) + length
    is_quiet = spoke + length <= day
    return is_quiet, ~is_quiet | ((since <= day) & (not is_blind)), since


def _recorded_days(data: ProductData, source: str, event: str, end: pd.Timestamp) -> pd.DataFrame:
    """The days before `end` on which something was recorded of an account: account_id, day. Churn notices do not count."""
    if source == "usage":
        rows = data["active_daily"] if event == "*" else data["usage_daily"]
        if event != "*":
            rows = rows[measures.matches_event(rows["event"], event)]
        return rows.loc[rows["day"] < end, ["account_id", "day"]]
    rows, when = data[source], "opened_at" if source == "tickets" else "occurred_at"
    if source == "touches":
        rows = rows[rows["kind"] != "churn_notice"]
    rows = rows[rows[when] < end]
    return pd.DataFrame({"account_id": rows["account_id"], "day": rows[when].dt.normalize()})


def _renewal_within(at: Situation, rule: Rule, later: int) -> Answer:
    """A paid term ends within some days; unknown where the product's contracts have no terms."""
    day, length = np.datetime64(at.day, "D"), np.timedelta64(rule.renewal_within or 0, "D")
    ends = term_ends(at.data, at.day).reindex(at.customers).to_numpy("datetime64[D]")
    known = np.full(len(ends), not missing_contracts(at.data) and knows_terms(at.data))
    first = np.where(np.isnat(ends), day, ends) - length
    return ~np.isnat(ends) & (first <= day), known, first


_RULES: Mapping[str, Callable[[Situation, Rule, int], Answer]] = {
    "waits_for": _waits_for,
    "level_dropped": _level_dropped,
    "level_below": _level_below,
    "band": _band,
    "silence": _silence,
    "renewal_within": _renewal_within,
    "measure": _measure,
    "fall": _fall,
}
