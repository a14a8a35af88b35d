"""The lifetime value of a customer by three methods, from the margin of a month and the chance to stay.

All of them say what a new customer is worth on the day it starts. They differ in how long it is taken to stay:
`constant_hazard` for ever at one rate of loss, `retained_value` with the survival S(t) that was seen or fitted, to a
stated horizon. `ShiftedBetaGeometric` fits S(t) where customers decide at each renewal (contractual data), each with a
chance of its own, so that the loyal remain and the rate of loss falls with age (Fader, Hardie 2007, "How to project
customer retention").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import stats
from scipy.optimize import minimize
from scipy.special import betaln

#: bounds of alpha and beta: beyond the upper one all customers are practically alike
_BOUNDS = (1e-3, 1e4)


def constant_hazard(margin: float, lost: int, customer_months: float) -> tuple[float, float, float]:
    """Margin of a month divided by the monthly rate of loss: value, low, high.

    lost: customers lost in `customer_months` of exposure. The interval is that of the rate (exact, Poisson). Infinite
    where none was lost.
    """
    low_rate = stats.chi2.ppf(0.025, 2 * lost) / 2 if lost else 0.0
    high_rate = stats.chi2.ppf(0.975, 2 * lost + 2) / 2
    return tuple(  # type: ignore[return-value]
        float(margin * customer_months / count) if count else float("inf")
        for count in (lost, high_rate, low_rate)
    )


def retained_value(margin: float, survival: np.ndarray, discount_rate: float) -> float:
    """The sum over months m = 0, 1, ... of margin x S(m), discounted by `discount_rate` a year.

    survival: the chance to be a customer at the beginning of each month, as many as the horizon has.
    """
    months = np.arange(len(survival))
    return float(margin * np.sum(survival / (1 + discount_rate) ** (months / 12)))


@dataclass(frozen=True)
class ShiftedBetaGeometric:
    """The sBG model: each customer leaves at a renewal with its own chance, which is Beta(alpha, beta) distributed."""

    alpha: float
    beta: float

    def survival(self, terms: np.ndarray) -> np.ndarray:
        """The chance to survive so many renewals: B(alpha, beta + t) / B(alpha, beta)."""
        return np.asarray(np.exp(betaln(self.alpha, self.beta + terms) - betaln(self.alpha, self.beta)))

    @classmethod
    def fit(cls, lost: np.ndarray, kept: np.ndarray) -> ShiftedBetaGeometric | None:
        """The maximum likelihood fit; None where nobody was lost or nobody came to a renewal.

        lost[t - 1]: customers who left at renewal t. kept[t - 1]: those last seen after they had renewed t times; who
        has not yet decided says nothing and is left out.
        """
        lost, kept = np.asarray(lost, float), np.asarray(kept, float)
        if not lost.sum() or not kept.sum() + lost[1:].sum():
            return None
        lost_at, kept_at = np.arange(1, len(lost) + 1), np.arange(1, len(kept) + 1)

        def minus_log_likelihood(logs: np.ndarray) -> float:
            alpha, beta = np.exp(logs)
            whole = betaln(alpha, beta)
            left = betaln(alpha + 1, beta + lost_at - 1) - whole
            stayed = betaln(alpha, beta + kept_at) - whole
            return -float(lost @ left + kept @ stayed)

        # not by gradients: their linear algebra costs more than the few numbers here, and much more on a busy machine
        options = {"xatol": 1e-6, "fatol": 1e-9}
        bounds = [tuple(np.log(_BOUNDS))] * 2
        found = minimize(
            minus_log_likelihood, np.zeros(2), method="Nelder-Mead", bounds=bounds, options=options
        )
        return cls(*(float(v) for v in np.exp(found.x)))
