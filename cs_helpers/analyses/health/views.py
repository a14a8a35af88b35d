"""Where the numbers and the view of the CSMs disagree: what to talk about."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.health.scored import Scored
from cs_helpers.customers.health_score import BANDS, health_bands
from cs_helpers.result import Verdict


def both_views(scored: Scored) -> pd.DataFrame:
    """The customers of whom measures of both kinds are known.

    Columns: account_id, name, size, csm, mrr, score, quantitative, qualitative (the scores of these measures alone), numbers, view
    (their bands), side: `numbers` where the numbers are green and the view is red, `view` the other way round, else ''.
    """
    health = scored.data.product.health
    parts = {kind: scored.part(kind) for kind in ("quantitative", "qualitative")}
    table = scored.accounts[["name", "size", "csm"]].assign(mrr=scored.mrr, score=scored.score, **parts)
    table = table.dropna(subset=list(parts)).reset_index()
    table["numbers"] = health_bands(table["quantitative"], health)
    table["view"] = health_bands(table["qualitative"], health)
    table["side"] = ""
    table.loc[(table["numbers"] == "green") & (table["view"] == "red"), "side"] = "numbers"
    table.loc[(table["numbers"] == "red") & (table["view"] == "green"), "side"] = "view"
    return table


def crossed(views: pd.DataFrame) -> pd.DataFrame:
    """Customers by the band of the numbers and of the view: numbers, view, customers, mrr; all nine pairs."""
    pairs = pd.MultiIndex.from_product([BANDS, BANDS], names=["numbers", "view"])
    grouped = views.groupby(["numbers", "view"])["mrr"].agg(["size", "sum"]).reindex(pairs, fill_value=0)
    return grouped.rename(columns={"size": "customers", "sum": "mrr"}).reset_index()


def disagreements(views: pd.DataFrame) -> pd.DataFrame:
    """The customers on whom the two disagree: those that look better in the numbers first, by MRR, then the others."""
    rows = views[views["side"] != ""].sort_values(["side", "mrr"], ascending=[True, False], kind="stable")
    return rows.reset_index(drop=True)


def views_verdict(views: pd.DataFrame) -> Verdict:
    """`message` (numbers_green, view_green: customers on each side; n; share: in the same band) or `agree` without any."""
    sides = views["side"].value_counts()
    fields = {
        "numbers_green": int(sides.get("numbers", 0)),
        "view_green": int(sides.get("view", 0)),
        "n": len(views),
        "share": float((views["numbers"] == views["view"]).mean()),
    }
    return Verdict("message" if fields["numbers_green"] + fields["view_green"] else "agree", fields)
