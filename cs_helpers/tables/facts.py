"""What stands at the head of every page: customers, how their number came about, contracts and MRR."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.refused import LeftOut
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
        "page.movement.how", start=start, parts=text.join_list(parts or [text("page.movement.none")])
    )


def contracts(text: Text, time: CustomerTime, quarter: Quarter, currency: str) -> str:
    """How many contracts run at the end of the quarter and their MRR, and what is not recorded."""
    if not time.by_contracts:
        return text("page.accounts.contracts")
    running, open_ = time.contracts_on(quarter.end), time.renewals_not_recorded()
    mrr = text.money(float(running["mrr"].sum()), currency)
    said = text("page.mrr", n=text.number(len(running)), mrr=mrr)
    if len(open_):
        amount = text.money(time.last_mrr(open_), currency)
        said += text("page.not_recorded", n=text.number(len(open_)), mrr=amount)
    return said


#: so many tables are told of where there is little room: those of customers first, then of which most was left out
BRIEF = 2


def left_out(
    text: Text,
    refused: Mapping[str, LeftOut],
    tables: Collection[str],
    currency: str,
    *,
    brief: bool = False,
) -> str:
    """What was left out of these tables: the share of rows, and of contracts that of MRR; '' where nothing was.

    refused: table -> what was left out. Amounts that cannot be read are said, so that none looks smaller than it is.
    brief: of further tables only how many they are.
    """
    named = [name for name in refused if name in tables]
    if brief:
        named.sort(key=lambda name: (name not in ("contracts", "accounts"), -refused[name].share))
    parts = []
    for name in named[:BRIEF] if brief else named:
        each = refused[name]
        mrr = _left_out_mrr(text, each, currency) if name == "contracts" else ""
        parts.append(
            text(
                "page.left_out.rows", table=name, refused=text.number(each.refused), rows=text.number(each.rows),
                share=_fine_share(text, each.share), mrr=mrr,
            )
        )  # fmt: skip
    if more := len(named) - len(parts):
        parts.append(
            text("page.left_out.more" if more > 1 else "page.left_out.one_more", n=text.number(more))
        )
    return text.join_list(parts)


def _left_out_mrr(text: Text, each: LeftOut, currency: str) -> str:
    amounts = {"mrr": text.money(each.refused_mrr, currency), "of": text.money(each.mrr, currency)}
    if each.unread == each.refused:
        return text("page.left_out.no_mrr")
    if each.unread:
        return text("page.left_out.mrr_at_least", **amounts, unread=text.number(each.unread))
    return text("page.left_out.mrr", **amounts)


def _fine_share(text: Text, share: float) -> str:
    """A share with one decimal, so that little is not nothing and nearly all is not all."""
    percent = 100 * share
    if percent in (0, 100) or round(percent, 1) == round(percent):
        whole = f"{percent:.0f}%"
        return (
            whole
            if percent in (0, 100) or whole not in ("0%", "100%")
            else ("<0.1%" if percent < 1 else ">99.9%")
        )
    return f"{text.number(percent, 1)}%"
