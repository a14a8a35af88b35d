"""What past out-of-sample errors say: which way of forecasting serves best, and how large errors are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

#: a smaller spread of errors is rounding
MIN_SPREAD = 1e-4
#: the spread of weekends is their own by n / (n + this)
OWN_SPREAD_DAYS = 30
#: a change of level: the median of seven errors in a row is so many spreads off, which chance does to one in 50,000
CHANGED = 2.0
#: such stretches are no ordinary errors unless so large a share of the past is in them
RARE = 0.1


def best_way(errors: Mapping[str, np.ndarray], needed: Mapping[str, int]) -> str:
    """The way of forecasting with the smallest mean absolute error; single large ones are capped.

    errors: way -> past errors, NaN where there was no forecast; the first way is taken unless the errors of another are
    smaller by a share of 2 / n over the n periods that both forecast. needed: the least n of each way.
    """
    first = next(iter(errors))
    absolute = {way: np.abs(past) for way, past in errors.items()}
    best, least = first, 1.0
    for way, own in absolute.items():
        both = np.isfinite(own) & np.isfinite(absolute[first])
        if way == first or both.sum() < needed[way]:
            continue
        reference = absolute[first][both]
        cap = 10 * _median(reference)
        mean = float(np.minimum(reference, cap).mean())
        share = float(np.minimum(own[both], cap).mean()) / mean if mean > 0 else 1.0
        if share < min(least, 1 - 2 / both.sum()):
            best, least = way, share
    return best


def spreads(errors: np.ndarray, is_weekend: np.ndarray) -> tuple[float, float]:
    """Robust spread (1.4826 MAD) of errors on working days and on weekends, each the less its own the fewer there are.

    errors: without NaN. 0 where errors do not vary.
    """
    overall = _robust_spread(errors)
    result = []
    for kind in (False, True):
        own = errors[is_weekend == kind]
        ratio = _robust_spread(own) / overall if len(own) and overall > MIN_SPREAD else 0.0
        result.append(overall * ratio ** (len(own) / (len(own) + OWN_SPREAD_DAYS)) if ratio > 0 else overall)
    return result[0], result[1]


def without_level_changes(errors: np.ndarray) -> np.ndarray:
    """Past errors without stretches in which the level itself was another, where those are rare.

    After a change of level weeks of forecasts are wrong, which says nothing of how ordinary periods vary and would hide
    the next change. errors: in order, in spreads, without NaN.
    """
    around = np.median(sliding_window_view(np.pad(errors, 3, mode="reflect"), 7), axis=1)
    changed = np.abs(around) > CHANGED
    return errors if changed.mean() > RARE else errors[~changed]


def _robust_spread(values: np.ndarray) -> float:
    return 1.4826 * _median(np.abs(values - _median(values))) if len(values) else 0.0


def _median(values: np.ndarray) -> float:
    """Numpy's median takes six times as long for a few hundred values."""
    ordered = np.sort(values)
    return float(ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
