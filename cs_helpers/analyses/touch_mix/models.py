"""The touch models side by side: the customers of each, its touches and their hours, and what they are about."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.touch_mix.hours import hours_of
from cs_helpers.analyses.touch_mix.touched import Touched, of_quarter
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.snapshot import ProductData

#: so many subjects of each model are named
SUBJECTS = 3
#: a subject that fewer customers had is not named: it may be about one of them
MIN_CUSTOMERS = 3


def model_table(data: ProductData, touched: Touched) -> pd.DataFrame:
    """Each touch model: who has it, what customers got of it, and what that cost.

    Columns: touch_model, customers (of this model at the end of the quarter), touches and hours (in the quarter, by the model of
    the touch; hours are NaN where those of one touch are not declared), subjects (what most touches of the covered quarters
    were about, as recorded, with line breaks between them: `SUBJECTS` at most, each of `MIN_CUSTOMERS` customers at least).
    """
    quarter = touched.quarters[-1]
    accounts = data["accounts"].set_index("account_id")["touch_model"]
    customers = accounts.reindex(touched.level_at(quarter.end).index).value_counts()
    in_quarter = of_quarter(touched.touches, quarter)
    rows = []
    for model in TOUCH_MODELS:
        made = in_quarter[in_quarter["touch_model"] == model]
        hours = hours_of(made, data.product)
        rows.append(
            {
                "touch_model": model, "customers": int(customers.get(model, 0)), "touches": len(made),
                "hours": np.nan if hours.isna().any() else float(hours.sum()), "subjects": "\n".join(_subjects(touched, model)),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def _subjects(touched: Touched, model: str) -> list[str]:
    """The subjects of most touches of a model, over the covered quarters; of as many, the first by letters."""
    made = touched.touches[touched.touches["touch_model"] == model].dropna(subset=["content"])
    found = made.groupby("content")["account_id"].agg(["size", "nunique"])
    found = found[found["nunique"] >= MIN_CUSTOMERS].rename_axis("content").reset_index()
    found = found.sort_values(["size", "content"], ascending=[False, True])
    return [str(subject) for subject in found["content"].head(SUBJECTS)]
