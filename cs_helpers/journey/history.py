"""The waits of customers and what was used in them, in one plain table: for who asks of the journey, but does not draw it."""

from __future__ import annotations

import pandas as pd

from cs_helpers.journey.uses import planned, used, watched_since, watched_until
from cs_helpers.journey.waits import all_waits, known_steps, log_begins, reached_by, usual_days
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import incidence

COLUMNS = (
    "account_id", "step", "began", "days", "outcome", "usual_days", "planned", "uses", "uses_known_from", "uses_known_until",
)  # fmt: skip


def waits_and_uses(data: ProductData, end: pd.Timestamp, accounts: pd.Index) -> pd.DataFrame:
    """Every wait for a step of some accounts before `end`, in order of their beginning; no row where no step is known.

    Which steps an account that started before the records begin had taken by then is not known, so it has no row.
    Columns: account_id, step (waited for), began, days, outcome (see `statistics.survival`), usual_days (of all customers'
    waits for the step; NaN where too few took it), planned (whether the product file plans contents or tools for the step that
    the data can show), uses (tuple of (kind, day of the wait from which it counts): `contents` and `tools` as planned, `touch`),
    uses_known_from and uses_known_until (timestamps between which uses are recorded at all).
    """
    declared = data.product.journey.steps
    steps = known_steps(data, end)
    if len(steps) < 2:
        return pd.DataFrame(columns=list(COLUMNS))
    reached = reached_by(data, steps, log_begins(data, steps), end)
    size = data["accounts"].set_index("account_id")["size"]
    waits = all_waits(reached, size.reindex(reached.index), steps, end)
    usual = {
        step: usual_days(inside["outcome"], incidence(inside["days"], inside["outcome"]))
        for step, inside in waits.groupby("step")
    }
    waits = waits[waits["account_id"].isin(accounts)].reset_index(drop=True)
    uses: list[list[tuple[str, float]]] = [[] for _ in range(len(waits))]
    if len(waits):
        found = used(data, waits, declared, end)
        for n, kind, since in zip(found["wait"], found["kind"], found["since"], strict=True):
            uses[n].append((kind, float(since)))
    plans = {step for step, _, _ in planned(data, declared)}
    return waits.assign(
        usual_days=waits["step"].map(usual).astype("float64"),
        planned=waits["step"].isin(plans),
        uses=pd.Series([tuple(each) for each in uses], index=waits.index, dtype=object),
        uses_known_from=watched_since(data, declared),
        uses_known_until=watched_until(data, declared, end),
    )[list(COLUMNS)]
