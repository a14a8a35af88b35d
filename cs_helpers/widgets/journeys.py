"""What a person may choose of the journey: how its funnel is counted."""

from __future__ import annotations

from typing import get_args

from cs_helpers.contract.products import Entry, Mode, Product
from cs_helpers.text import Text
from cs_helpers.widgets.filter_bar import Choice

#: windows of a funnel, in days, that can be chosen beside the product's own
WINDOWS = (30, 90, 180, 365)


def options(product: Product, text: Text) -> dict[str, Choice]:
    """How the funnel of a product may be counted; users only where the snapshot knows what each did."""
    journey = product.journey
    units = ("account", "user") if journey.unit == "user" else ("account",)
    named: dict[str, tuple[str, ...]] = {"mode": get_args(Mode), "entry": get_args(Entry), "unit": units}
    found = {
        name: Choice(
            text(f"journeys.explore.{name}"),
            [(text(f"journeys.explore.{value}"), value) for value in values],
            getattr(journey, name),
        )
        for name, values in named.items()
        if len(values) > 1
    }
    found["window_days"] = Choice(
        text("journeys.explore.window_days"),
        [(text("page.days", n=n), n) for n in sorted({*WINDOWS, journey.window_days})],
        journey.window_days,
    )
    if journey.exclusions:
        found["exclusions"] = Choice(
            text("journeys.explore.exclusions"),
            [
                (text("journeys.explore.as_declared"), journey.exclusions),
                (text("journeys.explore.without"), ()),
            ],
            journey.exclusions,
        )
    return found
