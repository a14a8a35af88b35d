"""A snapshot: the checked, reduced tables, frozen as Parquet with a manifest.

Notebooks read a snapshot and nothing else, so all reports of a quarter agree with each other and
a past report can be made again. A snapshot is written beside its place and renamed, so there is
never half a one; its id is its as-of date and the hash of its content, so the same input gives
the same id.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cs_helpers import durable, hashes, paths
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.known import NOTHING, Known
from cs_helpers.contract.products import Product, as_regex
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import SnapshotError, did_you_mean

if TYPE_CHECKING:  # which snapshot there is can be said without them, in a fifth of the time
    import pandas as pd
    import pyarrow as pa

LATEST = "LATEST"

#: what a manifest and the tables hold; another number is another meaning
FORMAT = 7

#: up to so many rows a table's texts are Python's: each step on Arrow's takes longer than it does on so few rows
FEW = 50_000


@dataclass(frozen=True)
class ProductData:
    """The tables of one product, as an analysis reads them.

    Every table of the contract (but usage, which stands reduced as usage_daily, usage_monthly and
    active_daily) is there with its columns; one that was not given is empty and not in `given`.
    `accounts` are the customers that ever had a contract for the product. `known`: from when to when the
    tables tell of the product, whichever of its customers are looked at.
    """

    product: Product
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    given: frozenset[str]
    known: Known = NOTHING

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.tables[table]

    def missing(self, *tables: str) -> tuple[str, ...]:
        """Those of `tables` that the company did not give."""
        return tuple(t for t in tables if t not in self.given)

    def of_accounts(self, account_ids: pd.Series) -> ProductData:
        """The same, for some accounts only."""
        wanted = set(account_ids)

        def part(name: str) -> pd.DataFrame:
            table = self.tables[name]
            key, parent = _BELOW.get(name, ("account_id", ""))
            if key not in table:
                return table
            inside = table[key].isin(set(tables[parent][key]) if parent else wanted)
            return table if inside.all() else table[inside].reset_index(drop=True)

        tables = _Tables(self.tables, part)
        return replace(self, tables=tables)

    def with_tables(self, changed: Mapping[str, pd.DataFrame]) -> ProductData:
        """The same with other tables of these names; the rest is read when it is asked for, as before."""

        def table(name: str) -> pd.DataFrame:
            return changed[name] if name in changed else self.tables[name]

        return replace(self, tables=_Tables(self.tables, table))

    def changed(self, change: Callable[[str, pd.DataFrame], pd.DataFrame]) -> ProductData:
        """The same with each table as `change` (name, table) makes it, when it is asked for."""
        return replace(self, tables=_Tables(self.tables, lambda name: change(name, self.tables[name])))


#: tables whose rows belong to an account by way of another table: the column that leads there, and which
_BELOW = {"notes": ("interview_id", "interviews"), "codings": ("note_id", "notes")}


class _Tables(Mapping[str, "pd.DataFrame"]):
    """Tables by name, each read when it is asked for: an analysis needs a few of them."""

    def __init__(self, names: Iterable[str], read: Callable[[str], pd.DataFrame]) -> None:
        self._names, self._read = tuple(names), read
        self._known: dict[str, pd.DataFrame] = {}

    def __getitem__(self, name: str) -> pd.DataFrame:
        if name not in self._known:
            if name not in self._names:
                raise KeyError(name)
            self._known[name] = self._read(name)
        return self._known[name]

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
        """The snapshot of that id; raises `SnapshotError` where there is none or it is damaged."""
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
            known = ", ".join(sorted(p.name for p in root.glob("[0-9]*"))) or "none"
            raise SnapshotError(f"there is no snapshot '{name}'; there are: {known}") from None
        except ValueError:
            manifest = None
        if not isinstance(manifest, dict) or manifest.get("id") != identity(manifest):
            raise SnapshotError(
                f"snapshot '{name}': its manifest.json is damaged; delete the folder and take it again"
            )
        return cls(root / name, manifest)

    @property
    def id(self) -> str:
        """The as-of date and a hash of the content."""
        return str(self.manifest["id"])

    @property
    def as_of(self) -> date:
        """The last day the snapshot knows of."""
        return date.fromisoformat(self.manifest["as_of"])

    @property
    def products(self) -> dict[str, Product]:
        """The products in it, as their files described them when it was taken."""
        return {name: self.product(name) for name in self.manifest["products"]}

    def product(self, name: str) -> Product:
        """One product of the snapshot, as its file described it when it was taken."""
        return Product.model_validate(self.manifest["products"][name])

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found wrong in the tables."""
        return tuple(
            Finding(**{**f, "examples": tuple(tuple(e) for e in f["examples"])})
            for f in self.manifest["findings"]
        )

    @property
    def quarters(self) -> list[Quarter]:
        """The complete quarters that the snapshot can report on, oldest first."""
        first = Quarter.holding(date.fromisoformat(self.manifest["first_day"]))
        last = Quarter.latest_complete(self.as_of)
        return first.upto(last) if first <= last else []

    def check_product(self, name: str) -> str:
        """`name` if it is a product of the snapshot (`first`: the first); else `SnapshotError`."""
        known = list(self.manifest["products"])
        if name == "first":
            return str(known[0])
        if name not in known:
            raise SnapshotError(
                f"product '{name}' is not in snapshot {self.id}.{did_you_mean(name, known)}"
                f" It has: {', '.join(known)}."
            )
        return name

    def check_quarter(self, text: str) -> Quarter:
        """The quarter, if the snapshot knows all of it; else `SnapshotError`."""
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
        """The tables of one product; raises `SnapshotError` where a file is gone or damaged.

        A table is read when it is first asked for, and that is when it is found to be damaged.
        """
        product = self.check_product(product)
        if self.manifest["format"] != FORMAT:
            raise SnapshotError(
                f"snapshot {self.id} was taken by another version of the workbook; take it again with 'make snapshot'"
            )
        tables = _Tables(self.manifest["tables"], lambda name: self.table(name, product))
        whole = ProductData(
            self.product(product),
            self.as_of,
            tables,
            frozenset(self.manifest["given"]),
            Known.of_json(self.manifest["known"][product]),
        )
        return whole.of_accounts(tables["contracts"]["account_id"])

    def intact(self) -> bool:
        """Whether every file is there as the manifest says."""
        try:
            return (self.folder / "manifest.json").exists() and all(
                hashes.of_file(self.folder / file) == digest
                for file, digest in self.manifest["files"].items()
            )
        except OSError:
            return False

    def make_latest(self) -> None:
        """Makes this the snapshot that `latest` stands for."""
        file, said = self.folder.parent / LATEST, f"{self.id}\n".encode()
        if not file.is_file() or file.read_bytes() != said:
            durable.write(file, said)

    def table(self, name: str, product: str) -> pd.DataFrame:
        """One table of one product, as it was frozen; raises `SnapshotError` where a file is damaged."""
        import pandas as pd

        found = self._arrow(name, product)
        with pd.option_context("mode.string_storage", "python" if found.num_rows <= FEW else "pyarrow"):
            return found.to_pandas(use_threads=False)

    def texts(self, name: str, column: str, product: str) -> frozenset[str]:
        """The different texts in a column of a product's table, without loading pandas.

        Of a table with accounts, those of the product's customers. Raises `SnapshotError` for an
        unknown table or column.
        """
        import pyarrow.compute as pc

        if (
            name not in self.manifest["tables"]
            or column not in (found := self._arrow(name, product)).column_names
        ):
            raise SnapshotError(f"snapshot {self.id} has no column '{name}.{column}'")
        if "account_id" in found.column_names:
            customers = self._arrow("contracts", product)["account_id"].combine_chunks()
            found = found.filter(pc.is_in(found["account_id"], customers))
        return frozenset(str(value) for value in found[column].unique().to_pylist() if value is not None)

    def texts_of_all(self, name: str, column: str) -> frozenset[str]:
        """The different texts in a column of all products' tables, whoever has a contract."""
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

        files = self.manifest["files"]
        inside = f"{name}/product={product}"
        found = [f for f in files if f == f"{inside}.parquet" or f.startswith(f"{inside}/")]
        if not found:
            found = [f for f in (f"{name}/all.parquet", f"{name}/empty.parquet") if f in files]
        try:
            # not read_table, and one thread: the files are small, and threads take longer to start than to read them
            contents = (pa.BufferReader(self._content(f)) for f in sorted(found))
            return pa.concat_tables([pq.ParquetFile(c).read(use_threads=False) for c in contents])
        except (OSError, ValueError) as error:
            file = error.args[0] if isinstance(error, _DamagedError) else found[0]
            raise SnapshotError(
                f"snapshot {self.id}: the file {file} is gone or damaged; delete the folder"
                f" {paths.shown(self.folder)} and take the snapshot again"
            ) from None

    def _content(self, file: str) -> bytes:
        try:
            content = (self.folder / file).read_bytes()
        except OSError:
            raise _DamagedError(file) from None
        if hashes.of(content) != self.manifest["files"][file]:
            raise _DamagedError(file)
        return content


class _DamagedError(ValueError):
    """A file that is not as the manifest says."""


def identity(manifest: Mapping[str, Any]) -> str:
    """The id of a snapshot: its as-of date and the hash of all else that its manifest says."""
    content = {key: value for key, value in manifest.items() if key != "id"}
    return f"{manifest.get('as_of')}-{hashes.of_json(content)[:12]}"


def matching(event: pd.Series, pattern: str) -> pd.Series:
    """Which event names fit a pattern with `*`, as the engine's reductions read it."""
    if "*" not in pattern:
        return event == pattern
    return event.str.fullmatch(as_regex(pattern)).fillna(False)
