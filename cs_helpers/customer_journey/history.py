"""Waits and uses of the journey in one table, for analyses of other subjects."""

from __future__ import annotations

import pandas as pd

from cs_helpers.customer_journey.uses import first_uses, planned_signs, uses_known_from, uses_known_until
from cs_helpers.customer_journey.waits import (
    all_waits,
    known_steps,
    milestone_times,
    records_begin,
)
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import incidence, usual_days

COLUMNS = (
    "account_id", "step", "began", "days", "outcome", "usual_days", "planned", "uses", "uses_known_from", "uses_known_until",
)  # fmt: skip


def waits_and_uses(data: ProductData, end: pd.Timestamp, accounts: pd.Index) -> pd.DataFrame:
    """All waits of some accounts that began before `end`, sorted by start; empty where fewer than two steps are known.

    Accounts that started before the records begin are left out, because their earlier steps are not known.
    Columns: account_id, step (waited for), began, days, outcome (see `statistics.survival`), usual_days (over the
    waits of all customers for the step; NaN where too few took it), planned (whether the product file plans contents
    or tools for the step that the data can show), uses (tuple of (kind, day of the wait from which it counts), with
    kind `contents` or `tools` as planned, or `touch`), uses_known_from and uses_known_until (timestamps between which
    uses are recorded).
    """
    declared = data.product.journey.steps
    steps = known_steps(data, end)
    if len(steps) < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    reached = milestone_times(data, steps, records_begin(data, steps), end)
    size = data["accounts"].set_index("account_id")["size"]
    waits = all_waits(reached, size.reindex(reached.index), steps, end)
    usual = {
        step: usual_days(inside["outcome"], incidence(inside["days"], inside["outcome"]))
        for step, inside in waits.groupby("step")
    }
    waits = waits[waits["account_id"].isin(accounts)].reset_index(drop=True)
    uses: list[list[tuple[str, float]]] = [[] for _ in range(len(waits))]
    if len(waits):
        wait_uses = first_uses(data, waits, declared, end)
        for n, kind, since in zip(wait_uses["wait"], wait_uses["kind"], wait_uses["since"], strict=True):
            uses[n].append((kind, float(since)))
    planned_steps = {step for step, _, _ in planned_signs(data, declared)}
    return waits.assign(
        usual_days=waits["step"].map(usual).astype("float64"),
        planned=waits["step"].isin(planned_steps),
        uses=pd.Series([tuple(pairs) for pairs in uses], index=waits.index, dtype=object),
        uses_known_from=uses_known_from(data, declared),
        uses_known_until=uses_known_until(data, declared, end),
    )[list(COLUMNS)]
