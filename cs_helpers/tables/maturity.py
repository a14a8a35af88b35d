"""Tables of maturity: who moved."""

from __future__ import annotations

from great_tables import GT

from cs_helpers.analyses.result import Result
from cs_helpers.tables.theme import LONGEST, table
from cs_helpers.text import Text


def levels(result: Result, text: Text) -> GT:
    """Customers whose level fell in the quarter, then those that rose, by revenue."""
    frame = result.tables["levels"].dropna(subset=["previous"])
    frame = frame[frame["level"] != frame["previous"]].copy()
    frame["rose"] = frame["level"] > frame["previous"]
    frame = frame.sort_values(["rose", "mrr"], ascending=[True, False]).head(LONGEST)
    frame["size"] = [text.label("size", s) for s in frame["size"]]
    frame["mrr"] = [text.number(v) for v in frame["mrr"]]
    frame["moved"] = [
        f"{text.label('level', int(a))} → {text.label('level', int(b))}"
        for a, b in zip(frame["previous"], frame["level"], strict=True)
    ]
    headings = text.headings("maturity.levels", "name", "size", "mrr", "moved")
    return table(frame, headings, name="levels", right=("mrr",))
