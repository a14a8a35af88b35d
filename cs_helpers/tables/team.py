"""Tables of the team: steps and losses of the customers of each CSM, whom to coach, and trainings."""

from __future__ import annotations

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text


def conversions(result: Result, text: Text) -> Listing:
    """Steps reached by the customers of each CSM against expected ones: all steps on the page, each step in the download."""
    rows = result.tables["conversions"]
    all_rows = _ratios(rows, text, "conversions").assign(
        step=[text("team.all_steps") if s == "all" else text.label("step", s) for s in rows["step"]],
        expected=rows["expected"].round(1),
    )
    shown = rows[rows["step"] == "all"].head(MAX_ROWS)
    page = all_rows.loc[shown.index].assign(
        **{c: [text.number(n) for n in shown[c]] for c in ("customers", "waits", "reached")},
        expected=[text.number(n, 1) for n in shown["expected"]],
        ratio=[text.number_within(r.ratio, r.low, r.high, 2) for r in shown.itertuples()],
    )
    names = ("who", "step", "customers", "waits", "reached", "expected", "ratio", "verdict")
    headings = text.headings("team.conversions", *names)
    return table(page, headings, name="team-conversions", right=names[2:-1], all_rows=all_rows)


def retention(result: Result, text: Text) -> Listing:
    """Losses of the customers of each CSM against expected ones."""
    rows = result.tables["retention"]
    all_rows = _ratios(rows, text, "retention").assign(
        exposed=rows["exposed"].round(1), expected_lost=rows["expected_lost"].round(1)
    )
    shown = rows.head(MAX_ROWS)
    page = all_rows.head(MAX_ROWS).assign(
        **{c: [text.number(n) for n in shown[c]] for c in ("customers", "lost")},
        **{c: [text.number(n, 1) for n in shown[c]] for c in ("exposed", "expected_lost")},
        ratio=[text.number_within(r.ratio, r.low, r.high, 2) for r in shown.itertuples()],
    )
    names = ("who", "customers", "exposed", "lost", "expected_lost", "ratio", "verdict")
    headings = text.headings("team.retention", *names)
    return table(page, headings, name="team-retention", right=names[1:-1], all_rows=all_rows)


def _ratios(rows: pd.DataFrame, text: Text, question: str) -> pd.DataFrame:
    return rows.assign(
        who=[text.label("csm", csm) for csm in rows["csm"]],
        ratio=rows["ratio"].round(2),
        verdict=[text(f"team.{question}.row.{v}") for v in rows["verdict"]],
    )
