"""CSV files for spreadsheets, safe against formula injection."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import Any

import pandas as pd

#: the beginning of cells that a spreadsheet may interpret as a formula (OWASP, CSV injection)
_FORMULA = re.compile("[\\s\x00-\x1f\u200b-\u200f\ufeff]*[=+\\-@＝＋－＠﹢﹣﹦﹫]|[\t\r\n]")


def spreadsheet(frame: pd.DataFrame) -> str:
    """The table as CSV with its headings: texts quoted and escaped against formulas, numbers plain."""
    buffer = io.StringIO(newline="")
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n")
    writer.writerow([_cell(heading) for heading in frame.columns])
    columns = [frame.iloc[:, place].tolist() for place in range(frame.shape[1])]
    writer.writerows([_cell(value) for value in row] for row in zip(*columns, strict=True))
    return buffer.getvalue()


def _cell(value: Any) -> str | int | float:
    if pd.isna(value):
        return ""
    if isinstance(value, int | float) and abs(value) != float("inf"):
        return int(value) if value == int(value) else round(value, 4)
    if isinstance(value, date):
        return value.isoformat()[:10]
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text
