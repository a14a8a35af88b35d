"""Opens the files of a sources file in DuckDB: each becomes a view of its name, and one of what is written in it."""

from __future__ import annotations

import glob
import gzip
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from ibis.backends.duckdb import Backend

from cs_helpers.errors import SourceError, WorkbookError, did_you_mean, raise_together
from cs_helpers.paths import display_path
from cs_helpers.sources.files import json_files, workbooks, xes
from cs_helpers.sources.files.reading import escaped, opened_bytes, place, sql_text
from cs_helpers.sources.files.text_files import plain_types, written_view
from cs_helpers.sources.mapping import FileSource, Sources, filled
from cs_helpers.sources.messages import first_line

TEXTS = ("csv", "tsv", "txt")
PARQUET = ("parquet", "pq")
#: the kinds of files that are opened, by the ends of their names
KINDS = (*TEXTS, *PARQUET, *workbooks.KINDS, *json_files.KINDS, *xes.KINDS)
#: what a column is called as it is written, where it stands beside the one that has a type
AS_WRITTEN = " as written"
_NO_FILE = "there is no such file; check 'folder' and 'files'"


def written_name(name: str) -> str:
    """The view of what is written in a file: of a text file, every column is text; else as the file types it."""
    return f"{name}{AS_WRITTEN}"


def open_files(connection: Backend, sources: Sources, folder: Path, scratch: Path, secrets: set[str]) -> None:
    """Makes each file of `sources` two views (`open_file`); raises `SourceError`, of several `SourcesError`.

    What the options of a remote file system take from the environment is added to `secrets`.
    """
    errors: list[SourceError] = []
    mounted: dict[str, dict[str, Any]] = {}
    for name, said in sources.files.items():
        try:
            file, path = said, str(folder / sources.folder / said.path)
            if "://" in said.path:
                file = said.model_copy(update={"options": _options(name, said, secrets)})
                _mount(connection, name, file, mounted)
                path = said.path
            open_file(connection, name, path, file, scratch, typed=_in_expressions(sources, name))
        except SourceError as error:
            errors.append(error)
    raise_together(errors)


def open_file(
    connection: Backend, name: str, path: str, file: FileSource, scratch: Path, *, typed: bool = True
) -> None:
    """Makes a file two views: `written_name(name)`, and `name`, whose columns have types; raises `SourceError`.

    A column of a text file has a type by `text_files.plain_types`; where it is not `typed`, all of them are text.
    """
    where = place(path)
    try:
        if path.lower().endswith(".zip") and "://" not in path:
            path = _unzipped(name, path, file, scratch, where)
        kind = _kind(name, path, where)
        if kind in PARQUET:
            _parquet_view(connection, name, path)
        elif kind in TEXTS:
            parts = _parts(connection, path)
            _check_whole(name, parts)
            _check_kind(name, parts, where)
            written_view(connection, written_name(name), name, path, parts, file, scratch)
            _typed_view(connection, name, typed=typed)
        else:
            with opened_bytes(path, file.options) as content:
                if kind in json_files.KINDS:
                    table = json_files.json_table(name, content, where)
                elif kind in xes.KINDS:
                    table = xes.as_table(name, content, where)
                else:
                    table = workbooks.workbook_table(name, content, kind, file, where)
            _table_view(connection, name, table)
        # one row is read; not into Python, where DuckDB wants pytz for times with a zone
        connection.raw_sql(f'SELECT * FROM "{escaped(name)}" LIMIT 1').fetch_record_batch().read_all()
    except duckdb.Error as error:
        said = first_line(error)
        problem = f"the file cannot be read: {said}"
        if "No files found" in said:
            problem = _NO_FILE
        elif "magic bytes" in said or "too small to be a Parquet" in said:
            broken = re.search(r"'([^']+)'", said)  # of a folder, one may be broken
            where = display_path(Path(broken[1])) if broken and "://" not in broken[1] else where
            problem = "the file is not Parquet, or was cut off on its way; export or copy it again"
        raise SourceError(name, problem, where=where) from None
    except FileNotFoundError:
        raise SourceError(name, _NO_FILE, where=where) from None
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise _not_whole(name, where) from None
    except (ImportError, OSError) as error:
        raise SourceError(name, f"the file cannot be read: {first_line(error)}", where=where) from None
    except Exception as error:
        if "://" not in path or isinstance(error, WorkbookError):
            raise
        # file systems raise what they like
        raise SourceError(name, f"the file cannot be read: {first_line(error)}", where=where) from None


