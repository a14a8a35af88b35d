"""Tables of the check of the health score: its numbers, the customers who left, and who would be in another band."""

from __future__ import annotations

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.text import Text

#: measures of quality that are shares
_SHARES = ("auc", "skill")
#: and those with so many decimals
_DECIMALS = {"skill": 1, "lift": 1, "brier": 3, "slope": 2, "intercept": 2}


def quality(result: Result, text: Text) -> Listing:
    """The numbers of the check, each beside that of a score that says nothing."""
    rows = result.tables["quality"]

    def number(measure: str, value: float) -> str:
        shown = 100 * value if measure in _SHARES else value
        number = text.number(shown, _DECIMALS.get(measure, 0)).replace("-", "−")
        return text("page.percent", n=number) if measure in _SHARES else number

    frame = rows.assign(
        measure=[text(f"health_check.quality.measure.{m}") for m in rows["measure"]],
        value=[number(r.measure, r.value) for r in rows.itertuples()],
        interval=[
            "–" if r.low != r.low else text("page.interval", low=number(r.measure, r.low), high=number(r.measure, r.high))
            for r in rows.itertuples()
        ],
        reference=[number(r.measure, r.reference) for r in rows.itertuples()],
        meaning=[text(f"health_check.quality.meaning.{m}") for m in rows["measure"]],
    )  # fmt: skip
    headings = text.headings("health_check.quality", "measure", "value", "interval", "reference", "meaning")
    return table(frame, headings, name="quality", right=("value", "interval", "reference"))


def losses(result: Result, text: Text) -> Listing:
    """The customers who left, latest first, and when they had been flagged."""
    rows = result.tables["losses"]
    all_rows = rows.assign(
        size=[text.label("size", s) for s in rows["size"]],
        left=[
            text(
                "health_check.losses.left_on",
                day=str(day.date()),
                how=text("health_check.losses.notice" if noticed else "health_check.losses.end"),
            )
            for day, noticed in zip(rows["left_on"], rows["noticed"], strict=True)
        ],
        warned=[
            text("health_check.losses.never") if pd.isna(day) else str(day.date())
            for day in rows["warned_on"]
        ],
        lead=rows["lead_days"],
    )
    return _listing(result, text, all_rows, "losses", ("left", "warned", "lead"), {"lead": 0})


def changes(result: Result, text: Text) -> Listing:
    """The customers who would be in another band with learned weights, highest revenue first."""
    rows = result.tables["changes"]

    def band(name: str, score: float) -> str:
        return text("health_check.changes.band", band=text.label("band", name), score=text.number(score))

    all_rows = rows.assign(
        size=[text.label("size", s) for s in rows["size"]],
        declared=[band(b, s) for b, s in zip(rows["band"], rows["score"], strict=True)],
        learned=[band(b, s) for b, s in zip(rows["learned_band"], rows["learned_score"], strict=True)],
    )
    return _listing(result, text, all_rows, "changes", ("declared", "learned"), {})


def _listing(
    result: Result,
    text: Text,
    all_rows: pd.DataFrame,
    name: str,
    columns: tuple[str, ...],
    numbers: dict[str, int],
) -> Listing:
    """Customers with their MRR and further columns; `numbers` of them with so many decimals."""
    frame, currency = all_rows.head(MAX_ROWS).copy(), result.settings["currency"]
    frame["mrr"] = [text.money(v, currency) for v in frame["mrr"]]
    for column, digits in numbers.items():
        frame[column] = [text.number(v, digits) for v in frame[column]]
    headings = text.headings(f"health_check.{name}", "name", "size", "mrr", *columns)
    return table(
        frame, headings, name=name, right=("mrr", *numbers), all_rows=all_rows, units={"mrr": currency}
    )
