"""A cache of the reduced usage log, from one snapshot to the next.

It consists of cells of one product and one quarter. A cell is a folder named by a hash of everything its content
depends on, so a cell that exists and is intact is valid. Cells are written to a temporary folder and renamed, so a
killed process leaves only complete cells, and the next snapshot reuses them. The cache may be deleted at any time.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from ibis.backends.duckdb import Backend

from cs_helpers import hashes
from cs_helpers.contract.frames import REDUCED, empty_frame
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import SnapshotError
from cs_helpers.paths import display_path
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.sql_quoting import sql_text

_MANIFEST = "cell.json"
_UNFINISHED = ".new-"


@dataclass(frozen=True)
class Cell:
    """The reductions of one product and quarter: a folder of Parquet files.

    rows, sha256: file -> its row count and its hash. broken: rule -> number of rows of the log that break it.
    """

    product: str
    quarter: Quarter
    folder: Path
    rows: Mapping[str, int]
    sha256: Mapping[str, str]
    broken: Mapping[str, int]

    def file(self, name: str) -> Path:
        """The path of one of its files."""
        return self.folder / f"{name}.parquet"


@dataclass(frozen=True)
class CellSpec:
    """A cell that the log needs.

    key: hash of everything its content depends on. first, last: its months, by their first days. rows: its rows in
    the log.
    """

    product: str
    quarter: Quarter
    key: str
    first: date
    last: date
    rows: int


def cached_cell(store: Path, spec: CellSpec) -> Cell | None:
    """The cell from the cache; `None` where it is missing or damaged."""
    folder = store / spec.key
    try:
        manifest = json.loads((folder / _MANIFEST).read_text(encoding="utf-8"))
        cell = Cell(
            spec.product, spec.quarter, folder, manifest["rows"], manifest["sha256"], manifest["broken"]
        )
        intact = all(hashes.of_file(cell.file(name)) == hash_ for name, hash_ in cell.sha256.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return cell if intact and set(REDUCED) <= set(cell.sha256) else None


class NewCell:
    """A cell that is being written, in a temporary folder of the store."""

    def __init__(self, store: Path, spec: CellSpec) -> None:
        self.spec, self.target = spec, store / spec.key
        self.folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=store))
        self.rows: dict[str, int] = {}
        self.sha256: dict[str, str] = {}

    def add(self, hub: Backend, name: str, query: str, parameters: Mapping[str, Any]) -> None:
        """Write the result of a query as one of the files; safe to call from several threads.

        Raises `SnapshotError` where the file cannot be written.
        """
        file = self.folder / f"{name}.parquet"
        types = f"KV_METADATA {{pandas: {sql_text(pandas_metadata(name))}}}"
        try:
            with hub.con.cursor() as connection:
                written = connection.execute(
                    f"COPY ({query}) TO {sql_text(file)} (FORMAT parquet, {types})", dict(parameters)
                ).fetchone()
        except duckdb.IOException as error:
            raise SnapshotError(
                f"the reductions of usage cannot be written to {display_path(self.target.parent)}: {first_line(error)}"
            ) from error
        self.rows[name] = int(written[0]) if written else 0
        self.sha256[name] = hashes.of_file(file)

    def publish(self, broken: Mapping[str, int]) -> Cell:
        """Move the finished cell into the store."""
        manifest = {"rows": self.rows, "sha256": self.sha256, "broken": dict(broken)}
        (self.folder / _MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
        shutil.rmtree(self.target, ignore_errors=True)
        self.folder.rename(self.target)
        return Cell(self.spec.product, self.spec.quarter, self.target, self.rows, self.sha256, broken)


def remove_unfinished(store: Path) -> None:
    """Remove the temporary folders of cells that were never finished."""
    for folder in store.glob(_UNFINISHED + "*"):
        shutil.rmtree(folder, ignore_errors=True)


def remove_unused(store: Path, cells: Iterable[Cell]) -> None:
    """Remove everything in the store that is not one of `cells`."""
    for leftover in set(store.iterdir()) - {cell.folder for cell in cells}:
        shutil.rmtree(leftover, ignore_errors=True)


def read_parquet_sql(files: Iterable[Path]) -> str:
    """The SQL expression that reads these Parquet files."""
    names = ", ".join(sql_text(file) for file in files)
    return f"read_parquet([{names}], hive_partitioning=false)"


@cache
def pandas_metadata(name: str) -> str:
    """The Parquet metadata from which pandas restores the contract's types, as pandas itself writes it."""
    if name not in REDUCED:
        return "{}"
    schema = pa.Schema.from_pandas(empty_frame(REDUCED[name]), preserve_index=False)
    return str(schema.metadata[b"pandas"].decode())
