"""The usual level of a daily, weekly or monthly series, forecast from earlier periods, with intervals and p-values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from cs_helpers.statistics.closed_periods import closed_forecasts, closed_p_values, closed_periods
from cs_helpers.statistics.count_forecasts import count_interval, count_p_values, dispersion, mean_forecasts
from cs_helpers.statistics.level_forecasts import daily_forecasts, longer_forecasts
from cs_helpers.statistics.rolling import earlier_median, earlier_sum
from cs_helpers.statistics.scales import scale_of
from cs_helpers.statistics.student_errors import error_distribution, robust_spread


@dataclass(frozen=True)
class Rhythm:
    """How much past a series needs.

    frequency: of pandas. short: values from which on a usual value is given; errors: past forecast errors from which on a
    period is judged; remembered: the past errors that count; compared: those by which the way of forecasting is chosen;
    rested: the periods that a usual value rests on at most; anew: how often what is estimated of errors is.
    """

    frequency: str
    short: int
    errors: int
    remembered: int
    compared: int
    rested: int
    anew: str


RHYTHMS: Mapping[str, Rhythm] = {
    "day": Rhythm("D", 14, 42, 730, 364, 364, "M"),
    "week": Rhythm("W-MON", 6, 18, 156, 104, 8, "Q"),
    "month": Rhythm("MS", 6, 12, 120, 60, 12, "Q"),
}
#: the days of history from which on days are judged: five weeks for the weekdays, four for the level, six of errors
MIN_HISTORY_DAYS = 112
#: counts of a smaller usual mean are judged as counts, larger ones on the square-root scale
SMALL_COUNT = 10.0
#: the spread of large counts on the square-root scale; where effects happen to be alike it is no smaller
ROOT_SPREAD = 0.5
#: a smaller spread of errors is rounding
MIN_SPREAD = 1e-4
#: a way that follows quicker is taken if its past errors are smaller by this share
BETTER = 0.01
#: the spread of weekends is their own by n / (n + this)
OWN_SPREAD_DAYS = 30


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
    forecast misses widens them; days whose usual mean is below 10 are judged as counts (`count_forecasts`). Closed
    days, and weeks with at least two, are compared with one another (`closed_periods`). What is estimated of errors is
    estimated anew each month (of weeks and months each quarter), from before it.

    Index: of `values`, from `since` on. Columns: value, usual (median of the forecast; mean of small counts), low and high
    (95 % prediction interval), p (two-sided; NaN: not judged), n (past periods that the usual value rests on), basis:
    `weekday` (level and weekday), `level`, `season` (level and season of the year), `closed_day`, `short` (too little past
    for a verdict: usual value and interval, no p), `none` (nothing can be said).
    """
    frame = pd.DataFrame({"value": values.astype(float).sort_index()})
    frame[["usual", "low", "high", "p"]] = np.nan
    frame["n"], frame["basis"] = 0, "none"
    kept = frame.index[frame.index >= since]
    if not len(kept) or not frame["value"].notna().any():
        return frame.loc[kept]
    index = pd.date_range(frame.index[0], frame.index[-1], freq=RHYTHMS[every].frequency)
    series = _Series(frame["value"].reindex(index).to_numpy(), index, every, scale, closed)
    return series.judged(since).reindex(kept)


