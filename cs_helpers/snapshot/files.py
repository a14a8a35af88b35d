"""The files of a snapshot: Parquet, a partition a product, and usage a partition a quarter too."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.vocabulary import DTYPES
from cs_helpers.sources.reduced import Reduced, version
from cs_helpers.sources.usage import NO_MONTH

#: the reductions of usage: name -> columns and the contract's type of each
REDUCED: Mapping[str, Mapping[str, str]] = {
    "usage_daily": {
        "account_id": "text", "product": "text", "day": "date", "event": "text",
        "events": "integer", "quantity": "number", "users": "integer",
    },
    "usage_monthly": {
        "account_id": "text", "product": "text", "month": "date", "event": "text",
        "events": "integer", "quantity": "number", "users": "integer", "days": "integer",
    },
    "active_daily": {
        "account_id": "text", "product": "text", "day": "date",
        "events": "integer", "quantity": "number", "users": "integer",
    },
}  # fmt: skip

#: the tables of a snapshot: those of the contract, and usage in its reductions
FROZEN = tuple(n for n in (*TABLES, *REDUCED) if n != "usage")
#: which partitions the snapshot before held, so that what did not change is not written again
_WRITTEN = "partitions.json"


class Files:
    """The files of one snapshot as they are written.

    hashes: file -> sha256. rows: table -> count.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}
        self.rows: dict[str, int] = dict.fromkeys(FROZEN, 0)

    def table(self, name: str, frame: pd.DataFrame, products: Mapping[str, Any]) -> None:
        """Writes a table, by product where it has products."""
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

    def reductions(self, usage: Reduced, products: Mapping[str, Any], memory: Path) -> None:
        """Writes the reductions of usage by product and quarter; links those that did not change."""
        before = _known(memory / _WRITTEN)
        written: dict[str, dict[str, Any]] = {}
        for name in REDUCED:
            self._write(f"{name}/empty.parquet", pa.Table.from_pandas(empty(name), preserve_index=False))
        made = _made_by()
        parts = usage.parts[usage.parts["product"].isin(set(products)) & (usage.parts["month"] != NO_MONTH)]
        for product, group in parts.groupby("product", sort=True):
            for quarter in sorted({Quarter.holding(month) for month in group["month"]}):
                key = f"{made} {usage.partition_key(product, quarter)}"
                for name in REDUCED:
                    file = f"{name}/product={product}/{quarter}.parquet"
                    known = before.get(file, {})
                    if known.get("key") != key or not self._linked(memory.parent, file, known):
                        target = self._target(file)
                        rows = usage.freeze(name, product, quarter, target, _metadata(name))
                        if not rows:
                            target.unlink()
                            continue
                        self.hashes[file] = _sha256(target)
                        known = {
                            "key": key, "rows": rows, "bytes": target.stat().st_size, "sha256": self.hashes[file]
                        }  # fmt: skip
                    self.rows[name] += known["rows"]
                    written[file] = known
        target = memory / _WRITTEN
        target.with_suffix(".new").write_text(json.dumps(written), encoding="utf-8")
        target.with_suffix(".new").replace(target)

    def _linked(self, snapshots: Path, file: str, known: Mapping[str, Any]) -> bool:
        """Whether the partition of an earlier snapshot could be taken as it is."""
        for source in snapshots.glob(f"[0-9]*/{file}"):
            if source.stat().st_size == known.get("bytes") and _sha256(source) == known.get("sha256"):
                target = self._target(file)
                try:
                    os.link(source, target)
                except OSError:  # a file system without links
                    shutil.copyfile(source, target)
                self.hashes[file] = known["sha256"]
                return True
        return False

    def rejected(self, name: str, refused: ir.Table) -> None:
        """Writes the refused rows of a table, whole, as CSV."""
        target = self._target(f"rejected/{name}.csv")
        refused.order_by(refused.columns).to_csv(target)
        self.hashes[f"rejected/{name}.csv"] = _sha256(target)

    def _write(self, file: str, table: pa.Table) -> None:
        target = self._target(file)
        pq.write_table(table, target)
        self.hashes[file] = _sha256(target)

    def _target(self, file: str) -> Path:
        target = self.folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        return target


def empty(name: str) -> pd.DataFrame:
    """A table of the snapshot without rows."""
    return pd.DataFrame({c: pd.Series(dtype=DTYPES[k]) for c, k in kinds_of(name).items()})


def kinds_of(name: str) -> Mapping[str, str]:
    """The columns of a table of the snapshot and the contract's type of each."""
    return REDUCED.get(name) or {c: TABLES[name].kind(c) for c in TABLES[name].columns}


@cache
def _metadata(name: str) -> str:
    """What pandas reads the contract's types from, as it writes it itself."""
    schema = pa.Schema.from_pandas(empty(name), preserve_index=False)
    return str(schema.metadata[b"pandas"].decode())


def _made_by() -> str:
    """The code and versions that write the partitions: others may write other bytes."""
    said = f"{version()} {[_metadata(name) for name in REDUCED]}"
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _known(file: Path) -> dict[str, dict[str, Any]]:
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
