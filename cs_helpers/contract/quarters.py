"""Calendar quarters, written `2026Q3`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta

from cs_helpers.errors import ParameterError

_FORM = re.compile(r"(\d{4})Q([1-4])")


def is_quarter(text: str) -> bool:
    """Whether a text is a quarter like `2026Q3`."""
    return bool(_FORM.fullmatch(text))


@dataclass(frozen=True, order=True)
class Quarter:
    """A calendar quarter."""

    year: int
    number: int

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """Parse a quarter like `2026Q3`. Raises `ParameterError` where `text` is not one."""
        match = _FORM.fullmatch(text) if isinstance(text, str) else None
        if not match:
            raise ParameterError(
                "quarter", "this is not a quarter", value=text, allowed="a year and a quarter, as in 2026Q3"
            )
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def containing(cls, day: date) -> Quarter:
        """The quarter that contains `day`."""
        return cls(day.year, (day.month - 1) // 3 + 1)

    @classmethod
    def latest_complete(cls, as_of: date) -> Quarter:
        """The last quarter that ends on or before `as_of`."""
        current = cls.containing(as_of)
        return current if current.end <= as_of else current.back(1)

    @property
    def start(self) -> date:
        """The first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def end(self) -> date:
        """The last day."""
        return self.back(-1).start - timedelta(days=1)

    def back(self, quarters: int) -> Quarter:
        """The quarter that is `quarters` quarters earlier."""
        index = self.year * 4 + self.number - 1 - quarters
        return Quarter(index // 4, index % 4 + 1)

    def upto(self, last: Quarter) -> list[Quarter]:
        """The quarters from this one to `last`, inclusive."""
        count = (last.year - self.year) * 4 + last.number - self.number
        return [self.back(-i) for i in range(count + 1)]

    def __str__(self) -> str:
        return f"{self.year}Q{self.number}"
