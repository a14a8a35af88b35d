"""Headline metrics as cards: value, interval and n, formatted in the language."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

from cs_helpers.result import Metric, Result
from cs_helpers.text import Text


def cards(result: Result, names: Sequence[str], text: Text, currency: str) -> str:
    """The cards of headline metrics as HTML, without metrics that have no value; '' without any card."""
    cards_html = []
    for name in names:
        metric = result.metrics.get(name)
        if metric is None or metric.value is None or metric.value != metric.value:
            continue
        label = html.escape(text(f"{result.analysis}.metrics.{name}"))
        cards_html.append(
            f'<div class="card"><p class="label">{label}</p>'
            f'<p class="value">{html.escape(_value(metric, text, currency))}</p>'
            f'<p class="detail">{html.escape(_detail(metric, text))}</p></div>'
        )
    return f'<div class="cards">{"".join(cards_html)}</div>' if cards_html else ""


def plain(metric: Metric | None) -> dict[str, Any]:
    """A metric as a JSON object; numbers that are not finite become strings such as "nan"."""
    if metric is None:
        return {"value": None}
    numbers = {"value": metric.value, "low": metric.low, "high": metric.high}
    numbers_json = {
        key: None if n is None else float(n) if math.isfinite(n) else str(float(n))
        for key, n in numbers.items()
    }
    return {**numbers_json, "n": int(metric.n), "unit": metric.unit}


def _value(metric: Metric, text: Text, currency: str) -> str:
    value = metric.value
    if metric.unit == "share":
        return text.share(value)
    if metric.unit == "days":
        return text("page.days", n=text.number(value))
    if metric.unit == "ratio":
        return f"× {text.number(value, 1)}"
    if metric.unit == "currency":
        return text.money(value or 0.0, currency)
    return text.number(value)


def _detail(metric: Metric, text: Text) -> str:
    """The interval, if there is one, and n."""
    n = text("page.n", n=text.number(metric.n)).replace(" ", "\u00a0")
    if metric.low is None and metric.high is None:
        return n
    if metric.unit == "share":
        low, high = text.share(metric.low), text.share(metric.high)
    else:
        digits = 1 if metric.unit == "ratio" else 0
        low, high = text.number(metric.low, digits), text.number(metric.high, digits)
    return f"{text('page.interval', low=low, high=high)}{text('page.separator')}{n}"
