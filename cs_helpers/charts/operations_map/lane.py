"""One product on a map: what it shows, how its numbers are written, and where they lead."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import babel.numbers

from cs_helpers.charts.operations_map.content import Content
from cs_helpers.charts.sheet import Sheet, width_of
from cs_helpers.text import Text

#: the address of a place (`<analysis>-<question>`) of a report
Address = Callable[[str], str]


@dataclass(frozen=True)
class Lane:
    """A product's lane while it is drawn.

    against: the product that is laid over it; None for none. top: the largest LTV of all lanes, which share one scale. title: the
    name above the lane; '' for none.
    """

    content: Content
    text: Text
    sheet: Sheet
    address: Address
    against: Content | None = None
    top: float = 0.0
    title: str = ""

    def say(self, key: str, /, **fields: Any) -> str:
        """A sentence of the picture."""
        return self.text(f"operations_picture.{key}", **fields)

    def link(self, key: str) -> str:
        """Where a number of the map leads; '' where it leads nowhere, or the picture stands outside of pages."""
        place = (self.content["numbers"].get(key) or {}).get("place")
        return self.address(place) if place else ""

    def customers(self, count: float | None) -> str:
        """A number of customers."""
        return self.say("customer" if count == 1 else "customers", n=self.text.number(count))

    def money(self, value: float | None) -> str:
        """An amount in few letters, all in one form: ¥898K and ¥12.3M, or 89.8万円 and 1235万円."""
        currency = self.content["currency"]
        if value is None:
            return "–"
        if not currency:
            return self.text.money(value, currency)
        if self.text.language == "ja" and currency == "JPY":
            digits = 0 if abs(value) >= 9_999_500 else 1
            number = babel.numbers.format_compact_decimal(value, locale="ja", fraction_digits=digits)
            return str(number) + babel.numbers.get_currency_name("JPY", 1, "ja")
        if 999_500 <= abs(value) < 1e6:  # these are a million when they are rounded
            value = math.copysign(1e6, value)
        digits = 0 if self.text.language == "en" and abs(value) < 1e6 else 1
        return str(
            babel.numbers.format_compact_currency(
                value, currency, locale=self.text.language, fraction_digits=digits
            )
        )

    def value(self, number: float | None, unit: str) -> str:
        """A number in its unit."""
        if number is None:
            return "–"
        if unit == "currency":
            return self.money(number)
        if unit == "share":
            return self.text.share(number)
        if unit in ("days", "months", "hours"):
            return self.say(f"unit.{unit}", n=self.text.number(number))
        return self.text.number(number) if unit == "count" else self.text.amount(number)

    def run(self, x: float, y: float, *parts: tuple[str, str, str], room: float, size: float = 11) -> float:
        """Writes parts (words, colour, link) beside each other, in as many lines as they need; returns the last base line.

        A number and its words stay together as one part.
        """
        at, gap = x, width_of("  ", size)
        for words, colour, link in parts:
            wide = width_of(words, size)
            if at > x and at + wide > x + room:
                at, y = x, y + size * 1.4
            if wide > room:
                y = self.sheet.paragraph(at, y, words, room, size=size, colour=colour, link=link)
                at = x + room
                continue
            self.sheet.words(at, y, words, size=size, colour=colour, link=link)
            at += wide + gap
        return y
