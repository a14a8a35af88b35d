"""Maps a candidate column in YAML: its date or number format, and the contract's words for its values."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import yaml

from cs_helpers.contract.casts import FALSE, TRUE
from cs_helpers.contract.schema import Table
from cs_helpers.sources.inspect.inspection import CandidateColumn, one_line
from cs_helpers.sources.inspect.names import name_list, normalize_name
from cs_helpers.sources.inspect.value_forms import EMPTY_MARKS, PLAIN_NUMBER, date_formats, number_examples
from cs_helpers.sources.inspect.value_words import INDUSTRY_PATTERN, RANK_PATTERN, SIZE_BOUNDS, VALUE_SYNONYMS

#: values of a column that are listed; the most classes of company size
MAX_LISTED, _MAX_CLASSES = 12, 7
_MIN_KEY_DISTINCT = 0.95  # a key may repeat by mistake: the contract's checks count and refuse those rows
_MIN_MATCHING = 0.9  # the least share of dates or numbers among the values of such a column
_FLAGS = (*TRUE, *FALSE)
_SLUG = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


@dataclass(frozen=True)
class MappingLine:
    """The mapping of a column.

    mapping: in YAML; empty where a person has to complete it, as `needed` says. check: what to verify. suggestion: a
    mapping in YAML to write as a comment. sizes: the source's own size classes, smallest first.
    """

    mapping: str
    check: str = ""
    needed: str = ""
    suggestion: str = ""
    sizes: tuple[str, ...] = ()


def mapping_line(table: Table, column: str, source: CandidateColumn, *, in_file: bool) -> MappingLine:
    """The mapping of a column of a table from a source column that fits (`misfit_reason`)."""
    kind = table.kind(column)
    if kind in ("date", "time"):
        return _date_line(column, source, in_file=in_file)
    if kind in ("number", "integer"):
        return _number_line(source, in_file=in_file)
    if (table.name, column) == ("accounts", "size"):
        return _size_line(table, source)
    if kind == "flag":
        return _flag_line(source)
    if column == "product" and any(not _SLUG.fullmatch(value) for value in source.values):
        pairs = ", ".join(f"{yaml_scalar(value)}: NAME" for value in source.values[:MAX_LISTED])
        return MappingLine(
            "", needed=f"{{ column: {yaml_scalar(source.name)}, values: {{ {pairs} }} }}, each NAME that of a file in"
            " data/products; or { constant: NAME }",
        )  # fmt: skip
    allowed = allowed_values(table, column)
    if allowed and any(value not in allowed for value in source.values):
        return _word_line(table, column, source, allowed)
    return MappingLine(yaml_scalar(source.name))


def misfit_reason(table: Table, column: str, source: CandidateColumn) -> str:
    """Why the values of a source column do not fit a column of the contract; empty where they fit."""
    kind, values = table.kind(column), source.values
    if not values:
        return ""
    if (
        table.key == (column,)
        and column in table.required_columns()
        and source.distinct_share < _MIN_KEY_DISTINCT
    ):
        return f"{column}: '{one_line(source.name)}' repeats, a key does not"
    if kind == "text":
        # DuckDB reads a key of digits as a number
        fits = source.kind in ("text", "other", "integer") or (
            source.kind == "number" and all(re.fullmatch(r"\d+(\.0)?", value) for value in values)
        )
        if allowed_values(table, column) and column != "size":
            fits = fits and source.kind != "integer"
    elif kind == "flag":
        fits = all(value.lower() in _FLAGS or _flag_value(value) for value in values)
    elif kind == "integer":
        minimum, maximum = _allowed_range(table, column)
        fits = all(PLAIN_NUMBER.fullmatch(value) for value in values)
        fits = fits and (
            minimum is None or maximum is None or all(minimum <= float(v) <= maximum for v in values)
        )
    elif kind == "number":
        fits = _majority_forms(values, number_examples) is not None
    else:
        fits = source.kind in ("date", "time") or _majority_forms(values, date_formats) is not None
    return (
        ""
        if fits
        else f"{column}: '{one_line(source.name)}' holds {_quoted_example(values)}, which does not fit"
    )


# --- dates and numbers -------------------------------------------------------------------------


def without_empty_marks(values: Sequence[str]) -> tuple[str, ...]:
    """The values that are not marks of an empty cell."""
    return tuple(value for value in values if value not in EMPTY_MARKS)


@cache
def _majority_forms(
    values: tuple[str, ...], detect: Callable[[tuple[str, ...]], tuple[str, ...] | None]
) -> tuple[tuple[str, ...] | None, tuple[str, ...]] | None:
    """The forms of nearly all values, and the values that have none of them; `None` where no form fits.

    detect: `date_formats` or `number_examples`.
    """
    values = without_empty_marks(values)
    if not values:
        return None
    forms = detect(values)
    if forms != ():
        return forms, ()
    by_shape: dict[str, list[str]] = {}
    for value in values:
        by_shape.setdefault(_shape(value), []).append(value)
    usual: list[str] = []
    shapes = sorted(by_shape, key=lambda shape: -len(by_shape[shape]))
    while len(usual) < _MIN_MATCHING * len(values):
        usual += by_shape.pop(shapes.pop(0))
    odd = [value for value in values if _shape(value) in by_shape]
    forms = detect(tuple(usual)) if odd and len(odd) <= (1 - _MIN_MATCHING) * len(values) else ()
    return (forms, tuple(odd)) if forms != () else None


def _shape(value: str) -> str:
    return re.sub(r"\d+", "9", unicodedata.normalize("NFKC", value))


def column_date_formats(source: CandidateColumn) -> tuple[str, ...] | None:
    """The formats that read nearly all values of a column as dates; `None` where they need none."""
    majority = None if source.kind in ("date", "time") else _majority_forms(source.values, date_formats)
    return None if majority is None else majority[0]


def _date_line(column: str, source: CandidateColumn, *, in_file: bool) -> MappingLine:
    forms, odd = (
        (None, ())
        if source.kind in ("date", "time")
        else _majority_forms(source.values, date_formats) or (None, ())
    )
    return _formatted_line(source, "format", forms, odd, "date", in_file=in_file)


def _number_line(source: CandidateColumn, *, in_file: bool) -> MappingLine:
    forms, odd = _majority_forms(source.values, number_examples) or (None, ())
    return _formatted_line(source, "number", forms, odd, "number", in_file=in_file)


def _formatted_line(
    source: CandidateColumn,
    key: str,
    forms: Sequence[str] | None,
    odd: Sequence[str],
    what: str,
    *,
    in_file: bool,
) -> MappingLine:
    """The mapping of a column of dates or numbers. odd: values that have none of the forms."""
    name = yaml_scalar(source.name)
    empty_marks = [value for value in source.values if value in EMPTY_MARKS]
    contents = f"'{one_line(source.name)}' holds {_quoted_example(without_empty_marks(source.values))}"
    if forms and not in_file:
        return MappingLine("", needed=f"{contents}: write an sql expression that makes a {what} of it")
    check = (
        f"{', '.join(_quoted_example([o]) for o in odd[:3])} is no {what}: such rows are refused"
        if odd
        else ""
    )
    values_part = (
        f", values: {{ {', '.join(f'{yaml_scalar(v)}: null' for v in empty_marks[:MAX_LISTED])} }}"
        if empty_marks
        else ""
    )
    if not forms:
        return MappingLine(f"{{ column: {name}{values_part} }}" if values_part else name, check)
    mappings = [f"{{ column: {name}, {key}: {_double_quoted(form_)}{values_part} }}" for form_ in forms]
    if len(mappings) > 1:
        return MappingLine(
            "", needed=f"{contents}, which can be {' or '.join(forms)}: {' or '.join(mappings)}"
        )
    return MappingLine(mappings[0], check)


def _double_quoted(text: str) -> str:
    """A text in YAML's double quotes; a single word without quotes."""
    return (
        text if text.isascii() and re.fullmatch(r"[a-z_]+", text) else '"' + text.replace("\\", "\\\\") + '"'
    )


