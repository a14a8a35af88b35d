"""Counts the rows that a filter leaves out, so that rows read = rows kept + rows refused + rows filtered out.

A filter leaves out the rows for which it is false. Where a column that it names is empty, it is neither true nor
false (in SQL: null): such rows are kept and named, for nobody said that they should go.
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

#: what a column of the filter is called beside the columns of the contract
_BESIDE = "beside_"


@dataclass(frozen=True)
class Filter:
    """What a filter did: its text, the rows for which it is false (left out), those for which it is null (kept).

    examples: the first of the latter: source row, key, and the columns of the filter that are empty.
    """

    text: str
    false: int
    unknown: int = 0
    examples: tuple[tuple[int, str, str], ...] = ()


def filtered(engines: Engines, sources: Sources) -> tuple[Sources, dict[str, Filter], list[SourceError]]:
    """`sources` with filters that keep what is not false, what each filter did, and those that cannot run.

    One query a filter counts before anything is read, for a log that is larger than memory, too. Where nothing is
    unknown the filter stays as it is written: engines read less with a plain one.
    """
    tables, found, errors = dict(sources.tables), {}, []
    for name, source in sources.tables.items():
        if source.where is None:
            continue
        try:
            found[name] = _counted(engines.of(source.in_), sources, name)
        except SourceError as error:
            errors.append(error)
            continue
        if found[name].unknown:
            where = f"CASE WHEN NOT ({source.where}\n) THEN 0 ELSE 1 END = 1"
            tables[name] = source.model_copy(update={"where": where})
    return sources.model_copy(update={"tables": tables}), found, errors


def _counted(engine: Engine, sources: Sources, name: str) -> Filter:
    source = sources.tables[name]
    source_columns(engine, sources, TABLES[name])
    where = f"({source.where}\n)"
    query = (
        f"SELECT sum(CASE WHEN NOT {where} THEN 1 ELSE 0 END) AS no, sum(CASE WHEN {where} THEN 0 WHEN NOT {where} THEN 0"
        f" ELSE 1 END) AS unknown FROM {unfiltered_sql(engine, sources, TABLES[name])} AS source"
    )
    with source_errors(name, "the query or filter cannot run", where=f"tables.{name}.where"):
        row = engine.fetch_rows(engine.backend.sql(query))[0]
        no, unknown = int(row["no"] or 0), int(row["unknown"] or 0)
    if not unknown:
        return Filter(str(source.where).strip(), no)
    return Filter(str(source.where).strip(), no, unknown, tuple(_unknown(engine, sources, name)))


def _unknown(engine: Engine, sources: Sources, name: str) -> Iterator[tuple[int, str, str]]:
    """The first rows for which the filter is null: number, key, and which columns of the filter are empty."""
    source, table = sources.tables[name], TABLES[name]
    where = f"({source.where}\n)"
    unknown = f"CASE WHEN {where} THEN 0 WHEN NOT {where} THEN 0 ELSE 1 END = 1"
    looked = source.model_copy(update={"where": unknown})
    columns = _columns(engine, source)
    beside = {f"{_BESIDE}{i}": engine.quoted(column) for i, column in enumerate(columns)}
    with_it = sources.model_copy(update={"tables": {**sources.tables, name: looked}})
    rows = map_table(engine, with_it, table, numbered=True, beside=beside)
    key = table.key if table.key and name != "usage" else ("account_id",)
    shown = rows.order_by(ROW) if engine.numbered else rows
    shown = shown.limit(EXAMPLES).select(
        ROW, **{f"key_{i}": rows[k].cast("string") for i, k in enumerate(key)},
        **{name: rows[name].isnull() for name in beside},
    )  # fmt: skip
    with source_errors(name):
        found = engine.fetch_rows(shown)
    for row in found:
        keys = " ".join(str(row[f"key_{i}"] or "") for i in range(len(key)))
        empty = ", ".join(c for i, c in enumerate(columns) if row[f"{_BESIDE}{i}"])
        yield int(row[ROW]), keys[:80], f"{empty} IS NULL"[:80] if empty else ""


def _columns(engine: Engine, source: TableSource) -> list[str]:
    """The columns that a filter names, as the source has them."""
    parsed = _parsed(engine, str(source.where))
    if parsed is None or parsed.find(sge.Select):  # columns of another table
        return []
    return list(dict.fromkeys(column.name for column in parsed.find_all(sge.Column)))


def _parsed(engine: Engine, where: str) -> Any:
    with suppress(sg.errors.SqlglotError):
        return sg.parse_one(where, read=engine.backend.dialect)
    return None


def findings(
    filters: Mapping[str, Filter], engines: Engines, sources: Sources, policies: Policies
) -> Iterator[Finding]:
    """The rows for which a filter says neither yes nor no; `write` keeps them without a word or leaves them out.

    sources: as they are written, not as `filtered` made them.
    """
    for name, filter_ in filters.items():
        if filter_.unknown:
            engine = engines.of(sources.tables[name].in_)
            keep, text = _kept(engine, filter_.text)
            yield Finding(
                name, "", "filter_unknown", policies.of(name, "", "filter_unknown"), filter_.unknown,
                filter_.examples, text, "\n".join(_line(w) for w in (keep, f"({text}) is true")),
            )  # fmt: skip


def _kept(engine: Engine, where: str) -> tuple[str, str]:
    """A filter that is true where `where` is null, and `where` without comments."""
    parsed, dialect = _parsed(engine, where), engine.backend.dialect
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


def _line(where: str) -> str:
    """A filter as a line of the sources file."""
    return yaml.safe_dump({"where": where}, allow_unicode=True, width=10**6).strip()
