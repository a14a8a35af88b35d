"""Several sliders, each with its name, as one widget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import anywidget
import traitlets


@dataclass(frozen=True)
class Range:
    """A slider: its label, and the numbers that it reaches over."""

    name: str
    label: str
    min: float
    max: float
    step: float


class Sliders(anywidget.AnyWidget):
    """`values` holds the number of each slider by its name, and changes while one is moved."""

    _esm = Path(__file__).with_suffix(".js")
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    language = traitlets.Unicode("en").tag(sync=True)

    def __init__(self, ranges: list[Range], values: Mapping[str, float], language: str) -> None:
        self._first = dict(values)
        super().__init__(rows=[asdict(one) for one in ranges], values=dict(values), language=language)

    def reset(self) -> None:
        """Sets all of them to where they were at first."""
        self.values = dict(self._first)
