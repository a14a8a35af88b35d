"""Time to an event that some have not reached yet, and that others will not: they have left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtri
from statsmodels.duration.survfunc import survdiff

from cs_helpers.statistics.proportions import wilson

#: what a row's `outcome` may be
CENSORED, REACHED, LEFT = 0, 1, 2

#: where most wait and are no longer watched, fewer that still are tell nothing of the others
LEAST_WATCHED = 5

#: the columns of a curve
CURVE = ("day", "share", "low", "high", "at_risk")

_Z = float(ndtri(0.975))
_UNKNOWN = (float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, eq=False)
class Conversion:
    """Who reached something, by when: share, median and how far either is known, all from one curve.

    days: how long each was watched since it began to wait; outcome: how that ended (`CENSORED`,
    `REACHED`, `LEFT`, which is a competing end); entered: the day from which each was watched, where
    that is later than day 0 (left truncation).

    The median is at most h where, and only where, the share within h is a half or more.
    """

    days: pd.Series
    outcome: pd.Series
    entered: pd.Series | None = None

    @cached_property
    def curve(self) -> pd.DataFrame:
        """`incidence`, as far as it is known."""
        curve = incidence(self.days, self.outcome, self.entered)
        return curve[curve["day"] <= self.known_until].reset_index(drop=True)

    @cached_property
    def known_until(self) -> float:
        """The last day of which a share is told; infinite where nobody waits any more, 0 where nobody ever did.

        That is the last day on which anybody who waits is watched; or an earlier one, from which on fewer
        than five are while more than half of all have waited without an end and are watched no longer.
        """
        time = np.sort(self._time)
        if not len(time):
            return 0.0
        open_ = np.sort(self._time[self.outcome.to_numpy(int) == CENSORED])
        longest = float(time[-1]) if len(open_) and open_[-1] == time[-1] else float("inf")
        at = np.unique(time)
        lost = np.searchsorted(open_, at, side="right")
        few = (len(time) - np.searchsorted(time, at, side="right") < LEAST_WATCHED) & (lost > len(time) / 2)
        return min(longest, float(at[few][0])) if few.any() else longest

    @property
    def _time(self) -> np.ndarray:
        return _time(self.days)

    def watched_at(self, day: float) -> int:
        """How many were watched and still waiting just before a day."""
        return int(_at_risk(self._time, _since(self.days, self.entered), np.array([day]))[0])

    def waiting_after(self, day: float) -> int:
        """How many were watched on a day and still waited at its end."""
        time, open_ = self._time, self.outcome.to_numpy(int) == CENSORED
        return int(
            (((time > day) | ((time == day) & open_)) & (_since(self.days, self.entered) <= day)).sum()
        )

    def share_within(self, days: float) -> tuple[float, float, float]:
        """Share that reached it within so many days, low and high (95 %); NaN beyond `known_until`.

        Where it is nobody: Wilson's interval for nobody of those that were watched until then or had left.
        """
        if not len(self.days) or days > self.known_until:
            return _UNKNOWN
        share, low, high = share_by(self.curve, days)
        if share:
            return share, low, high
        gone = (self._time < days) & (self.outcome.to_numpy(int) == LEFT)
        return 0.0, *wilson(0, max(self.watched_at(days) + int(gone.sum()), 1))

    def median(self) -> tuple[float, float, float]:
        """The first day by which half have reached it, low and high (95 %); each NaN where that is not known.

        The interval is where the curve's band holds a half (Brookmeyer, Crowley 1982).
        """
        some = self.curve[self.curve["share"] > 0]
        first = [some.loc[some[c] >= 0.5, "day"].min() for c in ("share", "high", "low")]
        return float(first[0]), float(first[1]), float(first[2])


def incidence(days: pd.Series, outcome: pd.Series, entered: pd.Series | None = None) -> pd.DataFrame:
    """Share that reached the event by each day, leaving being a competing end (Aalen, Johansen 1978).

    Where nobody leaves this is one less Kaplan and Meier's curve (1958).
    entered: the day from which each was watched, where that is later than day 0 (left truncation):
    who had reached it or left before is not known to us, so nobody counts before that day.
    Columns: day (each on which a wait ended or was last watched), share, low, high (95 %, log-log;
    Kalbfleisch, Prentice 1980; Wilson's where it is nobody or everybody), at_risk (watched and waiting
    just before the day).
    """
    time, since, status = _time(days), _since(days, entered), outcome.to_numpy(int)
    if not len(time):
        return pd.DataFrame(columns=list(CURVE), dtype="float64")
    at, share, error = _aalen_johansen(time, status, since)
    share = np.round(share, 12)  # a half is a half, however its terms were rounded
    at_risk = _at_risk(time, since, at)
    low, high = _log_log(share, error)
    left_before = np.searchsorted(np.sort(time[status == LEFT]), at, side="left")
    reached = int((status == REACHED).sum())
    nobody, everybody = share == 0, share == 1
    low = np.select([nobody, everybody], [0.0, wilson(reached, reached)[0]], low)
    high = np.select([nobody, everybody], [_Z**2 / (at_risk + left_before + _Z**2), 1.0], high)
    return pd.DataFrame(dict(zip(CURVE, (at, share, low, high, at_risk), strict=True)))


def _time(days: pd.Series) -> np.ndarray:
    """Days as they are counted: reached on the same day is within the first half of it."""
    return np.asarray(np.maximum(days.to_numpy(float), 0.5))


def _since(days: pd.Series, entered: pd.Series | None) -> np.ndarray:
    return np.zeros(len(days)) if entered is None else entered.to_numpy(float)


def _log_log(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % bounds that are symmetric in log(-log(1 - share)); the shares themselves at 0 and 1."""
    inside = (share > 0) & (share < 1)
    rest = np.where(inside, 1 - share, 0.5)
    reach = np.exp(_Z * error / (rest * -np.log(rest)))
    low, high = 1 - rest ** (1 / reach), 1 - rest**reach
    return np.where(inside, np.minimum(low, share), share), np.where(inside, np.maximum(high, share), share)


