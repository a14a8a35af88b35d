"""Effects of contents, tools and touches on the pace of steps, and the use of planned ones by CSMs."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from cs_helpers.customer_journey.uses import used_in_time
from cs_helpers.customer_journey.waits import MIN_CUSTOMERS
from cs_helpers.statistics.case_mix import by_name
from cs_helpers.statistics.hazards import hazard_ratio, odds_ratio
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.survival import REACHED

#: the most contents of touches per step: the most used ones
MAX_TOUCHES = 8


def effects_of_uses(waits: pd.DataFrame, uses: pd.DataFrame, window: float) -> pd.DataFrame:
    """The hazard ratio of each step after a use against before, within company sizes.

    waits: step, size, days, outcome (`survival`). uses: the table of `first_uses`. A wait is unexposed until the day
    after its first use and exposed from then on, up to `window` days, because longer waits have more time for uses
    (immortal time bias; Suissa 2008). Columns: step, kind, what, waits, used (waits exposed in time), ratio (of
    hazards), low, high (95 %), p, odds (`odds_ratio`, which ignores time), verdict (`faster`, `slower`, `alike`;
    Benjamini-Hochberg over all rows). Only uses in `MIN_CUSTOMERS` waits or more.
    """
    rows = []
    for step, inside in waits.groupby("step", sort=False):
        days = np.minimum(inside["days"].to_numpy(), window)
        reached = ((inside["outcome"] == REACHED) & (inside["days"] <= window)).to_numpy()
        size = inside["size"].to_numpy()
        step_uses = uses[(uses["step"] == step) & (uses["since"] < window)]
        use_counts = step_uses.groupby(["kind", "what"]).size()
        use_counts = use_counts[use_counts >= MIN_CUSTOMERS].sort_values(ascending=False, kind="stable")
        touches = [key for key in use_counts.index if key[0] == "touch"][:MAX_TOUCHES]
        for kind, what in [*(key for key in use_counts.index if key[0] != "touch"), *touches]:
            matching_uses = step_uses[(step_uses["kind"] == kind) & (step_uses["what"] == what)]
            exposed = np.full(len(inside), np.inf)
            exposed[inside.index.get_indexer(matching_uses["wait"])] = matching_uses["since"]
            ratio, low, high, p = hazard_ratio(days, reached, exposed, size)
            is_exposed = exposed < days
            counts = [int((a & b).sum()) for a in (is_exposed, ~is_exposed) for b in (reached, ~reached)]
            rows.append(
                {
                    "step": step, "kind": kind, "what": what, "waits": len(inside), "used": int(is_exposed.sum()),
                    "ratio": ratio, "low": low, "high": high, "p": p, "odds": odds_ratio(*counts),
                }
            )  # fmt: skip
    columns = ["step", "kind", "what", "waits", "used", "ratio", "low", "high", "p", "odds"]
    table = pd.DataFrame(rows, columns=columns)
    significant = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    return table.assign(
        verdict=np.where(significant, np.where(table["ratio"].to_numpy() > 1, "faster", "slower"), "alike")
    )


def adherence(
    waits: pd.DataFrame, uses: pd.DataFrame, steps: Collection[str], by: str = "csm"
) -> pd.DataFrame:
    """The share of waits in which a planned content or tool was used within `DUE_DAYS`, by CSM.

    waits: as in `effects_of_uses`, with the column `by`. steps: the steps with a planned content or tool. Waits shorter
    than `DUE_DAYS` are left out, because nothing was due yet. Columns: `by`, due, used, share, low, high (Wilson,
    95 %); sorted by `case_mix.by_name`.
    """
    is_used = used_in_time(waits, uses, steps)
    rows = []
    for group, used in is_used.groupby(waits.loc[is_used.index, by]):
        low, high = wilson(int(used.sum()), len(used))
        rows.append(
            {
                by: group,
                "due": len(used),
                "used": int(used.sum()),
                "share": used.mean(),
                "low": low,
                "high": high,
            }
        )
    table = pd.DataFrame(rows, columns=[by, "due", "used", "share", "low", "high"])
    return by_name(table, by)
