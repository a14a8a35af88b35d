"""Take a snapshot: read, check, reduce and freeze the tables that a sources file names."""

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
from cs_helpers.contract.frames import RECORDED, REDUCED
from cs_helpers.contract.labels import SizeClass
from cs_helpers.contract.products import Product, load_products
from cs_helpers.contract.refused import LeftOut
from cs_helpers.contract.spells import recorded_spells
from cs_helpers.contract.tables import ACCOUNT_TABLES, TABLES
from cs_helpers.contract.vocabulary import DTYPES, UNKNOWN
from cs_helpers.errors import ContractError, SnapshotError, did_you_mean
from cs_helpers.snapshot import FORMAT, Snapshot, identity
from cs_helpers.snapshot.coverage import coverage_by_product, rows_by_day, usage_by_day
from cs_helpers.snapshot.files import FROZEN, Files, empty, kinds_of, shared_parts
from cs_helpers.snapshot.lock import snapshot_lock
from cs_helpers.snapshot.retention import last_days
from cs_helpers.sources import coding_log
from cs_helpers.sources.checks.refused import left_out_of_product
from cs_helpers.sources.engines import open_engines
from cs_helpers.sources.intake import Intake, take_in
from cs_helpers.sources.mapping import Sources
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.milestones import milestones
from cs_helpers.sources.sources_file import load_sources

#: parts of DuckDB's messages on a full disk; the last is about the folder for data that does not fit into memory
_DISK_FULL_MESSAGES = ("No space left on device", "Disk quota exceeded", "max_temp_directory_size")

#: folder with the reductions of earlier snapshots, below the folder of the snapshots
_REDUCTIONS_FOLDER = ".reduced"


def take_snapshot(
    sources_file: Path, *, folder: Path | None = None, products: Path | None = None, today: date | None = None
) -> Snapshot:
    """Read, check, reduce and freeze the tables that a sources file names.

    Raises `SettingError`, `SourceError`, `ContractError` or `SnapshotError`; in all cases earlier
    snapshots stay intact and no incomplete one is left behind.
    """
    root = folder or paths.snapshots()
    product_folder = products or paths.products()
    sources = load_sources(sources_file)
    products_with_file = load_products(product_folder)
    with (
        _report_full_disk(root),
        snapshot_lock(root),
        _staging(root) as staging,
        run_intake(root, sources_file, sources, today, products_with_file) as intake,
    ):
        used, unknown = find_products(intake, products_with_file, product_folder)
        if intake.stops or unknown:
            raise ContractError([stop.sentence for stop in (*intake.stops, *unknown)])
        left_out = {
            name: left_out_of_product(
                intake.counts, name, products_with_file, products_with_file[name].revenue
            )
            for name in used
        }
        manifest = _write(root, staging, intake, used, sources.sizes, left_out)
        return _put_in_place(root, staging, manifest)


