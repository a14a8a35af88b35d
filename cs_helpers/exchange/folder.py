"""Write exported files and folders atomically."""

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
    """Write a file. Raises `ExchangeError` if it exists, unless `force`: a coder may have worked in it."""
    if file.exists() and not force:
        raise ExchangeError(
            paths.display_path(file),
            "there is such a file already; name another one, or replace it with --force",
        )
    file.parent.mkdir(parents=True, exist_ok=True)
    durable.write(file, content)


def publish_folder(folder: Path, tables: Mapping[str, pd.DataFrame], *, force: bool) -> None:
    """Write tables as CSV files into a new folder.

    Raises `ExchangeError` if the folder exists, unless `force`, and always if it holds other files.
    """
    if folder.exists():
        if not force:
            raise ExchangeError(
                paths.display_path(folder),
                "there is such a folder already; name another one with --into, or replace it with --force",
            )
        own_files = {f"{name}.csv" for name in NAMES}
        if not folder.is_dir() or folder.is_symlink() or {p.name for p in folder.iterdir()} - own_files:
            raise ExchangeError(
                paths.display_path(folder),
                "it holds more than codings, so it is not replaced; name another one with --into",
            )
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        new_folder = staging / "new"
        new_folder.mkdir()
        for name, table in tables.items():
            write_csv(table, new_folder / f"{name}.csv")
        durable.sync_tree(new_folder)
        if folder.exists():
            folder.rename(staging / "old")
        new_folder.rename(folder)
        durable.sync(folder.parent)
    finally:
        if not folder.exists() and (staging / "old").exists():
            (staging / "old").rename(folder)
        shutil.rmtree(staging, ignore_errors=True)


def sources_lines(folder: Path, tables: Mapping[str, pd.DataFrame], sources: Path) -> Iterator[str]:
    """The lines of a sources file that read the written tables; accounts are read from the company's own table."""
    names = [name for name in tables if name != "accounts"]
    relative = Path(os.path.relpath(folder.resolve(), sources.resolve().parent))
    yield "files:"
    for name in names:
        yield f"  {name}: {json.dumps((relative / name).as_posix() + '.csv', ensure_ascii=False)}"
    yield "tables:"
    for name in names:
        yield f"  {name}: {{from: {name}}}"
