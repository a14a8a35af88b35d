"""Files of different layouts as one: surveys of several years, exports of an old and a new system."""

from __future__ import annotations

from ibis.backends.duckdb import Backend

from cs_helpers.errors import SourceError, did_you_mean, raise_together
from cs_helpers.sources.engines import Engine, source_errors
from cs_helpers.sources.expressions import column_expression, find_column, text_type
from cs_helpers.sources.files.opening import (
    RAW_SUFFIX,
    create_typed_view,
    create_view,
    raw_rows_sql,
    raw_view_name,
)
from cs_helpers.sources.mapping import CombinedPart, Sources

#: the number of columns that an error lists; the names of a survey's are whole questions
_MAX_LISTED = 20


def combine_files(engine: Engine, sources: Sources) -> None:
    """Create the views of each combined file in the engine of the files, as `files.opening.open_file` does of a file.

    Its rows are those of its parts one after another, its columns all that any part names, as text; a column that a part
    does not name is empty there. Raises `SourceError` (`combined.NAME.PART`, parts from 0 as in other keys) where a part
    has no such column or an expression cannot run, `SourcesError` where several have.
    """
    errors: list[SourceError] = []
    backend: Backend = engine.backend
    for name, parts in sources.combined.items():
        columns = list(dict.fromkeys(column for part in parts for column in part.columns))
        queries = []
        for i, part in enumerate(parts):
            try:
                queries.append(_part_query(engine, part, columns, f"combined.{name}.{i}"))
            except SourceError as error:
                errors.append(error)
        if len(queries) == len(parts):
            create_view(backend, raw_view_name(name), " UNION ALL ".join(queries))
            create_typed_view(backend, name)
    raise_together(errors)


def _part_query(engine: Engine, part: CombinedPart, columns: list[str], key: str) -> str:
    """The query of the rows of a part with all of `columns`; raises `SourceError` where it cannot run."""
    expressions = any(source.sql is not None for source in part.columns.values())
    rows = raw_rows_sql(engine.backend, part.from_, typed=expressions)
    all_columns = [row[0] for row in engine.backend.raw_sql(f"DESCRIBE {rows}").fetchall()]
    available = [column for column in all_columns if not column.endswith(RAW_SUFFIX)]
    selected = []
    for name in columns:
        source = part.columns.get(name)
        if source is None:
            selected.append(f"CAST(NULL AS {text_type(engine)}) AS {engine.quote(name)}")
            continue
        if source.column is not None:
            found = find_column(source.column, available)
            if not found:
                available_hint = f" The source has: {', '.join(available[:_MAX_LISTED])}"
                raise SourceError(
                    f"{key}.columns.{name}",
                    f"it is mapped to '{source.column}', which the source does not have."
                    f"{did_you_mean(source.column, available)}{available_hint}",
                )
            raw_name = f"{found}{RAW_SUFFIX}"
            source = source.model_copy(update={"column": raw_name if raw_name in all_columns else found})
        expression = column_expression(engine, source)
        selected.append(f"CAST({expression} AS {text_type(engine)}) AS {engine.quote(name)}")
    query = f"SELECT {', '.join(selected)} FROM ({rows}) AS source"
    with source_errors(key, "the mapping cannot run"):
        engine.backend.raw_sql(f"DESCRIBE {query}").fetchall()
    return query
