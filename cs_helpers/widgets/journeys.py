"""The options of journeys in a filter bar: how the funnel is counted."""

from __future__ import annotations

from typing import get_args

from cs_helpers.contract.products import Entry, Mode, Product
from cs_helpers.text import Text
from cs_helpers.widgets.filter_bar import Choice

#: the windows of a funnel in days, offered besides that of the product
WINDOWS = (30, 90, 180, 365)


def options(product: Product, text: Text) -> dict[str, Choice]:
    """The options for counting the funnel of a product; users only where the snapshot has users."""
    journey = product.journey
    units = ("account", "user") if journey.unit == "user" else ("account",)
    values_by_name: dict[str, tuple[str, ...]] = {
        "mode": get_args(Mode),
        "entry": get_args(Entry),
        "unit": units,
    }
    choices = {
        name: Choice(
            text(f"journeys.explore.{name}"),
            [(text(f"journeys.explore.{value}"), value) for value in values],
            getattr(journey, name),
        )
        for name, values in values_by_name.items()
        if len(values) > 1
    }
    choices["window_days"] = Choice(
        text("journeys.explore.window_days"),
        [(text("page.days", n=n), n) for n in sorted({*WINDOWS, journey.window_days})],
        journey.window_days,
    )
    if journey.exclusions:
        choices["exclusions"] = Choice(
            text("journeys.explore.exclusions"),
            [
                (text("journeys.explore.as_declared"), journey.exclusions),
                (text("journeys.explore.without"), ()),
            ],
            journey.exclusions,
        )
    return choices
