"""Tables of maturity: who moved."""

from __future__ import annotations

from cs_helpers.result import Result
from cs_helpers.tables.theme import LONGEST, Listing, table
from cs_helpers.text import Text


def levels(result: Result, text: Text) -> Listing:
    """Customers whose level fell in the quarter, then those that rose, by revenue where that is known."""
    known = result.tables["levels"][lambda t: (t["level"] >= 0) & (t["previous"] >= 0)]
    moved = known[known["level"] != known["previous"]]
    moved = moved.assign(rose=moved["level"] > moved["previous"])
    paid = ("mrr",) if "mrr" in moved else ()
    moved = moved.sort_values(["rose", *paid], ascending=[True, *(False for _ in paid)], kind="stable")
    whole = moved.assign(
        size=[text.label("size", s) for s in moved["size"]],
        moved=[
            f"{text.label('level', int(a))} → {text.label('level', int(b))}"
            for a, b in zip(moved["previous"], moved["level"], strict=True)
        ],
    )
    frame = whole.head(LONGEST).copy()
    currency = result.settings["currency"]
    if paid:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings("maturity.levels", "name", "size", *paid, "moved")
    return table(frame, headings, name="levels", right=("mrr",), whole=whole, units={"mrr": currency})
