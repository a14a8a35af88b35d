"""All watched numbers of a product, each day, week and month of the quarter held against its usual level."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cs_helpers.analyses.baselines.silence import LOGS, coverage_notes, is_unknown
from cs_helpers.contract.baselines import Alerts, Baseline, Every
from cs_helpers.contract.product_parts import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.measures import covered_period
from cs_helpers.customers.watched import WatchedSeries, watched_series
from cs_helpers.customers.working_days import closed_days
from cs_helpers.result import Metric, Note, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.alert_budget import alerts, weekly_tests
from cs_helpers.statistics.usual_level import usual_levels

#: odd days of the same direction up to three days apart are one episode; odd weeks and months only where they follow each other
_LONGEST_STEP = {"day": pd.Timedelta(days=3), "week": pd.Timedelta(days=7), "month": pd.Timedelta(days=31)}
#: a smaller number added to both sides of a ratio of counts, so that it is finite where one of them is 0
_HALF = 0.5

DEPARTURES = (
    "series", "baseline", "segment", "every", "summed_over", "starts_on", "ends_on", "periods", "value", "usual", "low", "high", "ratio",
    "change", "p",
)  # fmt: skip


@dataclass
class Scan:
    """The answer on the days, weeks and months of a quarter.

    watched: what was watched, with all values up to the end of the quarter. levels: key of a series -> frame of
    `usual_levels` for the quarter. tables: `series`, `departures`. constant: keys of series that never varied. not_judged:
    code of a note -> names of the numbers that are not judged for that reason.
    """

    watched: list[WatchedSeries] = field(default_factory=list)
    levels: dict[str, pd.DataFrame] = field(default_factory=dict)
    closed: pd.DatetimeIndex = field(default_factory=lambda: pd.DatetimeIndex([]))
    constant: set[str] = field(default_factory=set)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    verdict: Verdict | None = None
    metrics: dict[str, Metric] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    not_judged: dict[str, list[Words]] = field(default_factory=lambda: defaultdict(list))


def scan_quarter(data: ProductData, quarter: Quarter) -> Scan:
    """The usual level of each watched number in the quarter, and the departures from it that are worth an alert.

    Tables: `series` (series, baseline, segment, every, day: the first one of a day, week or month, value, usual, low, high,
    p, n, basis, closed, odd) and `departures` (`DEPARTURES`): episodes of odd days, weeks or months, with the means of
    value and usual over them, longest first.
    """
    scan = Scan()
    start, end = pd.Timestamp(quarter.start), pd.Timestamp(quarter.end)
    for missing in dict.fromkeys(data.missing(b.source) for b in data.product.baselines):
        if missing:
            scan.notes.append(Note("missing_table", "series", {"tables": missing}))
    for baseline in data.product.baselines:
        if data.missing(baseline.source):
            continue
        if baseline.source in LOGS:
            period = covered_period(data, baseline.source, baseline.event)
            if period is None:
                scan.not_judged["nothing_recorded_of"].append(baseline.name)
                continue
            scan.notes += coverage_notes(data, baseline, period, quarter)
            if is_unknown(period, quarter):
                continue
        parts = watched_series(data, baseline, end)
        if not parts:
            scan.not_judged["nothing_recorded_of"].append(baseline.name)
        scan.watched += parts
    if scan.watched:
        first = min(w.values.index[0] for w in scan.watched)
        scan.closed = closed_days(data.product.calendar, first.date(), quarter.end)
    frames = []
    for watched in scan.watched:
        levels = _levels(watched, start, scan)
        if levels is not None and len(levels):
            scan.levels[watched.key] = levels
            frames.append(_as_rows(watched, levels))
    scan.notes += _not_judged_notes(scan.not_judged)
    if not frames:
        scan.notes += [Note("nothing_watched", about, {}) for about in ("series", "departures")]
        return scan
    table = pd.concat(frames, ignore_index=True)
    table["odd"] = _called(table, scan.watched, data.product.alerts)
    scan.tables["series"] = table
    scan.tables["departures"] = _episodes(table, scan.watched)
    scan.verdict = _verdict(table, scan.tables["departures"])
    scan.metrics["odd_days"] = _odd_days(table, quarter)
    scan.notes += _budget_notes(table, data.product.alerts)
    return scan


def _levels(watched: WatchedSeries, start: pd.Timestamp, scan: Scan) -> pd.DataFrame | None:
    """The usual levels of the quarter's known days, weeks or months, with notes on a series of all customers."""
    values, every = watched.values, watched.baseline.every
    before = values[values.index < start].dropna()
    inside = values[values.index >= start].dropna()
    is_whole = watched.segment == "all"
    if inside.empty:
        return None
    if len(before) > 1 and before.nunique() == 1:
        scan.constant.add(watched.key)
        if is_whole:
            scan.not_judged["constant_series"].append(watched.baseline.name)
        return None
    levels = usual_levels(values, start, every=every, scale=watched.baseline.scale, closed=scan.closed)
    levels = levels[(levels.index >= start) & levels["value"].notna()]
    if is_whole and len(levels):
        _note_history(watched, levels, scan)
    return levels


