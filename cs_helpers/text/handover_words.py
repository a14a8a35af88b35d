"""Words of hand-overs that figures and tables share: the sentences of verdicts, and names of roles and comparisons."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from cs_helpers.rounding import rounded
from cs_helpers.text import Text


def role_name(role: str, text: Text) -> str:
    """The name of a role; of hand-overs without one, that it is not given."""
    return text("handover.roles.unknown") if role == "unknown" else text.label("role", role)


def association_name(outcome: str, comparison: str, text: Text) -> str:
    """The name of a row of the table `associations`."""
    return text(
        "handover.associations.label",
        outcome=text(f"handover.associations.outcome.{outcome}"),
        comparison=text(f"handover.associations.comparison.{comparison}"),
    )


def signed_points(difference: float, text: Text) -> str:
    """A difference of two shares in whole points, with its sign and without a unit; an en dash where it is missing."""
    if difference != difference:
        return "–"
    size = int(rounded(100 * difference))
    sign = "+" if size > 0 else "−" if size < 0 else "±"
    return f"{sign}\u2060{text.number(abs(size))}"


def verdict_sentence(question: str, code: str, fields: Mapping[str, Any], text: Text) -> str:
    """The sentence of the verdict on a question, with its fields formatted in the language."""
    formatted = {}
    for name, value in fields.items():
        if name == "field":
            formatted[name] = text.label("handover_field", value)
        elif name == "fields":
            formatted[name] = text.join_list([text.label("handover_field", f) for f in value])
        elif name == "role":
            formatted[name] = role_name(value, text)
        elif name == "group":
            formatted[name] = text(f"handover.group.{value}")
        elif question == "roles" and name == "difference":  # the sentence says which way
            formatted["size"] = text.number(100 * abs(value))
        elif question == "roles" and name in ("low", "high"):
            formatted[name] = signed_points(value, text)
        elif question == "associations" and name in ("ratio", "low", "high"):
            formatted[name] = text.number(value, 2 if value < 1 and math.isfinite(value) else 1)
        elif name != "customers" and (question == "value" or name in ("share", "low", "high")):
            formatted[name] = text.share(value)
        else:
            formatted[name] = text.number(value)
    return text(f"handover.{question}.{code}", **formatted)
