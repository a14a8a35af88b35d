"""What closing a gap would do to churn rate, NRR, recurring profit margin and growth efficiency, each gap by itself.

The year to come is taken to be as the last one (`before` is the headline number of the page of revenue), but for what the gap
costs, times the confidence of its goal. With impact, customers to move and kept as in `sizing`:

    churn rate          before - confidence x (customers to move that are kept) / customers now
    NRR                 before + confidence x impact / MRR now
    profit margin       before + confidence x impact / MRR now       (what closing the gap costs is not in it)
    growth efficiency   sales and marketing / (new ARR - churn + confidence x 12 x impact)       (net)

A goal about one of these numbers moves that number itself by confidence x gap; what else a goal about a number moves, without a rule
of who is in the gap, `MOVES` says. Intervals are those of the impact; the number before is taken as it is. Effects of several gaps do not add up: customers may be in more than one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from cs_helpers.analyses.gap_plan.metric_gaps import YEAR
from cs_helpers.result import Metric, Result, Verdict

#: the headline numbers of `revenue` that effects are on, in the order of the page
MEASURES = ("logo_churn_year", "nrr_year", "profit_margin", "growth_efficiency_net")
_ALL_BUT_CHURN = frozenset(MEASURES) - {"logo_churn_year"}
#: what a goal about a headline number moves where no rule says which customers are concerned; of any other number: nothing.
#: A margin is not kept MRR, and more customers or MRR may be new ones, who are in no retention
MOVES = {
    "revenue.logo_churn_year": frozenset(MEASURES),
    "revenue.nrr_year": _ALL_BUT_CHURN,
    "revenue.grr_year": _ALL_BUT_CHURN,
    "revenue.profit_margin": frozenset({"profit_margin"}),
    "revenue.growth_efficiency_net": frozenset({"growth_efficiency_net"}),
    "revenue.customers": frozenset({"growth_efficiency_net"}),
    "revenue.mrr": frozenset({"growth_efficiency_net"}),
}
COLUMNS = {
    "goal": "str", "assumption": "str", "confidence": "float64", "measure": "str", "before": "float64", "after": "float64",
    "low": "float64", "high": "float64", "unit": "str", "verdict": "str",
}  # fmt: skip


def effects(gaps: pd.DataFrame, revenue: Result, customers: int) -> pd.DataFrame:
    """The effects of closing each gap whose impact or own number is known; a row without a number before is left out.

    gaps: `sizing.Sized.gaps`. customers: their number at the end of the quarter. Columns: goal, assumption (`leave`: who leaves the
    gap is lost as rarely as those outside; `number`: the headline number reaches its target), confidence, measure (one of
    `MEASURES`), before, after, low, high (of after; NaN where it has no value), unit, verdict: `better` or `worse` (the gain of
    the gap is `clear` or a `loss`, by `sizing`; of the goal's own number the whole interval), or `unclear`; `same` at a confidence of 0.
    """
    rows = []
    for gap in gaps[gaps["state"] == "short"].to_dict("records"):
        for measure in MEASURES:
            if not _moves(gap, measure):
                continue
            metric = revenue.metrics.get(measure)
            after = _after(gap, measure, metric, revenue, customers)
            if metric is None or after is None:
                continue
            rows.append(_row(gap, measure, metric, after))
    return pd.DataFrame(
        {name: pd.Series([row[name] for row in rows], dtype=kind) for name, kind in COLUMNS.items()}
    )


def _moves(gap: Mapping[str, Any], measure: str) -> bool:
    """Whether closing a gap is taken to move a number: its own, and others by its impact where that is known."""
    if gap["metric"] == f"revenue.{measure}":
        return True
    by_number = gap["metric"] and gap["losses"] == "no_rule"
    return not math.isnan(gap["impact"]) and (not by_number or measure in MOVES.get(gap["metric"], ()))


def unknown_before(revenue: Result) -> tuple[str, ...]:
    """The measures that have no number before."""
    return tuple(measure for measure in MEASURES if measure not in revenue.metrics)


#: what a number becomes by a part of its own gap (or None) and an impact
_After = Callable[[float, float], float]


def _row(gap: Mapping[str, Any], measure: str, metric: Metric, after: _After) -> dict[str, Any]:
    is_own = gap["metric"] == f"revenue.{measure}"
    key = "gap" if is_own else "impact"
    middle, one, other = (after(gap[part], gap["confidence"]) for part in (key, f"{key}_low", f"{key}_high"))
    low, high = sorted((one, other)) if math.isfinite(one) and math.isfinite(other) else (math.nan, math.nan)
    gain = ("clear" if gap["gap_low"] > 0 else "unclear") if is_own else gap["gain"]
    verdict = (
        {"clear": "better", "loss": "worse", "unclear": "unclear"}[gain] if gap["confidence"] else "same"
    )
    return {
        "goal": gap["goal"], "assumption": "number" if is_own or gap["losses"] == "no_rule" else "leave",
        "confidence": gap["confidence"], "measure": measure, "before": metric.value, "after": middle, "low": low,
        "high": high, "unit": metric.unit, "verdict": verdict,
    }  # fmt: skip


def _after(
    gap: Mapping[str, Any], measure: str, metric: Metric | None, revenue: Result, customers: int
) -> _After | None:
    """How a number after closing the gap follows from the impact, and from the confidence; None where it does not."""
    if metric is None or metric.value is None or not math.isfinite(metric.value):
        return None
    before = metric.value
    if gap["metric"] == f"revenue.{measure}":
        sign = -1 if measure in ("logo_churn_year", "growth_efficiency_net") else 1
        return lambda size, confidence: before + sign * confidence * size
    if measure == "logo_churn_year":
        if not (gap["customers"] > 0 and gap["mrr"] > 0 and customers):
            return None
        a_unit = gap["customers"] / gap["mrr"] / customers
        return lambda impact, confidence: max(0.0, before - confidence * impact * a_unit)
    if measure == "growth_efficiency_net":
        return _growth(revenue)
    now = revenue.metrics.get("mrr")
    if now is None or not now.value:
        return None
    mrr = now.value
    return lambda impact, confidence: before + confidence * impact / mrr


def _growth(revenue: Result) -> _After | None:
    """The growth efficiency index, net: what sales and marketing cost over what is then added to ARR; NaN for nothing added."""
    if "profitability" not in revenue.tables:
        return None
    values = revenue.tables["profitability"].set_index("measure")["value"]
    spent, added = float(values["sales_and_marketing"]), float(values["new_arr"] - values["churned_arr"])

    def after(impact: float, confidence: float) -> float:
        then = added + confidence * YEAR * impact
        return spent / then if then > 0 else math.nan

    return after


def effects_verdict(table: pd.DataFrame) -> Verdict:
    """What closing a gap would do, of the largest effect on NRR (of the first number where NRR is not known).

    `clear`: of those that make it better beyond chance; `unclear`: there is none; `worse`: there is none, and some make it worse; `same`: no effect is assumed of any. Fields: goal, measure, before, after, low, high,
    unit, confidence; and count of the gaps with a clear effect, of all (with `unclear`: of those with a confidence above 0).
    """
    clear = table[table["verdict"] == "better"]
    worse = table[table["verdict"] == "worse"]
    unclear = table[table["verdict"] == "unclear"]
    found = {"clear": clear, "worse": worse, "unclear": unclear, "same": table}
    code, chosen = next((code, rows) for code, rows in found.items() if len(rows))
    measures = [m for m in ("nrr_year", *MEASURES) if m in set(chosen["measure"])]
    rows = chosen[chosen["measure"] == measures[0]].reset_index(drop=True)
    row = rows.loc[(rows["after"] - rows["before"]).abs().fillna(0.0).idxmax()]
    fields = {
        key: row[key] for key in ("goal", "measure", "before", "after", "low", "high", "unit", "confidence")
    }
    fields |= {
        "count": int(chosen["goal"].nunique()) if code in ("clear", "worse") else 0,
        "of": int((chosen if code == "unclear" else table)["goal"].nunique()),
    }
    return Verdict(code, fields)
