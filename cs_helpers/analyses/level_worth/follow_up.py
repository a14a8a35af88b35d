"""What became of the customers of each level after the ends of quarters: the landmarks.

The level of a customer is that of the landmark, and only what comes after the landmark counts. Who is grouped by the level that
was reached later seems to stay longer whatever levels do, because only who stays can climb: immortal time (Suissa 2008).
Each customer counts at every landmark at which it was there with a known level (sliding landmarks; van Houwelingen 2007,
"Dynamic prediction by landmarking in event history analysis").
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.maturity_levels import LevelHistory

#: the columns of `follow_up`, with their types
COLUMNS = {
    "account_id": "str", "landmark": "object", "level": "int64", "earlier": "float64", "age": "int64", "days": "int64",
    "months": "int64", "lost": "bool",
}  # fmt: skip


def follow_up(history: LevelHistory) -> pd.DataFrame:
    """The customers with a known level at the end of each quarter before that of the history, and what became of them.

    Sorted by landmark and account. Columns: account_id; landmark (Quarter at whose end); level (then); earlier (one quarter before; NaN: not known, or no
    customer); age (days as a customer up to the landmark); days (from the landmark until the loss, or as long as known); months
    (of them that were seen whole, that of the loss included); lost. A renewal that may still be recorded is no loss; the
    customer is followed up to the end of its term.
    """
    spells, states = history.time.spells, history.states
    first = spells["first_day"].to_numpy("datetime64[D]")
    last = spells["last_day"].to_numpy("datetime64[D]")
    is_running = np.isnat(last)
    # a loss falls on the day after the last day
    end = np.where(is_running, np.datetime64(history.time.known_on, "D"), last + np.timedelta64(1, "D"))
    lost = spells["ended"].isin(ENDINGS).to_numpy(bool)
    row = states.index.get_indexer(spells["account_id"])
    parts: dict[str, list[np.ndarray]] = {name: [] for name in COLUMNS}
    for landmark in history.quarters[:-1]:
        at = np.datetime64(landmark.end, "D")
        level = states[landmark.end].to_numpy("float64")[row]
        chosen = np.flatnonzero((first <= at) & (is_running | (last >= at)) & (row >= 0) & (level >= 0))
        before = landmark.back(1).end
        earlier = states[before].to_numpy("float64")[row[chosen]] if before in states else np.nan
        months = (end[chosen].astype("datetime64[M]") - at.astype("datetime64[M]")).astype("int64")
        found = {
            "account_id": spells["account_id"].to_numpy(object)[chosen],
            "landmark": np.full(len(chosen), landmark, dtype=object),
            "level": level[chosen].astype("int64"),
            "earlier": np.where(np.broadcast_to(earlier, len(chosen)) >= 0, earlier, np.nan),
            "age": (at - first[chosen]).astype("int64"),
            "days": (end[chosen] - at).astype("int64"),
            # a term that ended within a month, with its renewal not recorded, was not seen in that month
            "months": months - (~is_running & ~lost)[chosen],
            "lost": lost[chosen],
        }
        for name, values in found.items():
            parts[name].append(values)
    return pd.DataFrame(
        {
            name: pd.Series(np.concatenate(parts[name]) if parts[name] else [], dtype=kind)
            for name, kind in COLUMNS.items()
        }
    )