def _note_history(watched: WatchedSeries, levels: pd.DataFrame, scan: Scan) -> None:
    """Notes why nothing, or not all, of the quarter is judged."""
    name, judged = watched.baseline.name, levels["p"].notna()
    if not judged.any():
        scan.not_judged["no_spread" if never_varies(levels).all() else "short_history"].append(name)
        return
    first = judged.idxmax()
    if levels.loc[levels.index < first, "basis"].isin(("short", "none")).any():
        scan.notes.append(Note("judged_since", "series", {"baseline": name, "since": first.date()}))


def _not_judged_notes(not_judged: Mapping[str, Sequence[Words]]) -> list[Note]:
    """For each reason one note with all numbers: a page that watches ten would else begin with as many."""
    return [
        Note(code, "series", {"baselines": tuple(not_judged[code])})
        for code in ("nothing_recorded_of", "constant_series", "no_spread", "short_history")
        if not_judged[code]
    ]


def is_closed(levels: pd.DataFrame) -> pd.Series:
    """Whether each period is a closed day, or a week with several, which only earlier ones are compared with; bool."""
    return levels["basis"] == "closed_day"


def never_varies(levels: pd.DataFrame) -> pd.Series:
    """Whether a usual value is known, but nothing can be odd because the past hardly varies; bool."""
    return (levels["basis"] == "none") & levels["usual"].notna()


def _as_rows(watched: WatchedSeries, levels: pd.DataFrame) -> pd.DataFrame:
    return levels.reset_index(names="day").assign(
        series=watched.key,
        baseline=watched.baseline.id,
        segment=watched.segment,
        every=watched.baseline.every,
        closed=is_closed(levels).to_numpy(),
    )


def _called(table: pd.DataFrame, watched: Sequence[WatchedSeries], settings: Alerts) -> np.ndarray:
    """Which rows are worth an alert: surely odd within the budget, and not too small to care about."""
    baselines = {w.key: w.baseline for w in watched}
    worth = np.zeros(len(table), dtype=bool)
    for key, rows in table.groupby("series", sort=False):
        baseline = baselines[key]
        added = _HALF if baseline.scale == "count" else 0.0
        value, usual = rows["value"].to_numpy(float) + added, rows["usual"].to_numpy(float) + added
        worth[rows.index] = is_worth_an_alert(value, usual, baseline, settings)
    tested = table.loc[table["p"].notna(), ["series", "every"]].drop_duplicates()
    # a quarter is scanned week by week, as it would have been, so that what comes after a week changes nothing of it
    weeks = table["day"].dt.to_period("W").to_numpy()
    return alerts(table["p"].to_numpy(float), worth, weekly_tests(tested["every"]), settings, weeks)


def is_worth_an_alert(
    value: np.ndarray, usual: np.ndarray, baseline: Baseline, settings: Alerts
) -> np.ndarray:
    """Whether values depart from the usual ones by the least ratio of the number (`level`: by the least change); bool."""
    if baseline.scale == "level":
        return np.asarray(np.abs(value - usual) >= settings.min_change)
    least = baseline.min_ratio or settings.min_ratio
    return np.asarray((value >= least * usual) | (value <= usual / least))


