"""Takes a snapshot: reads, checks, reduces and freezes the tables that a sources file names."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pandas as pd

from cs_helpers import durable, hashes, paths
from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.frames import REDUCED
from cs_helpers.contract.products import Product, load_products
from cs_helpers.contract.tables import TABLES
from cs_helpers.contract.vocabulary import DTYPES
from cs_helpers.errors import ContractError, SnapshotError, did_you_mean
from cs_helpers.snapshot import FORMAT, Snapshot, identity
from cs_helpers.snapshot.files import FROZEN, Files, empty, kinds_of, shared_parts
from cs_helpers.snapshot.knowing import days_of, days_of_use, known
from cs_helpers.snapshot.lock import alone
from cs_helpers.sources.engines import opened
from cs_helpers.sources.intake import Intake, taken_in
from cs_helpers.sources.mapping import Sources, load_sources
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.milestones import milestones

#: how DuckDB says that a disk is full; the last is of the folder for what does not fit into memory
_FULL = ("No space left on device", "Disk quota exceeded", "max_temp_directory_size")

#: where the reductions of earlier snapshots are remembered, below the folder of the snapshots
_MEMORY = ".reduced"


def take_snapshot(
    sources_file: Path, *, folder: Path | None = None, products: Path | None = None, today: date | None = None
) -> Snapshot:
    """Reads, checks, reduces and freezes the tables that a sources file names.

    Raises `SettingError`, `SourceError`, `ContractError` or `SnapshotError`; whatever goes wrong,
    earlier snapshots stay and no half snapshot is left.
    """
    root = folder or paths.snapshots()
    product_folder = products or paths.products()
    sources = load_sources(sources_file)
    known = load_products(product_folder)
    with (
        _room(root),
        alone(root),
        _staging(root) as staging,
        taking(root, sources_file, sources, today, known) as intake,
    ):
        used, unknown = products_used(intake, known, product_folder)
        if intake.stops or unknown:
            raise ContractError([stop.sentence for stop in (*intake.stops, *unknown)])
        manifest = _write(root, staging, intake, used)
        return _put_in_place(root, staging, manifest)


@dataclass(frozen=True)
class Checked:
    """What checking the tables found.

    rows_read, rows_kept, rows_filtered: table -> count. filters: table -> its filter, where it has one. stops:
    sentences on what a snapshot cannot be taken with.
    """

    rows_read: Mapping[str, int]
    rows_kept: Mapping[str, int]
    rows_filtered: Mapping[str, int]
    filters: Mapping[str, str]
    findings: tuple[Finding, ...]
    stops: tuple[str, ...]
    as_of: date


def check_tables(
    sources_file: Path, *, folder: Path | None = None, products: Path | None = None, today: date | None = None
) -> Checked:
    """Reads and checks the tables that a sources file names, and takes no snapshot.

    Raises `SettingError`, `SourceError` or `SourcesError` where they cannot be read.
    """
    root = folder or paths.snapshots()
    product_folder = products or paths.products()
    sources, known = load_sources(sources_file), load_products(product_folder)
    with _room(root), alone(root), taking(root, sources_file, sources, today, known) as intake:
        stops = (*intake.stops, *products_used(intake, known, product_folder)[1])
        more = tuple(stop.finding for stop in stops if stop.finding is not None)
        return Checked(
            intake.rows_read, intake.rows_kept, intake.rows_filtered, intake.filters,
            (*intake.findings, *more), tuple(s.sentence for s in stops), intake.as_of,
        )  # fmt: skip


@contextmanager
def _room(root: Path) -> Iterator[None]:
    """Says in one sentence that the disk is full, whoever noticed it."""
    try:
        yield
    except Exception as error:
        what = _full_disk(error)
        if not what:
            raise
        raise SnapshotError(
            f"the disk is full: {what}; make room in {paths.shown(root)} and take the snapshot again"
        ) from None


def _full_disk(error: BaseException | None) -> str:
    """What was said of a full disk by an error or one that it came from; '' where it was not."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"{os.strerror(error.errno)}{f' ({error.filename})' if error.filename else ''}"
        if isinstance(error, duckdb.Error) and any(word in str(error) for word in _FULL):
            return first_line(error)
        error = error.__cause__ or error.__context__
    return ""


@contextmanager
def taking(
    root: Path, sources_file: Path, sources: Sources, today: date | None, known: Mapping[str, Product]
) -> Iterator[Intake]:
    """The tables of a sources file, checked; `root` is the folder of the snapshots, `known` the products."""
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=root, ignore_cleanup_errors=True) as scratch:
        memories = root / _MEMORY
        name = hashes.name_of(sources_file)
        with opened(sources, sources_file.resolve().parent, Path(scratch)) as engines:
            yield taken_in(
                engines, sources, today=today or date.today(), reductions=memories / name, products=known
            )


@contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """A folder beside the snapshots that is gone afterwards, unless it was renamed."""
    for leftover in (*root.glob(".taking-*"), *root.glob(".scratch-*")):  # of a run that was killed
        shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=".taking-", dir=root))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def products_used(
    intake: Intake, known: Mapping[str, Product], folder: Path
) -> tuple[dict[str, Product], tuple[Stop, ...]]:
    """The products that contracts name, and a stop for each that has no file."""
    contracts = intake.kept["contracts"]
    counts = contracts.group_by("product").aggregate(n=contracts.count()).order_by("product")
    rows = {r["product"]: r["n"] for r in counts.to_pyarrow().to_pylist()}
    unknown = tuple(
        Stop(
            f"table 'contracts', column 'product': '{name}' has no product file"
            f" {paths.shown(folder / (name + '.yml'))}.{did_you_mean(name, known)}"
            f" Write it with 'cs-workbook new-product {name}', or map the value to one of"
            f" {', '.join(known) or 'the product files'}",
            Finding("contracts", "product", "unknown_product", "stop", n, detail=name),
        )
        for name, n in rows.items() if name not in known
    )  # fmt: skip
    return {name: known[name] for name in rows if name in known}, unknown


def _write(root: Path, staging: Path, intake: Intake, products: Mapping[str, Product]) -> dict[str, Any]:
    tables = {n: t.select(*TABLES[n].columns) for n, t in intake.kept.items() if n != "milestones"}
    reached = milestones(intake, products)
    if reached is not None:
        tables["milestones"] = reached
    files = Files(staging)
    frames: dict[str, pd.DataFrame] = {}
    for name in FROZEN:
        if name in REDUCED and intake.usage is not None:
            continue
        frames[name] = _frozen(tables[name], name) if name in tables else empty(name)
        files.table(name, frames[name], products)
    if intake.usage is not None:
        files.reductions(intake.usage, products)
    rejected = {
        n: read - intake.rows_kept[n] - intake.rows_filtered[n] for n, read in intake.rows_read.items()
    }
    for name, refused in intake.rejected.items():
        if rejected[name]:
            files.rejected(name, refused)
    content: dict[str, Any] = {
        "format": FORMAT,
        "as_of": intake.as_of.isoformat(),
        "first_day": _first_day(intake),
        "known": {n: k.as_json() for n, k in known(_by_day(intake, frames), products, intake.as_of).items()},
        "tables": list(FROZEN),
        "given": sorted(
            {
                *intake.kept,
                *(("usage",) if intake.usage is not None else ()),
                *(("milestones",) if reached is not None else ()),
            }
        ),
        "rows_read": dict(intake.rows_read),
        "rows_kept": dict(intake.rows_kept),
        "rows_rejected": rejected,
        "rows_filtered": dict(intake.rows_filtered),
        "filters": dict(intake.filters),
        "rows_frozen": {name: files.rows[name] for name in FROZEN},
        "findings": [asdict(f) for f in intake.findings],
        "products": {n: p.model_dump(mode="json") for n, p in products.items()},
        "files": dict(sorted(files.hashes.items())),
        "shared": shared_parts(frames, products),
    }
    return {"id": identity(content), **content}


def _by_day(intake: Intake, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """The rows of each table by the day."""
    found = days_of(frames)
    if intake.usage is not None:
        active, used = (intake.usage.table(name) for name in ("active_daily", "usage_daily"))
        by_day = active.group_by("product", "day").aggregate(events=active.events.sum()).execute()
        by_event = used.group_by("product", "event", "day").aggregate(events=used.events.sum()).execute()
        rows = days_of_use(by_day, by_event)
        found["usage"] = rows.assign(day=pd.to_datetime(rows["day"]).astype("datetime64[us]"))
    return found


def _first_day(intake: Intake) -> str | None:
    """The first day of the log; without one, that of the first contract."""
    if intake.usage is not None:
        found = intake.usage.table("active_daily").day.min().to_pyarrow().as_py()
        if found is not None:
            return str(found.date())
    found = intake.kept["contracts"].started_on.min().to_pyarrow().as_py()
    return None if found is None else str(found)


def _frozen(table: ir.Table, name: str) -> pd.DataFrame:
    """A table of the engine in the contract's types and in one fixed order of rows.

    The contract's schema has the last word: what passed the engine's rules must pass it too.
    """
    kinds = kinds_of(name)
    frame = table.select(*kinds).execute().astype({c: DTYPES[k] for c, k in kinds.items()})
    frame = frame.sort_values(list(kinds), na_position="first", ignore_index=True)
    return TABLES[name].schema.validate(frame, lazy=True) if name in TABLES else frame


def _put_in_place(root: Path, staging: Path, manifest: dict[str, Any]) -> Snapshot:
    target = root / manifest["id"]
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (staging / "manifest.json").write_text(text, encoding="utf-8")
    if not Snapshot(target, manifest).intact():
        shutil.rmtree(target, ignore_errors=True)
        durable.sync_tree(staging)
        staging.rename(target)
        durable.sync(root)
    snapshot = Snapshot(target, manifest)
    snapshot.make_latest()
    return snapshot
