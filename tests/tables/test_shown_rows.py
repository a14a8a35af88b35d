"""Which rows of a table a page shows: not all of a long one, and none that its sentence has said already."""

from __future__ import annotations

from datetime import date

import pandas as pd
import pytest

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result, Verdict
from cs_helpers.tables import ten_principles
from cs_helpers.tables.theme import MAX_ROWS, first_rows
from cs_helpers.text import Text


@pytest.mark.parametrize(("rows", "shown"), [(0, 0), (12, 12), (15, 15), (16, 12)])
def test_a_long_table_is_cut_off_but_not_for_a_few_rows(rows: int, shown: int) -> None:
    assert len(first_rows(pd.DataFrame({"a": range(rows)}))) == shown
    assert MAX_ROWS == 12


def judged(*changes: str) -> Result:
    """Principles 1, 2, ... that two assessors judged twice, with these changes."""
    table = pd.DataFrame(
        {
            "principle": range(1, len(changes) + 1), "before_on": date(2026, 3, 31), "on": date(2026, 9, 30),
            "before_low": "defined", "before_high": "defined", "low": "defined", "high": "measured", "change": changes,
            "rose": [int(c == "rose") for c in changes], "fell": 0, "both": 2,
        }
    )  # fmt: skip
    rose = changes.count("rose")
    verdict = Verdict("rose" if rose else "same", {"of": len(changes), "rose": rose, "fell": 0})
    return Result(
        "ten_principles", "desk", Quarter(2026, 3), date(2026, 1, 1), date(2026, 9, 30), 5, {"changes": table}, {},
        settings={"currency": "JPY"}, verdicts={"changes": verdict},
    )  # fmt: skip


def test_principles_that_are_judged_as_before_are_counted_in_the_sentence_only() -> None:
    listing = ten_principles.changes(judged("same", "rose", "same"), Text("en"))
    assert listing.page["Principle"].tolist() == ["2. No drifting apart"]
    assert not listing.is_truncated
    assert listing.message == "Since last time, the team judges 1 of 3 principles higher, and none lower"
    alike = ten_principles.changes(judged("same", "same"), Text("en"))
    assert alike.page.empty
    assert alike.message == "Since last time, the team judges all 2 principles the same"