def _episodes(series: pd.DataFrame, watched: Sequence[WatchedSeries]) -> pd.DataFrame:
    """Episodes of odd days, weeks or months in the same direction as one row each: of all customers before segments, the longest first.

    ratio: NaN for a number that varies by differences.
    """
    rows, baselines = [], {w.key: w.baseline for w in watched}
    for key, part in series[series["odd"]].groupby("series", sort=False):
        every: Every = part["every"].iloc[0]
        is_above = part["value"] > part["usual"]
        begins = (part["day"].diff() > _LONGEST_STEP[every]) | (is_above != is_above.shift())
        for _, episode in part.groupby(begins.cumsum()):
            means = episode[["value", "usual", "low", "high"]].mean()
            ratio = means["value"] / means["usual"] if means["usual"] else np.inf
            rows.append(
                {
                    "series": key,
                    "baseline": part["baseline"].iloc[0],
                    "segment": part["segment"].iloc[0],
                    "every": every,
                    "summed_over": summed_over(baselines[key]),
                    "starts_on": episode["day"].min(),
                    "ends_on": last_day(episode["day"].max(), every),
                    "periods": len(episode),
                    **means,
                    "ratio": np.nan if baselines[key].scale == "level" else ratio,
                    "change": means["value"] - means["usual"],
                    "p": episode["p"].min(),
                }
            )
    episodes = pd.DataFrame(rows, columns=list(DEPARTURES))
    order = episodes.assign(
        of_segment=episodes["segment"] != "all", days=episodes["ends_on"] - episodes["starts_on"]
    ).sort_values(["of_segment", "days", "p"], ascending=[True, False, True])
    return episodes.loc[order.index].reset_index(drop=True)


def last_day(first: pd.Timestamp, every: Every) -> pd.Timestamp:
    """The last day of the day, week or month that begins on `first`."""
    if every == "month":
        return first + pd.offsets.MonthEnd(0)
    return first + pd.Timedelta(days=6 if every == "week" else 0)


def summed_over(baseline: Baseline) -> str:
    """`day`, `week` or `month`, of which a number is the sum; `none` where it is a median, a share or a ratio."""
    is_sum = baseline.scale == "count" or (baseline.value == "mrr_lost" and baseline.per is None)
    return baseline.every if is_sum else "none"


def unit_of(baseline: Baseline) -> str:
    """The unit in which a number is written (`result.Metric`): `currency`, `count`, or `amount` of what is no whole number."""
    if baseline.value == "mrr_lost" and baseline.per is None:
        return "currency"
    return "count" if baseline.scale == "count" else "amount"


def _verdict(table: pd.DataFrame, departures: pd.DataFrame) -> Verdict:
    """The longest episode: `odd`, `odd_from_none` (usual level 0), `odd_level` (of a number without ratios).

    Without episodes `usual`, or `not_judged` where no number has enough history for a verdict.
    """
    if departures.empty:
        judged = table.loc[table["p"].notna(), "baseline"].nunique()
        return Verdict(
            "usual" if judged else "not_judged", {"baselines": judged or table["baseline"].nunique()}
        )
    worst = departures.iloc[0]
    ratio = float(worst["ratio"])
    code = "odd_level" if np.isnan(ratio) else "odd" if np.isfinite(ratio) else "odd_from_none"
    return Verdict(code, {**worst.to_dict(), "episodes": len(departures)})


def _odd_days(table: pd.DataFrame, quarter: Quarter) -> Metric:
    """The days of the quarter that lie in an odd day, week or month, of those that are known."""
    days = pd.date_range(quarter.start, quarter.end)
    known, odd = np.zeros(len(days), dtype=bool), np.zeros(len(days), dtype=bool)
    for (every, first), is_odd in table.groupby(["every", "day"])["odd"].any().items():
        inside = (days >= first) & (days <= last_day(first, every))
        known |= inside
        if is_odd:
            odd |= inside
    return Metric("odd_days", float(odd.sum()), "count", int(known.sum()))


def _budget_notes(table: pd.DataFrame, settings: Alerts) -> list[Note]:
    """How many false alerts are to be expected at most, where something was judged."""
    watched = table.loc[table["p"].notna(), "series"].nunique()
    if not watched:
        return []
    a_week = settings.false_alerts_a_week
    if a_week < 1:
        return [Note("budget_rare", "departures", {"series": watched, "weeks": 1 / a_week})]
    return [Note("budget", "departures", {"series": watched, "alerts": a_week})]
