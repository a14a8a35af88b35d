"""What the data shows of each principle, by the rules of `rules`."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import pandas as pd

from cs_helpers.analyses.ten_principles.numbers import YEAR, Known, Numbers, is_measured
from cs_helpers.analyses.ten_principles.rules import RULES, Rule
from cs_helpers.comparison import compare
from cs_helpers.contract.vocabulary import PRINCIPLE_LEVELS
from cs_helpers.result import Metric

#: what is known of a condition
YES, NO, UNCLEAR, UNKNOWN = "yes", "no", "unclear", "unknown"
#: the conditions, in the order of the levels that they make
CONDITIONS = PRINCIPLE_LEVELS[1:]
#: a thing is done for most where it is done for more than this share
MOST = 0.5

EVIDENCE_COLUMNS = {
    "principle": "int64", "number": "str", "decides": "str", "value": "float64", "low": "float64", "high": "float64",
    "unit": "str", "n": "int64", "before": "float64", "before_low": "float64", "before_high": "float64", "course": "str",
    "place": "str",
}  # fmt: skip


class Shown(NamedTuple):
    """What the data shows of a principle: the level ('' where it cannot be told), and each condition."""

    principle: int
    level: str
    conditions: dict[str, str]
    has_number: bool


def shown(numbers: Numbers) -> tuple[list[Shown], pd.DataFrame]:
    """What the data shows of each principle, and the numbers that it rests on.

    The table has a row a known number, in the order of the principles: principle, number, decides (`done`, `outcome`, `both` or
    '': it decides nothing), value, low, high (NaN: no interval), unit, n, before with before_low and before_high (of an outcome: the
    number a year before), course (since then: `better`, `worse`, `unclear`, `same`; '': not known), place (see `numbers.Known`).
    """
    found, rows = [], []
    for principle, rule in RULES.items():
        done = numbers.now(rule.done)
        outcome = numbers.now(rule.outcome) if rule.outcome else None
        last_year = numbers.before(rule.outcome, YEAR) if rule.outcome and outcome else None
        course = _course(outcome, last_year, rule)
        conditions = {
            "repeatable": _is_done(done),
            "defined": YES if rule.declared(numbers.data.product) else NO,
            "measured": _is_measured(numbers, rule, outcome),
            "optimised": {"": UNKNOWN, "better": YES}.get(course, NO),
        }
        found.append(Shown(principle, _level(conditions), conditions, bool(done or outcome)))
        is_both = rule.done == rule.outcome
        if done:
            rows.append(
                _row(principle, rule.done, "both" if is_both else "done", done)
                | (_past(last_year, course) if is_both else {})
            )
        if outcome and not is_both:
            rows.append(_row(principle, str(rule.outcome), "outcome", outcome) | _past(last_year, course))
        for name in rule.beside:
            if known := numbers.now(name):
                rows.append(_row(principle, name, "", known))
    return found, pd.DataFrame(rows, columns=list(EVIDENCE_COLUMNS)).astype(EVIDENCE_COLUMNS)


def _is_done(done: Known | None) -> str:
    """Whether it is done for most customers."""
    if done is None:
        return UNKNOWN
    metric = done.metric
    low, high = (float(metric.value or 0.0) if end is None else end for end in (metric.low, metric.high))
    if low > MOST:
        return YES
    return UNCLEAR if high > MOST else NO


def _is_measured(numbers: Numbers, rule: Rule, outcome: Known | None) -> str:
    """Whether the outcome has a number with an interval, now and a quarter before; not known where none has a history."""
    if rule.outcome is None:
        return UNKNOWN
    if outcome is None or not is_measured(outcome.metric):
        return NO
    before = numbers.before(rule.outcome, 1)
    return YES if before is not None and is_measured(before) else NO


def _course(outcome: Known | None, before: Metric | None, rule: Rule) -> str:
    if outcome is None or before is None:
        return ""
    change = compare(outcome.metric, before, rule.better, "previous_year")
    if change is None:
        return ""
    if change.certainty == "unclear":
        return "unclear"
    return "same" if change.direction == "neither" else change.direction


def _level(conditions: dict[str, str]) -> str:
    """The highest level that is reached with all those below it; '' where it is not known whether the first is."""
    if conditions["repeatable"] == UNKNOWN:
        return ""
    level = PRINCIPLE_LEVELS[0]
    for name in CONDITIONS:
        if conditions[name] != YES:
            break
        level = name
    return level


def _row(principle: int, name: str, decides: str, known: Known) -> dict[str, Any]:
    metric = known.metric
    ends = {
        name: math.nan if end is None else end for name, end in (("low", metric.low), ("high", metric.high))
    }
    return {
        "principle": principle, "number": name, "decides": decides, "value": metric.value, **ends, "unit": metric.unit,
        "n": metric.n, "before": math.nan, "before_low": math.nan, "before_high": math.nan, "course": "", "place": known.place,
    }  # fmt: skip


def _past(before: Metric | None, course: str) -> dict[str, Any]:
    if before is None:
        return {}
    low, high = (math.nan if end is None else end for end in (before.low, before.high))
    return {"before": before.value, "before_low": low, "before_high": high, "course": course}
