"""Whether the rules of levels of maturity can hold together, and whether a customer can be at each of the levels.

Decided from the rules alone: bounds of the same measure, and of measures of which one is never above the other (use of
fewer events, over fewer months, days against events). What depends on the data is not.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import product

from cs_helpers.contract.product_parts import Condition, Measure, as_regex

#: lowest and highest possible answers; other numbers are 0 or more
_RANGES = {"nps": (0, 10), "score": (1, 5)}
#: values of usage, each never above those that are named beside it (of the same events and months)
_NEVER_ABOVE = {
    "active_months": ("active_months", "days", "events"),
    "days": ("days", "events"),
    "distinct_events": ("distinct_events", "events"),
    "distinct_parts": ("distinct_parts", "distinct_events", "events"),
}
#: values that are sums, so that more events or months never make them less
_GROW = (
    "quantity",
    "events",
    "days",
    "users",
    "distinct_events",
    "distinct_parts",
    "active_months",
    "count",
    "reached",
)
#: values that are at least 1 where any event was recorded
_SEE_ANY_EVENT = ("events", "days", "distinct_events", "active_months")


def check_levels(levels: Sequence[tuple[int, Sequence[Condition]]]) -> None:
    """Raises `ValueError` where a level cannot be reached, or nobody can stay at the one below it.

    levels: number and conditions of each, from the lowest on; a level counts only where those below it hold, too.
    """
    so_far: list[tuple[int, Condition]] = []
    for place, (number, conditions) in enumerate(levels):
        for condition in conditions:
            _check_range(number, condition)
        if place and all(_holds_anyway(c, [g for _, g in so_far]) for c in conditions):
            raise ValueError(
                f"level {number} asks for nothing beyond the levels below it, so that no customer can be at level "
                f"{number - 1}; raise a bound, or leave one of the two levels out"
            )
        so_far += [(number, condition) for condition in conditions]
        for (one, lower), (other, upper) in product(so_far, so_far):
            if _exclude_each_other(lower, upper):
                raise ValueError(
                    f"level {number} cannot be reached: level {one} asks for at least {lower.at_least:g} of "
                    f"{_said(lower)}, level {other} for at most {upper.at_most:g} of {_said(upper)}"
                )


def _check_range(number: int, condition: Condition) -> None:
    least, most = _range(condition)
    bounds = [bound for bound in (condition.at_least, condition.at_most) if bound is not None]
    if is_share(condition) and any(bound > 1 for bound in bounds):
        raise ValueError(
            f"level {number}: {_said(condition)} is a share from 0 to 1, not {max(bounds):g}; write 5 % as 0.05"
        )
    if condition.at_least is not None and condition.at_least > most:
        raise ValueError(f"level {number} cannot be reached: {_said(condition)} is never above {most:g}")
    if condition.at_most is not None and condition.at_most < least:
        raise ValueError(f"level {number} cannot be reached: {_said(condition)} is never below {least:g}")


def is_share(measure: Measure) -> bool:
    """Whether a measure is part of what it is divided by, so that it lies between 0 and 1."""
    per = measure.divisor
    return per is not None and _is_never_above(measure.numerator, per)


def _range(measure: Measure) -> tuple[float, float]:
    if measure.value in _RANGES:
        return _RANGES[measure.value]
    if measure.value == "reached" and measure.per is None and "*" not in measure.name:
        return 0, 1  # one milestone
    return 0, measure.months if measure.value == "active_months" and measure.per is None else float("inf")


def _is_never_above(one: Measure, other: Measure) -> bool:
    """Whether a number is never above another, whatever the data."""
    if _number(one) == _number(other):
        return True
    if one.per or other.per or one.source != other.source:
        return False
    if other.value not in _NEVER_ABOVE.get(one.value, (one.value,)) or one.value not in _GROW:
        return False
    same_parts = one.value != other.value or (one.part, one.separator) == (other.part, other.separator)
    return same_parts and one.months <= other.months and _covers(other, one)


def _covers(wide: Measure, narrow: Measure) -> bool:
    """Whether every event, kind and milestone that fits one measure also fits another."""
    pairs = zip(_chosen(wide), _chosen(narrow), strict=True)
    return all(
        any(re.fullmatch(as_regex(pattern), each) for pattern in patterns)
        for patterns, narrower in pairs
        for each in narrower
    )


def _chosen(measure: Measure) -> tuple[tuple[str, ...], ...]:
    """The patterns by which a measure chooses rows: of events, kinds and names."""
    kinds = (measure.kind,) if isinstance(measure.kind, str) else measure.kind
    return measure.patterns, kinds, (measure.name,)


def _number(measure: Measure) -> dict[str, object]:
    """What a measure measures, without its bounds and words."""
    return {name: getattr(measure, name) for name in Measure.model_fields}


def _shows_use(given: Condition, condition: Condition) -> bool:
    """Whether a lower bound shows that there was any event that the other condition counts."""
    return (
        given.source == condition.source == "usage"
        and not given.per
        and not condition.per
        and condition.value in _SEE_ANY_EVENT
        and given.months <= condition.months
        and _covers(condition, given)
    )


def _holds_anyway(condition: Condition, given: Sequence[Condition]) -> bool:
    """Whether a condition holds wherever the given ones do."""
    least, most = _range(condition)
    below, above = condition.at_least, condition.at_most
    is_low_enough = below is None or (
        below <= least and condition.per is None and condition.value not in _RANGES
    )
    is_high_enough = above is None or (above >= most and condition.value not in _RANGES)
    for each in given:
        if each.at_least is not None and below is not None:
            is_low_enough |= each.at_least >= below and _is_never_above(each, condition)
            is_low_enough |= each.at_least > 0 and below <= 1 and _shows_use(each, condition)
        if each.at_most is not None and above is not None:
            is_high_enough |= each.at_most <= above and _is_never_above(condition, each)
    return is_low_enough and is_high_enough


def _exclude_each_other(lower: Condition, upper: Condition) -> bool:
    """Whether nothing meets the lower bound of one condition and the upper bound of another."""
    if lower.at_least is None or upper.at_most is None:
        return False
    if lower.at_least > upper.at_most and _is_never_above(lower, upper):
        return True
    return lower.at_least > 0 and upper.at_most < 1 and _shows_use(lower, upper)


def _said(measure: Measure) -> str:
    """A measure as the product file says it, short."""
    what = ", ".join(measure.patterns) if measure.source == "usage" else measure.name or measure.source
    return f"'{measure.value}' of '{what}'"
