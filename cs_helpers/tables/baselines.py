"""Tables of what is normal: the quarter's departures."""

from __future__ import annotations

from cs_helpers.result import Result
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text


def departures(result: Result, text: Text) -> Listing:
    """Episodes of the quarter that departed from the usual level."""
    found = result.tables["departures"]
    days = [(a.date(), b.date()) for a, b in zip(found["starts_on"], found["ends_on"], strict=True)]
    whole = found.assign(
        what=[text.label("baseline", b) for b in found["baseline"]],
        when=[a.isoformat() if a == b else f"{a.isoformat()}/{b.isoformat()}" for a, b in days],
        odd_days=found["days"],
        seen=found["value"].round(1),
        normal=found["usual"].round(1),
        times=found["ratio"].round(2),
    )
    frame = whole.head(LONGEST).copy()
    frame["when"] = [text.span(a, b) for a, b in days[:LONGEST]]
    frame["seen"] = [text.number(v) for v in frame["value"]]
    frame["normal"] = [text.number(v) for v in frame["usual"]]
    frame["times"] = [f"× {text.number(v, 2)}" for v in frame["ratio"]]
    frame["odd_days"] = frame["days"].astype("str")
    headings = text.headings("baselines.departures", "what", "when", "odd_days", "seen", "normal", "times")
    return table(
        frame, headings, name="departures", right=("odd_days", "seen", "normal", "times"), whole=whole
    )
