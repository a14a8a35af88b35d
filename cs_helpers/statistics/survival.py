"""Time to an event with censoring, and with leaving as a competing event."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy.special import ndtri
from statsmodels.duration.survfunc import survdiff

from cs_helpers.statistics.proportions import wilson

#: the values of `outcome`
CENSORED, REACHED, LEFT = 0, 1, 2

#: once most are censored, a curve ends where fewer than this are still at risk: they do not represent the others
MIN_AT_RISK = 5

#: a usual time is one within which this share of those who reach the event reach it
USUAL_SHARE = 0.75
#: the units that must have reached it to say what is usual
MIN_REACHED = 5

#: the columns of `incidence`
CURVE = ("day", "share", "low", "high", "at_risk")

_Z = float(ndtri(0.975))
_UNKNOWN = (float("nan"), float("nan"), float("nan"))


@dataclass(frozen=True, eq=False)
class Conversion:
    """Conversion to an event: share, median and the last day either is known for, all from one incidence curve.

    days: the days from the start of each wait to its end; outcome: how it ended (`CENSORED`, `REACHED`, or `LEFT`,
    the competing event); entered: the day from which each was observed, if later than day 0 (left truncation).

    The median is at most h if and only if the share within h is at least a half.
    """

    days: pd.Series
    outcome: pd.Series
    entered: pd.Series | None = None

    @cached_property
    def curve(self) -> pd.DataFrame:
        """`incidence` up to `known_until`."""
        curve = incidence(self.days, self.outcome, self.entered)
        return curve[curve["day"] <= self.known_until].reset_index(drop=True)

    @cached_property
    def known_until(self) -> float:
        """The last day for which a share is reported; infinite where nobody is waiting any more, 0 without rows.

        That is the last day on which anybody waiting was observed, or an earlier one, from which fewer than
        `MIN_AT_RISK` are at risk while more than half of all are censored.
        """
        time = np.sort(self._durations)
        if not len(time):
            return 0.0
        censored = np.sort(self._durations[self.outcome.to_numpy(int) == CENSORED])
        longest = float(time[-1]) if len(censored) and censored[-1] == time[-1] else float("inf")
        at = np.unique(time)
        censored_after = np.searchsorted(censored, at, side="right")
        too_few = (len(time) - np.searchsorted(time, at, side="right") < MIN_AT_RISK) & (
            censored_after > len(time) / 2
        )
        return min(longest, float(at[too_few][0])) if too_few.any() else longest

    @property
    def _durations(self) -> np.ndarray:
        return _durations(self.days)

    def at_risk_before(self, day: float) -> int:
        """The number at risk just before a day."""
        return int(_at_risk(self._durations, _entry_days(self.days, self.entered), np.array([day]))[0])

    def at_risk_after(self, day: float) -> int:
        """The number observed on a day and still waiting at its end."""
        time, censored = self._durations, self.outcome.to_numpy(int) == CENSORED
        return int(
            (
                ((time > day) | ((time == day) & censored)) & (_entry_days(self.days, self.entered) <= day)
            ).sum()
        )

    def share_within(self, days: float) -> tuple[float, float, float]:
        """The share that reached the event within some days, low and high (95 %); NaN beyond `known_until`.

        For a share of 0 the interval is Wilson's, over those observed until then or gone before.
        """
        if not len(self.days) or days > self.known_until:
            return _UNKNOWN
        share, low, high = share_at(self.curve, days)
        if share:
            return share, low, high
        left_before = (self._durations < days) & (self.outcome.to_numpy(int) == LEFT)
        return 0.0, *wilson(0, max(self.at_risk_before(days) + int(left_before.sum()), 1))

    def median(self) -> tuple[float, float, float]:
        """The first day by which half have reached the event, low and high (95 %); each NaN where not known.

        The interval holds the days at which the band of the curve includes a half (Brookmeyer, Crowley 1982).
        """
        positive = self.curve[self.curve["share"] > 0]
        days = [positive.loc[positive[c] >= 0.5, "day"].min() for c in ("share", "high", "low")]
        return float(days[0]), float(days[1]), float(days[2])


def incidence(days: pd.Series, outcome: pd.Series, entered: pd.Series | None = None) -> pd.DataFrame:
    """Cumulative incidence of the event by day, with leaving as a competing event (Aalen, Johansen 1978).

    Where nobody leaves it is 1 minus the Kaplan-Meier curve (1958).
    entered: the day from which each was observed, if later than day 0 (left truncation); nobody is at risk before it,
    because those who reached the event or left earlier are not in the data.
    Columns: day (each on which a wait ended or was censored), share, low, high (95 %, log-log; Kalbfleisch, Prentice
    1980; Wilson's for shares of 0 and 1), at_risk (just before the day).
    """
    time, since, status = _durations(days), _entry_days(days, entered), outcome.to_numpy(int)
    if not len(time):
        return pd.DataFrame(columns=list(CURVE), dtype="float64")
    at, share, error = _aalen_johansen(time, status, since)
    share = np.round(share, 12)  # so that rounding errors do not move a half
    at_risk = _at_risk(time, since, at)
    low, high = _log_log_bounds(share, error)
    left_before = np.searchsorted(np.sort(time[status == LEFT]), at, side="left")
    reached = int((status == REACHED).sum())
    is_zero, is_one = share == 0, share == 1
    low = np.select([is_zero, is_one], [0.0, wilson(reached, reached)[0]], low)
    high = np.select([is_zero, is_one], [_Z**2 / (at_risk + left_before + _Z**2), 1.0], high)
    return pd.DataFrame(dict(zip(CURVE, (at, share, low, high, at_risk), strict=True)))


def _durations(days: pd.Series) -> np.ndarray:
    """Days, where an event on day 0 counts as one in the first half day."""
    return np.asarray(np.maximum(days.to_numpy(float), 0.5))


def _entry_days(days: pd.Series, entered: pd.Series | None) -> np.ndarray:
    return np.zeros(len(days)) if entered is None else entered.to_numpy(float)


def _log_log_bounds(share: np.ndarray, error: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % bounds that are symmetric in log(-log(1 - share)); equal to the share at 0 and 1."""
    inside = (share > 0) & (share < 1)
    rest = np.where(inside, 1 - share, 0.5)
    reach = np.exp(_Z * error / (rest * -np.log(rest)))
    low, high = 1 - rest ** (1 / reach), 1 - rest**reach
    return np.where(inside, np.minimum(low, share), share), np.where(inside, np.maximum(high, share), share)


def _at_risk(time: np.ndarray, since: np.ndarray, at: np.ndarray) -> np.ndarray:
    """The number at risk just before each day of `at`."""
    began = np.searchsorted(np.sort(since), at, side="left")
    return began - np.searchsorted(np.sort(time), at, side="left")


def _aalen_johansen(
    time: np.ndarray, status: np.ndarray, since: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, cumulative incidence and standard errors (delta method; Marubini, Valsecchi 1995).

    Equals statsmodels' `CumIncidenceRight`, which gives no error on a day after which nobody is at risk.
    """
    at, place = np.unique(time, return_inverse=True)
    ended = np.bincount(place, weights=status != CENSORED)
    reached = np.bincount(place, weights=status == REACHED)
    at_risk = _at_risk(time, since, at)
    waiting = np.r_[1.0, np.cumprod(1 - ended / at_risk)[:-1]]
    share = np.cumsum(waiting * reached / at_risk)
    # each term is weighted by the growth of the share after its day, which is 0 for the last
    remaining = at_risk - ended
    end_terms = np.divide(ended, at_risk * remaining, out=np.zeros(len(at)), where=remaining > 0)
    cross_terms = waiting * reached / at_risk**2
    variance = (
        share**2 * np.cumsum(end_terms)
        - 2 * share * np.cumsum(share * end_terms)
        + np.cumsum(share**2 * end_terms)
        + np.cumsum(waiting**2 * reached * (at_risk - reached) / at_risk**3)
        - 2 * (share * np.cumsum(cross_terms) - np.cumsum(share * cross_terms))
    )
    return at, share, np.sqrt(np.clip(variance, 0, None))


def share_at(curve: pd.DataFrame, day: float) -> tuple[float, float, float]:
    """Share, low and high of an `incidence` curve on a day; 0 before its first row."""
    steps = int((curve["day"].to_numpy() <= day).sum())
    if not steps:
        return 0.0, 0.0, 0.0
    share, low, high = (float(curve[c].to_numpy()[steps - 1]) for c in ("share", "low", "high"))
    return share, low, high


def day_of_share(curve: pd.DataFrame, since: float, part: float) -> float:
    """The day by which a share `part` of those who reach the event after `since` reach it; NaN where nobody does.

    curve: an `incidence` curve.
    """
    if curve.empty:
        return float("nan")
    began, last = share_at(curve, since)[0], float(curve["share"].iloc[-1])
    if last - began < 1e-9:
        return float("nan")
    enough = curve["share"].to_numpy() >= began + part * (last - began) - 1e-9
    return float(curve["day"].to_numpy()[enough][0])


def usual_days(outcome: pd.Series, curve: pd.DataFrame) -> float:
    """Days within which three in four of those who reach the event reach it; NaN where fewer than five did.

    outcome: of all; curve: their `incidence`.
    """
    return day_of_share(curve, 0, USUAL_SHARE) if (outcome == REACHED).sum() >= MIN_REACHED else float("nan")


def log_rank(days: Sequence[float], reached: Sequence[bool], group: Sequence[object]) -> tuple[float, float]:
    """Chi-squared and p of the log-rank test of equal hazards in all groups (Mantel 1966).

    (nan, nan) with fewer than two groups, or where nobody reached the event.
    """
    names, place = np.unique(np.asarray(group, dtype=str), return_inverse=True)
    if len(names) < 2 or not any(reached):
        return float("nan"), float("nan")
    with np.errstate(all="ignore"):
        try:
            chi_squared, p = survdiff(np.asarray(days, float), np.asarray(reached, int), place)
        except np.linalg.LinAlgError:  # a group that is never at risk together with another
            return float("nan"), float("nan")
    return _finite(float(chi_squared)), _finite(float(p))


def _finite(value: float) -> float:
    return value if np.isfinite(value) else float("nan")
