"""Steps taken by the customers of each CSM against what is expected of comparable customers, step by step."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.customer_journey.in_charge import step_and_size
from cs_helpers.statistics.case_mix import expected_steps, shrunk_ratios
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import REACHED

#: the step of a row over all steps
ALL = "all"

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
