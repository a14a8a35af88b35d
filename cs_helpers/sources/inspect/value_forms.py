"""Detects how the dates and numbers of a column are written as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache

import duckdb

from cs_helpers.sources.written import ERA_DATE, NumberForm, date_sql

#: dates and times that need no format
ISO_DATE = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?"
)
#: numbers that need no format
PLAIN_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: texts that mark an empty cell
EMPTY_MARKS = frozenset((
    "-", "--", "---", "－", "―", "ー", "—", "–", "…", "n/a", "N/A", "#N/A", "NA", "null", "NULL", "none", "None",
    "なし", "無し", "無", "未定", "未設定", "(空白)", "(blank)",
))  # fmt: skip
_DATE_FORMATS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y-%m-%d",
    "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d.%m.%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
    "%b %d %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCK_FORMATS = (
    "", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", ", %I:%M %p", ", %I:%M:%S %p", ", %H:%M", ", %H:%M:%S",
    " at %I:%M %p", "%H時%M分", " %H時%M分", " %H:%M:%S UTC", " %H:%M UTC", "T%H:%M:%S UTC",
)  # fmt: skip
#: a format word and the range of its numbers: seconds and milliseconds since 1970 for 2000 to 2100, days since 1900
#: for 1980 to 2100
_NUMERIC_FORMATS = (
    ("epoch", 946_684_800, 4_102_444_800),
    ("epoch_ms", 946_684_800_000, 4_102_444_800_000),
    ("excel", 29_221, 73_051),
)
#: values by which candidate formats are found before all values are tested
_HEAD = 5


@cache
def date_formats(values: tuple[str, ...]) -> tuple[str, ...] | None:
    """The formats that read all texts as dates or times; `None` where they need none."""
    if all(ISO_DATE.fullmatch(value) for value in values):
        return None
    normalized = [unicodedata.normalize("NFKC", value).strip() for value in values]
    if all(re.match(ERA_DATE, value) for value in normalized):
        return ("era",)
    if all(re.fullmatch(r"\d+(\.\d+)?", value) for value in normalized):
        for format_, first, last in _NUMERIC_FORMATS:
            if all(first <= float(value) <= last for value in normalized):
                return (format_,)
    candidates = [
        format_
        for format_, pattern in _format_patterns().items()
        if all(pattern.fullmatch(value) for value in values[:_HEAD])
    ]
    if not candidates:  # most columns are not dates: skip opening an engine
        return ()
    with duckdb.connect() as engine:  # the engine that will read them decides
        return tuple(_formats_that_parse(engine, list(values), candidates))


@cache
def _format_patterns() -> dict[str, re.Pattern[str]]:
    """Each date or time format with a regular expression of texts in it."""
    directives = {
        **dict.fromkeys("dmHMSI", r"\d{1,2}"), "Y": r"\d{4}", "y": r"\d{2}", "b": r"[A-Za-z]{3}", "B": r"[A-Za-z]{3,9}",
        "p": r"[AaPp][Mm]",
    }  # fmt: skip

    def pattern_of(format_: str) -> str:
        pieces = re.split(r"%(\w)", format_)
        return "".join(directives[piece] if i % 2 else re.escape(piece) for i, piece in enumerate(pieces))

    return {
        f"{day}{clock}": re.compile(pattern_of(f"{day}{clock}"))
        for day in _DATE_FORMATS
        for clock in _CLOCK_FORMATS
    }


def _formats_that_parse(
    engine: duckdb.DuckDBPyConnection, texts: list[str], formats: Sequence[str]
) -> list[str]:
    if not formats:
        return []
    conditions = (
        f"bool_and(coalesce(year(try_strptime(text, '{f}')) BETWEEN 1900 AND 2200, false))" for f in formats
    )
    row = engine.execute(f"SELECT {', '.join(conditions)} FROM unnest($1) AS t(text)", [texts]).fetchone()
    return [f for f, fits in zip(formats, row or (), strict=True) if fits]


def parse_days(texts: Iterable[str], format_: str | None) -> dict[str, date | None]:
    """Text -> the day that the engine reads in it by a `format`, or by ISO 8601 without one; `None` where it is no date."""
    distinct = list(set(texts))
    normalized = [unicodedata.normalize("NFKC", text).strip() for text in distinct]
    date_text = "text" if format_ is None else date_sql(format_, "text")
    day = f"TRY_CAST(replace(regexp_extract({date_text}, '^[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}'), '/', '-') AS DATE)"
    with duckdb.connect() as engine:
        days = dict(engine.execute(f"SELECT text, {day} FROM unnest($1) AS t(text)", [normalized]).fetchall())
    return {text: days[key] for text, key in zip(distinct, normalized, strict=True)}


# --- numbers -----------------------------------------------------------------------------------

_AMOUNT = re.compile(
    r"(?P<open>\()?\s*(?P<minus>[-+△▲])?\s*(?P<before>[^\d\s.,'+()-]{1,4}?)?\s*(?P<minus2>[-+△▲])?\s*"
    r"(?P<number>\d[\d.,' ]*|\.\d+)\s*(?P<after>[^\d\s.,'()]{1,4})?\s*\)?"
)
#: an example of each combination of thousands and decimal separators -> its form
_FORMS = {
    example: NumberForm.of(example)
    for example in ("1,234.5", "1.234,5", "1 234,5", "1'234.5", "1234.5", "1234,5")
}
#: the sign next to an amount -> its currency
CURRENCY_SIGNS = {
    "円": "JPY", "千円": "JPY", "万円": "JPY", "百万円": "JPY", "億円": "JPY", "¥": "JPY", "￥": "JPY", "€": "EUR",
    "£": "GBP", "₩": "KRW", "₹": "INR", "US$": "USD", "A$": "AUD", "C$": "CAD", "S$": "SGD", "$": "USD",
}  # fmt: skip


@cache
def number_examples(values: tuple[str, ...]) -> tuple[str, ...] | None:
    """Examples of how all texts are written as numbers, for `number:`; `None` where they are plain numbers.

    Empty where they are not numbers; several where the form is ambiguous, as in 1.200.
    """
    if all(PLAIN_NUMBER.fullmatch(value) for value in values) and not _has_ambiguous_points(values):
        return None
    matches = [_AMOUNT.fullmatch(unicodedata.normalize("NFKC", value).strip()) for value in values]
    amounts = [match for match in matches if match is not None]
    if len(amounts) < len(matches) or not amounts:
        return ()
    # a column has at most one currency sign and one unit; values may lack it
    prefixes, suffixes = ({match[name] or "" for match in amounts} - {""} for name in ("before", "after"))
    if len(prefixes) > 1 or len(suffixes) > 1:
        return ()
    numbers = [match["number"].strip() for match in amounts]
    fitting = [
        example
        for example, form in _FORMS.items()
        if all(form.read(number) is not None for number in numbers)
    ]
    if _has_ambiguous_points(numbers):
        fitting = [example for example in fitting if example in ("1.234,5", "1234.5")]
    elif "1234.5" in fitting and not any("," in number for number in numbers):
        fitting = ["1234.5"]
    else:
        fitting = fitting[:1]  # 1,200 alone is taken for a thousand, as it nearly always is
    prefix, suffix = next(iter(prefixes), ""), next(iter(suffixes), "")
    suffix_space = " " if suffix and any(re.search(r"\d\s+\D+\)?$", value) for value in values) else ""
    prefix_space = (
        " " if prefix and any(re.search(rf"{re.escape(prefix)}\s+\d", value) for value in values) else ""
    )
    return tuple(f"{prefix}{prefix_space}{example}{suffix_space}{suffix}" for example in fitting)


def _has_ambiguous_points(numbers: Sequence[str]) -> bool:
    """Whether the points in all numbers may separate thousands or decimals, as in 1.200."""
    with_point = [number for number in numbers if "." in number]
    return (
        bool(with_point)
        and all(re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", number) for number in with_point)
        and all(re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})?", number) for number in numbers)
    )


def currency_of(example: str) -> str:
    """The currency in an example of a number; empty where it has none."""
    signs = re.sub(r"[\d\s.,'%]", "", unicodedata.normalize("NFKC", example))
    if re.fullmatch(r"[A-Z]{3}", signs):
        return signs
    return CURRENCY_SIGNS.get(signs, "")
