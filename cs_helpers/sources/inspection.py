"""What an analyst has: the tables of a file, a folder or a database, their columns and what they hold."""

from __future__ import annotations

import contextlib
import glob
import gzip
import io
import itertools
import re
import tempfile
import zlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import unquote

import ibis.expr.types as ir
import pandas as pd
import pyarrow.parquet as pq

from cs_helpers import paths
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ParameterError, SourceError, did_you_mean
from cs_helpers.sources.engines import Engine, opened, reading
from cs_helpers.sources.files import open_file, written_name
from cs_helpers.sources.mapping import FileSource, Sources
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.names import alike

#: rows that are looked at; values of a column that are kept, shown, and their longest text
SAMPLED, _SEEN, _SHOWN, _LONG, _CUT = 5_000, 1_000, 3, 200, 40
_TEXTS, _EXCEL, _DUCKDB = (".csv", ".tsv", ".txt"), (".xlsx", ".xlsm"), (".duckdb", ".ddb", ".db")
_FILES = (*_TEXTS, *_EXCEL, ".parquet", ".pq")
_CONTRACTS = TABLES["contracts"]
#: the contract's types by what Ibis calls them, the narrow before the wide
_KINDS = {
    "flag": "boolean",
    "integer": "integer",
    "number": "numeric",
    "date": "date",
    "time": "timestamp",
    "text": "string",
}


@dataclass(frozen=True)
class FoundColumn:
    """A column of what was found.

    type: as the engine says. kind: the contract's word for it (text, integer, number, date, time,
    flag; or other). samples: up to three different values, as text. empty: the share of the rows
    looked at that are empty; distinct: of the values, the share that differ. seen: more of them.
    cells: the values of the rows looked at, row by row, empty where there is none; kept where the table
    may be one of contracts.
    """

    name: str
    type: str
    kind: str
    samples: tuple[str, ...]
    empty: float
    distinct: float = 1.0
    seen: tuple[str, ...] = field(default=(), repr=False)
    cells: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Found:
    """Something that can be a table, or could not be read: then `problem` says why.

    name: how the sources file would call it (in a database, the table). path: the file or pattern, or
    the address of the database without its password. rows: `None` where to count them would read a
    database. file: what the sources file says of it; `None` in a database.
    """

    name: str
    path: str
    rows: int | None
    columns: tuple[FoundColumn, ...]
    file: FileSource | None = None
    problem: str = ""


def inspect(path: str) -> tuple[Found, ...]:
    """What lies at `path`: a file, a pattern, a folder, a DuckDB file or the URL of a database.

    Raises `ParameterError` where there is nothing to read, `SourceError` where it cannot be read.
    No password of `path` is in what comes back, nor in an error.
    """
    place, found = path.removeprefix("duckdb://"), list[Found]()
    said = without_password(place)
    if "://" in place and _suffix(place) in _FILES:
        raise ParameterError(
            "path", "files in remote storage are not looked at; copy one here first", value=said
        )
    with tempfile.TemporaryDirectory() as scratch:
        if "://" in place or (_suffix(place) in _DUCKDB and Path(place).is_file()):
            if "://" not in place and not _is_duckdb(Path(place)):
                raise ParameterError("path", "this is not a database of DuckDB", value=said)
            found += _in_database(place, said, Path(scratch))
        else:
            items = [file for item in _items(place, said) for file in _sheets(item)]
            with opened(Sources(tables={}), Path(), Path(scratch)) as engines:
                for file in items:
                    name = _name(file, {f.name for f in found})
                    try:
                        found.append(_in_file(engines.files, name, file, Path(scratch)))
                    except SourceError as error:
                        if len(items) == 1:
                            raise
                        found.append(Found(name, file.path, None, (), file, str(error)))
    if all(f.problem for f in found):
        problem = f"nothing here can be read: {found[0].problem}" if found else "this database has no tables"
        raise ParameterError("path", problem, value=said)
    return tuple(found)


