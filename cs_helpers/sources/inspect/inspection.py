"""Inspects the tables of a file, a folder or a database: their columns, types and values."""

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
from cs_helpers.sources.engines import DUCKDB_SUFFIXES, Engine, open_engines, source_errors
from cs_helpers.sources.files import file_types
from cs_helpers.sources.files.encodings import detect_encoding
from cs_helpers.sources.files.file_types import extension
from cs_helpers.sources.files.opening import open_file, raw_view_name
from cs_helpers.sources.files.streams import open_bytes
from cs_helpers.sources.inspect.file_layout import FileTable, tables_in
from cs_helpers.sources.inspect.names import match_name, name_list, normalize_name
from cs_helpers.sources.inspect.value_forms import ISO_DATE, PLAIN_NUMBER
from cs_helpers.sources.inspect.value_words import TOTAL_WORDS
from cs_helpers.sources.mapping import FileSource, Sources
from cs_helpers.sources.messages import first_line

#: rows that are inspected; values of a column that are kept and shown, and their lengths
SAMPLE_ROWS, _MAX_VALUES, _SHOWN_SAMPLES, _VALUE_LENGTH, _SAMPLE_LENGTH = 5_000, 5_000, 3, 200, 40
#: values from the remaining rows, for each condition of `_deviating_values`
_EXTRA_VALUES = 5
#: the endings of names of files that can be inspected
_INSPECTED = (*file_types.READABLE, "zip")
_CONTRACTS = TABLES["contracts"]
#: the contract's types -> Ibis's names of them, narrow types before wide ones
_KINDS = {
    "flag": "boolean",
    "integer": "integer",
    "number": "numeric",
    "date": "date",
    "time": "timestamp",
    "text": "string",
}


