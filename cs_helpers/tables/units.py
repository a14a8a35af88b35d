"""Numbers of metrics and findings, formatted by their unit."""

from __future__ import annotations

from cs_helpers.rounding import rounded
from cs_helpers.text import Text
from cs_helpers.text.units import format_value as format_value


def shown_number(value: float | None, unit: str) -> float:
    """A value as `format_value` rounds it, so that a difference is that of the numbers that a reader sees."""
    if value is None:
        return float("nan")
    digits = (
        (0 if abs(value) >= 9.95 else 1 if abs(value) >= 0.995 else 2)
        if unit == "amount"
        else {"share": 3, "ratio": 1}.get(unit, 0)
    )
    return float(rounded(value, digits))


def format_difference(difference: float | None, unit: str, text: Text, currency: str) -> str:
    """A difference with its sign, as in +4.0 points of two shares; an en dash where it is missing.

    unit: of the two values, or `percent` for a relative difference.
    """
    if difference is None or difference != difference:
        return "–"
    size = abs(difference)
    if unit == "share":
        formatted = text("page.share_points", n=text.number(100 * size, 1))
    elif unit == "percent":
        formatted = text("page.percent", n=text.number(100 * size, 0 if size >= 0.1 else 1))
    elif unit == "ratio":
        formatted = text.number(size, 1)
    else:
        formatted = format_value(size, unit, text, currency)
    # a word joiner, so that no line ends after the sign
    return f"{'+' if difference > 0 else '−' if difference < 0 else '±'}\u2060{formatted}"


def format_interval(
    low: float | None, high: float | None, unit: str, text: Text, currency: str, *, difference: bool = False
) -> str:
    """A 95 % interval of a value or, with `difference`, of a difference; '' where neither end is known."""
    if low is None and high is None:
        return ""
    if difference:
        ends = [format_difference(end, unit, text, currency) for end in (low, high)]
    elif unit in ("currency", "share", "amount"):
        ends = [format_value(end, unit, text, currency) for end in (low, high)]
    else:
        ends = [text.number(end, 1 if unit == "ratio" else 0) for end in (low, high)]
    if high is None or high != high:
        return text("page.interval_open", low=ends[0])
    return text("page.interval", low=ends[0], high=ends[1])
