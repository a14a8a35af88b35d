"""Opens the files of a sources file in DuckDB: each becomes a view of its name."""

from __future__ import annotations

import csv
import glob
import gzip
import io
import itertools
import re
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import duckdb
import pandas as pd
from ibis.backends.duckdb import Backend

from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError, WorkbookError, did_you_mean, raise_together
from cs_helpers.paths import shown
from cs_helpers.sources.mapping import ColumnSource, FileSource, Sources, filled
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.xes import as_table

#: files that hold text: what types their columns have is found by reading them
_TEXTS = ("csv", "tsv", "txt")
_PARQUET = ("parquet", "pq")
_EXCEL = ("xlsx", "xlsm")
_XES = ("xes",)
#: the engine's guesses that lose how a text was written
_GUESSES = ("DOUBLE", "TIMESTAMP", "DATE", "TIME", "BOOLEAN")
_UTF8 = ("utf-8", "utf8", "utf-8-sig")
_NOT_UTF8 = (
    "the file is not UTF-8 text; if Excel in Japan wrote it, say so with 'encoding: cp932'"
    " (files.{name}: {{path: {file}, encoding: cp932}}), or save it as UTF-8 (in Excel: 'CSV UTF-8')"
)
_QUOTE = 'opens a quote (") that does not end in it; close it or take it out'
_NO_FILE = "there is no such file; check 'folder' and 'files'"
#: the names of the contract's columns: a line that holds none of them may not be that of the names
_KNOWN = frozenset(column for table in TABLES.values() for column in table.columns)


def open_files(connection: Backend, sources: Sources, folder: Path, scratch: Path, secrets: set[str]) -> None:
    """Makes each file of `sources` a view of its name; raises `SourceError`, of several `SourcesError`.

    What the options of a remote file system take from the environment is added to `secrets`.
    """
    errors: list[SourceError] = []
    mounted: dict[str, dict[str, Any]] = {}
    for name, file in sources.files.items():
        try:
            if "://" in file.path:
                _mount(connection, name, file, secrets, mounted)
                path = file.path
            else:
                path = str(folder / sources.folder / file.path)
            open_file(connection, name, path, file, scratch, texts=_text_columns(sources, name))
        except SourceError as error:
            errors.append(error)
    raise_together(errors)


def open_file(
    connection: Backend,
    name: str,
    path: str,
    file: FileSource,
    scratch: Path,
    texts: set[str] = frozenset(),  # type: ignore[assignment]
) -> None:
    """Makes a file a view of that name; `texts` are columns that must be read as text."""
    where = shown(Path(path)) if "://" not in path else path
    kind = _kind(name, path, where)
    try:
        if path.endswith(".gz") and "://" not in path:
            _check_whole(name, path)
        if kind in _EXCEL:
            with _reader(path, file) as content:
                connection.create_table(name, _excel(name, content, file, where), overwrite=True)
            return
        if kind in _XES:
            with _reader(path, file) as content:
                connection.create_table(name, as_table(name, content, where), overwrite=True)
            return
        if kind in _PARQUET:
            folder = Path(path).is_dir() or "." not in Path(path).name
            pattern = f"{path.rstrip('/')}/**/*.parquet" if folder else path
            # a folder `account_id=0042` is a text, not the number 42
            query = f"read_parquet({sql_text(pattern)}, hive_types_autocast=false, union_by_name=true"
            _view(connection, name, query + ")")
        else:
            if file.encoding is not None and file.encoding.lower() not in _UTF8:
                path = str(_as_utf8(name, path, file, scratch, where))
            # all rows are looked at before a type is chosen: one odd cell makes the column text, and
            # the contract's check can then name that cell. 01/02/2024 is two days: it stays text, too.
            query = f"read_csv({sql_text(path)}, sample_size=-1, header=true, dateformat='%Y-%m-%d'"
            if file.header_row > 1:
                query += f", skip={file.header_row - 1}"
            if _is_pattern(path) or ("://" in path and any(c in path for c in "*?[")):
                # a column that only some of the files have; types that only the last of them tells
                query += ", union_by_name=true, files_to_sniff=-1"
            if "files_to_sniff" in query:
                _view(connection, name, query + ")")
                found = {c: t for c, t, *_ in connection.raw_sql(f'DESCRIBE "{_escaped(name)}"').fetchall()}
                pinned = query
            else:
                found, pinned = _sniffed(connection, path, query)
            # one line that is too long, and the engine may take another one for the names of the columns
            _check_lines(name, path, file, where, set(found), texts.union(_KNOWN))
            # what the contract reads as text or as a date is read by its rules, not guessed at: a long
            # number that is a key loses its last digits as a double, 01-02-2024 09:00 has two meanings,
            # yes becomes true
            guessed = {c: "VARCHAR" for c, type_ in found.items() if c in texts and type_ in _GUESSES}
            if pinned != query:
                pinned += f", columns={_struct(found | guessed)}"
            elif guessed:
                pinned += f", types={_struct(guessed)}"
            _view(connection, name, pinned + ")")
        # one row is read; not into Python, where DuckDB wants pytz for times with a zone
        connection.raw_sql(f'SELECT * FROM "{_escaped(name)}" LIMIT 1').fetch_record_batch().read_all()
    except duckdb.Error as error:
        said = first_line(error)
        problem = f"the file cannot be read: {said}"
        if kind in _TEXTS and "://" not in path and not _is_utf8(Path(path)):
            problem = _NOT_UTF8.format(name=name, file=file.path)
        elif "No files found" in said:
            problem = _NO_FILE
        elif kind in _PARQUET and ("magic bytes" in said or "too small to be a Parquet" in said):
            broken = re.search(r"'([^']+)'", said)  # of a folder, one may be broken
            where = shown(Path(broken[1])) if broken and "://" not in broken[1] else where
            problem = "the file is not Parquet, or was cut off on its way; export or copy it again"
        elif kind in _TEXTS:
            _check_lines(name, path, file, where)
            if "Error when sniffing" in said:
                problem = "the file cannot be read: its lines do not all have the same number of cells"
        raise SourceError(name, problem, where=where) from None
    except FileNotFoundError:
        raise SourceError(name, _NO_FILE, where=where) from None
    except (ImportError, OSError) as error:
        raise SourceError(name, f"the file cannot be read: {first_line(error)}", where=where) from None
    except Exception as error:
        if "://" not in path or isinstance(error, WorkbookError):
            raise
        # file systems raise what they like
        raise SourceError(name, f"the file cannot be read: {first_line(error)}", where=where) from None


