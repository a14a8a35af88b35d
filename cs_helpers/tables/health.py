"""Tables of health: the customers to look at first."""

from __future__ import annotations

from cs_helpers.analyses.result import Result
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text


def scores(result: Result, text: Text) -> Listing:
    """Red customers with the most revenue, and the measure that moved each score most."""
    scored = result.tables["scores"]
    red = scored[scored["band"] == "red"].sort_values(["mrr", "score"], ascending=[False, True])
    whole = red.assign(
        size=[text.label("size", s) for s in red["size"]],
        change=[
            text("health.scores.new", score=text.number(s))
            if p != p
            else f"{text.number(p)} → {text.number(s)}"
            for s, p in zip(red["score"], red["previous"], strict=True)
        ],
        why=[
            text(
                "health.scores.driver", measure=text.label("measure", d), points=f"{p:+.0f}".replace("-", "−")
            )
            if isinstance(d, str)
            else "–"
            for d, p in zip(red["driver"], red["driver_points"], strict=True)
        ],
    )
    frame = whole.head(LONGEST).copy()
    currency = result.settings["currency"]
    frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings("health.scores", "name", "size", "mrr", "change", "why")
    return table(
        frame, headings, name="scores", right=("mrr", "change"), whole=whole, units={"mrr": currency}
    )
