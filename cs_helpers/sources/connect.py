"""Opens the files of a sources file in an engine: DuckDB, embedded."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import openpyxl.utils.exceptions
import pandas as pd
from ibis.backends.duckdb import Backend

from cs_helpers.errors import SourceError
from cs_helpers.paths import shown
from cs_helpers.sources.mapping import Sources


@contextmanager
def opened(sources: Sources, folder: Path) -> Iterator[Backend]:
    """An engine in which each file of `sources` is a view of its name; raises `SourceError`."""
    connection = ibis.duckdb.connect()
    try:
        connection.raw_sql("SET enable_progress_bar = false").fetchall()
        connection.raw_sql("SET TimeZone = 'UTC'").fetchall()
        for name, file in sources.files.items():
            _open_file(connection, name, folder / sources.folder / file)
        yield connection
    finally:
        connection.disconnect()


def _open_file(connection: Backend, name: str, path: Path) -> None:
    where = shown(path)
    if not path.exists() and not any(c in path.name for c in "*?["):
        raise SourceError(name, "there is no such file; check 'folder' and 'files'", where=where)
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    if kind in ("csv", "tsv", "txt"):
        # all rows are looked at before a type is chosen: one odd cell makes the column text, and
        # the contract's check can then name that cell
        query = f"read_csv({_quoted(path)}, sample_size=-1, header=true)"
    elif kind in ("parquet", "pq"):
        query = f"read_parquet({_quoted(path)})"
    elif kind in ("xlsx", "xlsm"):
        _open_excel(connection, name, path)
        return
    else:
        raise SourceError(
            name, f"files of type '.{kind}' cannot be read; save it as CSV, Excel or Parquet", where=where
        )
    try:
        connection.raw_sql(f'CREATE VIEW "{name}" AS SELECT * FROM {query}').fetchall()
        connection.raw_sql(f'SELECT * FROM "{name}" LIMIT 1').fetchall()
    except duckdb.Error as error:
        raise SourceError(name, f"the file cannot be read: {first_line(error)}", where=where) from None


def _open_excel(connection: Backend, name: str, path: Path) -> None:
    try:
        frame = pd.read_excel(path)
    except (ValueError, OSError, zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException) as error:
        raise SourceError(name, f"the file cannot be read: {error}", where=shown(path)) from None
    # a column of mixed cells is text to the engine, and one without cells has a type all the same
    for column in frame.select_dtypes("object").columns:
        frame[column] = frame[column].map(lambda cell: cell if pd.isna(cell) else str(cell)).astype("str")
    connection.create_table(name, frame)


def first_line(error: Exception) -> str:
    """The first line of an engine's message, without its class of error and its advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    for prefix in (
        "Invalid Input Error: ",
        "IO Error: ",
        "Binder Error: ",
        "Parser Error: ",
        "Conversion Error: ",
        "Catalog Error: ",
    ):
        text = text.removeprefix(prefix)
    return text.rstrip(".")


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
