"""Tables of baselines: departures from the usual level."""

from __future__ import annotations

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def departures(result: Result, text: Text) -> Listing:
    """Episodes of the quarter that depart from the usual level."""
    rows = result.tables["departures"]
    days = [(a.date(), b.date()) for a, b in zip(rows["starts_on"], rows["ends_on"], strict=True)]
    all_rows = rows.assign(
        what=[text.label("baseline", b) for b in rows["baseline"]],
        when=[a.isoformat() if a == b else f"{a.isoformat()}/{b.isoformat()}" for a, b in days],
        odd_days=rows["days"],
        seen=rows["value"].round(1),
        normal=rows["usual"].round(1),
        times=rows["ratio"].round(2),
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["when"] = [text.span(a, b) for a, b in days[:MAX_ROWS]]
    frame["seen"] = [text.number(v) for v in frame["value"]]
    frame["normal"] = [text.number(v) for v in frame["usual"]]
    frame["times"] = [f"× {text.number(v, 2)}" for v in frame["ratio"]]
    frame["odd_days"] = frame["days"].astype("str")
    headings = text.headings("baselines.departures", "what", "when", "odd_days", "seen", "normal", "times")
    return table(
        frame, headings, name="departures", right=("odd_days", "seen", "normal", "times"), all_rows=all_rows
    )
