"""The tokens of the contract's values, and the labels that people use for them in each language."""

from __future__ import annotations

from functools import cache

from cs_helpers.contract.parameters import LANGUAGES
from cs_helpers.contract.vocabulary import (
    EVIDENCE,
    POLARITIES,
    REASON_STATUSES,
    REASONS,
    SIZES,
    UNKNOWN,
    VIEWPOINTS,
    WHY_LEVELS,
)
from cs_helpers.text import Text

#: column -> allowed tokens
ALLOWED = {
    "viewpoint": VIEWPOINTS,
    "evidence": EVIDENCE,
    "polarity": POLARITIES,
    "why_level": WHY_LEVELS,
    "reason": REASONS,
    "reason_status": REASON_STATUSES,
    "size": (*SIZES, UNKNOWN),
}


def fold(word: str) -> str:
    """A word for comparisons: without differences of case, and stripped."""
    return word.strip().casefold()


@cache
def token_by_label(column: str) -> dict[str, str]:
    """Folded label (in each language) or token -> token, for the values of a column."""
    labels = {fold(Text(lang).label(column, t)): t for lang in LANGUAGES for t in ALLOWED[column]}
    return labels | {t: t for t in ALLOWED[column]}


@cache
def column_by_heading() -> dict[str, str]:
    """Folded heading (in each language) or name -> name of the column."""
    columns = (
        "note_id",
        "text",
        "evidence",
        "speaker",
        "viewpoint",
        "code",
        "polarity",
        "why_level",
        "reason",
        "reason_status",
    )
    headings = {fold(heading(Text(lang), c)): c for lang in LANGUAGES for c in columns}
    return headings | {c: c for c in columns}


def heading(text: Text, column: str) -> str:
    """The heading of a column."""
    return text(f"exchange.columns.{column}")
