"""The customers behind each point of the figures of hand-overs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.handover.completeness import QUARTERS
from cs_helpers.analyses.handover.handed import Handed
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.handovers import COMPLETE, NONE
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData

_KINDS = ("complete", "partial", "late", "none")


def starts(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers who started in each quarter, by what was handed over of them."""
    known = Handed.over(data, quarter).known
    late, none = known["days_late"] > 0, known["standing"] == NONE
    kind = np.select([none, late, known["standing"] == COMPLETE], ["none", "late", "complete"], "partial")
    quarters = [str(Quarter.containing(day.date())) for day in known["started_on"]]
    table = pd.DataFrame({"quarter": quarters, "kind": kind, "account_id": known.index})
    shown = {str(quarter.back(back)) for back in range(QUARTERS)}
    return table[table["quarter"].isin(shown)]


MEMBERS = {
    "starts": Members(
        starts,
        ("quarter", "kind"),
        lambda tables: tables["starts"].melt(
            "quarter", list(_KINDS), var_name="kind", value_name="customers"
        ),
    )
}
