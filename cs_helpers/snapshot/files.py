"""Write the files of a snapshot: Parquet, partitioned by product, and usage also by quarter."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cs_helpers import hashes
from cs_helpers.contract.frames import RECORDED, REDUCED, empty_frame
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.usage_log.reduce_cells import UNDATED, ReducedUsage

#: the tables of every snapshot: those of the contract, with usage replaced by its reductions; a snapshot without
#: contracts also has `recorded`
FROZEN = tuple(n for n in (*TABLES, *REDUCED) if n != "usage")


class Files:
    """Writes the files of one snapshot into `folder`.

    hashes: file -> SHA-256. rows: table -> number of rows.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}
        self.rows: dict[str, int] = dict.fromkeys(FROZEN, 0)

    def table(self, name: str, frame: pd.DataFrame, products: Mapping[str, Any]) -> None:
        """Write a table, partitioned by product where it has that column."""
        self.rows[name] = len(frame)
        if "product" not in frame:
            self._write(f"{name}/all.parquet", pa.Table.from_pandas(frame, preserve_index=False))
            return
        self._write(f"{name}/empty.parquet", pa.Table.from_pandas(frame.iloc[:0], preserve_index=False))
        for product, part in frame.groupby("product", sort=True):
            if product in products:
                self._write(
                    f"{name}/product={product}.parquet", pa.Table.from_pandas(part, preserve_index=False)
                )

    def reductions(self, usage: ReducedUsage, products: Mapping[str, Any]) -> None:
        """Link the reductions of usage into the snapshot, by product and quarter."""
        for name in REDUCED:
            self._write(f"{name}/empty.parquet", pa.Table.from_pandas(empty(name), preserve_index=False))
        for cell in usage.cells:
            for name in REDUCED if cell.product in products and cell.quarter != UNDATED else ():
                if cell.rows[name]:
                    file = f"{name}/product={cell.product}/{cell.quarter}.parquet"
                    _link(cell.file(name), self._target(file))
                    self.hashes[file] = cell.sha256[name]
                    self.rows[name] += cell.rows[name]

    def rejected(self, name: str, refused: ir.Table) -> None:
        """Write the refused rows of a table as CSV, with all columns."""
        target = self._target(f"rejected/{name}.csv")
        refused.order_by(refused.columns).to_csv(target)
        self.hashes[f"rejected/{name}.csv"] = hashes.of_file(target)

    def _write(self, file: str, table: pa.Table) -> None:
        target = self._target(file)
        pq.write_table(table, target)
        self.hashes[file] = hashes.of_file(target)

    def _target(self, file: str) -> Path:
        target = self.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def shared_parts(frames: Mapping[str, pd.DataFrame], products: Iterable[str]) -> dict[str, dict[str, str]]:
    """Table -> product -> the hash of the product's rows, for tables that are not partitioned by product.

    With these hashes a changed note changes the data of its own product only.
    """
    hashes_by_table: dict[str, dict[str, str]] = {"accounts": {}, "notes": {}, "codings": {}}
    owners, interviews = frames.get("recorded", frames["contracts"]), frames["interviews"]
    for product in products:
        accounts = owners.loc[owners["product"] == product, "account_id"]
        interview_ids = interviews.loc[interviews["product"] == product, "interview_id"]
        notes = frames["notes"][frames["notes"]["interview_id"].isin(set(interview_ids))]
        parts = {
            "accounts": frames["accounts"][frames["accounts"]["account_id"].isin(set(accounts))],
            "notes": notes,
            "codings": frames["codings"][frames["codings"]["note_id"].isin(set(notes["note_id"]))],
        }
        for table, rows in parts.items():
            hashes_by_table[table][product] = hashes.of(rows.to_csv(index=False))
    return hashes_by_table


def empty(name: str) -> pd.DataFrame:
    """A table of the snapshot without rows."""
    return empty_frame(kinds_of(name))


def kinds_of(name: str) -> Mapping[str, str]:
    """The columns of a table of the snapshot: name -> the contract's type."""
    if name == "recorded":
        return RECORDED
    return REDUCED.get(name) or {c: TABLES[name].kind(c) for c in TABLES[name].columns}


def _link(source: Path, target: Path) -> None:
    """Hard-link a file, so that unchanged content is stored once; copy it where links are not supported."""
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        shutil.copyfile(source, target)
