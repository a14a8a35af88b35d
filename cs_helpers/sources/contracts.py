"""Normalizes contracts to their last day and their amount per month.

Sources give the last day or the day after, and amounts per month, quarter, year or term.
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
#: mean length of a month in the Gregorian calendar, in days
_MONTH_DAYS = 365.2425 / 12
#: an end in this year or later means that there is none: 9999-12-31, 2999-12-31, 2099-12-31
NO_END_FROM = 2099
#: a time in the last minute of an hour, which is the end of a day in some time zone
_LAST_MOMENT = r":59(\.[0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2})?)?$"
#: prefix of the columns of the other reading of `ended_on`
OTHER_PREFIX = "day_after_"


def normalize_contracts(rows: ir.Table, sources: Sources, products: Mapping[str, Product]) -> ir.Table:
    """Typed rows of contracts with `ended_on` as the last day and `mrr` as the amount per month.

    An end in 2099 or later becomes null. The amount of a term is divided by its months: complete calendar months, and
    the remaining days as a fraction. `mrr` is null for a term without an end or of no days.

    Where the sources file does not say what `ended_on` means, it is read as the last day, and two additional columns
    have the other reading: `day_after_ended_on` and `day_after_mrr`. A time of 23:59:59 allows only the first.
    """
    ended = ibis.ifelse(rows.ended_on.year() < NO_END_FROM, rows.ended_on, ibis.null("date"))
    day_before = (ended - ibis.interval(days=1)).cast("date")
    meaning = end_meaning(sources)
    if meaning is None:
        closes_day = rows[RAW + "ended_on"].re_search(_LAST_MOMENT).fill_null(False)
        other_end = ibis.ifelse(closes_day, ended, day_before)
        rows = rows.mutate(
            {
                OTHER_PREFIX + "ended_on": other_end,
                OTHER_PREFIX + "mrr": _monthly_amount(rows, other_end, products),
            }
        )
    rows = rows.mutate(ended_on=day_before if meaning == "day_after" else ended)
    return rows.mutate(mrr=_monthly_amount(rows, rows.ended_on, products))


def _monthly_amount(
    rows: ir.Table, ended_on: ir.DateValue, products: Mapping[str, Product]
) -> ir.FloatingValue:
    """The amounts per month, given the last days."""
    months: ir.Value = ibis.literal(1.0)
    for name, product in products.items():
        period = product.customers.amount_per
        if period != "month":
            term = _months_between(rows.started_on, ended_on)
            product_months = term if period == "term" else ibis.literal(float(_MONTHS[period]))
            months = ibis.ifelse(rows["product"] == name, product_months, months)
    return rows.mrr / months


def _months_between(first: ir.DateValue, last: ir.DateValue) -> ir.Value:
    """The number of months from a first to a last day; null where the last day is before the first."""
    after = (last + ibis.interval(days=1)).cast("date")
    month_start = after.truncate("M").cast("date")
    length = ((month_start + ibis.interval(months=1)).cast("date") - ibis.interval(days=1)).day()
    length_before = (month_start - ibis.interval(days=1)).day()
    # a month that starts on the 31st ends with the last day of a shorter month
    turn_day, previous_turn_day = ibis.least(first.day(), length), ibis.least(first.day(), length_before)
    month_complete = after.day() >= turn_day
    whole_months = (
        (after.year() - first.year()) * 12 + after.month() - first.month() - month_complete.ifelse(0, 1)
    )
    rest_days = month_complete.ifelse(after.day() - turn_day, length_before - previous_turn_day + after.day())
    months = whole_months + rest_days / _MONTH_DAYS
    return ibis.ifelse(after > first, months, ibis.null("float64"))


def rules(
    rows: ir.Table, sources: Sources, products: Mapping[str, Product], policies: Policies
) -> Iterator[Rule]:
    """The rules about contracts that depend on the sources and product files.

    rows: the result of `normalize_contracts`. Rules: `ends_before_start`; `never_ran` (the day after its end is its
    first day); `not_a_customer` (MRR 0, which makes no customer by the product file); `term_without_end` (an amount for
    a term without an end); `last_day_contradicted` (the next contract of the account would follow without a gap by the
    other reading of ends); `ended_but_continued` (cancelled or under notice, but the next contract begins the day
    after).
    """

    def rule(column: str, name: str, broken: ir.BooleanValue, detail: str = "") -> Rule:
        return Rule("contracts", column, name, policies.of("contracts", column, name), broken, detail)

    def of_products(names: list[str]) -> ir.BooleanValue:
        return rows["product"].isin(names) if names else ibis.literal(False)

    meaning = end_meaning(sources)
    days_early = rows.started_on.delta(rows.ended_on, unit="day")
    yield rule("ended_on", "ends_before_start", days_early > (1 if meaning == "day_after" else 0))
    if meaning == "day_after":
        yield rule("ended_on", "never_ran", days_early == 1)
    free_products = [n for n, p in products.items() if p.customers.zero_mrr == "not_customer"]
    yield rule(
        "mrr", "not_a_customer", of_products(free_products) & (rows.mrr == 0), ", ".join(free_products)
    )
    term_products = [n for n, p in products.items() if p.customers.amount_per == "term"]
    yield rule(
        "ended_on",
        "term_without_end",
        of_products(term_products) & rows.ended_on.isnull() & rows[RAW + "mrr"].notnull(),
    )
    after_window = ibis.window(
        group_by=[rows.account_id, rows["product"]], order_by=[rows.started_on, rows[ROW]]
    )
    gap = rows.started_on.lead().over(after_window).delta(rows.ended_on, unit="day")
    if meaning is not None:
        yield rule("ended_on", "last_day_contradicted", gap == (0 if meaning == "last_day" else 2), meaning)
    yield rule("ended_how", "ended_but_continued", rows.ended_how.isin(["notice", "cancelled"]) & (gap == 1))


def end_meaning(sources: Sources) -> str | None:
    """The meaning of `ended_on` in the sources file: `last_day` or `day_after`; `None` where it is not given."""
    column_source = sources.tables["contracts"].column("ended_on")
    return None if column_source is None else column_source.means


def other_reading_columns(rows: ir.Table) -> tuple[str, ...]:
    """The columns of normalized rows with the other reading of `ended_on`; empty where its meaning is given."""
    return tuple(c for c in rows.columns if c.startswith(OTHER_PREFIX))
