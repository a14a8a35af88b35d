"""Tables of the contract in the engine of their source: mapped to the contract's columns and types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from types import MappingProxyType

import ibis.expr.types as ir
import sqlglot as sg

from cs_helpers.contract.casts import ROW, cast_columns
from cs_helpers.contract.clocks import Clock
from cs_helpers.contract.normal import normalize
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError, did_you_mean
from cs_helpers.sources.engines import Engine, Engines, engine_error_types, source_errors
from cs_helpers.sources.expressions import column_expression, find_column, text_type
from cs_helpers.sources.files.headers import columns_named
from cs_helpers.sources.files.opening import RAW_SUFFIX, is_parquet, raw_rows_sql
from cs_helpers.sources.mapping import ColumnSource, Sources, TableSource

#: Ibis's names of the engines that can reduce usage
REDUCING = ("duckdb", "postgres", "pyspark")


def copy_unsupported_tables(engines: Engines, sources: Sources) -> Sources:
    """Copy the tables of other engines than `REDUCING` into the hub, and return `sources` that refer to the copies.

    The reductions are tested to be equal on DuckDB, PostgreSQL and Spark only.
    """
    tables = dict(sources.tables)
    for name, source in sources.tables.items():
        engine = engines.of(source.in_)
        if engine.dialect not in REDUCING:
            rows = map_table(engine, sources, TABLES[name])
            with source_errors(name):
                engine.copy_to_hub(
                    engines.hub,
                    f"landed_{name}",
                    rows.select(*provided_columns(engine, sources, TABLES[name])),
                )
            # the copy has the mapped columns; how their values are interpreted still has to be applied
            meanings = {
                c: {"column": c, "means": s.means, "bounds": s.bounds}
                for c, s in source.columns.items()
                if s.means or s.bounds
            }
            table_source = {"from": f"landed_{name}", "timezone": source.timezone, "columns": meanings}
            tables[name] = TableSource.model_validate(table_source)
    return sources.model_copy(update={"tables": tables})


def typed_table(
    engine: Engine,
    sources: Sources,
    table: Table,
    *,
    numbered: bool = True,
    months: tuple[date, date] | None = None,
) -> ir.Table:
    """The typed rows of a table in its engine; raises `SourceError` (table, column).

    months: the first days of a first and a last month; where the source has typed times, rows far from these months
    are filtered out before they are read.
    """
    rows = map_table(engine, sources, table, numbered=numbered)
    with source_errors(table.name, "the mapping cannot run"):
        instant_columns = engine.instant_columns(rows)
    if months is not None and rows[str(table.time)].type().is_timestamp():
        # a time zone shifts a time by less than two days
        first, last = (datetime.combine(day, time()) for day in months)
        at = rows[str(table.time)]
        rows = rows.filter(at >= first - timedelta(days=2))
        if last.year < date.max.year:
            rows = rows.filter(at < last + timedelta(days=33))
    table_timezone = sources.tables[table.name].timezone
    return cast_columns(
        rows, table, Clock.of_table(engine.dialect, sources.timezone, table_timezone, instant_columns)
    )


def readable_by_month(engine: Engine, sources: Sources, table: Table) -> bool:
    """Whether reading some months of a table reads less than the whole: whether it is in Parquet files."""
    source = sources.tables[table.name]
    return not engine.database and source.from_ in sources.files and is_parquet(engine.backend, source.from_)


def map_table(
    engine: Engine,
    sources: Sources,
    table: Table,
    *,
    numbered: bool = True,
    extra_columns: Mapping[str, str] = MappingProxyType({}),
) -> ir.Table:
    """The rows of a source under the contract's column names, with the source's types and row numbers.

    `source_row` counts from 1; it is 0 where the engine's rows have no order or `numbered` is false, as numbering rows
    forces a sequential scan. extra_columns: name -> expression of the engine over the columns of the source. Raises
    `SourceError` where a column is missing or the mapping is invalid.
    """
    source = sources.tables[table.name]
    base = _source_sql(engine, source, numbered=numbered and engine.numbered)
    all_columns = source_columns(engine, sources, table)
    available = [column for column in all_columns if not column.endswith(RAW_SUFFIX)]
    place = " ".join(x for x in (source.from_, source.in_ and f"in {source.in_}") if x)
    place = place or "the query of the sources file"
    if source.in_ is None and source.from_ in sources.files:
        place = sources.files[source.from_].path
    available_hint = f" The source has: {', '.join(c for c in available if c != ROW)}"
    parts, mapped_parts = [ROW], {}
    for name in table.columns:
        column_source = source.column(name)
        if column_source is None and (same_name := find_column(name, available)):
            column_source = ColumnSource(column=same_name)
        if namesakes := columns_named(
            name if column_source is None else str(column_source.column), available
        ):
            raise SourceError(
                table.name,
                f"the file has {len(namesakes)} columns of that name; say which under tables.{table.name}.columns:"
                f' {name}: "{namesakes[0]}" (the first) or "{namesakes[-1]}" (the last).{available_hint}',
                column=name,
                where=place,
            )
        if column_source is None:
            if name in table.required_columns():
                header_hint = "" if source.in_ or set(table.columns) & set(available) else (
                    " If their names stand in another line, say which: 'header_row' of the file."
                )  # fmt: skip
                raise SourceError(
                    table.name,
                    f"the source has no such column; map it under tables.{table.name}.columns.{available_hint}.{header_hint}".rstrip(
                        "."
                    ),
                    column=name,
                    where=place,
                )
            parts.append(f"CAST(NULL AS {text_type(engine)}) AS {engine.quote(name)}")
            continue
        if column_source.column is not None and not (
            source_name := find_column(column_source.column, available)
        ):
            raise SourceError(
                table.name,
                f"it is mapped to '{column_source.column}', which the source does not have."
                f"{did_you_mean(column_source.column, available)}{available_hint}",
                column=name,
                where=place,
            )
        if column_source.column is not None:
            raw_name = f"{source_name}{RAW_SUFFIX}"
            column_source = column_source.model_copy(
                update={"column": raw_name if raw_name in all_columns else source_name}
            )
        mapped_parts[name] = f"{column_expression(engine, column_source)} AS {engine.quote(name)}"
        parts.append(mapped_parts[name])
    parts += [f"{expression} AS {engine.quote(name)}" for name, expression in extra_columns.items()]
    try:
        with source_errors(table.name, "the mapping cannot run"):
            rows = _query(engine, f"SELECT {', '.join(parts)} FROM {base} AS source")
            return _normalize_keys(engine, rows, source)
    except SourceError:
        for name, part in mapped_parts.items():  # the engine does not say which column is invalid
            try:
                with source_errors(table.name, "the mapping cannot run"):
                    _query(engine, f"SELECT {part} FROM {base} AS source")
            except SourceError as error:
                raise SourceError(
                    table.name,
                    f"{error.problem}.{available_hint}",
                    where=f"tables.{table.name}.columns.{name}",
                ) from None
        raise


def _normalize_keys(engine: Engine, rows: ir.Table, source: TableSource) -> ir.Table:
    """The mapped rows with keys and texts in the normal forms of the sources file (`normalize`)."""
    normalized = {
        name: normalize(rows[name].cast("string"), mapping.normalize, engine.dialect)
        for name, mapping in source.columns.items()
        if mapping.normalize
    }
    return rows.mutate(**normalized) if normalized else rows


def _query(engine: Engine, query: str) -> ir.Table:
    """A query as a table. A syntax error is raised without its position, which refers to the generated query."""
    try:
        return engine.backend.sql(query)
    except sg.errors.ParseError as error:
        near = str(error.errors[0].get("highlight", "")) if error.errors else ""
        raise sg.errors.ParseError(f'syntax error at or near "{near}"') from None


def _query_error(engine: Engine, sources: Sources, table: Table, problem: str) -> SourceError:
    """The error for an invalid query or filter of a table: which of them is invalid, and the available names."""
    source, key = sources.tables[table.name], f"tables.{table.name}"
    unfiltered = source.model_copy(update={"where": None})
    with suppress(*engine_error_types()):
        if source.where:
            result = _query(
                engine, f"SELECT * FROM {_source_sql(engine, unfiltered, numbered=False)} AS source"
            )
            available = ", ".join(c for c in result.columns if c != ROW and not c.endswith(RAW_SUFFIX))
            return SourceError(table.name, f"{problem}. The source has: {available}", where=f"{key}.where")
    names: Sequence[str] = list(sources.files)
    if source.in_ is not None:
        with suppress(*engine_error_types()):
            names = engine.backend.list_tables()
    hint = did_you_mean(str(source.from_), names) if source.from_ else ""
    names_hint = f" There are: {', '.join(sorted(names)[:20])}" if names else ""
    return SourceError(
        table.name,
        f"{problem}.{hint}{names_hint}".rstrip("."),
        where=f"{key}.{'sql' if source.sql else 'from'}",
    )


def provided_columns(engine: Engine, sources: Sources, table: Table) -> frozenset[str]:
    """The columns of a table that its source has or the sources file maps."""
    source = sources.tables[table.name]
    available = source_columns(engine, sources, table)
    return frozenset(c for c in table.columns if c in source.columns or find_column(c, available))


def source_columns(engine: Engine, sources: Sources, table: Table) -> tuple[str, ...]:
    """The columns of the source of a table; raises `SourceError` where its query or filter is invalid."""
    base = _source_sql(engine, sources.tables[table.name], numbered=False)
    try:
        with source_errors(table.name, "the query or filter cannot run"):
            return tuple(_query(engine, f"SELECT * FROM {base} AS source").columns)
    except SourceError as error:
        raise _query_error(engine, sources, table, error.problem) from None


def unfiltered_sql(engine: Engine, sources: Sources, table: Table) -> str:
    """The SQL to read the source of a table from, without its filter."""
    return _source_sql(engine, sources.tables[table.name], numbered=False, filtered=False)


def _source_sql(engine: Engine, source: TableSource, *, numbered: bool, filtered: bool = True) -> str:
    query = source.sql.strip().rstrip(";") if source.sql else None
    if query is None and source.in_ is None:
        expressions = bool(source.where) or any(c.sql is not None for c in source.columns.values())
        query = raw_rows_sql(engine.backend, str(source.from_), typed=expressions)
    elif query is None:
        # a name with a point is schema.table
        query = f"SELECT * FROM {engine.quote(*str(source.from_).split('.'))}"
    row_number = "row_number() OVER ()" if numbered else "CAST(0 AS BIGINT)"
    numbered_rows = f"(SELECT source.*, {row_number} AS {ROW} FROM ({query}\n) AS source)"
    return (
        f"(SELECT * FROM {numbered_rows} AS source WHERE {source.where}\n)"
        if source.where and filtered
        else numbered_rows
    )
