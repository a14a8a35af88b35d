"""How CSMs bring customers on, held against what the same customers would do with anybody."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammainc

from cs_helpers.statistics.survival import REACHED

#: how different CSMs may be before anything is known: the spread of their true ratios, half-normal
SPREAD = 0.3

_SPREADS = np.linspace(0.01, 1.2, 40)
_RATIOS = np.geomspace(0.02, 20, 400)
_DRAWS = 20_000


def expected(days: pd.Series, outcome: pd.Series, stratum: pd.Series) -> pd.Series:
    """The steps that each wait was to bring: the hazard of its stratum that it was exposed to (Nelson-Aalen).

    A stratum's sum is the number of steps that were taken in it.
    """
    found = pd.Series(0.0, index=days.index)
    for _, inside in days.groupby(stratum):
        taken = np.sort(inside[outcome[inside.index] == REACHED].to_numpy())
        at, ended = np.unique(taken, return_counts=True)
        at_risk = len(inside) - np.searchsorted(np.sort(inside.to_numpy()), at, side="left")
        hazard = np.concatenate([[0.0], np.cumsum(ended / at_risk)])
        found[inside.index] = hazard[np.searchsorted(at, inside.to_numpy(), side="right")]
    return found


def compared(waits: pd.DataFrame, by: str = "csm") -> pd.DataFrame:
    """Each CSM's steps against those expected of the same customers: adjusted for case mix, and shrunk.

    by: the column that is compared. waits: it, stratum (what the pace may depend on: step and size),
    days, outcome (`survival`).
    The steps of a CSM are Poisson around expected x ratio, the ratios Gamma around 1 (Clayton, Kaldor
    1987); how far they spread is averaged over what the numbers allow, so that few numbers do not
    make everybody equal. Columns: `by`, waits, reached, expected, ratio, low, high (95 %), verdict
    (`above` or `below` where the interval leaves out 1, else `alike`). The best first.
    """
    each = waits.assign(
        reached=waits["outcome"] == REACHED,
        expected=expected(waits["days"], waits["outcome"], waits["stratum"]),
    )
    found = each.groupby(by).agg(
        waits=("days", "size"), reached=("reached", "sum"), expected=("expected", "sum")
    )
    found = found[found["expected"] > 0].reset_index()
    if found.empty:
        return found.assign(ratio=0.0, low=0.0, high=0.0, verdict="")
    steps, due = found["reached"].to_numpy()[:, None], found["expected"].to_numpy()[:, None]
    shape = 1 / _SPREADS[None, :] ** 2
    likely = stats.nbinom.logpmf(steps, shape, shape / (shape + due)).sum(axis=0)
    likely += stats.halfnorm.logpdf(_SPREADS, scale=SPREAD)
    weight = np.exp(likely - likely.max())
    weight /= weight.sum()
    # of each CSM the mixture of Gammas, one for each spread: gammainc is their distribution
    below = np.array(
        [
            gammainc(n + shape, _RATIOS[:, None] * (e + shape)) @ weight
            for n, e in zip(steps[:, 0], due[:, 0], strict=True)
        ]
    )
    found["ratio"] = ((steps + shape) / (due + shape)) @ weight
    found["low"], found["high"] = (
        [float(np.interp(q, row, _RATIOS)) for row in below] for q in (0.025, 0.975)
    )
    found["verdict"] = np.select([found["low"] > 1, found["high"] < 1], ["above", "below"], "alike")
    return found.sort_values(["ratio", by], ascending=[False, True], ignore_index=True)


def luck(found: pd.DataFrame) -> float:
    """The chance that somebody would look as good as the best does, were all CSMs alike.

    found: as `compared` gives it. By drawing the steps of each from a Poisson around those expected.
    """
    due = found["expected"].to_numpy()
    draw = np.random.default_rng(0)
    steps = draw.poisson(due, (_DRAWS, len(due)))
    best = ((found["reached"] - due) / np.sqrt(due)).max()
    highest = ((steps - due) / np.sqrt(due)).max(axis=1)
    # steps are whole numbers: half of those draws that look exactly as good
    return float((highest > best + 1e-9).mean() + (np.abs(highest - best) <= 1e-9).mean() / 2)
