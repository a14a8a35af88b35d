"""What only a person can say of contracts.

Where nobody said what is meant, and the readings give different customers, MRR or churn of a quarter, no snapshot is
taken and both counts are named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import pandas as pd

from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.products import CustomerRules, Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime, customer_time
from cs_helpers.sources.contracts import OTHER, means
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.mapping_lines import column_line

#: where a person says how the end of a contract is to be read
_PLACE = "tables.contracts.columns of the sources file"
#: how the counts of a quarter are called where customers and MRR are the same
_MOVED = {
    "opening": "at its start", "new": "new", "back": "came back", "lost": "lost",
    "not_recorded": "whose renewal is not recorded",
}  # fmt: skip


def questions(
    contracts: pd.DataFrame,
    every: pd.DataFrame,
    sources: Sources,
    products: Mapping[str, Product],
    as_of: date,
) -> Iterator[Stop]:
    """What a person has to say before a snapshot can be taken, with the counts of both readings.

    contracts: those kept, as held (account_id, product, started_on, ended_on, ended_how, mrr, and the columns of the
    other reading where nobody said what ends mean); every: account_id, product, started_on, ended_on of all rows,
    those too that start after `as_of`.
    """
    if means(sources) is None:
        yield from _last_day(contracts, every, sources, products, as_of)
    for name, product in products.items():
        own = contracts[contracts["product"] == name]
        if _may_be_terms(own, as_of):
            yield from _how_ended(own, product, as_of)
        if product.customers.zero_mrr is None:
            yield from _free(own, product, as_of)


def _may_be_terms(contracts: pd.DataFrame, as_of: date) -> bool:
    """Whether an end may be a term's: those end ahead, too, while who can be given up any day has no end."""
    ends = contracts["ended_on"]
    return bool((ends > pd.Timestamp(as_of)).any() or ends.notna().all())


def _ends(first: date, as_of: date) -> list[date]:
    """The ends of the complete quarters, the latest first."""
    return [q.end for q in reversed(Quarter.containing(first).upto(Quarter.latest_complete(as_of)))]


def _last_day(
    contracts: pd.DataFrame,
    every: pd.DataFrame,
    sources: Sources,
    products: Mapping[str, Product],
    as_of: date,
) -> Iterator[Stop]:
    """The latest quarter that the two readings of an end count differently, of the first product that has it."""
    found: list[tuple[date, str, str, str, str]] = []
    for name, own in contracts.groupby("product"):
        product = products.get(str(name))
        rules = product.customers if product is not None else CustomerRules()
        if (apart := _counted_apart(own, rules, as_of)) is not None:
            found.append((apart[0], str(name), *apart[1:]))
    if not found:
        return
    day = max(at for at, *_ in found)
    _, name, until, after, short = min(f for f in found if f[0] == day)
    ends = contracts["ended_on"]
    write = column_line(sources, "contracts", "ended_on", means="last_day")
    yield _asked(
        "ended_on",
        "last_day_or_day_after",
        int((ends.notna() & (ends != contracts[OTHER + "ended_on"])).sum()),
        f"is it the last day of a contract or the day after? At {day} product '{name}' has {until} if it is the last"
        f" day, {after} if it is the day after ({_followed(every)}). Say '{write}' or"
        f" 'means: day_after' in {_PLACE}",
        f"{day}: {short}",
    )


def _counted_apart(
    contracts: pd.DataFrame, rules: CustomerRules, as_of: date
) -> tuple[date, str, str, str] | None:
    """The end of the latest quarter that the readings count differently, and what each counts; shortly, too.

    One at which customers or MRR differ comes before one at which only those who came and went do.
    """
    other = contracts.assign(ended_on=contracts[OTHER + "ended_on"], mrr=contracts[OTHER + "mrr"])
    moved_alone = None
    for end in _ends_in_doubt(contracts, other, rules, as_of):
        counts = [_counts(customer_time(rows, rules, end), end) for rows in (contracts, other)]
        different = {k for k in counts[0] if counts[0][k] != counts[1][k]}
        if not different:
            continue
        until, after = (_shown(c, different) for c in counts)
        found = (end, until, after, " / ".join(str(c["closing"]) for c in counts))
        if different & {"closing", "mrr"}:
            return found
        moved_alone = moved_alone or found
    return moved_alone


def _ends_in_doubt(
    contracts: pd.DataFrame, other: pd.DataFrame, rules: CustomerRules, as_of: date
) -> list[date]:
    """The ends of the quarters that may be counted differently, the latest first.

    There a contract ends or its grace does, an amount depends on the last day, or a spell begins by one reading.
    """
    ends = _ends(contracts["started_on"].min().date(), as_of)
    last = contracts.loc[contracts["ended_on"] != contracts[OTHER + "ended_on"], "ended_on"].dropna()
    if last.empty:
        return []
    if ((contracts["mrr"] - contracts[OTHER + "mrr"]).abs() > 0.005).any():
        return ends
    days = {*last, *(last + pd.Timedelta(days=rules.renewal_grace_days))}
    spells = [
        customer_time(rows, rules, as_of).spells[["account_id", "first_day"]] for rows in (contracts, other)
    ]
    begun = pd.concat(spells).drop_duplicates(keep=False)["first_day"]
    days |= {pd.Timestamp(Quarter.containing(day.date()).end) for day in begun}
    return [end for end in ends if pd.Timestamp(end) in days]


def _counts(time: CustomerTime, end: date) -> dict[str, int | str]:
    """The customers of a quarter's end, their MRR and how they came to be so many."""
    moved = time.movement(Quarter.containing(end).back(1).end, end)
    return {**moved, "mrr": f"{time.mrr(end).sum():,.2f}".removesuffix(".00")}


def _shown(counts: Mapping[str, int | str], different: set[str]) -> str:
    """Customers and MRR; where those are the same, the counts that are not."""
    text = f"{_customers(int(counts['closing']))} (MRR {counts['mrr']})"
    if different & {"closing", "mrr"}:
        return text
    return ", ".join([text, *(f"{counts[k]:,} {words}" for k, words in _MOVED.items() if k in different)])


def _customers(count: int) -> str:
    return f"{count:,} customer{'' if count == 1 else 's'}"


def _followed(every: pd.DataFrame) -> str:
    """How many contracts begin on the day after another of their account ends, and how many on that day."""
    starts = every[["account_id", "product", "started_on"]].drop_duplicates()
    ended = every.dropna(subset=["ended_on"])

    def count(days: int) -> int:
        at = ended.assign(started_on=ended["ended_on"] + pd.Timedelta(days=days))
        return len(at.merge(starts, on=["account_id", "product", "started_on"]))

    one = count(1)
    return (
        f"{one:,} {'contract is' if one == 1 else 'contracts are'} followed by one that begins the next day,"
        f" {count(0):,} by one that begins on that day"
    )


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
        open_ = time.renewals_not_recorded().intersection(unsaid["account_id"])
        if len(open_):
            there = len(time.customers(end))
            yield _asked(
                "ended_how",
                "term_or_cancelled",
                len(open_),
                f"how did contracts end? At {end} product '{product.product}' has {_customers(there)} and"
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
                f"does an MRR of 0 make a customer? At {end} product '{product.product}' has {_customers(every)} if"
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
