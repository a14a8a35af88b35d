"""How many convert, and how fast: each step by size, value, and new customers against earlier ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.vocabulary import UNKNOWN
from cs_helpers.customers.segments import mask_unknown
from cs_helpers.journey.waits import MIN_CUSTOMERS, wait_times
from cs_helpers.result import Metric, Note, Verdict
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, Conversion, log_rank

#: days since the start by which the share with value is told
AGES = (30, 90, 180, 365)

#: the one of them that the headline tells
HALF_YEAR = 180

#: ages at which new customers can be held against earlier ones: the largest that enough have come to
COHORT_AGES = (90, 60, 30)


def by_size(waits: pd.DataFrame, steps: Sequence[str], sizes: Sequence[str], window: float) -> pd.DataFrame:
    """Conversion of each step within the window, of all and of each size.

    waits: step, size, days, outcome (`survival`). Columns: size, before, step, n, reached, left, waiting,
    share, low, high (within the window), so_far (by its end, or by the last day of which a share is known), median,
    median_low, median_high (days), half (`reached`: the median is known; `not_reached`; `nobody` came so far).
    """
    rows = []
    of_step = dict(list(waits.groupby("step")))
    for name in sizes:
        for before, step in pairwise(steps):
            inside = of_step.get(step, waits.iloc[:0])
            if name != "all":
                inside = inside[inside["size"] == name]
            rows.append({"size": name, "before": before, "step": step, **_step(inside, window)})
    return pd.DataFrame(rows)


def _step(waits: pd.DataFrame, window: float) -> dict[str, object]:
    conversion = Conversion(waits["days"], waits["outcome"])
    share, low, high = conversion.share_within(window)
    median, median_low, median_high = conversion.median()
    ended = np.bincount(waits["outcome"], minlength=3)
    return {
        "n": len(waits),
        "reached": int(ended[REACHED]),
        "left": int(ended[LEFT]),
        "waiting": int(ended[CENSORED]),
        "share": share,
        "low": low,
        "high": high,
        "so_far": conversion.share_within(min(window, conversion.known_until))[0],
        "median": median,
        "median_low": median_low,
        "median_high": median_high,
        "half": "reached" if median == median else "not_reached" if len(waits) else "nobody",
    }


def differences(waits: pd.DataFrame, steps: Sequence[str]) -> pd.DataFrame:
    """Of each step, whether companies of different size take it alike.

    Columns: step, p (log-rank, sizes of five customers or more), differs (Benjamini-Hochberg).
    """
    rows = []
    for step in steps[1:]:
        inside = waits[(waits["step"] == step) & mask_unknown(waits["size"]).notna()]
        enough = inside[inside["size"].map(inside["size"].value_counts()) >= MIN_CUSTOMERS]
        _, p = log_rank(enough["days"].clip(lower=0.5), enough["outcome"] == REACHED, enough["size"])
        rows.append({"step": step, "p": p})
    found = pd.DataFrame(rows, columns=["step", "p"])
    return found.assign(differs=benjamini_hochberg(found["p"].to_list(), q=FALSE_DISCOVERY))


def stall(steps: pd.DataFrame, differ: pd.DataFrame) -> Verdict:
    """Whether one size of companies stalls at a step: the widest gap between two intervals of a step that differs.

    steps, differ: as `by_size` and `differences` give them. `stall` (step, size, share, other, other_share),
    `alike`, or `few`: at no step is the share of two sizes known, of five customers each.
    """
    sizes = ~steps["size"].isin(["all", UNKNOWN])
    known = steps[sizes & (steps["n"] >= MIN_CUSTOMERS) & steps["share"].notna()]
    if not (known["step"].value_counts() >= 2).any():
        return Verdict("few")
    best, fields = 0.0, {}
    for step, inside in known[known["step"].isin(differ.loc[differ["differs"], "step"])].groupby(
        "step", sort=False
    ):
        low, high = inside.loc[inside["share"].idxmin()], inside.loc[inside["share"].idxmax()]
        gap = float(high["low"] - low["high"])  # the pace may differ, too: a stall is a matter of the share
        if gap > best:
            best, fields = gap, {
                "step": step, "size": low["size"], "share": float(low["share"]),
                "other": high["size"], "other_share": float(high["share"]),
            }  # fmt: skip
    return Verdict("stall", fields) if fields else Verdict("alike")


def hardest_step(steps: pd.DataFrame, window: float) -> Verdict:
    """The step that the smallest share takes within the window, of all customers.

    steps: as `by_size` gives them. `message` (step, share, low, high, n), `few`: no step of five customers;
    `early` (window): the smallest may be that of a step of which it is not known yet.
    """
    overall = steps[(steps["size"] == "all") & (steps["n"] >= MIN_CUSTOMERS)]
    if overall.empty:
        return Verdict("few")
    known, open_ = overall[overall["share"].notna()], overall[overall["share"].isna()]
    if known.empty or open_["so_far"].min() < known["share"].min():
        return Verdict("early", {"window": window})
    worst = known.loc[known["share"].idxmin()]
    shares = {c: float(worst[c]) for c in ("share", "low", "high")}
    return Verdict("message", {"step": worst["step"], **shares, "n": int(worst["n"])})


def value_tables(
    days: pd.Series, outcome: pd.Series, sizes: Mapping[str, pd.Series]
) -> dict[str, pd.DataFrame]:
    """`value_curve` and `ages` of customers with value, of all and of each size.

    days, outcome: from the start to value (`survival`); sizes: who is of each. Columns of `value_curve`:
    those of a curve, until (the last day of which it tells; infinite: nobody waits any more), size; of
    `ages`: age (days), share, low, high, at_risk (watched at that age and still waiting after it), size, n.
    """
    curves, ages = [], []
    for name, inside in {"all": pd.Series(True, index=days.index), **sizes}.items():
        one = Conversion(days[inside], outcome[inside])
        curves.append(one.curve.assign(until=one.known_until, size=name))
        rows = [(age, *one.share_within(age), one.at_risk_after(age)) for age in AGES]
        table = pd.DataFrame(rows, columns=["age", "share", "low", "high", "at_risk"])
        ages.append(table.assign(size=name, n=int(inside.sum())))
    return {
        "value_curve": pd.concat([c for c in curves if len(c)], ignore_index=True),
        "ages": pd.concat(ages, ignore_index=True),
    }


def value_metrics(conversion: Conversion) -> dict[str, Metric]:
    """`days_to_value`, the median, and `value_within_180_days`, each None where it is not known."""
    n = len(conversion.days)
    return {
        name: Metric(name, value, unit, n, low, high)
        for name, unit, (value, low, high) in (
            ("days_to_value", "days", _none(conversion.median())),
            ("value_within_180_days", "share", _none(conversion.share_within(HALF_YEAR))),
        )
    }


def _none(values: tuple[float, float, float]) -> list[float | None]:
    return [None if v != v else v for v in values]


def time_to_value(conversion: Conversion) -> Verdict:
    """How long half of the customers need for value: `message` (with interval), `median` (without), `not_reached`.

    Fields: days, low, high, share (within 180 days); with `_early` where that share is not known yet.
    """
    days, low, high = conversion.median()
    share = conversion.share_within(HALF_YEAR)[0]
    code = "not_reached" if days != days else "median" if np.isnan([low, high]).any() else "message"
    early = "_early" if share != share else ""
    return Verdict(code + early, {"days": days, "low": low, "high": high, "share": share})


def unwatched(steps: pd.DataFrame, value: Conversion | None, watched: float, window: float) -> list[Note]:
    """Which shares are not known, as customers have not been watched so long.

    watched: days that the first customer has been watched; steps: as `by_size` gives them.
    """
    open_ = steps.loc[(steps["n"] > 0) & steps["share"].isna(), "step"].unique()
    notes = []
    if len(open_):
        notes.append(Note("window_open", "steps", {"steps": tuple(open_), "window": window}))
    if value is not None and np.isnan(value.share_within(HALF_YEAR)[0]):
        until = int(min(watched, value.known_until))
        notes.append(Note("not_watched", "value_within_180_days", {"asked": HALF_YEAR, "days": until}))
    return notes


def cohort(
    reached: pd.DataFrame, new: pd.Series, steps: Sequence[str], end: pd.Timestamp
) -> pd.DataFrame | None:
    """The quarter's new customers against the earlier ones at the same age; `None` where one are too few.

    reached: a row a customer, with the time of each step and `left`; new: who entered in the quarter. Columns:
    step, age, then n, share, low, high of the new and, with `_before`, of the earlier ones within that age from
    the entry; p (log-rank up to that age), verdict: `faster` or `slower` where pace and share agree
    (Benjamini-Hochberg over the steps), `alike`; `unknown` where one of the shares is.
    """
    watched = (end - reached.loc[new, steps[0]]) / pd.Timedelta(days=1)
    ages = [age for age in COHORT_AGES if (watched >= age).sum() >= MIN_CUSTOMERS]
    if not ages or (~new).sum() < MIN_CUSTOMERS:
        return None
    age, rows = ages[0], []
    for step in steps[1:]:
        days, outcome = wait_times(reached, steps[0], step, end)
        outcome = outcome.where(days <= age, CENSORED)
        days = days.clip(upper=age)
        now, before = (Conversion(days[who], outcome[who]).share_within(age) for who in (new, ~new))
        _, p = log_rank(days.clip(lower=0.5), outcome == REACHED, new)
        known = not np.isnan([now[0], before[0]]).any()
        pace = _pace(days[new], outcome[new]) - _pace(days[~new], outcome[~new])
        rows.append(
            {
                "step": step,
                "age": age,
                "n": int(new.sum()),
                **dict(zip(("share", "low", "high"), now, strict=True)),
                "n_before": int((~new).sum()),
                **dict(zip(("share_before", "low_before", "high_before"), before, strict=True)),
                "p": p if known else np.nan,
                "verdict": _verdict(pace, now[0] - before[0]),
            }
        )
    table = pd.DataFrame(rows)
    sure = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    said = table["verdict"].where(sure | (table["verdict"] == "unknown"), "alike")
    return table.assign(verdict=said)


def _verdict(pace: float, more: float) -> str:
    if np.isnan(more):
        return "unknown"
    if pace > 0 and more >= 0:
        return "faster"
    return "slower" if pace < 0 and more <= 0 else "alike"


def _pace(days: pd.Series, outcome: pd.Series) -> float:
    """Who reached it, for each day that somebody waited."""
    return float((outcome == REACHED).sum() / max(days.sum(), 0.5))
