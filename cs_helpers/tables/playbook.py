"""Tables of the playbook: for whom each entry is due, what became of the last list, and who is on it now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def entries(result: Result, text: Text) -> Listing:
    """Each entry: who does what by when, for how many customers, and since when it is due for them."""
    known = result.tables["entries"]
    mrr_columns = ("mrr",) if "mrr" in known else ()
    all_rows = known.assign(
        when=[_entry(row, text) for row in known.itertuples()],
        do=[text.label("do", entry) for entry in known["entry"]],
        who_by=[_who_by(row, result, text) for row in known.itertuples()],
        since=[_since(row, text) for row in known.itertuples()],
    )
    frame = all_rows.copy()
    for column in ("customers", "previous"):
        frame[column] = [text.number(v) for v in known[column]]
    currency = result.settings["currency"]
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in known["mrr"]]
    headings = text.headings(
        "playbook.entries", "when", "do", "who_by", "customers", *mrr_columns, "previous", "since"
    )
    return table(
        frame.head(MAX_ROWS), headings, name="entries", right=("customers", "mrr", "previous"),
        all_rows=all_rows, units={"mrr": currency},
    )  # fmt: skip


def _who_by(row: Any, result: Result, text: Text) -> str:
    """Who acts by when, and what is in the way of it."""
    by = text.day(result.quarter.end + timedelta(days=row.within))
    named = text("playbook.entries.who_by", who=text.label("role", row.who), by=by)
    said = [] if row.state == "no_rule" else [named]
    if row.obstacles:
        why = text.join_list([text(f"means.obstacles.{code}") for code in row.obstacles])
        said.append(text("playbook.entries.nobody", why=why))
    elif row.takes < row.customers:
        said.append(text("playbook.entries.beyond", takes=text.amount(row.takes)))
    return text("playbook.entries.between").join(said) or "–"


def _since(row: Any, text: Text) -> str:
    if row.state != "known":
        return text(f"playbook.entries.{row.state}")
    if not row.customers:
        return "–"
    return text("playbook.entries.since", oldest=text.day(row.oldest), median=text.day(row.median))


def last_list(result: Result, text: Text) -> Listing:
    """What became of the customers on the list at the end of last quarter, and whether it goes with what was done."""
    known = result.tables["last_list"]
    frame = pd.DataFrame(
        {
            "when": [_entry(row, text) for row in known.itertuples()],
            **{
                column: [text.number(v) for v in known[column]]
                for column in ("listed", "resolved", "still", "lost", "unknown")
            },
            "done": [_done(row, text) for row in known.itertuples()],
            "verdict": [_verdict(row, text) for row in known.itertuples()],
        }
    )
    lost = ["lost"] if result.settings["by_contracts"] else []  # else who was lost is unknown, and no 0
    counts = ["listed", "resolved", "still", *lost, *(["unknown"] if known["unknown"].any() else [])]
    headings = text.headings("playbook.last_list", "when", *counts, "done", "verdict")
    return table(frame, headings, name="last-list", right=tuple(counts))


def _entry(row: Any, text: Text) -> str:
    return text("playbook.entries.label", number=text.number(row.number), when=text.label("when", row.entry))


def _done(row: Any, text: Text) -> str:
    if row.done != row.done:
        return "–"
    numbers = {name: text.number(getattr(row, name)) for name in ("done", "listed", "within")}
    return text("playbook.last_list.done", **numbers)


def _verdict(row: Any, text: Text) -> str:
    """The sentence of a row's verdict."""

    def share(count: int, of: int) -> str:
        return text(
            "playbook.last_list.share",
            share=text.share(count / of) if of else "–",
            count=text.number(count),
            of=text.number(of),
        )

    return text(
        f"playbook.last_list.{row.verdict}",
        done=share(row.done_resolved, row.done_of),
        other=share(row.other_resolved, row.other_of),
        done_of=text.number(row.done_of),
        other_of=text.number(row.other_of),
        within=text.number(row.within),
    )


def matches(result: Result, text: Text) -> Listing:
    """The customers for whom an entry is due, with the highest MRR first."""
    known = result.tables["matches"]
    mrr_columns = ("mrr",) if "mrr" in known else ()
    all_rows = known.assign(when=[_entry(row, text) for row in known.itertuples()])
    frame = all_rows.head(MAX_ROWS).copy()
    frame["since"] = [text.day(day) for day in frame["since"]]
    currency = result.settings["currency"]
    if mrr_columns:
        frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    headings = text.headings("playbook.matches", "name", "when", "csm", "since", *mrr_columns)
    return table(frame, headings, name="matches", right=("mrr",), all_rows=all_rows, units={"mrr": currency})
