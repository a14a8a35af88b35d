"""Normal forms of keys, as Ibis expressions and in Python.

`001` and `1`, `A1` and a full-width `Ａ１`, or the 15- and 18-character forms of one Salesforce id are different keys
to a computer. They are merged only where the sources file says so (`normalize`); elsewhere they are reported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal, get_args

import ibis
import ibis.expr.types as ir

Form = Literal["width", "trim", "salesforce", "point_zero", "zeros", "case"]

#: all forms, in the order in which they are applied: the Salesforce suffix depends on the case of the letters, and
#: expressions that repeat their input come before those that use it once, to keep the SQL short
FORMS: tuple[Form, ...] = get_args(Form)

#: blanks that are stripped from the ends of a key, including no-break, full-width and zero-width ones
BLANKS = (
    "\t\n\x0b\x0c\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u200b\u200c\u200d\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)
_ENDS = f"^[{BLANKS}]+|[{BLANKS}]+$"
_POINT_ZERO = r"^([+-]?[0-9]+)[.]0+$"
_ZEROS = r"^0+([0-9]+)$"
_SALESFORCE = r"^[0-9A-Za-z]{15}$"
_CAPITALS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_SUFFIXES = _CAPITALS + "012345"

_HALF = "".join(map(chr, range(0xFF61, 0xFF9E)))  # half-width katakana, without the two voicing marks
_VOICED = {
    c + mark: unicodedata.normalize("NFKC", c + mark)
    for c in _HALF
    for mark in "\uff9e\uff9f"
    if len(unicodedata.normalize("NFKC", c + mark)) == 1
}
#: full-width letters, digits and signs and half-width katakana, and below the standard form of each
WIDE = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000" + _HALF + "\uff9e\uff9f"
PLAIN = unicodedata.normalize("NFKC", "".join(map(chr, range(0xFF01, 0xFF5F)))) + " "
PLAIN += "".join(unicodedata.normalize("NFKC", c) for c in _HALF) + "\u309b\u309c"
_TO_PLAIN = str.maketrans(WIDE, PLAIN)


def normalize(text: ir.StringValue, forms: Sequence[str], dialect: str = "duckdb") -> ir.StringValue:
    """A text column in the given normal forms, as an expression that runs on every engine; null stays null.

    dialect: the engine's SQL dialect, as Ibis names it.
    """
    group = "$1" if dialect == "pyspark" else r"\1"
    if "width" in forms:
        text = _width(text)
    if "trim" in forms:
        text = text.re_replace(_ENDS, "")
    if "salesforce" in forms:
        text = _salesforce(text)
    if "point_zero" in forms:
        text = text.re_replace(_POINT_ZERO, group)
    if "zeros" in forms:
        text = text.re_replace(_ZEROS, group)
    return text.upper() if "case" in forms else text


def normalize_text(text: str, forms: Sequence[str]) -> str:
    """The same as `normalize`, for a single text in Python."""
    if "width" in forms and not text.isascii():
        if "\uff9e" in text or "\uff9f" in text:
            for pair, letter in _VOICED.items():
                text = text.replace(pair, letter)
        text = text.translate(_TO_PLAIN)
    if "trim" in forms:
        text = text.strip(BLANKS)
    if "salesforce" in forms and re.search(_SALESFORCE, text):
        text += "".join(
            _SUFFIXES[sum(1 << i for i, c in enumerate(text[start : start + 5]) if c in _CAPITALS)]
            for start in (0, 5, 10)
        )
    for form, pattern in (("point_zero", _POINT_ZERO), ("zeros", _ZEROS)):
        if form in forms:
            text = re.sub(pattern, r"\1", text)
    return text.upper() if "case" in forms else text


def comparison_key(text: str) -> str:
    """A key that is equal for two names that differ only in case, width or blanks."""
    normalized = normalize_text(text, ("width", "case"))
    return "".join(c for c in normalized if c not in BLANKS)


def _width(text: ir.StringValue) -> ir.StringValue:
    voiced = text
    for pair, letter in _VOICED.items():
        voiced = voiced.replace(pair, letter)
    text = ibis.ifelse(text.re_search("[\uff9e\uff9f]"), voiced, text)
    return text.translate(WIDE, PLAIN)


def _salesforce(text: ir.StringValue) -> ir.StringValue:
    suffix = []
    for start in (0, 5, 10):
        bits = ibis.literal(0)
        for i in range(5):
            bits = bits + ibis.ifelse(text.substr(start + i, 1).isin(list(_CAPITALS)), 1 << i, 0)
        suffix.append(ibis.literal(_SUFFIXES).substr(bits, 1))
    long_id = text
    for letter in suffix:
        long_id = long_id.concat(letter)
    return ibis.ifelse(text.re_search(_SALESFORCE), long_id, text)
