"""The verdicts on requests, decided from the numbers in the tables of the result."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.analyses.product_feedback.asked import UNDECIDED
from cs_helpers.analyses.product_feedback.handed import NO_REQUEST, NOT_LINKED
from cs_helpers.result import NOTHING_APART, Verdict


def verdicts(tables: Mapping[str, pd.DataFrame]) -> dict[str, Verdict]:
    """The verdict of each question that has a table with rows."""
    decide = {
        "ranking": ranking, "status": status, "closed_loop": closed_loop, "not_handed": not_handed,
    }  # fmt: skip
    said = {name: decide[name](tables[name]) for name in decide if len(tables.get(name, ()))}
    if "ranking" in said and (other := by_mrr(tables["ranking"])) is not None:
        said["ranking.mrr"] = other
    if len(tables.get("waits", ())):
        said |= answers(tables["waits"])
    sizes = tables.get("by_size")
    if sizes is not None and len(sizes) and not (sizes["verdict"] == "varies").any():
        alike = int((sizes["verdict"] == "alike").sum())
        said["by_size.rows"] = Verdict(
            NOTHING_APART, {"rows": len(sizes), "alike": alike, "unknown": len(sizes) - alike}
        )
    return said


def name_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    """Title, theme and key of a request, of which a page shows the first that there is (`Text.request`)."""
    return str(row["title"]), str(row["code"]), str(row["request_id"])


def ranking(table: pd.DataFrame) -> Verdict:
    """Whether one request is asked for by most customers.

    `first` (beyond chance), `together` (others: those that cannot be told apart from it, even if nobody asked), `one` (the only request), `nobody` (no
    customer asked for any).
    """
    first = table.iloc[0]
    if not first["companies"]:
        return Verdict("nobody", {"requests": len(table)})
    fields = {"request": name_of(first), "companies": int(first["companies"]), "of": int(first["of"])}
    if len(table) == 1:
        return Verdict("one", fields)
    near = int((~table["fewer"].iloc[1:].astype(bool)).sum())
    if near:
        return Verdict("together", fields | {"others": near})
    return Verdict("first", fields | {"next": int(table["companies"].iloc[1])})


def by_mrr(table: pd.DataFrame) -> Verdict | None:
    """The request with most MRR and its MRR, where that is another than the one that most customers ask for.

    `other_by_mrr` (beyond chance) or `other_by_mrr_together` (others: those that cannot be told apart from it by MRR).
    """
    place = np.flatnonzero((table["by_mrr"] == 1) & (table["mrr"] > 0))
    if not len(place) or not place[0]:
        return None
    top = table.iloc[place[0]]
    fields = {"request": name_of(top), "mrr": float(top["mrr"])}
    near = int((~table["less"].astype(bool)).sum()) - 1
    return (
        Verdict("other_by_mrr_together", fields | {"others": near})
        if near
        else Verdict("other_by_mrr", fields)
    )


def status(table: pd.DataFrame) -> Verdict:
    """How many requests have no answer yet: `undecided` or `none`."""
    total = int(table["requests"].sum())
    undecided = int(table.loc[table["status"].isin(UNDECIDED), "requests"].sum())
    return Verdict("undecided" if undecided else "none", {"requests": undecided, "of": total})


def answers(waits: pd.DataFrame) -> dict[str, Verdict]:
    """The median of each wait, `answers.decided` and `answers.told`: `<wait>_median`, or `<wait>_open` where less than half are over."""
    said = {}
    for row in waits.to_dict("records"):
        wait, is_known = str(row["wait"]), row["median"] == row["median"]
        fields = {c: float(row[c]) for c in ("median", "low", "high", "n", "over")}
        said[f"answers.{wait}"] = Verdict(f"{wait}_{'median' if is_known else 'open'}", fields)
    return said


def closed_loop(table: pd.DataFrame) -> Verdict:
    """Which share was told, and whether it is another somewhere: `differs` (segment), `message`, `few` (no interval)."""
    row = table[table["dimension"] == "all"].iloc[0]
    fields: dict[str, Any] = {"share": row["share"], "told": int(row["told"]), "owed": int(row["owed"])}
    if row["low"] != row["low"]:
        return Verdict("few", fields)
    fields |= {"low": row["low"], "high": row["high"]}
    # where fewer are told is what can be acted upon, so it is named first
    apart = table[table["verdict"].isin(["more", "fewer"])].sort_values(["verdict", "p"], kind="stable")
    if apart.empty:
        return Verdict("message", fields)
    least = apart.iloc[0]
    segment = {"dimension": least["dimension"], "segment": least["segment"], "segment_share": least["share"]}
    return Verdict(f"differs_{least['verdict']}", fields | segment)


def not_handed(table: pd.DataFrame) -> Verdict:
    """What of the interviews has no request: `themes` (without any), `companies` (not with the request of theirs), `all_handed`."""
    without = table[table["state"] == NO_REQUEST]
    if len(without):
        first = without.iloc[0]
        return Verdict(
            "themes",
            {
                "number": len(without),
                "of": len(table),
                "theme": first["code"],
                "companies": int(first["companies"]),
            },
        )
    unlinked = table[table["state"] == NOT_LINKED]
    if len(unlinked):
        first = unlinked.iloc[0]
        return Verdict(
            "companies", {"of": len(table), "theme": first["code"], "companies": int(first["missing"])}
        )
    return Verdict("all_handed", {"of": len(table)})
