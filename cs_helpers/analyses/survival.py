"""Time to an event that some have not reached yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from cs_helpers.analyses.proportions import wilson

#: what a row's `outcome` may be
CENSORED, REACHED, LEFT = 0, 1, 2


def median_time(
    days: Sequence[float], reached: Sequence[bool], entered: Sequence[float] | None = None
) -> tuple[float, float, float]:
    """Kaplan-Meier's median with its 95 % interval (log-log); nan: not reached.

    The median is the first time at which the survival function is 0.5 or less (Kaplan, Meier 1958).
    entered: the day from which each was watched, where that is later than day 0 (left truncation).
    """
    if not any(reached):
        return float("nan"), float("nan"), float("nan")
    since = None if entered is None else np.asarray(entered, float)
    curve = SurvfuncRight(np.asarray(days, float), np.asarray(reached, int), entry=since)
    with np.errstate(divide="ignore", invalid="ignore"):  # the log of 0 and 1 at the curve's ends
        low, high = curve.quantile_ci(0.5, method="cloglog")
    return _finite(_median(curve)), _finite(low), _finite(high)


def _median(curve: SurvfuncRight) -> float:
    below = np.flatnonzero(curve.surv_prob <= 0.5 + 1e-12)
    return float(curve.surv_times[below[0]]) if len(below) else float("nan")


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else float("nan")


def incidence(days: pd.Series, outcome: pd.Series, entered: pd.Series | None = None) -> pd.DataFrame:
    """Share that reached the event by each day, leaving being a competing end (Aalen, Johansen 1978).

    entered: the day from which each was watched, where that is later than day 0 (left truncation):
    who had reached it or left before is not known to us, so nobody counts before that day.
    Columns: day, share, low, high (95 %), at_risk (watched and waiting just before the day). Empty
    where nobody reached it.
    """
    columns = ["day", "share", "low", "high", "at_risk"]
    status = outcome.to_numpy(int)
    reached = status == REACHED
    if not reached.any():
        return pd.DataFrame(columns=columns, dtype="float64")
    # time 0 has no one at risk before it in statsmodels: reached on the same day counts as day 0.5
    time = np.maximum(days.to_numpy(float), 0.5)
    since = np.zeros(len(time)) if entered is None else entered.to_numpy(float)
    if not (status == LEFT).any():
        curve = SurvfuncRight(time, reached.astype(int), entry=None if entered is None else since)
        share, error, at = 1 - curve.surv_prob, curve.surv_prob_se, curve.surv_times
        error = np.nan_to_num(error)  # statsmodels gives none where everybody has reached it
    else:
        at, share, error = _aalen_johansen(time, status, since)
    low = np.clip(share - 1.96 * error, 0, 1)
    # all have reached it: no error is left, yet a few customers do not make it certain
    low = np.where(share > 1 - 1e-12, wilson(int(reached.sum()), int(reached.sum()))[0], low)
    return pd.DataFrame(
        {
            "day": at,
            "share": share,
            "low": low,
            "high": np.clip(share + 1.96 * error, 0, 1),
            "at_risk": _at_risk(time, since, at),
        },
        columns=columns,
    )


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


def converted_by(days: pd.Series, outcome: pd.Series, day: float) -> tuple[float, float, float]:
    """Share that reached the event by a day, low and high (95 %; Wilson's where it is nobody)."""
    return _converted(incidence(days, outcome), len(days), day)


def _converted(curve: pd.DataFrame, n: int, day: float) -> tuple[float, float, float]:
    share, low, high = share_by(curve, day)
    return (share, low, high) if share else (share, *wilson(0, n))


def by_ages(days: pd.Series, outcome: pd.Series, ages: Sequence[float]) -> pd.DataFrame:
    """Share that reached the event by some ages, as far as anybody was watched that long.

    Columns: age, share, low, high (95 %; Wilson's where it is nobody), at_risk (watched at that age
    and still waiting). share is NaN from the age on that nobody who waits has come to.
    """
    curve = incidence(days, outcome)
    time = np.maximum(days.to_numpy(float), 0.5)
    waiting = time[outcome.to_numpy(int) == CENSORED]
    known = waiting.max() if len(waiting) and waiting.max() >= time.max() else float("inf")
    rows = []
    for age in ages:
        share, low, high = _converted(curve, len(days), age)
        if age > known or not len(days):
            share = low = high = float("nan")
        at_risk = int((time >= age).sum())
        rows.append({"age": age, "share": share, "low": low, "high": high, "at_risk": at_risk})
    return pd.DataFrame(rows, columns=["age", "share", "low", "high", "at_risk"])


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
