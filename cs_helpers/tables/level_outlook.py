"""Tables of level_outlook: the quarters ahead, how past forecasts fared, and what if more customers rose."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.tables.theme import Listing, table
from cs_helpers.text import Text

#: the shares of a level that rise more, of which the page asks
SHOWN = (0.05, 0.1, 0.2)


def outlook(result: Result, text: Text) -> Listing:
    """Customers by level now and in each quarter ahead, with their 95 % intervals."""
    return _quarters_ahead(result, text, "outlook", "customers")


def mrr(result: Result, text: Text) -> Listing:
    """The MRR by level now and in each quarter ahead, with its 95 % interval."""
    return _quarters_ahead(result, text, "mrr", "mrr")


def accuracy(result: Result, text: Text) -> Listing:
    """How many past forecasts lay within their 95 %, and how far off they were, by how far ahead they looked."""
    rows = result.tables["accuracy"]
    page = pd.DataFrame(
        {
            "ahead": [text.number(n) for n in rows["ahead"]],
            "forecasts": [text.number(n) for n in rows["forecasts"]],
            "held": [text.number(n) for n in rows["held"]],
            "share": [text.share(share) for share in rows["share"]],
            "error": [text.number(error, 1) for error in rows["error"]],
            "unchanged_error": [text.number(error, 1) for error in rows["unchanged_error"]],
        }
    )
    headings = text.headings("level_outlook.accuracy", *page)
    return table(page, headings, name="level-outlook-accuracy", right=tuple(page), all_rows=rows)


def what_if(result: Result, text: Text) -> Listing:
    """For each level and a few shares that rise more: how many stand above it, stay and pay more a year from now."""
    rows = result.tables["what_if"]
    rows = rows[np.isclose(rows["more"].to_numpy()[:, None], SHOWN).any(axis=1)]
    currency = result.settings["currency"]
    names = [name for name in ("above", "kept", "mrr") if name in rows]

    def said(row: pd.Series, name: str) -> str:
        bounds = (row[name], row[f"{name}_low"], row[f"{name}_high"])
        if name == "mrr":
            value, low, high = (text.money(amount, currency) for amount in bounds)
            return text("charts.interval", value=value, low=low, high=high)
        value, low, high = (text.number(v, 1).replace("-", "−") for v in bounds)
        return text("charts.interval", value=value, low=low, high=high)

    page = pd.DataFrame(
        {
            "rising": [text.label("level", level) for level in rows["rising"]],
            "more": [text.share(more) for more in rows["more"]],
            **{name: [said(row, name) for _, row in rows.iterrows()] for name in names},
        }
    )
    headings = text.headings("level_outlook.what_if", "rising", "more", *names)
    return table(page, headings, name="level-outlook-what-if", right=("more", *names))


def _quarters_ahead(result: Result, text: Text, question: str, value: str) -> Listing:
    rows = result.tables[question]
    currency = result.settings["currency"]

    def said(row: pd.Series) -> str:
        values = [row[value]] if row["low"] != row["low"] else [row[value], row["low"], row["high"]]
        formatted = [text.money(v, currency) if value == "mrr" else text.number(v) for v in values]
        if len(formatted) == 1:
            return formatted[0]
        return text("charts.interval", value=formatted[0], low=formatted[1], high=formatted[2])

    last = rows.loc[rows["ahead"] == 0, "quarter"].max()
    shown = rows[(rows["quarter"] == last) | (rows["ahead"] > 0)]
    quarters = list(dict.fromkeys(shown["quarter"]))
    parts = list(dict.fromkeys(shown["part"]))
    cells = {(row["quarter"], row["part"]): said(row) for _, row in shown.iterrows()}
    page = pd.DataFrame({"part": [text(f"level_outlook.parts.{part}") for part in parts]})
    headings = text.headings(f"level_outlook.{question}", "part")
    for quarter in quarters:
        page[quarter] = [cells.get((quarter, part), "–") for part in parts]
        headings[quarter] = text.quarter(Quarter.parse(quarter))
    return table(page, headings, name=f"level-outlook-{question}", right=tuple(quarters))
