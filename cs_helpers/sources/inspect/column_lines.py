"""How a column that was found is mapped, in YAML: its format, its numbers, the contract's words for its values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from cs_helpers.contract.casts import FALSE, TRUE
from cs_helpers.contract.schema import Table
from cs_helpers.sources.inspect.inspection import FoundColumn, one_line
from cs_helpers.sources.inspect.names import plain, words
from cs_helpers.sources.inspect.value_forms import NOTHING, NUMBER, date_forms, number_forms
from cs_helpers.sources.inspect.value_words import BOUNDS, INDUSTRIES, RANKS, VALUES

#: values of a column that are listed; classes of customers that there may be
LISTED, _CLASSES = 12, 7
_KEY = 0.95  # a key may repeat by mistake: the contract counts that and leaves the rows out
_MOST = 0.9  # of the values of a column of dates or numbers, so many are written as such
_FLAGS = (*TRUE, *FALSE)
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True)
class Line:
    """A mapping: `said` in YAML, or what is `needed`, or `offered` as a comment; what to `check`.

    sizes: own classes of size, smallest first.
    """

    said: str
    check: str = ""
    needed: str = ""
    offered: str = ""
    sizes: tuple[str, ...] = ()


def line_of(table: Table, column: str, source: FoundColumn, *, in_file: bool) -> Line:
    """How a column that fits is mapped."""
    kind = table.kind(column)
    if kind in ("date", "time"):
        return _dates(column, source, in_file=in_file)
    if kind in ("number", "integer"):
        return _numbers(source, in_file=in_file)
    if (table.name, column) == ("accounts", "size"):
        return _size(table, source)
    if kind == "flag":
        return _flags(source)
    if column == "product" and any(not _SLUG.fullmatch(value) for value in source.seen):
        pairs = ", ".join(f"{in_yaml(value)}: NAME" for value in source.seen[:LISTED])
        return Line(
            "", needed=f"{{ column: {in_yaml(source.name)}, values: {{ {pairs} }} }}, each NAME that of a file in"
            " data/products; or { constant: NAME }",
        )  # fmt: skip
    allowed = allowed_values(table, column)
    if allowed and any(value not in allowed for value in source.seen):
        return _words(table, column, source, allowed)
    return Line(in_yaml(source.name))


def said_for_name(name: str) -> str:
    """A column taken as it is."""
    return in_yaml(name)


def unfit(table: Table, column: str, source: FoundColumn) -> str:
    """Why a column cannot be what its name says, empty where it can be."""
    kind, seen = table.kind(column), source.seen
    if not seen:
        return ""
    if table.key == (column,) and column in table.required_columns() and source.distinct < _KEY:
        return f"{column}: '{one_line(source.name)}' repeats, a key does not"
    if kind == "text":
        # a long number in text is a number to the engine, and still a key
        fits = source.kind in ("text", "other", "integer") or (
            source.kind == "number" and all(re.fullmatch(r"\d+(\.0)?", value) for value in seen)
        )
        if allowed_values(table, column) and column != "size":
            fits = fits and source.kind != "integer"
    elif kind == "flag":
        fits = all(value.lower() in _FLAGS or _flag(value) for value in seen)
    elif kind == "integer":
        low, high = _range(table, column)
        fits = all(NUMBER.fullmatch(value) for value in seen)
        fits = fits and (low is None or high is None or all(low <= float(v) <= high for v in seen))
    elif kind == "number":
        fits = _most(seen, number_forms) is not None
    else:
        fits = source.kind in ("date", "time") or _most(seen, date_forms) is not None
    return "" if fits else f"{column}: '{one_line(source.name)}' holds {_quoted(seen)}, which does not fit"


# --- dates and numbers -------------------------------------------------------------------------


def filled(seen: Sequence[str]) -> tuple[str, ...]:
    """The values that are not words for nothing."""
    return tuple(value for value in seen if value not in NOTHING)


@cache
def _most(seen: tuple[str, ...], forms: object) -> tuple[tuple[str, ...] | None, tuple[str, ...]] | None:
    """The forms of nearly all values, and those that are not written so; `None` where there are no such forms."""
    values = filled(seen)
    if not values:
        return None
    found = forms(values)  # type: ignore[operator]
    if found != ():
        return found, ()
    alike: dict[str, list[str]] = {}
    for value in values:
        alike.setdefault(_shape(value), []).append(value)
    usual: list[str] = []
    often = sorted(alike, key=lambda shape: -len(alike[shape]))
    while len(usual) < _MOST * len(values):
        usual += alike.pop(often.pop(0))
    odd = [value for value in values if _shape(value) in alike]
    found = forms(tuple(usual)) if odd and len(odd) <= (1 - _MOST) * len(values) else ()  # type: ignore[operator]
    return (found, tuple(odd)) if found != () else None


def _shape(value: str) -> str:
    return re.sub(r"\d+", "9", unicodedata.normalize("NFKC", value))


def forms_of(source: FoundColumn) -> tuple[str, ...] | None:
    """The formats in which nearly all values of a column are dates; `None` where they need none."""
    found = None if source.kind in ("date", "time") else _most(source.seen, date_forms)
    return None if found is None else found[0]


def _dates(column: str, source: FoundColumn, *, in_file: bool) -> Line:
    forms, odd = (
        (None, ()) if source.kind in ("date", "time") else _most(source.seen, date_forms) or (None, ())
    )
    return _written(source, "format", forms, odd, "date", in_file=in_file)


def _numbers(source: FoundColumn, *, in_file: bool) -> Line:
    forms, odd = _most(source.seen, number_forms) or (None, ())
    return _written(source, "number", forms, odd, "number", in_file=in_file)


def _written(
    source: FoundColumn,
    key: str,
    forms: Sequence[str] | None,
    odd: Sequence[str],
    what: str,
    *,
    in_file: bool,
) -> Line:
    """A column of dates or numbers with how they are written, and what is not written so."""
    name = in_yaml(source.name)
    nothing = [value for value in source.seen if value in NOTHING]
    holds = f"'{one_line(source.name)}' holds {_quoted(filled(source.seen))}"
    if forms and not in_file:
        return Line("", needed=f"{holds}: write an sql expression that makes a {what} of it")
    check = f"{', '.join(_quoted([o]) for o in odd[:3])} is no {what}: such rows are refused" if odd else ""
    more = f", values: {{ {', '.join(f'{in_yaml(v)}: null' for v in nothing[:LISTED])} }}" if nothing else ""
    if not forms:
        return Line(f"{{ column: {name}{more} }}" if more else name, check)
    ways = [f"{{ column: {name}, {key}: {_double(form)}{more} }}" for form in forms]
    if len(ways) > 1:
        return Line("", needed=f"{holds}, which can be {' or '.join(forms)}: {' or '.join(ways)}")
    return Line(ways[0], check)


def _double(text: str) -> str:
    """A text in double quotes of YAML; a word as it is."""
    return (
        text if text.isascii() and re.fullmatch(r"[a-z_]+", text) else '"' + text.replace("\\", "\\\\") + '"'
    )


# --- words -------------------------------------------------------------------------------------


def _known(column: str, value: str, allowed: Sequence[str]) -> str | None:
    """The contract's word for a value, where it is known."""
    mine = plain(value)
    if mine in [plain(one) for one in allowed]:
        return next(one for one in allowed if plain(one) == mine)
    meant = VALUES.get(column, {})
    return next((one for one, said in meant.items() if mine in words(said)), None)


