"""Headline metrics as cards: value, interval and n, and the change from earlier quarters and the target."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from typing import Any

from cs_helpers.comparison import Change
from cs_helpers.declaration import Better
from cs_helpers.result import Metric, Result
from cs_helpers.tables.units import format_difference, format_interval, format_value
from cs_helpers.text import Text

#: metric -> its changes, from earlier quarters and from the target
Changes = Mapping[str, Sequence[Change]]


def cards(result: Result, names: Sequence[str], changes: Changes, text: Text, currency: str) -> str:
    """The cards of headline metrics as HTML, without metrics that have no value; '' without any card."""
    cards_html = []
    for name in names:
        metric = result.metrics.get(name)
        if has_value(metric):
            assert metric is not None
            label = text(f"{result.analysis}.metrics.{name}")
            cards_html.append(card(metric, label, changes.get(name, ()), text, currency))
    return f'<div class="cards">{"".join(cards_html)}</div>' if cards_html else ""


def has_value(metric: Metric | None) -> bool:
    """Whether a metric has a number to show."""
    return metric is not None and metric.value is not None and metric.value == metric.value


def card(
    metric: Metric, label: str, changes: Sequence[Change], text: Text, currency: str, link: str = ""
) -> str:
    """The card of a metric as HTML. link: the address of the place that explains it; '' for none."""
    heading = html.escape(label)
    if link:
        heading = f'<a href="{html.escape(link, quote=True)}">{heading}</a>'
    lines = "".join(
        f'<p class="change {change.direction}">{html.escape(change_sentence(change, text, currency))}</p>'
        for change in changes
    )
    return (
        f'<div class="card"><p class="label">{heading}</p>'
        f'<p class="value">{html.escape(format_value(metric.value, metric.unit, text, currency))}</p>'
        f'<p class="detail">{html.escape(_detail(metric, text, currency))}</p>{lines}</div>'
    )


def change_sentence(change: Change, text: Text, currency: str) -> str:
    """A change in words: what it is compared with, by how much it differs, and whether that is better, worse or noise."""
    return text(
        "changes.sentence",
        since=text(f"changes.since.{change.compared_with}"),
        value=format_value(change.compared.value, change.now.unit, text, currency),
        size=format_difference(change.difference, change.now.unit, text, currency),
        verdict=text(f"changes.verdict.{change_verdict(change)}"),
    )


def change_verdict(change: Change) -> str:
    """`better`, `worse`, `same`, `changed` (no direction is better) or `noise`: chance may explain the difference."""
    if change.certainty == "unclear":
        return "noise"
    if not change.difference:
        return "same"
    return "changed" if change.direction == "neither" else change.direction


def plain(
    metric: Metric | None,
    *,
    label: str = "",
    better: Better = "neither",
    changes: Sequence[Change] = (),
    currency: str = "",
) -> dict[str, Any]:
    """A metric with its changes as a JSON object; numbers that are not finite become strings such as "nan".

    currency: of an amount, or of the product's contracts.
    """
    if metric is None:
        return {"value": None}
    changes_json: dict[str, Any] = {
        change.compared_with: {
            **_numbers(change.compared),
            "difference": _json_number(change.difference),
            "difference_low": _json_number(change.low),
            "difference_high": _json_number(change.high),
            "certainty": change.certainty,
            "direction": change.direction,
        }
        for change in changes
    }
    described = {"label": label, "better": better} if label else {}
    if metric.unit == "currency":
        described["currency"] = currency
    return {**_numbers(metric), "n": int(metric.n), "unit": metric.unit, **described, **changes_json}


def _numbers(metric: Metric) -> dict[str, Any]:
    return {key: _json_number(getattr(metric, key)) for key in ("value", "low", "high")}


def _json_number(number: float | None) -> float | str | None:
    return None if number is None else float(number) if math.isfinite(number) else str(float(number))


def _detail(metric: Metric, text: Text, currency: str) -> str:
    """The interval, if there is one, and n."""
    n = text("page.n", n=text.number(metric.n)).replace(" ", "\u00a0")
    interval = format_interval(metric.low, metric.high, metric.unit, text, currency)
    return f"{interval}{text('page.separator')}{n}" if interval else n
