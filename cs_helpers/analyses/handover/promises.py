"""Promises with a day: whether customers had reached value by then."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.handover.handed import YEAR, Handed
from cs_helpers.result import Verdict
from cs_helpers.statistics.survival import LEFT, REACHED

#: what became of a promise whose day has passed
STATUSES = ("kept", "late", "open", "lost")


def promise_rows(handed: Handed, times: pd.DataFrame) -> pd.DataFrame:
    """The promises of hand-overs whose day passed in the last four quarters, by account, with what became of them.

    times: `followed.value_times`. Index: account_id; columns: deadline, days (from the deadline to value, or to the end of the
    quarter), status: `kept` (value by the deadline), `late` (after it), `open` (not yet), `lost` (before value).
    """
    first, last = pd.Timestamp(handed.quarter.back(YEAR - 1).start), pd.Timestamp(handed.quarter.end)
    rows = handed.handed[handed.handed["deadline"].between(first, last)]
    rows = rows[rows.index.isin(times.index)]
    of = times.loc[rows.index]
    value = of["value"].where(of["outcome"] == REACHED).dt.normalize()
    status = np.select(
        [value <= rows["deadline"], value.notna(), of["outcome"] == LEFT], ["kept", "late", "lost"], "open"
    )
    days = (value.fillna(last) - rows["deadline"]).dt.days
    return pd.DataFrame({"deadline": rows["deadline"], "days": days, "status": status}, index=rows.index)


def promise_table(rows: pd.DataFrame, by_contracts: bool) -> pd.DataFrame:
    """How many promises were kept: status, customers, of, share; `lost` only where losses are known."""
    counts = rows["status"].value_counts()
    statuses = [s for s in STATUSES if s != "lost" or by_contracts]
    return pd.DataFrame(
        [
            {
                "status": s,
                "customers": int(counts.get(s, 0)),
                "of": len(rows),
                "share": counts.get(s, 0) / len(rows),
            }
            for s in statuses
        ]
    )


def promise_verdict(table: pd.DataFrame) -> Verdict:
    """`all_kept` (of) or `kept` (kept, of, share, open)."""
    counts = table.set_index("status")["customers"]
    of = int(table["of"].iloc[0])
    if counts["kept"] == of:
        return Verdict("all_kept", {"of": of})
    return Verdict(
        "kept",
        {"kept": int(counts["kept"]), "of": of, "share": counts["kept"] / of, "open": int(counts["open"])},
    )


def overdue_table(handed: Handed, rows: pd.DataFrame) -> pd.DataFrame:
    """The open promises whose day has passed, for the team; highest MRR first, then those that are overdue longest.

    Columns: account_id, name, csm, deadline, days (overdue at the end of the quarter), promised, from_role, from_person, mrr.
    """
    table = rows[(rows["status"] == "open") & rows.index.isin(handed.mrr.index)]
    about = handed.every.loc[table.index, ["name", "csm", "promised", "from_role", "from_person"]]
    table = table.join(about).rename_axis("account_id").reset_index()
    table["mrr"] = table["account_id"].map(handed.mrr).astype("float64")
    table = table.sort_values(
        ["mrr", "days", "account_id"], ascending=[False, False, True], ignore_index=True
    )
    return table[
        ["account_id", "name", "csm", "deadline", "days", "promised", "from_role", "from_person", "mrr"]
    ]
