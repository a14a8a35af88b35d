"""One look for all tables; the page's style sheet gives the colours."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
from great_tables import GT

from cs_helpers.analyses.result import Result
from cs_helpers.text import Text

#: what sets the answer to one question of a page as a table
Setter = Callable[[Result, Text], GT]

#: a page holds no longer table: the whole one lies in the snapshot
LONGEST = 12


def table(frame: pd.DataFrame, columns: Mapping[str, str], *, name: str, right: tuple[str, ...] = ()) -> GT:
    """`frame`, all of it text already, under the headings `columns`; great_tables escapes cells."""
    shown = frame[list(columns)].astype("object").fillna("").rename(columns=dict(columns))
    aligned = [columns[c] for c in right]
    built = GT(shown, id=f"table-{name}")
    return built.cols_align("right", columns=aligned) if aligned else built
