"""Trainings: who completed them, and at what rate customers reach their step after the CSM has, against before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Finding, Verdict
from cs_helpers.statistics.exposed_rates import exposed_rate
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import REACHED

#: steps reached with, and without, the training that a comparison needs
MIN_REACHED = 5
#: of those who reach a step, the share by whose days the window of a comparison ends
_WINDOW_SHARE = 0.9
#: of a wait, by the days at which customers reach the step: at most so many parts, of at least so many steps each
_MAX_PARTS, _STEPS_A_PART = 6, 8

_DAY = pd.Timedelta(days=1)

EFFECT_COLUMNS = (
    "training", "step", "trained", "customers", "reached", "days", "other_customers", "other_reached", "other_days",
    "ratio", "low", "high", "p", "verdict",
)  # fmt: skip


def known_records(records: pd.DataFrame, end: pd.Timestamp) -> pd.DataFrame:
    """The records as known before `end`, one a person and training: the first day of each that was assigned, and completed."""
    rows = records[records["assigned_on"] < end]
    rows = rows.assign(completed_on=rows["completed_on"].where(rows["completed_on"] < end))
    return rows.groupby(["training", "person"], as_index=False)[["assigned_on", "completed_on"]].min()


def completion_table(
    records: pd.DataFrame, steps: Mapping[str, str], members: Collection[str] | None
) -> pd.DataFrame:
    """How far each training has been taken.

    records: `known_records`; steps: training -> its step; members: of the team now, None where that is not known. Columns:
    training, step, assigned, completed, open (assigned to members, not completed), days (from the assignment to the
    completion, median; NaN where nobody completed it).
    """
    rows = []
    for training, step in steps.items():
        inside = records[records["training"] == training]
        done = inside["completed_on"].notna()
        is_open = ~done if members is None else ~done & inside["person"].isin(members)
        days = (inside["completed_on"] - inside["assigned_on"]) / _DAY
        rows.append(
            {
                "training": training,
                "step": step,
                "assigned": len(inside),
                "completed": int(done.sum()),
                "open": int(is_open.sum()),
                "days": float(days.median()),
            }
        )
    return pd.DataFrame(rows)


def person_table(records: pd.DataFrame, steps: Mapping[str, str]) -> pd.DataFrame:
    """Each person's trainings: person, training, step, assigned_on, completed_on, days. By person, then as in the product file."""
    order = {training: n for n, training in enumerate(steps)}
    rows = records.assign(
        step=records["training"].map(dict(steps)),
        days=(records["completed_on"] - records["assigned_on"]) / _DAY,
        order=records["training"].map(order),
    )
    rows = rows.sort_values(["person", "order"], ignore_index=True)
    return rows[["person", "training", "step", "assigned_on", "completed_on", "days"]]


