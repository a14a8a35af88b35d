"""Contracts as the workbook holds them, and what only a person can say of them.

Held are the last day of each contract and its amount a month. Sources write the last day or the day after,
and amounts for a month, a quarter, a year or the term. Where nobody said what is meant, and the readings give
different customers at the end of a quarter, no snapshot is taken and both counts are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import ibis
import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.casts import RAW, ROW
from cs_helpers.contract.checks import Rule
from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import customer_time
from cs_helpers.sources.mapping import Sources

_MONTHS = {"month": 1, "quarter": 3, "year": 12}
#: days of a mean month of the Gregorian calendar
_MONTH_DAYS = 365.2425 / 12
#: where a person says how the end of a contract is to be read
_PLACE = "tables.contracts.columns of the sources file"


def as_held(rows: ir.Table, sources: Sources, products: Mapping[str, Product]) -> ir.Table:
    """Typed rows of contracts with `ended_on` as the last day and `mrr` as the amount a month.

    The amount for a term is spread over its months: whole ones by the calendar, the rest by days. What has no
    end, or a term without a day, keeps no amount: `mrr` is null there.
    """
    if _means(sources) == "day_after":
        rows = rows.mutate(ended_on=(rows.ended_on - ibis.interval(days=1)).cast("date"))
    months: ir.Value = ibis.literal(1.0)
    for name, product in products.items():
        per = product.customers.amount_per
        if per != "month":
            of_product = _term_months(rows) if per == "term" else ibis.literal(float(_MONTHS[per]))
            months = ibis.ifelse(rows["product"] == name, of_product, months)
    return rows.mutate(mrr=rows.mrr / months)


def _term_months(rows: ir.Table) -> ir.Value:
    first, after = rows.started_on, (rows.ended_on + ibis.interval(days=1)).cast("date")
    whole = (after.year() - first.year()) * 12 + after.month() - first.month()
    months = whole + (after.day() - first.day()) / _MONTH_DAYS
    return ibis.ifelse(months > 0, months, ibis.null("float64"))


def rules(
    rows: ir.Table, sources: Sources, products: Mapping[str, Product], policies: Policies
) -> Iterator[Rule]:
    """The rules over contracts that depend on what was said of them.

    rows: as `as_held` gives them. Rules: `ends_before_start` (one whose day after is its first day never ran and stays), `not_a_customer` (MRR 0, and the product file says that this makes
    none), `term_without_end` (an amount for a term whose end is not known), `last_day_contradicted` (the next contract
    of the account begins where by the other reading it would follow without a gap), `ended_but_continued` (called
    cancelled or given notice, and the next contract begins the day after).
    """

    def rule(column: str, name: str, broken: ir.BooleanValue, detail: str = "") -> Rule:
        return Rule("contracts", column, name, policies.of("contracts", column, name), broken, detail)

    def named(wanted: list[str]) -> ir.BooleanValue:
        return rows["product"].isin(wanted) if wanted else ibis.literal(False)

    means = _means(sources)
    never_ran = 1 if means == "day_after" else 0
    early = rows.started_on.delta(rows.ended_on, unit="day") > never_ran
    yield rule("ended_on", "ends_before_start", early)
    free = [n for n, p in products.items() if p.customers.zero_mrr == "not_customer"]
    yield rule("mrr", "not_a_customer", named(free) & (rows.mrr == 0), ", ".join(free))
    terms = [n for n, p in products.items() if p.customers.amount_per == "term"]
    yield rule(
        "ended_on", "term_without_end", named(terms) & rows.ended_on.isnull() & rows[RAW + "mrr"].notnull()
    )
    after = ibis.window(group_by=[rows.account_id, rows["product"]], order_by=[rows.started_on, rows[ROW]])
    gap = rows.started_on.lead().over(after).delta(rows.ended_on, unit="day")
    if means is not None:
        yield rule("ended_on", "last_day_contradicted", gap == (0 if means == "last_day" else 2), means)
    yield rule("ended_how", "ended_but_continued", rows.ended_how.isin(["notice", "cancelled"]) & (gap == 1))


def _means(sources: Sources) -> str | None:
    said = sources.tables["contracts"].column("ended_on")
    return None if said is None else said.means


def questions(
    contracts: pd.DataFrame,
    every: pd.DataFrame,
    sources: Sources,
    products: Mapping[str, Product],
    as_of: date,
) -> Iterator[Stop]:
    """What a person has to say before a snapshot can be taken, with the counts of both readings.

    contracts: those kept, as held (account_id, product, started_on, ended_on, ended_how, mrr); every: account_id,
    product, started_on, ended_on of all rows, those too that start after `as_of`.
    """
    if _means(sources) is None:
        yield from _last_day(contracts, every, sources, as_of)
    running = contracts["ended_on"].isna() | (contracts["ended_on"] > pd.Timestamp(as_of))
    # where those that run have no end, and none lies ahead, an end is no term's: terms end ahead
    may_be_terms = contracts["ended_on"].notna()[running].any() or contracts["ended_on"].notna().all()
    for name, product in products.items():
        own = contracts[contracts["product"] == name]
        if may_be_terms and len(own):
            yield from _how_ended(own, product, as_of)
        if product.customers.zero_mrr is None:
            yield from _free(own, product, as_of)


def _ends(first: date, as_of: date) -> list[date]:
    """The ends of the complete quarters, the latest first."""
    return [q.end for q in reversed(Quarter.holding(first).upto(Quarter.latest_complete(as_of)))]


def _last_day(contracts: pd.DataFrame, every: pd.DataFrame, sources: Sources, as_of: date) -> Iterator[Stop]:
    ended = contracts.dropna(subset=["ended_on"])
    if ended.empty:
        return
    ends = _ends(ended["ended_on"].min().date(), as_of)
    on_end = ended[ended["ended_on"].isin(pd.to_datetime(ends))]
    if on_end.empty:
        return
    day = on_end["ended_on"].max()
    product = str(on_end.loc[on_end["ended_on"] == day, "product"].min())
    own = contracts[(contracts["product"] == product) & (contracts["started_on"] <= day)]
    until, after = own[~(own["ended_on"] < day)], own[~(own["ended_on"] <= day)]
    followed = every.dropna(subset=["ended_on"])
    starts = every[["account_id", "product", "started_on"]].drop_duplicates()
    same = len(followed.merge(starts, left_on=["account_id", "product", "ended_on"],
                              right_on=["account_id", "product", "started_on"]))  # fmt: skip
    followed = followed.assign(next=followed["ended_on"] + pd.Timedelta(days=1))
    next_day = len(followed.merge(starts, left_on=["account_id", "product", "next"],
                                  right_on=["account_id", "product", "started_on"]))  # fmt: skip
    said = sources.tables["contracts"].column("ended_on")
    source = said.column if said is not None and said.column else "ended_on"
    yield _asked(
        "ended_on",
        "last_day_or_day_after",
        len(on_end),
        f"is it the last day of a contract or the day after? At {day.date()} product '{product}' has"
        f" {_counted(until)} if it is the last day, {_counted(after)} if it is the day after"
        f" ({next_day:,} contracts are followed by one that begins the next day, {same:,} by one that begins on"
        f" that day). Say 'ended_on: {{column: {source}, means: last_day}}' or 'means: day_after' in {_PLACE}",
        f"{day.date()}: {until['account_id'].nunique()} / {after['account_id'].nunique()}",
    )


def _counted(contracts: pd.DataFrame) -> str:
    return f"{contracts['account_id'].nunique():,} customers (MRR {contracts['mrr'].sum():,.0f})"


def _how_ended(contracts: pd.DataFrame, product: Product, as_of: date) -> Iterator[Stop]:
    unsaid = contracts[contracts["ended_how"].isna() & contracts["ended_on"].notna()]
    grace = product.customers.renewal_grace_days
    if unsaid.empty or not grace:
        return
    terms = contracts.assign(ended_how=contracts["ended_how"].fillna("term"))
    for end in _ends(contracts["started_on"].min().date(), as_of):
        since = pd.Timestamp(end - timedelta(days=grace))
        if not unsaid["ended_on"].between(since, pd.Timestamp(end), inclusive="left").any():
            continue
        time = customer_time(terms, product.customers, end)
        open_ = time.not_recorded().intersection(unsaid["account_id"])
        if len(open_):
            there = len(time.customers(end))
            yield _asked(
                "ended_how",
                "term_or_cancelled",
                len(open_),
                f"how did contracts end? At {end} product '{product.product}' has {there:,} customers and"
                f" {len(open_):,} more whose contract ended in the {grace} days before, without a later one: lost"
                " if ended_on is the end of a notice or of a cancelled contract, perhaps still renewed if it is"
                f" the end of a paid term. Say 'ended_how: {{constant: term}}' (or notice, or cancelled, or the"
                f" column that tells) in {_PLACE}",
                f"{end}: {there} / {there + len(open_)}",
            )
            return


def _free(contracts: pd.DataFrame, product: Product, as_of: date) -> Iterator[Stop]:
    free = contracts["mrr"] == 0
    if not free.any() or free.all():  # where no amount is known, none tells who is a customer
        return
    for end in _ends(contracts["started_on"].min().date(), as_of):
        day = pd.Timestamp(end)
        there = contracts[(contracts["started_on"] <= day) & ~(contracts["ended_on"] < day)]
        every, paying = there["account_id"].nunique(), there.loc[there["mrr"] > 0, "account_id"].nunique()
        if every > paying:
            yield _asked(
                "mrr",
                "zero_mrr_or_no_customer",
                every - paying,
                f"does an MRR of 0 make a customer? At {end} product '{product.product}' has {every:,} customers if"
                f" it does and {paying:,} if it does not. Say 'customers: {{zero_mrr: customer}}' or"
                f" 'zero_mrr: not_customer' in the product file {product.product}.yml",
                f"{end}: {every} / {paying}",
            )
            return


def _asked(column: str, rule: str, count: int, question: str, detail: str) -> Stop:
    return Stop(
        f"table 'contracts', column '{column}': {question}",
        Finding("contracts", column, rule, "stop", count, detail=detail),
    )
