"""What is normal for each watched number: its last day, week or month, the quarter, and new customers, in one row each."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.baselines.scan import Scan, is_closed, last_day, never_varies, summed_over, unit_of
from cs_helpers.analyses.baselines.silence import ALARMS
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.watched import WatchedSeries
from cs_helpers.result import Verdict

LAST = ("day", "ends_on", "value", "usual", "low", "high", "n", "basis", "verdict")


def normal_table(
    scan: Scan, years: pd.DataFrame, first_months: pd.DataFrame, quarter: Quarter
) -> pd.DataFrame:
    """One row for each watched number, of all customers and of each segment.

    years: of `compare_years`; first_months: of `compare_first_months`. Columns: series, baseline, segment, every, summed_over, unit; of the last
    known day, week or month of the quarter (`LAST`): day (its first), ends_on, value, usual, low, high (95 %), n (past
    periods behind it), basis, and verdict: `more`, `fewer`, `more_from_none` (worth an alert), `above`, `below` (outside of
    the interval, as one in twenty is), `usual`, `short` (an interval, but too little history for a verdict), `closed`, `closed_week` (not
    compared), `constant`, `no_spread` (it hardly varied), `little` (too little for an interval), `silent` (nothing any more, though the log goes on);
    those of `years` and, of all customers, of `first_months`. Rows with an alert come first.
    """
    silent = {n.fields["baseline"]: n.fields["since"] for n in scan.notes if n.code in ALARMS}
    odd = set()
    if "series" in scan.tables:
        called = scan.tables["series"][lambda t: t["odd"]]
        odd = set(zip(called["series"], called["day"], strict=True))
    rows = []
    for watched in scan.watched:
        row = _last(watched, scan, quarter, odd)
        if watched.segment == "all" and watched.baseline.name in silent:
            row |= {"verdict": "silent", "day": pd.Timestamp(silent[watched.baseline.name])}
        rows.append(
            {"series": watched.key, "baseline": watched.baseline.id, "segment": watched.segment,
             "every": watched.baseline.every, "summed_over": summed_over(watched.baseline),
             "unit": unit_of(watched.baseline), **row}
        )  # fmt: skip
    table = pd.DataFrame(
        rows, columns=["series", "baseline", "segment", "every", "summed_over", "unit", *LAST]
    )
    table = table.merge(years, left_on="series", right_index=True, how="left")
    of_all = first_months.assign(series=first_months["baseline"]).drop(columns="baseline")
    table = table.merge(of_all, on="series", how="left")
    departed = scan.tables["departures"]["series"] if "departures" in scan.tables else ()
    calls = table["series"].isin(departed) | table["year_verdict"].isin(("more", "fewer"))
    return table.iloc[np.argsort(~calls, kind="stable")].reset_index(drop=True)


def normal_verdict(table: pd.DataFrame) -> Verdict:
    """Whether the last day, week or month of each number is `all_usual`, or how many are not: `some_odd`; `none_judged`."""
    whole = table[table["segment"] == "all"]
    judged = whole["verdict"].isin(("more", "fewer", "more_from_none", "above", "below", "usual"))
    odd = whole["verdict"].isin(("more", "fewer", "more_from_none", "silent"))
    if odd.any():
        return Verdict("some_odd", {"odd": int(odd.sum()), "of": len(whole)})
    return Verdict(
        "all_usual" if judged.any() else "none_judged", {"of": len(whole), "judged": int(judged.sum())}
    )


def _last(
    watched: WatchedSeries, scan: Scan, quarter: Quarter, odd: set[tuple[str, pd.Timestamp]]
) -> dict[str, object]:
    """The last known day, week or month of the quarter, and the verdict on it."""
    every = watched.baseline.every
    inside = watched.values[watched.values.index >= pd.Timestamp(quarter.start)].dropna()
    empty: dict[str, object] = dict.fromkeys(LAST, np.nan) | {"n": 0, "basis": "none"}
    if inside.empty:
        return empty | {"day": pd.NaT, "ends_on": pd.NaT, "verdict": "little"}
    day, value = inside.index[-1], float(inside.iloc[-1])
    row = empty | {"day": day, "ends_on": last_day(day, every), "value": value}
    if watched.key in scan.constant:
        before = watched.values[watched.values.index < pd.Timestamp(quarter.start)].dropna()
        return row | {"usual": float(before.iloc[-1]), "n": len(before), "verdict": "constant"}
    level = scan.levels[watched.key].loc[day]
    row |= {name: level[name] for name in ("usual", "low", "high", "n", "basis")}
    if never_varies(scan.levels[watched.key]).loc[day]:
        return row | {"verdict": "no_spread"}
    if is_closed(scan.levels[watched.key]).loc[day] and np.isnan(level["p"]):
        return row | {"verdict": "closed_week" if every == "week" else "closed"}
    return row | {"verdict": _code(level, is_odd=(watched.key, day) in odd)}


def _code(level: pd.Series, *, is_odd: bool) -> str:
    value, usual, low, high = (float(level[name]) for name in ("value", "usual", "low", "high"))
    if np.isnan(low) or np.isnan(high):
        return "little"
    if np.isnan(level["p"]):
        return "short"
    if is_odd:
        return ("more" if usual > 0 else "more_from_none") if value > usual else "fewer"
    return "above" if value > high else "below" if value < low else "usual"