def _words(table: Table, column: str, source: FoundColumn, allowed: Sequence[str]) -> Line:
    meant = {value: _known(column, value, allowed) for value in source.seen}
    told = {value: one for value, one in meant.items() if one is not None}
    rest = [value for value in meant if value not in told]
    listed = ", ".join(one_line(value) for value in rest[:LISTED])
    more = f" and {len(rest) - LISTED} more values" if len(rest) > LISTED else ""
    which = f"say which of {', '.join(allowed)}"
    if len(told) > LISTED or (not told and column not in table.required_columns()):
        asked = _values(source, told | dict.fromkeys(rest, "???") if len(told) <= LISTED else {})
        return Line("", f"'{one_line(source.name)}' holds {listed}{more}; {which}", offered=asked)
    mapped = _values(source, told)
    if not rest:
        return Line(mapped)
    if not told:
        return Line(
            "", needed=f"{_values(source, dict.fromkeys(rest[:LISTED], 'WORD'))}, each WORD {which}{more}"
        )
    return Line(mapped, f"not known: {listed}{more}; {which} they are, or they stay unknown")


def _values(source: FoundColumn, meant: dict[str, str]) -> str:
    pairs = ", ".join(f"{in_yaml(value)}: {one}" for value, one in list(meant.items())[:LISTED])
    return f"{{ column: {in_yaml(source.name)}, values: {{ {pairs} }} }}"


def _flag(value: str) -> str | None:
    return next((flag for flag, said in VALUES["churned"].items() if plain(value) in words(said)), None)


def _flags(source: FoundColumn) -> Line:
    if all(value.lower() in _FLAGS for value in source.seen):
        return Line(in_yaml(source.name))
    return Line(_values(source, {value: str(_flag(value)) for value in source.seen[:LISTED]}))


