"""What moves customers on: contents and tools of each step, used or not, and how often the step follows."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from cs_helpers.journey.waits import MIN_CUSTOMERS
from cs_helpers.statistics.hazards import hazard_ratio, odds_ratio
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.survival import REACHED

#: the days of a wait within which a play is due
DUE = 30

#: of each step so many contents of touches at most are looked at, the most used ones
MOST = 8


def moved_on(waits: pd.DataFrame, uses: pd.DataFrame, window: float) -> pd.DataFrame:
    """How the pace of a step changes once something was used, of customers of the same size that waited as long.

    waits: step, size, days, outcome (`survival`). uses: as `used` gives them. A wait counts as without until
    the day after the first use in it, and as with from then on, up to `window` days: who waits longer
    has more time to be sent something, and that time is not held against it (immortal time bias; Suissa
    2008). Columns: step, kind, what, waits, used (waits with a use in time), ratio (of the hazards), low,
    high (95 %), p, odds (as counted: `odds_ratio`, which knows nothing of time), verdict (`faster`,
    `slower`, `alike`; Benjamini-Hochberg over all rows). Only what was used in five waits or more.
    """
    rows = []
    for step, inside in waits.groupby("step", sort=False):
        days = np.minimum(inside["days"].to_numpy(), window)
        reached = ((inside["outcome"] == REACHED) & (inside["days"] <= window)).to_numpy()
        size = inside["size"].to_numpy()
        of_step = uses[(uses["step"] == step) & (uses["since"] < window)]
        often = of_step.groupby(["kind", "what"]).size()
        often = often[often >= MIN_CUSTOMERS].sort_values(ascending=False, kind="stable")
        touched = [key for key in often.index if key[0] == "touch"][:MOST]
        for kind, what in [*(key for key in often.index if key[0] != "touch"), *touched]:
            each = of_step[(of_step["kind"] == kind) & (of_step["what"] == what)]
            exposed = np.full(len(inside), np.inf)
            exposed[inside.index.get_indexer(each["wait"])] = each["since"]
            ratio, low, high, p = hazard_ratio(days, reached, exposed, size)
            with_ = exposed < days
            counts = [int((a & b).sum()) for a in (with_, ~with_) for b in (reached, ~reached)]
            rows.append(
                {
                    "step": step, "kind": kind, "what": what, "waits": len(inside), "used": int(with_.sum()),
                    "ratio": ratio, "low": low, "high": high, "p": p, "odds": odds_ratio(*counts),
                }
            )  # fmt: skip
    columns = ["step", "kind", "what", "waits", "used", "ratio", "low", "high", "p", "odds"]
    found = pd.DataFrame(rows, columns=columns)
    sure = benjamini_hochberg(found["p"].to_list(), q=FALSE_DISCOVERY)
    return found.assign(
        verdict=np.where(sure, np.where(found["ratio"].to_numpy() > 1, "faster", "slower"), "alike")
    )


def adherence(
    waits: pd.DataFrame, uses: pd.DataFrame, steps: Collection[str], by: str = "csm"
) -> pd.DataFrame:
    """How often who is in charge used what is planned for a step, within 30 days.

    waits: those of `moved_on`, and `by`. steps: those that something is planned for, any of which
    counts. Waits that did not last so long are not counted: of a customer that went on by itself
    before, nothing was due. Columns: `by`, due, used, share, low, high (Wilson, 95 %); who used it most
    often first, by the lower end.
    """
    due = waits[waits["step"].isin(steps) & (waits["days"] >= DUE)]
    in_time = uses[(uses["kind"] != "touch") & (uses["since"] <= DUE + 1)]
    done = pd.Series(due.index.isin(in_time["wait"]), index=due.index)
    rows = []
    for who, each in done.groupby(due[by]):
        low, high = wilson(int(each.sum()), len(each))
        rows.append(
            {
                by: who,
                "due": len(each),
                "used": int(each.sum()),
                "share": each.mean(),
                "low": low,
                "high": high,
            }
        )
    found = pd.DataFrame(rows, columns=[by, "due", "used", "share", "low", "high"])
    return found.sort_values(["low", by], ascending=[False, True], ignore_index=True)