def is_parquet(connection: Backend, name: str) -> bool:
    """Whether a file that was opened is Parquet, of which parts can be read."""
    view = "SELECT contains(sql, ' FROM read_parquet(') FROM duckdb_views() WHERE view_name = ?"
    return bool(connection.con.execute(view, [name]).fetchall() == [(True,)])


def with_written(connection: Backend, name: str, *, typed: bool) -> str:
    """The rows of a file, or another table of the hub, in SQL: what is mapped by name is read as it is written.

    Where expressions look at the rows, columns are `typed`, and those of a text file that have a type stand there
    once more as they are written, under their names and `AS_WRITTEN`.
    """
    written, own = written_name(name), f'"{escaped(name)}"'
    if (written,) not in connection.con.execute("SELECT view_name FROM duckdb_views()").fetchall():
        return f"SELECT * FROM {own}"
    view = f'"{escaped(written)}"'
    types = {c: t for c, t, *_ in connection.raw_sql(f"DESCRIBE {own}").fetchall()} if typed else {}
    as_written = {c: t for c, t, *_ in connection.raw_sql(f"DESCRIBE {view}").fetchall()}
    apart = {c: t for c, t in types.items() if as_written.get(c, t) != t}
    if not apart:
        return f"SELECT * FROM {view}"
    beside = "".join(f', "{escaped(c)}" AS "{escaped(c + AS_WRITTEN)}"' for c in apart)
    return f"SELECT {cast_columns(list(as_written), apart)}{beside} FROM {view}"


def _in_expressions(sources: Sources, name: str) -> bool:
    """Whether an expression of the sources file may see the columns of a file, and with them their types."""
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


def _view(connection: Backend, name: str, query: str) -> None:
    connection.raw_sql(f'CREATE OR REPLACE VIEW "{escaped(name)}" AS {query}').fetchall()


def _typed_view(connection: Backend, name: str, *, typed: bool) -> None:
    written = written_name(name)
    types = plain_types(connection, written) if typed else {}
    columns = [row[0] for row in connection.raw_sql(f'DESCRIBE "{escaped(written)}"').fetchall()]
    _view(connection, name, f'SELECT {cast_columns(columns, types)} FROM "{escaped(written)}"')


def cast_columns(columns: Sequence[str], types: dict[str, str]) -> str:
    """A list of columns in SQL, those that have one in their type."""
    names = [(f'"{escaped(c)}"', types.get(c)) for c in columns]
    return ", ".join(f"CAST({c} AS {type_}) AS {c}" if type_ else c for c, type_ in names)


def _table_view(connection: Backend, name: str, table: pa.Table) -> None:
    connection.create_table(name, table, overwrite=True)
    _view(connection, written_name(name), f'SELECT * FROM "{escaped(name)}"')


def _parquet_view(connection: Backend, name: str, path: str) -> None:
    folder = Path(path).is_dir() or "." not in Path(path).name
    pattern = f"{path.rstrip('/')}/**/*.parquet" if folder else path
    # a folder `account_id=0042` is a text, not the number 42
    read = f"read_parquet({sql_text(pattern)}, hive_types_autocast=false, union_by_name=true"
    _view(connection, name, f"SELECT * FROM {read})")
    many = ", filename='source_file'" if folder or _is_pattern(path) else ""
    _view(connection, written_name(name), f"SELECT * FROM {read}{many})")


# --- paths -------------------------------------------------------------------------------------


def _parts(connection: Backend, path: str) -> list[str]:
    """The files of a path, which may be a pattern."""
    if "://" in path:
        if not any(c in path for c in "*?["):
            return [path]
        found = connection.raw_sql(f"SELECT file FROM glob({sql_text(path)}) ORDER BY file").fetchall()
        if not found:
            raise FileNotFoundError(path)
        return [row[0] for row in found]
    return sorted(glob.glob(path, recursive=True)) if _is_pattern(path) else [path]  # noqa: PTH207