# --- words -------------------------------------------------------------------------------------


def _allowed_word(column: str, value: str, allowed: Sequence[str]) -> str | None:
    """The contract's word for a value; `None` where it is unknown."""
    normalized = normalize_name(value)
    if normalized in [normalize_name(word) for word in allowed]:
        return next(word for word in allowed if normalize_name(word) == normalized)
    synonyms = VALUE_SYNONYMS.get(column, {})
    return next((word for word, mapping in synonyms.items() if normalized in name_list(mapping)), None)


def _word_line(table: Table, column: str, source: CandidateColumn, allowed: Sequence[str]) -> MappingLine:
    meanings = {value: _allowed_word(column, value, allowed) for value in source.values}
    known = {value: word for value, word in meanings.items() if word is not None}
    unknown = [value for value in meanings if value not in known]
    listed = ", ".join(one_line(value) for value in unknown[:MAX_LISTED])
    more = f" and {len(unknown) - MAX_LISTED} more values" if len(unknown) > MAX_LISTED else ""
    question = f"say which of {', '.join(allowed)}"
    if len(known) > MAX_LISTED or (not known and column not in table.required_columns()):
        suggestion = _values_mapping(
            source, known | dict.fromkeys(unknown, "???") if len(known) <= MAX_LISTED else {}
        )
        return MappingLine(
            "", f"'{one_line(source.name)}' holds {listed}{more}; {question}", suggestion=suggestion
        )
    mapping = _values_mapping(source, known)
    if not unknown:
        return MappingLine(mapping)
    if not known:
        return MappingLine(
            "",
            needed=f"{_values_mapping(source, dict.fromkeys(unknown[:MAX_LISTED], 'WORD'))}, each WORD {question}{more}",
        )
    return MappingLine(mapping, f"not known: {listed}{more}; {question} they are, or they stay unknown")


