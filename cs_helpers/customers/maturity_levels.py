"""The level of maturity of each customer by the rules of the product file, as far as the data can tell."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers import measures
from cs_helpers.snapshot import ProductData

LEVELS = (0, 1, 2, 3, 4)


def level_bounds(
    data: ProductData, days: list[date], time: CustomerTime, values: measures.MonthlyValues | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The lowest and the highest possible level of each account at the end of the month of each day.

    Index: account_id. Columns: `days`. Values 0 (below Lv.1) to 4; NaN: not a customer. The two differ where the data
    does not cover a rule: recorded days can show that a lower bound is met, but not that an upper bound is kept.
    values: of the measures over these months, where others need them too.
    """
    months = pd.DatetimeIndex([pd.Timestamp(d).replace(day=1) for d in days]).as_unit("us")
    span = pd.date_range(months[0], months[-1], freq="MS").as_unit("us")
    values = values or measures.MonthlyValues(data, span)
    accounts = pd.Index(data["accounts"]["account_id"], name="account_id")
    shape = (len(accounts), len(days))
    lowest, highest = np.zeros(shape), np.zeros(shape)
    surely_met, possibly_met = np.full(shape, True), np.full(shape, True)
    for rule in data.product.maturity.levels:
        for condition in rule.conditions:
            value = values.of(condition, months).to_numpy()
            known = measures.known_months(data, condition, months) & ~np.isnan(value)
            surely, possibly = measures.meets_bounds(value, known, condition)
            surely_met &= surely
            possibly_met &= possibly
        lowest[surely_met], highest[possibly_met] = rule.level, rule.level
    is_customer = np.column_stack([accounts.isin(time.customers(d)) for d in days])
    return (
        pd.DataFrame(lowest, index=accounts, columns=days).where(is_customer),
        pd.DataFrame(highest, index=accounts, columns=days).where(is_customer),
    )