class _Series:
    """A series with all its forecasts, each from earlier periods only, and what is found of its periods."""

    def __init__(
        self, y: np.ndarray, index: pd.DatetimeIndex, every: str, scale: str, closed: pd.DatetimeIndex | None
    ) -> None:
        self.y, self.index, self.every, self.rhythm = y, index, every, RHYTHMS[every]
        self.is_count = scale == "count"
        forward, self.back = scale_of(scale, y[: self.rhythm.errors])
        self.z = forward(y)
        self.closed = closed_periods(index, every, closed)
        self.ordinary = np.where(self.closed, np.nan, self.z)
        by_day = every == "day"
        self.ways = (
            daily_forecasts(self.ordinary, index) if by_day else longer_forecasts(self.ordinary, every)
        )
        self.errors = {way: self.ordinary - forecast for way, forecast in self.ways.items()}
        self.weekend = np.asarray(index.day_of_week >= 5) & by_day
        self.usual, self.low, self.high, self.p = (np.full(len(y), np.nan) for _ in range(4))
        self.n, self.basis = np.zeros(len(y), dtype=int), np.full(len(y), "none", dtype=object)
        if self.is_count:
            self._forecast_means()

    def _forecast_means(self) -> None:
        """The mean of counts; single extreme ones are capped at what the past lets expect."""
        spread = 1.4826 * earlier_median(
            np.abs(self.errors["level"]), self.rhythm.compared, self.rhythm.errors
        )
        cap = self.back(self.ways["level"] + 4 * np.fmax(spread, ROOT_SPREAD))
        self.capped = np.where(np.isfinite(self.ordinary), np.fmin(self.y, cap), np.nan)
        self.means, self.behind = mean_forecasts(self.capped, self.every, int(self.index[0].day_of_week))

    def judged(self, since: pd.Timestamp) -> pd.DataFrame:
        """The columns of `usual_levels`."""
        self._say_of_short_past()
        known = np.cumsum(np.isfinite(self.ordinary)) - np.isfinite(self.ordinary)
        stretch = self.index.to_period(self.rhythm.anew).asi8
        begins = np.flatnonzero(np.diff(stretch, prepend=stretch[0] - 1))
        for first, last in zip(begins, [*begins[1:], len(stretch)], strict=True):
            if self.index[last - 1] >= since and known[first] >= self.rhythm.short:
                self._judge(int(first), int(last))
        self._say_of_closed()
        return pd.DataFrame(
            {
                "value": self.y, "usual": self.usual, "low": np.fmin(self.low, self.usual),
                "high": np.fmax(self.high, self.usual), "p": np.where(np.isfinite(self.y), self.p, np.nan),
                "n": self.n, "basis": self.basis,
            },
            index=self.index,
        )  # fmt: skip

    def _say_of_short_past(self) -> None:
        """Mean of all earlier ordinary periods, and the t interval of the next."""
        known = np.isfinite(self.ordinary)
        n, total, squares = (
            earlier_sum(v, len(self.y)) for v in (known.astype(float), self.ordinary, self.ordinary**2)
        )
        enough = n >= self.rhythm.short
        n = np.maximum(n, 2)
        mean = total / n
        spread = np.sqrt(np.maximum(squares / n - mean**2, 0) * n / (n - 1) * (1 + 1 / n))
        reach = special.stdtrit(n - 1, 0.975) * spread
        varies = enough & (spread > MIN_SPREAD)
        self.usual[enough] = self.back(mean)[enough]
        self.low[varies], self.high[varies] = self.back(mean - reach)[varies], self.back(mean + reach)[varies]
        self.n[enough] = n[enough]
        self.basis[varies] = "short"

    def _judge(self, first: int, last: int) -> None:
        """Judges the periods of a stretch by the errors before it."""
        past = slice(max(0, first - self.rhythm.remembered), first)
        before = self.ordinary[:first]
        before = before[np.isfinite(before)]
        if before.min() == before.max():
            return
        way = self._best_way(first)
        forecast = self.ways[way]
        size = self._size_of_errors(past)
        scaled = self.errors[way] / size
        known = np.isfinite(scaled[past])
        if known.sum() < self.rhythm.errors:
            return
        now = np.zeros(len(self.y), dtype=bool)
        now[first:last] = np.isfinite(forecast[first:last])
        self._rest_on(now, way)
        small = now & (self.means <= SMALL_COUNT) if self.is_count else np.zeros_like(now)
        self._judge_counts(small, past)
        now &= ~small
        spread = size * self._spreads(scaled[past], self.weekend[past])
        self.usual[now], self.low[now], self.high[now] = self.back(forecast)[now], np.nan, np.nan
        if not np.all(spread[now] > MIN_SPREAD) or not now.any():
            self.basis[now] = "none"
            return
        errors = self.errors[way] / spread
        distribution = error_distribution(errors[past][known])
        low, middle, high = distribution.quantiles(0.025, 0.5, 0.975)
        for column, at in ((self.low, low), (self.usual, middle), (self.high, high)):
            column[now] = self.back(forecast + at * spread)[now]
        self.p[now] = distribution.p_values(errors[now])

    def _best_way(self, first: int) -> str:
        """The way of forecasting with the smallest mean absolute error in the past, single large ones capped."""
        past = slice(max(0, first - self.rhythm.compared), first)
        absolute = {way: np.abs(errors[past]) for way, errors in self.errors.items()}
        best, least = "level", 1.0
        for way, errors in absolute.items():
            both = np.isfinite(errors) & np.isfinite(absolute["level"])
            if way == "level" or both.sum() < self.rhythm.errors:
                continue
            cap = 5 * float(np.median(absolute["level"][both]))
            of_level = float(np.minimum(absolute["level"][both], cap).mean())
            share = float(np.minimum(errors[both], cap).mean()) / of_level if of_level > 0 else 1.0
            if share < min(least, 1 - BETTER):
                best, least = way, share
        return best

    def _size_of_errors(self, past: slice) -> np.ndarray:
        """How large errors are at each period's level: on the square-root scale more than constant where counts vary by factors."""
        if not self.is_count:
            return np.ones(len(self.y))
        large = np.isfinite(self.capped[past]) & (self.means[past] > SMALL_COUNT)
        a, _ = dispersion(self.capped[past][large], self.means[past][large])
        return np.asarray(np.sqrt(1 + a * np.nan_to_num(self.means)))

    def _spreads(self, scaled: np.ndarray, weekend: np.ndarray) -> np.ndarray:
        """The robust spread of past errors (MAD) for each period; that of working days and weekends is partly their own."""
        known = np.isfinite(scaled)
        spread = robust_spread(scaled[known])
        result = np.full(len(self.y), spread)
        if spread <= MIN_SPREAD:
            return result
        for kind in (True, False):
            own = scaled[known & (weekend == kind)]
            if len(own) and (ratio := robust_spread(own) / spread) > 0:
                result[self.weekend == kind] *= ratio ** (len(own) / (len(own) + OWN_SPREAD_DAYS))
        return result

    def _rest_on(self, now: np.ndarray, way: str) -> None:
        """Notes on what the usual values of periods rest."""
        rested = len(self.y) if way.startswith("season") else self.rhythm.rested
        self.n[now] = earlier_sum(np.isfinite(self.ordinary).astype(float), rested)[now]
        self.basis[now] = (
            "weekday" if self.every == "day" else "season" if way.startswith("season") else "level"
        )

    def _judge_counts(self, small: np.ndarray, past: slice) -> None:
        """Judges periods of which few are usual by the negative binomial distribution."""
        if not small.any():
            return
        used = np.isfinite(self.capped[past]) & (self.means[past] <= SMALL_COUNT)
        a, error = dispersion(self.capped[past][used], self.means[past][used])
        # at least the uncertainty of a mean that so many counts show
        spread = np.maximum(a + error / 2, 1 / self.behind[small])
        self.usual[small] = self.means[small]
        self.low[small], self.high[small] = count_interval(self.means[small], spread)
        self.p[small] = count_p_values(self.y[small], self.means[small], spread)

    def _say_of_closed(self) -> None:
        """Judges closed periods by earlier closed ones."""
        closed = self.closed
        forecast, spread, n = closed_forecasts(
            self.z, self.ways["level"], closed, ROOT_SPREAD if self.is_count else 0.0
        )
        self.basis[closed], self.n[closed] = "closed_day", n[closed]
        reach = special.stdtrit(np.maximum(n - 1, 1), 0.975) * spread
        for column, value in (
            (self.usual, self.back(forecast)), (self.low, self.back(forecast - reach)),
            (self.high, self.back(forecast + reach)), (self.p, closed_p_values(self.z - forecast, spread, n)),
        ):  # fmt: skip
            column[closed] = value[closed]
