"""The customers and their hand-overs that the questions are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.handovers import UNKNOWN, counted_fields, customer_handovers
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: the quarters whose new customers the state of hand-overs is told of, this one included
YEAR = 4


@dataclass(frozen=True, eq=False)
class Handed:
    """Hand-overs of a product as known at the end of a quarter.

    every: `customers.handovers.customer_handovers` of all customers, with name, csm, size (`unknown` where it is not known).
    fields: those that count. time: the customers' spells.
    """

    data: ProductData
    quarter: Quarter
    every: pd.DataFrame
    fields: Sequence[str]
    time: CustomerTime

    @classmethod
    def over(cls, data: ProductData, quarter: Quarter) -> Handed:
        """The hand-overs as known at the end of a quarter."""
        accounts = with_segments(data["accounts"]).set_index("account_id")[["name", "csm", "size"]]
        time = customer_time_as_of(data, quarter.end)
        every = customer_handovers(data, quarter.end, time).join(accounts)
        return cls(data, quarter, every, counted_fields(data, quarter.end), time)

    @cached_property
    def known(self) -> pd.DataFrame:
        """Those of whom it is known whether they were handed over."""
        return self.every[self.every["standing"] != UNKNOWN]

    @cached_property
    def new(self) -> pd.DataFrame:
        """Those of them that started in the last four quarters, this one included."""
        return self.started_since(self.quarter.back(YEAR - 1))

    @cached_property
    def new_handed(self) -> pd.DataFrame:
        """Those of `new` with a hand-over."""
        return self.new[self.new["handed_over_on"].notna()]

    @cached_property
    def handed(self) -> pd.DataFrame:
        """All with a hand-over."""
        return self.known[self.known["handed_over_on"].notna()]

    def started_since(self, quarter: Quarter) -> pd.DataFrame:
        """Those of `known` that started in a quarter or later."""
        return self.known[self.known["started_on"] >= pd.Timestamp(quarter.start)]

    @cached_property
    def mrr(self) -> pd.Series:
        """The MRR of each customer at the end of the quarter; NaN without contracts."""
        return self.time.mrr(self.quarter.end)
