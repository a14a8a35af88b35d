"""Health scores at past quarter ends, from what was dated by then, and who left within the horizon after each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers import measures
from cs_helpers.customers.health_score import measure_points, measure_weights, monthly_scores
from cs_helpers.snapshot import ProductData

#: how far back scores are held against what happened: older ones are of another product and another team
YEARS = 3
#: lost customers (and others) needed before anything is said of how well a score tells them apart: with 5 of them, 95 %
#: intervals hold the truth in 91 to 93 % of simulations, with 10 in 94 to 97 %
NEEDED = 10


@dataclass(frozen=True)
class History:
    """The score of each customer at the end of each month, by spell.

    spells: account_id, first_day, last_day (NaT while running), ended; as known at the end of the quarter. months: first
    days of consecutive months. points: measure id -> (spells, months), 0 to 100, NaN where not known; weights: (spells,
    measures) in the order of points. scores: of all measures (spells, months); by_kind: of the quantitative and of the
    qualitative ones alone. present: whether each spell was running at each month's end, as known then.
    """

    spells: pd.DataFrame
    months: pd.DatetimeIndex
    points: dict[str, np.ndarray]
    weights: np.ndarray
    scores: np.ndarray
    by_kind: dict[str, np.ndarray]
    present: np.ndarray

    @property
    def month_ends(self) -> np.ndarray:
        """The last day of each month; datetime64[D]."""
        return np.asarray((self.months + pd.offsets.MonthEnd(0)).to_numpy("datetime64[D]"))


def score_history(data: ProductData, time: CustomerTime, quarter: Quarter) -> History | None:
    """The scores of all customers at all month ends of the last `YEARS` years with data; None without any data."""
    first = _first_day(data)
    if first is None or first > quarter.end:
        return None
    horizon = timedelta(days=data.product.health.check.horizon_days)
    first = max(first, quarter.back(4 * YEARS - 1).start - horizon)
    months = pd.date_range(first.replace(day=1), quarter.end, freq="MS").as_unit("us")
    ends = (months + pd.offsets.MonthEnd(0)).to_numpy("datetime64[D]")
    spells = time.spells
    known = spells["account_id"].isin(data["accounts"]["account_id"])
    spells = spells[known & ~(spells["last_day"] < pd.Timestamp(months[0]))].reset_index(drop=True)
    values = measures.MonthlyValues(data, months)
    health, weights = data.product.health, measure_weights(data)
    names = list(weights)
    shape = len(spells), len(months)
    points = {name: np.full(shape, np.nan) for name in names}
    kinds = {
        kind: [m.id for m in health.measures if m.kind == kind] for kind in ("quantitative", "qualitative")
    }
    scores, by_kind = np.full(shape, np.nan), {kind: np.full(shape, np.nan) for kind in kinds}
    # a customer who left and came back has several spells, each with a first day of its own
    for _, part in spells.groupby(spells.groupby("account_id").cumcount()):
        firsts = part.set_index("account_id")["first_day"]
        of_part, _ = measure_points(data, months, firsts, values)
        for name in names:
            points[name][part.index] = of_part[name].to_numpy()
        scores[part.index] = monthly_scores(of_part, weights).to_numpy()
        for kind, ids in kinds.items():
            if ids:
                by_kind[kind][part.index] = monthly_scores(of_part, weights[ids]).to_numpy()
    return History(
        spells,
        months,
        points,
        weights.reindex(spells["account_id"]).to_numpy(float),
        scores,
        by_kind,
        _present(spells, time.contracts, ends),
    )


def _first_day(data: ProductData) -> date | None:
    """The first day of any table that a measure of health reads; None without one."""
    tables = {table for m in data.product.health.measures for table in m.measure.tables}
    firsts = [period.first for name in tables if (period := data.coverage.tables.get(name)) is not None]
    return min(firsts, default=None)


def _present(spells: pd.DataFrame, contracts: pd.DataFrame, ends: np.ndarray) -> np.ndarray:
    """Whether a contract of each spell was running at each month's end: bool, (spells, ends).

    A spell also spans short gaps between contracts, of which nobody knew at the time that the customer would return.
    """
    place = pd.Index(spells["account_id"].unique())
    rows = contracts[contracts["account_id"].isin(place)]
    codes = place.get_indexer(rows["account_id"])
    first = rows["started_on"].to_numpy("datetime64[D]")[:, None]
    last = rows["ended_on"].to_numpy("datetime64[D]")[:, None]
    running = (first <= ends) & ~(last < ends)
    by_account = np.zeros((len(place), len(ends)), dtype=bool)
    np.logical_or.at(by_account, codes, running)
    spell_first = spells["first_day"].to_numpy("datetime64[D]")[:, None]
    spell_last = spells["last_day"].to_numpy("datetime64[D]")[:, None]
    within = (spell_first <= ends) & ~(spell_last < ends)
    return np.asarray(by_account[place.get_indexer(spells["account_id"])] & within)


@dataclass(frozen=True)
class Panel:
    """Customers with a score at quarter ends, and whether each was lost within the horizon: arrays of one length.

    account: account_id; cut: the quarter end (datetime64[D]); score, quantitative, qualitative (NaN: not known); points,
    weights: (rows, measures), measures in the order of the product file; lost: bool. unscored, unscored_lost: how many
    more customers at quarter ends had no score, and how many of them were lost.
    """

    account: np.ndarray
    cut: np.ndarray
    score: np.ndarray
    quantitative: np.ndarray
    qualitative: np.ndarray
    points: np.ndarray
    weights: np.ndarray
    lost: np.ndarray
    unscored: int = 0
    unscored_lost: int = 0

    @property
    def cuts(self) -> np.ndarray:
        """The quarter ends, oldest first."""
        return np.unique(self.cut)

    @property
    def lost_customers(self) -> int:
        """How many customers were lost after a quarter end at which they had a score."""
        return len(set(self.account[self.lost]))

    @property
    def can_be_judged(self) -> bool:
        """Whether there are enough lost customers, and others, to say how well the score tells them apart."""
        return self.lost_customers >= NEEDED and len(set(self.account[~self.lost])) >= NEEDED


def panel_of(history: History, horizon_days: int, known_on: date) -> Panel:
    """The customers of each quarter end whose horizon is over on the day `known_on`, with their scores and outcomes.

    A paid term that is over and may still be renewed is no outcome: such rows are left out.
    """
    ends = history.month_ends
    until = ends + np.timedelta64(horizon_days, "D")
    is_cut = np.isin(history.months.month, [3, 6, 9, 12]) & (until <= np.datetime64(known_on, "D"))
    last = history.spells["last_day"].to_numpy("datetime64[D]")[:, None]
    ended = history.spells["ended"]
    over = last < until[None, :]  # False for NaT
    lost = over & ended.isin(ENDINGS).to_numpy()[:, None]
    undecided = over & (ended == NOT_RECORDED).to_numpy()[:, None]
    there = history.present & is_cut & ~undecided
    # a quarter end at which nobody has a score is before the data begins, and says nothing of who had none
    there &= (there & ~np.isnan(history.scores)).any(axis=0)
    scored = there & ~np.isnan(history.scores)
    rows, months = np.nonzero(scored)
    names = list(history.points)
    points = [history.points[name][rows, months] for name in names]
    unscored = there & ~scored
    return Panel(
        history.spells["account_id"].to_numpy(object)[rows],
        ends[months],
        history.scores[rows, months],
        history.by_kind["quantitative"][rows, months],
        history.by_kind["qualitative"][rows, months],
        np.stack(points, axis=1) if points else np.zeros((len(rows), 0)),
        history.weights[rows],
        lost[rows, months],
        int(unscored.sum()),
        int((unscored & lost).sum()),
    )
