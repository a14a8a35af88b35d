"""The order of the gaps: by impact x confidence / effort, and how far it depends on chance and on the weights."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.result import Verdict
from cs_helpers.statistics.priorities import (
    DECIDED,
    before,
    drawn_weights,
    rank_scores,
    score_interval,
    scores,
    share_among_first,
    shown_scores,
    verdict,
)

#: of the draws of weights
SEED = 23
#: how many gaps the summary names
FIRST = 3

RANKED = (
    "goal", "rank", "score", "low", "high", "first", "first_three", "priority", "impact", "impact_low", "impact_high",
    "gain", "confidence", "effort", "by",
)  # fmt: skip
PAIRS = ("goal", "other", "chance", "by_data", "by_weights", "verdict", "open_by")


@dataclass(frozen=True)
class Priorities:
    """The order of the gaps that are short of their target and whose impact is known.

    ranked: one row a gap, the highest score first. Columns: goal, rank (equal scores share it; those that win nothing come last), score (impact x confidence
    / effort: MRR a person-month, also below 0), low, high (its 95 % interval at the declared confidence and effort), first and first_three
    (shares of the draws in which it is the first, or among the first three), priority (`high`: its gain is clear, and it
    is among the first three, of three or fewer gaps the first, in more than `DECIDED` of the draws; `low`: it wins nothing, or is
    among the first three of more in less than 1 - `DECIDED`; else `medium`), and of the gap impact, impact_low, impact_high,
    gain, confidence, effort, by.
    pairs: neighbours in this order. Columns: goal, other, chance (share of the draws in which goal comes before
    other), by_data (at the declared weights), by_weights (at the measured impacts), verdict (`before`, `undecided`), and
    open_by: what leaves the order open: `data`, `weights`, `both`, or `few` (too few customers for an interval).
    reached, unknown: ids of the goals that have no place in the order, because nothing is left to close, or because the
    gap or what it is worth is not known.
    """

    ranked: pd.DataFrame
    pairs: pd.DataFrame
    reached: tuple[str, ...]
    unknown: tuple[str, ...]
    verdicts: Mapping[str, Verdict]


def prioritise(gaps: pd.DataFrame, draws: Mapping[str, np.ndarray], seed: int = SEED) -> Priorities:
    """The order of the gaps.

    gaps: a row a goal with goal, state, impact, impact_low, impact_high, gain, confidence, effort, by (`sizing`). draws: goal
    -> draws of its impact, as many for each. Where two scores are equal, the order is that of the ids: that of the
    product file has no say.
    """
    known = (
        gaps["impact"].notna()
        & gaps["confidence"].notna()
        & (gaps["effort"] > 0)
        & gaps["goal"].isin(list(draws))
    )
    reached = gaps["state"] == "reached"
    rows = gaps[(gaps["state"] == "short") & known].sort_values("goal", ignore_index=True)
    left_out = gaps[~gaps["goal"].isin(rows["goal"]) & ~reached]
    if rows.empty:
        ranked, pairs = pd.DataFrame(columns=list(RANKED)), pd.DataFrame(columns=list(PAIRS))
    else:
        ranked, pairs = _ordered(rows, draws, seed)
    return Priorities(
        ranked, pairs, tuple(gaps.loc[reached, "goal"]), tuple(left_out["goal"]), _verdicts(ranked, pairs)
    )


def _ordered(
    rows: pd.DataFrame, draws: Mapping[str, np.ndarray], seed: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables `ranked` and `pairs` of at least one gap."""
    drawn_impact = np.vstack([draws[goal] for goal in rows["goal"]])
    impact = rows["impact"].to_numpy(float)[:, None]
    confidence, effort = rows["confidence"].to_numpy(float), rows["effort"].to_numpy(float)
    declared, weights = np.ones((1, 3)), drawn_weights(drawn_impact.shape[1], seed=seed)
    score = scores(impact, confidence, effort, declared)[:, 0]
    both = scores(drawn_impact, confidence, effort, weights)
    by_data = scores(drawn_impact, confidence, effort, declared)
    by_weights = scores(np.broadcast_to(impact, drawn_impact.shape), confidence, effort, weights)
    low, high = score_interval(shown_scores(drawn_impact, confidence, effort))
    # an impact without spread is one of too few customers: it has no interval, and decides no order
    has_interval = drawn_impact.min(axis=1) < drawn_impact.max(axis=1)
    ranked = rows.assign(
        score=shown_scores(impact, confidence, effort)[:, 0],
        rank=rank_scores(score),
        low=np.where(has_interval, low, np.nan),
        high=np.where(has_interval, high, np.nan),
        first=share_among_first(both, 1),
        first_three=share_among_first(both, FIRST),
        has_interval=has_interval,
    )
    wins = (ranked["impact"] > 0) & (ranked["confidence"] > 0)
    # among three or fewer every gap is among the first three
    many = len(ranked) > FIRST
    share = ranked["first_three" if many else "first"]
    ranked["priority"] = np.select(
        [wins & (ranked["gain"] == "clear") & (share > DECIDED), ~wins | (many & (share < 1 - DECIDED))],
        ["high", "low"],
        "medium",
    )
    order = ranked.sort_values(["rank", "goal"]).index
    chances = [before(drawn)[np.ix_(order, order)] for drawn in (both, by_data, by_weights)]
    ranked = ranked.loc[order].reset_index(drop=True)
    return ranked[list(RANKED)], _pairs(ranked, *chances)


