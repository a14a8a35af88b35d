"""How long customers stay at a level, how they leave it, and who stays longer than those who rose needed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, Conversion, incidence, usual_days

#: how a stay at a level ends; `open`: it is not known to have ended
ROSE, FELL, LOST, OPEN = "rose", "fell", "lost", "open"
WAYS_OUT = (ROSE, FELL, LOST)

_NO_CUSTOMER = -3


def level_spells(history: LevelHistory) -> pd.DataFrame:
    """The time that each customer stays at one level without interruption, by the levels at month ends.

    Columns: account_id, level, months (from the first month end at the level to the first one after it, or to the last
    one known), outcome (`rose`, `fell`, `lost`, or `open`: still there, or not known afterwards), began_before (already
    there at the first month end that is known, so that `months` is the least; such a stay is in no curve, since a curve
    of months at a level needs its beginning), is_current (there at the last month end). Sorted by account, as in the
    history, and time.
    """
    state = np.nan_to_num(history.states.to_numpy(float), nan=_NO_CUSTOMER).astype(int)
    lost = _lost_within_months(history)
    months = state.shape[1]
    stays_on = (state[:, :-1] == state[:, 1:]) & (state[:, :-1] >= 0) & ~lost
    none = np.zeros((len(state), 1), dtype=bool)
    begins = (state >= 0) & ~np.hstack([none, stays_on])
    ends = (state >= 0) & ~np.hstack([stays_on, none])
    (row, begin), (_, end) = np.nonzero(begins), np.nonzero(ends)
    level = state[row, begin]
    after = np.where(end < months - 1, state[row, np.minimum(end + 1, months - 1)], UNKNOWN)
    is_lost = np.hstack([lost, none])[row, end]
    outcome = np.select(
        [is_lost, after > level, (after >= 0) & (after < level)], [LOST, ROSE, FELL], OPEN
    ).astype(object)
    new = _new_in_first_month(history)
    unknown_before = (state[row, begin - 1] == UNKNOWN) & ~lost[row, begin - 1] if months > 1 else False
    return pd.DataFrame(
        {
            "account_id": history.states.index.to_numpy(object)[row],
            "level": level,
            "months": (end - begin + (outcome != OPEN)).astype(float),
            "outcome": pd.Series(outcome, dtype="str"),
            "began_before": np.where(begin == 0, ~new[row], unknown_before),
            "is_current": end == months - 1,
        }
    )


def sojourn_curves(spells: pd.DataFrame) -> pd.DataFrame:
    """The share that left each level by months since reaching it, by way out (Aalen, Johansen 1978).

    spells: those of `level_spells`; stays with an unknown beginning are left out. Columns: level, month, rose, fell, lost
    (shares of all, each with the others as competing events), at_risk (just before the month end), spells. Up to the
    month to which enough of them were observed (`Conversion.known_until`); no rows for a level that nobody reached.
    """
    parts = []
    for level, inside in _with_beginning(spells).groupby("level"):
        known_until = leaving(inside).known_until
        curves = {}
        for way in WAYS_OUT:
            outcome = inside["outcome"].map({OPEN: CENSORED, way: REACHED}).fillna(LEFT).astype(int)
            curves[way] = incidence(inside["months"], outcome)
        curve = curves[ROSE][["day", "at_risk"]].rename(columns={"day": "month"})
        curve = curve.assign(
            level=level, spells=len(inside), **{way: c["share"] for way, c in curves.items()}
        )
        parts.append(curve[(curve["month"] >= 1) & (curve["month"] <= known_until)])
    columns = ["level", "month", *WAYS_OUT, "at_risk", "spells"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def leaving(spells: pd.DataFrame) -> Conversion:
    """The time to leaving a level in any way, in months."""
    return Conversion(spells["months"], (spells["outcome"] != OPEN).map({True: REACHED, False: CENSORED}))


def usual_months(spells: pd.DataFrame) -> pd.Series:
    """The months within which three in four of those who rise from a level have risen; NaN: fewer than five rose.

    spells: those of `level_spells`. Index: level.
    """
    usual = {}
    for level, inside in spells.groupby("level"):
        known = _with_beginning(inside)
        outcome = known["outcome"].map({OPEN: CENSORED, ROSE: REACHED}).fillna(LEFT).astype(int)
        usual[level] = usual_days(outcome, incidence(known["months"], outcome))
    return pd.Series(usual, dtype="float64")


def time_at_levels(
    spells: pd.DataFrame, standing: pd.DataFrame, usual: pd.Series, mrr: pd.Series
) -> pd.DataFrame:
    """Each level: how stays there ended, how long they last, and who stays longer than usual.

    spells, standing, usual: of `level_spells`, `standing_customers` and `usual_months`; mrr: by account_id. Columns: level, spells (stays with a known beginning),
    rose, fell, lost, open (of these), median, low, high (months until half have left, 95 % by Kaplan-Meier; NaN: not
    reached), usual (months within which three in four of those who rise have risen; NaN: fewer than five rose), standing
    (customers at the level now), late (of them, longer than `usual`), mrr (of the late ones).
    """
    rows = []
    for level, inside in spells.groupby("level"):
        known, now = _with_beginning(inside), standing[standing["level"] == level]
        median, low, high = leaving(known).median()
        late = now[now["late"]]
        rows.append(
            {
                "level": level,
                "spells": len(known),
                **{outcome: int((known["outcome"] == outcome).sum()) for outcome in (*WAYS_OUT, OPEN)},
                "median": median,
                "low": low,
                "high": high,
                "usual": usual[level],
                "standing": len(now),
                "late": len(late),
                "mrr": float(mrr.reindex(late["account_id"]).sum()),
            }
        )
    columns = [
        "level", "spells", *WAYS_OUT, OPEN, "median", "low", "high", "usual", "standing", "late", "mrr",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def standing_customers(spells: pd.DataFrame, usual: pd.Series) -> pd.DataFrame:
    """The customers at a known level now: account_id, level, months (so far), began_before, usual, late.

    usual: of `usual_months`.
    """
    now = spells[spells["is_current"]]
    now = now.assign(usual=now["level"].map(usual).astype("float64"))
    now["late"] = now["months"] > now["usual"]
    return now[["account_id", "level", "months", "began_before", "usual", "late"]].reset_index(drop=True)


def _with_beginning(spells: pd.DataFrame) -> pd.DataFrame:
    return spells[~spells["began_before"]]


def _lost_within_months(history: LevelHistory) -> np.ndarray:
    """Whether each customer at a month end was lost by the next one; shape (accounts, months - 1)."""
    ends, accounts = list(history.states.columns), history.states.index
    lost = np.zeros((len(accounts), max(len(ends) - 1, 0)), dtype=bool)
    for month in range(len(ends) - 1):
        status = history.time.status_after(ends[month], ends[month + 1])
        lost[accounts.get_indexer(status.index[status.isin(ENDINGS)]), month] = True
    return lost


def _new_in_first_month(history: LevelHistory) -> np.ndarray:
    """Whether each account became a customer in the first month of the history."""
    end = history.states.columns[0]
    began = history.time.spell_starts(end).reindex(history.states.index)
    return np.asarray(began >= pd.Timestamp(end).replace(day=1))
