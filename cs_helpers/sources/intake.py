"""Takes the tables in: maps them, gives them the contract's types, checks every row.

What comes out stays in the engine: the rows that were kept, the rows that were refused, and the
findings. For every table, rows read = rows kept + rows refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import sqlglot as sg
from ibis.backends.duckdb import Backend

from cs_helpers.contract.checks import (
    EXAMPLES,
    RAW,
    ROW,
    Rule,
    beside_contracts,
    column_rules,
    key_rule,
    relation_rules,
    typed,
    whole_rules,
)
from cs_helpers.contract.findings import Finding
from cs_helpers.contract.tables import TABLES, Table
from cs_helpers.errors import ContractError, SourceError, did_you_mean
from cs_helpers.sources.connect import first_line
from cs_helpers.sources.mapping import ColumnSource, Sources


@dataclass(frozen=True)
class Intake:
    """What was taken in.

    kept: table -> its rows in the engine, with the contract's columns.
    rejected: table -> the refused rows (`source_row`, `rules` and the raw columns as text).
    rows_read, rows_kept: table -> count.
    """

    kept: Mapping[str, ir.Table]
    rejected: Mapping[str, ir.Table]
    rows_read: Mapping[str, int]
    rows_kept: Mapping[str, int]
    findings: tuple[Finding, ...]
    as_of: date


def take_in(connection: Backend, sources: Sources, *, today: date) -> Intake:
    """The tables of `sources`, checked.

    Raises `SourceError` where a table or column cannot be read and `ContractError` where what
    was read stops a snapshot (a table without rows, a required table with none left, two
    currencies in one product).
    """
    raw = {
        name: _materialised(
            connection, f"typed_{name}", typed(_mapped(connection, sources, table), table), name
        )
        for name, table in TABLES.items()
        if name in sources.tables
    }
    as_of = sources.as_of or _latest_date(raw, today)
    kept: dict[str, ir.Table] = {}
    rejected: dict[str, ir.Table] = {}
    rows_read: dict[str, int] = {}
    rows_kept: dict[str, int] = {}
    findings: list[Finding] = []
    for name, rows in raw.items():
        table = TABLES[name]
        if name in ("usage", "tickets"):
            rows = beside_contracts(rows, kept["contracts"])
        rules = [*column_rules(rows, table), *relation_rules(rows, table, kept, as_of)]
        rules += key_rule(rows, table, rules)
        flagged = _materialised(
            connection,
            f"flagged_{name}",
            rows.mutate(**{f"broken_{i}": rule.broken.fill_null(False) for i, rule in enumerate(rules)}),
            name,
        )
        found, total = _findings(flagged, table, rules)
        findings += found
        rows_read[name] = total
        refusing = [flagged[f"broken_{i}"] for i, r in enumerate(rules) if r.policy == "reject"]
        refused = ibis.or_(*refusing)
        kept[name] = _materialised(
            connection, f"kept_{name}", flagged.filter(~refused).select(ROW, *table.columns), name
        )
        names = [
            flagged[f"broken_{i}"].ifelse(f"{r.column or name}:{r.name} ", "")
            for i, r in enumerate(rules)
            if r.policy == "reject"
        ]
        rules_text = names[0]
        for part in names[1:]:
            rules_text = rules_text.concat(part)
        rejected[name] = flagged.filter(refused).select(
            ROW, rules=rules_text.strip(), **{c: flagged[RAW + c] for c in table.columns}
        )
        rows_kept[name] = int(kept[name].count().execute())
    _stop_where_nothing_can_be_said(rows_read, rows_kept, findings)
    for name, rows, rule in whole_rules(kept, as_of):
        flagged = rows.mutate(broken_0=rule.broken.fill_null(False))
        findings += _findings(flagged, TABLES[name], [rule])[0]
    _stop_at_two_currencies(kept["contracts"])
    return Intake(kept, rejected, rows_read, rows_kept, tuple(findings), as_of)


def _mapped(connection: Backend, sources: Sources, table: Table) -> ir.Table:
    """The table under the contract's column names, as the source types them, with row numbers."""
    source = sources.tables[table.name]
    query = source.sql or f'SELECT * FROM "{source.from_}"'
    base = f"(SELECT *, row_number() OVER () AS {ROW} FROM ({query}) AS source)"
    if source.where:
        base = f"(SELECT * FROM {base} AS source WHERE {source.where})"
    where = source.from_ or "the query of the sources file"
    try:
        available = connection.sql(f"SELECT * FROM {base} AS source").columns
    except (duckdb.Error, ibis.IbisError, sg.errors.SqlglotError) as error:
        raise SourceError(table.name, f"the query or filter cannot run: {first_line(error)}") from None
    parts = [ROW]
    for name in table.columns:
        said = source.column(name) or (ColumnSource(column=name) if name in available else None)
        if said is None:
            if name not in table.required_columns():
                parts.append(f'CAST(NULL AS VARCHAR) AS "{name}"')
                continue
            raise SourceError(
                table.name,
                f"the source has no such column; map it under tables.{table.name}.columns."
                f" The source has: {', '.join(c for c in available if c != ROW)}",
                column=name,
                where=where,
            )
        if said.column is not None and said.column not in available:
            raise SourceError(
                table.name,
                f"it is mapped to '{said.column}', which the source does not have."
                f"{did_you_mean(said.column, available)}"
                f" The source has: {', '.join(c for c in available if c != ROW)}",
                column=name,
                where=where,
            )
        parts.append(f'{_expression(said)} AS "{name}"')
    try:
        mapped = connection.sql(f"SELECT {', '.join(parts)} FROM {base} AS source")
    except (duckdb.Error, ibis.IbisError, sg.errors.SqlglotError) as error:
        raise SourceError(table.name, f"the mapping cannot run: {first_line(error)}") from None
    return mapped