@dataclass(frozen=True)
class CheckResult:
    """The result of checking the tables.

    rows_read, rows_kept, rows_filtered: table -> count. filters: table -> its filter, where it has one. stops:
    sentences, one for each reason why no snapshot can be taken.
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
) -> CheckResult:
    """Read and check the tables that a sources file names, without taking a snapshot.

    Raises `SettingError`, `SourceError` or `SourcesError` where they cannot be read.
    """
    product_folder = products or paths.products()
    products_with_file = load_products(product_folder)
    with read_tables(sources_file, products_with_file, folder=folder, today=today) as intake:
        stops = (*intake.stops, *find_products(intake, products_with_file, product_folder)[1])
        findings = tuple(stop.finding for stop in stops if stop.finding is not None)
        return CheckResult(
            intake.rows_read, intake.rows_kept, intake.rows_filtered, intake.filters,
            (*intake.findings, *findings), tuple(s.sentence for s in stops), intake.as_of,
        )  # fmt: skip


@contextmanager
def read_tables(
    sources_file: Path,
    products_with_file: Mapping[str, Product],
    *,
    folder: Path | None = None,
    today: date | None = None,
) -> Iterator[Intake]:
    """The tables that a sources file names, read and checked, for use without taking a snapshot.

    products_with_file: the products that have a file. Raises `SettingError`, `SourceError` or `SourcesError`.
    """
    root = folder or paths.snapshots()
    sources = load_sources(sources_file)
    with (
        _report_full_disk(root),
        snapshot_lock(root),
        run_intake(root, sources_file, sources, today, products_with_file) as intake,
    ):
        yield intake


@contextmanager
def _report_full_disk(root: Path) -> Iterator[None]:
    """Turn any error that a full disk caused into a `SnapshotError`."""
    try:
        yield
    except Exception as error:
        message = _full_disk_message(error)
        if not message:
            raise
        raise SnapshotError(
            f"the disk is full: {message}; make room in {paths.display_path(root)} and take the snapshot again"
        ) from None


def _full_disk_message(error: BaseException | None) -> str:
    """The message on a full disk in an error or one of its causes; '' where there is none."""
    while error is not None:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            return f"{os.strerror(error.errno)}{f' ({error.filename})' if error.filename else ''}"
        if isinstance(error, duckdb.Error) and any(word in str(error) for word in _DISK_FULL_MESSAGES):
            return first_line(error)
        error = error.__cause__ or error.__context__
    return ""


@contextmanager
def run_intake(
    root: Path,
    sources_file: Path,
    sources: Sources,
    today: date | None,
    products_with_file: Mapping[str, Product],
) -> Iterator[Intake]:
    """The tables of a sources file, read and checked. root: the folder of the snapshots."""
    with tempfile.TemporaryDirectory(prefix=".scratch-", dir=root, ignore_cleanup_errors=True) as scratch:
        memory_folder = root / _REDUCTIONS_FOLDER
        name = hashes.path_key(sources_file)
        with open_engines(sources, sources_file.resolve().parent, Path(scratch)) as engines:
            yield take_in(
                engines,
                sources,
                today=today or date.today(),
                reductions=memory_folder / name,
                products=products_with_file,
                coded=coding_log.read(paths.codings()),
            )


@contextmanager
def _staging(root: Path) -> Iterator[Path]:
    """A temporary folder next to the snapshots, which is deleted afterwards unless it was renamed."""
    for leftover in (*root.glob(".taking-*"), *root.glob(".scratch-*")):  # from a killed process
        shutil.rmtree(leftover, ignore_errors=True)
    staging = Path(tempfile.mkdtemp(prefix=".taking-", dir=root))
    try:
        yield staging
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def find_products(
    intake: Intake, products_with_file: Mapping[str, Product], folder: Path
) -> tuple[dict[str, Product], tuple[Stop, ...]]:
    """The products in the table contracts, and a stop for each product without a file.

    Without contracts, the products in the other tables; a stop names the table with most rows of its product.
    """
    rows = _rows_by_product(intake)
    unknown = tuple(
        Stop(
            f"table '{table}', column 'product': '{name}' has no product file"
            f" {paths.display_path(folder / (name + '.yml'))}.{did_you_mean(name, products_with_file)}"
            f" Write it with 'cs-workbook new-product {name}', or map the value to one of"
            f" {', '.join(products_with_file) or 'the product files'}",
            Finding(table, "product", "unknown_product", "stop", n, detail=name),
        )
        for name, (n, table) in sorted(rows.items()) if name not in products_with_file
    )  # fmt: skip
    return {name: products_with_file[name] for name in sorted(rows) if name in products_with_file}, unknown


def _rows_by_product(intake: Intake) -> dict[str, tuple[int, str]]:
    """Product -> its number of rows and their table: contracts, or without contracts the table with most of its rows."""
    tables = {
        n: intake.kept[n]
        for n in (("contracts",) if "contracts" in intake.kept else ACCOUNT_TABLES)
        if n in intake.kept
    }
    counts = {n: t.group_by("product").aggregate(n=t.count()) for n, t in tables.items()}
    if "contracts" not in tables and intake.usage is not None:
        used = intake.usage.table("active_daily")
        counts["usage"] = used.group_by("product").aggregate(n=used.events.sum())
    most_rows: dict[str, tuple[int, str]] = {}
    for name, table_counts in counts.items():
        for row in table_counts.to_pyarrow().to_pylist():
            most_rows[row["product"]] = max(most_rows.get(row["product"], (0, "")), (int(row["n"]), name))
    return most_rows


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
    table_names = FROZEN if "contracts" in intake.kept else (*FROZEN, "recorded")
    for name in table_names:
        if name in REDUCED and intake.usage is not None:
            continue
        if name == "recorded":
            frames[name] = _recorded(intake, frames, products)
        else:
            frames[name] = _freeze(tables[name], name, sizes) if name in tables else empty(name)
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
        "known": {
            n: k.as_json()
            for n, k in coverage_by_product(_rows_of_each_day(intake, frames), products, intake.as_of).items()
        },
        "tables": list(table_names),
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
        "rows_frozen": {name: files.rows[name] for name in table_names},
        "sizes": [each.model_dump(mode="json") for each in sizes],
        "last_days": {p: days for p in products if (days := last_days(frames, p))},
        "refused": {p: {t: each.as_json() for t, each in of.items()} for p, of in left_out.items()},
        "findings": [asdict(f) for f in intake.findings],
        "products": {n: p.model_dump(mode="json") for n, p in products.items()},
        "files": dict(sorted(files.hashes.items())),
        "shared": shared_parts(frames, products),
    }
    return {"id": identity(content), **content}


def _rows_of_each_day(intake: Intake, frames: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Table -> its rows by day, as from `rows_by_day`, usage included."""
    tables_by_day = rows_by_day(frames)
    if intake.usage is not None:
        active, used = (intake.usage.table(name) for name in ("active_daily", "usage_daily"))
        by_day = active.group_by("product", "day").aggregate(events=active.events.sum()).execute()
        by_event = used.group_by("product", "event", "day").aggregate(events=used.events.sum()).execute()
        rows = usage_by_day(by_day, by_event)
        tables_by_day["usage"] = rows.assign(day=pd.to_datetime(rows["day"]).astype("datetime64[us]"))
    return tables_by_day


