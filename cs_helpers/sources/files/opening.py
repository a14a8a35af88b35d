"""Opens the files of a sources file in DuckDB: each becomes a typed view, and a raw view with its cells as written."""

from __future__ import annotations

import glob
import gzip
import re
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from ibis.backends.duckdb import Backend

from cs_helpers.errors import SourceError, WorkbookError, did_you_mean, raise_together
from cs_helpers.sources.files import file_types, json_files, workbooks, xes
from cs_helpers.sources.files.archives import unzip
from cs_helpers.sources.files.column_types import infer_types
from cs_helpers.sources.files.file_types import extension
from cs_helpers.sources.files.streams import display_path, open_bytes
from cs_helpers.sources.files.text_files import create_text_view
from cs_helpers.sources.mapping import FileSource, Sources, expand_variables
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.sql_quoting import quote_identifier, sql_text

#: suffix of the name of a raw column next to its typed one
RAW_SUFFIX = " as written"
_NO_FILE = "there is no such file; check 'folder' and 'files'"


def raw_view_name(name: str) -> str:
    """The name of the raw view of a file: all columns of a text file are text, those of other files as typed there."""
    return f"{name}{RAW_SUFFIX}"


def open_files(connection: Backend, sources: Sources, folder: Path, scratch: Path, secrets: set[str]) -> None:
    """Create two views for each file of `sources` (`open_file`).

    Values that the options of a remote file system take from the environment are added to `secrets`. Raises
    `SourceError` where a file cannot be read, `SourcesError` where several cannot.
    """
    errors: list[SourceError] = []
    mounted: dict[str, dict[str, Any]] = {}
    for name, file_source in sources.files.items():
        try:
            file, path = file_source, str(folder / sources.folder / file_source.path)
            if "://" in file_source.path:
                file = file_source.model_copy(update={"options": _expand_options(name, file_source, secrets)})
                _mount_filesystem(connection, name, file, mounted)
                path = file_source.path
            open_file(connection, name, path, file, scratch, typed=_is_used_in_expressions(sources, name))
        except SourceError as error:
            errors.append(error)
    raise_together(errors)


def open_file(
    connection: Backend, name: str, path: str, file: FileSource, scratch: Path, *, typed: bool = True
) -> None:
    """Create two views of a file: `name` with typed columns, and `raw_view_name(name)`.

    typed: whether columns of a text file get the types of `column_types.infer_types`; else all are text. Raises
    `SourceError` where the file cannot be read.
    """
    where = display_path(path)
    try:
        if path.lower().endswith(".zip") and "://" not in path:
            path = unzip(name, path, file, scratch, where)
        type_ = _file_type(name, path, where)
        if type_ in file_types.PARQUET:
            _create_parquet_views(connection, name, path)
        elif type_ in file_types.TEXT:
            paths = _expand_pattern(connection, path)
            _check_complete(name, paths)
            _check_is_text(name, paths, where)
            create_text_view(connection, raw_view_name(name), name, path, paths, file, scratch)
            create_typed_view(connection, name, typed=typed)
        else:
            with open_bytes(path, file.options) as content:
                if type_ in file_types.JSON:
                    table = json_files.json_table(name, content, where)
                elif type_ in file_types.XES:
                    table = xes.read_table(name, content, where)
                else:
                    table = workbooks.workbook_table(name, content, type_, file, where)
            _create_table_views(connection, name, table)
        # read one row to detect errors early; as Arrow, since DuckDB needs pytz for Python times with a zone
        connection.raw_sql(f"SELECT * FROM {quote_identifier(name)} LIMIT 1").fetch_record_batch().read_all()
    except duckdb.Error as error:
        message = first_line(error)
        problem = f"the file cannot be read: {message}"
        if "No files found" in message:
            problem = _NO_FILE
        elif "magic bytes" in message or "too small to be a Parquet" in message:
            quoted_path = re.search(r"'([^']+)'", message)  # which file of a folder is broken
            where = display_path(quoted_path[1]) if quoted_path and "://" not in quoted_path[1] else where
            problem = "the file is not Parquet, or was cut off on its way; export or copy it again"
        raise SourceError(name, problem, where=where) from None
    except FileNotFoundError:
        raise SourceError(name, _NO_FILE, where=where) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _incomplete_error(name, where) from None
    except (ImportError, OSError) as error:
        raise SourceError(name, f"the file cannot be read: {first_line(error)}", where=where) from None
    except Exception as error:
        if "://" not in path or isinstance(error, WorkbookError):
            raise
        # remote file systems have no common base class of errors
        raise SourceError(name, f"the file cannot be read: {first_line(error)}", where=where) from None