def _at_risk(time: np.ndarray, since: np.ndarray, at: np.ndarray) -> np.ndarray:
    """How many were watched and waiting just before each of some days."""
    began = np.searchsorted(np.sort(since), at, side="left")
    return began - np.searchsorted(np.sort(time), at, side="left")


def _aalen_johansen(
    time: np.ndarray, status: np.ndarray, since: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, shares that reached it, and their standard errors (delta method; Marubini, Valsecchi 1995).

    As statsmodels' `CumIncidenceRight`, which gives no error on a day after which nobody waits.
    """
    at, place = np.unique(time, return_inverse=True)
    ended = np.bincount(place, weights=status != CENSORED)
    reached = np.bincount(place, weights=status == REACHED)
    at_risk = _at_risk(time, since, at)
    waiting = np.r_[1.0, np.cumprod(1 - ended / at_risk)[:-1]]
    share = np.cumsum(waiting * reached / at_risk)
    # each term weighs by what the share grew after its day: nothing for the last
    behind = at_risk - ended
    ends = np.divide(ended, at_risk * behind, out=np.zeros(len(at)), where=behind > 0)
    both = waiting * reached / at_risk**2
    variance = (
        share**2 * np.cumsum(ends)
        - 2 * share * np.cumsum(share * ends)
        + np.cumsum(share**2 * ends)
        + np.cumsum(waiting**2 * reached * (at_risk - reached) / at_risk**3)
        - 2 * (share * np.cumsum(both) - np.cumsum(share * both))
    )
    return at, share, np.sqrt(np.clip(variance, 0, None))


def share_by(curve: pd.DataFrame, day: float) -> tuple[float, float, float]:
    """Share, low and high of an `incidence` curve by a day; 0 before its first step."""
    steps = int((curve["day"].to_numpy() <= day).sum())
    if not steps:
        return 0.0, 0.0, 0.0
    share, low, high = (float(curve[c].to_numpy()[steps - 1]) for c in ("share", "low", "high"))
    return share, low, high


def log_rank(days: Sequence[float], reached: Sequence[bool], group: Sequence[object]) -> tuple[float, float]:
    """Chi-squared and p of the log-rank test (Mantel 1966): do the groups come to the event alike?

    (nan, nan) where there are not two groups, or nobody reached it.
    """
    names, place = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    if len(names) < 2 or not any(reached):
        return float("nan"), float("nan")
    with np.errstate(all="ignore"):
        try:
            chi_squared, p = survdiff(np.asarray(days, float), np.asarray(reached, int), place)
        except np.linalg.LinAlgError:  # a group of which nobody was ever at risk beside another
            return float("nan"), float("nan")
    return _finite(float(chi_squared)), _finite(float(p))


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float("nan")
