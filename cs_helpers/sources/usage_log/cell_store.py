"""The memory of reductions: what the log was reduced to, kept from one snapshot to the next.

In cells of one product and one quarter. A cell is a folder that is named by all that its content
depends on: one that is there, and whole, is right. Cells are written beside and renamed, so a kill
leaves whole ones, and the next snapshot goes on from them. They are only a memory, and may be
deleted at any time.
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
from cs_helpers.sources.files.reading import sql_text
from cs_helpers.sources.messages import first_line

_ABOUT = "cell.json"
_UNFINISHED = ".new-"


@dataclass(frozen=True)
class Cell:
    """The reductions of one product and quarter: a folder of Parquet files.

    rows, sha256: file -> how many rows it has, and its hash. broken: rule -> rows of the log that break it.
    """

    product: str
    quarter: Quarter
    folder: Path
    rows: Mapping[str, int]
    sha256: Mapping[str, str]
    broken: Mapping[str, int]

    def file(self, name: str) -> Path:
        """One of its files."""
        return self.folder / f"{name}.parquet"


@dataclass(frozen=True)
class Wanted:
    """A cell that the log has: the hash of what its content depends on, its months, how many rows make it."""

    product: str
    quarter: Quarter
    key: str
    first: date
    last: date
    rows: int


def kept(memory: Path, wanted: Wanted) -> Cell | None:
    """A cell that is there as it was written."""
    folder = memory / wanted.key
    try:
        about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))
        cell = Cell(wanted.product, wanted.quarter, folder, about["rows"], about["sha256"], about["broken"])
        whole = all(hashes.of_file(cell.file(name)) == hash_ for name, hash_ in cell.sha256.items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return cell if whole and set(REDUCED) <= set(cell.sha256) else None


class NewCell:
    """A cell that is being written, in a folder beside the others."""

    def __init__(self, memory: Path, cell: Wanted) -> None:
        self.cell, self.place = cell, memory / cell.key
        self.folder = Path(tempfile.mkdtemp(prefix=_UNFINISHED, dir=memory))
        self.rows: dict[str, int] = {}
        self.sha256: dict[str, str] = {}

    def add(self, hub: Backend, name: str, query: str, said: Mapping[str, Any]) -> None:
        """Writes what a query gives as one of the files; may run in several threads."""
        file = self.folder / f"{name}.parquet"
        types = f"KV_METADATA {{pandas: {sql_text(metadata(name))}}}"
        try:
            with hub.con.cursor() as connection:
                found = connection.execute(
                    f"COPY ({query}) TO {sql_text(file)} (FORMAT parquet, {types})", dict(said)
                ).fetchone()
        except duckdb.IOException as error:
            raise SnapshotError(
                f"the reductions of usage cannot be written to {display_path(self.place.parent)}: {first_line(error)}"
            ) from error
        self.rows[name] = int(found[0]) if found else 0
        self.sha256[name] = hashes.of_file(file)

    def done(self, broken: Mapping[str, int]) -> Cell:
        """Puts the cell in its place."""
        about = {"rows": self.rows, "sha256": self.sha256, "broken": dict(broken)}
        (self.folder / _ABOUT).write_text(json.dumps(about), encoding="utf-8")
        shutil.rmtree(self.place, ignore_errors=True)
        self.folder.rename(self.place)
        return Cell(self.cell.product, self.cell.quarter, self.place, self.rows, self.sha256, broken)


def forget_unfinished(memory: Path) -> None:
    """Removes cells that were not written to their end."""
    for folder in memory.glob(_UNFINISHED + "*"):
        shutil.rmtree(folder, ignore_errors=True)


def forget(memory: Path, cells: Iterable[Cell]) -> None:
    """Removes what `cells` do not consist of."""
    for leftover in set(memory.iterdir()) - {cell.folder for cell in cells}:
        shutil.rmtree(leftover, ignore_errors=True)


def parquet(files: Iterable[Path]) -> str:
    """Files as SQL reads them."""
    listed = ", ".join(sql_text(file) for file in files)
    return f"read_parquet([{listed}], hive_partitioning=false)"


@cache
def metadata(name: str) -> str:
    """What pandas reads the contract's types from, as it writes it itself."""
    if name not in REDUCED:
        return "{}"
    schema = pa.Schema.from_pandas(empty_frame(REDUCED[name]), preserve_index=False)
    return str(schema.metadata[b"pandas"].decode())
