"""Detects total rows and the footer of a report among the rows of a table.

Such a row has a word for totals or footers in one of the columns that identify a row (keys, product, name and day), and
no value in the others.
"""

from __future__ import annotations

from collections.abc import Collection

import ibis.expr.types as ir
from ibis.backends.duckdb import Backend

from cs_helpers.contract.casts import RAW
from cs_helpers.contract.checks import identifying_columns
from cs_helpers.contract.normal import PLAIN, WIDE
from cs_helpers.contract.schema import Table
from cs_helpers.sources.sql_quoting import sql_text

#: patterns of total rows and footers, for lower-case texts of normal width
_TOTAL = (
    r"^((合|小|総|総 *合|累|中)? *計|((grand|sub)[ -]*)?(totals?|summar(y|ies))|sum)"
    r" *:? *([(]? *[0-9][0-9,.]* *(records?|rows?|items?|件|行|社|名)? *[)]?)?$"
)
_FOOTER = (
    r"^(confidential( information)?\b|copyright\b|©|[(]c[)] ?[12][0-9]{3}|generated (by|on|at)\b"
    r"|filtered by\b|report (generated|exported|created)\b|end of report|機密|社外秘|出力日|作成日|以上$)"
)


def mark_total_rows(hub: Backend, rows: ir.Table, table: Table, mapped_columns: Collection[str]) -> ir.Table:
    """The rows with an additional column `total` where any is a total row, else unchanged.

    mapped_columns: the columns of the table that come from a column of the source. Plain SQL, since compiling an Ibis
    expression takes longer than the query, and few tables have total rows.
    """
    columns = [f"{RAW}{c}" for c in identifying_columns(table) if c in mapped_columns]
    words = [
        f"coalesce(regexp_matches(lower(trim(translate({c}, {sql_text(WIDE)}, {sql_text(PLAIN)}))),"
        f" {sql_text(f'{_TOTAL}|{_FOOTER}')}), false)"
        for c in columns
    ]
    others = [f"({c} IS NULL OR {word})" for c, word in zip(columns, words, strict=True)]
    if not words:
        return rows
    source = f'"{rows.op().name}"'
    total = f"({' OR '.join(words)}) AND {' AND '.join(others)}"
    if not hub.con.execute(f"SELECT count(*) FROM {source} WHERE {total}").fetchall()[0][0]:
        return rows
    hub.con.execute(
        f"CREATE OR REPLACE TABLE marked_{table.name} AS SELECT *, {total} AS total FROM {source}"
    )
    return hub.table(f"marked_{table.name}")
