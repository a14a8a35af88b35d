"""Counts the rows that a filter leaves out, so that rows read = rows kept + rows refused + rows filtered out.

A filter excludes the rows where it is false. Where one of its columns is empty it may be unknown (in SQL: null): such
rows are kept and reported, as the sources file does not say that they should be excluded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import sqlglot as sg
import yaml
from sqlglot import expressions as sge

from cs_helpers.contract.casts import ROW
from cs_helpers.contract.checks import EXAMPLES
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.policies import Policies
from cs_helpers.contract.tables import TABLES
from cs_helpers.errors import SourceError
from cs_helpers.sources.columns import map_table, source_columns, unfiltered_sql
from cs_helpers.sources.engines import Engine, Engines, source_errors
from cs_helpers.sources.mapping import Sources, TableSource

#: prefix of the additional columns that mark empty columns of the filter
_EMPTY_MARK = "is_empty_"


@dataclass(frozen=True)
class Filter:
    """The effect of a filter: its text, the rows that it excludes (false), and those where it is unknown (null).

    Unknown rows are kept; examples: the first of them: source row, key, and the columns of the filter that are empty.
    """

    text: str
    excluded: int
    unknown: int = 0
    examples: tuple[tuple[int, str, str], ...] = ()


def relax_filters(engines: Engines, sources: Sources) -> tuple[Sources, dict[str, Filter], list[SourceError]]:
    """`sources` with filters that keep rows where they are unknown, the effect of each, and errors of invalid ones.

    One query per filter counts its effect before any table is read. A filter that is never unknown stays as written,
    so that engines can use it to read less.
    """
    tables, filters, errors = dict(sources.tables), {}, []
    for name, source in sources.tables.items():
        if source.where is None:
            continue
        try:
            filters[name] = _count_filter(engines.of(source.in_), sources, name)
        except SourceError as error:
            errors.append(error)
            continue
        if filters[name].unknown:
            where = f"CASE WHEN NOT ({source.where}\n) THEN 0 ELSE 1 END = 1"
            tables[name] = source.model_copy(update={"where": where})
    return sources.model_copy(update={"tables": tables}), filters, errors


def _count_filter(engine: Engine, sources: Sources, name: str) -> Filter:
    source = sources.tables[name]
    source_columns(engine, sources, TABLES[name])
    where = f"({source.where}\n)"
    query = (
        f"SELECT sum(CASE WHEN NOT {where} THEN 1 ELSE 0 END) AS no, sum(CASE WHEN {where} THEN 0 WHEN NOT {where} THEN 0"
        f" ELSE 1 END) AS unknown FROM {unfiltered_sql(engine, sources, TABLES[name])} AS source"
    )
    with source_errors(name, "the query or filter cannot run", where=f"tables.{name}.where"):
        row = engine.fetch_rows(engine.backend.sql(query))[0]
        excluded, unknown = int(row["no"] or 0), int(row["unknown"] or 0)
    if not unknown:
        return Filter(str(source.where).strip(), excluded)
    return Filter(
        str(source.where).strip(), excluded, unknown, tuple(_unknown_examples(engine, sources, name))
    )


def _unknown_examples(engine: Engine, sources: Sources, name: str) -> Iterator[tuple[int, str, str]]:
    """The first rows where the filter is unknown: row number, key, and which of its columns are empty."""
    source, table = sources.tables[name], TABLES[name]
    where = f"({source.where}\n)"
    unknown = f"CASE WHEN {where} THEN 0 WHEN NOT {where} THEN 0 ELSE 1 END = 1"
    unknown_only = source.model_copy(update={"where": unknown})
    columns = _filter_columns(engine, source)
    empty_marks = {f"{_EMPTY_MARK}{i}": engine.quote(column) for i, column in enumerate(columns)}
    relaxed_sources = sources.model_copy(update={"tables": {**sources.tables, name: unknown_only}})
    rows = map_table(engine, relaxed_sources, table, numbered=True, extra_columns=empty_marks)
    key = ("account_id",) if name == "usage" else table.named_by
    examples = rows.order_by(ROW) if engine.numbered else rows
    examples = examples.limit(EXAMPLES).select(
        ROW, **{f"key_{i}": rows[k].cast("string") for i, k in enumerate(key)},
        **{name: rows[name].isnull() for name in empty_marks},
    )  # fmt: skip
    with source_errors(name):
        fetched = engine.fetch_rows(examples)
    for row in fetched:
        keys = " ".join(str(row[f"key_{i}"] or "") for i in range(len(key)))
        empty_columns = ", ".join(c for i, c in enumerate(columns) if row[f"{_EMPTY_MARK}{i}"])
        yield int(row[ROW]), keys[:80], f"{empty_columns} IS NULL"[:80] if empty_columns else ""


def _filter_columns(engine: Engine, source: TableSource) -> list[str]:
    """The columns of the source that a filter uses; empty where it has a subquery."""
    parsed = _parse(engine, str(source.where))
    if parsed is None or parsed.find(sge.Select):  # columns of another table
        return []
    return list(dict.fromkeys(column.name for column in parsed.find_all(sge.Column)))


def _parse(engine: Engine, where: str) -> Any:
    with suppress(sg.errors.SqlglotError):
        return sg.parse_one(where, read=engine.backend.dialect)
    return None


def filter_findings(
    filters: Mapping[str, Filter], engines: Engines, sources: Sources, policies: Policies
) -> Iterator[Finding]:
    """A finding for each filter that is unknown for some rows; `write` has a line to keep them and one to exclude them.

    sources: as written, not the result of `relax_filters`.
    """
    for name, filter_ in filters.items():
        if filter_.unknown:
            engine = engines.of(sources.tables[name].in_)
            keep_line, text = _keep_unknown(engine, filter_.text)
            yield Finding(
                name, "", "filter_unknown", policies.of(name, "", "filter_unknown"), filter_.unknown,
                filter_.examples, text, "\n".join(_where_line(w) for w in (keep_line, f"({text}) is true")),
            )  # fmt: skip


def _keep_unknown(engine: Engine, where: str) -> tuple[str, str]:
    """A filter that is true where `where` is null, and `where` without comments."""
    parsed, dialect = _parse(engine, where), engine.backend.dialect
    if parsed is not None and ("--" in where or "/*" in where):
        where = parsed.sql(dialect=dialect, comments=False)
    if (
        isinstance(parsed, sge.NEQ)
        and isinstance(parsed.this, sge.Column)
        and isinstance(parsed.expression, sge.Literal)
    ):
        column, value = (
            part.sql(dialect=dialect, comments=False) for part in (parsed.this, parsed.expression)
        )
        return f"{column} is distinct from {value}", where
    return f"({where}) is not false", where


def _where_line(where: str) -> str:
    """A filter as a line of the sources file."""
    return yaml.safe_dump({"where": where}, allow_unicode=True, width=10**6).strip()
