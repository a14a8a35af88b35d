"""What the gap plan declares: its questions, metrics, notes, and the disclosure of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import Product, tables_of_rules
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.due import Situation
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts
from cs_helpers.result import Metric
from cs_helpers.snapshot import ProductData


def _built_on(product: Product) -> Sequence[str]:
    """The analyses whose numbers goals are about, and revenue, on which closing a gap has its effects."""
    named = product.to_be.metrics if product.to_be else ()
    return tuple(dict.fromkeys(("revenue", *(name.partition(".")[0] for name in named))))


def _tables_of_goals(product: Product) -> Sequence[str]:
    """The tables that the rules of the goals are about."""
    goals = product.to_be.goals if product.to_be else ()
    return tables_of_rules(product, [goal.customers for goal in goals if goal.customers])


def in_gaps(data: ProductData, quarter: Quarter, now: Situation | None = None) -> Mapping[str, Metric]:
    """`in_gaps`, the customers in any gap that a rule describes, and `in_gaps_mrr`, their MRR, at the end of a quarter.

    now: the situation at that day, where it is at hand. Without contracts the MRR is left out; without such a goal, or where
    the data tells it of nobody, both are.
    """
    rules = [
        goal.customers for goal in (data.product.to_be.goals if data.product.to_be else ()) if goal.customers
    ]
    if not rules:
        return {}
    if now is None:
        (now,) = Situation.on(data, quarter.end)
    found = [now.due(rule) for rule in rules]
    if not any(due.is_known(len(now.customers)) for due in found):
        return {}
    customers = now.customers[[any(name in due.customers for due in found) for name in now.customers]]
    n = len(now.customers)
    known = {"in_gaps": Metric("in_gaps", float(len(customers)), "count", n)}
    if now.time.by_contracts:
        amount = float(now.time.mrr(quarter.end).reindex(customers).sum())
        known["in_gaps_mrr"] = Metric("in_gaps_mrr", amount, "currency", len(customers))
    return known


DECLARES = Declaration(
    questions={
        "gaps": Question(
            figure=True,
            table=True,
            verdicts=verdicts("short all_short all_reached reached_and_unknown none_known"),
        ),
        "priorities": Question(
            figure=True,
            table=True,
            verdicts=verdicts("nothing_won one one_unclear decided decided_unclear open"),
        ),
        "pairs": Question(table=True, verdicts=verdicts("all_decided all_open some_open")),
        "effects": Question(figure=True, table=True, verdicts=verdicts("clear unclear worse same")),
        "history": Question(table=True),
        "tracker": Question(table=True),
    },
    metrics=metrics(higher="reached", lower="in_gaps in_gaps_mrr"),
    findings=("gap", "gap_partly_known", "gap_of_number", "lost_more_often"),
    notes=notes(
        warns=(
            "no_to_be no_customers no_accounts missing_table number_unknown no_direction rule_unknown customers_unknown "
            "not_compared too_few_losses not_in_mrr not_ranked days_over no_worth before_unknown agreed_later no_means capacity_short capacity_shared lost_less_often"
        ),
        explains="assumed losses_unclear part_of_year effects_overlap no_earlier_targets one_gap nothing_left",
    ),
    reads=("accounts", "contracts"),
    reads_of_product=_tables_of_goals,
    discloses=columns(
        public=(
            "goal kind metric as_is low high target unit n unknown gap gap_low gap_high certainty in_gap customers "
            "customers_low customers_high mrr days rate_in rate_out difference difference_low difference_high rate_ratio "
            "rate_ratio_low rate_ratio_high p lost_in years_in lost_out years_out part_of_year lost_share_in lost_share_out kept kept_low kept_high losses impact impact_low impact_high gain "
            "confidence effort by state reason assumption measure before after verdict rank score first first_three priority other "
            "chance by_data by_weights open_by agreed_on until began_on began judged_on value outcome place means capacity"
        )
    ),
    quick_metrics=in_gaps,
    builds_on=_built_on,
)
