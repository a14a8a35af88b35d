"""Numbers and dates as people write them in text, by what the sources file says of a column.

Read by DuckDB, the engine of the files. What is not written so stays as it is, for the contract's check to name.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cs_helpers.contract.clocks import PLAIN, WIDE

#: ways of writing dates that are no format of strptime
WORDS = ("era", "excel", "epoch", "epoch_ms")
#: what may be said of numbers, for errors
ALLOWED = 'an example such as "1,234.5", "1.234,5", "1 234,5", "1\'234.5", "1234,5", "¥1,234", "120千円", "1.2M", "12 %"'

#: the signs and words of each currency
_CURRENCIES = (
    ("¥", "円", "JPY", "yen"), ("$", "US$", "USD", "ドル"), ("€", "EUR", "ユーロ"), ("£", "GBP", "ポンド"),
    ("CN¥", "元", "CNY", "RMB"), ("₩", "원", "KRW", "ウォン"), ("CHF", "SFr."), ("A$", "AU$", "AUD"),
    ("C$", "CA$", "CAD"), ("NZ$", "NZD"), ("S$", "SGD"), ("HK$", "HKD"), ("NT$", "TWD"), ("₹", "INR"),
    ("kr",), ("SEK",), ("NOK",), ("DKK",), ("R$", "BRL"), ("zł", "PLN"), ("฿", "THB"), ("₫", "VND"),
    ("MX$", "MXN"), ("Rp", "IDR"), ("₱", "PHP"), ("₺", "TRY"), ("₪", "ILS"), ("Kč", "CZK"), ("Ft", "HUF"),
)  # fmt: skip
#: how many zeros a unit stands for
_UNITS = {
    "千": 3, "万": 4, "十万": 5, "百万": 6, "千万": 7, "億": 8, "十億": 9, "百億": 10, "兆": 12,
    "k": 3, "m": 6, "mn": 6, "mio": 6, "b": 9, "bn": 9,
}  # fmt: skip
_WIDE = WIDE + "（）％￥＄’△▲‐‑–ＫＭ"
_PLAIN = PLAIN + "()%¥$'-----KM"
_GROUPS = ("lead", "mid", "whole", "part", "unit", "close", "last")
_NEGATIVE = ("-", "()")

#: era -> the year before its first, its first and its last day (JIS X 0301)
_ERAS = {
    "R令㋿": (2018, "2019-05-01", "9999-12-31"), "H平㍻": (1988, "1989-01-08", "2019-04-30"),
    "S昭㍼": (1925, "1926-12-25", "1989-01-07"), "T大㍽": (1911, "1912-07-30", "1926-12-24"),
    "M明㍾": (1867, "1868-01-25", "1912-07-29"),
}  # fmt: skip
_WIDE_ERAS, _ERA_LETTERS = "ＲＨＳＴＭ", "RHSTM"
#: how a day of an era is written
ERA = (
    "(?i)^(令和|平成|昭和|大正|明治|[RHSTM令平昭大明㋿㍻㍼㍽㍾])[ .]*(元|[0-9]{1,2}) *(?:年|[./-]) *([0-9]{1,2}) *(?:月|[./-])"
    " *([0-9]{1,2}) *日?(?: +([0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?))?$"
)
#: days of 1900, in which Excel knows a 29 February that was none, are taken for what is no date
_EXCEL = (61, 2_958_466)
#: an earlier moment (3 March 1973) is a zero, or seconds that were taken for milliseconds
_EPOCH = (100_000_000, 253_402_300_800)
_OFFSET = r"(Z|[+-][0-9]{2}(?::?[0-9]{2})?)"


@dataclass(frozen=True)
class NumberForm:
    """How the numbers of a column are written.

    thousand, decimal: their signs, '' where there is none. currency: the signs and words that may stand beside a
    number. percent: whether a sign of percent may; 12 % is 12.
    """

    thousand: str
    decimal: str
    currency: tuple[str, ...] = ()
    percent: bool = False

    @classmethod
    def of(cls, example: str) -> NumberForm:
        """The form of an example; raises `ValueError` (a sentence) where it is none, or may be two."""
        every = [word for words in _CURRENCIES for word in words]
        found = re.fullmatch(_pattern(r"[0-9](?:[0-9., ']*[0-9])?", "", every, percent=True), _plain(example))
        if found is None or "".join(found.group(1, 3, 7, 10)) not in ("", "+", *_NEGATIVE):
            raise ValueError(f"'{example}' is no example of a number")
        spoken = [next(c for c in _CURRENCIES if _has(c, word)) for word in found.group(2, 8) if word]
        if len(set(spoken)) > 1:
            raise ValueError(f"'{example}' names two currencies")
        currency = spoken[0] if spoken else ()
        thousand, decimal = _signs(example, found[4])
        # in Japanese, commas part thousands wherever they stand
        if (
            not thousand
            and decimal == "."
            and ("円" in currency or re.match("[^a-z]", found[6] or "a", re.I))
        ):
            thousand = ","
        return cls(thousand, decimal, currency, bool(found[9]))

    @property
    def pattern(self) -> str:
        """A regular expression (RE2 and Python) of numbers so written; its groups are `_GROUPS`."""
        whole = (
            rf"[1-9][0-9]{{0,2}}(?:{re.escape(self.thousand)}[0-9]{{3}})+|[0-9]*"
            if self.thousand
            else "[0-9]*"
        )
        return _pattern(whole, self.decimal, self.currency, percent=self.percent, named=True)

    def plain(self, text: str) -> str | None:
        """A text as a plain number, exactly; `None` where it is not so written."""
        found = re.fullmatch(self.pattern, _plain(text))
        if found is None:
            return None
        part = {name: found[i] or "" for i, name in enumerate(_GROUPS, 1)}
        sign = part["lead"] + part["mid"] + part["close"] + part["last"]
        if sign not in ("", "+", *_NEGATIVE) or not part["whole"] + part["part"]:
            return None
        zeros = _UNITS.get(part["unit"].lower(), 0)
        whole = part["whole"].replace(self.thousand, "") + part["part"][:zeros].ljust(zeros, "0")
        rest = part["part"][zeros:]
        return ("-" if sign in _NEGATIVE else "") + whole + (f".{rest}" if rest else "")

    def sql(self, value: str) -> str:
        """An expression of DuckDB as text with plain numbers; what the engine holds as a number stays."""
        text = f"CAST({value} AS VARCHAR)"
        names = ", ".join(_quoted(name) for name in _GROUPS)
        found = f"regexp_extract(translate({text}, {_quoted(_WIDE)}, {_quoted(_PLAIN)}), {_quoted(self.pattern)}, [{names}])"
        part = {name: f"{found}.{name}" for name in _GROUPS}
        sign = f"({part['lead']} || {part['mid']} || {part['close']} || {part['last']})"
        negative = ", ".join(_quoted(s) for s in _NEGATIVE)
        whens = " ".join(f"WHEN {_quoted(unit)} THEN {zeros}" for unit, zeros in _UNITS.items())
        zeros = f"CASE lower({part['unit']}) {whens} ELSE 0 END"
        whole = f"replace({part['whole']}, {_quoted(self.thousand)}, '')" if self.thousand else part["whole"]
        rest = f"substr({part['part']}, {zeros} + 1)"
        return (
            f"CASE WHEN typeof({value}) <> 'VARCHAR' OR {part['whole']} || {part['part']} = ''"
            f" OR {sign} NOT IN ('', '+', {negative}) THEN {text}"
            f" ELSE CASE WHEN {sign} IN ({negative}) THEN '-' ELSE '' END || {whole}"
            f" || rpad({part['part']}, {zeros}, '0') || CASE WHEN {rest} = '' THEN '' ELSE '.' || {rest} END END"
        )


def number_example(texts: Sequence[str]) -> str | None:
    """An example of how the numbers among some texts are written; `None` where no form reads them all.

    Its digits are 1, 2, 3 ...: what a customer pays is told to nobody who reads a message.
    """
    for text in dict.fromkeys(texts):
        try:
            form = NumberForm.of(text)
        except ValueError:
            continue
        if all(form.plain(other) is not None for other in texts):
            like = _counted(_plain(text).strip())
            return like if NumberForm.of(like) == form else text.strip()
    return None


def _counted(text: str) -> str:
    digits = itertools.cycle("123456789")
    return re.sub("[0-9]", lambda _: next(digits), text)


def wrong_format(said: str) -> str:
    """What is wrong with a `format`; '' where nothing is."""
    if said in WORDS:
        return ""
    if "%" not in said:
        return f"'{said}' says no way to write a date"
    if "%Z" in said:
        return "names of time zones are not read; write the name itself in the format, and its zone as 'timezone'"
    if "%z" in said and not re.search(r"\s%z\s|%z\s*$", said):
        return "%z has to stand at the end or between blanks"
    return ""


def dated(said: str, value: str) -> str:
    """An expression of DuckDB as text with dates as the contract reads them; `said` is a `format`."""
    raw = f"CAST({value} AS VARCHAR)"
    text = f"trim(translate({raw}, {_quoted(WIDE)}, {_quoted(PLAIN)}))"
    if said == "era":
        read = _era(text)
    elif said == "excel":
        read = _excel(text)
    elif said in ("epoch", "epoch_ms"):
        read = _epoch(text, 1000 if said == "epoch_ms" else 1)
    else:
        read = _strptime(text, said)
    return f"coalesce({read}, {raw})"


def _strptime(text: str, said: str) -> str:
    """As strptime reads it; a day where the format has no clock, and with the offset as it is written."""
    if "%z" not in said:
        kind = "VARCHAR" if re.search(r"%-?[HIMSfgnpXcTR]", said) else "DATE"
        return f"CAST(CAST(try_strptime({text}, {_quoted(said)}) AS {kind}) AS VARCHAR)"
    at_end = re.search(r"%z\s*$", said) is not None
    pattern = rf"\s*{_OFFSET}$" if at_end else rf"\s+{_OFFSET}\s"
    bare = re.sub(r"\s*%z\s*$", "", said) if at_end else re.sub(r"\s+%z\s", " ", said)
    clock = f"try_strptime(trim(regexp_replace({text}, {_quoted(pattern)}, ' ')), {_quoted(bare)})"
    return f"CAST({clock} AS VARCHAR) || regexp_extract({text}, {_quoted(pattern)}, 1)"


def _era(text: str) -> str:
    names = ("era", "year", "month", "day", "clock")
    groups = ", ".join(_quoted(name) for name in names)
    found = f"regexp_extract(translate({text}, '{_WIDE_ERAS}', '{_ERA_LETTERS}'), {_quoted(ERA)}, [{groups}])"
    letter = f"upper(left({found}.era, 1))"
    before = " ".join(
        f"WHEN contains('{letters}', {letter}) THEN {base}" for letters, (base, *_) in _ERAS.items()
    )
    year = (
        f"(CASE {before} END + CASE {found}.year WHEN '元' THEN 1 ELSE TRY_CAST({found}.year AS INTEGER) END)"
    )
    day = f"TRY_CAST({year} || '-' || {found}.month || '-' || {found}.day AS DATE)"
    within = " OR ".join(
        f"contains('{letters}', {letter}) AND {day} BETWEEN DATE '{first}' AND DATE '{last}'"
        for letters, (_, first, last) in _ERAS.items()
    )
    clock = f"CASE WHEN {found}.clock = '' THEN '' ELSE ' ' || {found}.clock END"
    return f"CASE WHEN {found}.era <> '' AND ({within}) THEN CAST({day} AS VARCHAR) || {clock} END"


def _excel(text: str) -> str:
    """Serial numbers of days, the clock to the second that Excel shows; never another day than the number's."""
    number = f"TRY_CAST(CASE WHEN regexp_matches({text}, '^[0-9]+(\\.[0-9]*)?$') THEN {text} END AS DOUBLE)"
    first, end = _EXCEL
    fits = f"CASE WHEN {number} >= {first} AND {number} < {end} THEN {number} END"
    day = f"CAST(DATE '1899-12-30' + CAST(floor({fits}) AS INTEGER) AS VARCHAR)"
    seconds = f"least(round(({fits} - floor({fits})) * 86400), 86399)"
    clock = f"CAST(TIME '00:00:00' + to_seconds({seconds}) AS VARCHAR)"
    return f"{day} || CASE WHEN {fits} = floor({fits}) THEN '' ELSE ' ' || {clock} END"


