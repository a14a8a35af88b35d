"""A table of the contract as its source holds it: mapped, and in the contract's types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Any

import ibis.expr.types as ir
import sqlglot as sg

from cs_helpers.contract.casts import ROW, cast_columns
from cs_helpers.contract.clocks import Clock
from cs_helpers.contract.normal import normalize
from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError, did_you_mean
from cs_helpers.sources.engines import Engine, Engines, engine_errors, reading
from cs_helpers.sources.files.headers import repeated
from cs_helpers.sources.files.opening import AS_WRITTEN, is_parquet, with_written
from cs_helpers.sources.mapping import ColumnSource, Sources, TableSource
from cs_helpers.sources.written import NumberForm, dated

#: the engines in which usage is reduced where it lies, as Ibis calls them
REDUCING = ("duckdb", "postgres", "pyspark")


def landed(engines: Engines, sources: Sources) -> Sources:
    """`sources`, with the tables of engines that we cannot reduce in read into the one of the files.

    They come in batches. The reductions are known to be the same on DuckDB, PostgreSQL and Spark.
    """
    tables = dict(sources.tables)
    for name, source in sources.tables.items():
        engine = engines.of(source.in_)
        if engine.dialect not in REDUCING:
            rows = mapped(engine, sources, TABLES[name])
            with reading(name):
                engine.into(engines.hub, f"landed_{name}", rows.select(*given(engine, sources, TABLES[name])))
            # what its columns hold is read; what that means is not
            meant = {
                c: {"column": c, "means": s.means, "bounds": s.bounds}
                for c, s in source.columns.items()
                if s.means or s.bounds
            }
            said = {"from": f"landed_{name}", "timezone": source.timezone, "columns": meant}
            tables[name] = TableSource.model_validate(said)
    return sources.model_copy(update={"tables": tables})


def typed_table(
    engine: Engine,
    sources: Sources,
    table: Table,
    *,
    numbered: bool = True,
    months: tuple[date, date] | None = None,
) -> ir.Table:
    """The rows of a table in its engine, typed; raises `SourceError` (table, column).

    `months`: where its times are times already, rows far from these months (a first and a last one,
    by their first days) are left out before they are read.
    """
    rows = mapped(engine, sources, table, numbered=numbered)
    with reading(table.name, "the mapping cannot run"):
        moments = engine.moments(rows)
    if months is not None and rows[str(table.time)].type().is_timestamp():
        # in another zone a time is another day, but never two days off
        first, last = (datetime.combine(day, time()) for day in months)
        at = rows[str(table.time)]
        rows = rows.filter(at >= first - timedelta(days=2))
        if last.year < date.max.year:
            rows = rows.filter(at < last + timedelta(days=33))
    own = sources.tables[table.name].timezone
    return cast_columns(rows, table, Clock.of_table(engine.dialect, sources.timezone, own, moments))


def sliced(engine: Engine, sources: Sources, table: Table) -> bool:
    """Whether to read some months of a table is less than to read all: whether it lies in Parquet files."""
    source = sources.tables[table.name]
    return not engine.database and source.from_ in sources.files and is_parquet(engine.backend, source.from_)


def mapped(
    engine: Engine,
    sources: Sources,
    table: Table,
    *,
    numbered: bool = True,
    beside: Mapping[str, str] = MappingProxyType({}),
) -> ir.Table:
    """The table under the contract's column names, as the source types them, with row numbers.

    `source_row` counts from 1; it is 0 where the rows of the engine have no order, or where it is
    not wanted: to number rows is to read them one after the other. beside: more columns, each an
    expression of the engine over the columns of the source.
    """
    source = sources.tables[table.name]
    base = _base(engine, source, numbered=numbered and engine.numbered)
    everything = columns_of(engine, sources, table)
    available = [column for column in everything if not column.endswith(AS_WRITTEN)]
    where = " ".join(x for x in (source.from_, source.in_ and f"in {source.in_}") if x)
    where = where or "the query of the sources file"
    if source.in_ is None and source.from_ in sources.files:
        where = sources.files[source.from_].path
    has = f" The source has: {', '.join(c for c in available if c != ROW)}"
    parts, own = [ROW], {}
    for name in table.columns:
        said = source.column(name)
        if said is None and (own_name := _named(name, available)):
            said = ColumnSource(column=own_name)
        if several := repeated(name if said is None else str(said.column), available):
            raise SourceError(
                table.name,
                f"the file has {len(several)} columns of that name; say which under tables.{table.name}.columns:"
                f' {name}: "{several[0]}" (the first) or "{several[-1]}" (the last).{has}',
                column=name,
                where=where,
            )
        if said is None:
            if name in table.required_columns():
                top = "" if source.in_ or set(table.columns) & set(available) else (
                    " If their names stand in another line, say which: 'header_row' of the file."
                )  # fmt: skip
                raise SourceError(
                    table.name,
                    f"the source has no such column; map it under tables.{table.name}.columns.{has}.{top}".rstrip(
                        "."
                    ),
                    column=name,
                    where=where,
                )
            parts.append(f"CAST(NULL AS {_text_type(engine)}) AS {engine.quoted(name)}")
            continue
        if said.column is not None and not (found := _named(said.column, available)):
            raise SourceError(
                table.name,
                f"it is mapped to '{said.column}', which the source does not have."
                f"{did_you_mean(said.column, available)}{has}",
                column=name,
                where=where,
            )
        if said.column is not None:
            written = f"{found}{AS_WRITTEN}"
            said = said.model_copy(update={"column": written if written in everything else found})
        own[name] = f"{_expression(engine, said)} AS {engine.quoted(name)}"
        parts.append(own[name])
    parts += [f"{expression} AS {engine.quoted(name)}" for name, expression in beside.items()]
    try:
        with reading(table.name, "the mapping cannot run"):
            rows = _asked(engine, f"SELECT {', '.join(parts)} FROM {base} AS source")
            return _normalized(engine, rows, source)
    except SourceError:
        for name, part in own.items():  # which of them it is, the engine does not say
            try:
                with reading(table.name, "the mapping cannot run"):
                    _asked(engine, f"SELECT {part} FROM {base} AS source")
            except SourceError as error:
                raise SourceError(
                    table.name, f"{error.problem}.{has}", where=f"tables.{table.name}.columns.{name}"
                ) from None
        raise


def _normalized(engine: Engine, rows: ir.Table, source: TableSource) -> ir.Table:
    """The mapped rows with the keys and texts in the forms that the sources file says (`normalize`)."""
    changed = {
        name: normalize(rows[name].cast("string"), said.normalize, engine.dialect)
        for name, said in source.columns.items()
        if said.normalize
    }
    return rows.mutate(**changed) if changed else rows


def _asked(engine: Engine, query: str) -> ir.Table:
    """A query as a table; a mistake in it without its place in the query that is made of it."""
    try:
        return engine.backend.sql(query)
    except sg.errors.ParseError as error:
        near = str(error.errors[0].get("highlight", "")) if error.errors else ""
        raise sg.errors.ParseError(f'syntax error at or near "{near}"') from None


def _without_rows(engine: Engine, sources: Sources, table: Table, problem: str) -> SourceError:
    """Whether the query or the filter of a table is at fault, and what there is to choose from."""
    source, key = sources.tables[table.name], f"tables.{table.name}"
    bare = source.model_copy(update={"where": None})
    with suppress(*engine_errors()):
        if source.where:
            found = _asked(engine, f"SELECT * FROM {_base(engine, bare, numbered=False)} AS source")
            has = ", ".join(c for c in found.columns if c != ROW and not c.endswith(AS_WRITTEN))
            return SourceError(table.name, f"{problem}. The source has: {has}", where=f"{key}.where")
    names: Sequence[str] = list(sources.files)
    if source.in_ is not None:
        with suppress(*engine_errors()):
            names = engine.backend.list_tables()
    hint = did_you_mean(str(source.from_), names) if source.from_ else ""
    there = f" There are: {', '.join(sorted(names)[:20])}" if names else ""
    return SourceError(
        table.name, f"{problem}.{hint}{there}".rstrip("."), where=f"{key}.{'sql' if source.sql else 'from'}"
    )


def _named(name: str, columns: Sequence[str]) -> str:
    """The column of that name, whatever its case: to most engines it is the same; empty where there is none."""
    if name in columns:
        return name
    plain = " ".join(name.split()).casefold()
    return next((column for column in columns if column.casefold() == plain), "")


def given(engine: Engine, sources: Sources, table: Table) -> frozenset[str]:
    """The columns of a table that its source has or maps."""
    source = sources.tables[table.name]
    available = columns_of(engine, sources, table)
    return frozenset(c for c in table.columns if c in source.columns or _named(c, available))


def columns_of(engine: Engine, sources: Sources, table: Table) -> tuple[str, ...]:
    """The columns of the source of a table; raises `SourceError` where its query or filter cannot run."""
    base = _base(engine, sources.tables[table.name], numbered=False)
    try:
        with reading(table.name, "the query or filter cannot run"):
            return tuple(_asked(engine, f"SELECT * FROM {base} AS source").columns)
    except SourceError as error:
        raise _without_rows(engine, sources, table, error.problem) from None


def bare(engine: Engine, sources: Sources, table: Table) -> str:
    """The rows of the source of a table before any filter, as SQL to read from."""
    return _base(engine, sources.tables[table.name], numbered=False, filtered=False)


def _base(engine: Engine, source: TableSource, *, numbered: bool, filtered: bool = True) -> str:
    query = source.sql.strip().rstrip(";") if source.sql else None
    if query is None and source.in_ is None:
        expressions = bool(source.where) or any(c.sql is not None for c in source.columns.values())
        query = with_written(engine.backend, str(source.from_), typed=expressions)
    elif query is None:
        # a name with a point is schema.table
        query = f"SELECT * FROM {engine.quoted(*str(source.from_).split('.'))}"
    number = "row_number() OVER ()" if numbered else "CAST(0 AS BIGINT)"
    base = f"(SELECT source.*, {number} AS {ROW} FROM ({query}\n) AS source)"
    return f"(SELECT * FROM {base} AS source WHERE {source.where}\n)" if source.where and filtered else base


def _text_type(engine: Engine) -> str:
    return "STRING" if engine.dialect == "pyspark" else "VARCHAR"


def _expression(engine: Engine, said: ColumnSource) -> str:
    if said.constant is not None:
        value: Any = said.constant
        text = engine.literal(str(value) if isinstance(value, date) else value)
    elif said.sql is not None:
        text = f"({said.sql}\n)"
    else:
        text = engine.quoted(str(said.column))
    if said.format is not None:
        text = dated(said.format, text)
    if said.number is not None:
        text = NumberForm.of(said.number).sql(text)
    if not said.values:
        return text
    as_text = f"CAST({text} AS {_text_type(engine)})"
    whens = " ".join(
        f"WHEN {_is(engine, as_text, old)} THEN {engine.literal(_as_text(new))}"
        for old, new in said.values.items()
    )
    return f"CASE {whens} ELSE {as_text} END"


def _is(engine: Engine, text: str, key: str | bool) -> str:
    """Whether a text is a key of `values`: yes, true and on without quotes are one key to YAML, whatever their case."""
    if isinstance(key, bool):
        words = ("true", "yes", "on") if key else ("false", "no", "off")
        return f"lower(trim({text})) IN ({', '.join(engine.literal(word) for word in words)})"
    return f"trim({text}) = {engine.literal(key.strip(' '))}"


def _as_text(value: str | int | float | bool | None) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
