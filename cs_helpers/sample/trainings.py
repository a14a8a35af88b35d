"""Draw the table `training_records`, and let the customers of CSMs who completed one training reach its step sooner."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.sample.accounts import CSMS
from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import NEVER, as_dates, day, even_draw, office_day
from cs_helpers.sample.staff import staff_table
from cs_helpers.sample.truths import TRAINING, TRAININGS

#: the days between which trainings are completed, so that CSMs have customers before and after
_FIRST, _LAST = day(TRAINING.first_day), day(TRAINING.last_day)
#: the CSMs who have a training still before them
_OPEN = 2
_OPEN_SINCE = day(TRAINING.open_since)


def training_records_table(rng: np.random.Generator) -> pd.DataFrame:
    """The table `training_records`: each CSM has each training of each product, and a few have not completed it yet."""
    joined = staff_table().drop_duplicates("person").set_index("person")["joined_on"]
    joined_days = joined[list(CSMS)].to_numpy("datetime64[D]").astype(np.int64)
    parts = []
    for product, trainings in TRAININGS.items():
        for training in trainings:
            count = len(CSMS)
            completed = office_day(_FIRST + (even_draw(rng, count) * (_LAST - _FIRST)).astype(np.int64))
            assigned = office_day(np.maximum(completed - rng.integers(20, 71, count), joined_days))
            completed = office_day(np.maximum(completed, assigned + 14))
            is_open = np.isin(np.arange(count), rng.choice(count, _OPEN, replace=False))
            assigned = np.where(is_open, office_day(_OPEN_SINCE + rng.integers(0, 30, count)), assigned)
            parts.append(
                pd.DataFrame(
                    {
                        "product": product,
                        "person": CSMS,
                        "training": training,
                        "assigned_on": as_dates(assigned),
                        "completed_on": pd.Series(as_dates(completed)).mask(is_open),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True).sort_values(
        ["assigned_on", "product", "training", "person"], ignore_index=True
    )


def with_training(
    tables: dict[str, pd.DataFrame], terms: Terms, accounts: pd.DataFrame
) -> dict[str, pd.DataFrame]:
    """The tables `milestones` and `touches` in which TRAINING helps, from those in which it does not.

    From the completion on, waits of customers of the CSM run at `pace` times their pace, so no random number is drawn. The
    meeting on that day moves with the step. terms: of the product.
    """
    done = tables["training_records"]
    done = done[(done["product"] == TRAINING.product) & (done["training"] == TRAINING.training)]
    customers = accounts.iloc[terms.account]
    completed = customers["csm"].map(done.set_index("person")["completed_on"]).to_numpy("datetime64[D]")
    wait = pd.DataFrame(
        {
            "started": terms.started,
            "completed": np.where(np.isnat(completed), NEVER, completed.astype(np.int64)),
        },
        customers["account_id"].to_numpy(),
    )
    changed = {}
    for name, when, what in (("milestones", "reached_at", "step"), ("touches", "occurred_at", "kind")):
        table = tables[name]
        moved = np.flatnonzero((table[what] == TRAINING.step) & (table["product"] == TRAINING.product))
        times = table[when].to_numpy("datetime64[s]").copy()
        days = times[moved].astype("datetime64[D]").astype(np.int64)
        begins = wait.loc[table["account_id"].iloc[moved]].max(axis=1).to_numpy()
        sooner = office_day(begins + np.maximum((days - begins) // TRAINING.pace, 1))
        times[moved] -= np.clip(days - sooner, 0, None).astype("timedelta64[D]")
        order = [when, "account_id", "product", *(["kind"] if what == "kind" else [])]
        changed[name] = table.assign(**{when: times}).sort_values(order, ignore_index=True)
    return tables | changed
