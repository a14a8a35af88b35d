"""Takes a snapshot: reads, checks, reduces and freezes the tables that a sources file names."""

from __future__ import annotations

import errno
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir
import pandas as pd
import pandera.pandas as pa

from cs_helpers import durable, hashes, paths
from cs_helpers.contract.findings import Finding, Stop
from cs_helpers.contract.frames import FIRST_SEEN, REDUCED
from cs_helpers.contract.labels import SizeClass
from cs_helpers.contract.products import Product, load_products
from cs_helpers.contract.refused import LeftOut
from cs_helpers.contract.tables import OF_ACCOUNTS, TABLES
from cs_helpers.contract.vocabulary import DTYPES, UNKNOWN
from cs_helpers.errors import ContractError, SnapshotError, did_you_mean
from cs_helpers.snapshot import FORMAT, Snapshot, identity
from cs_helpers.snapshot.files import FROZEN, Files, empty, kinds_of, shared_parts
from cs_helpers.snapshot.knowing import days_of, days_of_use, known
from cs_helpers.snapshot.lock import alone
from cs_helpers.sources.checks.refused import left_out_of_product
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.intake import Intake, take_in
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.milestones import milestones
from cs_helpers.sources.sources_file import load_sources

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
        left_out = {name: left_out_of_product(intake.counts, name, known) for name in used}
        manifest = _write(root, staging, intake, used, sources.sizes, left_out)
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
    product_folder = products or paths.products()
    known = load_products(product_folder)
    with looking(sources_file, known, folder=folder, today=today) as intake:
        stops = (*intake.stops, *products_used(intake, known, product_folder)[1])
        more = tuple(stop.finding for stop in stops if stop.finding is not None)
        return Checked(
            intake.rows_read, intake.rows_kept, intake.rows_filtered, intake.filters,
            (*intake.findings, *more), tuple(s.sentence for s in stops), intake.as_of,
        )  # fmt: skip


