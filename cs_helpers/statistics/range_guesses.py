"""How well guessed ranges hold what they were to hold: their share against the aim, their width, and a proper score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.statistics.proportions import wilson

#: guesses from which on anything is said of them
MIN_GUESSES = 10
#: the share held counts as that of the aim where its interval reaches no further from it
CLOSE = 0.1

TOO_FEW, TOO_NARROW, TOO_WIDE, FITS, CANNOT_TELL = "too_few", "too_narrow", "too_wide", "fits", "cannot_tell"


@dataclass(frozen=True)
class Calibration:
    """Guessed ranges against what they were to hold.

    guesses, held: numbers. share: held of all, low and high its 95 % interval (Wilson). width: the median width, as a
    multiple of that of the usual range. score: the mean interval score in widths of the usual range, and usual_score that
    of the usual range itself; lower is better. verdict: `too_few` guesses, `too_narrow`, `too_wide`, `fits` (within 10
    points of the aim) or `cannot_tell`.
    """

    guesses: int
    held: int
    share: float
    low: float
    high: float
    width: float
    score: float
    usual_score: float
    verdict: str


def interval_score(low: np.ndarray, high: np.ndarray, value: np.ndarray, level: float) -> np.ndarray:
    """The score of ranges that are to hold a share `level` of all values; lower is better.

    The width, plus 2 / (1 - level) times the distance of a value outside (Gneiting, Raftery 2007, equation 43): in
    expectation smallest for the range between the two outer quantiles, so nobody gains by saying another one.
    """
    outside = np.maximum(low - value, 0) + np.maximum(value - high, 0)
    return np.asarray(high - low + 2 / (1 - level) * outside)


def calibration(guesses: pd.DataFrame, level: float) -> Calibration:
    """How guesses of the range of a share `level` of values fare.

    guesses: low, high, value (what came), usual_low, usual_high (the range that history gives, wider than 0).

    Ranges are too narrow where the interval of the share held lies below the aim. They are too wide where it lies above,
    or where at least the aimed share is held and clearly more than half of the ranges are wider than the usual ones: the
    share alone shows this only after 73 guesses in a row at 95 %.
    """
    n = len(guesses)
    held = int(((guesses["value"] >= guesses["low"]) & (guesses["value"] <= guesses["high"])).sum())
    usual_width = guesses["usual_high"] - guesses["usual_low"]
    width = (guesses["high"] - guesses["low"]) / usual_width
    low, high = wilson(held, n)
    wider = int((width > 1).sum())
    if n < MIN_GUESSES:
        verdict = TOO_FEW
    elif high < level:
        verdict = TOO_NARROW
    elif low > level or (held >= level * n and wilson(wider, n)[0] > 0.5):
        verdict = TOO_WIDE
    else:
        verdict = FITS if low >= level - CLOSE and high <= level + CLOSE else CANNOT_TELL
    scores = [
        interval_score(guesses[a].to_numpy(), guesses[b].to_numpy(), guesses["value"].to_numpy(), level)
        / usual_width.to_numpy()
        for a, b in (("low", "high"), ("usual_low", "usual_high"))
    ]
    score, usual_score = (float(each.mean()) if n else float("nan") for each in scores)
    share = held / n if n else float("nan")
    return Calibration(n, held, share, low, high, float(width.median()), score, usual_score, verdict)
