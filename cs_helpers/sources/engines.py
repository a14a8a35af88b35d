"""The engines that tables are read in: DuckDB for files, and a company's databases by their URL."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import duckdb
import ibis
import ibis.expr.types as ir
import sqlglot as sg
from ibis.backends.duckdb import Backend
from ibis.backends.sql.datatypes import DuckDBType
from sqlglot import expressions as sge

from cs_helpers.errors import SourceError, WorkbookError
from cs_helpers.paths import display_path
from cs_helpers.sources.files.opening import open_files
from cs_helpers.sources.mapping import Sources, expand_variables
from cs_helpers.sources.messages import first_line
from cs_helpers.sources.sql_quoting import sql_text

#: scheme of a URL -> the extra of this package that installs its driver
_EXTRAS = {"postgres": "postgres", "postgresql": "postgres", "pyspark": "spark", "spark": "spark"}
DUCKDB_SUFFIXES = (".duckdb", ".ddb", ".db")


@dataclass(frozen=True)
class Engine:
    """An engine that tables are read in: that of the files (`database` is empty) or a database.

    numbered: whether its rows have an order, so that row numbers mean something. scratch: a folder for temporary
    files.
    """

    backend: Any
    database: str = ""
    numbered: bool = False
    scratch: Path | None = None

    @property
    def dialect(self) -> str:
        """Ibis's name for the engine and its SQL dialect."""
        return str(self.backend.name)

    def _analyze(self, name: str) -> None:
        """Collect statistics: without them, PostgreSQL takes a new table for small and scans it once per row."""
        if self.dialect == "postgres":
            self.backend.raw_sql(f"ANALYZE {self.quote(name)}").close()

    def quote(self, *names: str) -> str:
        """A column or table name, quoted for the engine's SQL."""
        parts = [sge.to_identifier(n, quoted=True).sql(dialect=self.backend.dialect) for n in names]
        return ".".join(parts)

    def materialize(self, name: str, rows: ir.Table) -> ir.Table:
        """Compute `rows` once and keep them in a temporary table of the engine."""
        if self.dialect == "pyspark":
            self.backend._session.sql(self.backend.compile(rows)).cache().createOrReplaceTempView(name)
            return self.backend.table(name)
        try:
            table = self.backend.create_table(name, rows, temp=True, overwrite=True)
            self._analyze(name)
            return table
        except engine_error_types():  # a read-only role: the rows are computed at each use
            if self.dialect == "duckdb":
                raise
            return rows

    @contextmanager
    def hub_source(self, hub: Backend, rows: ir.Table) -> Iterator[str]:
        """Make the rows of an expression of this engine readable in the hub; yields the SQL to read them from."""
        if self.dialect == "postgres":
            # COPY is ten times as fast as fetching Python objects
            with tempfile.NamedTemporaryFile(dir=self.scratch, suffix=".csv") as file:
                with self.backend.con.cursor() as cursor:
                    cursor.execute("SET DateStyle = ISO")
                    with cursor.copy(f"COPY ({self.backend.compile(rows)}) TO STDOUT (FORMAT csv)") as chunks:
                        for chunk in chunks:
                            file.write(chunk)
                file.flush()
                types = ", ".join(
                    f"{sql_text(name)}: {sql_text(DuckDBType.to_string(type_))}"
                    for name, type_ in rows.schema().items()
                )
                yield (
                    f"read_csv({sql_text(file.name)}, header=false, columns={{{types}}}, nullstr='',"
                    " allow_quoted_nulls=false, auto_detect=false, quote='\"', escape='\"', delim=',')"
                )
            return
        if self.dialect == "duckdb":
            batches: Any = self.backend.con.execute(self.backend.compile(rows)).fetch_record_batch(100_000)
        elif self.dialect == "pyspark":
            # Ibis reads Spark through pandas, which loses the last digits of long numbers
            batches = self.backend._session.sql(self.backend.compile(rows)).toArrow()
        else:
            batches = rows.to_pyarrow_batches()
        hub.con.register("incoming", batches)
        try:
            yield "incoming"
        finally:
            hub.con.unregister("incoming")

    def copy_to_hub(self, hub: Backend, name: str, rows: ir.Table) -> ir.Table:
        """Copy `rows`, whose order does not matter, into a table of the hub."""
        if self.backend is hub:
            with nested_selects():
                return hub.create_table(name, rows, overwrite=True)
        with nested_selects(), self.hub_source(hub, rows) as source:
            hub.raw_sql(f"CREATE OR REPLACE TABLE {name} AS FROM {source}").fetchall()
        return hub.table(name)

    def instant_columns(self, rows: ir.Table) -> frozenset[str]:
        """The columns of instants that Ibis takes for times without a zone: Spark's TIMESTAMP."""
        if self.dialect != "pyspark":
            return frozenset()
        schema = self.backend._session.sql(self.backend.compile(rows)).schema
        return frozenset(field.name for field in schema if field.dataType.typeName() == "timestamp")

    def fetch_rows(self, rows: ir.Table) -> list[dict[str, Any]]:
        """Fetch rows as dictionaries; meant for a few."""
        if self.dialect == "pyspark":
            return list(self.backend._session.sql(self.backend.compile(rows)).toArrow().to_pylist())
        return list(rows.to_pyarrow().to_pylist())

    def upload(self, name: str, rows: ir.Table) -> ir.Table:
        """Copy a small table of the hub into this engine, to be joined there."""
        if not self.database:
            return rows
        table = rows.to_pyarrow()
        if self.dialect == "duckdb":
            self.backend.con.register(name, table)
        elif self.dialect == "pyspark":
            self.backend._session.createDataFrame(table).createOrReplaceTempView(name)
        elif self.dialect == "postgres":
            self.backend.create_table(name, table, temp=True, overwrite=True)
            self._analyze(name)
        else:
            return ibis.memtable(table)
        return self.backend.table(name)

    def literal(self, value: str | int | float | bool | None) -> str:
        """A value in the engine's SQL."""
        return str(sge.convert(value).sql(dialect=self.backend.dialect))


