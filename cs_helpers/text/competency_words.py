"""Words of competency that figures and tables share: the sentences of verdicts, differences of scores, and intervals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.text import Text

#: fields of verdicts that are lists of elements, and numbers with so many digits
_ELEMENTS = ("elements", "lower")
_DIGITS = {"reach": 1, "alpha": 2, "low": 2, "high": 2}


def signed(difference: float, text: Text) -> str:
    """A difference of scores with its sign, as in +1.3; an en dash where it is missing."""
    if difference != difference:
        return "–"
    size = text.number(abs(difference), 1)
    sign = "±" if size == text.number(0, 1) else "+" if difference > 0 else "−"
    return f"{sign}\u2060{size}"


def signed_within(difference: float, low: float, high: float, text: Text) -> str:
    """A difference with its interval, where there is one."""
    if low != low:
        return signed(difference, text)
    return text(
        "competency.within", value=signed(difference, text), low=signed(low, text), high=signed(high, text)
    )


def verdict_sentence(question: str, code: str, given: Mapping[str, Any], text: Text) -> str:
    """The sentence of the verdict on a question; for agreement, with what the raters do not agree on."""
    kind = "interview_question" if question == "agreement" else "element"
    fields = {}
    for name, value in given.items():
        if name in _ELEMENTS or name == "named":
            fields[name] = text.join_list(
                [text("competency.quoted", name=text.label(kind, one)) for one in value]
            )
        elif name == "share":
            fields[name] = text.share(value)
        else:
            fields[name] = text.number(value, _DIGITS.get(name, 0))
    said = text(f"competency.{question}.{code}", **fields)
    if not given.get("named"):
        return said
    return text.join_sentences([said, text(f"competency.{question}.named", named=fields["named"])])
