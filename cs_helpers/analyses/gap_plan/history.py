"""Earlier targets of each goal: what was agreed, how it stood then, and whether it was reached while the target held."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

import pandas as pd

from cs_helpers import analyses
from cs_helpers.comparison import against_target
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.to_be import Goal
from cs_helpers.customer_journey.due import Situation
from cs_helpers.declaration import Better
from cs_helpers.result import Metric
from cs_helpers.snapshot import ProductData

COLUMNS = (
    "goal", "agreed_on", "until", "target", "unit", "began_on", "began", "judged_on", "value", "n", "outcome",
)  # fmt: skip


def target_history(
    data: ProductData, quarter: Quarter, gaps: pd.DataFrame, past: Sequence[Situation] = ()
) -> pd.DataFrame:
    """All targets of the goals that had an earlier one, oldest first, the present one last.

    gaps: a row a goal with goal, as_is, unit, n, state, certainty (`sizing`). past: the situations at earlier quarter ends that are
    at hand. Targets agreed after the quarter are left out. Columns: goal, agreed_on, until (the day on which another
    target was agreed; of the present target the day by which it is to be reached), target, unit, began_on and began (the
    last quarter's end before it was agreed, and the number then), judged_on and value (the last quarter's end on which it
    held, and the number then, from n customers or observations; of the present target now), outcome: `reached`, `missed`,
    `unclear` (the interval holds the target), `open` (the day is not over), `unknown` (not computed for earlier
    quarters, or no quarter ended while it held). All numbers are computed from today's data, so that corrected data
    or rules do not look like progress.
    """
    to_be = data.product.to_be
    if to_be is None:
        return pd.DataFrame(columns=list(COLUMNS))
    known, now = _Past(data, {at.day: at for at in past}), gaps.set_index("goal")
    rows = []
    for goal in to_be.goals:
        if not goal.earlier:
            continue
        days = [*(earlier.agreed_on for earlier in goal.earlier), to_be.agreed_on]
        unit = str(now["unit"].get(goal.id, "share"))
        for n, earlier in enumerate(goal.earlier):
            if earlier.agreed_on > quarter.end:
                continue
            rows.append(
                {
                    "goal": goal.id, "agreed_on": earlier.agreed_on, "until": days[n + 1], "target": earlier.value,
                    "unit": unit,
                    **_began(goal, earlier.agreed_on, quarter, known),
                    **_judged(goal, earlier.value, earlier.agreed_on, days[n + 1], quarter, known),
                }
            )  # fmt: skip
        if goal.id in now.index and to_be.agreed_on <= quarter.end:
            rows.append(
                {
                    "goal": goal.id, "agreed_on": to_be.agreed_on, "until": goal.by, "target": goal.value, "unit": unit,
                    **_began(goal, to_be.agreed_on, quarter, known),
                    "judged_on": quarter.end, "value": now["as_is"][goal.id], "n": now["n"][goal.id],
                    "outcome": _present(str(now["state"][goal.id]), str(now["certainty"][goal.id]), goal.by, quarter),
                }
            )  # fmt: skip
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _began(goal: Goal, agreed_on: date, quarter: Quarter, past: _Past) -> dict[str, object]:
    """How the goal stood when a target was agreed: at the last quarter's end before."""
    then = Quarter.latest_complete(agreed_on)
    metric = past.number(goal, then) if then <= quarter else None
    return {"began_on": then.end, "began": math.nan if metric is None else metric.value}


def _judged(
    goal: Goal, target: float, agreed_on: date, until: date, quarter: Quarter, past: _Past
) -> dict[str, object]:
    """What became of an earlier target by the last quarter's end on which it held."""
    last = Quarter.latest_complete(until - timedelta(days=1))
    row = {"judged_on": last.end, "value": math.nan, "n": math.nan}
    if last > quarter:
        return {**row, "outcome": "open"}
    metric = past.number(goal, last) if last.end >= agreed_on else None
    if metric is None or metric.value is None or not math.isfinite(metric.value):
        return {**row, "outcome": "unknown"}
    return {**row, "value": metric.value, "n": metric.n, "outcome": _outcome(goal, metric, target)}


def _outcome(goal: Goal, metric: Metric, target: float) -> str:
    if goal.is_about_customers:
        return "reached" if float(metric.value or 0.0) <= target else "missed"
    better = _declared(str(goal.metric))
    change = against_target(metric, target, better)
    if change is None or better == "neither" or change.certainty == "unclear":
        return "unclear"
    # on the target is reached
    return "missed" if change.difference and (change.difference > 0) != (better == "higher") else "reached"


def _present(state: str, certainty: str, by: date, quarter: Quarter) -> str:
    """What became of the present target, by the rule of earlier ones: where the interval holds it, it may be either."""
    if state == "unknown" or (state == "reached" and certainty != "unclear"):
        return state
    if by > quarter.end:
        return "open"
    return "unclear" if certainty == "unclear" else "missed"


def _declared(metric: str) -> Better:
    """Which direction of a metric `<analysis>.<metric>` is better."""
    analysis, _, name = metric.partition(".")
    return analyses.analysis(analysis).declares.metrics[name]


@dataclass
class _Past:
    """The numbers of goals at the ends of earlier quarters, each computed once."""

    data: ProductData
    situations: Mapping[date, Situation]
    _known: dict[tuple[str, Quarter], Metric | None] = field(default_factory=dict)

    def number(self, goal: Goal, quarter: Quarter) -> Metric | None:
        """The share of customers in the gap, or the headline number; None where it is not known."""
        key = goal.id, quarter
        if key not in self._known:
            compute: Callable[[Goal, Quarter], Metric | None] = (
                self._share if goal.is_about_customers else self._metric
            )
            self._known[key] = compute(goal, quarter)
        return self._known[key]

    def _share(self, goal: Goal, quarter: Quarter) -> Metric | None:
        at = self.situations.get(quarter.end) or Situation.on(self.data, quarter.end)[0]
        assert goal.customers is not None
        share, n = at.due(goal.customers).share(len(at.customers))
        return Metric(goal.id, share, "share", n) if n else None

    def _metric(self, goal: Goal, quarter: Quarter) -> Metric | None:
        analysis, _, name = str(goal.metric).partition(".")
        selected = analyses.analysis(analysis)
        if selected.declares.for_leadership is not None:  # which would have to suppress small numbers here
            return None
        return selected.metrics_of(self.data, quarter).get(name)