@contextmanager
def nested_selects() -> Iterator[None]:
    """Compile each step over a table as a subquery of its own, for rows whose order does not matter.

    Ibis otherwise merges the steps by substituting every column, which took a third of the intake of small tables;
    the engines' optimizers merge them anyway.
    """
    fuse_selects = ibis.options.sql.fuse_selects
    ibis.options.sql.fuse_selects = False
    try:
        yield
    finally:
        ibis.options.sql.fuse_selects = fuse_selects


@dataclass
class Engines:
    """The engine of the files, and those of the databases by name."""

    files: Engine
    databases: Mapping[str, Engine] = field(default_factory=dict)

    @property
    def hub(self) -> Backend:
        """The DuckDB connection of the files, in which the tables of all engines are combined."""
        return self.files.backend

    def of(self, database: str | None) -> Engine:
        """The engine of a database; that of the files, where none is named."""
        return self.files if database is None else self.databases[database]


@contextmanager
def open_engines(sources: Sources, folder: Path, scratch: Path) -> Iterator[Engines]:
    """Open the engines of `sources`, whose files lie relative to `folder`.

    scratch: a folder for what does not fit into memory. Raises `SourceError` where a file or database cannot be
    opened. Secrets are masked in every error that leaves this block.
    """
    with contextlib.ExitStack() as stack:
        secrets: set[str] = set()
        try:
            hub = ibis.duckdb.connect()
            stack.callback(hub.disconnect)
            _configure_duckdb(hub, sources.memory, scratch)
            open_files(hub, sources, folder, scratch, secrets)
            used = dict.fromkeys(t.in_ for t in sources.tables.values() if t.in_ is not None)
            databases = {n: _connect(n, sources, folder, scratch, stack, secrets) for n in used}
            yield Engines(Engine(hub, numbered=True), databases)
        except WorkbookError as error:
            for text in sorted(secrets, key=len, reverse=True):
                error.args = tuple(str(a).replace(text, "***") for a in error.args)
            raise


