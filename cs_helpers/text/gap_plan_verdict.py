"""The sentences of the gap plan's verdicts, which its figures, its tables and the summary say."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.text import Text
from cs_helpers.text.units import format_value

#: what goals are counted by, in the order in which it is said
PARTS = ("short", "unclear", "reached", "unknown")


def gap_plan_verdict(text: Text, question: str, code: str, fields: Mapping[str, Any], currency: str) -> str:
    """The sentence `gap_plan.<question>.<code>` with its fields formatted: goals by their names, values in `unit`.

    parts: of the numbers of goals those that are not 0, in words.
    """

    def formatted(name: str, value: Any) -> str:
        if name == "goal":
            return text.label("goal", value)
        if name == "goals":
            return text("gap_plan.separator").join(text.label("goal", goal) for goal in value)
        if name in ("share", "confidence"):
            return text.share(value)
        if name == "measure":
            return text(f"revenue.metrics.{value}")
        if name in ("before", "after", "low", "high"):
            return format_value(value, str(fields["unit"]), text, currency)
        return text.number(value)

    said = {name: formatted(name, value) for name, value in fields.items() if name != "unit"}
    if question == "gaps":
        counted = [
            text(f"gap_plan.gaps.parts.{part}", count=said[part]) for part in PARTS if fields.get(part)
        ]
        said["parts"] = text("gap_plan.gaps.comma").join(counted)
    return text(f"gap_plan.{question}.{code}", **said)
