"""Questions about contracts that only a person can answer.

Where the sources file does not say what is meant, and the possible readings give different customers, MRR or churn in
some quarter, a stop names the counts of both.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta

import pandas as pd

from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.products import CustomerRules, Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime, customer_time
from cs_helpers.sources.contracts import OTHER_PREFIX, end_meaning
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.mapping_lines import column_line

#: where the sources file says how the end of a contract is read
_PLACE = "tables.contracts.columns of the sources file"
#: counts of a quarter -> their wording, for quarters with equal customers and MRR
_MOVEMENTS = {
    "opening": "at its start", "new": "new", "back": "came back", "lost": "lost",
    "not_recorded": "whose renewal is not recorded",
}  # fmt: skip


def contract_questions(
    contracts: pd.DataFrame,
    all_contracts: pd.DataFrame,
    sources: Sources,
    products: Mapping[str, Product],
    as_of: date,
) -> Iterator[Stop]:
    """A stop for each question that has to be answered before a snapshot, with the counts of both readings.

    contracts: the accepted ones, normalized (account_id, product, started_on, ended_on, ended_how, mrr, and the columns
    of the other reading where the sources file does not say what ends mean); all_contracts: account_id, product,
    started_on, ended_on of all rows, including those that start after `as_of`.
    """
    if end_meaning(sources) is None:
        yield from _last_day_question(contracts, all_contracts, sources, products, as_of)
    for name, product in products.items():
        of_product = contracts[contracts["product"] == name]
        if _may_be_terms(of_product, as_of):
            yield from _how_ended_question(of_product, product, as_of)
        if product.customers.zero_mrr is None:
            yield from _zero_mrr_question(of_product, product, as_of)


def _may_be_terms(contracts: pd.DataFrame, as_of: date) -> bool:
    """Whether ends may be those of terms: these can lie in the future, while open-ended contracts have none."""
    ends = contracts["ended_on"]
    return bool((ends > pd.Timestamp(as_of)).any() or ends.notna().all())


def _quarter_ends(first: date, as_of: date) -> list[date]:
    """The last days of the complete quarters, latest first."""
    return [q.end for q in reversed(Quarter.containing(first).upto(Quarter.latest_complete(as_of)))]


def _last_day_question(
    contracts: pd.DataFrame,
    all_contracts: pd.DataFrame,
    sources: Sources,
    products: Mapping[str, Product],
    as_of: date,
) -> Iterator[Stop]:
    """A stop with the latest quarter that the two readings of an end count differently, for the first such product."""
    differences: list[tuple[date, str, str, str, str]] = []
    for name, of_product in contracts.groupby("product"):
        product = products.get(str(name))
        rules = product.customers if product is not None else CustomerRules()
        if (difference := _differing_quarter(of_product, rules, as_of)) is not None:
            differences.append((difference[0], str(name), *difference[1:]))
    if not differences:
        return
    day = max(at for at, *_ in differences)
    _, name, as_last_day, as_day_after, short_counts = min(
        candidate for candidate in differences if candidate[0] == day
    )
    ends = contracts["ended_on"]
    write = column_line(sources, "contracts", "ended_on", means="last_day")
    yield _stop(
        "ended_on",
        "last_day_or_day_after",
        int((ends.notna() & (ends != contracts[OTHER_PREFIX + "ended_on"])).sum()),
        f"is it the last day of a contract or the day after? At {day} product '{name}' has {as_last_day} if it is the last"
        f" day, {as_day_after} if it is the day after ({_describe_followers(all_contracts)}). Say '{write}' or"
        f" 'means: day_after' in {_PLACE}",
        f"{day}: {short_counts}",
    )


def _differing_quarter(
    contracts: pd.DataFrame, rules: CustomerRules, as_of: date
) -> tuple[date, str, str, str] | None:
    """The end of the latest quarter that the readings count differently, the counts of each in words, and in short.

    A quarter with different customers or MRR is preferred to one where only new and lost customers differ.
    """
    other_reading = contracts.assign(
        ended_on=contracts[OTHER_PREFIX + "ended_on"], mrr=contracts[OTHER_PREFIX + "mrr"]
    )
    movement_only = None
    for end in _ambiguous_quarter_ends(contracts, other_reading, rules, as_of):
        counts = [_counts(customer_time(rows, rules, end), end) for rows in (contracts, other_reading)]
        different = {k for k in counts[0] if counts[0][k] != counts[1][k]}
        if not different:
            continue
        as_last_day, as_day_after = (_describe_counts(c, different) for c in counts)
        difference = (end, as_last_day, as_day_after, " / ".join(str(c["closing"]) for c in counts))
        if different & {"closing", "mrr"}:
            return difference
        movement_only = movement_only or difference
    return movement_only


def _ambiguous_quarter_ends(
    contracts: pd.DataFrame, other_reading: pd.DataFrame, rules: CustomerRules, as_of: date
) -> list[date]:
    """The ends of the quarters that the readings may count differently, latest first.

    At such an end a contract or its grace period ends, a monthly amount depends on the last day, or a customer
    relationship begins by one reading only.
    """
    ends = _quarter_ends(contracts["started_on"].min().date(), as_of)
    ambiguous_ends = contracts.loc[
        contracts["ended_on"] != contracts[OTHER_PREFIX + "ended_on"], "ended_on"
    ].dropna()
    if ambiguous_ends.empty:
        return []
    if ((contracts["mrr"] - contracts[OTHER_PREFIX + "mrr"]).abs() > 0.005).any():
        return ends
    days = {*ambiguous_ends, *(ambiguous_ends + pd.Timedelta(days=rules.renewal_grace_days))}
    spells = [
        customer_time(rows, rules, as_of).spells[["account_id", "first_day"]]
        for rows in (contracts, other_reading)
    ]
    changed_starts = pd.concat(spells).drop_duplicates(keep=False)["first_day"]
    days |= {pd.Timestamp(Quarter.containing(day.date()).end) for day in changed_starts}
    return [end for end in ends if pd.Timestamp(end) in days]


def _counts(time: CustomerTime, end: date) -> dict[str, int | str]:
    """The customers at a quarter's end, their MRR, and the movement within the quarter."""
    moved = time.movement(Quarter.containing(end).back(1).end, end)
    return {**moved, "mrr": f"{time.mrr(end).sum():,.2f}".removesuffix(".00")}


