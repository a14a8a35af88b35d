"""What a customer is worth that stands at a level today, whatever level it moves to: its margin, and how long it stays.

    km_rmst          the margin of a month x S(m), discounted, added up to a horizon that all levels share. S(m) is the share
                     of the customers of the level at a landmark that are still there m months later (Kaplan-Meier by
                     whole months, over all landmarks)
    constant_hazard  the margin of a month / the monthly rate of loss, for ever; losses and customer-months of the quarters
                     after the last four landmarks, each by the level at its landmark

The margin is the mean MRR of who stands there now and pays, times the gross margin where costs are known
(`statistics.lifetime_value`). A customer counts at several landmarks; so intervals come from resamples of customers, which draw
survival and margin together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS, interval, resampled_sums
from cs_helpers.statistics.lifetime_value import constant_hazard

YEAR = 12
#: the months until the next landmark
QUARTER = 3
#: the landmarks of a year
LANDMARKS = 4


@dataclass(frozen=True, eq=False)
class Stay:
    """How long the customers of some levels stay after their landmarks, and what a month of them brings.

    survival: S(0) = 1, S(1), ... by months; draws: the same of each resample (months + 1, resamples). followed: the customers;
    at_risk: how many of them in each month from the first on. lost: losses, each at several landmarks; exposure:
    customer-months, each once. margin, margin_draws: of a month of who stands there now; now, paying: their numbers.
    """

    survival: np.ndarray
    draws: np.ndarray
    followed: int
    at_risk: np.ndarray
    lost: int
    exposure: float
    margin: float
    margin_draws: np.ndarray
    now: int
    paying: int

    @property
    def known(self) -> int:
        """The months through which enough customers were followed for an interval."""
        return int((self.at_risk >= MIN_CUSTOMERS).sum())

    def share(self, month: int) -> tuple[float, float, float]:
        """S(month), low and high (95 %)."""
        value = float(self.survival[month])
        if not month:
            return value, 1.0, 1.0
        if value == 1.0:  # nobody was lost so far, and no resample knows of a loss
            return value, float(self._slowest(np.array([month]))[0]), 1.0
        return value, *interval(self.draws[month])

    def _slowest(self, months: np.ndarray) -> np.ndarray:
        """S at the upper 97.5 % bound of a constant rate (exact, Poisson), where nobody was lost."""
        rate = float(stats.chi2.ppf(0.975, 2)) / 2 / max(self.exposure, 1.0)
        return np.asarray(np.exp(-rate * months))

    def value(self, horizon: int, discount_rate: float) -> tuple[float, float, float]:
        """The lifetime value within a horizon in months (`km_rmst`), low and high (95 %)."""
        weight = (1 + discount_rate) ** (-np.arange(horizon) / YEAR)
        value = self.margin * float(weight @ self.survival[:horizon])
        if self.followed < MIN_CUSTOMERS or self.paying < MIN_CUSTOMERS:
            return value, np.nan, np.nan
        if self.lost:
            return value, *interval(self.value_draws(horizon, discount_rate))
        # resamples without a loss know nothing of the losses that were possible
        low, high = np.quantile(self.margin_draws, [0.025, 0.975])
        return (
            value,
            float(low * (weight @ self._slowest(np.arange(horizon)))),
            float(high * weight.sum()),
        )

    def value_draws(self, horizon: int, discount_rate: float) -> np.ndarray:
        """The lifetime value of each resample."""
        weight = (1 + discount_rate) ** (-np.arange(horizon) / YEAR)
        return np.asarray(self.margin_draws * (weight @ self.draws[:horizon]))


def stays(
    follow: pd.DataFrame,
    now: pd.DataFrame,
    groups: Mapping[str, Sequence[int]],
    *,
    share: float,
    months: int,
) -> dict[str, Stay]:
    """How long the customers of each group of levels stay, up to so many months.

    follow: `follow_up.follow_up`. now: index account_id, columns level (of the quarter's end) and mrr. groups: name -> levels. share:
    of the MRR that is margin.
    """
    accounts = pd.Index(follow["account_id"]).union(now.index).unique()
    place = accounts.get_indexer(follow["account_id"])
    level = now["level"].reindex(accounts).to_numpy("float64")
    mrr = now["mrr"].reindex(accounts).fillna(0.0).to_numpy("float64")
    seen = np.minimum(follow["months"].to_numpy("int64"), months)
    lost = follow["lost"].to_numpy(bool) & (follow["months"].to_numpy("int64") <= months)
    found = {}
    for name, levels in groups.items():
        rows = follow["level"].isin(levels).to_numpy()
        is_now = np.isin(level, levels)
        pays = is_now & (mrr > 0)
        at_risk, events = (
            _by_month(place[rows & chosen], seen[rows & chosen], len(accounts), months, whole)
            for chosen, whole in ((np.ones(len(rows), bool), True), (lost, False))
        )
        sums = resampled_sums(np.vstack([at_risk, events, mrr * pays, pays.astype("float64")]))
        drawn = _survival(sums[:months], sums[months : 2 * months])
        with np.errstate(divide="ignore", invalid="ignore"):
            margins = share * np.nan_to_num(sums[-2] / sums[-1])
        found[name] = Stay(
            survival=_survival(at_risk.sum(axis=1), events.sum(axis=1)),
            draws=drawn,
            followed=len(np.unique(place[rows])),
            at_risk=(at_risk > 0).sum(axis=1),
            lost=int((rows & lost).sum()),
            exposure=float(np.minimum(seen, QUARTER)[rows].sum()),
            margin=share * float(mrr[pays].mean()) if pays.any() else 0.0,
            margin_draws=margins,
            now=int(is_now.sum()),
            paying=int(pays.sum()),
        )
    return found


def _by_month(place: np.ndarray, seen: np.ndarray, accounts: int, months: int, whole: bool) -> np.ndarray:
    """Counts (months, accounts): rows seen in each month, or only in their last one. place: of the account of each row."""
    inside = seen > 0
    cells = np.bincount((seen[inside] - 1) * accounts + place[inside], minlength=months * accounts).reshape(
        months, accounts
    )
    return np.cumsum(cells[::-1], axis=0)[::-1] if whole else cells


def _survival(at_risk: np.ndarray, events: np.ndarray) -> np.ndarray:
    """S(0), S(1), ...: the product of the shares that stay; 1 in months in which nobody is at risk."""
    rate = np.divide(events, at_risk, out=np.zeros(at_risk.shape), where=at_risk > 0)
    return np.concatenate([np.ones((1, *at_risk.shape[1:])), np.cumprod(1 - rate, axis=0)])


def horizon_of(found: Sequence[Stay], rules: RevenueRules) -> int:
    """The months over which lifetime values are added up: as far as every level is known that is known for a year.

    0 where none is. At most the horizon of the product file.
    """
    known = [stay.known for stay in found if stay.known >= YEAR]
    return min([*known, rules.horizon_months]) if known else 0


def lifetime_table(
    follow: pd.DataFrame, found: Mapping[int, Stay], horizon: int, discount_rate: float
) -> pd.DataFrame:
    """What a customer of each level is worth.

    Columns: level; now, paying (customers at the quarter's end), followed (customers), margin (of a month); stay, stay_low,
    stay_high (share still there after a year); months (the horizon); value, value_low, value_high (km_rmst); lost, exposure
    (of the last four quarters), steady, steady_low, steady_high (constant_hazard; infinite where none was lost). NaN where a level is not known
    for a year, or nobody stands there now and pays.
    """
    recent = follow[follow["landmark"].isin(sorted(follow["landmark"].unique())[-LANDMARKS:])]
    in_quarter = np.minimum(recent["months"], QUARTER)
    lost = recent["lost"] & (recent["months"] <= QUARTER)
    rows = []
    for level, stay in found.items():
        is_known, at_level = stay.known >= YEAR, recent["level"] == level
        losses, exposure = int(lost[at_level].sum()), float(in_quarter[at_level].sum())
        row = {
            "level": level, "now": stay.now, "paying": stay.paying, "followed": stay.followed,
            "margin": stay.margin if stay.paying else np.nan, "months": horizon,
            "lost": losses, "exposure": exposure,
        }  # fmt: skip
        parts = {
            "stay": stay.share(YEAR) if is_known else (np.nan,) * 3,
            "value": stay.value(horizon, discount_rate) if is_known and stay.paying else (np.nan,) * 3,
            "steady": constant_hazard(stay.margin, losses, exposure)
            if exposure and stay.paying
            else (np.nan,) * 3,
        }
        for name, values in parts.items():
            row |= dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
        rows.append(row)
    return pd.DataFrame(rows)


def survival_table(found: Mapping[str, Stay]) -> pd.DataFrame:
    """S of each group as far as it is known: group, month, survival, low, high, at_risk (customers; of month 0 all)."""
    rows = [
        (name, month, *stay.share(month), stay.followed if not month else int(stay.at_risk[month - 1]))
        for name, stay in found.items()
        for month in range(stay.known + 1)
        if stay.known
    ]
    return pd.DataFrame(rows, columns=["group", "month", "survival", "low", "high", "at_risk"])
