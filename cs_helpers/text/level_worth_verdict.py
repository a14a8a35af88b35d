"""The sentences of verdicts on the worth of levels, which stand in figures and above tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.text import Text

#: the fields that are amounts in `lifetime` and shares elsewhere
_VALUES = frozenset(["upper", "lower", "value"])
#: questions whose interval is that of a ratio; of the others it is that of a difference of shares
_RATIOS = frozenset(["lifetime", "steps"])


def level_worth_verdict(
    text: Text, question: str, code: str, fields: Mapping[str, Any], currency: str
) -> str:
    """The sentence `level_worth.<question>.<code>` with its fields formatted by name and question."""

    def formatted(name: str, value: Any) -> str:
        if name in ("level", "below", "step"):
            return text.label("level", value)
        if name in ("half", "period", "common"):
            level = text.label("level", fields.get("level", 0))
            return text(f"level_worth.{name}.{value}", level=level) if value else ""
        if name in _VALUES:
            return text.money(value, currency) if question == "lifetime" else text.share(value)
        if name in ("ratio", "step_ratio", "step_low", "step_high") or (
            name in ("low", "high") and question in _RATIOS
        ):
            return text.number(value, 2)
        if name in ("difference", "low", "high"):
            return points(value, text)
        return text.number(value)

    return text(
        f"level_worth.{question}.{code}", **{name: formatted(name, value) for name, value in fields.items()}
    )


def points(difference: float, text: Text) -> str:
    """A difference of shares in points, with its sign."""
    if difference != difference:
        return "–"
    sign = "+" if difference > 0 else "−" if difference < 0 else "±"
    return f"{sign}{text('page.share_points', n=text.number(100 * abs(difference), 1))}"
