"""The ten principles side by side: what the data shows and what the team says of itself, never mixed; and the order of work."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from cs_helpers.analyses.ten_principles.evidence import CONDITIONS, NO, UNKNOWN, YES, Shown
from cs_helpers.analyses.ten_principles.rules import RULES
from cs_helpers.contract.principles import PRINCIPLES, Principles
from cs_helpers.contract.vocabulary import PRINCIPLE_LEVELS

#: how the two stand to each other
UNBACKED, SAYS_MORE, SAYS_LESS, AGREES = "unbacked", "says_more", "says_less", "agrees"
NOT_TESTED, DATA_ONLY, SELF_ONLY, NEITHER = "not_tested", "data_only", "self_only", "neither"
#: whose level the order of work goes by
BY_DATA, BY_TEAM, BY_NOTHING = "data", "team", "nothing"

_MEASURED = PRINCIPLE_LEVELS.index("measured")


def principle_table(shown: Sequence[Shown], judged: pd.DataFrame) -> pd.DataFrame:
    """All ten principles: the level that the data shows, and the one that the team says.

    judged: see `assessments.assessment_table`. Columns: principle, level (by the data; '': cannot be told), repeatable, defined,
    measured, optimised (`yes`, `no`, `unclear`, `unknown`), then low, median, high, assessors, on, is_old, before_median, change of the
    team's judgement ('' and 0: none), and comparison: `unbacked`: all assessors say measured or more, and
    the data has no number of the outcome with an interval for two quarters; `says_more`, `says_less`: all of them say a higher, or a
    lower, level than the data shows; `agrees`; `not_tested`: what they say is beyond what the data can tell; `data_only`; `self_only`: no
    number at all; `neither`.
    """
    said = judged.set_index("principle")
    rows = []
    for one in shown:
        has = one.principle in said.index
        low, high = (str(said.at[one.principle, c]) if has else "" for c in ("low", "high"))
        rows.append(
            {
                "principle": one.principle, "level": one.level, **one.conditions,
                "low": low, "median": str(said.at[one.principle, "median"]) if has else "", "high": high,
                "assessors": int(said.at[one.principle, "assessors"]) if has else 0,
                "on": said.at[one.principle, "on"] if has else pd.NaT,
                "is_old": bool(said.at[one.principle, "is_old"]) if has else False,
                "before_median": str(said.at[one.principle, "before_median"]) if has else "",
                "change": str(said.at[one.principle, "change"]) if has else "",
                "comparison": _compared(one, low, high),
            }
        )  # fmt: skip
    return pd.DataFrame(rows).astype({"on": "datetime64[us]"})


def _compared(one: Shown, low: str, high: str) -> str:
    if not low:
        return DATA_ONLY if one.level else NEITHER
    at, (least, most) = _rank(one.level), (_rank(low), _rank(high))
    if least >= _MEASURED and one.conditions["measured"] == NO:
        return UNBACKED
    if not one.level:
        return NOT_TESTED if one.has_number else SELF_ONLY
    # what no number can show, as no history of the product file is kept, does not contradict the team
    top = _MEASURED - 1 if RULES[one.principle].outcome is None else len(PRINCIPLE_LEVELS) - 1
    if least > at:
        return NOT_TESTED if at == top else SAYS_MORE
    return SAYS_LESS if most < at else AGREES


def _rank(level: str) -> int:
    return PRINCIPLE_LEVELS.index(level) if level else -1


def order_table(table: pd.DataFrame, declared: Principles | None) -> pd.DataFrame:
    """The order of work: the principles that the phase asks for first before the others; among both the lowest level first.

    The level is that of the data, and only where the data shows none the lowest that the team says; each row says whose it is, and
    one of which nothing is known comes after the others. The same level: as the phase names them, then by number. Columns:
    rank, principle, is_first (asked for first), level, by (`data`, `team`, `nothing`), next (the level to work for, `known` where nothing is known, `kept` at the
    highest, `beyond` where the data can show no more).
    """
    first = list(declared.first) if declared else []
    rows: list[tuple[tuple[bool, int, int], dict[str, object]]] = []
    for row in table.to_dict("records"):
        by = BY_DATA if row["level"] else BY_TEAM if row["low"] else BY_NOTHING
        level = str(row["level"] or row["low"])
        rank = _rank(level) if level else len(PRINCIPLE_LEVELS)
        principle = int(row["principle"])
        within = first.index(principle) if principle in first else len(first) + PRINCIPLES.index(principle)
        said = {
            "principle": principle, "is_first": principle in first, "level": level, "by": by, "next": _next(level, row),
        }  # fmt: skip
        rows.append(((principle not in first, rank, within), said))
    ordered = [said for _, said in sorted(rows, key=lambda one: one[0])]
    return pd.DataFrame(ordered).assign(rank=range(1, len(ordered) + 1))


def _next(level: str, row: dict[str, object]) -> str:
    """The level to work for: by the data the first of which the condition is not met, else the one after what the team says."""
    if not level:
        return "known"
    if row["level"]:
        missing = next((name for name in CONDITIONS if row[name] != YES), "kept")
        return "beyond" if missing == "measured" and row[missing] == UNKNOWN else missing
    at = _rank(level)
    return PRINCIPLE_LEVELS[at + 1] if at + 1 < len(PRINCIPLE_LEVELS) else "kept"
