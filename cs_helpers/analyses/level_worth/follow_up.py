"""What became of the customers of each level after the ends of quarters: the landmarks.

The level of a customer is that of the landmark, and only what comes after the landmark counts. Who is grouped by the level that
was reached later seems to stay longer whatever levels do, because only who stays can climb: immortal time (Suissa 2008).
Each customer counts at every landmark at which it was there with a known level (sliding landmarks; van Houwelingen 2007,
"Dynamic prediction by landmarking in event history analysis").
"""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.maturity_levels import LevelHistory

#: the columns of `follow_up`, with their types
COLUMNS = {
    "account_id": "str", "landmark": "object", "level": "int64", "earlier": "float64", "age": "int64", "days": "int64",
    "months": "int64", "lost": "bool",
}  # fmt: skip


def follow_up(history: LevelHistory) -> pd.DataFrame:
    """The customers with a known level at the end of each quarter before that of the history, and what became of them.

    Columns: account_id; landmark (Quarter at whose end); level (then); earlier (one quarter before; NaN: not known, or no
    customer); age (days as a customer up to the landmark); days (from the landmark until the loss, or as long as known); months
    (of them that were seen whole, that of the loss included); lost. A renewal that may still be recorded is no loss; the
    customer is followed up to the end of its term.
    """
    parts = [_after(history, landmark) for landmark in history.quarters[:-1]]
    if not parts:
        return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in COLUMNS.items()})
    return pd.concat(parts, ignore_index=True)


def _after(history: LevelHistory, landmark: Quarter) -> pd.DataFrame:
    at, known_on = pd.Timestamp(landmark.end), pd.Timestamp(history.time.known_on)
    spells = history.time.spells
    running = spells[(spells["first_day"] <= at) & ~(spells["last_day"] < at)].set_index("account_id")
    level = history.states[landmark.end]
    level = level[level >= 0].astype("int64").sort_index()
    before = landmark.back(1).end
    earlier = history.states[before] if before in history.states else pd.Series(dtype="float64")
    earlier = earlier[earlier >= 0]
    running = running.loc[level.index]
    lost = running["ended"].isin(ENDINGS)
    # a loss falls on the day after the last day
    end = (running["last_day"] + pd.Timedelta(days=1)).fillna(known_on)
    months = 12 * (end.dt.year - at.year) + end.dt.month - at.month
    return pd.DataFrame(
        {
            "account_id": level.index,
            "landmark": landmark,
            "level": level.to_numpy(),
            "earlier": earlier.reindex(level.index).to_numpy("float64"),
            "age": (at - running["first_day"]).dt.days.to_numpy("int64"),
            "days": (end - at).dt.days.to_numpy("int64"),
            # a term that ended within a month, with its renewal not recorded, was not seen in that month
            "months": (months - (running["last_day"].notna() & ~lost)).to_numpy("int64"),
            "lost": lost.to_numpy(bool),
        }
    )
