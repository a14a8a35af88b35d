"""What a customer is worth over its lifetime, by the three methods of `statistics.lifetime_value`.

Lifetimes are spells of customers (`contract.spells`) up to the end of the quarter; one that is still running, or whose
renewal may still be recorded, is censored. All methods value the same customer: the mean MRR of who pays at the end of the
quarter, times the gross margin where the costs are known.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.movements import Ledger
from cs_helpers.statistics.lifetime_value import ShiftedBetaGeometric, constant_hazard, retained_value
from cs_helpers.statistics.survival import CENSORED, REACHED, Conversion

DAYS_A_MONTH = 365.25 / 12
#: a loss up to so much of a term after a renewal counts at that renewal, as those who decide late
_LATE = 0.1
METHODS = ("constant_hazard", "km_rmst", "sbg")


@dataclass(frozen=True, eq=False)
class Lifetimes:
    """The lifetimes of customers. months: their lengths. lost: whether they ended. curve: Kaplan-Meier, day by day."""

    months: np.ndarray
    lost: np.ndarray
    seen: Conversion

    def survival(self, months: np.ndarray) -> np.ndarray:
        """S(t), S low and S high at ages in months; rows. Those after the last observed age are its values."""
        curve = self.seen.curve
        place = np.searchsorted(curve["day"].to_numpy(), months * DAYS_A_MONTH, side="right")
        columns = (np.r_[0.0, curve[c].to_numpy()] for c in ("share", "high", "low"))
        return np.array([1 - column[place] for column in columns])

    @property
    def known_months(self) -> float:
        """The age up to which survival is known; infinite where all were lost."""
        return self.seen.known_until / DAYS_A_MONTH

    def fitted(self, term_months: int) -> ShiftedBetaGeometric | None:
        """The sBG model of renewals every `term_months`; None where it cannot be fitted."""
        terms = self.months / term_months
        at_renewal = np.maximum(np.ceil(terms - _LATE), 1).astype(int)[self.lost]
        renewed = np.floor(terms).astype(int)[~self.lost]
        return ShiftedBetaGeometric.fit(
            np.bincount(at_renewal, minlength=1)[1:], np.bincount(renewed, minlength=1)[1:]
        )


def lifetimes(time: CustomerTime) -> Lifetimes:
    """The lifetimes of all spells, as known on the day of knowledge."""
    spells = time.spells
    lost = spells["ended"].isin(ENDINGS).to_numpy(bool)
    last = spells["last_day"].fillna(pd.Timestamp(time.known_on))
    days = (last - spells["first_day"]).dt.days + 1
    outcome = pd.Series(np.where(lost, REACHED, CENSORED), spells.index)
    return Lifetimes(days.to_numpy("float64") / DAYS_A_MONTH, lost, Conversion(days, outcome))


def lifetime_values(
    found: Lifetimes, ledger: Ledger, margin: float, rules: RevenueRules, year: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lifetime value by each method, and the survival behind it.

    margin: of a customer's month, an amount. year: the months of which the rate of loss is taken. First table: method,
    value, low, high, months (horizon; infinite for ever), alpha and beta of the sBG; methods that cannot be applied are
    left out. Second: month (0, 1, ...), survival, low, high (Kaplan-Meier, NaN after the last known age), sbg.
    """
    lost = int(ledger.lost[:, -year:].sum())
    exposure = float((ledger.at.spell[:, -year - 1 : -1] >= 0).sum())
    rows: list[dict[str, float | str]] = []
    if lost:
        value, low, high = constant_hazard(margin, lost, exposure)
        rows.append({"method": "constant_hazard", "value": value, "low": low, "high": high, "months": np.inf})
    months = np.arange(rules.horizon_months)
    is_known = months <= found.known_months
    seen = found.survival(months)
    if is_known.any():
        value, low, high = (retained_value(margin, s[is_known], rules.discount_rate) for s in seen)
        rows.append(
            {"method": "km_rmst", "value": value, "low": low, "high": high, "months": int(is_known.sum())}
        )
    curve = pd.DataFrame({"month": months, **dict(zip(("survival", "low", "high"), seen, strict=True))})
    curve.loc[~is_known, ["survival", "low", "high"]] = np.nan
    model = found.fitted(rules.term_months)
    curve["sbg"] = np.nan if model is None else model.survival(months // rules.term_months)
    if model is not None:
        value = retained_value(margin, curve["sbg"].to_numpy(), rules.discount_rate)
        rows.append(
            {"method": "sbg", "value": value, "low": np.nan, "high": np.nan, "months": rules.horizon_months,
             "alpha": model.alpha, "beta": model.beta}
        )  # fmt: skip
    columns = ["method", "value", "low", "high", "months", "alpha", "beta"]
    return pd.DataFrame(rows, columns=columns), curve
