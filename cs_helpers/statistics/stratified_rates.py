"""Rates of events with and without an exposure, adjusted by strata, and their uncertainty by resampling customers.

Mantel and Haenszel (1959), for person-time (Rothman, Greenland, Lash, Modern Epidemiology, 3rd ed. 2008, chapter 15). With a
and b events and T1 and T0 years of the exposed and the others in a stratum, T = T1 + T0, and sums over strata that have both:

    rate of the exposed = sum(a T0 / T) / W        rate of the others = sum(b T1 / T) / W        W = sum(T1 T0 / T)

Their ratio is the Mantel-Haenszel ratio, their difference the Mantel-Haenszel difference of rates. Both rates are those of
the same mix of strata. p: of the score test, chi square with 1 degree of freedom.

Resampling is the Bayesian bootstrap over customers (Rubin 1981): in each draw a customer has a weight with an exponential
distribution of mean 1, in all its periods. So events behave as a Gamma distribution of their number; half an event more in
either group (Jeffreys) keeps an interval of few or no events from being too narrow.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy import sparse, stats

DRAWS = 2_000
_SEED = 70
#: weights held in memory at once: draws x customers
_CELLS = 4_000_000


class Rates(NamedTuple):
    """Events a year of the exposed and of the others in the same mix of strata; NaN where no stratum has both.

    difference, ratio: of the two. p: of no difference. events, years: of the exposed, then of the others, in strata that have
    both.
    """

    exposed: float
    others: float
    p: float
    exposed_events: int
    other_events: int
    exposed_years: float
    other_years: float

    @property
    def difference(self) -> float:
        """Events a year more with the exposure."""
        return self.exposed - self.others

    @property
    def ratio(self) -> float:
        """Rate with the exposure over that without; infinite where only the exposed have events, NaN where none have."""
        if self.others:
            return self.exposed / self.others
        return float("inf") if self.exposed > 0 else float("nan")


@dataclass(frozen=True, eq=False)
class Resamples:
    """`draws` resamples of `customers` (their number): the same weights for all that is summed with them."""

    customers: int
    draws: int = DRAWS

    def sums(self, values: sparse.csr_array) -> np.ndarray:
        """The weighted sums of values (k, customers) in each draw: (k, draws)."""
        return np.concatenate([values @ weights for weights in self._blocks()], axis=1)

    @property
    def _size(self) -> int:
        """The draws whose weights are held at once."""
        return max(1, min(self.draws, _CELLS // max(1, self.customers)))

    def _blocks(self) -> Iterator[np.ndarray]:
        yield self._first_block
        for at in range(self._size, self.draws, self._size):
            yield self._block(at)

    @cached_property
    def _first_block(self) -> np.ndarray:
        """Kept, as of up to 2,000 customers it is the only one, and all that is summed needs it."""
        return self._block(0)

    def _block(self, at: int) -> np.ndarray:
        rng = np.random.default_rng([_SEED, at])
        return rng.standard_exponential((self.customers, min(self._size, self.draws - at)))


@dataclass(frozen=True, eq=False)
class PersonTime:
    """Periods at risk, as arrays of equal length: customer (0, 1, ...), stratum (0, 1, ...), exposed, years, events."""

    customer: np.ndarray
    stratum: np.ndarray
    exposed: np.ndarray
    years: np.ndarray
    events: np.ndarray

    @property
    def _cells(self) -> tuple[np.ndarray, int]:
        """The row of each period in a table of strata by exposure (others first), and the number of strata."""
        strata = int(self.stratum.max()) + 1 if len(self.stratum) else 0
        return self.stratum + strata * self.exposed.astype(np.int64), strata

    def compared(self) -> np.ndarray:
        """The numbers of the strata that have time at risk with and without the exposure."""
        cell, strata = self._cells
        return np.flatnonzero((np.bincount(cell, self.years, 2 * strata).reshape(2, strata) > 0).all(axis=0))

    def rates(self) -> Rates:
        """The rates with and without the exposure."""
        cell, strata = self._cells
        years = np.bincount(cell, self.years, 2 * strata).reshape(2, strata)
        events = np.bincount(cell, self.events, 2 * strata).reshape(2, strata)
        both = self.compared()
        (t0, t1), (b, a) = years[:, both], events[:, both]
        total = t0 + t1
        weight = float((t1 * t0 / total).sum())
        if not weight:
            return Rates(np.nan, np.nan, np.nan, 0, 0, 0.0, 0.0)
        expected, variance = ((a + b) * t1 / total).sum(), ((a + b) * t1 * t0 / total**2).sum()
        p = float(stats.chi2.sf((a.sum() - expected) ** 2 / variance, 1)) if variance else np.nan
        rates = (a * t0 / total).sum() / weight, (b * t1 / total).sum() / weight
        counts = int(a.sum()), int(b.sum()), float(t1.sum()), float(t0.sum())
        return Rates(float(rates[0]), float(rates[1]), p, *counts)

    def resampled(self, resamples: Resamples, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The rates of the exposed and of the others in each draw, above 0. Only where `rates` are known.

        seed: of the half events, so that no two comparisons share them.
        """
        cell, strata = self._cells
        shape = 2 * strata, resamples.customers
        both = self.compared()
        rows = np.r_[both, both + strata]
        counted = [
            sparse.csr_array((values.astype("float64"), (cell, self.customer)), shape=shape)[rows]
            for values in (self.years, self.events)
        ]
        # summed together, so that weights are drawn once
        t0, t1, b, a = np.split(resamples.sums(sparse.vstack(counted, format="csr")), 4)
        total = t0 + t1
        weight = (t1 * t0 / total).sum(axis=0)
        half = np.random.default_rng([_SEED, seed]).gamma(0.5, 1.0, (2, resamples.draws))
        exposed = (a * t0 / total).sum(axis=0) / weight + half[0] / t1.sum(axis=0)
        others = (b * t1 / total).sum(axis=0) / weight + half[1] / t0.sum(axis=0)
        return exposed, others


def ends(draws: np.ndarray, value: float) -> tuple[float, float]:
    """The 95 % interval of draws, which holds the value itself."""
    low, high = np.quantile(draws, [0.025, 0.975])
    return min(float(low), value), max(float(high), value)
