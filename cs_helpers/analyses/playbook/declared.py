"""What the analysis of the playbook declares: its questions, notes, and the disclosure of its columns."""

from __future__ import annotations

from collections.abc import Sequence

from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.products import Product, tables_of_rules
from cs_helpers.declaration import Declaration, Question, metrics, notes, verdicts


def _tables_of_rules(product: Product) -> Sequence[str]:
    """The tables that the rules of a product, and the signs that they were done, are about."""
    rules = [play.rule for play in product.playbook if play.rule]
    signs = ["touches" if play.done.touch else "usage" for play in product.playbook if play.done]
    return [*tables_of_rules(product, rules), *signs]


DECLARES = Declaration(
    questions={
        "entries": Question(figure=True, table=True, verdicts=verdicts("message count none")),
        "last_list": Question(table=True),
        "matches": Question(table=True, for_team=True),
    },
    metrics=metrics(higher="done_share", lower="due due_mrr"),
    findings=("decide", "decide_nobody", "decide_beyond"),
    notes=notes(
        warns="due_unknown no_customers no_accounts no_list no_mrr no_playbook no_rules no_sign",
        explains="no_rule nobody_can",
    ),
    reads=("accounts", "contracts"),
    reads_of_product=_tables_of_rules,
    discloses=columns(
        public="number entry state who within customers mrr oldest median previous listed done resolved still lost unknown"
        " done_of done_resolved done_lost other_of other_resolved other_lost difference low high p verdict since size obstacles takes",
        company="account_id name",
        person="csm",
    ),
)