def _epoch(text: str, parts: int) -> str:
    number = f"TRY_CAST(CASE WHEN regexp_matches({text}, '^[0-9]+(\\.[0-9]*)?$') THEN {text} END AS DECIMAL(38, 9))"
    first, end = (bound * parts for bound in _EPOCH)
    fits = f"CASE WHEN {number} >= {first} AND {number} < {end} THEN {number} END"
    micros = f"CAST(floor({fits} * {1_000_000 // parts}) AS BIGINT)"
    return f"CAST(make_timestamp({micros}) AS VARCHAR) || 'Z'"


def _pattern(whole: str, decimal: str, currency: Sequence[str], *, percent: bool, named: bool = False) -> str:
    """Signs, currency, number, unit, percent; the groups that `named` leaves out are those of the example alone."""

    def group(inside: str) -> str:
        return f"(?:{inside})" if named else f"({inside})"

    money = (
        group("|".join(re.escape(w) for w in sorted(currency, key=len, reverse=True))) + "?"
        if currency
        else ""
    )
    units = "|".join(sorted(_UNITS, key=len, reverse=True))
    part = f"(?:{re.escape(decimal)}([0-9]+))?" if decimal else "()"
    of_hundred = group("%") + "?" if percent else ""
    return (
        rf"(?i)^ *([-+(]?) *{money} *([-+(]?) *({whole}){part} *({units})? *([-)]?) *{money} *{of_hundred}"
        r" *([-)]?) *$"
    )