def is_parquet(connection: Backend, name: str) -> bool:
    """Whether an opened file is Parquet, which can be read in part."""
    view = "SELECT contains(sql, ' FROM read_parquet(') FROM duckdb_views() WHERE view_name = ?"
    return bool(connection.con.execute(view, [name]).fetchall() == [(True,)])


def raw_rows_sql(connection: Backend, name: str, *, typed: bool) -> str:
    """A query for the rows of a file, or of another table of the hub, with the cells as written.

    typed: for SQL expressions over the rows. Then columns have their types, and each column of a text file whose type
    is not text is there a second time as written, named with `RAW_SUFFIX`.
    """
    raw_name, typed_view = raw_view_name(name), quote_identifier(name)
    if (raw_name,) not in connection.con.execute("SELECT view_name FROM duckdb_views()").fetchall():
        return f"SELECT * FROM {typed_view}"
    raw_view = quote_identifier(raw_name)
    types = {c: t for c, t, *_ in connection.raw_sql(f"DESCRIBE {typed_view}").fetchall()} if typed else {}
    raw_types = {c: t for c, t, *_ in connection.raw_sql(f"DESCRIBE {raw_view}").fetchall()}
    differing = {c: t for c, t in types.items() if raw_types.get(c, t) != t}
    if not differing:
        return f"SELECT * FROM {raw_view}"
    raw_columns = "".join(f", {quote_identifier(c)} AS {quote_identifier(c + RAW_SUFFIX)}" for c in differing)
    return f"SELECT {cast_columns(list(raw_types), differing)}{raw_columns} FROM {raw_view}"


def _is_used_in_expressions(sources: Sources, name: str) -> bool:
    """Whether an SQL expression of the sources file may use the columns of a file, so that their types matter."""
    parts = [part for parts in sources.combined.values() for part in parts if part.from_ == name]
    if any(column.sql is not None for part in parts for column in part.columns.values()):
        return True
    for source in sources.tables.values():
        if source.in_ is not None:
            continue
        if source.sql is not None and re.search(
            rf"(?<!\w){re.escape(name)}(?!\w)", source.sql, re.IGNORECASE
        ):
            return True
        if source.from_ == name and (source.where or any(c.sql is not None for c in source.columns.values())):
            return True
    return False


# --- views -------------------------------------------------------------------------------------


def create_view(connection: Backend, name: str, query: str) -> None:
    """Create a view of a query, or replace it."""
    connection.raw_sql(f"CREATE OR REPLACE VIEW {quote_identifier(name)} AS {query}").fetchall()


def create_typed_view(connection: Backend, name: str, *, typed: bool = True) -> None:
    """Create the view `name` of the raw view of that name, with the types of `column_types.infer_types`."""
    raw_name = raw_view_name(name)
    types = infer_types(connection, raw_name) if typed else {}
    columns = [row[0] for row in connection.raw_sql(f"DESCRIBE {quote_identifier(raw_name)}").fetchall()]
    create_view(connection, name, f"SELECT {cast_columns(columns, types)} FROM {quote_identifier(raw_name)}")


def cast_columns(columns: Sequence[str], types: dict[str, str]) -> str:
    """A SELECT list of columns, cast to their types where they have one."""
    names = [(quote_identifier(c), types.get(c)) for c in columns]
    return ", ".join(f"CAST({c} AS {type_}) AS {c}" if type_ else c for c, type_ in names)


def _create_table_views(connection: Backend, name: str, table: pa.Table) -> None:
    connection.create_table(name, table, overwrite=True)
    create_view(connection, raw_view_name(name), f"SELECT * FROM {quote_identifier(name)}")


def _create_parquet_views(connection: Backend, name: str, path: str) -> None:
    folder = Path(path).is_dir() or "." not in Path(path).name
    pattern = f"{path.rstrip('/')}/**/*.parquet" if folder else path
    # without autocast, the folder `account_id=0042` gives the text 0042, not the number 42
    reader = f"read_parquet({sql_text(pattern)}, hive_types_autocast=false, union_by_name=true"
    create_view(connection, name, f"SELECT * FROM {reader})")
    filename_option = ", filename='source_file'" if folder or _is_pattern(path) else ""
    create_view(connection, raw_view_name(name), f"SELECT * FROM {reader}{filename_option})")


# --- paths -------------------------------------------------------------------------------------


