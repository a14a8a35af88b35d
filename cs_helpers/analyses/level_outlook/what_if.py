"""What if more customers of a level rose: the expected numbers a year from now, against those without it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cs_helpers.analyses.level_outlook.forecast import Forecast, part_of, significant
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.statistics.chain_forecasts import Drawn, expected

#: the shares of a level that rise more in each quarter: those of the page, and those that a slider offers
SHOWN = (0.05, 0.1, 0.2)
OFFERED = tuple(round(n / 100, 2) for n in range(31))
#: draws of the probabilities: an interval of expected numbers needs no more
_DRAWS = 300


def what_if(made: Forecast, top: int, *, losses: bool, pays: bool) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The expected numbers after the last quarter ahead, if in each quarter more customers of a level rose to the next.

    The first table: rising (the level), more (`OFFERED`: the share of its customers in each quarter who rise and would
    have stayed otherwise), above (customers above that level, more than without), kept (fewer losses by then), mrr (more
    than without); each with `_low` and `_high` (95 %, of the probabilities alone: chance would hit both alike). kept only
    where losses are known, mrr where anybody pays. The second: rising, more, part (`level_<n>`, `unknown`), customers (expected).
    """
    some = min(_DRAWS, len(made.drawn.loss))
    drawn = Drawn(made.drawn.stay[:some], made.drawn.loss[:some], made.drawn.joining[:some])
    counted = made.counted
    places, states = counted.places, len(counted.states)
    start = np.bincount(places, minlength=states)
    paid = np.bincount(places, weights=np.nan_to_num(counted.mrr), minlength=states)
    new = max(len(counted.joined.state), 1)
    entry = np.bincount(counted.joined.state, minlength=states) / new
    entry_mrr = np.bincount(counted.joined.state, weights=counted.joined.amount, minlength=states) / new
    growth = float(counted.growth.mean())
    levels = np.array(counted.states)

    def run(rising: dict[int, float]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Customers by state at the end, losses by then, MRR at the end; (draws, states), (draws,), (draws,)."""
        numbers, lost = expected(drawn, start, entry, rising)
        amounts = expected(drawn, paid, entry_mrr, rising, growth)[0] if pays else numbers
        return numbers[:, -1], lost.sum(axis=(1, 2)), amounts[:, -1].sum(axis=1)

    numbers, lost, amounts = run({})

    def scenarios() -> Iterator[tuple[dict[str, float], np.ndarray]]:
        for level in range(1, top):
            above = (levels > level) & (levels != UNKNOWN)
            for more in OFFERED:
                there, gone, paid_then = run({level: more})
                differences = {"above": (there - numbers)[:, above].sum(axis=1)}
                if losses:
                    differences["kept"] = lost - gone
                if pays:
                    differences["mrr"] = paid_then - amounts
                row: dict[str, float] = {"rising": level, "more": more}
                for name, drawn_difference in differences.items():
                    low, high = np.quantile(drawn_difference, [0.025, 0.975])
                    shown = significant if name == "mrr" else float
                    row |= {
                        name: shown(drawn_difference.mean()),
                        f"{name}_low": shown(low),
                        f"{name}_high": shown(high),
                    }
                yield row, there.mean(axis=0)

    rows, distributions = zip(*scenarios(), strict=True)
    parts = [part_of(state) for state in counted.states]
    by_level = [
        {"rising": row["rising"], "more": row["more"], "part": part, "customers": float(n)}
        for row, there in zip(rows, distributions, strict=True)
        for part, n in zip(parts, there, strict=True)
    ]
    return pd.DataFrame(rows).astype({"rising": int}), pd.DataFrame(by_level).astype({"rising": int})


def level_asked(made: Forecast, top: int) -> int:
    """The level below the highest, from Lv.1 on, at which most customers are: of it the page asks what if."""
    level = made.counted.level
    return max(range(1, top), key=lambda n: (int((level == n).sum()), -n))
