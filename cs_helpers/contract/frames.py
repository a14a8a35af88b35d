"""Columns and types of the tables that a snapshot adds to those of the contract, as pandas frames."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.contract.vocabulary import DTYPES

#: the reductions of usage: name -> column -> the contract's type
REDUCED: Mapping[str, Mapping[str, str]] = {
    "usage_daily": {
        "account_id": "text", "product": "text", "day": "date", "event": "text",
        "events": "integer", "quantity": "number", "users": "integer",
    },
    "usage_monthly": {
        "account_id": "text", "product": "text", "month": "date", "event": "text",
        "events": "integer", "quantity": "number", "users": "integer", "days": "integer", "first_at": "time",
    },
    "active_daily": {
        "account_id": "text", "product": "text", "day": "date",
        "events": "integer", "quantity": "number", "users": "integer",
    },
}  # fmt: skip

#: the columns of `recorded`, the times with rows of each account, computed where there are no contracts
#: (`contract.spells.recorded_spells`)
RECORDED: Mapping[str, str] = {
    "account_id": "text", "product": "text", "first_day": "date", "last_day": "date",
}  # fmt: skip


def empty_frame(kinds: Mapping[str, str]) -> pd.DataFrame:
    """A frame without rows. kinds: column -> the contract's type."""
    return pd.DataFrame({column: pd.Series(dtype=DTYPES[kind]) for column, kind in kinds.items()})
