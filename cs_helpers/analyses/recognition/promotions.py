"""Promotions: which criteria each member of a grade meets, as far as the data tells, and which hold most members back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy import stats

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.team import Criterion, Indicator, Promotion
from cs_helpers.customers.staff import latest_ratings, members_at
from cs_helpers.result import Verdict
from cs_helpers.snapshot import ProductData

MET, CANNOT, NOT_MET, NOT_KNOWN = STATES = ("met", "cannot_be_told", "not_met", "not_known")

#: fewer raters than this tell nothing of how others would rate
MIN_RATERS = 3
#: whole scores are rounded by up to half a point: the least standard deviation of what raters mean
_ROUNDING = float(np.sqrt(1 / 12))

COLUMNS = ("promotion", "person", "kind", "what", "at_least", "state", "value", "low", "high")

#: the ratios of each indicator: csm, ratio, low, high
Ratios = Mapping[Indicator, pd.DataFrame]


def promotion_table(
    data: ProductData, quarter: Quarter, promotions: Sequence[Promotion], ratios: Ratios
) -> pd.DataFrame:
    """Each criterion of the next promotion of each member, as far as the data tells; sorted by promotion and name.

    Columns: promotion, person, kind (`months`, `conversion`, `retention`, `training`, `element`), what (step, training or
    element; '' of others), at_least (NaN of trainings), state (`met`; `not_met`; `cannot_be_told`, where the 95 % interval
    holds the bound; `not_known`), value, low, high.
    """
    team, rows = members_at(data, quarter.end), []
    for promotion in promotions:
        for one in team[team["grade"] == promotion.from_grade].itertuples():
            found = [
                _indicator_or_other(data, quarter, str(one.person), c, ratios) for c in promotion.criteria
            ]
            if promotion.months:
                found.insert(0, _months(one.joined_on, quarter, promotion.months))
            rows += [{"promotion": promotion.id, "person": str(one.person), **row} for row in found]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _months(joined_on: pd.Timestamp, quarter: Quarter, at_least: int) -> dict[str, object]:
    row = {"kind": "months", "what": "", "at_least": float(at_least)}
    if pd.isna(joined_on):
        return row | {"state": NOT_KNOWN, "value": np.nan, "low": np.nan, "high": np.nan}
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    months = (end.year - joined_on.year) * 12 + end.month - joined_on.month - (end.day < joined_on.day)
    state = MET if months >= at_least else NOT_MET
    return row | {"state": state, "value": float(months), "low": np.nan, "high": np.nan}


def _indicator_or_other(
    data: ProductData, quarter: Quarter, person: str, criterion: Criterion, ratios: Ratios
) -> dict[str, object]:
    unknown = {"state": NOT_KNOWN, "value": np.nan, "low": np.nan, "high": np.nan}
    if criterion.training:
        row = {"kind": "training", "what": criterion.training, "at_least": np.nan}
        return row | {**unknown, "state": _training(data, quarter, person, criterion.training)}
    bound = float(criterion.at_least or 0)
    if criterion.element:
        row = {"kind": "element", "what": criterion.element, "at_least": bound}
        scores = scores_by_others(data, quarter, person, criterion.element)
        return row | (rated(scores, bound) if len(scores) else unknown)
    indicator = criterion.indicator
    assert indicator is not None
    row = {"kind": indicator.kind, "what": indicator.step or "", "at_least": bound}
    known = ratios[indicator]
    own = known[known["csm"] == person]
    if own.empty:
        return row | unknown
    value, low, high = (float(own.iloc[0][name]) for name in ("ratio", "low", "high"))
    return row | {"state": held_against(low, high, bound), "value": value, "low": low, "high": high}


def held_against(low: float, high: float, at_least: float) -> str:
    """Whether an interval lies above a bound, below it, or holds it."""
    return MET if low >= at_least else NOT_MET if high < at_least else CANNOT


def _training(data: ProductData, quarter: Quarter, person: str, training: str) -> str:
    """Completed by the end of the quarter; of a training that nobody was assigned nothing is known."""
    records = data["training_records"]
    records = records[
        (records["training"] == training) & (records["assigned_on"] <= pd.Timestamp(quarter.end))
    ]
    if records.empty:
        return NOT_KNOWN
    completed = records.loc[records["person"] == person, "completed_on"]
    return MET if (completed <= pd.Timestamp(quarter.end)).any() else NOT_MET


def scores_by_others(data: ProductData, quarter: Quarter, person: str, element: str) -> np.ndarray:
    """The last score of each rater other than the person, of the last twelve months."""
    rows = latest_ratings(data, quarter.end)
    of_others = (rows["person"] == person) & (rows["element"] == element) & ~rows["by_self"]
    return np.asarray(rows.loc[of_others, "score"].dropna(), dtype=float)


def rated(scores: np.ndarray, at_least: float) -> dict[str, object]:
    """Whether the mean score of raters is at least the bound, by Student's interval of the mean over raters.

    Raters are a sample of those who might have rated. Whole scores hide up to half a point, so raters who agree are not
    thought to agree by more than that.
    """
    n, mean = len(scores), float(scores.mean())
    if n < MIN_RATERS:
        return {"state": CANNOT, "value": mean, "low": np.nan, "high": np.nan}
    half = float(stats.t.ppf(0.975, n - 1)) * max(float(scores.std(ddof=1)), _ROUNDING) / np.sqrt(n)
    low, high = max(mean - half, 1.0), min(mean + half, 5.0)
    return {"state": held_against(low, high, at_least), "value": mean, "low": low, "high": high}


def overall(states: Sequence[str]) -> str:
    """What all criteria together say: one that is not met decides, and all must be met."""
    return next((state for state in (NOT_MET, CANNOT, NOT_KNOWN) if state in states), MET)


def criteria_table(promotions: pd.DataFrame, fewest: int) -> pd.DataFrame:
    """How many members of a grade meet each criterion, and all (kind `all`), without names; of grades with `fewest` members.

    Columns: promotion, kind, what, at_least, people, met, cannot_be_told, not_met, not_known.
    """
    keys, rows = ["promotion", "kind", "what", "at_least"], []
    for promotion, of_grade in promotions.groupby("promotion", sort=False):
        people = of_grade["person"].nunique()
        if people < fewest:
            continue
        together = of_grade.groupby("person")["state"].agg(lambda states: overall(list(states)))
        rows.append(
            {"promotion": promotion, "kind": "all", "what": "", "at_least": np.nan} | _counted(together)
        )
        for key, states in of_grade.groupby(keys, sort=False, dropna=False)["state"]:
            rows.append(dict(zip(keys, key, strict=True)) | _counted(states))
    return pd.DataFrame(rows, columns=[*keys, "people", *STATES])


def _counted(states: pd.Series) -> dict[str, int]:
    return {"people": len(states), **{state: int((states == state).sum()) for state in STATES}}


def criteria_verdict(table: pd.DataFrame) -> Verdict:
    """How many of the members before a promotion meet all of its criteria, and which one fewest meet.

    `all_meet` (people) or `missing` (people, meet, promotion, kind, what, at_least, met, of).
    """
    whole = table[table["kind"] == "all"]
    people, meet = int(whole["people"].sum()), int(whole["met"].sum())
    if meet == people:
        return Verdict("all_meet", {"people": people})
    single = table[table["kind"] != "all"]
    first = single.loc[(single["met"] / single["people"]).idxmin()]
    fields = {name: first[name] for name in ("promotion", "kind", "what", "at_least")}
    met = {"met": int(first["met"]), "of": int(first["people"])}
    return Verdict("missing", {"people": people, "meet": meet, **fields, **met})
