"""Puts files and folders of the exchange in their place, whole or not at all."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from cs_helpers import durable, paths
from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.material import NAMES, write_csv


def publish_file(file: Path, content: bytes, *, force: bool) -> None:
    """Writes a file; one that is there stays, unless `force`: somebody may have coded in it."""
    if file.exists() and not force:
        raise ExchangeError(
            paths.display_path(file),
            "there is such a file already; name another one, or replace it with --force",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    durable.write(file, content)


def publish_folder(folder: Path, tables: Mapping[str, pd.DataFrame], *, force: bool) -> None:
    """Writes tables as CSV files of a folder of their own; a folder with anything else in it stays."""
    if folder.exists():
        if not force:
            raise ExchangeError(
                paths.display_path(folder),
                "there is such a folder already; name another one with --into, or replace it with --force",
            )
        ours = {f"{name}.csv" for name in NAMES}
        if not folder.is_dir() or folder.is_symlink() or {p.name for p in folder.iterdir()} - ours:
            raise ExchangeError(
                paths.display_path(folder),
                "it holds more than codings, so it is not replaced; name another one with --into",
            )
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fresh = beside / "new"
        fresh.mkdir()
        for name, table in tables.items():
            write_csv(table, fresh / f"{name}.csv")
        durable.sync_tree(fresh)
        if folder.exists():
            folder.rename(beside / "old")
        fresh.rename(folder)
        durable.sync(folder.parent)
    finally:
        if not folder.exists() and (beside / "old").exists():
            (beside / "old").rename(folder)
        shutil.rmtree(beside, ignore_errors=True)


def sources_lines(folder: Path, tables: Mapping[str, pd.DataFrame], sources: Path) -> Iterator[str]:
    """The lines of a sources file that read what was written; accounts come from a table of their own."""
    read = [name for name in tables if name != "accounts"]
    where = Path(os.path.relpath(folder.resolve(), sources.resolve().parent))
    yield "files:"
    for name in read:
        yield f"  {name}: {json.dumps((where / name).as_posix() + '.csv', ensure_ascii=False)}"
    yield "tables:"
    for name in read:
        yield f"  {name}: {{from: {name}}}"
