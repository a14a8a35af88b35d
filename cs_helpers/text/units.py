"""Numbers of metrics, formatted by their unit, for figures and tables alike."""

from __future__ import annotations

from cs_helpers.text import Text


def format_value(value: float | None, unit: str, text: Text, currency: str) -> str:
    """A value in its unit (`result.Metric`); an en dash where it is missing."""
    if value is None or value != value:
        return "–"
    if unit == "share":
        return text("page.percent", n=text.number(100 * value, 1))
    if unit == "days":
        return text("page.days", n=text.number(value))
    if unit == "months":
        return text("page.months", n=text.number(value, 1))
    if unit == "ratio":
        return f"× {text.number(value, 1)}"
    if unit == "currency":
        return text.money(value, currency)
    if unit == "amount":
        return text.amount(value)
    return text.number(value)
