"""The verdict on a project score."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.project_score.states import AWAY, MET, NOT_MEASURED, ON_THE_WAY
from cs_helpers.result import Verdict


def picture_verdict(rows: pd.DataFrame) -> Verdict:
    """How many of the parts that are bound to a number are met, on the way and away from it.

    rows: `states.picture`. `not_bound`: no part names a number. `none_known` (bound): of none it is known. `all_met` (of),
    `none_met` and `some_met` (of, met, on_the_way, away); of: the parts whose state is known.
    """
    bound = int(rows["metric"].notna().sum())
    known = rows.loc[rows["state"] != NOT_MEASURED, "state"]
    if not bound:
        return Verdict("not_bound", {})
    if known.empty:
        return Verdict("none_known", {"bound": bound})
    counts = {state: int((known == state).sum()) for state in (MET, ON_THE_WAY, AWAY)}
    fields = {"of": len(known), **counts}
    if counts[MET] == len(known):
        return Verdict("all_met", {"of": len(known)})
    return Verdict("some_met" if counts[MET] else "none_met", fields)