@dataclass(frozen=True)
class CandidateColumn:
    """A column of a candidate table.

    type: the engine's type. kind: the contract's type (text, integer, number, date, time, flag; or other). samples: up
    to three distinct values as text, for display. empty_share: share of the inspected rows without a value.
    distinct_share: distinct values by non-empty ones. values: the distinct values of the inspected rows, and those of
    the other rows that show how dates and numbers are written. padded_value: a value surrounded by whitespace other
    than plain spaces. name_parts: further possible names, where the header has two lines. cells: the value of each
    inspected row, '' where it is empty; only where the table may be one of contracts.
    """

    name: str
    type: str
    kind: str
    samples: tuple[str, ...]
    empty_share: float
    distinct_share: float = 1.0
    values: tuple[str, ...] = field(default=(), repr=False)
    padded_value: str = ""
    name_parts: tuple[str, ...] = ()
    cells: tuple[str, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class CandidateTable:
    """A table that was found, or that could not be read: then `problem` says why.

    name: its name in the sources file, or in its database. path: the file or pattern, or the address of the database
    without its password. rows: `None` where counting them would scan a database. file: its entry in the sources file;
    `None` in a database. hidden: whether it is a sheet that Excel does not show.
    """

    name: str
    path: str
    rows: int | None
    columns: tuple[CandidateColumn, ...]
    file: FileSource | None = None
    problem: str = ""
    hidden: bool = False


def inspect(path: str) -> tuple[CandidateTable, ...]:
    """Inspect the tables at `path`: a file, a pattern, a folder, a DuckDB file or the URL of a database.

    Raises `ParameterError` where there is nothing to read, `SourceError` where it cannot be read. Neither the result
    nor an error contains a password of `path`.
    """
    place, candidates = path.removeprefix("duckdb://"), list[CandidateTable]()
    shown_place = without_password(place)
    if "://" in place and extension(place.lower()) in _INSPECTED:
        raise ParameterError(
            "path", "files in remote storage are not looked at; copy one here first", value=shown_place
        )
    with tempfile.TemporaryDirectory() as scratch:
        if "://" in place or (place.lower().endswith(DUCKDB_SUFFIXES) and Path(place).is_file()):
            if "://" not in place and not _is_duckdb_file(Path(place)):
                raise ParameterError("path", "this is not a database of DuckDB", value=shown_place)
            candidates += _inspect_database(place, shown_place, Path(scratch))
        else:
            file_tables = [table for path in _paths_at(place, shown_place) for table in tables_in(path)]
            with open_engines(Sources(tables={}), Path(), Path(scratch)) as engines:
                for table in file_tables:
                    name = _table_name(table.file, {candidate.name for candidate in candidates})
                    try:
                        candidates.append(_inspect_file_table(engines.files, name, table, Path(scratch)))
                    except SourceError as error:
                        if len(file_tables) == 1:
                            raise
                        candidates.append(
                            CandidateTable(
                                name, table.file.path, None, (), table.file, str(error), table.hidden
                            )
                        )
    if all(candidate.problem for candidate in candidates):
        problem = (
            f"nothing here can be read: {candidates[0].problem}"
            if candidates
            else "this database has no tables"
        )
        raise ParameterError("path", problem, value=shown_place)
    return tuple(candidates)


def without_password(url: str) -> str:
    """A URL with its password and other secrets replaced by `${PGPASSWORD}`, or `${DB_PASSWORD}` for other databases."""
    name = "${PGPASSWORD}" if url.startswith("postgres") else "${DB_PASSWORD}"
    # up to the last @: a password may contain an unescaped one
    url = re.sub(r"(:/{1,2}[^:/@?]*:)(?!\$\{\w+\}@).*@", lambda m: f"{m[1]}{name}@", url)
    secret = r"([?&][^=&]*(?:pass|pwd|secret|token|key|credential)[^=&]*=)(?!\$\{)[^&]*"
    return re.sub(secret, lambda m: m[1] + name, url, flags=re.IGNORECASE)


def _paths_at(place: str, shown_place: str) -> list[str]:
    """The files and patterns at a path; files with the same columns are parts of one table, given as a pattern."""
    path = Path(place)
    if path.is_dir():
        entries = [p for p in sorted(path.iterdir()) if not p.name.startswith((".", "_"))]
        parquet_folders = [
            str(p / "**" / "*.parquet") for p in entries if p.is_dir() and any(p.rglob("*.parquet"))
        ]
        files = [str(p) for p in entries if p.is_file() and extension(p.name.lower()) in _INSPECTED]
        parquet_files = list(path.rglob("*.parquet"))
        if (
            len(parquet_files) > 1
            and all(extension(f.lower()) == "parquet" for f in files)
            and _have_same_header(parquet_files)
        ):
            return [str(path / "**" / "*.parquet")]
        if not files + parquet_folders:
            problem = "nothing in this folder can be read as a table; put CSV, Excel or Parquet files in it"
            raise ParameterError("path", problem, value=shown_place)
        return files + parquet_folders
    if path.exists():
        return [place]
    files = [f for f in sorted(glob.glob(place, recursive=True)) if Path(f).is_file()]  # noqa: PTH207
    if not files:
        hint = did_you_mean(path.name, [p.name for p in path.parent.glob("*")])
        raise ParameterError("path", f"there is no such file or folder.{hint}".rstrip("."), value=shown_place)
    return [place] if len(files) > 1 and _have_same_header([Path(f) for f in files]) else files


def _have_same_header(files: Sequence[Path]) -> bool:
    return len({_header_key(file) for file in files[:_MAX_VALUES]}) == 1


def _header_key(file: Path) -> object:
    """A key that is equal for the parts of one table; the file itself where it cannot be a part."""
    type_ = extension(file.name.lower())
    try:
        if type_ in file_types.PARQUET:
            return tuple(pq.read_schema(file).names)
        if (type_ in _INSPECTED and type_ not in file_types.TEXT) or detect_encoding(file):
            return file
        with open_bytes(str(file), {}) as content:
            return content.readline().strip()
    except (OSError, EOFError, ValueError, zlib.error):
        return file


def _is_duckdb_file(path: Path) -> bool:
    with path.open("rb") as content:
        return content.read(12)[8:] == b"DUCK"


def _table_name(file: FileSource, taken: Container[str]) -> str:
    """A name for a file in the sources file: from the file's own name, or from its folder for a pattern."""
    parts = Path(file.path.removesuffix(".gz")).with_suffix("").parts
    words = [re.sub(r"\W+", "_", part).strip("_") for part in parts]
    name = next((word for word in reversed(words) if word), "table")
    if part := file.sheet or getattr(file, "member", None):
        member_name = str(part) if file.sheet else Path(str(part)).stem
        name = re.sub(r"\W+", "_", f"{name}_{member_name}")
    numbered = itertools.chain([name], (f"{name}_{i}" for i in itertools.count(2)))
    return next(candidate for candidate in numbered if candidate not in taken)


def _inspect_file_table(engine: Engine, name: str, item: FileTable, scratch: Path) -> CandidateTable:
    file = item.file
    open_file(engine.backend, name, file.path, file, scratch)
    rows, raw_rows = engine.backend.table(name), engine.backend.table(raw_view_name(name))
    with source_errors(name, where=paths.display_path(Path(file.path))):
        count = engine.fetch_rows(rows.aggregate(n=rows.count()))[0]["n"]
        columns = _inspect_columns(engine, rows, raw_rows, two_line_names=getattr(file, "header_rows", 1) > 1)
        return CandidateTable(name, file.path, count, columns, file, hidden=item.hidden)


def _inspect_database(url: str, shown_url: str, scratch: Path) -> Iterator[CandidateTable]:
    table = {"in": "database", "from": "-"}
    sources = Sources.model_validate({"databases": {"database": url}, "tables": {"accounts": table}})
    with open_engines(sources, Path(), scratch) as engines:
        engine = engines.of("database")
        with source_errors("database", "its tables cannot be listed", shown_url):
            names = sorted(engine.backend.list_tables())
        for name in names:
            try:
                rows = engine.backend.table(name)
                is_duckdb = engine.dialect == "duckdb"  # counts rows without a scan
                count = engine.fetch_rows(rows.aggregate(n=rows.count()))[0]["n"] if is_duckdb else None
                candidate = CandidateTable(name, shown_url, count, _inspect_columns(engine, rows, rows))
            except Exception as error:  # one broken view or missing permission must not hide the other tables
                problem = f"table '{name}': the rows cannot be read: {first_line(error)}"
                candidate = CandidateTable(name, shown_url, None, (), problem=_mask_password(problem, url))
            yield candidate


def _mask_password(text: str, url: str) -> str:
    """A text with a URL's password masked, in its encoded and its decoded form."""
    password = re.search(r"://[^:/@]*:(.*)@", url)
    for form in (password[1], unquote(password[1])) if password and len(password[1]) > 2 else ():
        text = text.replace(form, "***")
    return text


def _inspect_columns(
    engine: Engine, rows: ir.Table, raw_rows: ir.Table, *, two_line_names: bool = False
) -> tuple[CandidateColumn, ...]:
    """Inspect the columns of a table. raw_rows: its cells as written. two_line_names: whether the header has two lines."""
    sample = raw_rows.limit(SAMPLE_ROWS)
    sampled_rows = engine.fetch_rows(
        sample.select([sample[c].cast("string").name(c) for c in sample.columns])
    )
    sampled_rows = [row for row in sampled_rows if not _is_total_row([row[c] for c in rows.columns])]
    keep_cells = any(
        match_name(_CONTRACTS, column, candidate_name)[0]
        for column in ("ended_on", "mrr")
        for name in rows.columns
        for candidate_name in (name, *(_split_name(name) if two_line_names else ()))
    )
    columns = []
    for name, type_ in rows.schema().items():
        texts = ["" if row[name] is None else str(row[name]) for row in sampled_rows]
        filled_texts = [text for text in texts if text.strip()]
        stripped = {text: text.strip()[:_VALUE_LENGTH] for text in texts}
        values = tuple(dict.fromkeys(stripped[text] for text in filled_texts))[:_MAX_VALUES]
        if (
            len(sampled_rows) == SAMPLE_ROWS
            and engine.dialect == "duckdb"
            and raw_rows[name].type().is_string()
        ):
            values += _deviating_values(engine, raw_rows[name], values)
        kind = next((k for k in _KINDS if getattr(type_, f"is_{_KINDS[k]}")()), "other")
        columns.append(CandidateColumn(
            name, engine.backend.compiler.type_mapper.to_string(type_.copy(nullable=True)), kind,
            tuple(one_line(value)[:_SAMPLE_LENGTH] for value in values[:_SHOWN_SAMPLES]),
            1 - len(filled_texts) / max(len(sampled_rows), 1),
            len(set(filled_texts)) / max(len(filled_texts), 1), values,
            next((text for text in filled_texts if text.strip() != text.strip(" ")), ""),
            _split_name(name) if two_line_names else (), tuple(stripped[text] for text in texts) if keep_cells else (),
        ))  # fmt: skip
    return tuple(columns)


def _is_total_row(cells: Sequence[str | None]) -> bool:
    """Whether a row is a total of others, by its first value."""
    first = next((cell for cell in cells if cell is not None and cell.strip()), "")
    return normalize_name(first) in name_list(TOTAL_WORDS)


def _deviating_values(engine: Engine, column: ir.Value, values: Sequence[str]) -> tuple[str, ...]:
    """Values of the whole column with another form than the inspected ones, or that tell days from months."""
    text = column.strip()
    if all(PLAIN_NUMBER.fullmatch(value) for value in values):
        conditions = [~text.re_search(f"^({PLAIN_NUMBER.pattern})$")]
    elif all(ISO_DATE.fullmatch(value) for value in values):
        conditions = [~text.re_search(f"^({ISO_DATE.pattern})$")]
    elif all(re.match(r"\d{1,2}[-/.]\d{1,2}[-/.]\d", value) for value in values):
        conditions = [
            text.re_search(r"^(1[3-9]|2\d|3[01])[-/.]"),
            text.re_search(r"^\d{1,2}[-/.](1[3-9]|2\d|3[01])[-/.]"),
            ~text.re_search(r"^\d{1,2}[-/.]\d{1,2}[-/.]\d"),
        ]
    else:
        return ()
    deviating = []
    for condition in conditions:
        rows = column.as_table().filter(condition & (text != "")).distinct().limit(_EXTRA_VALUES)
        deviating += [
            str(value).strip()[:_VALUE_LENGTH] for row in engine.fetch_rows(rows) for value in row.values()
        ]
    return tuple(value for value in dict.fromkeys(deviating) if value not in values)


def _split_name(name: str) -> tuple[str, ...]:
    """The names that the two lines of a header may have had separately."""
    parts = name.split()
    return tuple(" ".join(p) for i in range(1, len(parts)) for p in (parts[i:], parts[:i]))


def one_line(text: str) -> str:
    """A text with control characters and line breaks replaced by spaces."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