def _not_whole(name: str, where: str) -> SourceError:
    return SourceError(
        name, "the file is not whole, or not compressed with gzip; export or copy it again", where=where
    )


def _check_whole(name: str, parts: Sequence[str]) -> None:
    """Reads compressed files to their end: the engine takes one that was cut off as it is."""
    for part in (p for p in parts if p.endswith(".gz") and "://" not in p):
        try:
            with gzip.open(part) as content:
                while content.read(1 << 20):
                    pass
        except (EOFError, OSError, zlib.error):
            raise _not_whole(name, display_path(Path(part))) from None


def _check_kind(name: str, parts: Sequence[str], where: str) -> None:
    """Says what a file is that is called a text file and is none."""
    for part in (p for p in parts if "://" not in p):
        with opened_bytes(part, {}) as content:
            other = workbooks.what_it_is(content.read(2000))
        if other:
            at = where if len(parts) == 1 else display_path(Path(part))
            raise SourceError(name, f"the file is not text but {workbooks.DESCRIBED[other]}", where=at)


def _unzipped(name: str, path: str, file: FileSource, scratch: Path, where: str) -> str:
    """The file within a zip archive, unpacked; raises `SourceError`."""
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [
                i.filename for i in archive.infolist()
                if not i.is_dir() and not i.filename.startswith("__MACOSX/") and _ending(i.filename) in KINDS
            ]  # fmt: skip
            if file.member is None and len(inside) == 1:
                member = inside[0]
            elif file.member in inside:
                member = str(file.member)
            else:
                there = f" There are: {', '.join(inside[:20])}" if inside else ""
                problem = (
                    f"the archive has no file '{file.member}'.{there}" if file.member else
                    f"the archive holds {len(inside)} files; say which: {{path: {file.path}, member: {inside[0]}}}.{there}"
                    if inside else "the archive holds no file that can be read (CSV, Excel, JSON, Parquet)"
                )  # fmt: skip
                raise SourceError(name, problem, where=where)
            folder = scratch / f"zip-{name}"
            target = folder / Path(member).name  # never a path that leads out of the folder
            folder.mkdir(exist_ok=True)
            with archive.open(member) as content, target.open("wb") as out:
                while chunk := content.read(1 << 20):
                    out.write(chunk)
            return str(target)
    except RuntimeError:
        raise SourceError(name, "the archive has a password; unpack it first", where=where) from None
    except (zipfile.BadZipFile, NotImplementedError, zlib.error):
        raise SourceError(
            name, "the file is not a zip archive, or not whole; export or copy it again", where=where
        ) from None


def _ending(path: str) -> str:
    last = path.rstrip("/").rsplit("/", 1)[-1]
    return last.removesuffix(".gz").rsplit(".", 1)[-1].lower() if "." in last else ""


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
    kind = _ending(path) or ("parquet" if remote and "." not in last else "")
    if kind not in KINDS:
        which = (
            f"files of type '.{kind}'" if kind else "files whose name does not end in their type, as in .csv,"
        )
        raise SourceError(name, f"{which} cannot be read; save it as CSV, Excel or Parquet", where=where)
    if not remote and _is_pattern(path):
        if kind in (*workbooks.KINDS, *json_files.KINDS, *xes.KINDS):
            what = "Excel" if kind in workbooks.KINDS else "XES" if kind in xes.KINDS else "JSON"
            raise SourceError(
                name, f"a pattern of {what} files cannot be read; name one of them", where=where
            )
        if not glob.glob(path, recursive=True):  # noqa: PTH207
            raise SourceError(
                name, f"no file fits the pattern '{local.name}'; check 'folder' and 'files'", where=where
            )
    return kind


def _mount(connection: Backend, name: str, file: FileSource, mounted: dict[str, dict[str, Any]]) -> None:
    """Lets DuckDB read from a remote file system of fsspec; one for each protocol."""
    import fsspec

    protocol, options = file.path.split("://", 1)[0], file.options
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
