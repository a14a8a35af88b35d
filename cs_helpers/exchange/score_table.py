"""The file with the scores of candidates (`candidate_scores`, CSV), into which imported sheets are written."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from cs_helpers import durable
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.interview_read import Interview
from cs_helpers.paths import display_path

NAME = "candidate_scores"


@dataclass(frozen=True)
class Written:
    """Counts of rows of the file.

    new; replaced: by another score of the same question; withdrawn: without a score in the new sheet; kept: of other
    candidates and interviewers; expired: taken out, as their last day is over.
    """

    new: int
    replaced: int
    withdrawn: int
    kept: int
    expired: int


def add_interviews(file: Path, interviews: Sequence[Interview], today: date) -> Written:
    """Write interviews into the file, in place of earlier scores of the same candidate by the same interviewer.

    Rows whose last day is over are taken out. Raises `ExchangeError` where the file is no such table, and leaves it.
    """
    rows = _read(file) if file.exists() else []
    current = [row for row in rows if not _is_over(row["keep_until"], today)]
    sheets = {(i.product, i.candidate, i.interviewer) for i in interviews}
    kept = [r for r in current if (r["product"], r["candidate"], r["interviewer"]) not in sheets]
    written = [row for interview in interviews for row in interview.rows]
    known = {tuple(row[c] for c in TABLES[NAME].key) for row in current}
    replaced = sum(tuple(row[c] for c in TABLES[NAME].key) in known for row in written)
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(TABLES[NAME].columns), quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writeheader()
    writer.writerows([*kept, *written])
    file.parent.mkdir(parents=True, exist_ok=True)
    durable.write(file, out.getvalue().encode())
    withdrawn = len(current) - len(kept) - replaced
    return Written(len(written) - replaced, replaced, withdrawn, len(kept), len(rows) - len(current))


def _read(file: Path) -> list[dict[str, str]]:
    columns = list(TABLES[NAME].columns)
    try:
        reader = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8-sig"), newline=""), strict=True)
        found = list(reader.fieldnames or ())
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error):
        found, rows = [], []
    if sorted(found) != sorted(columns) or any(None in row or None in row.values() for row in rows):
        raise ExchangeError(
            display_path(file),
            f"it is no CSV file (UTF-8) with the columns {', '.join(columns)} and no others; name another one with -o",
        )
    return rows


def _is_over(text: str, today: date) -> bool:
    """Whether a day is before today; what is no day is left for the checks of the tables."""
    try:
        return date.fromisoformat(text.strip()) < today
    except ValueError:
        return False
