"""Counts what was left out of each table, by product, and stops where it is more than a company allows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.refused import LeftOut
from cs_helpers.contract.schema import Table
from cs_helpers.sources.mapping import RefusedAtMost

#: of rows that name no product
NO_PRODUCT = ""


def counted(rows: ir.Table, refused: ir.BooleanValue, table: Table) -> pd.DataFrame:
    """The rows of a table by product, how many were refused, and the amounts of contracts by currency.

    Columns: product ('' where none is named), currency ('' but of contracts), refused (whether), rows, mrr (of those
    whose amount can be read), unread (rows whose amount cannot be). One of 0 and more can be read.
    """
    named = rows["product"] if "product" in table.columns else ibis.null("string")
    amounts = table.name == "contracts"
    readable = rows.mrr >= 0 if amounts else ibis.literal(False)
    readable = readable.fill_null(False)
    grouped = rows.mutate(
        of_product=ibis.coalesce(named, NO_PRODUCT),
        of_currency=ibis.coalesce(rows.currency, "") if amounts else ibis.literal(""),
        is_refused=refused.fill_null(False),
        amount=readable.ifelse(rows.mrr, 0.0) if amounts else ibis.literal(0.0),
        is_unread=(~readable).ifelse(1, 0) if amounts else ibis.literal(0),
    ).group_by("of_product", "of_currency", "is_refused")
    found = grouped.aggregate(
        rows=lambda t: t.count(), mrr=lambda t: t.amount.sum(), unread=lambda t: t.is_unread.sum()
    ).execute()
    return found.rename(columns={"of_product": "product", "of_currency": "currency", "is_refused": "refused"})


def of_use(days: ir.Table, strangers: ir.BooleanValue) -> pd.DataFrame:
    """The same of the log, of what it was reduced to by the day; strangers: of accounts that were not kept."""
    kept = strangers.ifelse(0, days.good)
    each = days.mutate(of_product=ibis.coalesce(days["product"], NO_PRODUCT), kept=kept)
    found = each.group_by("of_product").aggregate(read=each.rows.sum(), kept=each.kept.sum()).execute()
    parts = [
        pd.DataFrame({"product": found["of_product"], "currency": "", "refused": out, "rows": rows, "mrr": 0.0, "unread": 0})
        for out, rows in ((False, found["kept"]), (True, found["read"] - found["kept"]))
    ]  # fmt: skip
    whole = pd.concat(parts, ignore_index=True)
    return whole[whole["rows"] > 0].reset_index(drop=True)


def of_product(
    counts: Mapping[str, pd.DataFrame], product: str, known: Collection[str]
) -> dict[str, LeftOut]:
    """What was left out of each table that had rows left out, as far as it is this product's or may be.

    counts: table -> see `counted`. known: the products that there are; a row that names none of them may be anybody's.
    """
    found = {}
    for table, rows in counts.items():
        others = [name for name in known if name != product]
        inside = rows[~rows["product"].isin(others)]
        out = inside[inside["refused"]]
        if out.empty:
            continue
        own = inside[(inside["product"] == product) & ~inside["refused"]]
        in_currency = inside["currency"].isin(own["currency"])
        found[table] = LeftOut(
            rows=int(inside["rows"].sum()),
            refused=int(out["rows"].sum()),
            mrr=float(inside.loc[in_currency, "mrr"].sum()),
            refused_mrr=float(inside.loc[in_currency & inside["refused"], "mrr"].sum()),
            # in another currency, or in none, an amount tells nothing
            unread=int(out["unread"].where(in_currency[out.index], out["rows"]).sum())
            if table == "contracts"
            else 0,
        )
    return found


def too_much(
    counts: Mapping[str, pd.DataFrame], limit: RefusedAtMost, products: Collection[str]
) -> Iterator[Stop]:
    """A stop for each table, and for the MRR of each product, of which more was left out than `limit` allows.

    products: those that are known, beside those of contracts that were kept.
    """
    for table, rows in counts.items():
        read, out = int(rows["rows"].sum()), int(rows.loc[rows["refused"], "rows"].sum())
        if limit.rows is not None and out > limit.rows * read:
            said = (
                f"{out:,} of {read:,} rows ({out / read:.1%}) were left out, more than the {limit.rows:.1%}"
            )
            yield _stop(
                table,
                f"table '{table}': {said} that refused_at_most.rows allows",
                out,
                f"{out / read:.1%} > {limit.rows:.1%}",
            )
    contracts = counts.get("contracts")
    if limit.mrr is None or contracts is None:
        return
    there = sorted(set(contracts.loc[~contracts["refused"], "product"]))
    for product in there:
        left = of_product(counts, product, {*products, *there}).get("contracts")
        if left is None:
            continue
        where = f"table 'contracts', product '{product}'"
        if left.unread:
            said = f"the amounts of {left.unread:,} of the {left.refused:,} rows that were left out cannot be read"
            yield _stop(
                "contracts", f"{where}: {said}, so it is not known whether that is more than the {limit.mrr:.1%}"
                " of MRR that refused_at_most.mrr allows", left.unread, f"MRR ? > {limit.mrr:.1%}",
            )  # fmt: skip
        elif left.refused_mrr > limit.mrr * left.mrr:
            share = left.refused_mrr / left.mrr
            said = (
                f"MRR {left.refused_mrr:,.0f} of {left.mrr:,.0f} ({share:.1%}) was left out,"
                f" more than the {limit.mrr:.1%}"
            )
            yield _stop(
                "contracts",
                f"{where}: {said} that refused_at_most.mrr allows",
                left.refused,
                f"MRR {share:.1%} > {limit.mrr:.1%}",
            )


def _stop(table: str, sentence: str, count: int, detail: str) -> Stop:
    mend = "; mend the rows that 'cs-workbook check' lists, or allow more"
    return Stop(sentence + mend, Finding(table, "", "refused_too_many", "stop", count, detail=detail))
