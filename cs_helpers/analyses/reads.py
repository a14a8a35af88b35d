"""Which tables of a company the numbers of an analysis rest on: what was left out of them is said on its page."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from cs_helpers.contract.products import Product

#: who is a customer: all numbers rest on them
_CUSTOMERS = ("accounts", "contracts")
#: analysis -> tables, those of the measures of a product aside; milestones are found in usage, too
READS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "interviews": (*_CUSTOMERS, "interviews", "notes", "codings", "milestones", "usage", "touches"),
        "baselines": (*_CUSTOMERS, "usage", "tickets"),
        "health": _CUSTOMERS,
        "maturity": (*_CUSTOMERS, "usage"),
        "journeys": (
            *_CUSTOMERS, "milestones", "usage", "touches", "tickets", "interviews", "notes", "codings",
        ),
    }
)  # fmt: skip


def reads(analysis: str, product: Product) -> tuple[str, ...]:
    """The tables that an analysis of a product rests on; raises `KeyError` for an analysis that declares none."""
    measured: dict[str, list[str]] = {
        "health": [m.measure.source for m in product.health.measures],
        "maturity": [c.source for level in product.maturity.levels for c in level.conditions],
    }
    return tuple(dict.fromkeys((*READS[analysis], *measured.get(analysis, ()))))
