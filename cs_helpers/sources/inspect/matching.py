"""Which column of what was found is which column of the contract: by its name and by what it holds."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from cs_helpers.contract.schema import Table
from cs_helpers.contract.tables import TABLES
from cs_helpers.sources.inspect.column_lines import (
    forms_of,
    in_yaml,
    line_of,
    looks_like_industries,
    said_for_name,
    unfit,
)
from cs_helpers.sources.inspect.inspection import Found, FoundColumn
from cs_helpers.sources.inspect.names import NEARLY, meaning, plain, words
from cs_helpers.sources.inspect.synonyms import DEFAULTS, IMPLIED, NEAR, NOTICES, TELLING

#: how sure a name is that leaves no doubt
SURE = 1.55
#: the tables that something may be nearest to; what the others hold is hardly ever exported by chance
_NEAREST = ("accounts", "contracts", "usage", "milestones", "touches", "tickets", "surveys")


@dataclass(frozen=True)
class Match:
    """A column that fits; `said` is its mapping in YAML, empty where a person must decide.

    needed: what that person has to say. check: what is to be looked at. offered: a mapping that stands there as a
    comment.
    """

    source: FoundColumn
    quality: float
    said: str
    check: str = ""
    needed: str = ""
    offered: str = ""


@dataclass(frozen=True)
class Fit:
    """A table of the contract, what was found for it, and how well it fits.

    notes: column -> why a column of that name was not taken. constants: column -> its one value for all
    rows. evidence: column -> what in the data says so. asks: column -> what a person has to say of it. query: the SQL
    by which its rows get their account; whose: the column that it is from. normal: what would make its keys those
    of the customers. sizes: its own classes, smallest first. near: whether something that a table
    of this kind needs is missing.
    """

    table: Table
    found: Found
    matches: dict[str, Match]
    notes: dict[str, str]
    constants: dict[str, str] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)
    asks: dict[str, tuple[str, ...]] = field(default_factory=dict)
    query: tuple[str, ...] = ()
    whose: tuple[Found, FoundColumn] | None = None
    normal: tuple[str, ...] = ()
    sizes: tuple[str, ...] = ()
    near: bool = False

    @property
    def telling(self) -> bool:
        """Whether what was found has the columns without which it is not that table."""
        return any(all(map(self._has, columns.split())) for columns in TELLING[self.table.name][0].split("|"))

    @property
    def score(self) -> float:
        """How well it fits."""
        _, _, speaks = TELLING[self.table.name]
        needed = self.table.required_columns()
        score = sum(match.quality * (2 if c in needed else 1) for c, match in self.matches.items())
        names = " ".join(column.name for column in self.found.columns)
        score += 2 * self._named + 2 * bool(re.search(speaks, names, re.IGNORECASE))
        # a customer a row, with its name, is a list of customers
        if self.table.name == "accounts" and {"account_id", "name"} <= set(self.matches):
            quality = self.matches["account_id"].quality
            score += 5 if quality > SURE else 3 if quality >= 1.4 else 0
        return score

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

    @property
    def missing(self) -> tuple[str, ...]:
        """The required columns for which nothing was found."""
        known = {*self.matches, *self.constants, *(("kind",) if self.notices else ())}
        known |= {"account_id"} if self.query else set()
        return tuple(column for column in self.table.required_columns() if column not in known)

    @property
    def _named(self) -> bool:
        return any(word in self.found.name.lower() for word in TELLING[self.table.name][1].split())

    def _has(self, wanted: str) -> bool:
        column = wanted.rstrip("!")
        if column in self.constants or (column == "kind" and self.notices):
            return True
        match = self.matches.get(column)
        sure = match is not None and (match.quality > SURE or (match.quality >= 1.4 and self._named))
        return match is not None and (sure or not wanted.endswith("!"))


# --- which table -------------------------------------------------------------------------------


def chosen_tables(found: Sequence[Found]) -> dict[str, Fit]:
    """Table -> the best of what was found; nothing serves two tables but a list of customers who pay.

    What is no table for sure is the nearest one that nothing else is.
    """
    every = [pair for one in found if not one.problem for pair in _fits(one)]
    chosen: dict[str, Fit] = {}
    for _, one in sorted((e for e in every if e[1].telling), key=lambda e: _order(e[1]), reverse=True):
        name, others = one.table.name, {n for n, f in chosen.items() if f.found is one.found}
        if name not in chosen and (not others or {*others, name} == {"accounts", "contracts"}):
            chosen[name] = one
    told = [f.found for _, f in every if f.telling]
    for rest in found:
        if rest.problem or any(one is rest for one in told):
            continue
        if (near := _nearest(rest, chosen)) is not None:
            chosen[near.table.name] = near
    return {name: chosen[name] for name in TABLES if name in chosen}


def _fits(one: Found) -> list[tuple[Found, Fit]]:
    """What was found as each table; not as one of customers, where it is one of contracts that name others."""
    fits = {name: fit(table, one) for name, table in TABLES.items()}
    mine, theirs = (fits[name].matches.get("account_id") for name in ("accounts", "contracts"))
    if fits["contracts"].telling and mine and theirs and mine.source is not theirs.source:
        del fits["accounts"]
    return [(one, fit_) for fit_ in fits.values()]


def alternatives(fit_: Fit, found: Sequence[Found]) -> list[Found]:
    """What else was found with the same columns: which of them holds the rows is not known."""
    mine = {column.name for column in fit_.found.columns}
    return [
        one
        for one in found
        if one is not fit_.found and not one.problem and {column.name for column in one.columns} == mine
    ]


def _order(one: Fit) -> tuple[bool, float, int]:
    return (not one.found.hidden, one.score, one.found.rows or 0)


def _nearest(one: Found, chosen: dict[str, Fit]) -> Fit | None:
    """The table that something is nearest to, of those that nothing is yet; `None` where it is near none."""
    fits = [_dated(fit(TABLES[name], one)) for name in _NEAREST if name not in chosen]
    near: list[tuple[float, Fit]] = []
    for candidate in fits:
        told = set(TELLING[candidate.table.name][0].replace("!", "").replace("|", " ").split())
        have = [m.quality for column, m in candidate.matches.items() if column in told]
        if candidate.table.name == "accounts" and not {"account_id", "name"} <= set(candidate.matches):
            continue
        if candidate.table.time is not None and candidate.table.time not in candidate.matches:
            continue  # what has no day tells no quarter anything
        if candidate.table.name == "contracts" and not {"started_on", "mrr"} & set(candidate.matches):
            continue
        if any(quality > 1.0 for quality in have):
            near.append((sum(have) / len(told) + candidate.score / 10, candidate))
    if not near:
        dated = next((f for f in fits if f.table.name == "touches" and "occurred_at" in f.matches), None)
        return None if dated is None else replace(dated, near=True)
    return replace(max(near, key=lambda pair: pair[0])[1], near=True)


def _dated(one: Fit) -> Fit:
    """A fit with the only column of dates that is left, where the table has none for its own."""
    when = one.table.time or next(
        (c for c in one.table.required_columns() if one.table.kind(c) == "date"), None
    )
    if when is None or when in one.matches:
        return one
    used = {match.source.name for match in one.matches.values()}
    dates = [
        column
        for column in one.found.columns
        if column.name not in used
        and column.seen
        and (
            column.kind in ("date", "time") or (column.kind == "text" and not unfit(one.table, when, column))
        )
    ]
    if len(dates) != 1:
        return one
    line = line_of(one.table, when, dates[0], in_file=one.found.file is not None)
    check = line.check or "it is the only column of dates"
    return replace(one, matches=one.matches | {when: Match(dates[0], 1.0, line.said, check, line.needed)})


# --- which column ------------------------------------------------------------------------------


def fit(table: Table, found: Found) -> Fit:
    """What of something that was found is which column of a table."""
    pairs = [
        (sure, why, column, source)
        for column in table.columns
        for source in found.columns
        for sure, why in [_meant(table, column, source)]
        if sure
    ]
    matches: dict[str, Match] = {}
    notes: dict[str, str] = {}
    sizes: tuple[str, ...] = ()
    for quality, why, column, source in sorted(pairs, key=lambda p: -p[0]):
        if column in matches or source in [match.source for match in matches.values()]:
            continue
        # the number of a row is no customer, where the customer stands beside it
        if column in notes and column in table.key and quality <= 1.5:
            continue
        if table.name == "accounts" and column == "size" and looks_like_industries(source):
            continue
        if problem := unfit(table, column, source):
            notes.setdefault(column, problem)
            continue
        line = line_of(table, column, source, in_file=found.file is not None)
        sizes = line.sizes or sizes
        check = "; ".join(filter(None, (why, line.check)))
        matches[column] = Match(source, quality, line.said, check, line.needed, line.offered)
    return _completed(Fit(table, found, matches, notes, sizes=sizes))


def _meant(table: Table, column: str, source: FoundColumn) -> tuple[float, str]:
    """How sure the names of a column are; those of which it is made are a little less so."""
    best = meaning(table, column, source.name)
    for part in source.also:
        sure, why = meaning(table, column, part)
        if sure - 0.02 > best[0]:
            best = (sure - 0.02, why)
    return best


def _told_by_others(one: Fit, matches: dict[str, Match]) -> dict[str, Match]:
    """The columns of dates of which another column of the same rows tells whether days or months stand first."""
    if one.found.file is None:
        return {}
    told = {
        forms[0].split()[0].rstrip(","): column
        for column in one.found.columns
        if column.kind == "text" and (forms := forms_of(column)) is not None and len(forms) == 1
    }
    found = {}
    for name, match in matches.items():
        forms = forms_of(match.source) if match.needed and one.table.kind(name) in ("date", "time") else None
        same = [form for form in forms or () if form.split()[0].rstrip(",") in told]
        if len(same) == 1:
            other = told[same[0].split()[0].rstrip(",")]
            said = f'{{ column: {in_yaml(match.source.name)}, format: "{same[0]}" }}'
            found[name] = replace(match, said=said, needed="", check=f"as '{other.name}' is written")
    return found


def _completed(one: Fit) -> Fit:
    """A fit with what follows from it: the name for the key, industries called segments, one value for all rows."""
    matches, constants, asks = dict(one.matches), dict(one.constants), dict(one.asks)
    used = [match.source for match in matches.values()]
    if one.table.name == "accounts":
        name, known = matches.get("name"), {*matches, *one.notes}
        if name is not None and "account_id" not in known and not unfit(one.table, "account_id", name.source):
            (_, why), *_ = NEAR["account_id"]
            matches["account_id"] = Match(name.source, NEARLY, said_for_name(name.source.name), why)
        segment = next((c for c in one.found.columns if c not in used and looks_like_industries(c)), None)
        if "industry" not in matches and segment is not None and _meant(one.table, "size", segment)[0]:
            said = said_for_name(segment.name)
            matches["industry"] = Match(
                segment, NEARLY, said, f"'{segment.name}' holds industries, as it seems"
            )
    matches |= _told_by_others(one, matches)
    for key, said_by in IMPLIED.items():
        table, column = key.split(".")
        if table != one.table.name or column in matches or one.notices:
            continue
        names = [one.found.name, *(c.name for c in one.found.columns)]
        texts = " ".join(plain(name) for name in names)
        value = next(
            (v for told, v in said_by if any(word in texts for word in words(told))), DEFAULTS.get(key)
        )
        if value is not None:
            constants[column] = value
            asks[column] = (f"no column says it: each row is taken for '{value}'",)
    return replace(one, matches=matches, constants=constants, asks=asks)