def _check_whole(name: str, path: str) -> None:
    """Reads a compressed file to its end: the engine takes one that was cut off as it is."""
    for part in glob.glob(path, recursive=True) if _is_pattern(path) else [path]:  # noqa: PTH207
        try:
            with gzip.open(part) as content:
                while content.read(1 << 20):
                    pass
        except (EOFError, OSError, zlib.error):
            raise SourceError(
                name, "the file is not whole, or not compressed with gzip; export or copy it again",
                where=shown(Path(part)),
            ) from None  # fmt: skip


def _check_lines(
    name: str,
    path: str,
    file: FileSource,
    where: str,
    found: set[str] | None = None,
    known: set[str] = frozenset(),  # type: ignore[assignment]
) -> None:
    """Names the first line of a text file that has not as many cells as its first; raises `SourceError`.

    With `found`, the columns that the engine found, only where they are not those of the first line,
    which holds some of the `known` ones: then it took another line for the names.
    """
    if "://" in path:
        return
    tops: dict[str, tuple[int, str, list[str]]] = {}
    parts = sorted(glob.glob(path, recursive=True)) if _is_pattern(path) else [path]  # noqa: PTH207
    for part in parts:
        at = where if part == path else shown(Path(part))
        with _numbered(part, file) as lines:
            top = next(lines, None)
            if top is None:
                after = (
                    f" after line {file.header_row - 1}; check 'header_row'" if file.header_row > 1 else ""
                )
                raise SourceError(name, f"the file holds no line{after}", where=at)
            delimiter = max(",;\t|", key=top[1].count)
            rows = csv.reader(itertools.chain([top[1]], (text for _, text in lines)), delimiter=delimiter)
            try:
                tops[part] = (top[0], delimiter, next(rows))
            except csv.Error:
                raise SourceError(name, f"line {top[0]} {_QUOTE}", where=at) from None
    said = {column.strip() for _, _, names in tops.values() for column in names}
    if found is not None and (found <= said or not said & known):
        return
    for part, (line, delimiter, names) in tops.items():
        with _numbered(part, file) as lines:
            rows = csv.reader((text for _, text in lines), delimiter=delimiter)
            next(rows)
            _check_cells(name, where if part == path else shown(Path(part)), line - 1, names, rows)


@contextmanager
def _numbered(path: str, file: FileSource) -> Iterator[Iterator[tuple[int, str]]]:
    """The lines of a text file from that of its names, with their numbers."""
    with (
        _reader(path, file) as raw,
        io.TextIOWrapper(raw, encoding="utf-8-sig", errors="replace", newline="") as content,
    ):
        lines = itertools.islice(enumerate(content, 1), file.header_row - 1, None)
        yield itertools.dropwhile(lambda line: not line[1].strip(), lines)


