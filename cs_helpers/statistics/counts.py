"""How many different values there are for each combination of others."""

from __future__ import annotations

from collections import Counter

import pandas as pd


def count_different(rows: pd.DataFrame, *by: str, of: str = "account_id") -> Counter[tuple[str, ...]]:
    """How many different values of a column there are for each combination of others; a missing value counts nowhere.

    By sets: on some thousand rows groups take several times as long.
    """
    values = set(zip(*(rows[c].tolist() for c in (*by, of)), strict=True))
    return Counter(key[:-1] for key in values if all(value is not None and value == value for value in key))
