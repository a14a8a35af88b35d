"""Reads numbers and dates in the format that the sources file gives for a column, by SQL expressions of DuckDB.

A text that is not in that format stays as it is, so that the contract's checks report it.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from cs_helpers.contract.clocks import PLAIN, WIDE
from cs_helpers.sources.sql_quoting import sql_text

#: date formats beyond those of strptime
FORMAT_WORDS = ("era", "excel", "epoch", "epoch_ms")
#: allowed values of `number`, for error messages
EXAMPLES_HINT = 'an example such as "1,234.5", "1.234,5", "1 234,5", "1\'234.5", "1234,5", "¥1,234", "120千円", "1.2M", "12 %"'

#: the signs and names of each currency
_CURRENCIES = (
    ("¥", "円", "JPY", "yen"), ("$", "US$", "USD", "ドル"), ("€", "EUR", "ユーロ"), ("£", "GBP", "ポンド"),
    ("CN¥", "元", "CNY", "RMB"), ("₩", "원", "KRW", "ウォン"), ("CHF", "SFr."), ("A$", "AU$", "AUD"),
    ("C$", "CA$", "CAD"), ("NZ$", "NZD"), ("S$", "SGD"), ("HK$", "HKD"), ("NT$", "TWD"), ("₹", "INR"),
    ("kr",), ("SEK",), ("NOK",), ("DKK",), ("R$", "BRL"), ("zł", "PLN"), ("฿", "THB"), ("₫", "VND"),
    ("MX$", "MXN"), ("Rp", "IDR"), ("₱", "PHP"), ("₺", "TRY"), ("₪", "ILS"), ("Kč", "CZK"), ("Ft", "HUF"),
)  # fmt: skip
#: unit -> its power of ten
_UNITS = {
    "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "億": 8, "十億": 9, "百億": 10, "兆": 12,
    "k": 3, "m": 6, "mn": 6, "mio": 6, "b": 9, "bn": 9,
}  # fmt: skip
_WIDE_SIGNS = WIDE + "（）％￥＄’△▲‐‑–ＫＭ"
_PLAIN_SIGNS = PLAIN + "()%¥$'-----KM"
_GROUPS = ("lead", "mid", "whole", "part", "unit", "close", "last")
_NEGATIVE = ("-", "()")

#: era -> the year before its first one, its first and its last day (JIS X 0301)
_ERAS = {
    "R令㋿": (2018, "2019-05-01", "9999-12-31"), "H平㍻": (1988, "1989-01-08", "2019-04-30"),
    "S昭㍼": (1925, "1926-12-25", "1989-01-07"), "T大㍽": (1911, "1912-07-30", "1926-12-24"),
    "M明㍾": (1867, "1868-01-25", "1912-07-29"),
}  # fmt: skip
_WIDE_ERA_LETTERS, _ERA_LETTERS = "ＲＨＳＴＭ", "RHSTM"
#: pattern of a date by era
ERA_DATE = (
    "(?i)^(令和|平成|昭和|大正|明治|[RHSTM令平昭大明㋿㍻㍼㍽㍾])[ .]*(元|[0-9]{1,2}) *(?:年|[./-]) *([0-9]{1,2}) *(?:月|[./-])"
    " *([0-9]{1,2}) *日?(?: +([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?$"
)
#: without the first days of 1900, where Excel counts a 29 February that did not exist
_EXCEL_RANGE = (61, 2_958_466)
#: from 3 March 1973: smaller numbers are zeros, or seconds taken for milliseconds
_EPOCH_RANGE = (100_000_000, 253_402_300_800)
_OFFSET = r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)"


@dataclass(frozen=True)
class NumberForm:
    """The format of the numbers of a column.

    thousand, decimal: the separators, '' where there is none. currency: signs and names that may stand next to a
    number. percent: whether a percent sign may; 12 % is read as 12.
    """

    thousand: str
    decimal: str
    currency: tuple[str, ...] = ()
    percent: bool = False

    @classmethod
    def of(cls, example: str) -> NumberForm:
        """The form of an example; raises `ValueError` (a sentence) where it is not a number, or ambiguous."""
        all_currency_words = [word for words in _CURRENCIES for word in words]
        match = re.fullmatch(
            _pattern(r"[0-9](?:[0-9., ']*[0-9])?", "", all_currency_words, percent=True), _to_plain(example)
        )
        if match is None or "".join(match.group(1, 3, 7, 10)) not in ("", "+", *_NEGATIVE):
            raise ValueError(f"'{example}' is no example of a number")
        named_currencies = [
            next(c for c in _CURRENCIES if _contains(c, word)) for word in match.group(2, 8) if word
        ]
        if len(set(named_currencies)) > 1:
            raise ValueError(f"'{example}' names two currencies")
        currency = named_currencies[0] if named_currencies else ()
        thousand, decimal = _number_signs(example, match[4])
        # in Japanese, a comma always separates thousands
        if (
            not thousand
            and decimal == "."
            and ("円" in currency or re.match("[^a-z]", match[6] or "a", re.I))
        ):
            thousand = ","
        return cls(thousand, decimal, currency, bool(match[9]))

    @cached_property
    def pattern(self) -> str:
        """A regular expression (RE2 and Python) of numbers in this form; its groups are `_GROUPS`."""
        whole = (
            rf"[1-9][0-9]{{0,2}}(?:{re.escape(self.thousand)}[0-9]{{3}})+|[0-9]*"
            if self.thousand
            else "[0-9]*"
        )
        return _pattern(whole, self.decimal, self.currency, percent=self.percent, for_reading=True)

    def read(self, text: str) -> str | None:
        """Convert a text to a plain number without loss; `None` where it does not have this form."""
        match = re.fullmatch(self.pattern, _to_plain(text))
        if match is None:
            return None
        parts = {name: match[i] or "" for i, name in enumerate(_GROUPS, 1)}
        sign = parts["lead"] + parts["mid"] + parts["close"] + parts["last"]
        if sign not in ("", "+", *_NEGATIVE) or not parts["whole"] + parts["part"]:
            return None
        zeros = _UNITS.get(parts["unit"].lower(), 0)
        whole = parts["whole"].replace(self.thousand, "") + parts["part"][:zeros].ljust(zeros, "0")
        fraction = parts["part"][zeros:]
        return ("-" if sign in _NEGATIVE else "") + whole + (f".{fraction}" if fraction else "")

    def sql(self, value: str) -> str:
        """The SQL that converts the texts of `value`, an expression, to plain numbers; typed values stay as they are."""
        text = f"CAST({value} AS VARCHAR)"
        names = ", ".join(sql_text(name) for name in _GROUPS)
        match = f"regexp_extract(translate({text}, {sql_text(_WIDE_SIGNS)}, {sql_text(_PLAIN_SIGNS)}), {sql_text(self.pattern)}, [{names}])"
        parts = {name: f"{match}.{name}" for name in _GROUPS}
        sign = f"({parts['lead']} || {parts['mid']} || {parts['close']} || {parts['last']})"
        negative = ", ".join(sql_text(s) for s in _NEGATIVE)
        whens = " ".join(f"WHEN {sql_text(unit)} THEN {zeros}" for unit, zeros in _UNITS.items())
        zeros = f"CASE lower({parts['unit']}) {whens} ELSE 0 END"
        whole = (
            f"replace({parts['whole']}, {sql_text(self.thousand)}, '')" if self.thousand else parts["whole"]
        )
        fraction = f"substr({parts['part']}, {zeros} + 1)"
        return (
            f"CASE WHEN typeof({value}) <> 'VARCHAR' OR {parts['whole']} || {parts['part']} = ''"
            f" OR {sign} NOT IN ('', '+', {negative}) THEN {text}"
            f" ELSE CASE WHEN {sign} IN ({negative}) THEN '-' ELSE '' END || {whole}"
            f" || rpad({parts['part']}, {zeros}, '0') || CASE WHEN {fraction} = '' THEN '' ELSE '.' || {fraction} END END"
        )


def anonymous_example(texts: Sequence[str]) -> str | None:
    """An example of the form of numbers in texts; `None` where no form reads them all.

    Its digits are replaced by 1, 2, 3 ..., so that messages do not disclose amounts.
    """
    for text in dict.fromkeys(texts):
        try:
            form = NumberForm.of(text)
        except ValueError:
            continue
        if all(form.read(other_text) is not None for other_text in texts):
            anonymous = _replace_digits(_to_plain(text).strip())
            return anonymous if NumberForm.of(anonymous) == form else text.strip()
    return None


def _replace_digits(text: str) -> str:
    digits = itertools.cycle("123456789")
    return re.sub("[0-9]", lambda _: next(digits), text)


def format_problem(format_: str) -> str:
    """Why a `format` is invalid; '' where it is valid."""
    if format_ in FORMAT_WORDS:
        return ""
    if "%" not in format_:
        return f"'{format_}' says no way to write a date"
    if "%Z" in format_:
        return "names of time zones are not read; write the name itself in the format, and its zone as 'timezone'"
    if "%z" in format_ and not re.search(r"\s%z\s|%z\s*$", format_):
        return "%z has to stand at the end or between blanks"
    return ""


def date_sql(format_: str, expression: str) -> str:
    """The SQL that converts the texts of `value`, an expression, to ISO dates and times by a `format`."""
    raw_text = f"CAST({expression} AS VARCHAR)"
    text = f"trim(translate({raw_text}, {sql_text(WIDE)}, {sql_text(PLAIN)}))"
    if format_ == "era":
        parsed = _era_sql(text)
    elif format_ == "excel":
        parsed = _excel_sql(text)
    elif format_ in ("epoch", "epoch_ms"):
        parsed = _epoch_sql(text, 1000 if format_ == "epoch_ms" else 1)
    else:
        parsed = _strptime_sql(text, format_)
    return f"coalesce({parsed}, {raw_text})"


def _strptime_sql(text: str, format_: str) -> str:
    """Reads by strptime; a date where the format has no time, and with the UTC offset as written."""
    if "%z" not in format_:
        type_ = "VARCHAR" if re.search(r"%-?[HIMSfgnpXcTR]", format_) else "DATE"
        return f"CAST(CAST(try_strptime({text}, {sql_text(format_)}) AS {type_}) AS VARCHAR)"
    at_end = re.search(r"%z\s*$", format_) is not None
    pattern = rf"\s*{_OFFSET}$" if at_end else rf"\s+{_OFFSET}\s"
    without_offset = re.sub(r"\s*%z\s*$", "", format_) if at_end else re.sub(r"\s+%z\s", " ", format_)
    parsed = (
        f"try_strptime(trim(regexp_replace({text}, {sql_text(pattern)}, ' ')), {sql_text(without_offset)})"
    )
    return f"CAST({parsed} AS VARCHAR) || regexp_extract({text}, {sql_text(pattern)}, 1)"


def _era_sql(text: str) -> str:
    names = ("era", "year", "month", "day", "clock")
    groups = ", ".join(sql_text(name) for name in names)
    match = f"regexp_extract(translate({text}, '{_WIDE_ERA_LETTERS}', '{_ERA_LETTERS}'), {sql_text(ERA_DATE)}, [{groups}])"
    letter = f"upper(left({match}.era, 1))"
    base_years = " ".join(
        f"WHEN contains('{letters}', {letter}) THEN {base}" for letters, (base, *_) in _ERAS.items()
    )
    year = f"(CASE {base_years} END + CASE {match}.year WHEN '元' THEN 1 ELSE TRY_CAST({match}.year AS INTEGER) END)"
    day = f"TRY_CAST({year} || '-' || {match}.month || '-' || {match}.day AS DATE)"
    in_era = " OR ".join(
        f"contains('{letters}', {letter}) AND {day} BETWEEN DATE '{first}' AND DATE '{last}'"
        for letters, (_, first, last) in _ERAS.items()
    )
    clock = f"CASE WHEN {match}.clock = '' THEN '' ELSE ' ' || {match}.clock END"
    return f"CASE WHEN {match}.era <> '' AND ({in_era}) THEN CAST({day} AS VARCHAR) || {clock} END"


def _excel_sql(text: str) -> str:
    """Reads serial numbers of days, with times rounded to seconds, as Excel shows them, but never to the next day."""
    number = f"TRY_CAST(CASE WHEN regexp_matches({text}, '^[0-9]+(\\.[0-9]*)?$') THEN {text} END AS DOUBLE)"
    first, end = _EXCEL_RANGE
    in_range = f"CASE WHEN {number} >= {first} AND {number} < {end} THEN {number} END"
    day = f"CAST(DATE '1899-12-30' + CAST(floor({in_range}) AS INTEGER) AS VARCHAR)"
    seconds = f"least(round(({in_range} - floor({in_range})) * 86400), 86399)"
    clock = f"CAST(TIME '00:00:00' + to_seconds({seconds}) AS VARCHAR)"
    return f"{day} || CASE WHEN {in_range} = floor({in_range}) THEN '' ELSE ' ' || {clock} END"


def _epoch_sql(text: str, units_per_second: int) -> str:
    number = f"TRY_CAST(CASE WHEN regexp_matches({text}, '^[0-9]+(\\.[0-9]*)?$') THEN {text} END AS DECIMAL(38, 9))"
    first, end = (bound * units_per_second for bound in _EPOCH_RANGE)
    in_range = f"CASE WHEN {number} >= {first} AND {number} < {end} THEN {number} END"
    micros = f"CAST(floor({in_range} * {1_000_000 // units_per_second}) AS BIGINT)"
    return f"CAST(make_timestamp({micros}) AS VARCHAR) || 'Z'"


def _pattern(
    whole: str, decimal: str, currency: Sequence[str], *, percent: bool, for_reading: bool = False
) -> str:
    """A pattern of signs, currency, number, unit and percent; `for_reading` omits the groups for examples."""

    def group(inner: str) -> str:
        return f"(?:{inner})" if for_reading else f"({inner})"

    currency_part = (
        group("|".join(re.escape(w) for w in sorted(currency, key=len, reverse=True))) + "?"
        if currency
        else ""
    )
    units = "|".join(sorted(_UNITS, key=len, reverse=True))
    fraction = f"(?:{re.escape(decimal)}([0-9]+))?" if decimal else "()"
    percent_part = group("%") + "?" if percent else ""
    return (
        rf"(?i)^ *([-+(]?) *{currency_part} *([-+(]?) *({whole}){fraction} *({units})? *([-)]?) *{currency_part} *{percent_part}"
        r" *([-)]?) *$"
    )


def _number_signs(example: str, number: str) -> tuple[str, str]:
    """The separators of thousands and decimals in the number of an example; raises `ValueError` (a sentence)."""
    signs = re.findall("[^0-9]", number)
    groups = re.split("[^0-9]", number)
    if not signs:
        return "", "."
    last = signs[-1]
    can_be_grouped = len(groups[0]) <= 3 and groups[0][0] != "0"
    if len(set(signs)) == 2 and signs.count(last) == 1 and last in ".,":
        if can_be_grouped and all(len(g) == 3 for g in groups[1:-1]):
            return signs[0], last
    elif (
        len(set(signs)) == 1
        and last in ".,"
        and len(signs) == 1
        and not (can_be_grouped and len(groups[1]) == 3)
    ):
        return "", last
    elif len(set(signs)) == 1 and can_be_grouped and all(len(g) == 3 for g in groups[1:]):
        if number.count(".") == 1:
            raise ValueError(
                f"'{example}' may be a thousand and a fraction; write an example with both signs, or one as 1234.5"
            )
        return last, {",": ".", ".": ",", "'": "."}.get(last, "")
    raise ValueError(f"'{example}' is no example of a number: its signs do not part thousands and decimals")


def _contains(words: Sequence[str], word: str) -> bool:
    return word.lower() in (w.lower() for w in words)


def _to_plain(text: str) -> str:
    return text.translate(str.maketrans(_WIDE_SIGNS, _PLAIN_SIGNS))