def without_password(url: str) -> str:
    """A URL with `${PGPASSWORD}` (`${DB_PASSWORD}` for other databases) where a password stands."""
    name = "${PGPASSWORD}" if url.startswith("postgres") else "${DB_PASSWORD}"
    # up to the last @: a password may hold one that is not written as %40
    url = re.sub(r"(:/{1,2}[^:/@?]*:)(?!\$\{\w+\}@).*@", lambda m: f"{m[1]}{name}@", url)
    secret = r"([?&][^=&]*(?:pass|pwd|secret|token|key|credential)[^=&]*=)(?!\$\{)[^&]*"
    return re.sub(secret, lambda m: m[1] + name, url, flags=re.IGNORECASE)


def _items(place: str, said: str) -> list[str]:
    """The files and patterns at a place; files of the same columns are one pattern, parts of one table."""
    path = Path(place)
    if path.is_dir():
        inside = [p for p in sorted(path.iterdir()) if not p.name.startswith((".", "_"))]
        parts = [str(p / "**" / "*.parquet") for p in inside if p.is_dir() and any(p.rglob("*.parquet"))]
        files = [str(p) for p in inside if p.is_file() and _suffix(p.name) in _FILES]
        inner = list(path.rglob("*.parquet"))
        if len(inner) > 1 and all(_suffix(f) == ".parquet" for f in files) and _same(inner):
            return [str(path / "**" / "*.parquet")]
        if not files + parts:
            problem = "nothing in this folder can be read as a table; put CSV, Excel or Parquet files in it"
            raise ParameterError("path", problem, value=said)
        return files + parts
    if path.exists():
        return [place]
    files = [f for f in sorted(glob.glob(place, recursive=True)) if Path(f).is_file()]  # noqa: PTH207
    if not files:
        near = did_you_mean(path.name, [p.name for p in path.parent.glob("*")])
        raise ParameterError("path", f"there is no such file or folder.{near}".rstrip("."), value=said)
    return [place] if len(files) > 1 and _same([Path(f) for f in files]) else files


def _same(files: Sequence[Path]) -> bool:
    return len({_header(file) for file in files[:_SEEN]}) == 1


def _header(file: Path) -> object:
    """What the parts of one table have in common; the file itself where it can be no part."""
    try:
        if _suffix(file.name) in (".parquet", ".pq"):
            return tuple(pq.read_schema(file).names)
        with _bytes(file) as content:
            return file if _suffix(file.name) in _EXCEL or _encoding(file) else content.readline().strip()
    except (OSError, EOFError, ValueError, zlib.error):
        return file


def _bytes(path: Path) -> BinaryIO:
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")  # type: ignore[return-value]


def _is_duckdb(path: Path) -> bool:
    with path.open("rb") as content:
        return content.read(12)[8:] == b"DUCK"


def _suffix(name: str) -> str:
    return Path(name.lower().removesuffix(".gz")).suffix


def _sheets(path: str) -> list[FileSource]:
    """What the sources file says of a file: once, of a book once for each of its sheets."""
    names: list[Any] = []
    if _suffix(path) in _EXCEL:
        # what is no workbook raises what it likes; opening it says so in a sentence
        with contextlib.suppress(Exception), _bytes(Path(path)) as content, pd.ExcelFile(content) as book:
            names = list(book.sheet_names)
    if len(names) > 1:
        return [FileSource(path=path, sheet=name) for name in names]
    return [FileSource(path=path, encoding=_encoding(Path(path)) if _suffix(path) in _TEXTS else None)]


def _encoding(path: Path) -> str | None:
    """`cp932` or `utf-16`, where a text file is that and not UTF-8."""
    with contextlib.suppress(OSError, EOFError, zlib.error):
        with _bytes(path) as content:
            if content.read(2) in (b"\xff\xfe", b"\xfe\xff"):
                return "utf-16"
        for encoding in ("utf-8", "cp932"):
            with contextlib.suppress(UnicodeError), _bytes(path) as content:
                for _ in io.TextIOWrapper(content, encoding=encoding):
                    pass
                return None if encoding == "utf-8" else encoding
    return None