# --- sizes -------------------------------------------------------------------------------------


def looks_like_industries(source: FoundColumn) -> bool:
    """Whether a segment is one of industries."""
    values = [value for value in source.seen if not NUMBER.fullmatch(value)]
    told = sum(bool(re.search(INDUSTRIES, value, re.IGNORECASE)) for value in values)
    sized = sum(_known("size", value, ()) is not None for value in values)
    return bool(values) and told > len(values) / 2 and not sized


def _size(table: Table, source: FoundColumn) -> Line:
    allowed, name = allowed_values(table, "size") or tuple(VALUES["size"]), in_yaml(source.name)
    bounds = ", ".join(f"{size}: {least}" for size, least in BOUNDS.items())
    values = filled(source.seen)
    ranks = _ranked(values)
    if values and not ranks and (forms := number_forms(values)) != ():
        number = f", number: {_double(forms[0])}" if forms else ""
        return Line(
            f"{{ column: {name}{number}, bounds: {{ {bounds} }} }}",
            "a number of employees, cut at the bounds that are usual; move them to yours",
        )
    if any(_known("size", value, allowed) for value in values):
        if all(value in allowed for value in values):
            return Line(name)
        return _words(table, "size", source, allowed)
    if ranks:
        return Line(
            name,
            f"own classes, taken in the order {' < '.join(ranks)} (sizes, at the top)",
            sizes=ranks,
        )
    least = {value: _least(value) for value in values}
    if values and len(values) <= LISTED and all(one is not None for one in least.values()):
        sized = {
            value: max(
                (size for size, low in BOUNDS.items() if low <= (one or 0)),
                key=BOUNDS.__getitem__,
                default="small",
            )
            for value, one in least.items()
        }
        return Line(_values(source, sized), "ranges of employees, cut at 50 and 300")
    if not values:
        return Line(name)
    some = ", ".join(one_line(value) for value in values[:_CLASSES])
    more = f" and {len(values) - _CLASSES} more values" if len(values) > _CLASSES else ""
    return Line(
        "",
        f"'{one_line(source.name)}' holds {some}{more}: say which is {', '.join(allowed)}; or write size: {name} and, at the"
        f" top, your own classes, smallest first: sizes: [{some}]",
        offered=_values(source, dict.fromkeys(values, "???")),
    )


def _ranked(values: Sequence[str]) -> tuple[str, ...]:
    """Classes that tell their order by a letter or a number, smallest first; empty where they do not."""
    found = {
        value: re.fullmatch(RANKS, unicodedata.normalize("NFKC", value).strip(), re.IGNORECASE)
        for value in values
    }
    if not 2 <= len(values) <= _CLASSES or not all(found.values()):
        return ()
    marks = {value: match[1].lower() for value, match in found.items() if match}
    if all(mark.isdecimal() for mark in marks.values()):
        if max(map(int, marks.values())) > _CLASSES:
            return ()  # numbers of employees
        return tuple(sorted(values, key=lambda value: -int(marks[value])))
    if any(mark.isdecimal() for mark in marks.values()) or max(marks.values()) > "h":
        return ()
    return tuple(sorted(values, key=lambda value: marks[value], reverse=True))


def _least(value: str) -> int | None:
    """The least number of a range as 51-200, 1〜50名, 300名以上, 10,001+ or 50名未満."""
    text = unicodedata.normalize("NFKC", value).replace(",", "")
    numbers = re.findall(r"\d+", text)
    if not numbers or not re.search(r"[-–~〜から+<>]|以上|未満|以下|超|over|under|more|less|to", text):
        return None
    if len(numbers) == 1 and re.search(r"未満|以下|<|under|less", text):
        return 1
    return int(numbers[0])


# --- the contract ------------------------------------------------------------------------------


def allowed_values(table: Table, column: str) -> tuple[str, ...]:
    """The values that the contract allows in a column; none where it allows any."""
    checks = table.columns[column].checks
    return next(
        (tuple(c.statistics["allowed_values"]) for c in checks if "allowed_values" in c.statistics), ()
    )


def _range(table: Table, column: str) -> tuple[float | None, float | None]:
    for check in table.columns[column].checks:
        return check.statistics.get("min_value"), check.statistics.get("max_value")
    return None, None


def in_yaml(value: str | int) -> str:
    """A value in YAML that may stand between braces."""
    style = None if str(value).isprintable() else '"'  # on one line
    return yaml.safe_dump(
        [value], allow_unicode=True, default_flow_style=True, default_style=style, width=10_000
    ).strip()[1:-1]


def _quoted(seen: Sequence[str]) -> str:
    return f"'{one_line(seen[0])[:40]}'" if seen else "nothing"
