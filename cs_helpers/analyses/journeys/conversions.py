"""Conversion of each step by company size, time to value, and new customers compared with earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.customer_journey.waits import MIN_CUSTOMERS, wait_times
from cs_helpers.customers.segments import mask_unknown
from cs_helpers.result import Metric, Note, Verdict
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, Conversion, log_rank

#: the days since the start for which the share with value is reported
AGES = (30, 90, 180, 365)

#: the one of them in the headline
HALF_YEAR = 180

#: the ages at which new customers are compared with earlier ones: the largest that enough of them have reached
COHORT_AGES = (90, 60, 30)


def conversion_by_size(
    waits: pd.DataFrame, steps: Sequence[str], sizes: Sequence[str], window: float
) -> pd.DataFrame:
    """The conversion of each step within the window, for all customers and by size.

    waits: step, size, days, outcome (`survival`). Columns: size, before, step, n, reached, left, waiting, share, low,
    high (within the window), so_far (the share at the end of the window or the last day it is known for), median,
    median_low, median_high (days), half (`reached`: the median is known; `not_reached`; `nobody`: no waits).
    """
    rows = []
    waits_of_step = dict(list(waits.groupby("step")))
    for name in sizes:
        for before, step in pairwise(steps):
            inside = waits_of_step.get(step, waits.iloc[:0])
            if name != "all":
                inside = inside[inside["size"] == name]
            rows.append({"size": name, "before": before, "step": step, **_step_conversion(inside, window)})
    return pd.DataFrame(rows)


def _step_conversion(waits: pd.DataFrame, window: float) -> dict[str, object]:
    conversion = Conversion(waits["days"], waits["outcome"])
    share, low, high = conversion.share_within(window)
    median, median_low, median_high = conversion.median()
    outcomes = np.bincount(waits["outcome"], minlength=3)
    return {
        "n": len(waits),
        "reached": int(outcomes[REACHED]),
        "left": int(outcomes[LEFT]),
        "waiting": int(outcomes[CENSORED]),
        "share": share,
        "low": low,
        "high": high,
        "so_far": conversion.share_within(min(window, conversion.known_until))[0],
        "median": median,
        "median_low": median_low,
        "median_high": median_high,
        "half": "reached" if median == median else "not_reached" if len(waits) else "nobody",
    }


def size_differences(waits: pd.DataFrame, steps: Sequence[str]) -> pd.DataFrame:
    """Whether company sizes differ in each step.

    Columns: step, p (log-rank over the sizes with five customers or more), differs (Benjamini-Hochberg).
    """
    rows = []
    for step in steps[1:]:
        inside = waits[(waits["step"] == step) & mask_unknown(waits["size"]).notna()]
        enough = inside[inside["size"].map(inside["size"].value_counts()) >= MIN_CUSTOMERS]
        _, p = log_rank(enough["days"].clip(lower=0.5), enough["outcome"] == REACHED, enough["size"])
        rows.append({"step": step, "p": p})
    table = pd.DataFrame(rows, columns=["step", "p"])
    return table.assign(differs=benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY))


def stall_verdict(steps: pd.DataFrame, differences: pd.DataFrame) -> Verdict:
    """The step at which one company size falls furthest behind another, by the gap between their intervals.

    steps, differences: the tables of `conversion_by_size` and `size_differences`. `stall` (step, size, share, other,
    other_share), `alike`, or `few`: no step with the shares of two sizes of five customers or more.
    """
    sizes = ~steps["size"].isin(["all", UNKNOWN])
    known = steps[sizes & (steps["n"] >= MIN_CUSTOMERS) & steps["share"].notna()]
    if not (known["step"].value_counts() >= 2).any():
        return Verdict("few")
    largest_gap, fields = 0.0, {}
    for step, inside in known[known["step"].isin(differences.loc[differences["differs"], "step"])].groupby(
        "step", sort=False
    ):
        low, high = inside.loc[inside["share"].idxmin()], inside.loc[inside["share"].idxmax()]
        # the log-rank test may find a difference in pace only, without a gap in the shares
        gap = float(high["low"] - low["high"])
        if gap > largest_gap:
            largest_gap, fields = gap, {
                "step": step, "size": low["size"], "share": float(low["share"]),
                "other": high["size"], "other_share": float(high["share"]),
            }  # fmt: skip
    return Verdict("stall", fields) if fields else Verdict("alike")


def hardest_step(steps: pd.DataFrame, window: float) -> Verdict:
    """The step with the smallest conversion within the window, over all customers.

    steps: the table of `conversion_by_size`. `message` (step, share, low, high, n), `few`: no step with five
    customers; `early` (window): a step whose share is not known yet may have the smallest.
    """
    overall = steps[(steps["size"] == "all") & (steps["n"] >= MIN_CUSTOMERS)]
    if overall.empty:
        return Verdict("few")
    known, unknown = overall[overall["share"].notna()], overall[overall["share"].isna()]
    if known.empty or unknown["so_far"].min() < known["share"].min():
        return Verdict("early", {"window": window})
    smallest = known.loc[known["share"].idxmin()]
    shares = {c: float(smallest[c]) for c in ("share", "low", "high")}
    return Verdict("message", {"step": smallest["step"], **shares, "n": int(smallest["n"])})


def value_tables(
    days: pd.Series, outcome: pd.Series, sizes: Mapping[str, pd.Series]
) -> dict[str, pd.DataFrame]:
    """The tables `value_curve` and `ages` of customers with value, for all and by size.

    days, outcome: from the start to value (`survival`); sizes: size -> whether each customer is of it. Columns of
    `value_curve`: those of `survival.incidence`, until (the last known day; infinite: nobody waits any more), size; of
    `ages`: age (days), share, low, high, at_risk (observed at that age and still waiting after it), size, n.
    """
    curves, ages = [], []
    for name, inside in {"all": pd.Series(True, index=days.index), **sizes}.items():
        conversion = Conversion(days[inside], outcome[inside])
        curves.append(conversion.curve.assign(until=conversion.known_until, size=name))
        rows = [(age, *conversion.share_within(age), conversion.at_risk_after(age)) for age in AGES]
        table = pd.DataFrame(rows, columns=["age", "share", "low", "high", "at_risk"])
        ages.append(table.assign(size=name, n=int(inside.sum())))
    return {
        "value_curve": pd.concat([c for c in curves if len(c)], ignore_index=True),
        "ages": pd.concat(ages, ignore_index=True),
    }


def value_metrics(conversion: Conversion) -> dict[str, Metric]:
    """The metrics `days_to_value` (the median) and `value_within_180_days`, each None where not known."""
    n = len(conversion.days)
    return {
        name: Metric(name, value, unit, n, low, high)
        for name, unit, (value, low, high) in (
            ("days_to_value", "days", _without_nan(conversion.median())),
            ("value_within_180_days", "share", _without_nan(conversion.share_within(HALF_YEAR))),
        )
    }


def _without_nan(values: tuple[float, float, float]) -> list[float | None]:
    return [None if v != v else v for v in values]


def time_to_value(conversion: Conversion) -> Verdict:
    """The median time to value: `message` (with its interval), `median` (without), `not_reached`.

    Fields: days, low, high, share (within 180 days). The code ends with `_early` where the share is not known yet.
    """
    days, low, high = conversion.median()
    share = conversion.share_within(HALF_YEAR)[0]
    code = "not_reached" if days != days else "median" if np.isnan([low, high]).any() else "message"
    early = "_early" if share != share else ""
    return Verdict(code + early, {"days": days, "low": low, "high": high, "share": share})


def unknown_share_notes(
    steps: pd.DataFrame, value: Conversion | None, observed_days: float, window: float
) -> list[Note]:
    """Notes on shares that are not known, because customers have not been observed long enough.

    observed_days: of the customer observed longest; steps: the table of `conversion_by_size`.
    """
    unknown_steps = steps.loc[(steps["n"] > 0) & steps["share"].isna(), "step"].unique()
    notes = []
    if len(unknown_steps):
        notes.append(Note("window_open", "steps", {"steps": tuple(unknown_steps), "window": window}))
    if value is not None and np.isnan(value.share_within(HALF_YEAR)[0]):
        until = int(min(observed_days, value.known_until))
        notes.append(Note("not_watched", "value_within_180_days", {"asked": HALF_YEAR, "days": until}))
    return notes


def compare_cohort(
    reached: pd.DataFrame, is_new: pd.Series, steps: Sequence[str], end: pd.Timestamp
) -> pd.DataFrame | None:
    """New customers of the quarter compared with earlier ones at the same age; None where either are too few.

    reached: the table of `milestone_times`; is_new: whether each entered in the quarter. Columns: step, age, n, share,
    low, high (of new customers within that age since entry; with the suffix `_before` of earlier ones), p (log-rank up
    to that age), verdict: `faster` or `slower` (significant by Benjamini-Hochberg over the steps, with pace and share
    in the same direction), `alike`, or `unknown` where one of the shares is not known.
    """
    observed_days = (end - reached.loc[is_new, steps[0]]) / pd.Timedelta(days=1)
    ages = [age for age in COHORT_AGES if (observed_days >= age).sum() >= MIN_CUSTOMERS]
    if not ages or (~is_new).sum() < MIN_CUSTOMERS:
        return None
    age, rows = ages[0], []
    for step in steps[1:]:
        days, outcome = wait_times(reached, steps[0], step, end)
        outcome = outcome.where(days <= age, CENSORED)
        days = days.clip(upper=age)
        new_share, earlier_share = (
            Conversion(days[selected], outcome[selected]).share_within(age) for selected in (is_new, ~is_new)
        )
        _, p = log_rank(days.clip(lower=0.5), outcome == REACHED, is_new)
        is_known = not np.isnan([new_share[0], earlier_share[0]]).any()
        pace = _pace(days[is_new], outcome[is_new]) - _pace(days[~is_new], outcome[~is_new])
        rows.append(
            {
                "step": step,
                "age": age,
                "n": int(is_new.sum()),
                **dict(zip(("share", "low", "high"), new_share, strict=True)),
                "n_before": int((~is_new).sum()),
                **dict(zip(("share_before", "low_before", "high_before"), earlier_share, strict=True)),
                "p": p if is_known else np.nan,
                "verdict": _verdict(pace, new_share[0] - earlier_share[0]),
            }
        )
    table = pd.DataFrame(rows)
    significant = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    verdict = table["verdict"].where(significant | (table["verdict"] == "unknown"), "alike")
    return table.assign(verdict=verdict)


def _verdict(pace: float, share_gap: float) -> str:
    if np.isnan(share_gap):
        return "unknown"
    if pace > 0 and share_gap >= 0:
        return "faster"
    return "slower" if pace < 0 and share_gap <= 0 else "alike"


def _pace(days: pd.Series, outcome: pd.Series) -> float:
    """The number that reached the step per day waited."""
    return float((outcome == REACHED).sum() / max(days.sum(), 0.5))
