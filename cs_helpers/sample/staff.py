"""The team of each product: the CSMs who are in charge of customers, and who leads them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.sample.accounts import CSMS
from cs_helpers.sample.truths import HIGH_PERFORMERS

LEAD = "lead-01"
_GRADES = ("associate", "senior", "principal")
#: the quarter in which each CSM joined, the first ones first
_JOINED = pd.to_datetime(
    ["2020-04-01", "2020-10-01", "2021-04-01", "2021-04-01", "2021-10-01", "2022-04-01",
     "2022-04-01", "2022-10-01", "2023-04-03", "2023-10-02", "2024-04-01", "2024-10-01"]
)  # fmt: skip
PRODUCTS = ("paper_to_web", "expense_desk", "helpdesk")


def staff_table() -> pd.DataFrame:
    """The table `staff`: the same people for each product, with their grades by how long they are in the team."""
    grades = [_GRADES[grade] for grade in np.repeat([2, 1, 0], [2, 5, 5])]
    team = pd.DataFrame(
        {
            "person": [*CSMS, LEAD],
            "role": ["csm"] * len(CSMS) + ["lead"],
            "grade": [*grades, pd.NA],
            "joined_on": [*_JOINED, pd.Timestamp("2019-04-01")],
            "left_on": pd.NaT,
            "high_performer": [*(csm in HIGH_PERFORMERS for csm in CSMS), pd.NA],
        }
    )
    return pd.concat([team.assign(product=product) for product in PRODUCTS], ignore_index=True)[
        ["product", "person", "role", "grade", "joined_on", "left_on", "high_performer"]
    ]
