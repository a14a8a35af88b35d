"""Tables of health: the customers that need attention first."""

from __future__ import annotations

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def scores(result: Result, text: Text) -> Listing:
    """Red customers by MRR (by score without MRR), with the measure that changed each score most and its missing measures."""
    scored = result.tables["scores"]
    mrr_columns = ("mrr",) if "mrr" in scored else ()
    red = scored[scored["band"] == "red"].sort_values(
        [*mrr_columns, "score"], ascending=[*(False for _ in mrr_columns), True]
    )
    unknown_for_all = (
        set.intersection(*(set(unknown) for unknown in scored["unknown"])) if len(scored) else set()
    )
    all_rows = red.assign(
        size=[text.label("size", s) for s in red["size"]],
        change=[
            text("health.scores.new", score=text.number(row.score))
            if row.previous != row.previous
            else f"{text.number(row.previous)} → {text.number(row.score)}"
            for row in red.itertuples()
        ],
        without=[
            text.join_list([text.label("measure", m) for m in unknown if m not in unknown_for_all]) or "–"
            for unknown in red["unknown"]
        ],
        why=[_driver(row.driver, row.driver_kind, row.driver_points, text) for row in red.itertuples()],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    currency = result.settings["currency"]
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings("health.scores", "name", "size", *mrr_columns, "change", "why", "without")
    return table(
        frame, headings, name="scores", right=("mrr", "change"), all_rows=all_rows, units={"mrr": currency},
        title="title" if mrr_columns else "title_unpaid",
    )  # fmt: skip


def _driver(driver: str, kind: str, points: float, text: Text) -> str:
    if driver != driver:
        return "–"
    change = f"{points:+.0f}".replace("-", "−")
    return text(f"health.scores.driver.{kind}", measure=text.label("measure", driver), points=change)
