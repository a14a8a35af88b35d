"""What measures of use add up for each account and month: from tables in memory or, of larger logs, by DuckDB from files.

Both ways fill the same arrays, one for each `Aggregate`, over which `customers.measures` lays its windows. Distinct
names, parts of names and days are bits, so that the distinct ones of several months are an OR away, and the engine
needs no distinct count: all aggregates of a table are one pass over its files.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from cs_helpers import paths
from cs_helpers.customers.month_grid import MonthGrid
from cs_helpers.snapshot import ProductData, matches_pattern

if TYPE_CHECKING:
    import duckdb

#: from this many rows of a table on, the engine is faster than reading the table into memory, in spite of its start
ENGINE_ROWS = 500_000

#: the memory limit of DuckDB, which spills to the temporary folder beyond it
MEMORY = "1GB"

#: columns that the engine aggregates at a time, so that any number of names fits in memory
MAX_COLUMNS = 32

#: bits of a word
WORD = 64

#: the column with the time of a row
_TIME = {"usage_monthly": "month", "usage_daily": "day"}


@dataclass(frozen=True)
class Aggregate:
    """What is aggregated of the rows of each account and month.

    `sum`, `max`: of `column`. `parts`: which texts occur at place `part` (from 1) of the names of events, split at
    `separator`; names without a text there have none; part 0 is the whole name. `days`: which days occur. patterns: of
    events, of which any fits; () is the row over all events, which counts each day and user once.
    """

    table: Literal["usage_monthly", "usage_daily"]
    kind: Literal["sum", "max", "parts", "days"]
    column: str = ""
    patterns: tuple[str, ...] = ()
    part: int = 0
    separator: str = "."

    @property
    def is_bits(self) -> bool:
        """Whether its values are words of bits instead of numbers."""
        return self.kind in ("parts", "days")


def usage_values(
    data: ProductData, aggregates: Sequence[Aggregate], grid: MonthGrid
) -> dict[Aggregate, np.ndarray]:
    """Each aggregate of the use of the accounts of a grid, by month.

    float64 of accounts by months for `sum` and `max` (0 without rows); for the others uint64 of words by accounts by
    months, in which each part or day has a bit. Raises `SnapshotError` where a file of the snapshot is damaged.
    """
    values: dict[Aggregate, np.ndarray] = {}
    for table in dict.fromkeys(aggregate.table for aggregate in aggregates):
        of_table = [aggregate for aggregate in aggregates if aggregate.table == table]
        stored = data.stored.get(table)
        if stored is not None and stored.rows >= ENGINE_ROWS:
            values |= values_of_files(stored.paths, of_table, grid)
        else:
            values |= values_of_frame(data[table], of_table, grid)
    return values


def values_of_frame(
    rows: pd.DataFrame, aggregates: Sequence[Aggregate], grid: MonthGrid
) -> dict[Aggregate, np.ndarray]:
    """The aggregates of a table in memory, all of the same table (`usage_values`)."""
    time = _TIME[aggregates[0].table]
    codes, found = pd.factorize(rows["event"])
    cells = grid.cells(rows["account_id"], rows[time])
    values = {}
    for aggregate in aggregates:
        names = _Names.of(aggregate, found)
        chosen = names.fits[codes] & (cells < grid.size)
        at = cells[chosen]
        if aggregate.is_bits:
            value = np.zeros((names.words, grid.size), dtype="uint64")
            bit = names.bits[codes] if aggregate.kind == "parts" else rows[time].dt.day.to_numpy("int64")
            word, place = np.divmod(bit[chosen], WORD)
            np.bitwise_or.at(value, (word, at), np.uint64(1) << place.astype("uint64"))
        else:
            value = np.zeros((1, grid.size))
            ufunc = np.add if aggregate.kind == "sum" else np.maximum
            ufunc.at(value[0], at, rows[aggregate.column].to_numpy("float64", na_value=0.0)[chosen])
        values[aggregate] = _shaped(value, grid)
    return values


def values_of_files(
    files: Sequence[Path], aggregates: Sequence[Aggregate], grid: MonthGrid
) -> dict[Aggregate, np.ndarray]:
    """The aggregates of the files of a table, by DuckDB, all of the same table (`usage_values`)."""
    import duckdb  # imported late: it starts a thread, and kernels are forked only without threads

    with (
        tempfile.TemporaryDirectory(prefix="cs-usage-", dir=paths.temporary()) as folder,
        duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": folder}) as connection,
    ):
        every_file = connection.read_parquet([str(file) for file in files])
        found = every_file.filter("event IS NOT NULL").aggregate("event").order("event").fetchnumpy()["event"]
        names = {aggregate: _Names.of(aggregate, np.asarray(found)) for aggregate in aggregates}
        columns = [(aggregate, word) for aggregate, of in names.items() for word in range(of.words)]
        values = {
            a: np.zeros((of.words, grid.size), "uint64") if a.is_bits else np.zeros((1, grid.size))
            for a, of in names.items()
        }  # fmt: skip
        _create(
            connection,
            "accounts",
            account_id=grid.accounts.to_numpy(object),
            row=np.arange(len(grid.accounts)),
        )
        for start in range(0, len(columns), MAX_COLUMNS):
            some = columns[start : start + MAX_COLUMNS]
            _create(connection, "names", event=[*found, None], **_name_columns(some, names))
            # by file, because the months of two files differ: what is grouped at a time stays small
            for file in files:
                _add_file(connection, file, some, values, grid)
    return {aggregate: _shaped(value, grid) for aggregate, value in values.items()}


def _add_file(
    connection: duckdb.DuckDBPyConnection,
    file: Path,
    columns: Sequence[tuple[Aggregate, int]],
    values: dict[Aggregate, np.ndarray],
    grid: MonthGrid,
) -> None:
    """Add the rows of one file to the values of each column: an aggregate and one of its words."""
    table = columns[0][0].table
    time = _TIME[table]
    # months are not truncated again: that took a quarter of the time
    month = time if table == "usage_monthly" else f"date_trunc('month', {time})"
    queries = ", ".join(f"{_sql(a, n)} AS c{n}" for n, (a, _) in enumerate(columns))
    first = f"DATE '1970-01-01' + to_months({grid.first})"
    batches = (
        connection.read_parquet(str(file))
        .query(
            "use",
            f"WITH sums AS (SELECT account_id, {month} AS month, {queries} FROM use"
            f" JOIN names ON use.event IS NOT DISTINCT FROM names.event"
            f" WHERE {time} >= {first} AND {time} < {first} + to_months({grid.width}) GROUP BY ALL)"
            f" SELECT row * {grid.width} + datediff('month', {first}, month) AS cell, sums.* EXCLUDE (account_id, month)"
            " FROM sums JOIN accounts USING (account_id)",
        )
        .to_arrow_reader(100_000)
    )
    for batch in batches:
        cell = batch["cell"].to_numpy()
        for n, (aggregate, word) in enumerate(columns):
            value = values[aggregate][word]
            added = batch[f"c{n}"].to_numpy()
            if aggregate.is_bits:
                value[cell] |= added
            elif aggregate.kind == "sum":
                value[cell] += added
            else:
                value[cell] = np.maximum(value[cell], added)


def _sql(aggregate: Aggregate, n: int) -> str:
    """The query of an aggregate. n: its place among the columns."""
    if aggregate.kind == "parts":
        return f"bit_or(n{n})"
    if aggregate.kind == "days":
        return f"coalesce(bit_or(1::UBIGINT << day(day)::UBIGINT) FILTER (n{n} > 0), 0)::UBIGINT"
    return f"coalesce({aggregate.kind}({aggregate.column}::DOUBLE) FILTER (n{n} > 0), 0)"


def _name_columns(
    columns: Sequence[tuple[Aggregate, int]], names: dict[Aggregate, _Names]
) -> dict[str, np.ndarray]:
    """For each column and name: the bit of its part in the word, or 1 where the aggregate takes its rows; else 0."""
    return {
        f"n{n}": names[a].bits_of_word(word) if a.kind == "parts" else names[a].fits.astype("uint64")
        for n, (a, word) in enumerate(columns)
    }


def _create(
    connection: duckdb.DuckDBPyConnection, name: str, **columns: Sequence[str | None] | np.ndarray
) -> None:
    """Create or replace a table with these columns."""
    connection.register("content", pa.table(columns))
    connection.execute(f"CREATE OR REPLACE TABLE {name} AS FROM content")
    connection.unregister("content")


def _shaped(value: np.ndarray, grid: MonthGrid) -> np.ndarray:
    """Values of cells as an array of accounts by months, with the words of bits before them."""
    shape = len(grid.accounts), grid.width
    return value.reshape(len(value), *shape) if value.dtype == np.uint64 else value.reshape(shape)


@dataclass(frozen=True)
class _Names:
    """What an aggregate takes of the names of events; the last place of both arrays is of rows without a name.

    fits: whether it takes their rows. bits: the number of each name's part, -1 where it has none.
    """

    fits: np.ndarray
    bits: np.ndarray

    @classmethod
    def of(cls, aggregate: Aggregate, names: np.ndarray) -> _Names:
        """The names of an aggregate. names: the distinct names of events."""
        text = pd.Series(names, dtype="str")
        fits = np.full(len(text), False)
        for pattern in aggregate.patterns:
            fits |= matches_pattern(text, pattern).to_numpy(bool)
        bits = np.full(len(text), -1)
        if aggregate.kind == "parts":
            at = aggregate.part - 1
            part = text if at < 0 else text.str.split(aggregate.separator, regex=False).str.get(at)
            bits[fits] = pd.factorize(part[fits].replace("", None))[0]
            fits &= bits >= 0
        return cls(np.append(fits, not aggregate.patterns), np.append(bits, -1))

    @property
    def words(self) -> int:
        """The number of words that hold all bits, at least one."""
        return max(int(self.bits.max()) // WORD + 1, 1)

    def bits_of_word(self, word: int) -> np.ndarray:
        """The bit of each name's part in a word; 0 where it has none there. uint64."""
        place = self.bits - word * WORD
        inside = (place >= 0) & (place < WORD)
        return np.where(inside, np.uint64(1) << np.where(inside, place, 0).astype("uint64"), np.uint64(0))
