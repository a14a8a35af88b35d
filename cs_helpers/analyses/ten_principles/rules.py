"""By which numbers and rules the data shows how mature a product is in each of the ten principles: all of them, in one place.

A level is reached with all those below it:

`repeatable`  it is done for most customers: the share `done` is above one half, beyond chance where it has an interval. One half,
              because below it the exception is the rule.
`defined`     the product file declares how it is to be done: what is not written down leaves with the person who knows it.
`measured`    the number `outcome` is known with its 95 % interval for this quarter and the one before: one reading shows no course,
              and without an interval a change cannot be told from chance.
`optimised`   that number is better than a year before, beyond chance: numbers of a year overlap from quarter to quarter, and
              seasons differ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from cs_helpers.contract.products import Product
from cs_helpers.declaration import Better


@dataclass(frozen=True)
class Rule:
    """What the data says of a principle.

    done, outcome: names of numbers, `<analysis>.<metric>`, or of `numbers.OWN`; outcome is None where none has a history. better:
    the direction in which the outcome is better. declared: whether the product file declares how it is done (what it is to declare:
    `ten_principles.declares.<principle>` of the catalogue). beside: further numbers that are shown and decide nothing.
    """

    done: str
    declared: Callable[[Product], bool]
    outcome: str | None
    better: Better = "higher"
    beside: tuple[str, ...] = ()


def _names(product: Product, analysis: str) -> bool:
    """Whether a target, a goal or a role of the organisation is held to a number of a report."""
    held = (
        name for section in ("targets", "to_be", "organisation") for name in product.metrics_named[section]
    )
    return any(name.startswith(f"{analysis}.") for name in held)


#: number of the principle -> its rule
RULES: dict[int, Rule] = {
    # the right customer: whoever sold has said why this customer bought; what the hand-over is to hold is declared
    1: Rule(
        "handover.with_handover", lambda p: bool(p.handover.fields), "handover.completeness",
        beside=("of_kept_segments",),
    ),
    # drifting apart: nobody is left alone for longer than 90 days
    2: Rule(
        "touched", lambda p: bool(p.touch_plan and p.touch_plan.counts_touches), "touched",
        beside=("touch_mix.below_plan",),
    ),
    # wild success: it is on record what the customer expects, and promises come true in time
    3: Rule(
        "expectation_known", lambda p: "expected_outcome" in (p.handover.fields or ()),
        "handover.promises_kept", beside=("handover.expectation_met",),
    ),
    # health: every customer has a score; what it is for is fewer customers in red
    4: Rule("scored", lambda p: bool(p.health.measures), "health.red_share", "lower"),
    # no personal loyalty: more than one person, or a touch without a person, reaches the customer
    5: Rule(
        "not_by_one_person", lambda p: bool(p.touch_plan and p.touch_plan.counts_touches), "not_by_one_person",
        beside=("without_a_person",),
    ),
    # the product: requests of customers are answered, and those who asked are told
    6: Rule(
        "answered", lambda p: _names(p, "product_feedback"), "product_feedback.closed_loop",
        beside=("product_feedback.days_to_answer",),
    ),
    # time to value
    7: Rule("journeys.value_within_180_days", lambda p: bool(p.journey.value_step), "journeys.days_to_value", "lower"),
    # deep understanding of churn and retention: losses do not come out of nowhere, and somebody is held to their number
    8: Rule("loss_noticed", lambda p: _names(p, "revenue"), "revenue.logo_churn_year", "lower"),
    # hard metrics: what is aimed at can be counted
    9: Rule(
        "aims_counted", lambda p: bool(p.targets or p.to_be), "revenue.nrr_year", beside=("aims_met",),
    ),
    # the whole company: no step, entry or KPI lies between departments. The product file has no history
    10: Rule(
        "answered_for", lambda p: p.organisation is not None, None,
        beside=("departments", "shared_kpis"),
    ),
}  # fmt: skip
