"""The tables of a snapshot as pandas frames: their columns and types."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from cs_helpers.contract.vocabulary import DTYPES

#: what usage is reduced to: name -> columns and the contract's type of each
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

#: what a snapshot works out: the first day with a row of each account, where there are no contracts
#: (`contract.spells.accounts_seen`)
FIRST_SEEN: Mapping[str, str] = {"account_id": "text", "product": "text", "first_day": "date"}


def empty_frame(kinds: Mapping[str, str]) -> pd.DataFrame:
    """A frame without rows; `kinds`: column -> the contract's type."""
    return pd.DataFrame({column: pd.Series(dtype=DTYPES[kind]) for column, kind in kinds.items()})
