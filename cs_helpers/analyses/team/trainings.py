"""Trainings: who completed them, and at what rate customers reach their step after the CSM has, against before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.statistics.exposed_rates import exposed_rate
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import REACHED

#: persons of whom numbers may be told without telling of one of them
MIN_PEOPLE = 3
#: steps reached with, and without, the training that a comparison needs
MIN_REACHED = 5
#: of those who reach a step, the share by whose days the window of a comparison ends
_WINDOW_SHARE = 0.9
#: of a wait, by the days at which customers reach the step: at most so many parts, of at least so many steps each
_MAX_PARTS, _STEPS_A_PART = 6, 8

_DAY = pd.Timedelta(days=1)

EFFECT_COLUMNS = (
    "training", "step", "trained", "customers", "reached", "other_customers", "other_reached", "ratio", "low", "high",
    "p", "verdict",
)  # fmt: skip


def known_records(records: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The records as known before `end`, one a person and training: the first that was assigned, the first that was completed."""
    rows = records[records["assigned_on"] < end]
    rows = rows.assign(completed_on=rows["completed_on"].where(rows["completed_on"] < end))
    return rows.groupby(["training", "person"], as_index=False)[["assigned_on", "completed_on"]].min()


def effect_table(
    waits: pd.DataFrame, records: pd.DataFrame, steps: dict[str, str], window: float
) -> pd.DataFrame:
    """What completed trainings go with: the rate of their step after the completion of the CSM in charge against without it.

    waits: csm, account_id, step, size, began, days, outcome (`survival`). records: `known_records`. steps: training ->
    its step. Only the days of a wait within which nine in ten of those who reach the step reach it count, and at most
    `window`: most who wait longer never come, with the training or without it, and would hide a difference. A wait is with the training from the day after its CSM
    completed it. The ratio is within CSMs, half-years, sizes and the days waited so far (`exposed_rates`), so that a CSM who
    was strong before, or a trend that all have, is no effect. Columns: training, step, trained (CSMs with customers who
    waited for the step after completion), customers and reached (with the training), other_customers and other_reached
    (before it, or without it), ratio, low, high (95 %), p, verdict (`faster`, `slower`, `cannot_be_told`, by
    Benjamini-Hochberg over the trainings; `too_few`). In the order of the product file.
    """
    rows = []
    for training, step in steps.items():
        inside = waits[waits["step"] == step]
        completed = records[records["training"] == training].set_index("person")["completed_on"]
        rows.append({"training": training, "step": step, **_effect(inside, completed, window)})
    table = pd.DataFrame(rows)
    differs = benjamini_hochberg(table["p"].tolist(), q=FALSE_DISCOVERY)
    side = np.where(table["ratio"] > 1, "faster", "slower")
    verdict = np.where(table["p"].isna(), "too_few", np.where(differs, side, "cannot_be_told"))
    return table.assign(verdict=verdict)[list(EFFECT_COLUMNS)]


def _effect(waits: pd.DataFrame, completed: pd.Series, window: float) -> dict[str, object]:
    known = waits.loc[waits["outcome"] == REACHED, "days"]
    window = min(window, max(known.quantile(_WINDOW_SHARE), 0.5)) if len(known) else window
    days = np.clip(waits["days"].to_numpy(float), 0.5, window)
    reached = ((waits["outcome"] == REACHED) & (waits["days"] <= window)).to_numpy()
    trained_on = waits["csm"].map(completed) + _DAY
    until = ((trained_on - waits["began"]) / _DAY).fillna(np.inf).to_numpy(float)
    after, before = until < days, until > 0
    group = pd.factorize(waits["csm"])[0]
    is_late = reached & after
    counts = {
        "trained": int(waits.loc[after, "csm"].nunique()),
        "customers": int(waits.loc[after, "account_id"].nunique()),
        "reached": int(is_late.sum()),
        "other_customers": int(waits.loc[before, "account_id"].nunique()),
        "other_reached": int((reached & ~after).sum()),
    }
    nothing = {"ratio": np.nan, "low": np.nan, "high": np.nan, "p": np.nan}
    if counts["trained"] < MIN_PEOPLE or min(counts["reached"], counts["other_reached"]) < MIN_REACHED:
        return {**counts, **nothing}
    cells = _cells(waits, days, reached, np.clip(until, 0, None), group)
    found = exposed_rate(*cells)
    if found.both < MIN_PEOPLE:
        return {**counts, **nothing}
    return {**counts, "ratio": found.ratio, "low": found.low, "high": found.high, "p": found.p}


def _cells(
    waits: pd.DataFrame, days: np.ndarray, reached: np.ndarray, until: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, list[np.ndarray]]:
    """The time at risk and steps of each CSM, size, half-year, part of the wait, and with or without the training.

    days: of each wait, at most the window; until: the days of the wait from which the training counts. The arguments of
    `exposed_rate`.
    """
    began = waits["began"]
    size = pd.factorize(waits["size"].astype("str"))[0]
    halves = _half_years(began.min(), (began + pd.to_timedelta(days, unit="D")).max())
    parts = _parts(days[reached])
    cells = []
    for half, (first, last) in enumerate(pairwise(halves)):
        from_day, to_day = (((day - began) / _DAY).to_numpy(float) for day in (first, last))
        for part, (youngest, oldest) in enumerate(pairwise(parts)):
            low, high = np.maximum(from_day, youngest), np.minimum.reduce([to_day, np.full(len(days), oldest), days])
            for exposed in (False, True):
                start = np.maximum(low, until) if exposed else low
                stop = high if exposed else np.minimum(high, until)
                at_risk = stop > start
                cell = {
                    "group": group,
                    "half": half,
                    "part": part,
                    "size": size,
                    "exposed": exposed,
                    # time at risk ends with the step
                    "events": (reached & (stop == days)).astype(float),
                    "time": stop - start,
                }
                cells.append(pd.DataFrame(cell)[at_risk])
    keys = ["group", "half", "part", "size", "exposed"]
    summed = pd.concat(cells, ignore_index=True).groupby(keys)[["events", "time"]].sum().reset_index()
    values = {name: summed[name].to_numpy() for name in summed}
    return (
        *(values[name] for name in ("events", "time", "exposed", "group")),
        [values[name] for name in ("half", "part", "size")],
    )


def _half_years(first: pd.Timestamp, last: pd.Timestamp) -> list[pd.Timestamp]:
    """The first days of the half-years from one day to the one after another."""
    start = pd.Timestamp(first.year, 1 if first.month < 7 else 7, 1)
    number = (last.year - start.year) * 2 + (last.month > 6) - (start.month > 6) + 1
    return [start + pd.DateOffset(months=6 * n) for n in range(number + 1)]


def _parts(event_days: np.ndarray) -> list[float]:
    """The bounds of the parts of a wait, with about as many steps in each."""
    count = int(np.clip(len(event_days) // _STEPS_A_PART, 1, _MAX_PARTS))
    inner = np.unique(np.quantile(event_days, np.linspace(0, 1, count + 1)[1:-1]))
    return [0.0, *inner[inner > 0], np.inf]