def _expand_pattern(connection: Backend, path: str) -> list[str]:
    """The files of a path, which may be a glob pattern; raises `FileNotFoundError` where a remote one matches none."""
    if "://" in path:
        if not any(c in path for c in "*?["):
            return [path]
        matches = connection.raw_sql(f"SELECT file FROM glob({sql_text(path)}) ORDER BY file").fetchall()
        if not matches:
            raise FileNotFoundError(path)
        return [row[0] for row in matches]
    return sorted(glob.glob(path, recursive=True)) if _is_pattern(path) else [path]  # noqa: PTH207


def _incomplete_error(name: str, where: str) -> SourceError:
    return SourceError(
        name, "the file is not whole, or not compressed with gzip; export or copy it again", where=where
    )


def _check_complete(name: str, paths: Sequence[str]) -> None:
    """Raise `SourceError` where a gzip file is truncated, which DuckDB does not notice."""
    for path in (p for p in paths if p.endswith(".gz") and "://" not in p):
        try:
            with gzip.open(path) as content:
                while content.read(1 << 20):
                    pass
        except (EOFError, OSError, zlib.error):
            raise _incomplete_error(name, display_path(path)) from None


def _check_is_text(name: str, paths: Sequence[str], where: str) -> None:
    """Raise `SourceError` where a file with the ending of a text file has another type."""
    for path in (p for p in paths if "://" not in p):
        with open_bytes(path, {}) as content:
            actual_type = file_types.sniff_type(content.read(2000))
        if actual_type:
            where_ = where if len(paths) == 1 else display_path(path)
            raise SourceError(
                name, f"the file is not text but {file_types.DESCRIPTIONS[actual_type]}", where=where_
            )


def _is_pattern(path: str) -> bool:
    return any(c in path for c in "*?[") and not Path(path).exists()


def _file_type(name: str, path: str, where: str) -> str:
    local = Path(path)
    is_remote = "://" in path
    if not is_remote and local.is_dir():
        if not any(local.rglob("*.parquet")):
            raise SourceError(
                name, "this is a folder; name a file in it, or a folder of Parquet files", where=where
            )
        return "parquet"
    if not is_remote and not local.exists() and not any(c in path for c in "*?["):
        hint = did_you_mean(local.name, [p.name for p in local.parent.glob("*")])
        raise SourceError(
            name, f"there is no such file; check 'folder' and 'files'.{hint}".rstrip("."), where=where
        )
    if not is_remote and local.exists() and not local.stat().st_size:
        raise SourceError(name, "the file is empty", where=where)
    file_name = path.rstrip("/").rsplit("/", 1)[-1]
    type_ = extension(path) or ("parquet" if is_remote and "." not in file_name else "")
    if type_ not in file_types.READABLE:
        subject = (
            f"files of type '.{type_}'"
            if type_
            else "files whose name does not end in their type, as in .csv,"
        )
        raise SourceError(name, f"{subject} cannot be read; save it as CSV, Excel or Parquet", where=where)
    if not is_remote and _is_pattern(path):
        if type_ in (*file_types.WORKBOOK, *file_types.JSON, *file_types.XES):
            type_name = (
                "Excel" if type_ in file_types.WORKBOOK else "XES" if type_ in file_types.XES else "JSON"
            )
            raise SourceError(
                name, f"a pattern of {type_name} files cannot be read; name one of them", where=where
            )
        if not glob.glob(path, recursive=True):  # noqa: PTH207
            raise SourceError(
                name, f"no file fits the pattern '{local.name}'; check 'folder' and 'files'", where=where
            )
    return type_


def _mount_filesystem(
    connection: Backend, name: str, file: FileSource, mounted: dict[str, dict[str, Any]]
) -> None:
    """Register a remote file system of fsspec in DuckDB, one for each protocol."""
    import fsspec

    protocol, options = file.path.split("://", 1)[0], file.options
    if mounted.setdefault(protocol, options) != options:
        raise SourceError(
            name, f"another file of '{protocol}://' has other options; give both the same", where=file.path
        )
    try:
        connection.con.register_filesystem(fsspec.filesystem(protocol, **options))
    except duckdb.Error:  # already registered for another file
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
    except Exception as error:  # remote file systems have no common base class of errors
        raise SourceError(
            name,
            f"the storage cannot be reached: {first_line(error)}; check the address and the credentials",
            where=file.path,
        ) from None


def _expand_options(name: str, file: FileSource, secrets: set[str]) -> dict[str, Any]:
    options = {}
    for key, value in file.options.items():
        options[key] = (
            expand_variables(value, f"files.{name}.options.{key}") if isinstance(value, str) else value
        )
        if options[key] != value:
            secrets.add(str(options[key]))
    return options