def _name(file: FileSource, taken: Container[str]) -> str:
    """What the sources file can call a file: after itself; a pattern without a name, after its folder."""
    parts = Path(file.path.removesuffix(".gz")).with_suffix("").parts
    words = [re.sub(r"\W+", "_", part).strip("_") for part in parts]
    name = next((word for word in reversed(words) if word), "table")
    if file.sheet is not None:
        name = re.sub(r"\W+", "_", f"{name}_{file.sheet}")
    numbered = itertools.chain([name], (f"{name}_{i}" for i in itertools.count(2)))
    return next(one for one in numbered if one not in taken)


def _in_file(engine: Engine, name: str, file: FileSource, scratch: Path) -> Found:
    open_file(engine.backend, name, file.path, file, scratch)
    rows, raw = engine.backend.table(name), engine.backend.table(written_name(name))
    with reading(name, where=paths.shown(Path(file.path))):
        count = engine.few(rows.aggregate(n=rows.count()))[0]["n"]
        return Found(name, file.path, count, _columns(engine, rows, raw), file)


def _in_database(url: str, said: str, scratch: Path) -> Iterator[Found]:
    table = {"in": "database", "from": "-"}
    sources = Sources.model_validate({"databases": {"database": url}, "tables": {"accounts": table}})
    with opened(sources, Path(), scratch) as engines:
        engine = engines.of("database")
        with reading("database", "its tables cannot be listed", said):
            names = sorted(engine.backend.list_tables())
        for name in names:
            try:
                rows = engine.backend.table(name)
                local = engine.dialect == "duckdb"  # which knows the number of its rows
                count = engine.few(rows.aggregate(n=rows.count()))[0]["n"] if local else None
                one = Found(name, said, count, _columns(engine, rows, rows))
            except Exception as error:  # a view that fails, a right that lacks: the others are shown
                problem = f"table '{name}': the rows cannot be read: {first_line(error)}"
                one = Found(name, said, None, (), problem=_without(problem, url))
            yield one


def _without(text: str, url: str) -> str:
    """A text without a URL's password, as it is written there and as it is meant."""
    secret = re.search(r"://[^:/@]*:(.*)@", url)
    for form in (secret[1], unquote(secret[1])) if secret and len(secret[1]) > 2 else ():
        text = text.replace(form, "***")
    return text


def _columns(engine: Engine, rows: ir.Table, raw: ir.Table) -> tuple[FoundColumn, ...]:
    head = raw.limit(SAMPLED)
    few = engine.few(head.select([head[c].cast("string").name(c) for c in head.columns]))
    kept = any(alike(_CONTRACTS, column, name) for column in ("ended_on", "mrr") for name in rows.columns)
    columns = []
    for name, type_ in rows.schema().items():
        texts = ["" if row[name] is None else str(row[name]) for row in few]
        values = [text for text in texts if text.strip()]
        once = {text: text.strip()[:_LONG] for text in texts}
        seen = tuple(dict.fromkeys(once[value] for value in values))
        kind = next((k for k in _KINDS if getattr(type_, f"is_{_KINDS[k]}")()), "other")
        columns.append(FoundColumn(
            name, engine.backend.compiler.type_mapper.to_string(type_.copy(nullable=True)), kind,
            tuple(one_line(value)[:_CUT] for value in seen[:_SHOWN]), 1 - len(values) / max(len(few), 1),
            len(set(values)) / max(len(values), 1), seen[:_SEEN],
            tuple(once[text] for text in texts) if kept else (),
        ))  # fmt: skip
    return tuple(columns)


def one_line(text: str) -> str:
    """A text that may hold anything, as part of one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
