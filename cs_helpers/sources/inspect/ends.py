"""Infers the meaning of the ends of contracts from the inspected rows.

An end is the last day of a contract or the day after, and that of a term, of a notice or of a cancelled contract.
Where the data do not decide, a question to a person shows the counts.
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
from cs_helpers.sources.inspect.column_lines import MAX_LISTED, column_date_formats, open_mapping, yaml_scalar
from cs_helpers.sources.inspect.inspection import SAMPLE_ROWS, CandidateColumn, one_line
from cs_helpers.sources.inspect.matching import Fit, Match
from cs_helpers.sources.inspect.names import name_list, normalize_name
from cs_helpers.sources.inspect.synonyms import ENDED_DATE_NAMES, ENDED_VALUES, STATUS_NAMES
from cs_helpers.sources.inspect.value_forms import parse_days

#: the number of ends needed for a decision, and the share of them that has to agree
_MIN_ENDS, _MIN_AGREEING = 3, 0.75
_DAY = timedelta(days=1)
_LAST_MINUTE = re.compile(r"(?<!\d)(23[:時]59|11:59(:59)?(\.\d+)? ?PM)", re.IGNORECASE)
_HOW_ENDED_OPTIONS = (
    "{ constant: term } (a paid term, which may be renewed), notice or cancelled, or the column that tells"
)


@dataclass(frozen=True)
class _EndCounts:
    """Counts of contracts.

    rows: inspected rows; complete: whether those are all rows. ended: with an end; last_minute: ending at 23:59;
    month_ends, month_firsts: ending on such a day. next_day, same_day: followed by another contract of the account
    (and product) that begins the day after, or on that day, without a third one running. in_future: ending later than
    the latest start.
    """

    rows: int
    complete: bool
    ended: int
    last_minute: int
    month_ends: int
    month_firsts: int
    next_day: int
    same_day: int
    in_future: int

    @property
    def summary(self) -> str:
        """The counts in words."""
        return (
            f"{self.ended:,} of {self.rows:,} rows have an end; {self.in_future:,} of these lie ahead of the latest"
            f" start, {self.next_day + self.same_day:,} are followed by another contract"
        )


def add_end_mappings(fit: Fit) -> Fit:
    """Add the mappings of `ended_on` and `ended_how` to the contracts, or the questions that remain."""
    match = fit.matches.get("ended_on")
    if match is None or not match.source.values:
        return fit
    ends = _count_ends(fit, match.source)
    means, summary = _infer_meaning(ends)
    fit = _add_meaning(fit, match, means, summary)
    return _add_how_ended(fit, match.source, ends)


# --- the last day, or the day after ------------------------------------------------------------


def _infer_meaning(ends: _EndCounts) -> tuple[str | None, str]:
    """`last_day`, `day_after` or `None`, and the counts that the decision rests on."""
    if ends.last_minute and ends.last_minute >= _MIN_AGREEING * ends.ended:
        return (
            "last_day",
            f"{ends.last_minute:,} of {ends.ended:,} values are at 23:59, the end of a last day",
        )
    followed = ends.next_day + ends.same_day
    summary = (
        f"{ends.next_day:,} contracts begin the day after an earlier one of their account ends,"
        f" {ends.same_day:,} on that day"
    )
    if followed >= _MIN_ENDS:
        if max(ends.next_day, ends.same_day) < _MIN_AGREEING * followed:
            return None, summary
        return "last_day" if ends.next_day > ends.same_day else "day_after", summary
    if ends.ended >= _MIN_ENDS:
        months = (
            f"{ends.month_ends:,} of {ends.ended:,} are the last of a month, {ends.month_firsts:,} the first"
        )
        if ends.month_ends >= _MIN_AGREEING * ends.ended:
            return "last_day", months
        if ends.month_firsts >= _MIN_AGREEING * ends.ended:
            return "day_after", months
    return None, summary


def _add_meaning(fit: Fit, match: Match, means: str | None, summary: str) -> Fit:
    if means is not None and match.mapping:
        mapping = f"{open_mapping(match.mapping)}, means: {means} }}"
        matches = fit.matches | {"ended_on": replace(match, mapping=mapping)}
        return replace(fit, matches=matches, evidence=fit.evidence | {"ended_on": summary})
    if not match.mapping:  # a person has to name the date format first
        question = f"add means: last_day, or means: day_after ({summary})"
    else:
        as_last_day, as_day_after = (
            f"{open_mapping(match.mapping)}, means: {m} }}" for m in ("last_day", "day_after")
        )
        question = f"say whether it is the last day of the contract or the day after: {as_last_day} or {as_day_after}; {summary}"
    return replace(
        fit, questions=fit.questions | {"ended_on": (*fit.questions.get("ended_on", ()), question)}
    )


# --- how a contract ended ----------------------------------------------------------------------


def _add_how_ended(fit: Fit, ended: CandidateColumn, ends: _EndCounts) -> Fit:
    """Add `ended_how` to the contracts: from its own column, a status, a constant, or as a question."""
    own_match = fit.matches.get("ended_how")
    if own_match is not None and set(own_match.source.values) <= set(ENDINGS):
        return fit
    name = normalize_name(ended.name)
    implied_by_name = next((how for how, part in ENDED_DATE_NAMES.items() if re.search(part, name)), None)
    if own_match is None and implied_by_name in ("notice", "cancelled"):
        return _add_constant(fit, implied_by_name, f"'{one_line(ended.name)}' is the name of such a date")
    used = {match.source.name for match in fit.matches.values()}
    candidates = [
        c
        for c in fit.candidate.columns
        if c.name not in used and normalize_name(c.name) in name_list(STATUS_NAMES)
    ]
    for column in [own_match.source] if own_match is not None else candidates:
        if match := _status_mapping(column, ended):
            evidence = {"ended_how": f"by the values of '{one_line(column.name)}'"} if match.mapping else {}
            matches = fit.matches | {"ended_how": match}
            return replace(fit, matches=matches, evidence=fit.evidence | evidence)
    if own_match is not None:
        return fit
    if implied_by_name is not None:
        fit = _add_constant(fit, implied_by_name, f"'{one_line(ended.name)}' is the name of such a date")
        if name == normalize_name("更新日"):
            question = "'更新日' can also be the day on which the row was last changed"
            fit = replace(
                fit, questions=fit.questions | {"ended_on": (*fit.questions.get("ended_on", ()), question)}
            )
        return fit
    how = _infer_how_ended(ends)
    if how is not None:
        return _add_constant(fit, how, ends.summary)
    return replace(
        fit, questions=fit.questions | {"ended_how": (f"say {_HOW_ENDED_OPTIONS}; {ends.summary}",)}
    )


def _add_constant(fit: Fit, how: str, summary: str) -> Fit:
    evidence = fit.evidence | {"ended_how": summary}
    return replace(fit, constants=fit.constants | {"ended_how": how}, evidence=evidence)


def _infer_how_ended(ends: _EndCounts) -> str | None:
    """How contracts ended, by their ends alone; `None` where these do not decide."""
    followed = ends.next_day + ends.same_day
    if ends.ended < _MIN_ENDS:
        return None
    mostly_ended, half = 2 * ends.ended >= ends.rows, ends.ended / 2
    if followed + ends.in_future >= half and (mostly_ended or followed >= half):
        return "term"
    if ends.complete and not mostly_ended and not followed and not ends.in_future:
        return "cancelled"
    return None


def _status_mapping(column: CandidateColumn, ended: CandidateColumn) -> Match | None:
    """The mapping of a column whose values tell how contracts ended; `None` where no value does."""
    if column.kind not in ("text", "other") or not 1 <= len(column.values) <= MAX_LISTED:
        return None
    with_end: dict[str, list[bool]] = defaultdict(list)
    for value, end in zip(column.cells, ended.cells, strict=True):
        with_end[value].append(bool(end))
    meanings = {value: _ended_how(value, with_end[value]) for value in column.values}
    if not set(meanings.values()) & set(ENDINGS):
        return None
    pairs = ", ".join(f"{yaml_scalar(value)}: {how}" for value, how in meanings.items())
    mapping = f"{{ column: {yaml_scalar(column.name)}, values: {{ {pairs} }} }}"
    if "???" not in meanings.values():
        return Match(column, 2.0, mapping)
    question = f"say which is {', '.join(ENDINGS)}, or null where the contract runs"
    return Match(column, 2.0, "", question, suggestion=mapping)


def _ended_how(value: str, ends: Sequence[bool]) -> str:
    how = next(
        (how for how, names in ENDED_VALUES.items() if normalize_name(value) in name_list(names)), None
    )
    if how not in (None, "running"):
        return str(how)
    if not any(ends):
        return "null"
    # an active contract with an end ends with its term
    return "term" if how == "running" else "???"


# --- counting ----------------------------------------------------------------------------------


def _count_ends(fit: Fit, column: CandidateColumn) -> _EndCounts:
    texts = column.cells
    ends = [day if day is None or day.year < NO_END_FROM else None for day in _parsed_days(column)]
    start_match = fit.matches.get("started_on")
    starts = list(_parsed_days(start_match.source)) if start_match is not None else [None] * len(texts)
    keys = [fit.matches[c].source.cells for c in ("account_id", "product") if c in fit.matches]
    next_day, same_day = 0, 0
    if "account_id" in fit.matches:
        next_day, same_day = _count_followed(list(zip(*keys, strict=True)), starts, ends)
    latest_start = max((day for day in starts if day is not None), default=date.max)
    days = [day for day in ends if day is not None]
    return _EndCounts(
        rows=len(texts),
        complete=fit.candidate.rows == len(texts) or len(texts) < SAMPLE_ROWS,
        ended=len(days),
        last_minute=sum(
            bool(day and _LAST_MINUTE.search(text)) for text, day in zip(texts, ends, strict=True)
        ),
        month_ends=sum((day + _DAY).day == 1 for day in days),
        month_firsts=sum(day.day == 1 for day in days),
        next_day=next_day,
        same_day=same_day,
        in_future=sum(day > latest_start for day in days),
    )


def _count_followed(
    keys: Sequence[tuple[str, ...]], starts: Sequence[date | None], ends: Sequence[date | None]
) -> tuple[int, int]:
    """The number of contracts followed by one of the same key the next day, and on the same day.

    Where a third contract runs at the same time, it is unknown which one the next contract follows.
    """
    groups: dict[tuple[str, ...], list[tuple[date, date | None]]] = defaultdict(list)
    for key, start, end in zip(keys, starts, ends, strict=True):
        if start is not None and key[0]:
            groups[key].append((start, end))
    next_day, same_day = 0, 0
    for rows in groups.values():
        first = sorted(start for start, _ in rows)
        last = sorted(end for _, end in rows if end is not None)
        start_counts = Counter(first)
        for start, end in rows:
            if end is None or bisect_left(first, end) > bisect_right(last, end + _DAY):
                continue
            next_day += bool(start_counts[end + _DAY])
            same_day += start_counts[end] > (start == end)
    return next_day, same_day


def _parsed_days(column: CandidateColumn) -> Iterator[date | None]:
    """The day of each inspected row; `None` where it is empty or its format is unknown."""
    formats = column_date_formats(column)
    days: dict[str, date | None] = {}
    if formats is None or len(formats) == 1:
        days = parse_days(column.cells, None if formats is None else formats[0])
    return (days.get(text) for text in column.cells)