@contextmanager
def looking(
    sources_file: Path,
    known: Mapping[str, Product],
    *,
    folder: Path | None = None,
    today: date | None = None,
) -> Iterator[Intake]:
    """The tables that a sources file names, read and checked, to look at and take no snapshot of.

    known: the products that have a file. Raises `SettingError`, `SourceError` or `SourcesError`.
    """
    root = folder or paths.snapshots()
    sources = load_sources(sources_file)
    with _room(root), alone(root), taking(root, sources_file, sources, today, known) as intake:
        yield intake


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
        with open_engines(sources, sources_file.resolve().parent, Path(scratch)) as engines:
            yield take_in(
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
    """The products that contracts name, and a stop for each that has no file.

    Without contracts those that the other tables name; a stop names the table with most rows of the product.
    """
    rows = _rows_by_product(intake)
    unknown = tuple(
        Stop(
            f"table '{table}', column 'product': '{name}' has no product file"
            f" {paths.shown(folder / (name + '.yml'))}.{did_you_mean(name, known)}"
            f" Write it with 'cs-workbook new-product {name}', or map the value to one of"
            f" {', '.join(known) or 'the product files'}",
            Finding(table, "product", "unknown_product", "stop", n, detail=name),
        )
        for name, (n, table) in sorted(rows.items()) if name not in known
    )  # fmt: skip
    return {name: known[name] for name in sorted(rows) if name in known}, unknown


def _rows_by_product(intake: Intake) -> dict[str, tuple[int, str]]:
    """Product -> how many rows the table has that tells of it: the contracts, else that with most rows of it."""
    tables = {
        n: intake.kept[n]
        for n in (("contracts",) if "contracts" in intake.kept else OF_ACCOUNTS)
        if n in intake.kept
    }
    counts = {n: t.group_by("product").aggregate(n=t.count()) for n, t in tables.items()}
    if "contracts" not in tables and intake.usage is not None:
        used = intake.usage.table("active_daily")
        counts["usage"] = used.group_by("product").aggregate(n=used.events.sum())
    found: dict[str, tuple[int, str]] = {}
    for name, counted in counts.items():
        for row in counted.to_pyarrow().to_pylist():
            found[row["product"]] = max(found.get(row["product"], (0, "")), (int(row["n"]), name))
    return found


def _write(
    root: Path,
    staging: Path,
    intake: Intake,
    products: Mapping[str, Product],
    sizes: Sequence[SizeClass],
    left_out: Mapping[str, Mapping[str, LeftOut]],
) -> dict[str, Any]:
    tables = {n: t.select(*TABLES[n].columns) for n, t in intake.kept.items() if n != "milestones"}
    reached = milestones(intake, products)
    if reached is not None:
        tables["milestones"] = reached
    files = Files(staging)
    frames: dict[str, pd.DataFrame] = {}
    held = FROZEN if "contracts" in intake.kept else (*FROZEN, "first_seen")
    for name in held:
        if name in REDUCED and intake.usage is not None:
            continue
        if name == "first_seen":
            frames[name] = _first_seen(intake, frames)
        else:
            frames[name] = _frozen(tables[name], name, sizes) if name in tables else empty(name)
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
        "first_day": _first_day(intake, frames),
        "known": {n: k.as_json() for n, k in known(_by_day(intake, frames), products, intake.as_of).items()},
        "tables": list(held),
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
        "rows_frozen": {name: files.rows[name] for name in held},
        "sizes": [each.model_dump(mode="json") for each in sizes],
        "refused": {p: {t: each.as_json() for t, each in of.items()} for p, of in left_out.items()},
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


def _first_seen(intake: Intake, frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The first day with a row of each account and product, in any table: who is known, where no contract tells.

    Columns: account_id, product, first_day; a row for each account and product, in order.
    """
    keys = ["account_id", "product"]
    days = [
        frames[name][keys].assign(first_day=frames[name][str(TABLES[name].time)].dt.normalize())
        for name in OF_ACCOUNTS
        if TABLES[name].time and name in frames
    ]
    if intake.usage is not None:
        used = intake.usage.table("active_daily")
        first = used.group_by(keys).aggregate(first_day=used.day.min()).execute()
        days.append(first.assign(first_day=pd.to_datetime(first["first_day"])))
    kinds = {column: DTYPES[kind] for column, kind in FIRST_SEEN.items()}
    rows = pd.concat([part.astype(kinds) for part in days], ignore_index=True).dropna()
    return rows.groupby(keys, sort=True)["first_day"].min().reset_index().astype(kinds)


def _first_day(intake: Intake, frames: Mapping[str, pd.DataFrame]) -> str | None:
    """The first day of the log; without one, that of the first contract, or without contracts of any row."""
    if intake.usage is not None:
        found = intake.usage.table("active_daily").day.min().to_pyarrow().as_py()
        if found is not None:
            return str(found.date())
    found = (
        frames["contracts"]["started_on"].min()
        if "contracts" in intake.kept
        else frames["first_seen"]["first_day"].min()
    )
    return None if pd.isna(found) else str(found.date())


def _frozen(table: ir.Table, name: str, sizes: Sequence[SizeClass]) -> pd.DataFrame:
    """A table of the engine in the contract's types and in one fixed order of rows.

    The contract's schema has the last word: what passed the engine's rules must pass it too.
    """
    kinds = kinds_of(name)
    frame = table.select(*kinds).execute().astype({c: DTYPES[k] for c, k in kinds.items()})
    frame = frame.sort_values(list(kinds), na_position="first", ignore_index=True)
    if name not in TABLES:
        return frame
    schema = TABLES[name].schema
    if name == "accounts":
        held = [*(each.size for each in sizes), UNKNOWN]
        schema = schema.update_column("size", checks=[pa.Check.isin(held)])
    return schema.validate(frame, lazy=True)


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
