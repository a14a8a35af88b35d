"""Headline metrics as cards: value, interval and n, and the change from earlier quarters and the target."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

from cs_helpers.comparison import Change, is_little
from cs_helpers.result import Metric, Result
from cs_helpers.tables.units import format_difference, format_interval, format_value, shown_number
from cs_helpers.text import Text

#: of the line of a trend, in CSS pixels
SPARK_WIDTH, SPARK_HEIGHT = 64, 22
#: letters of the value of a card that are too many for its width in large type
LONG_VALUE = 10
#: metric -> its changes, from earlier quarters and from the target
Changes = Mapping[str, Sequence[Change]]


def cards(result: Result, names: Sequence[str], changes: Changes, text: Text, currency: str) -> str:
    """The cards of headline metrics as HTML, without metrics that have no value; '' without any card."""
    cards_html = []
    for name in names:
        metric = result.metrics.get(name)
        if metric is not None and metric.is_known:
            label = text(f"{result.analysis}.metrics.{name}")
            cards_html.append(card(metric, label, changes.get(name, ()), text, currency))
    return f'<div class="cards">{"".join(cards_html)}</div>' if cards_html else ""


def card(
    metric: Metric,
    label: str,
    changes: Sequence[Change],
    text: Text,
    currency: str,
    *,
    link: str = "",
    trend: Sequence[float | None] = (),
) -> str:
    """The card of a metric as HTML.

    link: the address of the place that explains it; '' for none. trend: its values in the last quarters, oldest first,
    drawn as a line.
    """
    heading = html.escape(label)
    if link:
        heading = f'<a href="{html.escape(link, quote=True)}">{heading}</a>'
    lines = "".join(
        f'<p class="change {change.direction}">{html.escape(change_sentence(change, text, currency))}</p>'
        for change in changes
    )
    value = format_value(metric.value, metric.unit, text, currency)
    size = " long" if len(value) > LONG_VALUE else ""  # smaller letters, so that an amount stays on one line
    line = sparkline(trend, [format_value(v, metric.unit, text, currency) for v in trend], text)
    return (
        f'<div class="card"><p class="label">{heading}</p><p class="value{size}">{html.escape(value)}{line}</p>'
        f'<p class="detail">{html.escape(_detail(metric, text, currency))}</p>{lines}</div>'
    )


def sparkline(values: Sequence[float | None], labels: Sequence[str], text: Text) -> str:
    """A small line of values with a dot at the last one, as SVG; '' for fewer than three known values.

    labels: the values in words, for readers who cannot see the line. Values that are not known leave a gap.
    """
    known = [(place, v) for place, v in enumerate(values) if v is not None and math.isfinite(v)]
    if len(known) < 3:
        return ""
    low, high = min(v for _, v in known), max(v for _, v in known)
    step = SPARK_WIDTH / (len(values) - 1)

    def point(place: int, value: float) -> str:
        level = (value - low) / (high - low) if high > low else 0.5
        return f"{place * step + 3:.1f},{SPARK_HEIGHT - 3 - level * (SPARK_HEIGHT - 6):.1f}"

    parts: list[list[str]] = [[]]
    for place, value in enumerate(values):
        if value is None or not math.isfinite(value):
            parts.append([])
        else:
            parts[-1].append(point(place, value))
    lines = "".join(f'<polyline points="{" ".join(part)}"/>' for part in parts if len(part) > 1)
    x, y = point(*known[-1]).split(",")
    said = html.escape(text("changes.trend", values=text.join_list(list(labels))), quote=True)
    return (
        f'<svg class="trend" fill="none" stroke="currentColor" stroke-width="1.5" role="img" aria-label="{said}" width="{SPARK_WIDTH + 6}" height="{SPARK_HEIGHT}"'
        f' viewBox="0 0 {SPARK_WIDTH + 6} {SPARK_HEIGHT}">{lines}<circle cx="{x}" cy="{y}" r="2" fill="currentColor"/></svg>'
    )


def change_sentence(change: Change, text: Text, currency: str) -> str:
    """A change in words: what it is compared with, by how much it differs, and whether that is better, worse or noise.

    The difference is that of the numbers as they are shown; of an amount also in percent.
    """
    unit = change.now.unit
    difference = shown_difference(change)
    size = format_difference(difference, unit, text, currency)
    if unit == "currency" and change.compared.value and difference:
        relative = format_difference(difference / change.compared.value, "percent", text, currency)
        size = text("changes.size_and_share", size=size, share=relative)
    return text(
        "changes.sentence",
        since=text(f"changes.since.{change.compared_with}"),
        value=format_value(change.compared.value, unit, text, currency),
        size=size,
        verdict=verdict_words(change, text),
    )


def verdict_words(change: Change, text: Text) -> str:
    """Whether a change is better, worse or noise, or whether a target is reached, in words."""
    kind = "reached" if change.compared_with == "target" else "verdict"
    return text(f"changes.{kind}.{change_verdict(change)}")


def shown_difference(change: Change) -> float:
    """The difference of the numbers as they are shown."""
    unit = change.now.unit
    return shown_number(change.now.value, unit) - shown_number(change.compared.value, unit)


def change_verdict(change: Change) -> str:
    """`better`, `worse`, `same`, `little`, `changed` (no direction is better) or `noise`: chance may explain it.

    `untested`: an estimate without an interval. `same`: the numbers as they are shown are equal. `little`: counted, but about the same.
    """
    if not shown_difference(change):
        return "same"
    if change.certainty == "unclear":
        return "noise" if change.low is not None else "untested"
    if change.direction != "neither":
        return change.direction
    return "little" if change.certainty == "counted" and is_little(change) else "changed"


def _detail(metric: Metric, text: Text, currency: str) -> str:
    """The interval, if there is one, and n."""
    n = text("page.n", n=text.number(metric.n)).replace(" ", "\u00a0")
    interval = format_interval(metric.low, metric.high, metric.unit, text, currency)
    return f"{interval}{text('page.separator')}{n}" if interval else n
