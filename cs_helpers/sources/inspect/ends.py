"""How the ends of contracts are to be read, from what the rows looked at show.

An end is the last day of a contract or the day after; it is that of a term, of a notice or of a cancelled
contract. Where the data do not say so clearly, what they show stands in a question to a person.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.sources.contracts import NO_END_FROM
from cs_helpers.sources.inspect.column_lines import LISTED, forms_of, in_yaml
from cs_helpers.sources.inspect.inspection import SAMPLED, FoundColumn, one_line
from cs_helpers.sources.inspect.matching import Fit, Match
from cs_helpers.sources.inspect.names import plain, words
from cs_helpers.sources.inspect.synonyms import ENDED, ENDED_BY_NAME, STATUS
from cs_helpers.sources.inspect.value_forms import as_days

#: ends that are enough to tell, and the share of them that has to agree
_FEW, _MOST = 3, 0.75
_DAY = timedelta(days=1)
_LATE = re.compile(r"(?<!\d)(23[:時]59|11:59(:59)?(\.\d+)? ?PM)", re.IGNORECASE)
_OPTIONS = (
    "{ constant: term } (a paid term, which may be renewed), notice or cancelled, or the column that tells"
)


@dataclass(frozen=True)
class _Ends:
    """Counts of contracts.

    rows: looked at; every: whether those are all there are. ended: with an end; late: at 23:59; month_ends,
    month_firsts: on such a day. next_day, same_day: where another contract of the account (and product) begins
    then, and none runs beside them. ahead: later than the latest start.
    """

    rows: int
    every: bool
    ended: int
    late: int
    month_ends: int
    month_firsts: int
    next_day: int
    same_day: int
    ahead: int

    @property
    def shown(self) -> str:
        """What was counted, in words."""
        return (
            f"{self.ended:,} of {self.rows:,} rows have an end; {self.ahead:,} of these lie ahead of the latest"
            f" start, {self.next_day + self.same_day:,} are followed by another contract"
        )


def with_ends(fit: Fit) -> Fit:
    """The contracts with what their ends mean, or with the questions that are left."""
    match = fit.matches.get("ended_on")
    if match is None or not match.source.seen:
        return fit
    ends = _counted(fit, match.source)
    means, shown = _means(ends)
    fit = _with_means(fit, match, means, shown)
    return _with_how(fit, match.source, ends)


# --- the last day, or the day after ------------------------------------------------------------


def _means(ends: _Ends) -> tuple[str | None, str]:
    """`last_day`, `day_after` or neither, and what shows it."""
    if ends.late and ends.late >= _MOST * ends.ended:
        return "last_day", f"{ends.late:,} of {ends.ended:,} values are at 23:59, the end of a last day"
    followed = ends.next_day + ends.same_day
    shown = (
        f"{ends.next_day:,} contracts begin the day after an earlier one of their account ends,"
        f" {ends.same_day:,} on that day"
    )
    if followed >= _FEW:
        if max(ends.next_day, ends.same_day) < _MOST * followed:
            return None, shown
        return "last_day" if ends.next_day > ends.same_day else "day_after", shown
    if ends.ended >= _FEW:
        months = (
            f"{ends.month_ends:,} of {ends.ended:,} are the last of a month, {ends.month_firsts:,} the first"
        )
        if ends.month_ends >= _MOST * ends.ended:
            return "last_day", months
        if ends.month_firsts >= _MOST * ends.ended:
            return "day_after", months
    return None, shown


def _with_means(fit: Fit, match: Match, means: str | None, shown: str) -> Fit:
    if means is not None and match.said:
        said = f"{_inside(match.said)}, means: {means} }}"
        matches = fit.matches | {"ended_on": replace(match, said=said)}
        return replace(fit, matches=matches, evidence=fit.evidence | {"ended_on": shown})
    if not match.said:  # how its dates are written has to be said first
        ask = f"add means: last_day, or means: day_after ({shown})"
    else:
        last, after = (f"{_inside(match.said)}, means: {m} }}" for m in ("last_day", "day_after"))
        ask = f"say whether it is the last day of the contract or the day after: {last} or {after}; {shown}"
    return replace(fit, asks=fit.asks | {"ended_on": (*fit.asks.get("ended_on", ()), ask)})


def _inside(said: str) -> str:
    """A mapping in YAML up to its closing brace."""
    return said.removesuffix(" }") if said.startswith("{ ") else f"{{ column: {said}"


# --- how a contract ended ----------------------------------------------------------------------


def _with_how(fit: Fit, ended: FoundColumn, ends: _Ends) -> Fit:
    """The contracts with `ended_how`: its own column, a status, one value for all, or a question."""
    own = fit.matches.get("ended_how")
    if own is not None and set(own.source.seen) <= set(ENDINGS):
        return fit
    name = plain(ended.name)
    named = next((how for how, part in ENDED_BY_NAME.items() if re.search(part, name)), None)
    if own is None and named in ("notice", "cancelled"):
        return _constant(fit, named, f"'{one_line(ended.name)}' is the name of such a date")
    used = {match.source.name for match in fit.matches.values()}
    others = [c for c in fit.found.columns if c.name not in used and plain(c.name) in words(STATUS)]
    for column in [own.source] if own is not None else others:
        if match := _status(column, ended):
            told = {"ended_how": f"by the values of '{one_line(column.name)}'"} if match.said else {}
            matches = fit.matches | {"ended_how": match}
            return replace(fit, matches=matches, evidence=fit.evidence | told)
    if own is not None:
        return fit
    if named is not None:
        fit = _constant(fit, named, f"'{one_line(ended.name)}' is the name of such a date")
        if name == plain("更新日"):
            doubt = "'更新日' can also be the day on which the row was last changed"
            fit = replace(fit, asks=fit.asks | {"ended_on": (*fit.asks.get("ended_on", ()), doubt)})
        return fit
    how = _shown(ends)
    if how is not None:
        return _constant(fit, how, ends.shown)
    return replace(fit, asks=fit.asks | {"ended_how": (f"say {_OPTIONS}; {ends.shown}",)})


def _constant(fit: Fit, how: str, shown: str) -> Fit:
    evidence = fit.evidence | {"ended_how": shown}
    return replace(fit, constants=fit.constants | {"ended_how": how}, evidence=evidence)


def _shown(ends: _Ends) -> str | None:
    """How contracts ended, by their ends alone; `None` where that does not tell."""
    followed = ends.next_day + ends.same_day
    if ends.ended < _FEW:
        return None
    mostly_ended, half = 2 * ends.ended >= ends.rows, ends.ended / 2
    if followed + ends.ahead >= half and (mostly_ended or followed >= half):
        return "term"
    if ends.every and not mostly_ended and not followed and not ends.ahead:
        return "cancelled"
    return None


def _status(column: FoundColumn, ended: FoundColumn) -> Match | None:
    """A column whose values tell how contracts ended; `None` where no value does."""
    if column.kind not in ("text", "other") or not 1 <= len(column.seen) <= LISTED:
        return None
    with_end: dict[str, list[bool]] = defaultdict(list)
    for value, end in zip(column.cells, ended.cells, strict=True):
        with_end[value].append(bool(end))
    meant = {value: _meant(value, with_end[value]) for value in column.seen}
    if not set(meant.values()) & set(ENDINGS):
        return None
    pairs = ", ".join(f"{in_yaml(value)}: {how}" for value, how in meant.items())
    said = f"{{ column: {in_yaml(column.name)}, values: {{ {pairs} }} }}"
    if "???" not in meant.values():
        return Match(column, 2.0, said)
    asked = f"say which is {', '.join(ENDINGS)}, or null where the contract runs"
    return Match(column, 2.0, "", asked, offered=said)


def _meant(value: str, ends: Sequence[bool]) -> str:
    known = next((how for how, names in ENDED.items() if plain(value) in words(names)), None)
    if known not in (None, "running"):
        return str(known)
    if not any(ends):
        return "null"
    # of a contract that runs, the end is that of its term
    return "term" if known == "running" else "???"


# --- what the rows show ------------------------------------------------------------------------


def _counted(fit: Fit, column: FoundColumn) -> _Ends:
    texts = column.cells
    ends = [day if day is None or day.year < NO_END_FROM else None for day in _days(column)]
    begins = fit.matches.get("started_on")
    starts = list(_days(begins.source)) if begins is not None else [None] * len(texts)
    keys = [fit.matches[c].source.cells for c in ("account_id", "product") if c in fit.matches]
    next_day, same_day = 0, 0
    if "account_id" in fit.matches:
        next_day, same_day = _followed(list(zip(*keys, strict=True)), starts, ends)
    latest = max((day for day in starts if day is not None), default=date.max)
    days = [day for day in ends if day is not None]
    return _Ends(
        rows=len(texts),
        every=fit.found.rows == len(texts) or len(texts) < SAMPLED,
        ended=len(days),
        late=sum(bool(day and _LATE.search(text)) for text, day in zip(texts, ends, strict=True)),
        month_ends=sum((day + _DAY).day == 1 for day in days),
        month_firsts=sum(day.day == 1 for day in days),
        next_day=next_day,
        same_day=same_day,
        ahead=sum(day > latest for day in days),
    )


def _followed(
    keys: Sequence[tuple[str, ...]], starts: Sequence[date | None], ends: Sequence[date | None]
) -> tuple[int, int]:
    """How many contracts are followed by one of the same key the next day, and how many on the same day.

    Where another contract runs on, the next one is not known to follow this one.
    """
    groups: dict[tuple[str, ...], list[tuple[date, date | None]]] = defaultdict(list)
    for key, start, end in zip(keys, starts, ends, strict=True):
        if start is not None and key[0]:
            groups[key].append((start, end))
    next_day, same_day = 0, 0
    for rows in groups.values():
        first = sorted(start for start, _ in rows)
        last = sorted(end for _, end in rows if end is not None)
        begun = Counter(first)
        for start, end in rows:
            if end is None or bisect_left(first, end) > bisect_right(last, end + _DAY):
                continue
            next_day += bool(begun[end + _DAY])
            same_day += begun[end] > (start == end)
    return next_day, same_day


def _days(column: FoundColumn) -> Iterator[date | None]:
    """The days of the rows looked at, where it is known how they are written."""
    written = forms_of(column)
    known: dict[str, date | None] = {}
    if written is None or len(written) == 1:
        known = as_days(column.cells, None if written is None else written[0])
    return (known.get(text) for text in column.cells)
