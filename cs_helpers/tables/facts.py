"""The facts in the header of every page: customers and their movement, contracts and MRR, rows left out."""

from __future__ import annotations

import html
from collections.abc import Collection, Mapping
from datetime import date

from cs_helpers import analyses
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.refused import LeftOut
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.text import Text


def header(
    text: Text,
    product: Product,
    segment: str,
    time: CustomerTime,
    quarter: Quarter,
    as_of: date,
    currency: str,
    left_out: str,
    people: str = "",
    options: str = "",
) -> str:
    """The facts as HTML. left_out, people: the sentences on rows and on answers left out, '' where there are none.

    options: how analyses count, in words, where the page asks for another way than the product file.
    """
    days = text.span(quarter.start, quarter.end)
    about = {
        "product": product.name.in_language(text.language),
        "quarter": text("page.quarter_and_days", quarter=text.quarter(quarter), days=days),
        **({} if segment == "all" else {"segment": text.segment(segment)}),
        **({"options": options} if options else {}),
        "customers_label": customers(text, time, quarter),
        "contracts": contracts(text, time, quarter, currency),
        "as_of": text.day(as_of),
        **({"left_out.label": left_out} if left_out else {}),
        **({"people.label": people} if people else {}),
    }
    cells = "".join(
        f"<div><dt>{html.escape(text(f'page.{key}'))}</dt><dd>{html.escape(value)}</dd></div>"
        for key, value in about.items()
    )
    description = html.escape(product.about.in_language(text.language))
    return f'<div class="header"><p class="about">{description}</p><dl class="facts">{cells}</dl></div>'


def customers(text: Text, time: CustomerTime, quarter: Quarter) -> str:
    """The number of customers at the end of the quarter and the movement since its start.

    Without contracts: the number of known accounts.
    """
    if not time.by_contracts:
        known, days = text.number(len(time.customers(quarter.end))), time.recorded_within_days
        if days is not None:
            return text("page.accounts.recorded_within", n=known, days=text.number(days))
        return text("page.accounts.known", n=known)
    movement = time.movement(quarter.back(1).end, quarter.end)
    parts = [
        text(f"page.movement.{name}", n=text.number(movement[name]))
        for name in ("new", "back", "lost", "not_recorded")
        if movement[name]
    ]
    start = text("page.movement.opening", n=text.number(movement["opening"]))
    total = text("page.customers", n=text.number(movement["closing"]))
    return total + text(
        "page.movement.how", start=start, parts=text.join_list(parts or [text("page.movement.none")])
    )


def contracts(text: Text, time: CustomerTime, quarter: Quarter, currency: str) -> str:
    """The number of contracts running at the end of the quarter, their MRR, and contracts whose end is not recorded."""
    if not time.by_contracts:
        return text("page.accounts.contracts")
    running, open_ = time.contracts_on(quarter.end), time.renewals_not_recorded()
    mrr = text.money(float(running["mrr"].sum()), currency)
    sentence = text("page.mrr", n=text.number(len(running)), mrr=mrr)
    if len(open_):
        amount = text.money(time.last_mrr(open_), currency)
        sentence += text("page.not_recorded", n=text.number(len(open_)), mrr=amount)
    return sentence


def people(text: Text, product: Product, shown: Collection[str]) -> str:
    """A sentence on answers about single people that leadership does not get; '' for analyses without such questions."""
    declared = {name: analyses.analysis(name).declares for name in shown}
    if not any(declares.is_about_people for declares in declared.values()):
        return ""
    opened = {name: product.leadership.opened(name) for name in declared}
    some = any(declares.guarded() - declares.guarded(opened[name]) for name, declares in declared.items())
    return text(f"page.people.{'opened' if some else 'left_out'}")


#: the most tables named in the brief form: contracts and accounts first, then by the share left out
MAX_BRIEF_TABLES = 2


def left_out(
    text: Text,
    refused: Mapping[str, LeftOut],
    tables: Collection[str],
    currency: str,
    *,
    brief: bool = False,
) -> str:
    """A sentence on the share of rows, and of MRR, left out of tables; '' where nothing was left out.

    refused: what was left out, by table; tables: the tables to include. Unreadable amounts are mentioned, because the
    share of MRR does not include them. brief: names at most `MAX_BRIEF_TABLES` tables and counts the others.
    """
    names = [name for name in refused if name in tables]
    if brief:
        names.sort(key=lambda name: (name not in ("contracts", "accounts"), -refused[name].share))
    parts = []
    for name in names[:MAX_BRIEF_TABLES] if brief else names:
        table_left_out = refused[name]
        mrr = _left_out_mrr(text, table_left_out, currency) if name == "contracts" else ""
        parts.append(
            text(
                "page.left_out.rows", table=name, refused=text.number(table_left_out.refused), rows=text.number(table_left_out.rows),
                share=_fine_share(text, table_left_out.share), mrr=mrr,
            )
        )  # fmt: skip
    if unnamed := len(names) - len(parts):
        parts.append(
            text("page.left_out.more" if unnamed > 1 else "page.left_out.one_more", n=text.number(unnamed))
        )
    return text.join_list(parts)


def _left_out_mrr(text: Text, table_left_out: LeftOut, currency: str) -> str:
    amounts = {
        "mrr": text.money(table_left_out.refused_mrr, currency),
        "of": text.money(table_left_out.mrr, currency),
    }
    if table_left_out.unread == table_left_out.refused:
        return text("page.left_out.no_mrr")
    if table_left_out.unread:
        return text("page.left_out.mrr_at_least", **amounts, unread=text.number(table_left_out.unread))
    return text("page.left_out.mrr", **amounts)


def _fine_share(text: Text, share: float) -> str:
    """A share with one decimal, so that a small share is not shown as 0% nor a large one as 100%."""
    percent = 100 * share
    if percent in (0, 100) or round(percent, 1) == round(percent):
        rounded = f"{percent:.0f}%"
        return (
            rounded
            if percent in (0, 100) or rounded not in ("0%", "100%")
            else ("<0.1%" if percent < 1 else ">99.9%")
        )
    return f"{text.number(percent, 1)}%"
