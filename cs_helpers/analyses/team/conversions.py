"""Steps taken by the customers of each CSM against what is expected of comparable customers, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.customer_journey.in_charge import step_and_size
from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Verdict
from cs_helpers.statistics.case_mix import expected_steps, shrunk_ratios
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import REACHED

#: the step of a row over all steps
ALL = "all"

#: draws of how far CSMs would differ by chance
_DRAWS = 1_000

COLUMNS = (
    "csm", "step", "customers", "waits", "reached", "expected", "ratio", "low", "high", "verdict",
)  # fmt: skip


def rated(waits: pd.DataFrame) -> pd.DataFrame:
    """The waits with `arrived` (whether the step was reached) and `expected` (steps, by its stratum of step and size).

    waits: step, size, days, outcome (`survival`). Within a stratum the expected steps add up to those reached.
    """
    return waits.assign(
        arrived=waits["outcome"] == REACHED,
        expected=expected_steps(waits["days"], waits["outcome"], step_and_size(waits)),
    )


def conversion_table(waits: pd.DataFrame) -> pd.DataFrame:
    """Steps reached by the customers of each CSM against expected ones, over all steps (`all`) and by step.

    waits: the table of `rated`, with csm and account_id, in the order of steps. Columns: csm, step, customers (who
    waited), waits, reached, expected, ratio (shrunk, as `case_mix.compare_groups`; above 1: more or sooner than
    comparable customers), low, high (95 %), verdict (`above`, `below`, `alike`). With CSMs times steps compared at once
    some intervals leave out 1 by chance, so a verdict asks for more: Benjamini-Hochberg over all rows by step, and over
    all CSMs for the rows of all steps. Sorted by csm, `all` first: the order of rows must not rank people.
    """
    whole = _compared(waits).assign(step=ALL)
    parts = [_compared(inside).assign(step=step) for step, inside in waits.groupby("step", sort=False)]
    by_step = pd.concat(parts, ignore_index=True)
    table = pd.concat([_corrected(whole), _corrected(by_step)], ignore_index=True)
    return table.sort_values("csm", kind="stable", ignore_index=True)[list(COLUMNS)]


def _compared(waits: pd.DataFrame) -> pd.DataFrame:
    groups = waits.groupby("csm").agg(
        customers=("account_id", "nunique"),
        waits=("days", "size"),
        reached=("arrived", "sum"),
        expected=("expected", "sum"),
    )
    return shrunk_ratios(groups[groups["expected"] > 0].reset_index())


def _corrected(table: pd.DataFrame) -> pd.DataFrame:
    differs = benjamini_hochberg(table["doubt"].tolist(), q=FALSE_DISCOVERY)
    side = np.where(table["ratio"] > 1, "above", "below")
    return table.assign(verdict=np.where(differs, side, "alike"))


def spread_table(waits: pd.DataFrame) -> pd.DataFrame:
    """How far the CSMs differ at all, by step and over all of them (`all`), against what chance alone gives.

    waits: the table of `rated`, with account_id, csm, size. Columns: step, csms, reached, distance (between the steps
    that customers of a CSM took and those expected: root of the mean square, as a share of that of the expected ones),
    chance and chance_high (median and 95 % point of that distance when customers of the same size fall to CSMs at
    random), p (of that permutation), verdict (`apart` by Benjamini-Hochberg over the rows, else `alike`). Steps that nobody
    took yet, or for which customers of fewer than `MIN_PEOPLE` CSMs waited, are left out.
    """
    rows = [_spread(ALL, waits)]
    rows += [
        _spread(str(step), inside)
        for step, inside in waits.groupby("step", sort=False)
        if inside["arrived"].any() and inside["csm"].nunique() >= MIN_PEOPLE
    ]
    table = pd.DataFrame(rows)
    differs = benjamini_hochberg(table["p"].tolist(), q=FALSE_DISCOVERY)
    return table.assign(verdict=np.where(differs, "apart", "alike"))


def _spread(step: str, waits: pd.DataFrame) -> dict[str, object]:
    """A row of `spread_table`; a customer's waits stay together, as they are more alike than those of several."""
    units = waits.assign(size=waits["size"].astype("str")).groupby(["size", "account_id", "csm"], sort=True)
    counts = units.agg(arrived=("arrived", "sum"), expected=("expected", "sum")).reset_index()
    csm, csms = pd.factorize(counts["csm"])
    excess = (counts["arrived"] - counts["expected"]).to_numpy(float)
    expected = counts["expected"].to_numpy(float)

    def distance(labels: np.ndarray) -> float:
        of_csm, due = (np.bincount(labels, values, len(csms)) for values in (excess, expected))
        return float(np.sqrt((of_csm**2).sum() / (due**2).sum()))

    rng = np.random.default_rng(0)
    sizes = [np.flatnonzero(counts["size"] == size) for size in counts["size"].unique()]
    by_chance = np.empty(_DRAWS)
    for draw in range(_DRAWS):
        labels = csm.copy()
        for inside in sizes:
            labels[inside] = rng.permutation(csm[inside])
        by_chance[draw] = distance(labels)
    observed = distance(csm)
    return {
        "step": step, "csms": len(csms), "reached": int(waits["arrived"].sum()), "distance": observed,
        "chance": float(np.median(by_chance)), "chance_high": float(np.quantile(by_chance, 0.95)),
        "p": float((1 + (by_chance >= observed - 1e-9).sum()) / (1 + _DRAWS)),
    }  # fmt: skip


def spread_verdict(table: pd.DataFrame) -> Verdict:
    """Where CSMs differ at all: `apart` (steps), `whole` (over all steps only), or `alike` (rows: steps compared, csms)."""
    apart = table[table["verdict"] == "apart"]
    by_step = tuple(apart.loc[apart["step"] != ALL, "step"])
    if by_step:
        return Verdict("apart", {"steps": by_step})
    fields = {"rows": int((table["step"] != ALL).sum()), "csms": int(table["csms"].max())}
    return Verdict("whole" if len(apart) else "alike", fields)