def _check_cells(name: str, where: str, top: int, names: list[str], rows: Any) -> None:
    """Names the first row that has not as many cells as there are names, which stand after line `top`."""
    before = rows.line_num
    try:
        for row in rows:
            first, last, before = top + before + 1, top + rows.line_num, rows.line_num
            if not row or len(row) == len(names):
                continue
            cells = (
                f"has {len(row)} cells, the line of the names has {len(names)};"
                " mend it (a value with a comma needs quotes around it)"
            )
            problem = f"line {first}, which begins with '{row[0][:40]}', {_QUOTE if last > first else cells}"
            raise SourceError(name, problem, where=where)
    except csv.Error:  # a value too long to be one
        raise SourceError(name, f"line {top + before + 1} {_QUOTE}", where=where) from None


def _is_pattern(path: str) -> bool:
    return any(c in path for c in "*?[") and not Path(path).exists()


def _kind(name: str, path: str, where: str) -> str:
    local = Path(path)
    remote = "://" in path
    if not remote and local.is_dir():
        if not any(local.rglob("*.parquet")):
            raise SourceError(
                name, "this is a folder; name a file in it, or a folder of Parquet files", where=where
            )
        return "parquet"
    if not remote and not local.exists() and not any(c in path for c in "*?["):
        near = did_you_mean(local.name, [p.name for p in local.parent.glob("*")])
        raise SourceError(
            name, f"there is no such file; check 'folder' and 'files'.{near}".rstrip("."), where=where
        )
    if not remote and local.exists() and not local.stat().st_size:
        raise SourceError(name, "the file is empty", where=where)
    last = path.rstrip("/").rsplit("/", 1)[-1]
    kind = last.removesuffix(".gz").rsplit(".", 1)[-1].lower() if "." in last else "parquet" if remote else ""
    if kind not in (*_TEXTS, *_PARQUET, *_EXCEL, *_XES):
        which = (
            f"files of type '.{kind}'" if kind else "files whose name does not end in their type, as in .csv,"
        )
        raise SourceError(name, f"{which} cannot be read; save it as CSV, Excel or Parquet", where=where)
    if not remote and _is_pattern(path):
        if kind in _EXCEL:
            raise SourceError(name, "a pattern of Excel files cannot be read; name one of them", where=where)
        if not glob.glob(path, recursive=True):  # noqa: PTH207
            raise SourceError(
                name, f"no file fits the pattern '{local.name}'; check 'folder' and 'files'", where=where
            )
    return kind


def _mount(
    connection: Backend, name: str, file: FileSource, secrets: set[str], mounted: dict[str, dict[str, Any]]
) -> None:
    """Lets DuckDB read from a remote file system of fsspec; one for each protocol."""
    import fsspec

    protocol = file.path.split("://", 1)[0]
    options = _options(name, file, secrets)
    if mounted.setdefault(protocol, options) != options:
        raise SourceError(
            name, f"another file of '{protocol}://' has other options; give both the same", where=file.path
        )
    try:
        connection.con.register_filesystem(fsspec.filesystem(protocol, **options))
    except duckdb.Error:  # it is there already, from another file
        pass
    except ImportError:
        extra = {"https": "http", "s3a": "s3", "az": "abfs"}.get(protocol, protocol)
        raise SourceError(
            name, f"the driver of '{protocol}://' is not installed; run 'pip install \"fsspec[{extra}]\"'",
            where=file.path,
        ) from None  # fmt: skip
    except ValueError as error:
        raise SourceError(
            name, f"'{protocol}://' cannot be read: {first_line(error)}", where=file.path
        ) from None
    except Exception as error:  # file systems raise what they like
        raise SourceError(
            name,
            f"the storage cannot be reached: {first_line(error)}; check the address and the credentials",
            where=file.path,
        ) from None


def _options(name: str, file: FileSource, secrets: set[str]) -> dict[str, Any]:
    options = {}
    for word, value in file.options.items():
        options[word] = filled(value, f"files.{name}.options.{word}") if isinstance(value, str) else value
        if options[word] != value:
            secrets.add(str(options[word]))
    return options


def _reader(path: str, file: FileSource) -> BinaryIO:
    if "://" in path:
        import fsspec

        return fsspec.open(path, "rb", **_options("", file, set())).open()  # type: ignore[no-any-return]
    return gzip.open(path) if path.endswith(".gz") else Path(path).open("rb")  # type: ignore[return-value]


def _as_utf8(name: str, path: str, file: FileSource, scratch: Path, where: str) -> Path:
    """A copy of a text file in UTF-8, which is what the engine reads."""
    copy = scratch / f"utf8-{name}.csv"
    if any(c in path for c in "*?["):
        raise SourceError(name, "a pattern cannot have an encoding; name the files one by one", where=where)
    try:
        with _reader(path, file) as raw, copy.open("w", encoding="utf-8", newline="") as out:
            shutil.copyfileobj(io.TextIOWrapper(raw, encoding=file.encoding, newline=""), out, 1 << 20)
    except LookupError:
        raise SourceError(
            name, f"there is no encoding '{file.encoding}'; cp932, utf-8 and utf-16 are usual", where=where
        ) from None
    except (UnicodeDecodeError, UnicodeError):
        raise SourceError(
            name, f"the file is not {file.encoding} text; check 'encoding'", where=where
        ) from None
    return copy


