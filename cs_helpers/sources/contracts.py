"""Contracts as the workbook holds them: the last day of each, and its amount a month.

Sources write the last day or the day after, and amounts for a month, a quarter, a year or the term.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import ibis
import ibis.expr.types as ir

from cs_helpers.contract.casts import RAW, ROW
from cs_helpers.contract.checks import Rule
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.products import Product
from cs_helpers.sources.mapping import Sources

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
#: days of a mean month of the Gregorian calendar
_MONTH_DAYS = 365.2425 / 12
#: an end in this year or later stands for none: 9999-12-31, 2999-12-31, 2099-12-31
NO_END_FROM = 2099
#: a clock at the last second or minute of its hour, with or without a zone: of a day, in whatever zone
_LAST_MOMENT = r":59(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$"
#: columns that tell what the reading gives that nobody said
OTHER = "day_after_"


def as_held(rows: ir.Table, sources: Sources, products: Mapping[str, Product]) -> ir.Table:
    """Typed rows of contracts with `ended_on` as the last day and `mrr` as the amount a month.

    An end in 2099 or later is none. The amount for a term is spread over its months: whole ones by the calendar,
    the rest by days. What has no end, or a term without a day, keeps no amount: `mrr` is null there.

    Where nobody said what `ended_on` means it is the last day, and two more columns tell what the other reading
    gives: `day_after_ended_on` and `day_after_mrr`. A clock of 23:59:59 leaves no other reading.
    """
    ended = ibis.ifelse(rows.ended_on.year() < NO_END_FROM, rows.ended_on, ibis.null("date"))
    day_before = (ended - ibis.interval(days=1)).cast("date")
    meant = means(sources)
    if meant is None:
        closes = rows[RAW + "ended_on"].re_search(_LAST_MOMENT).fill_null(False)
        other = ibis.ifelse(closes, ended, day_before)
        rows = rows.mutate({OTHER + "ended_on": other, OTHER + "mrr": _a_month(rows, other, products)})
    rows = rows.mutate(ended_on=day_before if meant == "day_after" else ended)
    return rows.mutate(mrr=_a_month(rows, rows.ended_on, products))


def _a_month(rows: ir.Table, ended_on: ir.DateValue, products: Mapping[str, Product]) -> ir.FloatingValue:
    """The amounts a month, given the last days."""
    months: ir.Value = ibis.literal(1.0)
    for name, product in products.items():
        per = product.customers.amount_per
        if per != "month":
            term = _months(rows.started_on, ended_on)
            of_product = term if per == "term" else ibis.literal(float(_MONTHS[per]))
            months = ibis.ifelse(rows["product"] == name, of_product, months)
    return rows.mrr / months


def _months(first: ir.DateValue, last: ir.DateValue) -> ir.Value:
    """The months from a first to a last day; null where there is no day between them."""
    after = (last + ibis.interval(days=1)).cast("date")
    begins = after.truncate("M").cast("date")
    length = ((begins + ibis.interval(months=1)).cast("date") - ibis.interval(days=1)).day()
    length_before = (begins - ibis.interval(days=1)).day()
    # a month that began on the 31st is over with the last day of a shorter one
    turn, turn_before = ibis.least(first.day(), length), ibis.least(first.day(), length_before)
    over = after.day() >= turn
    whole = (after.year() - first.year()) * 12 + after.month() - first.month() - over.ifelse(0, 1)
    rest = over.ifelse(after.day() - turn, length_before - turn_before + after.day())
    months = whole + rest / _MONTH_DAYS
    return ibis.ifelse(after > first, months, ibis.null("float64"))


def rules(
    rows: ir.Table, sources: Sources, products: Mapping[str, Product], policies: Policies
) -> Iterator[Rule]:
    """The rules over contracts that depend on what was said of them.

    rows: as `as_held` gives them. Rules: `ends_before_start`, `never_ran` (its day after is its first day),
    `not_a_customer` (MRR 0, and the product file says that this makes none), `term_without_end` (an amount for a term whose end is not known), `last_day_contradicted` (the next contract
    of the account begins where by the other reading it would follow without a gap), `ended_but_continued` (called
    cancelled or given notice, and the next contract begins the day after).
    """

    def rule(column: str, name: str, broken: ir.BooleanValue, detail: str = "") -> Rule:
        return Rule("contracts", column, name, policies.of("contracts", column, name), broken, detail)

    def named(wanted: list[str]) -> ir.BooleanValue:
        return rows["product"].isin(wanted) if wanted else ibis.literal(False)

    meant = means(sources)
    early = rows.started_on.delta(rows.ended_on, unit="day")
    yield rule("ended_on", "ends_before_start", early > (1 if meant == "day_after" else 0))
    if meant == "day_after":
        yield rule("ended_on", "never_ran", early == 1)
    free = [n for n, p in products.items() if p.customers.zero_mrr == "not_customer"]
    yield rule("mrr", "not_a_customer", named(free) & (rows.mrr == 0), ", ".join(free))
    terms = [n for n, p in products.items() if p.customers.amount_per == "term"]
    yield rule(
        "ended_on", "term_without_end", named(terms) & rows.ended_on.isnull() & rows[RAW + "mrr"].notnull()
    )
    after = ibis.window(group_by=[rows.account_id, rows["product"]], order_by=[rows.started_on, rows[ROW]])
    gap = rows.started_on.lead().over(after).delta(rows.ended_on, unit="day")
    if meant is not None:
        yield rule("ended_on", "last_day_contradicted", gap == (0 if meant == "last_day" else 2), meant)
    yield rule("ended_how", "ended_but_continued", rows.ended_how.isin(["notice", "cancelled"]) & (gap == 1))


def means(sources: Sources) -> str | None:
    """What the sources file says `ended_on` is: `last_day` or `day_after`; `None` where it does not."""
    said = sources.tables["contracts"].column("ended_on")
    return None if said is None else said.means


def other_reading(rows: ir.Table) -> tuple[str, ...]:
    """The columns of rows, as held, that tell what the reading gives that nobody said; none where it is said."""
    return tuple(c for c in rows.columns if c.startswith(OTHER))
