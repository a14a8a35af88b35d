"""How well a score tells apart those who had an event from those who had none: AUC, differences of AUCs, lift."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit, logit

from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS, interval, resampled_ratios

_Z = 1.959963984540054
#: the part of the rows with the highest risk that `lift` is about
TOP = 0.1


@dataclass(frozen=True)
class Auc:
    """The area under the ROC curve, with its 95 % interval.

    value: the probability that of two rows, one with and one without the event, the one with it has the higher risk (a
    tie counts half); NaN where no stratum has both kinds. events, others: number of clusters with each kind.
    """

    value: float
    low: float
    high: float
    events: int
    others: int
    _influence: np.ndarray = field(repr=False, compare=False)


def auc(
    event: np.ndarray, risk: np.ndarray, cluster: np.ndarray | None = None, stratum: np.ndarray | None = None
) -> Auc:
    """The AUC of a risk, with the interval of DeLong, DeLong and Clarke-Pearson (1988) on the logit scale.

    event: bool; risk: float without NaN, higher for a more likely event. cluster: rows of the same cluster (a customer
    that is seen several times) are not independent: their influences are added up before they are squared (Obuchowski
    1997), which is DeLong's variance where each row is a cluster of its own. stratum: only rows of the same stratum
    (date) are compared, so that a season of the event is no merit of the score; the AUCs of the strata are weighted by
    their pairs. Where no variance can be had, because all pairs are in order or all are tied, the interval is the score
    interval with the variance of Hanley and McNeil (1982, as in Newcombe 2006, method 5).
    """
    event = np.asarray(event, bool)
    risk = np.asarray(risk, float)
    n = len(event)
    clusters = np.arange(n) if cluster is None else np.unique(np.asarray(cluster), return_inverse=True)[1]
    strata = np.zeros(n, int) if stratum is None else np.unique(np.asarray(stratum), return_inverse=True)[1]
    concordant, pairs, own = 0.0, 0.0, np.zeros(n)
    rivals = np.zeros(n)
    for number in range(strata.max(initial=-1) + 1):
        rows = np.flatnonzero(strata == number)
        with_event, without = rows[event[rows]], rows[~event[rows]]
        if not len(with_event) or not len(without):
            continue
        own[with_event] = _wins(risk[with_event], risk[without])
        own[without] = len(with_event) - _wins(risk[without], risk[with_event])
        rivals[with_event], rivals[without] = len(without), len(with_event)
        concordant += own[with_event].sum()
        pairs += len(with_event) * len(without)
    with_event, without = clusters[event & (rivals > 0)], clusters[~event & (rivals > 0)]
    events, others = len(np.unique(with_event)), len(np.unique(without))
    if not pairs:
        return Auc(math.nan, math.nan, math.nan, events, others, np.zeros(0))
    value = concordant / pairs
    influence = (own - value * rivals) / pairs
    # the correction for the estimated mean, as n / (n - 1), of each kind
    influence *= np.sqrt(np.where(event, _correction(events), _correction(others)))
    by_cluster = np.bincount(clusters, influence, clusters.max(initial=-1) + 1)
    error = math.sqrt(float(by_cluster @ by_cluster))
    if error < 1e-12 or value in (0.0, 1.0):
        low, high = _score_interval(value, events, others)
    else:
        reach = _Z * error / (value * (1 - value))
        low, high = (float(expit(logit(value) + sign * reach)) for sign in (-1, 1))
    return Auc(float(value), low, high, events, others, by_cluster)


def standard_error(area: Auc) -> float:
    """The standard error of an AUC; 0 where all pairs are in order or tied."""
    return math.sqrt(float(area._influence @ area._influence))


def auc_difference(area: Auc, other: Auc) -> tuple[float, float, float]:
    """First AUC minus second, low, high (95 %), of two risks of the same rows, clusters and strata (DeLong 1988).

    Both must come from `auc` with the same `event`, `cluster` and `stratum`; NaN where they have no value. The
    interval has no width where the two risks order all pairs alike.
    """
    difference = area.value - other.value
    if difference != difference:
        return math.nan, math.nan, math.nan
    influence = area._influence - other._influence
    reach = _Z * math.sqrt(float(influence @ influence))
    return difference, difference - reach, difference + reach


def _wins(risk: np.ndarray, rivals: np.ndarray) -> np.ndarray:
    """How many rivals have a lower risk than each; a tie counts half."""
    ordered = np.sort(rivals)
    below, up_to = (np.searchsorted(ordered, risk, side) for side in ("left", "right"))
    return np.asarray((below + up_to) / 2)


def _correction(n: int) -> float:
    return n / (n - 1) if n > 1 else 1.0


def _score_interval(value: float, events: int, others: int) -> tuple[float, float]:
    """The AUCs from which the value is 1.96 standard errors away, each with its own standard error."""
    more = (events + others) / 2 - 1

    def distance(area: float) -> float:
        spread = 1 + more * ((1 - area) / (2 - area) + area / (1 + area))
        variance = area * (1 - area) * spread / (events * others)
        return (value - area) ** 2 - _Z**2 * variance

    tiny = 1e-9
    low = 0.0 if value <= 0 else float(brentq(distance, tiny, value - tiny / 2))
    high = 1.0 if value >= 1 else float(brentq(distance, value + tiny / 2, 1 - tiny))
    return low, high


def lift(
    event: np.ndarray, risk: np.ndarray, cluster: np.ndarray, stratum: np.ndarray
) -> tuple[float, float, float]:
    """The share of events in the tenth of each stratum with the highest risk, divided by that of all rows: value, low, high.

    Rows that tie at the border of the tenth count in part, so that the order of rows does not matter. The 95 % interval
    is the percentile interval of resampled clusters (`statistics.bootstrap`); NaN for fewer than `MIN_CUSTOMERS`, and
    all three where there is no event.
    """
    event = np.asarray(event, float)
    top = np.zeros(len(event))
    for number in np.unique(stratum):
        rows = np.flatnonzero(stratum == number)
        top[rows] = _in_top(risk[rows])
    if not event.any():
        return math.nan, math.nan, math.nan
    value = float((top @ event / top.sum()) / event.mean())
    codes = np.unique(cluster, return_inverse=True)[1]
    sums = [np.bincount(codes, column) for column in (top * event, top, event, np.ones(len(event)))]
    if len(sums[0]) < MIN_CUSTOMERS:
        return value, math.nan, math.nan
    in_top = resampled_ratios(sums[0][None, :], sums[1])[0]
    overall = resampled_ratios(sums[2][None, :], sums[3])[0]
    with np.errstate(divide="ignore", invalid="ignore"):
        resamples = in_top / overall
    return (value, *interval(resamples[np.isfinite(resamples)]))


def _in_top(risk: np.ndarray) -> np.ndarray:
    """How much of each row lies in the top tenth by risk: 1, 0, or a part where rows tie at its border."""
    places = len(risk) * TOP
    above = len(risk) - np.searchsorted(np.sort(risk), risk, "right")
    tied = np.searchsorted(np.sort(risk), risk, "right") - np.searchsorted(np.sort(risk), risk, "left")
    return np.asarray(np.clip((places - above) / tied, 0.0, 1.0))