def _values_mapping(source: CandidateColumn, meanings: dict[str, str]) -> str:
    pairs = ", ".join(
        f"{yaml_scalar(value)}: {meaning}" for value, meaning in list(meanings.items())[:MAX_LISTED]
    )
    return f"{{ column: {yaml_scalar(source.name)}, values: {{ {pairs} }} }}"


def _flag_value(value: str) -> str | None:
    return next(
        (
            flag
            for flag, mapping in VALUE_SYNONYMS["churned"].items()
            if normalize_name(value) in name_list(mapping)
        ),
        None,
    )


def _flag_line(source: CandidateColumn) -> MappingLine:
    if all(value.lower() in _FLAGS for value in source.values):
        return MappingLine(yaml_scalar(source.name))
    return MappingLine(
        _values_mapping(source, {value: str(_flag_value(value)) for value in source.values[:MAX_LISTED]})
    )


# --- sizes -------------------------------------------------------------------------------------


def holds_industries(source: CandidateColumn) -> bool:
    """Whether the values of a segment column are industries."""
    values = [value for value in source.values if not PLAIN_NUMBER.fullmatch(value)]
    industries = sum(bool(re.search(INDUSTRY_PATTERN, value, re.IGNORECASE)) for value in values)
    sizes = sum(_allowed_word("size", value, ()) is not None for value in values)
    return bool(values) and industries > len(values) / 2 and not sizes


