"""Comparison of CSMs adjusted for case mix: what came of their customers against what was expected."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammainc

from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.statistics.survival import REACHED

#: scale of the half-normal prior of the spread of true ratios
SPREAD = 0.3

_SPREADS = np.linspace(0.01, 1.2, 40)
_RATIOS = np.geomspace(0.02, 20, 400)
_DRAWS = 20_000


def expected_steps(days: pd.Series, outcome: pd.Series, stratum: pd.Series) -> pd.Series:
    """The expected steps of each wait: the cumulative hazard of its stratum over the days it lasted (Nelson-Aalen).

    Within a stratum they add up to the observed steps.
    """
    steps = pd.Series(0.0, index=days.index)
    for _, inside in days.groupby(stratum):
        event_days = np.sort(inside[outcome[inside.index] == REACHED].to_numpy())
        at, events = np.unique(event_days, return_counts=True)
        at_risk = len(inside) - np.searchsorted(np.sort(inside.to_numpy()), at, side="left")
        hazard = np.concatenate([[0.0], np.cumsum(events / at_risk)])
        steps[inside.index] = hazard[np.searchsorted(at, inside.to_numpy(), side="right")]
    return steps


def compare_groups(waits: pd.DataFrame, by: str = "csm") -> pd.DataFrame:
    """Observed steps of each group (by default of each CSM) divided by expected ones, adjusted for case mix and shrunk.

    by: the column of the groups. waits: that column, stratum (what the pace may depend on, such as step and size),
    days, outcome (`survival`).
    The steps of a group are Poisson with mean expected x ratio, the ratios Gamma with mean 1 (Clayton, Kaldor 1987);
    their spread is integrated out over a grid, because a point estimate from few groups is often 0, which would make
    all groups equal. Columns: `by`, waits, reached, expected, ratio, low, high (95 %), verdict (`above` or `below`
    where the interval excludes 1, else `alike`). Sorted by ratio, descending.
    """
    rated = waits.assign(
        reached=waits["outcome"] == REACHED,
        expected=expected_steps(waits["days"], waits["outcome"], waits["stratum"]),
    )
    groups = rated.groupby(by).agg(
        waits=("days", "size"), reached=("reached", "sum"), expected=("expected", "sum")
    )
    groups = shrunk_ratios(groups[groups["expected"] > 0].reset_index()).drop(columns="doubt")
    return groups.sort_values(["ratio", by], ascending=[False, True], ignore_index=True)


def shrunk_ratios(groups: pd.DataFrame) -> pd.DataFrame:
    """The groups with their ratios of observed to expected numbers, as `compare_groups` shrinks them.

    groups: reached (observed), expected (above 0). Adds ratio, low, high, verdict, and doubt: twice the probability that the
    ratio lies on the other side of 1, by which several comparisons can be corrected as by a two-sided p.
    """
    if groups.empty:
        return groups.assign(ratio=0.0, low=0.0, high=0.0, doubt=0.0, verdict="")
    steps, due = groups["reached"].to_numpy()[:, None], groups["expected"].to_numpy()[:, None]
    shape = 1 / _SPREADS[None, :] ** 2
    likely = stats.nbinom.logpmf(steps, shape, shape / (shape + due)).sum(axis=0)
    likely += stats.halfnorm.logpdf(_SPREADS, scale=SPREAD)
    weight = np.exp(likely - likely.max())
    weight /= weight.sum()
    # the posterior of a ratio is a mixture of Gammas, one per spread; gammainc is their distribution function
    below = np.array(
        [
            gammainc(n + shape, _RATIOS[:, None] * (e + shape)) @ weight
            for n, e in zip(steps[:, 0], due[:, 0], strict=True)
        ]
    )
    low, high = ([float(np.interp(q, row, _RATIOS)) for row in below] for q in (0.025, 0.975))
    under_one = np.array([np.interp(1.0, _RATIOS, row) for row in below])
    rated = groups.assign(
        ratio=((steps + shape) / (due + shape)) @ weight,
        low=low,
        high=high,
        doubt=2 * np.minimum(under_one, 1 - under_one),
    )
    return rated.assign(verdict=np.select([rated["low"] > 1, rated["high"] < 1], ["above", "below"], "alike"))


def compare_shares(customers: pd.DataFrame, by: str = "csm") -> pd.DataFrame:
    """Whether something holds of more or fewer of a group's customers than of others in the same strata.

    by: the column of the groups. customers: that column, stratum (what it may depend on, such as size), holds (bool).
    If the group made no difference, its number within a stratum would be hypergeometric; the p-value is that of the
    sum over the strata, exact and two-sided (all sums at most as likely; with one stratum it is Fisher's).
    Columns: `by`, customers, reached (of whom it holds), expected, share, low, high (Wilson, 95 %), p, verdict
    (`above` or `below` what is expected by Benjamini-Hochberg over the groups, else `alike`). Sorted by p.
    """
    strata = customers.groupby("stratum")["holds"].agg(["size", "sum"])
    rows = []
    for group, inside in customers.groupby(by):
        chances, expected = np.ones(1), 0.0
        for stratum, n in inside["stratum"].value_counts().items():
            of, holding = (int(strata.at[stratum, column]) for column in ("size", "sum"))
            chances = np.convolve(chances, stats.hypergeom.pmf(np.arange(n + 1), of, holding, n))
            expected += n * holding / of
        count, n = int(inside["holds"].sum()), len(inside)
        p = float(min(1.0, chances[chances <= chances[count] * (1 + 1e-7)].sum()))
        low, high = wilson(count, n)
        rows.append(
            {
                by: group, "customers": n, "reached": count, "expected": expected, "share": count / n, "low": low,
                "high": high, "p": p,
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    differs = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    side = np.where(table["reached"] > table["expected"], "above", "below")
    table["verdict"] = np.where(differs, side, "alike")
    return table.sort_values(["p", by], ignore_index=True)


def chance_of_best(comparison: pd.DataFrame) -> float:
    """The probability that the best group would look this good if all groups were alike.

    comparison: the table of `compare_groups`. Simulated with Poisson steps around the expected ones.
    """
    due = comparison["expected"].to_numpy()
    rng = np.random.default_rng(0)
    steps = rng.poisson(due, (_DRAWS, len(due)))
    best = ((comparison["reached"] - due) / np.sqrt(due)).max()
    highest = ((steps - due) / np.sqrt(due)).max(axis=1)
    # steps are integers, so ties are common: half of them count
    return float((highest > best + 1e-9).mean() + (np.abs(highest - best) <= 1e-9).mean() / 2)