def _describe_counts(counts: Mapping[str, int | str], different: set[str]) -> str:
    """Customers and MRR in words; where both are equal, the counts that differ as well."""
    text = f"{_customers(int(counts['closing']))} (MRR {counts['mrr']})"
    if different & {"closing", "mrr"}:
        return text
    return ", ".join([text, *(f"{counts[k]:,} {words}" for k, words in _MOVEMENTS.items() if k in different)])


def _customers(count: int) -> str:
    return f"{count:,} customer{'' if count == 1 else 's'}"


def _describe_followers(all_contracts: pd.DataFrame) -> str:
    """The number of contracts followed by one of the same account the next day, and on the same day, in words."""
    starts = all_contracts[["account_id", "product", "started_on"]].drop_duplicates()
    with_end = all_contracts.dropna(subset=["ended_on"])

    def count(days: int) -> int:
        next_starts = with_end.assign(started_on=with_end["ended_on"] + pd.Timedelta(days=days))
        return len(next_starts.merge(starts, on=["account_id", "product", "started_on"]))

    next_day = count(1)
    return (
        f"{next_day:,} {'contract is' if next_day == 1 else 'contracts are'} followed by one that begins the next day,"
        f" {count(0):,} by one that begins on that day"
    )


def _how_ended_question(contracts: pd.DataFrame, product: Product, as_of: date) -> Iterator[Stop]:
    unknown = contracts[contracts["ended_how"].isna() & contracts["ended_on"].notna()]
    grace = product.customers.renewal_grace_days
    if unknown.empty or not grace:
        return
    as_terms = contracts.assign(ended_how=contracts["ended_how"].fillna("term"))
    for end in _quarter_ends(contracts["started_on"].min().date(), as_of):
        since = pd.Timestamp(end - timedelta(days=grace))
        if not unknown["ended_on"].between(since, pd.Timestamp(end), inclusive="left").any():
            continue
        time = customer_time(as_terms, product.customers, end)
        possibly_renewed = time.renewals_not_recorded().intersection(unknown["account_id"])
        if len(possibly_renewed):
            customers = len(time.customers(end))
            yield _stop(
                "ended_how",
                "term_or_cancelled",
                len(possibly_renewed),
                f"how did contracts end? At {end} product '{product.product}' has {_customers(customers)} and"
                f" {len(possibly_renewed):,} more whose contract ended in the {grace} days before, without a later one: lost"
                " if ended_on is the end of a notice or of a cancelled contract, perhaps still renewed if it is"
                f" the end of a paid term. Say 'ended_how: {{constant: term}}' (or notice, or cancelled, or the"
                f" column that tells) in {_PLACE}",
                f"{end}: {customers} / {customers + len(possibly_renewed)}",
            )
            return


def _zero_mrr_question(contracts: pd.DataFrame, product: Product, as_of: date) -> Iterator[Stop]:
    free = contracts["mrr"] == 0
    if not free.any() or free.all():  # without other amounts, 0 means that none was recorded
        return
    for end in _quarter_ends(contracts["started_on"].min().date(), as_of):
        day = pd.Timestamp(end)
        active = contracts[(contracts["started_on"] <= day) & ~(contracts["ended_on"] < day)]
        customers, paying = (
            active["account_id"].nunique(),
            active.loc[active["mrr"] > 0, "account_id"].nunique(),
        )
        if customers > paying:
            yield _stop(
                "mrr",
                "zero_mrr_or_no_customer",
                customers - paying,
                f"does an MRR of 0 make a customer? At {end} product '{product.product}' has {_customers(customers)} if"
                f" it does and {paying:,} if it does not. Say 'customers: {{zero_mrr: customer}}' or"
                f" 'zero_mrr: not_customer' in the product file {product.product}.yml",
                f"{end}: {customers} / {paying}",
            )
            return


def _stop(column: str, rule: str, count: int, question: str, detail: str) -> Stop:
    return Stop(
        f"table 'contracts', column '{column}': {question}",
        Finding("contracts", column, rule, "stop", count, detail=detail),
    )
