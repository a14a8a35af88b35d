"""Which step to look at with whom, and who may show how: only where chance does not explain the difference."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from cs_helpers.analyses.team.conversions import ALL
from cs_helpers.customer_journey.uses import first_uses, observed_waits, planned_signs, used_in_time
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED

COLUMNS = (
    "step", "csm", "reached", "expected", "ratio", "low", "high", "waiting", "names", "used", "due", "other_used",
    "other_due", "learn_from",
)  # fmt: skip


def coaching_table(
    conversions: pd.DataFrame,
    waits: pd.DataFrame,
    planned: pd.DataFrame,
    names: pd.Series,
    members: Collection[str] | None,
) -> pd.DataFrame:
    """The steps at which customers of a CSM take clearly fewer steps than expected.

    conversions: the table of `conversion_table`; waits: csm, account_id, step, outcome; planned: the table of
    `planned_uses`; names: account_id -> name of those who are customers now; members: of the team now, None where
    that is not known. Columns: step, csm, reached, expected, ratio, low, high (95 %), waiting and names (of customers who
    wait for the step now), due and used (waits of the CSM in which a planned content or tool was due, and used within
    its days), other_due and other_used (of the other CSMs), learn_from (CSMs `above` at the step). In the order of
    steps, then of names.
    """
    by_step = conversions[conversions["step"] != ALL]
    if members is not None:
        by_step = by_step[by_step["csm"].isin(members)]
    above = by_step[by_step["verdict"] == "above"].groupby("step")["csm"].agg(lambda c: tuple(sorted(c)))
    order = {step: n for n, step in enumerate(waits["step"].unique())}
    rows = []
    for row in by_step[by_step["verdict"] == "below"].to_dict("records"):
        mine = (waits["csm"] == row["csm"]) & (waits["step"] == row["step"])
        here = waits.loc[mine & (waits["outcome"] == CENSORED), "account_id"].drop_duplicates()
        waiting = sorted(here[here.isin(names.index)].map(names))
        at_step = planned[planned["step"] == row["step"]]
        is_mine = at_step["csm"] == row["csm"]
        rows.append(
            {
                **{c: row[c] for c in ("step", "csm", "reached", "expected", "ratio", "low", "high")},
                "waiting": len(waiting),
                "names": tuple(waiting),
                "used": int(at_step.loc[is_mine, "used"].sum()),
                "due": int(is_mine.sum()),
                "other_used": int(at_step.loc[~is_mine, "used"].sum()),
                "other_due": int((~is_mine).sum()),
                "learn_from": above.get(row["step"], ()),
            }
        )
    rows.sort(key=lambda row: (order[row["step"]], row["csm"]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def planned_uses(data: ProductData, waits: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """Whether planned contents and tools were used, of each wait in which one was due: csm, step, used.

    waits: csm, account_id, step, began, days, outcome.
    """
    steps = [s for s in data.product.journey.steps if s.step in set(waits["step"])]
    known = observed_waits(data, waits, steps, end)
    uses = first_uses(data, known, steps, end)
    used = used_in_time(known, uses, {step for step, _, _ in planned_signs(data, steps)})
    return known.loc[used.index, ["csm", "step"]].assign(used=used)
