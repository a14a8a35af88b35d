"""Why no snapshot can be taken of tables that were read, in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import ibis.expr.types as ir

from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.checks.balance import Filter
from cs_helpers.sources.mapping import Sources


def without_rows(
    rows_read: Mapping[str, int],
    rows_kept: Mapping[str, int],
    filters: Mapping[str, Filter],
    findings: Sequence[Finding],
    sources: Sources,
) -> list[Stop]:
    """Why tables of which nothing is left stop a snapshot: no row, none that the filter lets pass, all refused."""
    stops = []
    for name, count in rows_read.items():
        other = "" if TABLES[name].required else ", or leave it out of the sources file"
        passed = count - (filters[name].false if name in filters else 0)
        if count == 0:
            filter_ = " and filter" if name in filters else ""
            stops.append(
                Stop(
                    f"table '{name}' has no rows: check its file{filter_}{other}",
                    Finding(name, "", "no_rows", "stop", 0),
                )
            )
        elif passed == 0:
            text = filters[name].text
            stops.append(
                Stop(
                    f"table '{name}': its filter ({text}) lets none of {count:,} rows pass; correct"
                    f" 'tables.{name}.where' of the sources file or take it out{other}",
                    Finding(name, "", "all_filtered", "stop", count, detail=text),
                )
            )
        elif rows_kept[name] == 0:
            worst = max(
                (f for f in findings if f.table == name and f.policy != "warn"),
                key=lambda f: f.count,
            )
            write = next((f.write for f in findings if f.table == name and f.rule == "would_match"), "")
            near = f"; to join keys that are written otherwise, write '{write}'" if write else ""
            column = f"column '{worst.column}', " if worst.column else ""
            cause = _cause(worst, sources)
            detail = f" ({cause})" if cause or worst.column else ""
            which = "" if passed == count else " that its filter lets pass"
            stops.append(
                Stop(
                    f"table '{name}': all {passed:,} rows{which} were refused, most for {column}"
                    f"rule {worst.rule}{detail}: {_shown(worst)}{near}",
                    Finding(name, "", "all_refused", "stop", passed),
                )
            )
    return stops


def stopped(found: Finding) -> str:
    """Why a rule whose policy is stop stops a snapshot."""
    if found.rule == "would_match":
        return (
            f"table '{found.table}', column '{found.column}': {found.count:,} rows match a row of {found.detail} only if"
            f" their keys are written alike: {_shown(found)}; to join them, write '{found.write}'"
        )
    column = f", column '{found.column}'" if found.column else ""
    return (
        f"table '{found.table}'{column}: {found.count:,} rows break the rule {found.rule},"
        f" whose policy is stop: {_shown(found)}"
    )


def two_currencies(rows: ir.Table, table: str, amount: str) -> list[Stop]:
    """The products whose rows of a table are paid in more than one currency, which nobody can add up."""
    per_product = rows.group_by("product").aggregate(
        n=rows.currency.nunique(),
        count=rows.count(),
        seen=rows.currency.collect(distinct=True),
    )
    mixed = per_product.filter(per_product.n > 1).order_by("product").to_pyarrow().to_pylist()
    return [
        Stop(
            f"table '{table}', column 'currency': product '{r['product']}' is paid in"
            f" {', '.join(sorted(r['seen']))}; convert {amount} to one currency",
            Finding(
                table, "currency", "two_currencies", "stop", r["count"],
                detail=f"{r['product']}: {', '.join(sorted(r['seen']))}",
            ),
        )
        for r in mixed
    ]  # fmt: skip


def _shown(found: Finding) -> str:
    row, key, value = found.examples[0]
    return f"{f'row {row}, ' if row else ''}key {key}, value {value!r}"


def _cause(found: Finding, sources: Sources) -> str:
    """What the values would have to be; of the wrong type, how another way of writing is said (`hinted`)."""
    if found.rule != "wrong_type":
        return found.detail
    kind, place = TABLES[found.table].kind(found.column), f"tables.{found.table}.columns"
    if found.detail != kind:
        return f"no plain {kind}; if they are meant as they stand, say '{found.detail}' under {place} of the sources file"
    word = {"date": "format", "time": "format", "number": "number", "integer": "number"}.get(kind)
    if word is None:
        return kind
    how = f"'{word}'" if sources.tables[found.table].in_ is None else "an sql expression"
    return f"{kind}; another way of writing is said by {how} under {place}.{found.column} of the sources file"