def _size_line(table: Table, source: CandidateColumn) -> MappingLine:
    allowed, name = allowed_values(table, "size") or tuple(VALUE_SYNONYMS["size"]), yaml_scalar(source.name)
    bounds = ", ".join(f"{size}: {starts}" for size, starts in SIZE_BOUNDS.items())
    values = without_empty_marks(source.values)
    ranks = _ordered_ranks(values)
    if values and not ranks and (forms := number_examples(values)) != ():
        number = f", number: {_double_quoted(forms[0])}" if forms else ""
        return MappingLine(
            f"{{ column: {name}{number}, bounds: {{ {bounds} }} }}",
            "a number of employees, cut at the bounds that are usual; move them to yours",
        )
    if any(_allowed_word("size", value, allowed) for value in values):
        if all(value in allowed for value in values):
            return MappingLine(name)
        return _word_line(table, "size", source, allowed)
    if ranks:
        return MappingLine(
            name,
            f"own classes, taken in the order {' < '.join(ranks)} (sizes, at the top)",
            sizes=ranks,
        )
    starts = {value: _range_start(value) for value in values}
    if values and len(values) <= MAX_LISTED and all(start is not None for start in starts.values()):
        sized = {
            value: max(
                (size for size, minimum in SIZE_BOUNDS.items() if minimum <= (start or 0)),
                key=SIZE_BOUNDS.__getitem__,
                default="small",
            )
            for value, start in starts.items()
        }
        return MappingLine(_values_mapping(source, sized), "ranges of employees, cut at 50 and 300")
    if not values:
        return MappingLine(name)
    listed = ", ".join(one_line(value) for value in values[:_MAX_CLASSES])
    more = f" and {len(values) - _MAX_CLASSES} more values" if len(values) > _MAX_CLASSES else ""
    return MappingLine(
        "",
        f"'{one_line(source.name)}' holds {listed}{more}: say which is {', '.join(allowed)}; or write size: {name} and, at the"
        f" top, your own classes, smallest first: sizes: [{listed}]",
        suggestion=_values_mapping(source, dict.fromkeys(values, "???")),
    )


def _ordered_ranks(values: Sequence[str]) -> tuple[str, ...]:
    """Size classes that are ordered by a letter or a number, smallest first; empty where they are not."""
    matches = {
        value: re.fullmatch(RANK_PATTERN, unicodedata.normalize("NFKC", value).strip(), re.IGNORECASE)
        for value in values
    }
    if not 2 <= len(values) <= _MAX_CLASSES or not all(matches.values()):
        return ()
    ranks = {value: match[1].lower() for value, match in matches.items() if match}
    if all(rank.isdecimal() for rank in ranks.values()):
        if max(map(int, ranks.values())) > _MAX_CLASSES:
            return ()  # these are numbers of employees
        return tuple(sorted(values, key=lambda value: -int(ranks[value])))
    if any(rank.isdecimal() for rank in ranks.values()) or max(ranks.values()) > "h":
        return ()
    return tuple(sorted(values, key=lambda value: ranks[value], reverse=True))


def _range_start(value: str) -> int | None:
    """The lower end of a range such as 51-200, 1〜50名, 300名以上, 10,001+ or 50名未満; `None` where it is no range."""
    text = unicodedata.normalize("NFKC", value).replace(",", "")
    numbers = re.findall(r"\d+", text)
    if not numbers or not re.search(r"[-–~〜から+<>]|以上|未満|以下|超|over|under|more|less|to", text):
        return None
    if len(numbers) == 1 and re.search(r"未満|以下|<|under|less", text):
        return 1
    return int(numbers[0])


# --- the contract ------------------------------------------------------------------------------


def allowed_values(table: Table, column: str) -> tuple[str, ...]:
    """The values that the contract allows in a column; empty where it allows any."""
    checks = table.columns[column].checks
    return next(
        (tuple(c.statistics["allowed_values"]) for c in checks if "allowed_values" in c.statistics), ()
    )


def _allowed_range(table: Table, column: str) -> tuple[float | None, float | None]:
    for check in table.columns[column].checks:
        return check.statistics.get("min_value"), check.statistics.get("max_value")
    return None, None


def open_mapping(mapping: str) -> str:
    """A mapping in YAML without its closing brace, to append keys to."""
    return mapping.removesuffix(" }") if mapping.startswith("{ ") else f"{{ column: {mapping}"


def yaml_scalar(value: str | int) -> str:
    """A value in YAML on one line, valid within braces."""
    style = None if str(value).isprintable() else '"'
    return yaml.safe_dump(
        [value], allow_unicode=True, default_flow_style=True, default_style=style, width=10_000
    ).strip()[1:-1]


def _quoted_example(values: Sequence[str]) -> str:
    return f"'{one_line(values[0])[:40]}'" if values else "nothing"
