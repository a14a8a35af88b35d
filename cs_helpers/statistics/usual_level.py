"""The usual level of a daily, weekly or monthly series, forecast from earlier periods, with intervals and p-values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cs_helpers.statistics.closed_periods import closed_forecasts, closed_p_values, closed_periods
from cs_helpers.statistics.count_forecasts import (
    count_interval,
    count_p_values,
    dispersion,
    heavier_tails,
    mean_forecasts,
)
from cs_helpers.statistics.forecast_errors import MIN_SPREAD, best_way, spreads, without_level_changes
from cs_helpers.statistics.level_forecasts import SEASONAL, daily_forecasts, longer_forecasts
from cs_helpers.statistics.rolling import earlier_median, earlier_sum
from cs_helpers.statistics.scales import scale_of
from cs_helpers.statistics.student_errors import error_distribution


@dataclass(frozen=True)
class Rhythm:
    """How much past a series needs.

    frequency: of pandas. short: values from which on a usual value is given. errors, season_errors: past forecast errors
    from which on a period is judged, and by which the season of the year may be used. remembered: the past errors that
    count. rested: the periods that a usual value rests on at most. anew: how often what is estimated of errors is.
    """

    frequency: str
    short: int
    errors: int
    season_errors: int
    remembered: int
    rested: int
    anew: str


#: days are judged from 112 on: five weeks for the weekdays, four for the level, six of errors, and the rest of a month
RHYTHMS: Mapping[str, Rhythm] = {
    "day": Rhythm("D", 14, 42, 42, 730, 364, "M"),
    "week": Rhythm("W-MON", 6, 18, 13, 104, 8, "Q"),
    "month": Rhythm("MS", 6, 12, 6, 60, 12, "Q"),
}
#: counts of a smaller usual mean are judged as counts, larger ones on the square-root scale
SMALL_COUNT = 15.0
#: the spread of large counts on the square-root scale; where effects happen to be alike it is no smaller
ROOT_SPREAD = 0.5


def usual_levels(
    values: pd.Series,
    since: pd.Timestamp = pd.Timestamp.min,
    *,
    every: str = "day",
    scale: str = "count",
    closed: pd.DatetimeIndex | None = None,
) -> pd.DataFrame:
    """The usual level of each period from `since` on, forecast from earlier periods only.

    values: float; index: the first day of each complete day, week (Monday) or month; NaN: not known, which is neither used
    nor judged. every: `day`, `week` or `month`. scale: how values vary: `count` (from 0; square-root scale, on which the
    variance of counts does not depend on the level, Anscombe 1948), `amount` (from 0, by factors) or `level` (by
    differences). closed: public holidays and other days on which offices are closed.

    Each period is forecast in several ways (`level_forecasts`) and by the one whose past out-of-sample errors are
    smallest. A Student t fitted to those errors gives interval and p-value (`student_errors`), so that whatever the
    forecast misses widens them; days whose usual mean is below 15 are judged as counts (`count_forecasts`). Closed
    days, and weeks with at least two, are compared with one another (`closed_periods`). What is estimated of errors is
    estimated anew each month (of weeks and months each quarter), from before it.

    Index: of `values`, from `since` on. Columns: value, usual (median of the forecast; mean of small counts), low and high
    (95 % prediction interval), p (two-sided; NaN: not judged), n (past periods that the usual value rests on), basis:
    `weekday` (level and weekday), `level`, `season` (level and season of the year), `closed_day`, `short` (too little past
    for a verdict: usual value and interval, no p), `none` (nothing can be said).
    """
    values = values.astype(float).sort_index()
    kept = values.index[values.index >= since]
    if not len(kept) or not values.notna().any():
        nothing = {"usual": np.nan, "low": np.nan, "high": np.nan, "p": np.nan, "n": 0, "basis": "none"}
        return pd.DataFrame({"value": values[kept], **nothing}, index=kept)
    index = pd.date_range(values.index[0], values.index[-1], freq=RHYTHMS[every].frequency)
    series = _Series(values.reindex(index).to_numpy(), index, every, scale, closed, since)
    return series.judged().reindex(kept)


class _Series:
    """A series with all its forecasts, each from earlier periods only, and what is found of its periods."""

    def __init__(
        self,
        y: np.ndarray,
        index: pd.DatetimeIndex,
        every: str,
        scale: str,
        closed: pd.DatetimeIndex | None,
        since: pd.Timestamp,
    ) -> None:
        self.y, self.index, self.every, self.rhythm = y, index, every, RHYTHMS[every]
        self.is_count, self.since = scale == "count", since
        # a past of nothing but zeros is constant: up to the first other value the scale is of no account
        above_zero = np.flatnonzero(y > 0)
        first = max(self.rhythm.short, int(above_zero[0]) + 1) if len(above_zero) else self.rhythm.short
        forward, self.back = scale_of(scale, y[:first])
        self.z = forward(y)
        self.closed = closed_periods(index, every, closed)
        self.ordinary = np.where(self.closed, np.nan, self.z)
        self.known = np.isfinite(self.ordinary).astype(float)
        self.stretches = _stretches(index, self.rhythm.anew, since)
        if every == "day":
            self.level, self.ways = daily_forecasts(self.ordinary, index)
        else:
            remembered_from = self.stretches[0][0] - self.rhythm.remembered
            self.level, self.ways = longer_forecasts(self.ordinary, every, remembered_from)
        self.errors = {way: self.ordinary - forecast for way, forecast in self.ways.items()}
        self.is_weekend = np.asarray(index.day_of_week >= 5) & (every == "day")
        self.usual, self.low, self.high, self.p = (np.full(len(y), np.nan) for _ in range(4))
        self.n, self.basis = np.zeros(len(y), dtype=int), np.full(len(y), "none", dtype=object)
        if self.is_count:
            self._forecast_means()

    def _forecast_means(self) -> None:
        """The mean of counts; single extreme ones are capped at what the past lets expect."""
        rhythm, absolute = self.rhythm, np.abs(self.errors["level"])
        spread = 1.4826 * earlier_median(absolute, rhythm.remembered, rhythm.errors)
        cap = self.back(self.ways["level"] + 4 * np.fmax(spread, ROOT_SPREAD))
        self.capped = np.where(self.known > 0, np.fmin(self.y, cap), np.nan)
        self.means, self.behind = mean_forecasts(self.capped, self.every, int(self.index[0].day_of_week))

    def judged(self) -> pd.DataFrame:
        """The columns of `usual_levels`."""
        self._say_of_short_past()
        for first, last in self.stretches:
            self._judge(first, last)
        self._say_of_closed()
        columns = {
            "value": self.y, "usual": self.usual, "low": np.minimum(self.low, self.usual),
            "high": np.maximum(self.high, self.usual), "p": np.where(np.isfinite(self.y), self.p, np.nan),
            "n": self.n, "basis": self.basis,
        }  # fmt: skip
        begin = self.stretches[0][0]
        return pd.DataFrame(
            {name: column[begin:] for name, column in columns.items()}, index=self.index[begin:]
        )

    def _say_of_short_past(self) -> None:
        """Mean of all earlier ordinary periods, and the t interval of the next."""
        begin = self.stretches[0][0]
        n, total, squares = (
            earlier_sum(v, len(self.y))[begin:] for v in (self.known, self.ordinary, self.ordinary**2)
        )
        enough = n >= self.rhythm.short
        n = np.maximum(n, 2)
        mean = total / n
        spread = np.sqrt(np.maximum(squares / n - mean**2, 0) * n / (n - 1) * (1 + 1 / n))
        reach = special.stdtrit(n - 1, 0.975) * spread
        varies = enough & (spread > MIN_SPREAD)
        for column, at, said in (
            (self.usual, mean, enough), (self.low, mean - reach, varies), (self.high, mean + reach, varies)
        ):  # fmt: skip
            column[begin:][said] = self.back(at)[said]
        self.n[begin:][enough] = n[enough]
        self.basis[begin:][varies] = "short"

    def _judge(self, first: int, last: int) -> None:
        """Judges the periods of a stretch by the errors before it."""
        past = slice(max(0, first - self.rhythm.remembered), first)
        before = self.ordinary[:first][self.known[:first] > 0]
        if len(before) < self.rhythm.errors:
            return
        if before.min() == before.max():
            self.usual[first:last] = self.back(before[:1])
            self.low[first:last], self.high[first:last], self.basis[first:last] = np.nan, np.nan, "none"
            return
        needed = {w: self.rhythm.season_errors if w in SEASONAL else self.rhythm.errors for w in self.ways}
        way = best_way({way: errors[past] for way, errors in self.errors.items()}, needed)
        if np.isfinite(self.errors[way][past]).sum() < needed[way]:
            return
        small = np.zeros(len(self.y), dtype=bool)
        if self.is_count:
            small = self.means <= SMALL_COUNT
            if np.isfinite(self.errors[way][past][~small[past]]).sum() < needed[way]:
                small[:] = np.isfinite(self.means)  # the past has too few large ones to judge by
        now = np.zeros(len(self.y), dtype=bool)
        now[first:last] = np.isfinite(self.ways[way][first:last])
        by_day, seasonal = self.every == "day", way in SEASONAL
        self.basis[now] = "weekday" if by_day else "season" if seasonal else "level"
        self.n[now] = earlier_sum(self.known, len(self.y) if seasonal else self.rhythm.rested)[now]
        few, many = now & small, now & ~small
        # each by its own mean: one that a later value moves must not decide for those before it
        is_small = self.means <= SMALL_COUNT if self.is_count else few
        for counts in (few & is_small, few & ~is_small):
            if counts.any():
                self._judge_counts(counts, past)
        if many.any():
            self._judge_by_errors(many, np.where(small, np.nan, self.errors[way]), self.ways[way], past)

    def _judge_by_errors(
        self, now: np.ndarray, errors: np.ndarray, forecast: np.ndarray, past: slice
    ) -> None:
        """Judges periods by a Student t fitted to past errors."""
        size = self._size_of_errors(errors, forecast, past)
        known = np.isfinite(errors[past])
        own = spreads((errors / size)[past][known], self.is_weekend[past][known])
        spread = size * np.where(self.is_weekend, own[1], own[0])
        if min(own) <= MIN_SPREAD:
            self.usual[now], self.low[now], self.high[now] = self.back(forecast)[now], np.nan, np.nan
            self.basis[now] = "none"
            return
        scaled = errors / spread
        distribution = error_distribution(without_level_changes(scaled[past][known]))
        low, middle, high = distribution.quantiles(0.025, 0.5, 0.975)
        for column, at in ((self.low, low), (self.usual, middle), (self.high, high)):
            column[now] = self.back(forecast + at * spread)[now]
        self.p[now] = distribution.p_values(scaled[now])

    def _size_of_errors(self, errors: np.ndarray, forecast: np.ndarray, past: slice) -> np.ndarray:
        """How large errors are at each level: where counts vary by factors, not constant on the square-root scale."""
        if not self.is_count:
            return np.ones(len(self.y))
        means = self.back(forecast)
        used = np.isfinite(errors[past])
        a, _ = dispersion(self.capped[past][used], means[past][used])
        return np.asarray(np.sqrt(1 + a * np.nan_to_num(means)))

    def _judge_counts(self, now: np.ndarray, past: slice) -> None:
        """Judges periods of which few are usual by the negative binomial distribution.

        now: periods whose means all are small counts, or none of which is.
        """
        used = np.isfinite(self.capped[past] - self.means[past])
        if self.means[now][0] <= SMALL_COUNT:
            used &= self.means[past] <= SMALL_COUNT
        a, error = dispersion(self.capped[past][used], self.means[past][used])
        # at least the uncertainty of a mean that so many counts show
        spread = np.maximum(a + error / 2, 1 / self.behind[now])
        self.usual[now] = self.means[now]
        self.low[now], self.high[now] = count_interval(self.means[now], spread)
        behind = self.behind[past][used]
        earlier = count_p_values(
            self.y[past][used], self.means[past][used], np.maximum(a + error / 2, 1 / behind)
        )
        self.p[now] = heavier_tails(count_p_values(self.y[now], self.means[now], spread), earlier)

    def _say_of_closed(self) -> None:
        """Judges closed periods by earlier closed ones."""
        closed = self.closed
        forecast, spread, n = closed_forecasts(
            self.z, self.level, closed, ROOT_SPREAD if self.is_count else 0.0
        )
        self.basis[closed], self.n[closed] = "closed_day", n[closed]
        reach = special.stdtrit(np.maximum(n - 1, 1), 0.975) * spread
        for column, value in (
            (self.usual, self.back(forecast)), (self.low, self.back(forecast - reach)),
            (self.high, self.back(forecast + reach)), (self.p, closed_p_values(self.z - forecast, spread, n)),
        ):  # fmt: skip
            column[closed] = value[closed]


def _stretches(index: pd.DatetimeIndex, anew: str, since: pd.Timestamp) -> list[tuple[int, int]]:
    """First and last (exclusive) position of each month or quarter that does not end before `since`."""
    number = index.to_period(anew).asi8
    begins = np.flatnonzero(np.diff(number, prepend=number[0] - 1))
    ends, judged_from = [*begins[1:], len(index)], int((index < since).sum())
    return [(int(first), int(last)) for first, last in zip(begins, ends, strict=True) if last > judged_from]
