"""What hand-overs say that customers expect, against what these say themselves in interviews (viewpoint 1, its expectation)."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.handover.handed import Handed
from cs_helpers.customers.readings import expectations, interviews_after
from cs_helpers.editions.anonymity import MIN_COMPANIES
from cs_helpers.result import Verdict
from cs_helpers.statistics.proportions import wilson

#: how the two stand to each other: the same theme, others only, or nothing was said of it in the interviews
SAME, OTHER, NOT_SPOKEN = "same", "other", "not_spoken"
#: customers with both that it takes for a share
MIN_CUSTOMERS = 5


def expectation_rows(handed: Handed) -> pd.DataFrame:
    """The customers whose hand-over names an expectation and who were interviewed after it, by the end of the quarter.

    What a customer said before its hand-over is where that comes from, and does not confirm it.

    Index: account_id. Columns: expected (theme), expected_outcome (its words), heard (tuple of the themes that the customer named itself,
    in all of these interviews), held_on (its last interview), agrees (`same`, `other`, `not_spoken`).
    """
    held = interviews_after(handed.data, handed.handed["handed_over_on"], handed.quarter.end)
    last = held.groupby("account_id")["held_on"].max()
    rows = handed.handed[handed.handed["expectation"].notna() & handed.handed.index.isin(last.index)]
    said = expectations(handed.data, held)
    themes = said.groupby("account_id")["code"].agg(lambda codes: tuple(sorted(codes))).to_dict()
    heard = [themes.get(account, ()) for account in rows.index]
    agrees = [
        NOT_SPOKEN if not codes else SAME if expected in codes else OTHER
        for expected, codes in zip(rows["expectation"], heard, strict=True)
    ]
    return pd.DataFrame(
        {
            "expected": rows["expectation"], "expected_outcome": rows["expected_outcome"],
            "heard": pd.Series(heard, rows.index, dtype=object), "held_on": last.reindex(rows.index),
            "agrees": pd.Series(agrees, rows.index, dtype="str"),
        }
    )  # fmt: skip


def expectation_table(rows: pd.DataFrame) -> pd.DataFrame:
    """How often each expectation of hand-overs was met again: code, same, other, not_spoken (customers); most frequent first."""
    counts = pd.crosstab(rows["expected"], rows["agrees"]).reindex(
        columns=[SAME, OTHER, NOT_SPOKEN], fill_value=0
    )
    counts = (
        counts.assign(total=counts.sum(axis=1)).rename_axis("code").rename_axis(None, axis=1).reset_index()
    )
    return counts.sort_values(["total", "code"], ascending=[False, True], ignore_index=True).drop(
        columns="total"
    )


def expectation_verdict(table: pd.DataFrame) -> Verdict:
    """`met` (same, of, share, low, high), `few` (same, of) or `nobody` (interviewed): of those who spoke of an expectation."""
    same, other = int(table["same"].sum()), int(table["other"].sum())
    if not same + other:
        return Verdict("nobody", {"interviewed": int(table["not_spoken"].sum())})
    if same + other < MIN_CUSTOMERS:
        return Verdict("few", {"same": same, "of": same + other})
    low, high = wilson(same, same + other)
    return Verdict(
        "met", {"same": same, "of": same + other, "share": same / (same + other), "low": low, "high": high}
    )


def reveals_few(table: pd.DataFrame) -> bool:
    """Whether the sums of the table would tell of fewer companies than leadership may read about."""
    sums = [int(table[column].sum()) for column in (SAME, OTHER, NOT_SPOKEN)]
    return any(0 < count < MIN_COMPANIES for count in sums)


def customer_table(handed: Handed, rows: pd.DataFrame) -> pd.DataFrame:
    """The customers of `rows` for the team, those who expect something else first.

    Columns: account_id, name, csm, expected, expected_outcome, heard, held_on, agrees.
    """
    order = {OTHER: 0, NOT_SPOKEN: 1, SAME: 2}
    table = rows.join(handed.every[["name", "csm"]]).rename_axis("account_id").reset_index()
    table = table.assign(order=table["agrees"].map(order)).sort_values(
        ["order", "account_id"], ignore_index=True
    )
    return table[["account_id", "name", "csm", "expected", "expected_outcome", "heard", "held_on", "agrees"]]
