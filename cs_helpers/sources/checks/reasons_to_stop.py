"""Reasons why no snapshot can be taken of tables that were read, as sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir

from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.policies import PAST_KEEP_UNTIL
from cs_helpers.contract.products import Product
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.checks.balance import Filter
from cs_helpers.sources.mapping import Sources


def empty_table_stops(
    rows_read: Mapping[str, int],
    rows_kept: Mapping[str, int],
    filters: Mapping[str, Filter],
    findings: Sequence[Finding],
    sources: Sources,
) -> list[Stop]:
    """A stop for each table without rows: it is empty, its filter passes none, or all were refused.

    A table of which the last day of all rows is over is in order.
    """
    stops = []
    for name, count in rows_read.items():
        optional_hint = "" if TABLES[name].required else ", or leave it out of the sources file"
        passing = count - (filters[name].excluded if name in filters else 0)
        expired = sum(f.count for f in findings if f.table == name and f.rule == PAST_KEEP_UNTIL)
        if count == 0:
            filter_ = " and filter" if name in filters else ""
            stops.append(
                Stop(
                    f"table '{name}' has no rows: check its file{filter_}{optional_hint}",
                    Finding(name, "", "no_rows", "stop", 0),
                )
            )
        elif passing == 0:
            text = filters[name].text
            stops.append(
                Stop(
                    f"table '{name}': its filter ({text}) lets none of {count:,} rows pass; correct"
                    f" 'tables.{name}.where' of the sources file or take it out{optional_hint}",
                    Finding(name, "", "all_filtered", "stop", count, detail=text),
                )
            )
        elif rows_kept[name] == 0 and expired < passing:
            most_frequent = max(
                (f for f in findings if f.table == name and f.policy != "warn"),
                key=lambda f: f.count,
            )
            write = next((f.write for f in findings if f.table == name and f.rule == "would_match"), "")
            join_hint = f"; to join keys that are written otherwise, write '{write}'" if write else ""
            column = f"column '{most_frequent.column}', " if most_frequent.column else ""
            cause = _cause(most_frequent, sources)
            detail = f" ({cause})" if cause or most_frequent.column else ""
            passing_hint = "" if passing == count else " that its filter lets pass"
            stops.append(
                Stop(
                    f"table '{name}': all {passing:,} rows{passing_hint} were refused, most for {column}"
                    f"rule {most_frequent.rule}{detail}: {_first_example(most_frequent)}{join_hint}",
                    Finding(name, "", "all_refused", "stop", passing),
                )
            )
    return stops


def stop_sentence(finding: Finding) -> str:
    """The sentence for a finding of a rule whose policy is `stop`."""
    if finding.rule == "would_match":
        return (
            f"table '{finding.table}', column '{finding.column}': {finding.count:,} rows match a row of {finding.detail} only if"
            f" their keys are written alike: {_first_example(finding)}; to join them, write '{finding.write}'"
        )
    column = f", column '{finding.column}'" if finding.column else ""
    return (
        f"table '{finding.table}'{column}: {finding.count:,} rows break the rule {finding.rule},"
        f" whose policy is stop: {_first_example(finding)}"
    )


def mixed_currency_stops(
    rows: ir.Table, table: str, amount: str, products: Mapping[str, Product]
) -> list[Stop]:
    """A stop for each product with amounts in more than one currency, which cannot be added up.

    A product whose file names its currency converts them by its exchange rates, or leaves them apart.
    """
    per_product = rows.group_by("product").aggregate(
        n=rows.currency.nunique(),
        count=rows.count(),
        currencies=rows.currency.collect(distinct=True),
    )
    mixed = per_product.filter(per_product.n > 1).order_by("product").to_pyarrow().to_pylist()
    return [
        Stop(
            f"table '{table}', column 'currency': product '{r['product']}' is paid in"
            f" {', '.join(sorted(r['currencies']))}; convert {amount} to one currency,"
            f" or name it in the product file {r['product']}.yml (revenue: currency, exchange_rates)",
            Finding(
                table, "currency", "two_currencies", "stop", r["count"],
                detail=f"{r['product']}: {', '.join(sorted(r['currencies']))}",
            ),
        )
        for r in mixed
        if r["product"] not in products or products[r["product"]].revenue.currency is None
    ]  # fmt: skip


def _first_example(finding: Finding) -> str:
    if not finding.examples:  # of rows that are not shown, in a database that does not number them
        return "its rows have no numbers"
    row, key, value = finding.examples[0]
    if TABLES[finding.table].keep_until:
        return f"row {row}"
    return f"{f'row {row}, ' if row else ''}key {key}, value {value!r}"


def _cause(finding: Finding, sources: Sources) -> str:
    """What values are allowed; for a wrong type, how to declare another format (`unclear.add_format_hint`)."""
    if finding.rule != "wrong_type":
        return finding.detail
    kind, place = TABLES[finding.table].kind(finding.column), f"tables.{finding.table}.columns"
    if finding.detail != kind:
        return f"no plain {kind}; if they are meant as they stand, say '{finding.detail}' under {place} of the sources file"
    word = {"date": "format", "time": "format", "number": "number", "integer": "number"}.get(kind)
    if word is None:
        return kind
    setting = f"'{word}'" if sources.tables[finding.table].in_ is None else "an sql expression"
    return f"{kind}; another way of writing is said by {setting} under {place}.{finding.column} of the sources file"
