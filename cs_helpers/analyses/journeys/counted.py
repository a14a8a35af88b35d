"""The funnel of a journey as it is counted: who reached which step, of all that entered."""

from __future__ import annotations

import pandas as pd

from cs_helpers.customer_journey.progress import compares_days, reached_steps, unrecorded_exclusions
from cs_helpers.result import Note, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.proportions import wilson


def counting_notes(
    data: ProductData, units: pd.DataFrame, steps: list[str], since: pd.Timestamp, end: pd.Timestamp
) -> list[Note]:
    """Notes on how the funnel is counted, where it differs from the default."""
    journey = data.product.journey
    notes: list[tuple[str, dict[str, object]]] = []
    if journey.mode != "milestones":
        notes.append((f"funnel_{journey.mode}", {"days": journey.window_days}))
    if journey.entry == "latest_entry":
        notes.append(("funnel_latest", {}))
    if compares_days(journey):
        notes.append(("funnel_days", {}))
    if journey.exclusions:
        all_units = reached_steps(data, journey.model_copy(update={"exclusions": ()}), steps, since, end)
        notes.append(("funnel_excluded", {"units": len(all_units) - len(units), "of": len(all_units)}))
    if unrecorded := unrecorded_exclusions(data, journey):
        notes.append(("never_recorded", {"names": ", ".join(unrecorded)}))
    if journey.unit == "user":
        notes.append(("funnel_users", {}))
    if notes:
        notes.append(("funnel_below", {"days": journey.window_days}))
    return [Note(code, "funnel", fields) for code, fields in notes]


def funnel_units(
    data: ProductData, reached: pd.DataFrame, steps: list[str], since: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """The times at which each unit of the declared funnel reached each step."""
    journey = data.product.journey
    if journey.unit == "account" and journey.mode == "milestones":
        return reached
    return reached_steps(data, journey, steps, since, end)


def funnel_table(units: pd.DataFrame, steps: list[str]) -> pd.DataFrame:
    """The units that reached each step, of all that entered: step, units, share, low, high (95 %, Wilson)."""
    n = len(units)
    rows = []
    for step in steps:
        count = int(units[step].notna().sum())
        low, high = wilson(count, n)
        rows.append({"step": step, "units": count, "share": count / n, "low": low, "high": high})
    return pd.DataFrame(rows)


def overall_conversion(funnel: pd.DataFrame) -> Verdict:
    """The share of units that reached the last step."""
    first, last = funnel.iloc[0], funnel.iloc[-1]
    fields = {"share": float(last["share"]), "steps": len(funnel), "n": int(first["units"])}
    return Verdict("whole", fields)
