"""What an analyst has: the tables of a file, a folder or a database, their columns and what they hold."""

from __future__ import annotations

import glob
import itertools
import re
import tempfile
import zlib
from collections.abc import Container, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote

import ibis.expr.types as ir
import pyarrow.parquet as pq

from cs_helpers import paths
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import ParameterError, SourceError, did_you_mean
from cs_helpers.sources.engines import Engine, opened, reading
from cs_helpers.sources.files.opening import open_file, written_name
from cs_helpers.sources.files.reading import opened_bytes
from cs_helpers.sources.inspect.file_layout import (
    BOOKS,
    FILES,
    OTHERS,
    PARQUET,
    Item,
    encoding_of,
    suffix,
    tables_in,
)
from cs_helpers.sources.inspect.names import meaning, plain, words
from cs_helpers.sources.inspect.value_forms import ISO, NUMBER
from cs_helpers.sources.inspect.value_words import TOTALS
from cs_helpers.sources.mapping import FileSource, Sources
from cs_helpers.sources.messages import first_line

#: rows that are looked at; values of a column that are kept, shown, and their longest text
SAMPLED, _SEEN, _SHOWN, _LONG, _CUT = 5_000, 5_000, 3, 200, 40
#: values of the other rows that tell more than those looked at
_MORE = 5
_DUCKDB = (".duckdb", ".ddb", ".db")
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
    looked at that are empty; distinct: of the values, the share that differ. seen: more of them, and of the other
    rows those that tell how dates and numbers are written. padded: a value with a blank around it that is no plain
    one. also: other names of it, where it has two lines of names. cells: the values of the rows looked at, row by
    row, empty where there is none; kept where the table may be one of contracts.
    """

    name: str
    type: str
    kind: str
    samples: tuple[str, ...]
    empty: float
    distinct: float = 1.0
    seen: tuple[str, ...] = field(default=(), repr=False)
    padded: str = ""
    also: tuple[str, ...] = ()
    cells: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Found:
    """Something that can be a table, or could not be read: then `problem` says why.

    name: how the sources file would call it (in a database, the table). path: the file or pattern, or
    the address of the database without its password. rows: `None` where to count them would read a
    database. file: what the sources file says of it; `None` in a database. hidden: whether it is a sheet that
    Excel does not show.
    """

    name: str
    path: str
    rows: int | None
    columns: tuple[FoundColumn, ...]
    file: FileSource | None = None
    problem: str = ""
    hidden: bool = False


def inspect(path: str) -> tuple[Found, ...]:
    """What lies at `path`: a file, a pattern, a folder, a DuckDB file or the URL of a database.

    Raises `ParameterError` where there is nothing to read, `SourceError` where it cannot be read.
    No password of `path` is in what comes back, nor in an error.
    """
    place, found = path.removeprefix("duckdb://"), list[Found]()
    said = without_password(place)
    if "://" in place and suffix(place) in FILES:
        raise ParameterError(
            "path", "files in remote storage are not looked at; copy one here first", value=said
        )
    with tempfile.TemporaryDirectory() as scratch:
        if "://" in place or (suffix(place) in _DUCKDB and Path(place).is_file()):
            if "://" not in place and not _is_duckdb(Path(place)):
                raise ParameterError("path", "this is not a database of DuckDB", value=said)
            found += _in_database(place, said, Path(scratch))
        else:
            items = [item for path in _items(place, said) for item in tables_in(path)]
            with opened(Sources(tables={}), Path(), Path(scratch)) as engines:
                for item in items:
                    name = _name(item.file, {f.name for f in found})
                    try:
                        found.append(_in_file(engines.files, name, item, Path(scratch)))
                    except SourceError as error:
                        if len(items) == 1:
                            raise
                        found.append(
                            Found(name, item.file.path, None, (), item.file, str(error), item.hidden)
                        )
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
        files = [str(p) for p in inside if p.is_file() and suffix(p.name) in FILES]
        inner = list(path.rglob("*.parquet"))
        if len(inner) > 1 and all(suffix(f) == ".parquet" for f in files) and _same(inner):
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
        if suffix(file.name) in PARQUET:
            return tuple(pq.read_schema(file).names)
        if suffix(file.name) in (*BOOKS, *OTHERS, ".zip") or encoding_of(file):
            return file
        with opened_bytes(str(file), {}) as content:
            return content.readline().strip()
    except (OSError, EOFError, ValueError, zlib.error):
        return file


def _is_duckdb(path: Path) -> bool:
    with path.open("rb") as content:
        return content.read(12)[8:] == b"DUCK"


def _name(file: FileSource, taken: Container[str]) -> str:
    """What the sources file can call a file: after itself; a pattern without a name, after its folder."""
    parts = Path(file.path.removesuffix(".gz")).with_suffix("").parts
    words = [re.sub(r"\W+", "_", part).strip("_") for part in parts]
    name = next((word for word in reversed(words) if word), "table")
    if inside := file.sheet or getattr(file, "member", None):
        stem = str(inside) if file.sheet else Path(str(inside)).stem
        name = re.sub(r"\W+", "_", f"{name}_{stem}")
    numbered = itertools.chain([name], (f"{name}_{i}" for i in itertools.count(2)))
    return next(one for one in numbered if one not in taken)


def _in_file(engine: Engine, name: str, item: Item, scratch: Path) -> Found:
    file = item.file
    open_file(engine.backend, name, file.path, file, scratch)
    rows, raw = engine.backend.table(name), engine.backend.table(written_name(name))
    with reading(name, where=paths.display_path(Path(file.path))):
        count = engine.few(rows.aggregate(n=rows.count()))[0]["n"]
        columns = _columns(engine, rows, raw, twice=getattr(file, "header_rows", 1) > 1)
        return Found(name, file.path, count, columns, file, hidden=item.hidden)


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


def _columns(
    engine: Engine, rows: ir.Table, raw: ir.Table, *, twice: bool = False
) -> tuple[FoundColumn, ...]:
    """The columns of a table; `raw` has them as they are written. twice: their names stand in two lines."""
    head = raw.limit(SAMPLED)
    few = engine.few(head.select([head[c].cast("string").name(c) for c in head.columns]))
    few = [row for row in few if not _sums_up([row[c] for c in rows.columns])]
    kept = any(
        meaning(_CONTRACTS, column, said)[0]
        for column in ("ended_on", "mrr")
        for name in rows.columns
        for said in (name, *(_parts(name) if twice else ()))
    )
    columns = []
    for name, type_ in rows.schema().items():
        texts = ["" if row[name] is None else str(row[name]) for row in few]
        values = [text for text in texts if text.strip()]
        once = {text: text.strip()[:_LONG] for text in texts}
        seen = tuple(dict.fromkeys(once[value] for value in values))[:_SEEN]
        if len(few) == SAMPLED and engine.dialect == "duckdb" and raw[name].type().is_string():
            seen += _telling(engine, raw[name], seen)
        kind = next((k for k in _KINDS if getattr(type_, f"is_{_KINDS[k]}")()), "other")
        columns.append(FoundColumn(
            name, engine.backend.compiler.type_mapper.to_string(type_.copy(nullable=True)), kind,
            tuple(one_line(value)[:_CUT] for value in seen[:_SHOWN]), 1 - len(values) / max(len(few), 1),
            len(set(values)) / max(len(values), 1), seen,
            next((value for value in values if value.strip() != value.strip(" ")), ""),
            _parts(name) if twice else (), tuple(once[text] for text in texts) if kept else (),
        ))  # fmt: skip
    return tuple(columns)


def _sums_up(cells: Sequence[str | None]) -> bool:
    """Whether a row sums others up: what stands first in it says so."""
    first = next((cell for cell in cells if cell is not None and cell.strip()), "")
    return plain(first) in words(TOTALS)


def _telling(engine: Engine, column: ir.Value, seen: Sequence[str]) -> tuple[str, ...]:
    """Values of the whole column that are written otherwise than those looked at, or tell days from months."""
    text = column.strip()
    if all(NUMBER.fullmatch(value) for value in seen):
        wanted = [~text.re_search(f"^({NUMBER.pattern})$")]
    elif all(ISO.fullmatch(value) for value in seen):
        wanted = [~text.re_search(f"^({ISO.pattern})$")]
    elif all(re.match(r"\d{1,2}[-/.]\d{1,2}[-/.]\d", value) for value in seen):
        wanted = [
            text.re_search(r"^(1[3-9]|2\d|3[01])[-/.]"),
            text.re_search(r"^\d{1,2}[-/.](1[3-9]|2\d|3[01])[-/.]"),
            ~text.re_search(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d"),
        ]
    else:
        return ()
    found = []
    for one in wanted:
        rows = column.as_table().filter(one & (text != "")).distinct().limit(_MORE)
        found += [str(value).strip()[:_LONG] for row in engine.few(rows) for value in row.values()]
    return tuple(value for value in dict.fromkeys(found) if value not in seen)


def _parts(name: str) -> tuple[str, ...]:
    """The names of which a name of two lines can be made."""
    parts = name.split()
    return tuple(" ".join(p) for i in range(1, len(parts)) for p in (parts[i:], parts[:i]))


def one_line(text: str) -> str:
    """A text that may hold anything, as part of one line."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
