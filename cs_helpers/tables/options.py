"""The options of analyses in words, as the head of a page says them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cs_helpers.text import Text


def options_in_words(text: Text, options: Mapping[str, Mapping[str, Any]]) -> str:
    """Each option with its value; '' without any. The words are in the catalogue as `<analysis>.options`."""
    said = [
        text("page.option", option=_words(text, analysis, name), value=_value(text, analysis, name, value))
        for analysis, of_it in options.items()
        for name, value in of_it.items()
    ]
    return text("page.separator").join(said)


def _words(text: Text, analysis: str, word: str) -> str:
    keys = (
        f"{analysis}.options.{word}",
        f"labels.step.{word}",
        f"labels.measure.{word}",
        f"labels.segment.{word}",
    )
    return next((text(key) for key in keys if text.has(key)), word)


def _value(text: Text, analysis: str, name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        # a rule of the product file, as an excluded event: its own name stands for it
        named = next((value[key] for key in ("step", "milestone", "event") if value.get(key)), None)
        pairs = [f"{_words(text, analysis, str(key))} {one}" for key, one in value.items()]
        return _value(text, analysis, name, named) if named else text.join_list(pairs)
    if isinstance(value, list | tuple):
        parts = [_value(text, analysis, name, one) for one in value]
        return text.join_list(parts) if parts else _words(text, analysis, "without")
    if isinstance(value, int | float) and not isinstance(value, bool):
        return text("page.days", n=value) if name.endswith("_days") else text.amount(value)
    return _words(text, analysis, str(value))
