"""How much of a table was left out: rows, and of contracts the amounts that stood in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LeftOut:
    """Of the rows of a table that are a product's, or may be, how many were refused.

    rows, refused: counts. Of contracts mrr is the amount a month in all rows and refused_mrr that in the refused ones,
    in the product's currency, as far as it can be read; unread: refused rows whose amount cannot be.
    """

    rows: int
    refused: int
    mrr: float = 0.0
    refused_mrr: float = 0.0
    unread: int = 0

    @property
    def share(self) -> float:
        """Refused rows of all."""
        return self.refused / self.rows

    @property
    def mrr_share(self) -> float | None:
        """The refused amount of all; None where it is not known, or where there is none."""
        return None if self.unread or not self.mrr else self.refused_mrr / self.mrr

    def as_json(self) -> dict[str, Any]:
        """As a manifest holds it."""
        return asdict(self)


def left_out_of_json(said: Mapping[str, Mapping[str, Any]]) -> dict[str, LeftOut]:
    """What was left out for one product, by table, as a manifest holds it."""
    return {table: LeftOut(**each) for table, each in said.items()}