def _connect(
    name: str, sources: Sources, folder: Path, scratch: Path, stack: contextlib.ExitStack, secrets: set[str]
) -> Engine:
    url = sources.databases[name]
    address = expand_variables(url, f"databases.{name}")
    secrets |= _secret_texts(url, address)
    try:
        scheme = address.split("://", 1)[0] if "://" in address else ""
        if scheme in ("", "duckdb") or address.endswith(DUCKDB_SUFFIXES):
            file = _duckdb_file(name, folder / address.removeprefix("duckdb://"), stack)
            _configure_duckdb(file, sources.memory, scratch)
            return Engine(file, name)
        if scheme in ("spark", "pyspark"):
            backend = _spark(address, stack)
        else:
            backend = ibis.connect(address)
            stack.callback(backend.disconnect)
        if backend.name == "postgres":
            # autocommit: a failed statement must not abort the following ones; times with a zone are read in UTC
            backend.con.autocommit = True
            backend.raw_sql("SET TIME ZONE 'UTC'").close()
    except WorkbookError:
        raise
    except (ImportError, ModuleNotFoundError):
        extra = _EXTRAS.get(scheme, scheme)
        raise SourceError(
            f"databases.{name}", f"the driver is not installed; run 'pip install \"cs-workbook[{extra}]\"'"
            if scheme in _EXTRAS else
            f"the driver is not installed; run 'pip install \"ibis-framework[{extra}]\"'"
        ) from None  # fmt: skip
    except Exception as error:  # drivers have no common base class of errors
        if "know how to connect" in str(error):
            raise SourceError(
                f"databases.{name}", f"no engine is known for addresses of '{scheme}://'"
            ) from None
        raise SourceError(
            f"databases.{name}",
            f"the database cannot be reached: {first_line(error)}; check its address, that it runs and"
            " that the user and password are right",
        ) from None
    return Engine(backend, name, scratch=scratch)


def _configure_duckdb(backend: Backend, memory: str, scratch: Path) -> None:
    """Set DuckDB's memory limit, its folder for temporary files and UTC as its time zone."""
    for setting in (
        "enable_progress_bar = false",
        "TimeZone = 'UTC'",
        f"memory_limit = '{memory}'",
        f"temp_directory = {sql_text(str(scratch))}",
    ):
        backend.raw_sql(f"SET {setting}").fetchall()


def _duckdb_file(name: str, path: Path, stack: contextlib.ExitStack) -> Backend:
    if not path.exists():
        raise SourceError(
            f"databases.{name}", "there is no such file; check its path", where=display_path(path)
        )
    try:
        backend = ibis.duckdb.connect(path, read_only=True)
    except duckdb.Error:
        raise SourceError(
            f"databases.{name}",
            "the file is no DuckDB database, or another program holds it",
            where=display_path(path),
        ) from None
    stack.callback(backend.disconnect)
    return backend


def _spark(address: str, stack: contextlib.ExitStack) -> Any:
    """Connect to Spark by the address of its master: `spark://host:7077`, `spark://local[2]`."""
    from pyspark.sql import SparkSession

    master = address.split("://", 1)[1] if address.startswith(("spark://local", "pyspark://")) else address
    builder = SparkSession.builder.appName("cs-workbook").config("spark.ui.enabled", "false")
    session = SparkSession.getActiveSession()
    if session is None:
        session = builder.master(master or "local[*]").getOrCreate()
        stack.callback(session.stop)
    session.conf.set("spark.sql.session.timeZone", "UTC")
    return ibis.pyspark.connect(session)


def _secret_texts(url: str, address: str) -> set[str]:
    """The texts that errors must not show: values of environment variables and the password, however encoded."""
    secrets = {address} if "://" in address else set()
    for part in url.split("${")[1:]:
        secrets.add(os.environ[part.split("}", 1)[0]])
    with contextlib.suppress(ValueError):
        secrets.add(urlsplit(address).password or "")
    return {form for text in secrets if len(text) > 2 for form in (text, quote(text, safe=""), unquote(text))}


def engine_error_types() -> tuple[type[Exception], ...]:
    """The exception types of the engines that are loaded."""
    errors: list[type[Exception]] = [
        duckdb.Error,
        ibis.IbisError,
        sg.errors.SqlglotError,
        NotImplementedError,
    ]
    if "psycopg" in sys.modules:
        errors.append(sys.modules["psycopg"].Error)
    if "pyspark" in sys.modules:
        from pyspark.errors import PySparkException

        errors.append(PySparkException)
    return tuple(errors)


@contextmanager
def source_errors(table: str, problem: str = "the rows cannot be read", where: str = "") -> Iterator[None]:
    """Convert errors of an engine into a `SourceError` of that table."""
    try:
        yield
    except WorkbookError:
        raise
    except Exception as error:
        if not isinstance(error, engine_error_types()):
            raise
        raise SourceError(table, f"{problem}: {first_line(error)}", where=where) from None
