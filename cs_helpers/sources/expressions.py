"""The SQL of a mapped column: the column it names, with its dates, numbers and values as the sources file reads them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

from cs_helpers.sources.engines import Engine
from cs_helpers.sources.mapping import ColumnSource
from cs_helpers.sources.written import NumberForm, date_sql

#: blanks that look like an ordinary one, but are not equal to it
_OTHER_BLANKS = "\u00a0\u2002\u2003\u2007\u2009\u202f\u3000"
_TO_BLANKS = str.maketrans(_OTHER_BLANKS, " " * len(_OTHER_BLANKS))


def find_column(name: str, columns: Sequence[str]) -> str:
    """The column of a name, ignoring case and whitespace; empty where there is none.

    `column 24` is the 24th column where none has that name.
    """
    if name in columns:
        return name
    normalized = _normalized(name)
    if found := next((column for column in columns if _normalized(column) == normalized), ""):
        return found
    place = re.fullmatch(r"column ([1-9][0-9]*)", normalized)
    return columns[int(place[1]) - 1] if place and int(place[1]) <= len(columns) else ""


def _normalized(name: str) -> str:
    return " ".join(name.split()).casefold()


def text_type(engine: Engine) -> str:
    """The name of the type of texts in an engine."""
    return "STRING" if engine.dialect == "pyspark" else "VARCHAR"


def column_expression(engine: Engine, column_source: ColumnSource) -> str:
    """The SQL of a mapped column, whose `column` is a name of the source."""
    if column_source.constant is not None:
        value: Any = column_source.constant
        text = engine.literal(str(value) if isinstance(value, date) else value)
    elif column_source.sql is not None:
        text = f"({column_source.sql}\n)"
    else:
        text = engine.quote(str(column_source.column))
    if column_source.format is not None:
        text = date_sql(column_source.format, text)
    if column_source.number is not None:
        text = NumberForm.of(column_source.number).sql(text)
    if not column_source.values:
        return text
    as_text = f"CAST({text} AS {text_type(engine)})"
    whens = " ".join(
        f"WHEN {_matches_key(engine, as_text, old)} THEN {engine.literal(_as_text(new))}"
        for old, new in column_source.values.items()
    )
    return f"CASE {whens} ELSE {as_text} END"


def _matches_key(engine: Engine, text: str, key: str | bool) -> str:
    """The SQL of whether a text equals a key of `values`; YAML reads yes, true and on as one key, true."""
    if isinstance(key, bool):
        words = ("true", "yes", "on") if key else ("false", "no", "off")
        return f"lower(trim({text})) IN ({', '.join(engine.literal(word) for word in words)})"
    key = key.translate(_TO_BLANKS).strip(" ")
    if " " in key:  # web forms and spreadsheets write some blanks as others, which nobody sees
        text = (
            f"translate({text}, {engine.literal(_OTHER_BLANKS)}, {engine.literal(' ' * len(_OTHER_BLANKS))})"
        )
    return f"trim({text}) = {engine.literal(key)}"


def _as_text(value: str | int | float | bool | None) -> str | None:
    if value is None:
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
