"""Time to an event of things that come in clusters, such as the waits of a customer: intervals from resampled clusters."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS, resampled_sums
from cs_helpers.statistics.survival import CENSORED, REACHED, Conversion

_NAN = float("nan")


@dataclass(frozen=True, eq=False)
class ClusteredIncidence:
    """`survival.Conversion` of waits that come in clusters.

    days, outcome: of each wait, as for `Conversion`; cluster: the cluster of each. The curve is that of `Conversion`; its
    interval, and that of the median, are percentiles over resampled clusters (Efron 1979; NaN with fewer than
    `MIN_CUSTOMERS` of them), since waits of one cluster are alike.
    """

    days: pd.Series
    outcome: pd.Series
    cluster: pd.Series

    @property
    def conversion(self) -> Conversion:
        """The curve without regard to clusters."""
        return Conversion(self.days, self.outcome)

    @cached_property
    def curve(self) -> pd.DataFrame:
        """Columns: day, share, low, high, at_risk, as `Conversion.curve`."""
        curve = self.conversion.curve
        if curve.empty or self._shares is None:
            return curve.assign(low=_NAN, high=_NAN)
        low, high = np.quantile(self._shares[: len(curve)], [0.025, 0.975], axis=1, method="inverted_cdf")
        return curve.assign(low=np.minimum(low, curve["share"]), high=np.maximum(high, curve["share"]))

    def median(self) -> tuple[float, float, float]:
        """The first day by which half have reached the event, low and high (95 %); each NaN where not known."""
        median = self.conversion.median()[0]
        if self._shares is None:
            return median, _NAN, _NAN
        days = self.conversion.curve["day"].to_numpy(float)
        by_then = np.round(self._shares[: len(days)], 12) >= 0.5
        first = np.where(by_then.any(axis=0), days[by_then.argmax(axis=0)], np.inf)
        low, high = (
            float(day) if np.isfinite(day) else _NAN
            for day in np.quantile(first, [0.025, 0.975], method="inverted_cdf")
        )
        return median, low, high

    @cached_property
    def _shares(self) -> np.ndarray | None:
        """The share by day (rows) of each resample of clusters (columns); None with too few clusters."""
        code, clusters = pd.factorize(self.cluster, sort=True)
        if len(clusters) < MIN_CUSTOMERS:
            return None
        time = np.maximum(self.days.to_numpy(float), 0.5)
        status = self.outcome.to_numpy(int)
        at, place = np.unique(time, return_inverse=True)

        def counted(rows: np.ndarray) -> np.ndarray:
            cells = np.bincount(place[rows] * len(clusters) + code[rows], minlength=len(at) * len(clusters))
            return resampled_sums(cells.reshape(len(at), len(clusters)))

        every = counted(np.full(len(time), True))
        ended, reached = counted(status != CENSORED), counted(status == REACHED)
        at_risk = every[::-1].cumsum(axis=0)[::-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            rest = np.where(at_risk > 0, 1 - ended / at_risk, 1.0)
            hazard = np.where(at_risk > 0, reached / at_risk, 0.0)
        waiting = np.vstack([np.ones(rest.shape[1]), np.cumprod(rest, axis=0)[:-1]])
        return np.cumsum(waiting * hazard, axis=0)
