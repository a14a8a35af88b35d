"""Takes a snapshot: reads, checks, reduces and freezes the tables that a sources file names."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from cs_helpers import paths
from cs_helpers.contract.products import Product, load_products
from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.vocabulary import DTYPES
from cs_helpers.errors import ContractError, did_you_mean
from cs_helpers.snapshot import LATEST, Snapshot, identity
from cs_helpers.sources import reduce
from cs_helpers.sources.connect import opened
from cs_helpers.sources.intake import Intake, take_in
from cs_helpers.sources.mapping import load_sources

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

_FORMAT = 1


def take_snapshot(
    sources_file: Path, *, folder: Path | None = None, products: Path | None = None, today: date | None = None
) -> Snapshot:
    """Reads, checks, reduces and freezes the tables that a sources file names.

    Raises `SettingError`, `SourceError` or `ContractError`; whatever goes wrong, earlier
    snapshots stay and no half snapshot is left.
    """
    root = folder or paths.snapshots()
    product_folder = products or paths.products()
    sources = load_sources(sources_file)
    known = load_products(product_folder)
    root.mkdir(parents=True, exist_ok=True)
    with opened(sources, sources_file.resolve().parent) as connection:
        intake = take_in(connection, sources, today=today or date.today())
        used = _products_used(intake, known, product_folder)
        staging = Path(tempfile.mkdtemp(prefix=".taking-", dir=root))
        try:
            manifest = _write(staging, intake, used)
            return _put_in_place(root, staging, manifest)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def _products_used(intake: Intake, known: Mapping[str, Product], folder: Path) -> dict[str, Product]:
    names = intake.kept["contracts"]["product"].execute().unique()
    unknown = sorted(set(names) - set(known))
    if unknown:
        raise ContractError(
            [
                f"table 'contracts', column 'product': '{name}' has no product file"
                f" {paths.shown(folder / (name + '.yml'))}.{did_you_mean(name, known)}"
                f" Write it with 'cs-workbook new-product {name}', or map the value to one of"
                f" {', '.join(known) or 'the product files'}"
                for name in unknown
            ]
        )
    return {name: known[name] for name in sorted(names)}


def _write(staging: Path, intake: Intake, products: Mapping[str, Product]) -> dict[str, Any]:
    kept = dict(intake.kept)
    tables: dict[str, ir.Table] = {
        n: t.select(*TABLES[n].columns) for n, t in kept.items() if n not in ("usage", "milestones")
    }
    if "usage" in kept:
        for name in REDUCED:
            tables[name] = getattr(reduce, name)(kept["usage"])
    reached = reduce.milestones(kept, products)
    if reached is not None:
        tables["milestones"] = reached
    rows: dict[str, int] = {}
    names = [n for n in (*TABLES, *REDUCED) if n != "usage"]
    for name in names:
        frame = _frozen(tables[name], name) if name in tables else _empty(name)
        rows[name] = len(frame)
        (staging / name).mkdir()
        if "product" in frame:
            frame.iloc[:0].to_parquet(staging / name / "empty.parquet", index=False)
            for product, part in frame.groupby("product", sort=True):
                if product in products:
                    part.to_parquet(staging / name / f"product={product}.parquet", index=False)
        else:
            frame.to_parquet(staging / name / "all.parquet", index=False)
    for name, refused in intake.rejected.items():
        if intake.rows_read[name] > intake.rows_kept[name]:
            (staging / "rejected").mkdir(exist_ok=True)
            refused.order_by("source_row").to_csv(staging / "rejected" / f"{name}.csv")
    files = {
        p.relative_to(staging).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(staging.rglob("*.*"))
        if p.is_file()
    }
    first_days = [d for t, c in (("usage_daily", "day"),) if t in tables and (d := _earliest(tables[t], c))]
    content: dict[str, Any] = {
        "format": _FORMAT,
        "as_of": intake.as_of.isoformat(),
        "first_day": min(first_days, default=_earliest(kept["contracts"], "started_on")),
        "tables": names,
        "given": sorted({*kept, *(("milestones",) if reached is not None else ())}),
        "rows_read": dict(intake.rows_read),
        "rows_kept": dict(intake.rows_kept),
        "rows_frozen": rows,
        "findings": [asdict(f) for f in intake.findings],
        "products": {n: p.model_dump(mode="json") for n, p in products.items()},
        "files": files,
    }
    return {"id": identity(content), **content}


def _frozen(table: ir.Table, name: str) -> pd.DataFrame:
    """A table of the engine in the contract's types and in one fixed order of rows.

    The contract's schema has the last word: what passed the engine's rules must pass it too.
    """
    kinds = _kinds(name)
    frame = table.select(*kinds).execute().astype({c: DTYPES[k] for c, k in kinds.items()})
    frame = frame.sort_values(list(kinds), na_position="first", ignore_index=True)
    return TABLES[name].schema.validate(frame, lazy=True) if name in TABLES else frame


def _empty(name: str) -> pd.DataFrame:
    return pd.DataFrame({c: pd.Series(dtype=DTYPES[k]) for c, k in _kinds(name).items()})


def _kinds(name: str) -> Mapping[str, str]:
    return REDUCED.get(name) or {c: TABLES[name].kind(c) for c in TABLES[name].columns}


def _earliest(table: ir.Table, column: str) -> str | None:
    found = table[column].min().execute()
    return None if pd.isna(found) else pd.Timestamp(found).date().isoformat()


def _put_in_place(root: Path, staging: Path, manifest: dict[str, Any]) -> Snapshot:
    target = root / manifest["id"]
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (staging / "manifest.json").write_text(text, encoding="utf-8")
    if not Snapshot(target, manifest).intact():
        shutil.rmtree(target, ignore_errors=True)
        try:
            staging.rename(target)
        except OSError:
            # another process put the same content there in between
            if not Snapshot(target, manifest).intact():
                raise
    pointer = root / f"{LATEST}.{os.getpid()}"
    pointer.write_text(manifest["id"] + "\n", encoding="utf-8")
    pointer.replace(root / LATEST)
    return Snapshot(target, manifest)
