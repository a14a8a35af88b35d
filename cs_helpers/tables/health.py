"""Tables of health: the customers to look at first."""

from __future__ import annotations

from cs_helpers.result import Result
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text


def scores(result: Result, text: Text) -> Listing:
    """Red customers with the most revenue (where nobody knows it, the lowest scores), the measure that moved each score most, and those it has to do without."""
    scored = result.tables["scores"]
    paid = ("mrr",) if "mrr" in scored else ()
    red = scored[scored["band"] == "red"].sort_values(
        [*paid, "score"], ascending=[*(False for _ in paid), True]
    )
    of_nobody = set.intersection(*(set(unknown) for unknown in scored["unknown"])) if len(scored) else set()
    whole = red.assign(
        size=[text.label("size", s) for s in red["size"]],
        change=[
            text("health.scores.new", score=text.number(row.score))
            if row.previous != row.previous
            else f"{text.number(row.previous)} → {text.number(row.score)}"
            for row in red.itertuples()
        ],
        without=[
            text.join_list([text.label("measure", m) for m in unknown if m not in of_nobody]) or "–"
            for unknown in red["unknown"]
        ],
        why=[_driver(row.driver, row.driver_kind, row.driver_points, text) for row in red.itertuples()],
    )
    frame = whole.head(LONGEST).copy()
    currency = result.settings["currency"]
    if paid:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings("health.scores", "name", "size", *paid, "change", "why", "without")
    return table(
        frame, headings, name="scores", right=("mrr", "change"), whole=whole, units={"mrr": currency},
        title="title" if paid else "title_unpaid",
    )  # fmt: skip


def _driver(driver: str, kind: str, points: float, text: Text) -> str:
    if driver != driver:
        return "–"
    change = f"{points:+.0f}".replace("-", "−")
    return text(f"health.scores.driver.{kind}", measure=text.label("measure", driver), points=change)
