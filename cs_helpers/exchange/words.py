"""The words that people code with: each value of the contract under its token and its label in each language."""

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

#: what a column may hold
ALLOWED = {
    "viewpoint": VIEWPOINTS,
    "evidence": EVIDENCE,
    "polarity": POLARITIES,
    "why_level": WHY_LEVELS,
    "reason": REASONS,
    "reason_status": REASON_STATUSES,
    "size": (*SIZES, UNKNOWN),
}


def folded(word: str) -> str:
    """A word as it is compared: without case and surrounding blanks."""
    return word.strip().casefold()


@cache
def tokens(column: str) -> dict[str, str]:
    """What stands for each value of a column, folded: its token, and its label in each language."""
    found = {folded(Text(lang).label(column, t)): t for lang in LANGUAGES for t in ALLOWED[column]}
    return found | {t: t for t in ALLOWED[column]}


@cache
def columns() -> dict[str, str]:
    """What stands for each column, folded: its name, and its heading in each language."""
    named = (
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
    found = {folded(heading(Text(lang), c)): c for lang in LANGUAGES for c in named}
    return found | {c: c for c in named}


def heading(text: Text, column: str) -> str:
    """What a column is called."""
    return text(f"exchange.columns.{column}")
