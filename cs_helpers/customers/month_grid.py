"""A grid of accounts and months, into which rows of tables are summed up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class MonthGrid:
    """A grid of accounts (rows) and `width` consecutive months (columns); rows of data outside of it are ignored.

    first: the number of its first month (`month_number`). Uses arrays instead of pivot tables, because a report needs
    some twenty measures.
    """

    accounts: pd.Index
    first: int
    width: int

    @property
    def size(self) -> int:
        """The number of cells."""
        return len(self.accounts) * self.width

    def sums(self, account_id: pd.Series, when: pd.Series, value: pd.Series | None = None) -> np.ndarray:
        """The sum of the values (or the number of rows) per account and month."""
        weights = None if value is None else value.to_numpy("float64", na_value=0.0)
        return self.shaped(np.bincount(self.cells(account_id, when), weights, self.size + 1))

    def latest(self, account_id: pd.Series, when: pd.Series, value: pd.Series) -> np.ndarray:
        """The value of the last row per account and month; NaN without one."""
        cells = np.full(self.size + 1, np.nan)
        cells[self.cells(account_id, when)] = value.to_numpy("float64")
        return self.shaped(cells)

    def cells(self, account_id: pd.Series, when: pd.Series) -> np.ndarray:
        """The flat index of each row's cell; for rows outside the grid, the index after the last cell."""
        codes, names = pd.factorize(account_id)
        row = np.append(self.accounts.get_indexer(names), -1)[codes]
        column = month_number(when) - self.first
        inside = (row >= 0) & (column >= 0) & (column < self.width)
        return np.where(inside, row * self.width + column, self.size)

    def shaped(self, cells: np.ndarray) -> np.ndarray:
        """An array over the cells, and one more for what is outside, as float64 of accounts by months."""
        return np.asarray(cells[:-1].reshape(-1, self.width), dtype="float64")


def month_number(when: pd.Series | pd.DatetimeIndex) -> np.ndarray:
    """Months since 1970."""
    return np.asarray(when.to_numpy().astype("datetime64[M]").astype("int64"))
