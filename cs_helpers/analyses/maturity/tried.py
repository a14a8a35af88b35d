"""Other bounds of the rules of maturity: who would be at another level at the end of the quarter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from cs_helpers.contract.maturity import Maturity
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import UNKNOWN, level_bounds
from cs_helpers.customers.measures import MonthlyValues
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: what a rule can be changed in: the lower and the upper bound of a condition, None for none
Bounds = tuple[float | None, float | None]


@dataclass(frozen=True, eq=False)
class Tried:
    """Customers at the end of the quarter by level, with the declared rules and with others.

    counts: level (`UNKNOWN`: it is not known), before, after (customers), mrr_before, mrr_after. moves: the customers at another
    level, those with most MRR first; columns account_id, name, before, after, mrr, way (`up`, `down`, or `unknown`: with one of
    the two rules their level is not known). n: customers.
    """

    counts: pd.DataFrame
    moves: pd.DataFrame
    n: int


def with_bounds(maturity: Maturity, bounds: Mapping[str, Bounds]) -> Maturity:
    """The rules with other bounds. bounds: by the key of the condition (`Maturity.conditions_by_key`).

    Raises `pydantic.ValidationError` for what a product file cannot say either.
    """
    levels = [
        {
            **{name: getattr(level, name) for name in type(level).model_fields},
            "conditions": [
                _content(condition) | dict(zip(("at_least", "at_most"), bounds.get(f"{level.level}.{place}", _of(condition)), strict=True))
                for place, condition in enumerate(level.conditions, 1)
            ],
        }
        for level in maturity.levels
    ]  # fmt: skip
    return Maturity.model_validate({"levels": levels, "agreed_on": maturity.agreed_on})


def _content(condition: object) -> dict[str, object]:
    return {name: getattr(condition, name) for name in type(condition).model_fields}  # type: ignore[attr-defined]


def _of(condition: object) -> Bounds:
    return condition.at_least, condition.at_most  # type: ignore[attr-defined]


class RuleTest:
    """The levels of the customers at the end of a quarter, and what the measures of the rules were then, worked out once."""

    def __init__(self, data: ProductData, quarter: Quarter) -> None:
        self._data, self._day = data, quarter.end
        self._time = customer_time_as_of(data, quarter.end)
        month = pd.DatetimeIndex([pd.Timestamp(quarter.end).replace(day=1)]).as_unit("us")
        self._values = MonthlyValues(data, month)
        self._before = self._levels(data.product.maturity)
        accounts = data["accounts"].set_index("account_id")
        self._names = accounts["name"].reindex(self._before.index)
        self.knows_mrr = self._time.by_contracts
        mrr = self._time.mrr(quarter.end).reindex(self._before.index).to_numpy("float64")
        self._mrr = mrr if self.knows_mrr else np.full(len(self._before), np.nan)

    def levels(self, maturity: Maturity) -> Tried:
        """What other rules change."""
        after = self._levels(maturity)
        rows = pd.DataFrame(
            {
                "account_id": self._before.index,
                "name": self._names.to_numpy(),
                "before": self._before.to_numpy(),
                "after": after.to_numpy(),
                "mrr": self._mrr,
            }
        )
        shown = [
            *maturity.numbers,
            *([UNKNOWN] if (rows[["before", "after"]] == UNKNOWN).to_numpy().any() else []),
        ]
        counts = pd.DataFrame(
            [
                (level, int((rows["before"] == level).sum()), int((rows["after"] == level).sum()),
                 rows.loc[rows["before"] == level, "mrr"].sum(), rows.loc[rows["after"] == level, "mrr"].sum())
                for level in shown
            ],
            columns=["level", "before", "after", "mrr_before", "mrr_after"],
        )  # fmt: skip
        moves = rows[rows["before"] != rows["after"]]
        is_unknown = (moves[["before", "after"]] == UNKNOWN).any(axis=1)
        way = np.where(is_unknown, "unknown", np.where(moves["after"] > moves["before"], "up", "down"))
        moves = moves.assign(way=way).sort_values(
            ["mrr", "account_id"], ascending=[False, True], ignore_index=True
        )
        return Tried(counts, moves, len(rows))

    def _levels(self, maturity: Maturity) -> pd.Series:
        """The level of each customer at the end of the quarter, `UNKNOWN` where the rules cannot be decided; int."""
        data = replace(self._data, product=self._data.product.model_copy(update={"maturity": maturity}))
        low, high = (bound[self._day] for bound in level_bounds(data, [self._day], self._time, self._values))
        level = low.where(low == high, float(UNKNOWN))[low.notna()]
        return level.astype("int64").sort_index()
