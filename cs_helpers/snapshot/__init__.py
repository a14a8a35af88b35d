"""Read snapshots: the checked and reduced tables, frozen as Parquet files with a manifest.

Notebooks read only snapshots, so all reports of a quarter agree with each other and a past report can
be reproduced. A snapshot is written to a temporary folder and renamed, so it is never incomplete; its id
consists of its as-of date and the hash of its content, so the same input gives the same id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cs_helpers import durable, hashes, paths
from cs_helpers.contract.coverage import NO_COVERAGE, Coverage
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.labels import DEFAULT_ORDER, SizeClass, display_order, sizes_of_json
from cs_helpers.contract.products import Product, as_regex
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.refused import LeftOut, left_out_of_json
from cs_helpers.errors import SnapshotError, did_you_mean
from cs_helpers.snapshot import retention
from cs_helpers.snapshot.stored import StoredTable, damaged

if TYPE_CHECKING:  # opening a snapshot does not need them, and takes a fifth of the time without
    import pandas as pd
    import pyarrow as pa

LATEST = "LATEST"

#: version of the format of manifest and tables; snapshots of another version cannot be read
FORMAT = 13

#: tables of at most so many rows hold their texts as Python strings, whose operations are faster on few rows
SMALL_TABLE = 50_000


@dataclass(frozen=True)
class ProductData:
    """The tables of one product, as an analysis reads them.

    tables: every table of the contract with its columns (usage only as its reductions usage_daily, usage_monthly and
    active_daily); a table that the company did not provide is empty and not in `given`. `accounts` holds the accounts
    that ever had a contract for the product; without a table of contracts, those with a row of the product in any
    table, with the times of their rows in `recorded`
    (account_id, first_day, last_day). coverage: the periods for which the tables have
    data on the product, whichever of its customers are selected. sizes: the classes of company size in the order of
    pages, the largest first; accounts of unknown size have `unknown` instead. segment: of the selected customers, as
    `size:small`; what is not of customers, as the costs, is that of all.
    stored: the files of the tables that are as they are in the snapshot, with the rows of all accounts.
    """

    product: Product
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    given: frozenset[str]
    coverage: Coverage = NO_COVERAGE
    sizes: tuple[str, ...] = DEFAULT_ORDER
    segment: str = "all"
    stored: Mapping[str, StoredTable] = field(default_factory=dict, repr=False)

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def missing(self, *tables: str) -> tuple[str, ...]:
        """The names in `tables` that the company did not provide."""
        return tuple(t for t in tables if t not in self.given)

    def of_accounts(self, account_ids: pd.Series) -> ProductData:
        """The same data, restricted to some accounts."""
        import pandas as pd

        from cs_helpers.snapshot.positions import positions_in  # needs pandas

        accounts = pd.Index(account_ids).unique()

        def filter_table(name: str) -> pd.DataFrame:
            table = self.tables[name]
            key, parent_table = _PARENTS.get(name, ("account_id", ""))
            if key not in table:
                return table
            selected = pd.Index(tables[parent_table][key]).unique() if parent_table else accounts
            is_selected = positions_in(selected, table[key]) >= 0
            return table if is_selected.all() else table[is_selected].reset_index(drop=True)

        tables = _LazyTables(self.tables, filter_table)
        return replace(self, tables=tables)

    def with_tables(self, changed: Mapping[str, pd.DataFrame]) -> ProductData:
        """The same data with these tables replaced; the others are still read on demand."""

        def table(name: str) -> pd.DataFrame:
            return changed[name] if name in changed else self.tables[name]

        return self._with(_LazyTables(self.tables, table), changed)

    def map_tables(
        self, names: Iterable[str], change: Callable[[str, pd.DataFrame], pd.DataFrame]
    ) -> ProductData:
        """The same data with `change(name, table)` applied to each of some tables when it is read."""
        changing = frozenset(names)

        def table(name: str) -> pd.DataFrame:
            return change(name, self.tables[name]) if name in changing else self.tables[name]

        return self._with(_LazyTables(self.tables, table), changing)

    def _with(self, tables: Mapping[str, pd.DataFrame], changed: Iterable[str]) -> ProductData:
        """The same data with other tables, of which `changed` are no longer as they are in files."""
        kept = {name: files for name, files in self.stored.items() if name not in set(changed)}
        return replace(self, tables=tables, stored=kept)


#: tables whose rows belong to an account through another table: name -> (key column, that table)
_PARENTS = {"notes": ("interview_id", "interviews"), "codings": ("note_id", "notes")}


class _LazyTables(Mapping[str, "pd.DataFrame"]):
    """Tables by name, each read on first access: an analysis needs only a few of them."""

    def __init__(self, names: Iterable[str], read: Callable[[str], pd.DataFrame]) -> None:
        self._names, self._read = tuple(names), read
        self._cache: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._cache:
            if name not in self._names:
                raise KeyError(name)
            self._cache[name] = self._read(name)
        return self._cache[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True)
class Snapshot:
    """A snapshot on disk."""

    folder: Path
    manifest: Mapping[str, Any]

    def __hash__(self) -> int:
        return hash((self.folder, self.id))

    @classmethod
    def open(cls, name: str = "latest", *, folder: Path | None = None) -> Snapshot:
        """Open a snapshot by its id, or the latest. Raises `SnapshotError` where it is missing or damaged."""
        root = folder or paths.snapshots()
        if name == "latest":
            try:
                name = (root / LATEST).read_text(encoding="utf-8").strip()
            except FileNotFoundError:
                raise SnapshotError(
                    "there is no snapshot yet; take one with 'make snapshot' (or 'cs-workbook snapshot')"
                ) from None
        try:
            manifest = json.loads((root / name / "manifest.json").read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            available = ", ".join(sorted(p.name for p in root.glob("[0-9]*"))) or "none"
            raise SnapshotError(f"there is no snapshot '{name}'; there are: {available}") from None
        except ValueError:
            manifest = None
        if not isinstance(manifest, dict) or manifest.get("id") != identity(manifest):
            raise SnapshotError(
                f"snapshot '{name}': its manifest.json is damaged; delete the folder and take it again"
            )
        return cls(root / name, manifest)

    @property
    def id(self) -> str:
        """The id: the as-of date and a hash of the content."""
        return str(self.manifest["id"])

    @property
    def as_of(self) -> date:
        """The last day that the snapshot covers."""
        return date.fromisoformat(self.manifest["as_of"])

    @property
    def sizes(self) -> tuple[SizeClass, ...]:
        """The classes of company size that were declared when the snapshot was taken, smallest first."""
        return sizes_of_json(self.manifest["sizes"])

    @property
    def products(self) -> dict[str, Product]:
        """The products of the snapshot, as defined in their files when it was taken."""
        return {name: self.product(name) for name in self.manifest["products"]}

    def product(self, name: str) -> Product:
        """One product of the snapshot, as defined in its file when the snapshot was taken."""
        return Product.model_validate(self.manifest["products"][name])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The broken rules that were found in the tables."""
        return tuple(
            Finding(**{**f, "examples": tuple(tuple(e) for e in f["examples"])})
            for f in self.manifest["findings"]
        )

    @property
    def quarters(self) -> list[Quarter]:
        """The complete quarters that the snapshot can report on, oldest first."""
        first = Quarter.containing(date.fromisoformat(self.manifest["first_day"]))
        last = Quarter.latest_complete(self.as_of)
        return first.upto(last) if first <= last else []

    def left_out(self, product: str) -> dict[str, LeftOut]:
        """Table -> counts of refused rows that belong to a product; tables without refused rows are left out."""
        return left_out_of_json(self.manifest["refused"][product])

    def check_product(self, name: str) -> str:
        """Resolve the name of a product (`first`: the first one). Raises `SnapshotError` where there is none."""
        products = list(self.manifest["products"])
        if name == "first":
            return str(products[0])
        if name not in products:
            raise SnapshotError(
                f"product '{name}' is not in snapshot {self.id}.{did_you_mean(name, products)}"
                f" It has: {', '.join(products)}."
            )
        return name

    def check_quarter(self, text: str) -> Quarter:
        """Parse a quarter (`latest`: the last one). Raises `SnapshotError` where it is not fully covered."""
        quarters = self.quarters
        if not quarters:
            raise SnapshotError(f"snapshot {self.id} holds no complete quarter up to {self.as_of}")
        quarter = quarters[-1] if text == "latest" else Quarter.parse(text)
        if quarter not in quarters:
            raise SnapshotError(
                f"quarter {quarter} is not covered by snapshot {self.id} (as of {self.as_of}):"
                f" it knows the complete quarters {quarters[0]} to {quarters[-1]}"
            )
        return quarter

    def read(self, product: str) -> ProductData:
        """The tables of one product. Raises `SnapshotError` where a file is missing or damaged.

        Tables are read, and damage is detected, on first access.
        """
        product = self.check_product(product)
        if self.manifest["format"] != FORMAT:
            raise SnapshotError(
                f"snapshot {self.id} was taken by another version of the workbook; take it again with 'make snapshot'"
            )
        tables = _LazyTables(self.manifest["tables"], lambda name: self.table(name, product))
        data = ProductData(
            self.product(product),
            self.as_of,
            tables,
            frozenset(self.manifest["given"]),
            Coverage.of_json(self.manifest["known"][product]),
            display_order(self.sizes),
            stored=self._stored(product),
        )
        return data.of_accounts(tables[self._account_table()]["account_id"])

    def is_intact(self) -> bool:
        """Whether every file exists with the hash that the manifest records."""
        try:
            return (self.folder / "manifest.json").exists() and all(
                hashes.of_file(self.folder / file) == digest
                for file, digest in self.manifest["files"].items()
            )
        except OSError:
            return False

    def make_latest(self) -> None:
        """Make this the snapshot that `latest` refers to."""
        file, content = self.folder.parent / LATEST, f"{self.id}\n".encode()
        if not file.is_file() or file.read_bytes() != content:
            durable.write(file, content)

    def table(self, name: str, product: str) -> pd.DataFrame:
        """One table of one product, of all accounts, without rows that may no longer be kept. Raises `SnapshotError` where a file is damaged."""
        import pandas as pd

        arrow = self._arrow(name, product)
        with pd.option_context(
            "mode.string_storage", "python" if arrow.num_rows <= SMALL_TABLE else "pyarrow"
        ):
            return arrow.to_pandas(use_threads=False)

    def distinct_texts(self, name: str, column: str, product: str) -> frozenset[str]:
        """The distinct texts in a column of a product's table, without loading pandas.

        In a table with accounts, only rows of the product's accounts count. Raises `SnapshotError` for
        an unknown table or column.
        """
        import pyarrow.compute as pc

        if (
            name not in self.manifest["tables"]
            or column not in (arrow := self._arrow(name, product)).column_names
        ):
            raise SnapshotError(f"snapshot {self.id} has no column '{name}.{column}'")
        if "account_id" in arrow.column_names:
            customers = self._arrow(self._account_table(), product)["account_id"].combine_chunks()
            arrow = arrow.filter(pc.is_in(arrow["account_id"], customers))
        return frozenset(str(value) for value in arrow[column].unique().to_pylist() if value is not None)

    def _account_table(self) -> str:
        """The table that defines the accounts of a product."""
        return "contracts" if "contracts" in self.manifest["given"] else "recorded"

    def distinct_texts_of_all(self, name: str, column: str) -> frozenset[str]:
        """The distinct texts in a column of the tables of all products, of all accounts."""
        products = self.manifest["products"]
        shared = not any(f.startswith(f"{name}/product=") for f in self.manifest["files"])
        return frozenset(
            str(value)
            for product in (list(products)[:1] if shared else products)
            for value in self._arrow(name, product)[column].unique().to_pylist()
            if value is not None
        )

    def _arrow(self, name: str, product: str) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        partitions = self._partitions(name, product)
        try:
            # not read_table, and one thread: starting threads takes longer than reading these small files
            contents = (pa.BufferReader(self._content(f)) for f in partitions)
            rows = pa.concat_tables([pq.ParquetFile(c).read(use_threads=False) for c in contents])
        except (OSError, ValueError) as error:
            file = error.args[0] if isinstance(error, _DamagedError) else partitions[0]
            raise damaged(self.folder, file) from None
        return retention.without_expired(name, rows)

    def _stored(self, product: str) -> Mapping[str, StoredTable]:
        """The tables that are files of the product alone, as files."""
        digests, stored = self.manifest["files"], {}
        # files also hold the rows that may no longer be kept
        for name in (n for n in self.manifest["tables"] if n not in retention.KEEP_UNTIL):
            files = self._partitions(name, product)
            if all(file.startswith(f"{name}/product={product}") for file in files):
                stored[name] = StoredTable(self.folder, {file: digests[file] for file in files})
        return stored

    def _partitions(self, name: str, product: str) -> list[str]:
        """The files with the rows of a table for a product, sorted."""
        files = self.manifest["files"]
        prefix = f"{name}/product={product}"
        partitions = sorted(f for f in files if f == f"{prefix}.parquet" or f.startswith(f"{prefix}/"))
        return partitions or [f for f in (f"{name}/all.parquet", f"{name}/empty.parquet") if f in files]

    def _content(self, file: str) -> bytes:
        try:
            content = (self.folder / file).read_bytes()
        except OSError:
            raise _DamagedError(file) from None
        if hashes.of(content) != self.manifest["files"][file]:
            raise _DamagedError(file)
        return content


class _DamagedError(ValueError):
    """A file is missing or differs from the hash in the manifest."""


def identity(manifest: Mapping[str, Any]) -> str:
    """The id of a snapshot: its as-of date and the hash of the rest of its manifest."""
    content = {key: value for key, value in manifest.items() if key != "id"}
    return f"{manifest.get('as_of')}-{hashes.of_json(content)[:12]}"


def matches_pattern(event: pd.Series, pattern: str) -> pd.Series:
    """Whether each event name matches a pattern with `*`, by the rule of the engine's reductions; bool."""
    if "*" not in pattern:
        return event == pattern
    return event.str.fullmatch(as_regex(pattern)).fillna(False)
