"""What stands at the head of every page: customers, how their number came about, contracts and MRR."""

from __future__ import annotations

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.text import Text


def customers(text: Text, time: CustomerTime, quarter: Quarter) -> str:
    """How many customers there are at the end of the quarter, and how that came from those at its start.

    Without contracts: that nobody knows, and how many accounts are known instead.
    """
    if not time.by_contracts:
        return text("page.accounts.known", n=text.number(len(time.customers(quarter.end))))
    moved = time.movement(quarter.back(1).end, quarter.end)
    parts = [
        text(f"page.movement.{name}", n=text.number(moved[name]))
        for name in ("new", "back", "lost", "not_recorded")
        if moved[name]
    ]
    start = text("page.movement.opening", n=text.number(moved["opening"]))
    now = text("page.customers", n=text.number(moved["closing"]))
    return now + text(
        "page.movement.how", start=start, parts=text.joined(parts or [text("page.movement.none")])
    )


def contracts(text: Text, time: CustomerTime, quarter: Quarter, currency: str) -> str:
    """How many contracts run at the end of the quarter and their MRR, and what is not recorded."""
    if not time.by_contracts:
        return text("page.accounts.contracts")
    running, open_ = time.contracts_on(quarter.end), time.not_recorded()
    mrr = text.money(float(running["mrr"].sum()), currency)
    said = text("page.mrr", n=text.number(len(running)), mrr=mrr)
    if len(open_):
        amount = text.money(time.last_mrr(open_), currency)
        said += text("page.not_recorded", n=text.number(len(open_)), mrr=amount)
    return said
