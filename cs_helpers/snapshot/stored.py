"""The files of one table in a snapshot, for queries of an engine over more rows than fit in memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from cs_helpers import hashes, paths
from cs_helpers.errors import SnapshotError


@dataclass(frozen=True)
class StoredTable:
    """The Parquet files of a product's table in a snapshot. files: path within `folder` -> SHA-256.

    They hold the rows of all accounts, also of those that `ProductData` leaves out.
    """

    folder: Path
    files: Mapping[str, str]

    @cached_property
    def rows(self) -> int:
        """The number of rows, from the ends of the files alone. Raises `SnapshotError` where one is damaged."""
        import pyarrow.parquet as pq

        total = 0
        for file in self.files:
            try:
                total += pq.read_metadata(self.folder / file).num_rows
            except (OSError, ValueError):
                raise damaged(self.folder, file) from None
        return total

    @cached_property
    def paths(self) -> tuple[Path, ...]:
        """The files, once each has the content that the manifest records. Raises `SnapshotError` where one has not."""
        for file, digest in self.files.items():
            try:
                is_intact = hashes.of_file(self.folder / file) == digest
            except OSError:
                is_intact = False
            if not is_intact:
                raise damaged(self.folder, file)
        return tuple(self.folder / file for file in self.files)


def damaged(folder: Path, file: str) -> SnapshotError:
    """The error of a file that is missing or differs from the manifest of the snapshot in `folder`."""
    return SnapshotError(
        f"snapshot {folder.name}: the file {file} is gone or damaged; delete the folder"
        f" {paths.display_path(folder)} and take the snapshot again"
    )
