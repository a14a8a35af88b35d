"""Time to an event that some have not reached yet."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from statsmodels.duration.survfunc import SurvfuncRight

from cs_helpers.analyses.proportions import wilson

#: what a row's `outcome` may be
CENSORED, REACHED, LEFT = 0, 1, 2


def median_time(days: Sequence[float], reached: Sequence[bool]) -> tuple[float, float, float]:
    """Kaplan-Meier's median with its 95 % interval (log-log); nan: not reached.

    The median is the first time at which the survival function is 0.5 or less (Kaplan, Meier 1958).
    """
    if not any(reached):
        return float("nan"), float("nan"), float("nan")
    curve = SurvfuncRight(np.asarray(days, float), np.asarray(reached, int))
    with np.errstate(divide="ignore", invalid="ignore"):  # the log of 0 and 1 at the curve's ends
        low, high = curve.quantile_ci(0.5, method="cloglog")
    return _finite(_median(curve)), _finite(low), _finite(high)


def _median(curve: SurvfuncRight) -> float:
    below = np.flatnonzero(curve.surv_prob <= 0.5 + 1e-12)
    return float(curve.surv_times[below[0]]) if len(below) else float("nan")


def _finite(value: float) -> float:
    return float(value) if np.isfinite(value) else float("nan")


def incidence(days: pd.Series, outcome: pd.Series) -> pd.DataFrame:
    """Share that reached the event by each day, leaving being a competing end (Aalen, Johansen 1978).

    Columns: day, share, low, high (95 %), at_risk (still waiting just before the day). Empty
    where nobody reached it.
    """
    columns = ["day", "share", "low", "high", "at_risk"]
    status = outcome.to_numpy(int)
    reached = status == REACHED
    if not reached.any():
        return pd.DataFrame(columns=columns, dtype="float64")
    # time 0 has no one at risk before it in statsmodels: reached on the same day counts as day 0.5
    time = np.maximum(days.to_numpy(float), 0.5)
    if not (status == LEFT).any():
        curve = SurvfuncRight(time, reached.astype(int))
        share, error, at = 1 - curve.surv_prob, curve.surv_prob_se, curve.surv_times
        error = np.nan_to_num(error)  # statsmodels gives none where everybody has reached it
    else:
        at, share, error = _aalen_johansen(time, status)
    ordered = np.sort(time)
    low = np.clip(share - 1.96 * error, 0, 1)
    # all have reached it: no error is left, yet a few customers do not make it certain
    low = np.where(share > 1 - 1e-12, wilson(int(reached.sum()), int(reached.sum()))[0], low)
    return pd.DataFrame(
        {
            "day": at,
            "share": share,
            "low": low,
            "high": np.clip(share + 1.96 * error, 0, 1),
            "at_risk": len(time) - np.searchsorted(ordered, at, side="left"),
        },
        columns=columns,
    )


def _aalen_johansen(time: np.ndarray, status: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Days, shares that reached it, and their standard errors (delta method; Marubini, Valsecchi 1995).

    As statsmodels' `CumIncidenceRight`, which gives no error on a day after which nobody waits.
    """
    at, place = np.unique(time, return_inverse=True)
    ended = np.bincount(place, weights=status != CENSORED)
    reached = np.bincount(place, weights=status == REACHED)
    at_risk = len(time) - np.searchsorted(np.sort(time), at, side="left")
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