def effect_table(
    waits: pd.DataFrame, records: pd.DataFrame, steps: Mapping[str, str], window: float
) -> pd.DataFrame:
    """What completed trainings go with: the rate of their step after the completion of the CSM in charge against without it.

    waits: csm, account_id, step, size, began, days, outcome (`survival`). records: `known_records`. steps: training ->
    its step. Only the days of a wait within which nine in ten of those who reach the step reach it count, and at most
    `window`: most who wait longer never come, with the training or without it, and would hide a difference. A wait is with the training from the day after its CSM
    completed it. The ratio is within CSMs, half-years, sizes and the days waited so far (`exposed_rates`), so that a CSM who
    was strong before, or a trend that all have, is no effect. Columns: training, step, trained (CSMs with customers who
    waited for the step after completion), customers and reached (with the training) and days (median of those who reached
    it), other_customers, other_reached and other_days (before it, or without it), ratio, low, high (95 %), p, verdict (`faster`, `slower`, `cannot_be_told`, by
    Benjamini-Hochberg over the trainings; `too_few`). Where fewer than
    `MIN_PEOPLE` CSMs are on either side, their customers are not counted: missing. In the order of the product file.
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
    trained_on = pd.Series(completed.reindex(waits["csm"]).to_numpy("datetime64[us]"), waits.index) + _DAY
    until = ((trained_on - waits["began"]) / _DAY).fillna(np.inf).to_numpy(float)
    after, before = until < days, until > 0
    group = pd.factorize(waits["csm"])[0]
    trained, others = (int(waits.loc[side, "csm"].nunique()) for side in (after, before))
    sides = {"": (after, reached & after), "other_": (before, reached & ~after)}
    found = {
        **{
            f"{side}customers": int(waits.loc[who, "account_id"].nunique())
            for side, (who, _) in sides.items()
        },
        **{f"{side}reached": int(steps.sum()) for side, (_, steps) in sides.items()},
        **{f"{side}days": float(waits.loc[steps, "days"].median()) for side, (_, steps) in sides.items()},
    }
    unknown = dict.fromkeys(("ratio", "low", "high", "p"), np.nan)
    if min(trained, others) < MIN_PEOPLE:
        return {"trained": trained, **dict.fromkeys(found, np.nan), **unknown}
    if min(found["reached"], found["other_reached"]) < MIN_REACHED:
        return {"trained": trained, **found, **unknown}
    rates = exposed_rate(*_cells(waits, days, reached, np.clip(until, 0, None), group))
    if rates.both >= MIN_PEOPLE:
        unknown = {"ratio": rates.ratio, "low": rates.low, "high": rates.high, "p": rates.p}
    return {"trained": trained, **found, **unknown}


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
            low, high = (
                np.maximum(from_day, youngest),
                np.minimum.reduce([to_day, np.full(len(days), oldest), days]),
            )
            for exposed in (False, True):
                start = np.maximum(low, until) if exposed else low
                stop = high if exposed else np.minimum(high, until)
                at_risk = stop > start
                steps = reached & (stop == days)  # time at risk ends with the step
                number = int(at_risk.sum())
                codes = (np.full(number, code) for code in (half, part, int(exposed)))
                cells.append(
                    np.column_stack(
                        [group[at_risk], size[at_risk], *codes, steps[at_risk], (stop - start)[at_risk]]
                    )
                )
    keys = ["group", "size", "half", "part", "exposed"]
    every = pd.DataFrame(np.concatenate(cells), columns=[*keys, "events", "time"]).astype(
        dict.fromkeys(keys, int)
    )
    summed = every.groupby(keys)[["events", "time"]].sum().reset_index()
    values = {name: summed[name].to_numpy() for name in summed}
    return (
        *(values[name] for name in ("events", "time", "exposed", "group")),
        [values[name] for name in ("half", "part", "size")],
    )


def effect_verdict(table: pd.DataFrame) -> Verdict:
    """The training that most surely goes with another rate: `faster` or `slower`, else `cannot_be_told` or `too_few`.

    Fields: training, step, days, other_days (medians of those who reached it), ratio, low, high, of `faster` and `slower`; rows (trainings compared), of `cannot_be_told`.
    """
    told = table[table["verdict"].isin(("faster", "slower"))]
    if told.empty:
        compared = int((table["verdict"] == "cannot_be_told").sum())
        return Verdict("cannot_be_told", {"rows": compared}) if compared else Verdict("too_few")
    row = told.loc[told["p"].idxmin()]
    fields = {"training": row["training"], "step": row["step"]}
    numbers = {c: float(row[c]) for c in ("days", "other_days", "ratio", "low", "high")}
    return Verdict(row["verdict"], fields | numbers)


def effect_findings(table: pd.DataFrame) -> tuple[Finding, ...]:
    """`training_faster` or `training_slower` of each training that goes with another rate."""
    return tuple(
        Finding(
            f"training_{row.verdict}", "training_effects", "better" if row.verdict == "faster" else "worse", "clear",
            int(row.reached + row.other_reached), compared_with="other_customers", size=float(row.ratio),
            low=float(row.low), high=float(row.high), size_unit="ratio", customers=int(row.customers),
            fields={"training": row.training, "step": row.step},
        )
        for row in table.itertuples()
        if row.verdict in ("faster", "slower")
    )  # fmt: skip


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
