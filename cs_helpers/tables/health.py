"""Tables of health: the customers to look at first."""

from __future__ import annotations

from great_tables import GT

from cs_helpers.analyses.result import Result
from cs_helpers.tables.theme import LONGEST, table
from cs_helpers.text import Text


def scores(result: Result, text: Text) -> GT:
    """Red customers with the most revenue, and the measure that moved each score most."""
    red = result.tables["scores"]
    frame = (
        red[red["band"] == "red"].sort_values(["mrr", "score"], ascending=[False, True]).head(LONGEST).copy()
    )
    frame["size"] = [text.label("size", s) for s in frame["size"]]
    frame["mrr"] = [text.number(v) for v in frame["mrr"]]
    frame["change"] = [
        text("health.scores.new", score=text.number(s)) if p != p else f"{text.number(p)} → {text.number(s)}"
        for s, p in zip(frame["score"], frame["previous"], strict=True)
    ]
    frame["score"] = [text.number(v) for v in frame["score"]]
    frame["why"] = [
        text("health.scores.driver", measure=text.label("measure", d), points=f"{p:+.0f}".replace("-", "−"))
        if isinstance(d, str)
        else "–"
        for d, p in zip(frame["driver"], frame["driver_points"], strict=True)
    ]
    headings = text.headings("health.scores", "name", "size", "mrr", "change", "why")
    return table(frame, headings, name="scores", right=("mrr", "change"))
