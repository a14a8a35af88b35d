"""Tables of what is normal: the quarter's departures."""

from __future__ import annotations

from great_tables import GT

from cs_helpers.analyses.result import Result
from cs_helpers.tables.theme import LONGEST, table
from cs_helpers.text import Text


def departures(result: Result, text: Text) -> GT:
    """Episodes of the quarter that departed from the usual level."""
    frame = result.tables["departures"].head(LONGEST).copy()
    frame["what"] = [text.label("baseline", b) for b in frame["baseline"]]
    frame["when"] = [
        text.span(a.date(), b.date()) for a, b in zip(frame["starts_on"], frame["ends_on"], strict=True)
    ]
    frame["seen"] = [text.number(v) for v in frame["value"]]
    frame["normal"] = [text.number(v) for v in frame["usual"]]
    frame["times"] = [f"× {text.number(v, 2)}" for v in frame["ratio"]]
    frame["odd_days"] = frame["days"].astype("str")
    headings = text.headings("baselines.departures", "what", "when", "odd_days", "seen", "normal", "times")
    return table(frame, headings, name="departures", right=("odd_days", "seen", "normal", "times"))
