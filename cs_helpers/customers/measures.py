"""The measures that product files declare, for each account at the end of each month."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from cs_helpers.contract.coverage import Period
from cs_helpers.contract.products import Measure
from cs_helpers.snapshot import ProductData, matches_pattern

#: the table without which a measure of each source is unknown
NEEDS = {
    "usage": "usage",
    "tickets": "tickets",
    "touches": "touches",
    "surveys": "surveys",
    "assessments": "assessments",
}


def monthly(data: ProductData, measure: Measure, months: pd.DatetimeIndex) -> pd.DataFrame:
    """A measure over the months up to each month.

    Rows: account_id. Columns: `months` (first days of months that follow each other). Unknown is
    NaN: the table was not given, or nobody answered; no use and no tickets are 0, and so are months of which
    nothing is known (`known`): there the value is only the least that it can be.
    """
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    if NEEDS[measure.source] not in data.given:
        return pd.DataFrame(float("nan"), index=accounts, columns=months)
    earlier = measure.months - 1
    cells = _Cells(accounts, int(_month(months[:1])[0]) - earlier, earlier + len(months))
    if measure.source == "usage":
        found = _usage(data, measure, cells)
    elif measure.source in ("tickets", "touches"):
        rows = data[measure.source]
        if measure.source == "touches":
            rows = rows[rows["kind"] != "churn_notice"]
        when = rows["opened_at" if measure.source == "tickets" else "occurred_at"]
        found = _total(cells.sums(rows["account_id"], when), measure)
    elif measure.source == "surveys":
        rows = data["surveys"].dropna(subset=["nps"])
        place = rows["account_id"], rows["answered_on"]
        total = _total(cells.sums(*place, rows["nps"]), measure)
        answers = _total(cells.sums(*place), measure)
        found = np.divide(total, answers, out=np.full(total.shape, np.nan), where=answers > 0)
    else:
        rows = data["assessments"]
        rows = rows[rows["measure"] == measure.name].dropna(subset=["score"]).sort_values("assessed_on")
        windows = _windows(cells.latest(rows["account_id"], rows["assessed_on"], rows["score"]), measure)
        found = windows[..., 0]
        for later in np.moveaxis(windows, -1, 0)[1:]:
            found = np.where(np.isnan(later), found, later)
    return pd.DataFrame(found, index=accounts, columns=months)


#: sources whose silence means 0, where they tell of a day at all
COUNTED = ("usage", "tickets", "touches")


def known(data: ProductData, measure: Measure, months: pd.DatetimeIndex) -> np.ndarray:
    """Whether all of a measure's days up to the end of each month are known; bool, of `months`.

    What is answered or judged, not counted, is known wherever there is a value.
    """
    if measure.source not in COUNTED:
        return np.ones(len(months), dtype=bool)
    period = period_of(data, measure.source, measure.event)
    if period is None:
        return np.zeros(len(months), dtype=bool)
    firsts = months - pd.DateOffset(months=measure.months - 1)
    ends = months + pd.offsets.MonthEnd(0)
    spans = zip(firsts.date, ends.date, strict=True)
    return np.array([period.covers(first, last) for first, last in spans], dtype=bool)


def period_of(data: ProductData, table: str, event: str = "*") -> Period | None:
    """From when to when a table tells of the product, or of usage the events of a pattern; None: of no day."""
    whole = data.coverage.tables.get(table)
    if whole is None or table != "usage" or event == "*":
        return whole
    names = pd.Series([name for t, name in data.coverage.parts if t == table], dtype="str")
    parts = [data.coverage.parts[table, name] for name in names[named(names, event)]]
    if not parts:
        return whole  # never seen in a log that tells of these days: it was not done
    if len(parts) == 1:
        return parts[0]
    last = max(parts, key=lambda period: (period.last, period.silent_since is None))
    return Period(min(p.first for p in parts), last.last, _common_gaps(parts), last.silent_since)


def _common_gaps(parts: list[Period]) -> tuple[tuple[date, date], ...]:
    """The gaps that all of some parts of a log have."""
    common = parts[0].gaps
    for part in parts[1:]:
        both = ((max(a, c), min(b, d)) for a, b in common for c, d in part.gaps)
        common = tuple((first, last) for first, last in both if first <= last)
    return common


def young(data: ProductData, measure: Measure, month: pd.Timestamp, first_days: pd.Series) -> pd.Series:
    """Which customers are too young for a measure: they began after its first day. Index: that of `first_days`; bool.

    first_days: the first day of each customer's spell (datetime64). What is answered or judged has no age.
    """
    if measure.source not in COUNTED:
        return pd.Series(False, first_days.index)
    return first_days > month - pd.DateOffset(months=measure.months - 1)


def named(events: pd.Series, pattern: str) -> np.ndarray:
    """Which rows `matching` finds; looks at each name once and not on each row."""
    codes, names = pd.factorize(events)
    found: np.ndarray = np.append(matches_pattern(pd.Series(names), pattern).to_numpy(bool), False)[codes]
    return found


def _usage(data: ProductData, measure: Measure, cells: _Cells) -> np.ndarray:
    usage = data["usage_monthly"]
    if measure.value == "distinct_events":
        rows = usage.loc[named(usage["event"], measure.event), ["account_id", "month", "event"]]
        used = np.zeros((len(cells.accounts), cells.width - measure.months + 1))
        for _, part in rows.groupby("event"):
            used += _peak(cells.most(part["account_id"], part["month"]), measure)
        return used
    if measure.value == "days" and measure.event != "*":
        # a day on which several of the events were done is one day
        daily = data["usage_daily"]
        rows = daily.loc[named(daily["event"], measure.event), ["account_id", "day"]].drop_duplicates()
        return _total(cells.sums(rows["account_id"], rows["day"]), measure)
    # the row without an event counts each day and user once, whatever events there were
    chosen = usage["event"].isna() if measure.event == "*" else named(usage["event"], measure.event)
    rows = usage.loc[chosen, ["account_id", "month", measure.value]]
    place = rows["account_id"], rows["month"], rows[measure.value]
    if measure.value == "users":
        return _peak(cells.most(*place), measure)
    return _total(cells.sums(*place), measure)


@dataclass(frozen=True)
class _Cells:
    """Accounts down, months that follow each other across; what lies outside is left out.

    Arrays in place of pivot tables: a report works out some twenty measures.
    """

    accounts: pd.Index
    first: int
    width: int

    def sums(self, account_id: pd.Series, when: pd.Series, value: pd.Series | None = None) -> np.ndarray:
        """The sum of the values (or the number of rows) of each account and month."""
        return self._filled(account_id, when, value, np.add)

    def most(self, account_id: pd.Series, when: pd.Series, value: pd.Series | None = None) -> np.ndarray:
        """The largest value (or 1 where there is a row) of each account and month."""
        return self._filled(account_id, when, value, np.maximum)

    def latest(self, account_id: pd.Series, when: pd.Series, value: pd.Series) -> np.ndarray:
        """The value of the last row of each account and month; NaN: there is none."""
        found = np.full(len(self.accounts) * self.width + 1, np.nan)
        found[self._places(account_id, when)] = value.to_numpy("float64")
        return found[:-1].reshape(-1, self.width)

    def _filled(
        self, account_id: pd.Series, when: pd.Series, value: pd.Series | None, add: np.ufunc
    ) -> np.ndarray:
        found = np.zeros(len(self.accounts) * self.width + 1)
        each = 1.0 if value is None else value.to_numpy("float64", na_value=0.0)
        add.at(found, self._places(account_id, when), each)
        return found[:-1].reshape(-1, self.width)

    def _places(self, account_id: pd.Series, when: pd.Series) -> np.ndarray:
        """The cell of each row; for those outside, one after the last."""
        codes, names = pd.factorize(account_id)
        row = np.append(self.accounts.get_indexer(names), -1)[codes]
        column = _month(when) - self.first
        inside = (row >= 0) & (column >= 0) & (column < self.width)
        return np.where(inside, row * self.width + column, len(self.accounts) * self.width)


def _windows(per_month: np.ndarray, measure: Measure) -> np.ndarray:
    """The months of the measure up to each month, along a last axis."""
    return sliding_window_view(per_month, measure.months, axis=1)


def _total(per_month: np.ndarray, measure: Measure) -> np.ndarray:
    found: np.ndarray = _windows(per_month, measure).sum(axis=-1)
    return found


def _peak(per_month: np.ndarray, measure: Measure) -> np.ndarray:
    found: np.ndarray = _windows(per_month, measure).max(axis=-1)
    return found


def _month(when: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    """Months since 1970."""
    months: np.ndarray = when.to_numpy().astype("datetime64[M]").astype("int64")
    return months
