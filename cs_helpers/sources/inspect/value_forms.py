"""How dates and numbers are written in text, by the values of a column."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache

import duckdb

from cs_helpers.sources.written import ERA, dated

#: dates and times that are read without a format
ISO = re.compile(
    r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}(:?\d{2})?)?)?"
)
#: numbers that are read without a format
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
#: what stands in a cell for nothing
NOTHING = frozenset((
    "-", "--", "---", "－", "―", "ー", "—", "–", "…", "n/a", "N/A", "#N/A", "NA", "null", "NULL", "none", "None",
    "なし", "無し", "無", "未定", "未設定", "(空白)", "(blank)",
))  # fmt: skip
_DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日", "%Y-%m-%d",
    "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d.%m.%y", "%d %b %Y", "%d-%b-%Y", "%d-%b-%y", "%b %d, %Y",
    "%b %d %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCKS = (
    "", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", ", %I:%M %p", ", %I:%M:%S %p", ", %H:%M", ", %H:%M:%S",
    " at %I:%M %p", "%H時%M分", " %H時%M分", " %H:%M:%S UTC", " %H:%M UTC", "T%H:%M:%S UTC",
)  # fmt: skip
#: a format word -> the numbers that can be meant by it: seconds and milliseconds since 1970 from 2000 to 2100,
#: days since 1900 from 1980 to 2100
_COUNTED = (
    ("epoch", 946_684_800, 4_102_444_800),
    ("epoch_ms", 946_684_800_000, 4_102_444_800_000),
    ("excel", 29_221, 73_051),
)
#: values by which a format is sought, before all are held against it
_FIRST = 5


@cache
def date_forms(seen: tuple[str, ...]) -> tuple[str, ...] | None:
    """The formats in which all texts are dates or times; `None` where they need none."""
    if all(ISO.fullmatch(value) for value in seen):
        return None
    plain = [unicodedata.normalize("NFKC", value).strip() for value in seen]
    if all(re.match(ERA, value) for value in plain):
        return ("era",)
    if all(re.fullmatch(r"\d+(\.\d+)?", value) for value in plain):
        for word, first, last in _COUNTED:
            if all(first <= float(value) <= last for value in plain):
                return (word,)
    every = [
        form for form, like in _formats().items() if all(like.fullmatch(value) for value in seen[:_FIRST])
    ]
    if not every:  # most columns are no dates, and the engine need not be asked
        return ()
    with duckdb.connect() as engine:  # by the rules of the engine that will read them
        return tuple(_reading(engine, list(seen), every))


@cache
def _formats() -> dict[str, re.Pattern[str]]:
    """Each format of a date or time, and what a text that is written by it looks like."""
    signs = {
        **dict.fromkeys("dmHMSI", r"\d{1,2}"), "Y": r"\d{4}", "y": r"\d{2}", "b": r"[A-Za-z]{3}", "B": r"[A-Za-z]{3,9}",
        "p": r"[AaPp][Mm]",
    }  # fmt: skip

    def like(form: str) -> str:
        parts = re.split(r"%(\w)", form)
        return "".join(signs[part] if i % 2 else re.escape(part) for i, part in enumerate(parts))

    return {f"{day}{clock}": re.compile(like(f"{day}{clock}")) for day in _DAYS for clock in _CLOCKS}


def _reading(engine: duckdb.DuckDBPyConnection, texts: list[str], formats: Sequence[str]) -> list[str]:
    if not formats:
        return []
    dated = (
        f"bool_and(coalesce(year(try_strptime(text, '{f}')) BETWEEN 1900 AND 2200, false))" for f in formats
    )
    row = engine.execute(f"SELECT {', '.join(dated)} FROM unnest($1) AS t(text)", [texts]).fetchone()
    return [f for f, fits in zip(formats, row or (), strict=True) if fits]


def as_days(texts: Iterable[str], form: str | None) -> dict[str, date | None]:
    """Each text as a day, as the engine will read it by a `format`; without one, as ISO writes it."""
    once = list(set(texts))
    plain = [unicodedata.normalize("NFKC", text).strip() for text in once]
    read = "text" if form is None else dated(form, "text")
    day = f"TRY_CAST(replace(regexp_extract({read}, '^[0-9]{{4}}[-/][0-9]{{1,2}}[-/][0-9]{{1,2}}'), '/', '-') AS DATE)"
    with duckdb.connect() as engine:
        found = dict(engine.execute(f"SELECT text, {day} FROM unnest($1) AS t(text)", [plain]).fetchall())
    return {text: found[of] for text, of in zip(once, plain, strict=True)}


# --- numbers -----------------------------------------------------------------------------------

_SIGNED = re.compile(
    r"(?P<open>\()?\s*(?P<minus>[-+△▲])?\s*(?P<before>[^\d\s.,'+()-]{1,4}?)?\s*(?P<minus2>[-+△▲])?\s*"
    r"(?P<number>\d[\d.,' ]*|\.\d+)\s*(?P<after>[^\d\s.,'()]{1,4})?\s*\)?"
)
#: thousand sign, decimal sign, and a number written with them
_WRITTEN = (
    (",", ".", "1,234.5"),
    (".", ",", "1.234,5"),
    (" ", ",", "1 234,5"),
    ("'", ".", "1'234.5"),
    ("", ".", "1234.5"),
    ("", ",", "1234,5"),
)
#: what an amount is written with -> the currency that says
CURRENCIES = {
    "円": "JPY", "千円": "JPY", "万円": "JPY", "百万円": "JPY", "億円": "JPY", "¥": "JPY", "￥": "JPY", "€": "EUR",
    "£": "GBP", "₩": "KRW", "₹": "INR", "US$": "USD", "A$": "AUD", "C$": "CAD", "S$": "SGD", "$": "USD",
}  # fmt: skip


@cache
def number_forms(seen: tuple[str, ...]) -> tuple[str, ...] | None:
    """Examples of how all texts are written as numbers, for `number:`; `None` where they are plain numbers.

    No example: they are no numbers. Several: each can be meant, as in 1.200.
    """
    if all(NUMBER.fullmatch(value) for value in seen) and not _thousands_or_cents(seen):
        return None
    parts = [_SIGNED.fullmatch(unicodedata.normalize("NFKC", value).strip()) for value in seen]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts) or not found:
        return ()
    # a column has one sign for its money and one unit; one without is the plain form of it
    before, after = ({part[name] or "" for part in found} - {""} for name in ("before", "after"))
    if len(before) > 1 or len(after) > 1:
        return ()
    numbers = [part["number"].strip() for part in found]
    fit = [
        (thousand, decimal, example)
        for thousand, decimal, example in _WRITTEN
        if all(_is_written(number, thousand, decimal) for number in numbers)
    ]
    if _thousands_or_cents(numbers):
        fit = [one for one in fit if one[0] == "." or one[1] == "."]
        fit = [one for one in fit if one[2] in ("1.234,5", "1234.5")]
    else:
        # 1,200 alone may be more than a thousand or a little more than one: it is the first wherever it is written
        fit = (
            fit[:1]
            if any("," in n for n in numbers)
            else [one for one in fit if one[2] == "1234.5"] or fit[:1]
        )
    left, right = next(iter(before), ""), next(iter(after), "")
    apart = " " if right and any(re.search(r"\d\s+\D+\)?$", value) for value in seen) else ""
    near = " " if left and any(re.search(rf"{re.escape(left)}\s+\d", value) for value in seen) else ""
    return tuple(f"{left}{near}{example}{apart}{right}" for _, _, example in fit)


def _is_written(number: str, thousand: str, decimal: str) -> bool:
    whole = r"\d+" if not thousand else rf"(\d+|\d{{1,3}}({re.escape(thousand)}\d{{3}})+)"
    return re.fullmatch(rf"({whole})?({re.escape(decimal)}\d+)?", number) is not None


def _thousands_or_cents(numbers: Sequence[str]) -> bool:
    """Whether all numbers with a point can be ones with thousands, as 1.200, and nothing tells."""
    points = [number for number in numbers if "." in number]
    return (
        bool(points)
        and all(re.fullmatch(r"[+-]?[1-9]\d{0,2}\.\d{3}", number) for number in points)
        and all(re.fullmatch(r"[+-]?\d{1,3}(\.\d{3})?", number) for number in numbers)
    )


def currency_of(example: str) -> str:
    """The currency that a number's example names; empty where it names none."""
    signs = re.sub(r"[\d\s.,'%]", "", unicodedata.normalize("NFKC", example))
    if re.fullmatch(r"[A-Z]{3}", signs):
        return signs
    return CURRENCIES.get(signs, "")