def _signs(example: str, number: str) -> tuple[str, str]:
    """The signs for thousands and decimals of an example's number."""
    signs = re.findall("[^0-9]", number)
    groups = re.split("[^0-9]", number)
    if not signs:
        return "", "."
    last = signs[-1]
    grouped = len(groups[0]) <= 3 and groups[0][0] != "0"
    if len(set(signs)) == 2 and signs.count(last) == 1 and last in ".,":
        if grouped and all(len(g) == 3 for g in groups[1:-1]):
            return signs[0], last
    elif len(set(signs)) == 1 and last in ".," and len(signs) == 1 and not (grouped and len(groups[1]) == 3):
        return "", last
    elif len(set(signs)) == 1 and grouped and all(len(g) == 3 for g in groups[1:]):
        if number.count(".") == 1:
            raise ValueError(
                f"'{example}' may be a thousand and a fraction; write an example with both signs, or one as 1234.5"
            )
        return last, {",": ".", ".": ",", "'": "."}.get(last, "")
    raise ValueError(f"'{example}' is no example of a number: its signs do not part thousands and decimals")


def _has(words: Sequence[str], word: str) -> bool:
    return word.lower() in (w.lower() for w in words)


def _plain(text: str) -> str:
    return text.translate(str.maketrans(_WIDE, _PLAIN))


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
