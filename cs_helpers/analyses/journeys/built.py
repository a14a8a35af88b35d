"""A funnel that somebody builds: chosen steps, counted in a chosen way, for all and by segment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from cs_helpers.analyses.journeys.counted import (
    counting_notes,
    funnel_table,
    funnel_units,
    overall_conversion,
)
from cs_helpers.analyses.journeys.counting import with_funnel_options
from cs_helpers.contract.products import Journey
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.waits import known_steps, milestone_times, records_begin, wait_times
from cs_helpers.customers.segments import mask_unknown, segments_present, with_segments
from cs_helpers.result import Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import FALSE_DISCOVERY, benjamini_hochberg
from cs_helpers.statistics.survival import CENSORED
from cs_helpers.statistics.variation import exact_p

#: segments that are drawn: those with most units
MAX_SEGMENTS = 6


@dataclass(frozen=True, eq=False)
class Counted:
    """The units of a funnel: what all breakdowns of it share.

    units: the times at which each reached each step (NaT: not yet); index: account_id, and user_id where users are counted.
    Empty where nobody entered. notes: on how it is counted, what of it is still open, or why there is none.
    """

    data: ProductData
    quarter: Quarter
    since: date
    units: pd.DataFrame
    notes: tuple[Note, ...]


def counted_units(data: ProductData, quarter: Quarter, **options: Any) -> Counted:
    """The units of the funnel of a product, as known at the end of the quarter.

    options: how it is counted, and of which steps (`counting.with_funnel_options`). Whatever the steps, those that entered
    from the day on are counted from which the records of the whole journey are complete.
    """
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    of_journey = known_steps(data, end)
    declared, data = data, with_funnel_options(data, **options)
    journey = data.product.journey
    steps = known_steps(data, end)
    unknown = [s.step for s in journey.steps if s.step not in steps]
    notes = [Note("steps_unknown", "funnel", {"steps": tuple(unknown)})] if unknown else []
    if len(steps) < 2:
        too_few = Note("too_few_steps", "funnel", {})
        return Counted(data, quarter, quarter.start, pd.DataFrame(columns=steps), (*notes, too_few))
    since = records_begin(declared, of_journey)
    by_milestones = journey.mode == "milestones" and journey.unit == "account"
    reached = milestone_times(data, steps, since, end) if by_milestones else pd.DataFrame()
    units = funnel_units(data, reached, steps, since, end)[[*steps]]
    if units.empty:
        code = "no_users" if journey.unit == "user" else "nobody_entered"
        return Counted(
            data, quarter, since.date(), units, (*notes, Note(code, "funnel", {"since": since.date()}))
        )
    notes += [n for n in counting_notes(data, units, steps, since, end) if n.code != "funnel_below"]
    notes += _still_open(units, reached, steps, end, journey)
    return Counted(data, quarter, since.date(), units, tuple(notes))


def built_funnel(counted: Counted, by: str = "") -> Result:
    """The funnel of counted units, for all of them and, with `by`, for each segment.

    by: a dimension of segments (`customers.segments.SEGMENTS`). Tables: `funnel` (step, units, share, low, high: of all
    that entered); with `by` also `funnel_by` (the same with the column segment, those with most units; without units of
    unknown segment). Verdicts: `funnel` (`whole`), and `funnel_by`: `apart` (step, high, high_share, least, least_share, p: the step
    whose shares differ most surely), `alike`, `one_segment`, or `users`, who are not independent of each other within a company.
    Notes are all about `funnel`.
    """
    data, units, notes = counted.data, counted.units, list(counted.notes)
    product, journey, steps = data.product.product, data.product.journey, list(units.columns)
    tables: dict[str, pd.DataFrame] = {}
    verdicts: dict[str, Verdict] = {}
    if len(units):
        tables["funnel"] = funnel_table(units, steps)
        verdicts["funnel"] = overall_conversion(tables["funnel"])
    if by and len(units):
        _add_segments(tables, verdicts, notes, units, steps, _segment(data, units, by), data.sizes)
        if journey.unit == "user" and verdicts["funnel_by"].code != "one_segment":
            verdicts["funnel_by"] = Verdict("users")
    settings = {"mode": journey.mode, "unit": journey.unit, "by": by}
    return Result(
        "journeys", product, counted.quarter, counted.since, data.as_of, len(units), tables, {}, tuple(notes), settings,
        verdicts=verdicts,
    )  # fmt: skip


def _still_open(
    units: pd.DataFrame, reached: pd.DataFrame, steps: list[str], end: pd.Timestamp, journey: Journey
) -> list[Note]:
    """How many may still take the last step: customers who wait for it, or units whose window is not over."""
    if journey.mode == "milestones":
        if journey.unit == "user":
            return []
        _, outcome = wait_times(reached, steps[0], steps[-1], end)
        waiting = int((outcome == CENSORED).sum())
        return [Note("still_waiting", "funnel", {"units": waiting, "of": len(units)})] if waiting else []
    since_entry = end - units[steps[0]]
    recent = int((units[steps[-1]].isna() & (since_entry <= pd.Timedelta(days=journey.window_days))).sum())
    fields = {"units": recent, "of": len(units), "days": journey.window_days}
    return [Note("entered_lately", "funnel", fields)] if recent else []


def _segment(data: ProductData, units: pd.DataFrame, by: str) -> pd.Series:
    """The segment of each unit; missing where it is not known. Index: that of `units`."""
    of_account = with_segments(data["accounts"]).set_index("account_id")[by]
    accounts = units.index.get_level_values("account_id") if units.index.nlevels > 1 else units.index
    return pd.Series(mask_unknown(of_account.reindex(accounts)).to_numpy(), units.index, dtype="object")


def _add_segments(
    tables: dict[str, pd.DataFrame],
    verdicts: dict[str, Verdict],
    notes: list[Note],
    units: pd.DataFrame,
    steps: list[str],
    segment: pd.Series,
    sizes: tuple[str, ...],
) -> None:
    """Adds the funnel of each segment, and whether their shares differ beyond chance."""
    if unknown := int(segment.isna().sum()):
        notes.append(Note("without_segment", "funnel", {"units": unknown, "of": len(units)}))
    counts = segment.value_counts()
    largest = set(counts.index[:MAX_SEGMENTS])
    if len(counts) > MAX_SEGMENTS:
        notes.append(Note("segments_left_out", "funnel", {"shown": MAX_SEGMENTS, "groups": len(counts)}))
    shown = [name for name in segments_present(segment, sizes) if name in largest]
    parts = [
        funnel_table(units[(segment == name).to_numpy(bool)], steps).assign(segment=name) for name in shown
    ]
    if parts:
        tables["funnel_by"] = pd.concat(parts, ignore_index=True)
    if len(counts) < 2:
        verdicts["funnel_by"] = Verdict("one_segment")
        return
    verdicts["funnel_by"] = _apart(units, steps, segment)


def _apart(units: pd.DataFrame, steps: list[str], segment: pd.Series) -> Verdict:
    """Whether the shares of all segments that reached a step differ: exact tests, Benjamini-Hochberg over the steps."""
    known = segment.notna().to_numpy(bool)
    of_segment = segment[known]
    entered = of_segment.groupby(of_segment).size()
    p = []
    for step in steps[1:]:
        reached = units.loc[known, step].notna().groupby(of_segment.to_numpy()).sum().reindex(entered.index)
        p.append(exact_p(reached.tolist(), entered.tolist()))
    differs = benjamini_hochberg(p, q=FALSE_DISCOVERY)
    if not differs.any():
        return Verdict("alike", {"groups": len(entered)})
    step = steps[1:][min((value, place) for place, value in enumerate(p))[1]]
    shares = units.loc[known, step].notna().groupby(of_segment.to_numpy()).mean()
    return Verdict(
        "apart",
        {"step": step, "high": str(shares.idxmax()), "high_share": float(shares.max()), "least": str(shares.idxmin()),
         "least_share": float(shares.min()), "p": min(p)},
    )  # fmt: skip
