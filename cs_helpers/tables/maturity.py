"""Tables of maturity: customers whose level changed, and what others lack for the next level."""

from __future__ import annotations

from cs_helpers.contract.products import Product
from cs_helpers.customers.maturity_levels import UNKNOWN
from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text
from cs_helpers.text.measured import condition_words, measured


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


def next_level(result: Result, text: Text) -> Listing:
    """What each customer lacks for its next level, those nearest to it first; the download also holds what it has."""
    known = result.tables["next_level"]
    currency = result.settings["currency"]
    mrr_columns = ("mrr",) if "mrr" in known else ()
    all_rows = known.assign(
        size=[text.label("size", size) for size in known["size"]],
        level=[_level(level, text) for level in known["level"]],
        to=[text.label("level", level) for level in known["to"]],
        condition=[text.condition(key) for key in known["condition"]],
        state=[text(f"maturity.next_level.{state}") for state in known["state"]],
    )
    lacked = known["next"] & (known["state"] != "holds")
    frame = all_rows[lacked].head(MAX_ROWS).copy()
    plain = known.loc[frame.index]
    for column in ("has", "needs", "short_by"):
        frame[column] = [
            measured(value, unit, currency, text)
            for value, unit in zip(plain[column], plain["unit"], strict=True)
        ]
    frame["needs"] = [
        text(f"labels.measured.{bound}", n=n) for bound, n in zip(plain["bound"], frame["needs"], strict=True)
    ]
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings(
        "maturity.next_level",
        "name",
        "level",
        "to",
        "condition",
        "state",
        "has",
        "needs",
        "short_by",
        *mrr_columns,
    )
    return table(
        frame, headings, name="next-level", right=("has", "needs", "short_by", "mrr"),
        all_rows=all_rows.drop(columns="needs").assign(needs=known["needs"]), units={"mrr": currency},
    )  # fmt: skip


def _level(level: int, text: Text) -> str:
    return text("maturity.unknown") if level == UNKNOWN else text.label("level", level)


def definitions(product: Product, text: Text) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """The levels of maturity of a product with their meaning: keys of headings (`page.<key>`), and rows."""
    rows: list[tuple[str, ...]] = [
        (
            text.label("level", level.level),
            level.name.in_language(text.language),
            level.meaning.in_language(text.language),
            text("maturity.separator").join(
                condition_words(condition, product.revenue.currency or "", text)
                for condition in level.conditions
            ),
        )
        for level in product.maturity.levels
    ]
    return ("level", "name", "meaning", "conditions"), rows