def _expression(said: ColumnSource) -> str:
    if said.constant is not None:
        value = said.constant
        text = _literal(str(value) if isinstance(value, date) else value)
    elif said.sql is not None:
        text = f"({said.sql})"
    else:
        text = '"' + str(said.column).replace('"', '""') + '"'
    if not said.values:
        return text
    whens = " ".join(f"WHEN {_literal(old)} THEN {_literal(new)}" for old, new in said.values.items())
    return f"CASE CAST({text} AS VARCHAR) {whens} ELSE CAST({text} AS VARCHAR) END"


def _literal(value: str | int | float | bool | None) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _materialised(connection: Backend, name: str, rows: ir.Table, table: str) -> ir.Table:
    try:
        return connection.create_table(name, rows)
    except (duckdb.Error, ibis.IbisError) as error:
        raise SourceError(table, f"the rows cannot be read: {first_line(error)}") from None


def _latest_date(raw: Mapping[str, ir.Table], today: date) -> date:
    """The latest dated row that is not in the future."""
    latest = []
    for name, rows in raw.items():
        column = "started_on" if name == "contracts" else TABLES[name].time
        if column:
            day = rows[column].cast("date")
            found = rows.filter(day <= today).aggregate(latest=day.max()).execute()["latest"].iloc[0]
            if found is not None and found == found:
                latest.append(found.date() if hasattr(found, "date") else found)
    return max(latest, default=today)


def _findings(flagged: ir.Table, table: Table, rules: list[Rule]) -> tuple[list[Finding], int]:
    counts = (
        flagged.aggregate(
            total=flagged.count(), **{f"n{i}": flagged[f"broken_{i}"].sum() for i in range(len(rules))}
        )
        .execute()
        .iloc[0]
    )
    findings = []
    key = [*table.key] or [c for c in ("account_id",) if c in table.columns]
    for i, rule in enumerate(rules):
        if pd.isna(counts[f"n{i}"]) or not counts[f"n{i}"]:
            continue
        count = int(counts[f"n{i}"])
        column = rule.column or key[0]
        raw_names = RAW + column in flagged.columns
        rows = flagged.filter(flagged[f"broken_{i}"]).order_by(ROW).limit(EXAMPLES)
        shown = rows.select(
            ROW,
            key=ibis.literal(" ").join([ibis.coalesce(rows[k].cast("string"), "") for k in key]),
            value=rows[RAW + column] if raw_names else rows[column].cast("string"),
        ).execute()
        examples = tuple(
            (
                int(r[ROW]),
                str(r["key"])[:80],
                "" if r["value"] is None or r["value"] != r["value"] else str(r["value"])[:80],
            )
            for _, r in shown.iterrows()
        )
        findings.append(
            Finding(table.name, rule.column, rule.name, rule.policy, count, examples, rule.detail)
        )
    return findings, int(counts["total"])


def _stop_where_nothing_can_be_said(
    rows_read: Mapping[str, int], rows_kept: Mapping[str, int], findings: list[Finding]
) -> None:
    failures = []
    for name, count in rows_read.items():
        if count == 0:
            failures.append(
                f"table '{name}' has no rows: check its file and filter, or leave it out of the sources file"
                if not TABLES[name].required
                else f"table '{name}' has no rows: check its file and filter"
            )
        elif rows_kept[name] == 0:
            worst = max(
                (f for f in findings if f.table == name and f.policy == "reject"), key=lambda f: f.count
            )
            row, key, value = worst.examples[0]
            failures.append(
                f"table '{name}': all {count:,} rows were refused, most for column '{worst.column}',"
                f" rule {worst.rule} ({worst.detail}): row {row}, key {key}, value {value!r}"
            )
    if failures:
        raise ContractError(failures)


def _stop_at_two_currencies(contracts: ir.Table) -> None:
    per_product = (
        contracts.group_by("product")
        .aggregate(n=contracts.currency.nunique(), seen=contracts.currency.collect(distinct=True))
        .execute()
    )
    mixed = per_product[per_product["n"] > 1]
    if len(mixed):
        raise ContractError(
            [
                f"table 'contracts', column 'currency': product '{r['product']}' is paid in"
                f" {', '.join(sorted(r['seen']))}; convert mrr to one currency"
                for _, r in mixed.iterrows()
            ]
        )
