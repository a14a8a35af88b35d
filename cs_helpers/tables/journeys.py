"""Tables of the journey: the steps in numbers, and who has waited too long."""

from __future__ import annotations

from cs_helpers.analyses.result import Result
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text


def steps(result: Result, text: Text) -> Listing:
    """Each step for all customers: who waits, who left, conversion and median time."""
    frame = result.tables["steps"]
    frame = frame[frame["size"] == "all"].copy()
    frame["what"] = [text.label("step", s) for s in frame["step"]]
    for column in ("n", "reached", "waiting", "left"):
        frame[column] = [text.number(v) for v in frame[column]]
    frame["conversion"] = [text.share_within(r.share, r.low, r.high) for r in frame.itertuples()]
    frame["days"] = [
        text("journeys.steps.not_reached")
        if r.median != r.median
        else text.number_within(r.median, r.median_low, r.median_high)
        for r in frame.itertuples()
    ]
    headings = text.headings(
        "journeys.steps", "what", "n", "reached", "waiting", "left", "conversion", "days"
    )
    headings["conversion"] = headings["conversion"].format(window=result.settings["window_days"])
    return table(
        frame, headings, name="steps", right=("n", "reached", "waiting", "left", "conversion", "days")
    )


def waiting(result: Result, text: Text) -> Listing:
    """Customers that wait longer than three in four of those who took the step did, by revenue."""
    late = result.tables["waiting"]
    whole = late.assign(
        size=[text.label("size", s) for s in late["size"]],
        step=[text.label("step", s) for s in late["step"]],
        days=late["days"].round(1),
        usual=late["usual"].round(1),
    )
    frame = whole.head(LONGEST).copy()
    frame["days"] = [text.number(v) for v in late["days"].head(LONGEST)]
    frame["usual"] = [text.number(v) for v in late["usual"].head(LONGEST)]
    frame["mrr"] = [text.number(v) for v in frame["mrr"]]
    headings = text.headings("journeys.waiting", "name", "size", "step", "days", "usual", "mrr")
    return table(frame, headings, name="waiting", right=("days", "usual", "mrr"), whole=whole)