def _text_columns(sources: Sources, file: str) -> set[str]:
    """The columns of a file that are mapped onto a text or a date of the contract, or value by value."""
    wanted = set()
    for name, source in sources.tables.items():
        for column in TABLES[name].columns if source.in_ is None and source.from_ == file else ():
            said = source.column(column) or ColumnSource(column=column)
            as_text = bool(said.values) or TABLES[name].kind(column) in ("text", "date", "time")
            if as_text and said.column is not None:
                wanted.add(said.column)
    return wanted


def _view(connection: Backend, name: str, query: str) -> None:
    connection.raw_sql(f'CREATE OR REPLACE VIEW "{_escaped(name)}" AS SELECT * FROM {query}').fetchall()


def is_parquet(connection: Backend, name: str) -> bool:
    """Whether a file that was opened is Parquet, of which parts can be read."""
    view = "SELECT contains(sql, ' FROM read_parquet(') FROM duckdb_views() WHERE view_name = ?"
    return bool(connection.con.execute(view, [name]).fetchall() == [(True,)])


def _sniffed(connection: Backend, path: str, query: str) -> tuple[dict[str, str], str]:
    """The columns of a CSV file with their types, and how to read it without looking at all rows again.

    A view of `query` would do that at every question it is asked, before it reads anything.
    """
    row = connection.raw_sql(
        "SELECT Columns, Delimiter, Quote, Escape, NewLineDelimiter, Comment, SkipRows, DateFormat, TimestampFormat"
        f" FROM {query.replace('read_csv', 'sniff_csv', 1)})"
    ).fetchone()
    columns, *dialect, skip, date_format, timestamp_format = row
    said = dict(zip(("delim", "quote", "escape", "new_line", "comment"), dialect, strict=True))
    said |= {"dateformat": date_format, "timestampformat": timestamp_format}
    options = [f"{k}={sql_text('' if v == '(empty)' else v)}" for k, v in said.items() if v is not None]
    pinned = f"read_csv({sql_text(path)}, auto_detect=false, header=true, skip={skip}, {', '.join(options)}"
    return {column["name"]: column["type"] for column in columns}, pinned


def _struct(types: dict[str, str]) -> str:
    return "{" + ", ".join(f"{sql_text(name)}: {sql_text(type_)}" for name, type_ in types.items()) + "}"


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


def _excel(name: str, content: BinaryIO, file: FileSource, where: str) -> pd.DataFrame:
    from openpyxl.utils.exceptions import InvalidFileException  # a quarter of a second, for Excel alone

    try:
        # cells as they are: pandas would read the text 00123 as a number, and 7 beside an empty cell as 7.0
        with pd.ExcelFile(content) as book:
            sheet = file.sheet if file.sheet is not None else 0
            if isinstance(sheet, str) and sheet not in book.sheet_names:
                raise SourceError(
                    name,
                    f"there is no sheet '{sheet}'.{did_you_mean(sheet, book.sheet_names)}"
                    f" There are: {', '.join(book.sheet_names)}",
                    where=where,
                )
            if isinstance(sheet, int) and not 0 <= sheet < len(book.sheet_names):
                raise SourceError(
                    name,
                    f"there is no sheet {sheet}; the first is 0. There are: {', '.join(book.sheet_names)}",
                    where=where,
                )
            rows = book.book[book.sheet_names[sheet] if isinstance(sheet, int) else sheet].max_row
            if rows < file.header_row:
                raise SourceError(
                    name, f"the sheet has {rows} rows; check 'header_row', which says {file.header_row}",
                    where=where,
                )  # fmt: skip
            frame = book.parse(sheet, header=file.header_row - 1, dtype=object).convert_dtypes()
    except (
        ValueError, OSError, KeyError, SyntaxError, IndexError,
        zipfile.BadZipFile, InvalidFileException,
    ):  # fmt: skip
        raise SourceError(
            name, "the file is not an Excel workbook; save it again as .xlsx or as CSV", where=where
        ) from None
    frame.columns = [str(column) for column in frame.columns]
    # a column of mixed cells is text to the engine, and one without cells has a type all the same
    for column in frame.select_dtypes("object").columns:
        frame[column] = frame[column].map(lambda cell: cell if pd.isna(cell) else str(cell)).astype("str")
    return frame


def _escaped(name: str) -> str:
    return name.replace('"', '""')


def sql_text(text: Path | str) -> str:
    """A text as DuckDB's SQL writes it."""
    return "'" + str(text).replace("'", "''") + "'"
