"""Tables of maturity: changes by quarter, CSMs, customers who moved, and what they lack for the next level."""

from __future__ import annotations

from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
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


def stays(result: Result, text: Text) -> Listing:
    """Each level: how stays there ended, how long they last, and how many customers have been there longer than usual."""
    rows = result.tables["stays"]
    currency = result.settings["currency"]
    frame = rows.assign(
        where=[text.label("level", level) for level in rows["level"]], n=rows["spells"], now=rows["standing"]
    )
    page = frame.copy()
    counts = ("n", "rose", "fell", "lost", "now")
    for column in (c for c in counts if c in page):
        page[column] = [text.number(v) for v in page[column]]
    page["half"] = [
        text("maturity.stays.not_reached")
        if r.median != r.median
        else text.number_within(r.median, r.low, r.high)
        for r in rows.itertuples()
    ]
    page["usual"] = ["" if v != v else text.number(v) for v in rows["usual"]]
    page["late"] = ["" if r.usual != r.usual else text.number(r.late) for r in rows.itertuples()]
    if "mrr" in page:
        page["mrr"] = ["" if r.usual != r.usual else text.money(r.mrr, currency) for r in rows.itertuples()]
    names = [c for c in ("where", *counts[:-1], "half", "usual", "now", "late", "mrr") if c in page]
    return table(
        page, text.headings("maturity.stays", *names), name="stays", right=tuple(names[1:]),
        all_rows=frame.assign(half=rows["median"]), units={"mrr": currency},
    )  # fmt: skip


def stalled(result: Result, text: Text) -> Listing:
    """Customers at their level for longer than three in four of those who rose from it, by MRR where it is known."""
    rows = result.tables["stalled"]
    currency = result.settings["currency"]
    all_rows = rows.assign(
        size=[text.label("size", s) for s in rows["size"]],
        where=[text.label("level", level) for level in rows["level"]],
        time=rows["months"],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    frame["time"] = [
        text("maturity.stalled.at_least", months=text.number(r.months))
        if r.began_before
        else text.number(r.months)
        for r in frame.itertuples()
    ]
    frame["usual"] = [text.number(v) for v in frame["usual"]]
    mrr_columns = ("mrr",) if "mrr" in frame else ()
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings(
        "maturity.stalled", "name", "size", "csm", "where", "time", "usual", *mrr_columns
    )
    right = ("time", "usual", "mrr")
    return table(frame, headings, name="stalled", right=right, all_rows=all_rows, units={"mrr": currency})


def changes(result: Result, text: Text) -> Listing:
    """What became of the customers of each quarter, the last one first."""
    rows = result.tables["changes"]
    counts = ["opening", "new", "back", "lost", "not_recorded", "closing", "rose", "fell", "unsaid"]
    # what no quarter has any of, such as renewals that are not recorded, takes no column
    optional = {"not_recorded", "back", "unsaid"}
    counts = [c for c in counts if c in rows and (c not in optional or rows[c].any())]
    amounts = [c for c in ("mrr_closing",) if c in rows]
    all_rows = rows.assign(quarter=[text.quarter(Quarter.parse(q)) for q in rows["quarter"]])
    frame = all_rows.head(MAX_ROWS).copy()
    currency = result.settings["currency"]
    for column in counts:
        frame[column] = [text.number(v) for v in frame[column]]
    for column in amounts:
        frame[column] = [text.money(v, currency) for v in frame[column]]
    headings = text.headings("maturity.changes", "quarter", *counts, *amounts)
    return table(
        frame, headings, name="changes", right=(*counts, *amounts), all_rows=all_rows,
        units=dict.fromkeys(amounts, currency),
    )  # fmt: skip


def csms(result: Result, text: Text) -> Listing:
    """The customers of each CSM at the upper levels, against those that its mix of customers leads to expect."""
    rows = result.tables["csms"]
    mrr_columns = ("mrr",) if "mrr" in rows else ()
    all_rows = rows.assign(
        who=[text.label("csm", who) for who in rows["csm"]],
        expected=rows["expected"].round(1),
        share=rows["share"].round(3),
        verdict=[text(f"maturity.csms.{verdict}") for verdict in rows["verdict"]],
    )
    frame = all_rows.head(MAX_ROWS).copy()
    for column, digits in (("customers", 0), ("upper", 0), ("expected", 1)):
        frame[column] = [text.number(v, digits) for v in frame[column]]
    frame["share"] = [text.share_within(r.share, r.low, r.high) for r in rows.head(MAX_ROWS).itertuples()]
    currency = result.settings["currency"]
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    numbers = ("customers", "upper", "share", "expected", *mrr_columns)
    headings = text.headings("maturity.csms", "who", *numbers, "verdict")
    return table(frame, headings, name="csms", right=numbers, all_rows=all_rows, units={"mrr": currency})


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
