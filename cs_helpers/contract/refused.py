"""Counts of the rows of a table that were refused and, for contracts, of the amounts in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class LeftOut:
    """How many of a table's rows that belong, or may belong, to a product were refused.

    rows, refused: counts. For contracts, mrr is the monthly amount of all rows and refused_mrr that of the refused ones,
    in the product's currency, as far as it can be read; unread: number of refused rows whose amount cannot be read.
    """

    rows: int
    refused: int
    mrr: float = 0.0
    refused_mrr: float = 0.0
    unread: int = 0

    @property
    def share(self) -> float:
        """The share of rows that were refused."""
        return self.refused / self.rows

    @property
    def mrr_share(self) -> float | None:
        """The share of the amount that was refused; None where it is unknown, or where the amount is 0."""
        return None if self.unread or not self.mrr else self.refused_mrr / self.mrr

    def as_json(self) -> dict[str, Any]:
        """The counts in the format of a manifest."""
        return asdict(self)


def left_out_of_json(content: Mapping[str, Mapping[str, Any]]) -> dict[str, LeftOut]:
    """The counts of one product by table, from the format of a manifest."""
    return {table: LeftOut(**counts) for table, counts in content.items()}
