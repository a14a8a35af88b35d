"""Opens the files of a sources file in an engine: DuckDB, embedded."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import ibis
import openpyxl.utils.exceptions
import pandas as pd
from ibis.backends.duckdb import Backend

from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError
from cs_helpers.paths import shown
from cs_helpers.sources.mapping import ColumnSource, Sources

#: files that hold text: what types their columns have is found by reading them
_TEXTS = ("csv", "tsv", "txt")


@contextmanager
def opened(sources: Sources, folder: Path) -> Iterator[Backend]:
    """An engine in which each file of `sources` is a view of its name; raises `SourceError`."""
    connection = ibis.duckdb.connect()
    try:
        connection.raw_sql("SET enable_progress_bar = false").fetchall()
        connection.raw_sql("SET TimeZone = 'UTC'").fetchall()
        for name, file in sources.files.items():
            _open_file(connection, name, folder / sources.folder / file, _text_columns(sources, name))
        yield connection
    finally:
        connection.disconnect()


def _text_columns(sources: Sources, file: str) -> set[str]:
    """The columns of a file that are mapped, as they are, onto a text of the contract."""
    wanted = set()
    for name, source in sources.tables.items():
        for column in TABLES[name].columns if source.from_ == file else ():
            said = source.column(column) or ColumnSource(column=column)
            if TABLES[name].kind(column) == "text" and said.column is not None:
                wanted.add(said.column)
    return wanted


def _open_file(connection: Backend, name: str, path: Path, texts: set[str]) -> None:
    where = shown(path)
    if path.is_dir():
        raise SourceError(name, "this is a folder, a file is needed", where=where)
    if not path.exists() and not any(c in path.name for c in "*?["):
        raise SourceError(name, "there is no such file; check 'folder' and 'files'", where=where)
    if path.exists() and not path.stat().st_size:
        raise SourceError(name, "the file is empty", where=where)
    kind = path.name.removesuffix(".gz").rsplit(".", 1)[-1].lower()
    if kind in _TEXTS:
        # all rows are looked at before a type is chosen: one odd cell makes the column text, and
        # the contract's check can then name that cell
        query = f"read_csv({_quoted(path)}, sample_size=-1, header=true"
    elif kind in ("parquet", "pq"):
        query = f"read_parquet({_quoted(path)}"
    elif kind in ("xlsx", "xlsm"):
        _open_excel(connection, name, path)
        return
    else:
        raise SourceError(
            name, f"files of type '.{kind}' cannot be read; save it as CSV, Excel or Parquet", where=where
        )
    try:
        _view(connection, name, query + ")")
        found = connection.raw_sql(f'DESCRIBE "{name}"').fetchall()
        # a long number that is a key loses its last digits as a double
        keys = [column for column, type_, *_ in found if type_ == "DOUBLE" and column in texts]
        if keys and kind in _TEXTS:
            types = ", ".join(f"{_quoted(key)}: 'VARCHAR'" for key in keys)
            _view(connection, name, f"{query}, types={{{types}}})")
        # one row is read; not into Python, where DuckDB wants pytz for times with a zone
        connection.raw_sql(f'SELECT * FROM "{name}" LIMIT 1').fetch_record_batch().read_all()
    except duckdb.Error as error:
        problem = f"the file cannot be read: {first_line(error)}"
        if kind in _TEXTS and not _is_utf8(path):
            problem = "the file is not UTF-8 text; save it as UTF-8 (in Excel: 'CSV UTF-8')"
        raise SourceError(name, problem, where=where) from None


def _view(connection: Backend, name: str, query: str) -> None:
    connection.raw_sql(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {query}').fetchall()


def _is_utf8(path: Path) -> bool:
    """Whether a file that the engine refused is UTF-8 text; where that cannot be seen, it is."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as content:
            for _ in io.TextIOWrapper(content, encoding="utf-8"):
                pass
    except UnicodeDecodeError:
        return False
    except (OSError, EOFError, zlib.error):
        return True
    return True


def _open_excel(connection: Backend, name: str, path: Path) -> None:
    try:
        # cells as they are: pandas would read the text 00123 as a number, and 7 beside an empty cell as 7.0
        frame = pd.read_excel(path, dtype=object).convert_dtypes()
    except (
        ValueError, OSError, KeyError, SyntaxError,
        zipfile.BadZipFile, openpyxl.utils.exceptions.InvalidFileException,
    ):  # fmt: skip
        raise SourceError(
            name, "the file is not an Excel workbook; save it again as .xlsx or as CSV", where=shown(path)
        ) from None
    # a column of mixed cells is text to the engine, and one without cells has a type all the same
    for column in frame.select_dtypes("object").columns:
        frame[column] = frame[column].map(lambda cell: cell if pd.isna(cell) else str(cell)).astype("str")
    connection.create_table(name, frame)


def first_line(error: Exception) -> str:
    """The first line of an engine's message, without its class of error and its advice."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    if "CSV Error on Line" in text and len(lines) > 2:  # the second line quotes the row
        text = f"{text}: {lines[2]}"
    for prefix in (
        "Invalid Input Error: ",
        "IO Error: ",
        "Binder Error: ",
        "Parser Error: ",
        "Conversion Error: ",
        "Catalog Error: ",
    ):
        text = text.removeprefix(prefix)
    return text.rstrip(".!")


def _quoted(text: Path | str) -> str:
    return "'" + str(text).replace("'", "''") + "'"
