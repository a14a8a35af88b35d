"""The team's own judgement of the ten principles: by several assessors, now and the time before.

Judgements of one calendar quarter belong together; of several by the same assessor the last counts. Levels are ordered and not
numbers, so nothing is averaged: the lowest, the highest, and the median, of an even number the lower of the two in the middle.
"""

from __future__ import annotations

from datetime import timedelta

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import PRINCIPLE_LEVELS
from cs_helpers.snapshot import ProductData

#: a judgement that is older than this, at the end of the quarter, is old
OLD_DAYS = 365
#: how a judgement differs from the one before, by the assessors who gave both
ROSE, FELL, MIXED, SAME, OTHERS = "rose", "fell", "mixed", "same", "others"

COLUMNS = {
    "principle": "int64", "on": "datetime64[us]", "low": "str", "median": "str", "high": "str", "assessors": "int64",
    "before_on": "datetime64[us]", "before_low": "str", "before_median": "str", "before_high": "str", "change": "str", "rose": "int64",
    "fell": "int64", "both": "int64", "is_old": "bool",
}  # fmt: skip


def counted_rows(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The judgements up to the end of a quarter, the last ones first, then by principle and assessor."""
    if data.missing("principle_assessments"):
        return pd.DataFrame(columns=["principle", "assessed_on", "level", "why", "assessed_by"])
    rows = data["principle_assessments"]
    rows = rows[rows["assessed_on"] <= pd.Timestamp(quarter.end)]
    return rows.sort_values(
        ["assessed_on", "principle", "assessed_by"], ascending=[False, True, True], kind="stable"
    )


def later_rows(data: ProductData, quarter: Quarter) -> int:
    """The number of judgements after the end of a quarter, which do not count in it."""
    if data.missing("principle_assessments"):
        return 0
    return int((data["principle_assessments"]["assessed_on"] > pd.Timestamp(quarter.end)).sum())


def assessment_table(rows: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """The last judgements of each principle, and the ones before; a row a principle that was judged.

    rows: see `counted_rows`. Columns: principle, on (last day), low, median, high (levels), assessors, before_on, before_low,
    before_median, before_high (NaT and '': none before), change (`rose`, `fell`, `mixed`: some rose and some fell, `same`, `others`:
    nobody gave both; '': none before), rose, fell (assessors whose level did), both (assessors who gave both), is_old.
    """
    found = []
    for principle, of_principle in rows.groupby("principle", sort=True):
        quarters = of_principle["assessed_on"].dt.to_period("Q")
        times = sorted(quarters.unique(), reverse=True)
        last = _of_each(of_principle[quarters == times[0]])
        before = _of_each(of_principle[quarters == times[1]]) if len(times) > 1 else None
        on = last["assessed_on"].max()
        row = {
            "principle": int(principle), "on": on, **_levels(last), "assessors": len(last),
            "is_old": bool(on < pd.Timestamp(quarter.end - timedelta(days=OLD_DAYS))),
            "before_on": pd.NaT, "before_low": "", "before_median": "", "before_high": "", "change": "", "rose": 0, "fell": 0, "both": 0,
        }  # fmt: skip
        if before is not None:
            row |= {f"before_{name}": level for name, level in _levels(before).items()}
            row |= {"before_on": before["assessed_on"].max(), **_change(before, last)}
        found.append(row)
    return pd.DataFrame(found, columns=list(COLUMNS)).astype(COLUMNS)


def _of_each(rows: pd.DataFrame) -> pd.DataFrame:
    """The last judgement of each assessor, with its rank; where nobody is named, each row is somebody's."""
    named = rows["assessed_by"].notna()
    last = rows[named].sort_values("assessed_on", kind="stable").drop_duplicates("assessed_by", keep="last")
    found = pd.concat([last, rows[~named]])
    return found.assign(rank=[PRINCIPLE_LEVELS.index(level) for level in found["level"]])


def _levels(rows: pd.DataFrame) -> dict[str, str]:
    ranks = sorted(rows["rank"])
    at = {"low": ranks[0], "median": ranks[(len(ranks) - 1) // 2], "high": ranks[-1]}
    return {name: PRINCIPLE_LEVELS[rank] for name, rank in at.items()}


def _change(before: pd.DataFrame, last: pd.DataFrame) -> dict[str, object]:
    """How the levels of the assessors who gave both differ."""
    then, now = before.set_index("assessed_by")["rank"], last.set_index("assessed_by")["rank"]
    if before["assessed_by"].isna().all() and last["assessed_by"].isna().all() and len(then) == len(now) == 1:
        pairs = [(int(then.iloc[0]), int(now.iloc[0]))]  # one judgement of the whole team each time
    else:
        pairs = [(int(then[who]), int(now[who])) for who in now.index.dropna() if who in then.index]
    rose, fell = sum(a < b for a, b in pairs), sum(a > b for a, b in pairs)
    change = MIXED if rose and fell else ROSE if rose else FELL if fell else SAME if pairs else OTHERS
    return {"change": change, "rose": rose, "fell": fell, "both": len(pairs)}
