"""What a condition of a level is called, and its bounds in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cs_helpers.contract.maturity import LevelCondition, Unit
from cs_helpers.contract.product_parts import Amount, Measure

if TYPE_CHECKING:
    from cs_helpers.text import Text


def condition_name(condition: LevelCondition, text: Text) -> str:
    """The label of a condition, else its measure in words."""
    return condition.label.in_language(text.language) if condition.label else measure_name(condition, text)


def measure_name(measure: Measure, text: Text) -> str:
    """A measure in words, from what the product file says of it: `Users (web.*)`."""
    name = _amount_name(measure, text)
    return (
        text("labels.measured.per", name=name, per=_amount_name(measure.per, text)) if measure.per else name
    )


def _amount_name(amount: Amount, text: Text) -> str:
    name = text(f"labels.measured.{amount.source}.{amount.value}", part=amount.part)
    if amount.source == "usage":
        what = [] if amount.counts_every_event else list(amount.patterns)
    elif amount.name:
        what = [text.label("step" if amount.source == "milestones" else "measure", amount.name)]
    else:
        what = [] if amount.kind == "*" else [amount.kind] if isinstance(amount.kind, str) else [*amount.kind]
    return text("labels.measured.of", name=name, what=text.join_list(what)) if what else name


def measured(value: float, unit: Unit, currency: str, text: Text) -> str:
    """A value of a measure, with so many decimals that it is not mistaken for a bound nearby."""
    if value != value:
        return "–"
    if unit == "currency":
        return text.money(value, currency)
    number = 100 * value if unit == "share" else value
    digits = 0 if number == round(number) else 1 if abs(number) >= 10 else 2
    return text.number(number, digits) + ("%" if unit == "share" else "")


def condition_words(condition: LevelCondition, currency: str, text: Text) -> str:
    """A condition as a rule: its name, bounds and window."""
    bounds = [
        text(f"labels.measured.{bound}", n=measured(number, condition.unit, currency, text))
        for bound, number in (("at_least", condition.at_least), ("at_most", condition.at_most))
        if number is not None
    ]
    rule = text("labels.measured.rule", name=condition_name(condition, text), bounds=text.join_list(bounds))
    if condition.is_of_month_end:
        return rule
    if condition.months == 1:
        return text("labels.measured.within_a_month", rule=rule)
    return text("labels.measured.within", rule=rule, months=text.number(condition.months))
