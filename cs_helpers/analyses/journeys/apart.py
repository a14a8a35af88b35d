"""Tables of the journey in which no row differs from the others beyond chance."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.result import NOTHING_APART, Verdict
from cs_helpers.statistics.proportions import FALSE_DISCOVERY
from cs_helpers.statistics.variation import exact_p

#: question -> the verdicts of its rows that tell something apart
_TELLING = {
    "cohort": ("faster", "slower"),
    "moves": ("faster", "slower"),
    "csms": ("above", "below"),
    "touch_models": ("above", "below"),
}


def row_verdicts(tables: Mapping[str, pd.DataFrame]) -> dict[str, Verdict]:
    """`<question>.rows` -> `NOTHING_APART` (rows) for each table of which no row's verdict tells anything apart.

    Of `adherence` (share: of all waits in which a plan was used, due: those waits) an exact test over all CSMs decides.
    """
    result = {
        f"{question}.rows": Verdict(NOTHING_APART, {"rows": len(tables[question])})
        for question, telling in _TELLING.items()
        if len(tables.get(question, ())) and not tables[question]["verdict"].isin(telling).any()
    }
    adherence = tables.get("adherence", pd.DataFrame())
    if len(adherence):
        used, due = adherence["used"].tolist(), adherence["due"].tolist()
        if len(adherence) == 1 or exact_p(used, due) >= FALSE_DISCOVERY:
            fields = {"rows": len(adherence), "share": sum(used) / sum(due), "due": sum(due)}
            result["adherence.rows"] = Verdict(NOTHING_APART, fields)
    return result
