"""The ten principles of customer success in a product file: the phase of the business, and which principles come first in it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Literal

from pydantic import Field, model_validator

from cs_helpers.contract.product_parts import SettingsModel

#: the principles of Mehta, Steinman, Murphy, "Customer Success" (2016), by their numbers there
PRINCIPLES = tuple(range(1, 11))
Phase = Literal["launch", "growth", "scale", "mature"]
PHASES: tuple[Phase, ...] = ("launch", "growth", "scale", "mature")

#: the principles that each phase asks for first, where a product file says no other ones. The book has no such order: this one
#: is ours. The reason of each stands beside it on the page, `ten_principles.reasons.<phase>.<principle>` of the catalogue.
FIRST: Mapping[Phase, tuple[int, ...]] = MappingProxyType(
    {
        "launch": (1, 3, 7, 6),
        "growth": (7, 2, 4, 1),
        "scale": (5, 4, 9, 6),
        "mature": (8, 9, 2, 10),
    }
)

_Principle = Annotated[int, Field(ge=1, le=10, strict=True)]


class Principles(SettingsModel):
    """How a product works on the ten principles.

    phase: of the business. order: the numbers of the principles that come first, the most urgent one first, instead of those
    that `FIRST` names for the phase.
    """

    phase: Phase
    order: tuple[_Principle, ...] = ()

    @model_validator(mode="after")
    def _names_each_once(self) -> Principles:
        if repeated := [one for n, one in enumerate(self.order) if one in self.order[:n]]:
            raise ValueError(f"principles.order names the principle {repeated[0]} twice")
        return self

    @property
    def first(self) -> tuple[int, ...]:
        """The principles that come first."""
        return self.order or FIRST[self.phase]
