"""Which column of what was found is which column of the contract: by its name and by what it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import duckdb
import yaml

from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspection import Found, FoundColumn, one_line
from cs_helpers.sources.names import alike, plain, words
from cs_helpers.sources.synonyms import NOTICES, TELLING

#: values of a column that are listed
LISTED = 12
_KEY = 0.95  # a key may repeat by mistake: the contract counts that and leaves the rows out
_ISO = re.compile(r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([ T]\d{1,2}:\d{2}.*)?")
NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_FLAGS = ("true", "false", "t", "f", "yes", "no", "y", "n", "1", "0")
_DAYS = (
    "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y", "%d.%m.%Y", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日",
    "%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d %b %Y", "%d-%b-%Y", "%b %d, %Y", "%d %B %Y", "%B %d, %Y",
)  # fmt: skip
_CLOCKS = ("", " %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", "%H時%M分", " %H時%M分")


@dataclass(frozen=True)
class Match:
    """A column that fits; `said` is its mapping in YAML, empty where a person must decide."""

    source: FoundColumn
    quality: float
    said: str
    note: str = ""


@dataclass(frozen=True)
class Fit:
    """A table of the contract, what was found for it, and how well it fits.

    notes: column -> why a column of that name was not taken. constants: column -> its one value for all
    rows. evidence: column -> what in the data says so. asks: column -> what a person has to say of it.
    """

    table: Table
    found: Found
    matches: dict[str, Match]
    notes: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    asks: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def score(self) -> float:
        """How well it fits; 0 where it is not that table."""
        telling, usual = TELLING[self.table.name]
        known = {*self.matches, *(("kind",) if self.notices else ())}
        if not any(known.issuperset(columns.split()) for columns in telling.split("|")):
            return 0.0
        needed = self.table.required_columns()
        score = sum(match.quality * (2 if c in needed else 1) for c, match in self.matches.items())
        return score + 2 * any(word in self.found.name.lower() for word in usual.split())

    @property
    def notices(self) -> bool:
        """Whether each row is a notice from a customer who leaves."""
        when = self.matches.get("occurred_at")
        return (
            self.table.name == "touches"
            and "kind" not in self.matches
            and when is not None
            and plain(when.source.name) in words(NOTICES)
        )


# --- which table, which column -----------------------------------------------------------------


def chosen_tables(found: Sequence[Found]) -> dict[str, Fit]:
    """Table -> the best of what was found; nothing serves two tables but a list of customers who pay."""
    fits = [_fit(table, one) for one in found for table in TABLES.values()]
    chosen: dict[str, Fit] = {}
    for fit in sorted(fits, key=lambda f: (f.score, f.found.rows or 0), reverse=True):
        name, others = fit.table.name, {n for n, f in chosen.items() if f.found is fit.found}
        if fit.score and name not in chosen and (not others or {*others, name} == {"accounts", "contracts"}):
            chosen[name] = fit
    return {name: chosen[name] for name in TABLES if name in chosen}


def _fit(table: Table, found: Found) -> Fit:
    pairs = [(alike(table, c, source.name), c, source) for c in table.columns for source in found.columns]
    matches: dict[str, Match] = {}
    notes: dict[str, str] = {}
    for quality, column, source in sorted((p for p in pairs if p[0]), key=lambda p: -p[0]):
        if column in matches or source in [match.source for match in matches.values()]:
            continue
        if problem := unfit(table, column, source):
            notes.setdefault(column, problem)
        else:
            said, note = _said(table, column, source, in_file=found.file is not None)
            note = note or (f"{column}: the name is only spelt alike" if quality <= 1 else "")
            matches[column] = Match(source, quality, said, note)
    return Fit(table, found, matches, notes)


# --- what a column holds -----------------------------------------------------------------------


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
            source.kind == "number" and all(value.isdecimal() for value in seen)
        )
        fits = fits and not (allowed_values(table, column) and source.kind == "integer")
    elif kind == "flag":
        fits = all(value.lower() in _FLAGS for value in seen)
    elif kind in ("integer", "number"):
        low, high = _range(table, column) if kind == "integer" else (None, None)
        fits = all(NUMBER.fullmatch(value) for value in seen)
        fits = fits and (low is None or high is None or all(low <= float(v) <= high for v in seen))
    else:
        fits = formats(seen) != ()
    return "" if fits else f"{column}: '{one_line(source.name)}' holds {_quoted(seen)}, which does not fit"


def _said(table: Table, column: str, source: FoundColumn, *, in_file: bool) -> tuple[str, str]:
    """How a column is mapped, in YAML, and what a person should know of it."""
    name, allowed = in_yaml(source.name), allowed_values(table, column)
    if table.kind(column) in ("date", "time") and (written := formats(source.seen)):
        holds = f"{column}: '{one_line(source.name)}' holds {_quoted(source.seen)}"
        if not in_file:
            return "", f"{holds}: write an sql expression that makes a date of it"
        if len(written) > 1:
            ways = " or ".join(written)
            return "", f'{holds}, which can be {ways}; say which: {{ column: {name}, format: "..." }}'
        return f'{{ column: {name}, format: "{written[0]}" }}', ""
    other = [value for value in source.seen if value not in allowed]
    if not allowed or not other:
        return name, ""
    meant = {value: value.lower() if value.lower() in allowed else "???" for value in source.seen}
    pairs = ", ".join(f"{in_yaml(value)}: {meaning}" for value, meaning in list(meant.items())[:LISTED])
    values = f"{{ column: {name}, values: {{ {pairs} }} }}"
    if "???" not in meant.values() and len(meant) <= LISTED:
        return values, ""
    more = f"; {len(meant) - LISTED} more values" if len(meant) > LISTED else ""
    return name, f"{column}: {values} # say which is {', '.join(allowed)}{more}"


@cache
def formats(seen: tuple[str, ...]) -> tuple[str, ...] | None:
    """The formats in which all texts are dates; `None` where they need none."""
    if all(_ISO.fullmatch(value) for value in seen):
        return None
    texts = list(seen)
    dated = "coalesce(year(try_strptime(text, $1)) BETWEEN 1900 AND 2200, false)"
    query = f"SELECT bool_and({dated}) FROM unnest($2) AS t(text)"
    with duckdb.connect() as engine:  # by the rules of the engine that will read them
        return tuple(
            f"{day}{clock}"
            for day in _DAYS for clock in _CLOCKS
            if engine.execute(query, [f"{day}{clock}", texts]).fetchall()[0][0]
        )  # fmt: skip


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
    return f"'{one_line(seen[0])[:40]}'"
