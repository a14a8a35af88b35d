"""The sentences of verdicts on revenue, which stand in figures and above tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.text import Text

_AMOUNTS = frozenset(["opening", "closing", "change", "amount", "mrr", "earlier", "spent"])
_SHARES = frozenset(
    ["share", "low", "high", "nrr", "nrr_low", "nrr_high", "grr", "logo_churn", "others", "margin"]
)
#: smaller shares are shown with a decimal, so that a change never reads as 0%
_SMALL = 0.01
_RATIOS = frozenset(("index", "gross"))


def revenue_verdict(text: Text, question: str, code: str, fields: Mapping[str, Any], currency: str) -> str:
    """The sentence `revenue.<question>.<code>` with its fields formatted by name.

    Amounts, shares and ratios; driver (a kind of movement), period, and segment (with its dimension); other numbers as
    numbers.
    """
    texts = {}
    for name, value in fields.items():
        if name == "driver":
            texts[name] = text(f"revenue.drivers.{value}")
        elif name == "period":
            texts[name] = text(f"revenue.periods.{value}")
        elif name == "segment":
            texts[name] = text.segment(f"{fields['dimension']}:{value}")
        elif name in _AMOUNTS:
            texts[name] = text.money(value, currency)
        elif name in _SHARES:
            texts[name] = f"{text.number(100 * value, 1)}%" if 0 < value < _SMALL else text.share(value)
        elif name != "dimension":
            texts[name] = text.number(value, 2 if name in _RATIOS else 0)
    return text(f"revenue.{question}.{code}", **texts)
