"""The types of the columns of a text file, decided by all their values."""

from __future__ import annotations

from ibis.backends.duckdb import Backend

from cs_helpers.sources.sql_quoting import quote_identifier

#: rows by which candidate types are found before all rows are tested
_HEAD = 20_000
_NUMBER = r"^-?(0|[1-9][0-9]*)(\.[0-9]+)?$"
_TIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?$"
#: type -> SQL of whether a text is of the type and can be restored from the typed value
_IS_OF_TYPE = {
    "BOOLEAN": "lower($c) IN ('true', 'false')",
    "BIGINT": "coalesce(TRY_CAST($c AS BIGINT)::VARCHAR = $c, CASE WHEN $c IS NOT NULL THEN false END)",
    "DOUBLE": f"regexp_matches($c, '{_NUMBER}') AND length(replace(replace($c, '-', ''), '.', '')) <= 15",
    "DATE": "coalesce(TRY_CAST($c AS DATE)::VARCHAR = $c, CASE WHEN $c IS NOT NULL THEN false END)",
    "TIMESTAMP": f"regexp_matches($c, '{_TIME}') AND TRY_CAST($c AS TIMESTAMP) IS NOT NULL",
}
#: a further condition on all values of a DOUBLE column: either some have a fraction or all have the same number of
#: decimals (123.0 beside 123 is an id that a spreadsheet wrote), and those with a point do not all have exactly three
#: decimals (1.200 may be twelve hundred)
_ARE_DECIMALS = (
    "coalesce(bool_or(regexp_matches($c, '\\.[0-9]*[1-9]')) OR count(DISTINCT length(split_part($c, '.', 2))) = 1, true)"
    " AND coalesce(NOT bool_or(regexp_matches($c, '^-?[1-9][0-9]{0,2}\\.[0-9]{3}$'))"
    " OR bool_or(regexp_matches($c, '^-?(0\\.|[0-9]{4,}\\.|[0-9]+\\.([0-9]{1,2}|[0-9]{4,})$)')), true)"
)


def infer_types(connection: Backend, view: str) -> dict[str, str]:
    """Column -> DuckDB type, for the columns of a view of texts whose values are all of one type.

    The type is BIGINT, DOUBLE, DATE, TIMESTAMP or BOOLEAN, and only where the text can be restored from it, so that
    keys stay intact: no leading zeros, at most 15 digits of a number with a point.
    """
    names = [row[0] for row in connection.raw_sql(f"DESCRIBE {quote_identifier(view)}").fetchall()]
    types: dict[str, list[str]] = {name: list(_IS_OF_TYPE) for name in names if name != "source_file"}
    for all_rows in (False, True):  # the first rows rule out most types, so that few are tested on all rows
        rows = quote_identifier(view) if all_rows else f"(FROM {quote_identifier(view)} LIMIT {_HEAD})"
        candidates = [(name, type_) for name, of_name in types.items() for type_ in of_name]
        if not candidates:
            return {}
        conditions = ", ".join(_condition(name, type_, all_rows=all_rows) for name, type_ in candidates)
        answers = connection.raw_sql(f"SELECT {conditions} FROM {rows}").fetchone()
        fitting = [pair for pair, answer in zip(candidates, answers, strict=True) if answer]
        types = {name: [t for n, t in fitting if n == name] for name in types}
    return {name: of_name[0] for name, of_name in types.items() if of_name}


def _condition(name: str, type_: str, *, all_rows: bool) -> str:
    """SQL of whether a column can have a type; a column without values passes on the first rows only."""
    condition = f"coalesce(bool_and({_IS_OF_TYPE[type_]}), {str(not all_rows).lower()})"
    if all_rows and type_ == "DOUBLE":
        condition = f"{condition} AND {_ARE_DECIMALS}"
    return condition.replace("$c", quote_identifier(name))