def _pairs(
    ranked: pd.DataFrame, both: np.ndarray, by_data: np.ndarray, by_weights: np.ndarray
) -> pd.DataFrame:
    """Each gap and the one after it, and what is known of their order."""
    rows = []
    for one, other in itertools.pairwise(range(len(ranked))):
        few = not ranked.loc[[one, other], "has_interval"].all()
        said = "undecided" if few else verdict(both[one, other])
        rows.append(
            {
                "goal": ranked.loc[one, "goal"],
                "other": ranked.loc[other, "goal"],
                "chance": both[one, other],
                "by_data": by_data[one, other],
                "by_weights": by_weights[one, other],
                # a higher score at the declared weights may still come later in most draws: then nothing is decided
                "verdict": "before" if said == "before" else "undecided",
                "open_by": ""
                if said == "before"
                else "few"
                if few
                else _open_by(by_data[one, other], by_weights[one, other]),
            }
        )
    return pd.DataFrame(rows, columns=list(PAIRS))


def _open_by(by_data: float, by_weights: float) -> str:
    """What leaves the order of two gaps open: where each alone would decide it, both together do."""
    open_data, open_weights = verdict(by_data) != "before", verdict(by_weights) != "before"
    return "both" if open_data == open_weights else "data" if open_data else "weights"


def _verdicts(ranked: pd.DataFrame, pairs: pd.DataFrame) -> dict[str, Verdict]:
    """What the page says of the order, and of the pairs in it; of a gap whose gain is not clear, that it may win nothing."""
    found: dict[str, Verdict] = {}
    if ranked.empty:
        return found
    goal = ranked["goal"].iloc[0]
    wins = ranked["impact"] > 0
    unclear = "" if ranked["gain"].iloc[0] == "clear" else "_unclear"
    if not wins.any():
        found["priorities"] = Verdict("nothing_won", {"count": len(ranked)})
    elif len(ranked) == 1:
        found["priorities"] = Verdict(f"one{unclear}", {"goal": goal})
    elif pairs["verdict"].iloc[0] == "before" and ranked["first"].iloc[0] > DECIDED:
        found["priorities"] = Verdict(f"decided{unclear}", {"goal": goal, "share": ranked["first"].iloc[0]})
    else:
        # those that come first in enough draws that nobody can say they do not
        may_be_first = ranked.loc[ranked["first"] >= 1 - DECIDED, "goal"].to_list()
        goals = may_be_first if len(may_be_first) > 1 else ranked["goal"].head(2).to_list()
        found["priorities"] = Verdict(
            "open", {"goals": tuple(goals), "goal": goal, "share": ranked["first"].iloc[0]}
        )
    if len(pairs):
        is_open = int((pairs["verdict"] == "undecided").sum())
        code = "all_decided" if not is_open else "all_open" if is_open == len(pairs) else "some_open"
        found["pairs"] = Verdict(code, {"count": len(pairs), "open": is_open})
    return found
