"""Tables of maturity: customers whose level changed."""

from __future__ import annotations

from cs_helpers.contract.products import Product
from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def levels(result: Result, text: Text) -> Listing:
    """Customers whose level fell in the quarter, then those whose level rose, by MRR where it is known."""
    known = result.tables["levels"][lambda t: (t["level"] >= 0) & (t["previous"] >= 0)]
    moved = known[known["level"] != known["previous"]]
    moved = moved.assign(rose=moved["level"] > moved["previous"])
    mrr_columns = ("mrr",) if "mrr" in moved else ()
    moved = moved.sort_values(
        ["rose", *mrr_columns], ascending=[True, *(False for _ in mrr_columns)], kind="stable"
    )
    all_rows = moved.assign(
        size=[text.label("size", s) for s in moved["size"]],
        moved=[
            f"{text.label('level', int(a))} → {text.label('level', int(b))}"
            for a, b in zip(moved["previous"], moved["level"], strict=True)
        ],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    currency = result.settings["currency"]
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings("maturity.levels", "name", "size", *mrr_columns, "moved")
    return table(frame, headings, name="levels", right=("mrr",), all_rows=all_rows, units={"mrr": currency})


def definitions(product: Product, text: Text) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The levels of maturity of a product with their meaning: keys of headings (`page.<key>`), and rows."""
    rows: list[tuple[str, ...]] = [
        (
            text.label("level", level.level),
            level.name.in_language(text.language),
            level.meaning.in_language(text.language),
        )
        for level in product.maturity.levels
    ]
    return ("level", "name", "meaning"), rows
