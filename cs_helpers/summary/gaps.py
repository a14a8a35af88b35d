"""The first gaps between what is and what is meant to be, as the gap plan has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cs_helpers.result import Finding, Note, Result, Verdict

#: the analysis whose gaps they are
GAP_PLAN = "gap_plan"
#: how many gaps a summary names, and the effects of each
GAPS, EFFECTS = 3, 2
#: findings of the gap plan that say how large a gap is
GAP_SIZES = frozenset({"gap", "gap_partly_known", "gap_of_number"})


@dataclass(frozen=True)
class Gap:
    """A gap: its goal (id), what the gap plan found of it, its row of `gaps`, and rows of `effects` of closing it.

    is_ranked: whether it has a place in the order; others come after those that have.
    """

    goal: str
    finding: Finding
    size: Mapping[str, Any]
    effects: tuple[Mapping[str, Any], ...]
    is_ranked: bool


@dataclass(frozen=True)
class FirstGaps:
    """The first gaps of a product in the order of their priorities.

    more: further gaps. state: the verdict on all goals; order: that on the order, None where no gap is ranked. why_none:
    why there is no gap plan, where there is none.
    """

    gaps: tuple[Gap, ...] = ()
    more: int = 0
    state: Verdict | None = None
    order: Verdict | None = None
    why_none: Note | None = None

    @property
    def is_decided(self) -> bool:
        """Whether the first gap comes first whatever chance and the weights do, or is the only one that is ranked."""
        return self.order is not None and self.order.code in ("decided", "one")


def first_gaps(results: Mapping[str, Result]) -> FirstGaps:
    """The first gaps by the gap plan among the results of all analyses."""
    plan = results.get(GAP_PLAN)
    if plan is None:
        return FirstGaps()
    if "gaps" not in plan.tables:
        return FirstGaps(why_none=next(iter(plan.about("gaps")), None))
    found = {f.fields["entry"]: f for f in plan.findings if f.code in GAP_SIZES}
    sizes = {row["goal"]: row for row in plan.tables["gaps"].to_dict("records")}
    ranked = plan.tables["priorities"]["goal"].to_list() if "priorities" in plan.tables else []
    effects = plan.tables["effects"].to_dict("records") if "effects" in plan.tables else []
    # those without a place come in the order of the findings: by what is at stake
    goals = [*(goal for goal in ranked if goal in found), *(goal for goal in found if goal not in ranked)]
    gaps = tuple(
        Gap(
            goal,
            found[goal],
            sizes[goal],
            tuple(row for row in effects if row["goal"] == goal)[:EFFECTS],
            goal in ranked,
        )
        for goal in goals[:GAPS]
    )
    verdicts = plan.verdicts
    return FirstGaps(gaps, len(goals) - len(gaps), verdicts.get("gaps"), verdicts.get("priorities"))