def _recorded(
    intake: Intake, frames: Mapping[str, pd.DataFrame], products: Mapping[str, Product]
) -> pd.DataFrame:
    """The times with rows of each account and product in any table (`contract.spells.recorded_spells`)."""
    keys = ["account_id", "product"]
    within = {name: product.customers.recorded_within_days for name, product in products.items()}
    days = [
        frames[name][keys].assign(day=frames[name][str(TABLES[name].time)].dt.normalize())
        for name in ACCOUNT_TABLES
        if TABLES[name].time and name in frames
    ]
    if intake.usage is not None:
        used = intake.usage.table("active_daily")
        if any(n is not None for n in within.values()):
            days.append(used.select(*keys, "day").execute())
        else:  # the first and the last day are enough, of a log that may be large
            ends = used.group_by(keys).aggregate(first=used.day.min(), last=used.day.max()).execute()
            days += [ends[[*keys, end]].rename(columns={end: "day"}) for end in ("first", "last")]
    kinds = {"account_id": DTYPES["text"], "product": DTYPES["text"], "day": DTYPES["date"]}
    rows = pd.concat([part.astype(kinds) for part in days], ignore_index=True).dropna()
    return recorded_spells(rows, within).astype({column: DTYPES[kind] for column, kind in RECORDED.items()})


def _first_day(intake: Intake, frames: Mapping[str, pd.DataFrame]) -> str | None:
    """The first day of usage; without usage, of the contracts; without contracts, of any row. None without rows."""
    if intake.usage is not None:
        first = intake.usage.table("active_daily").day.min().to_pyarrow().as_py()
        if first is not None:
            return str(first.date())
    first = (
        frames["contracts"]["started_on"].min()
        if "contracts" in intake.kept
        else frames["recorded"]["first_day"].min()
    )
    return None if pd.isna(first) else str(first.date())


def _freeze(table: ir.Table, name: str, sizes: Sequence[SizeClass]) -> pd.DataFrame:
    """Read a table from the engine in the contract's types, with its rows sorted by all columns.

    The result is validated by the contract's schema as well, in case the engine's rules missed something.
    """
    kinds = kinds_of(name)
    frame = table.select(*kinds).execute().astype({c: DTYPES[k] for c, k in kinds.items()})
    frame = frame.sort_values(list(kinds), na_position="first", ignore_index=True)
    if name not in TABLES:
        return frame
    schema = TABLES[name].schema
    if name == "accounts":
        allowed_sizes = [*(each.size for each in sizes), UNKNOWN]
        schema = schema.update_column("size", checks=[pa.Check.isin(allowed_sizes)])
    return schema.validate(frame, lazy=True)


def _put_in_place(root: Path, staging: Path, manifest: dict[str, Any]) -> Snapshot:
    target = root / manifest["id"]
    text = json.dumps(manifest, ensure_ascii=False, indent=1)
    (staging / "manifest.json").write_text(text, encoding="utf-8")
    if not Snapshot(target, manifest).is_intact():
        shutil.rmtree(target, ignore_errors=True)
        durable.sync_tree(staging)
        staging.rename(target)
        durable.sync(root)
    snapshot = Snapshot(target, manifest)
    snapshot.make_latest()
    return snapshot
