"""Counts the refused rows of each table by product, and stops where there are more than the sources file allows."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

import ibis
import ibis.expr.types as ir
import pandas as pd

from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.products import Product
from cs_helpers.contract.refused import LeftOut
from cs_helpers.contract.revenue import RevenueRules
from cs_helpers.contract.schema import Table
from cs_helpers.sources.mapping import RefusedAtMost

#: the product of rows that name none
NO_PRODUCT = ""


def count_by_product(rows: ir.Table, refused: ir.BooleanValue, table: Table) -> pd.DataFrame:
    """Count the rows of a table by product, currency and whether they were refused.

    Columns: product ('' where it is missing), currency ('' except in contracts), refused (a boolean), rows, mrr (sum
    of the readable amounts, which are 0 or more), unread (rows without a readable amount).
    """
    product = rows["product"] if "product" in table.columns else ibis.null("string")
    has_amounts = table.name == "contracts"
    readable = rows.mrr >= 0 if has_amounts else ibis.literal(False)
    readable = readable.fill_null(False)
    groups = rows.select(
        of_product=ibis.coalesce(product, NO_PRODUCT),
        of_currency=ibis.coalesce(rows.currency, "") if has_amounts else ibis.literal(""),
        is_refused=refused.fill_null(False),
        amount=readable.ifelse(rows.mrr, 0.0) if has_amounts else ibis.literal(0.0),
        is_unread=(~readable).ifelse(1, 0) if has_amounts else ibis.literal(0),
    ).group_by("of_product", "of_currency", "is_refused")
    counts = groups.aggregate(
        rows=lambda t: t.count(), mrr=lambda t: t.amount.sum(), unread=lambda t: t.is_unread.sum()
    ).execute()
    return counts.rename(
        columns={"of_product": "product", "of_currency": "currency", "is_refused": "refused"}
    )


def count_use_by_product(days: ir.Table, is_unknown: ir.BooleanValue) -> pd.DataFrame:
    """Count the rows of the log like `count_by_product`, from its rows by day; is_unknown: rows of unknown accounts."""
    accepted = is_unknown.ifelse(0, days.good)
    rows_by_day = days.mutate(of_product=ibis.coalesce(days["product"], NO_PRODUCT), kept=accepted)
    totals = (
        rows_by_day.group_by("of_product")
        .aggregate(read=rows_by_day.rows.sum(), kept=rows_by_day.kept.sum())
        .execute()
    )
    parts = [
        pd.DataFrame({"product": totals["of_product"], "currency": "", "refused": is_refused, "rows": rows, "mrr": 0.0, "unread": 0})
        for is_refused, rows in ((False, totals["kept"]), (True, totals["read"] - totals["kept"]))
    ]  # fmt: skip
    all_counts = pd.concat(parts, ignore_index=True)
    return all_counts[all_counts["rows"] > 0].reset_index(drop=True)


def left_out_of_product(
    counts: Mapping[str, pd.DataFrame], product: str, known: Collection[str], rules: RevenueRules
) -> dict[str, LeftOut]:
    """Table -> its refused rows that belong to a product, or may; only tables with such rows.

    counts: table -> see `count_by_product`. known: all products; a row that names none of them may belong to
    any. Amounts are those in the product's currency (`contract.revenue`), others cannot be compared.
    """
    left_out = {}
    for table, rows in counts.items():
        other_products = [name for name in known if name != product]
        may_be_own = rows[~rows["product"].isin(other_products)]
        refused = may_be_own[may_be_own["refused"]]
        if refused.empty:
            continue
        accepted = may_be_own[(may_be_own["product"] == product) & ~may_be_own["refused"]]
        rows_by_currency = accepted.groupby("currency")["rows"].sum()
        main = rules.currency or (rows_by_currency.idxmax() if len(rows_by_currency) else None)
        in_currency = may_be_own["currency"] == main
        left_out[table] = LeftOut(
            rows=int(may_be_own["rows"].sum()),
            refused=int(refused["rows"].sum()),
            mrr=float(may_be_own.loc[in_currency, "mrr"].sum()),
            refused_mrr=float(may_be_own.loc[in_currency & may_be_own["refused"], "mrr"].sum()),
            # amounts in another currency, or without one, cannot be compared
            unread=int(refused["unread"].where(in_currency[refused.index], refused["rows"]).sum())
            if table == "contracts"
            else 0,
        )
    return left_out


def excess_stops(
    counts: Mapping[str, pd.DataFrame], limit: RefusedAtMost, products: Mapping[str, Product]
) -> Iterator[Stop]:
    """A stop for each table, and for the MRR of each product, with more refused than `limit` allows.

    products: the known products, in addition to those of accepted contracts.
    """
    for table, rows in counts.items():
        read, refused = int(rows["rows"].sum()), int(rows.loc[rows["refused"], "rows"].sum())
        if limit.rows is not None and refused > limit.rows * read:
            shares = f"{refused:,} of {read:,} rows ({refused / read:.1%}) were left out, more than the {limit.rows:.1%}"
            yield _stop(
                table,
                f"table '{table}': {shares} that refused_at_most.rows allows",
                refused,
                f"{refused / read:.1%} > {limit.rows:.1%}",
            )
    contracts = counts.get("contracts")
    if limit.mrr is None or contracts is None:
        return
    kept_products = sorted(set(contracts.loc[~contracts["refused"], "product"]))
    for product in kept_products:
        rules = products[product].revenue if product in products else RevenueRules()
        left_out = left_out_of_product(counts, product, {*products, *kept_products}, rules).get("contracts")
        if left_out is None:
            continue
        where = f"table 'contracts', product '{product}'"
        if left_out.unread:
            problem = f"the amounts of {left_out.unread:,} of the {left_out.refused:,} rows that were left out cannot be read"
            yield _stop(
                "contracts", f"{where}: {problem}, so it is not known whether that is more than the {limit.mrr:.1%}"
                " of MRR that refused_at_most.mrr allows", left_out.unread, f"MRR ? > {limit.mrr:.1%}",
            )  # fmt: skip
        elif left_out.refused_mrr > limit.mrr * left_out.mrr:
            share = left_out.refused_mrr / left_out.mrr
            shares = (
                f"MRR {left_out.refused_mrr:,.0f} of {left_out.mrr:,.0f} ({share:.1%}) was left out,"
                f" more than the {limit.mrr:.1%}"
            )
            yield _stop(
                "contracts",
                f"{where}: {shares} that refused_at_most.mrr allows",
                left_out.refused,
                f"MRR {share:.1%} > {limit.mrr:.1%}",
            )


def _stop(table: str, sentence: str, count: int, detail: str) -> Stop:
    mend = "; mend the rows that 'cs-workbook check' lists, or allow more"
    return Stop(sentence + mend, Finding(table, "", "refused_too_many", "stop", count, detail=detail))
