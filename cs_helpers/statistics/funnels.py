"""A funnel over a stream of events: how far each unit came, when, and how many.

An *attempt* begins with an event of the first step (its *entry*) and goes on with the earliest
event of each next step, all of them within the window, which counts from the entry and includes
its end (elapsed time: a change to summer time changes nothing). Modes:

- `ordered`: steps in their order, any other event may come between;
- `strict`: steps in their order, any other event of the stream clears the progress (the same
  event again does not);
- `unordered`: an attempt begins with an event of any step, and counts the different steps.

Entry rules: `first_entry`: a unit's first attempt counts; `latest_entry`: the attempt that comes
furthest, of several the one that gets there first, of those the one that began last.

Exclusions: an event strictly between two steps of an attempt (or after the first of them, as long
as the second is not reached and the window is open). `void_attempt`: as if that entry had not been.
`drop_unit`: a unit does not count at all when this is so of an attempt that could (of those not
voided: by `first_entry` the first, by `latest_entry` any).

Events at the same time have no order of their own: they are taken in the order of the steps, those
that are no step last. The same event twice at one time is one. A step whose event the funnel names
before must come later than the step before it.

Breakdowns are frozen: an attempt has what its entry said, whatever later events say.

All of this runs in DuckDB: a stream larger than memory is read where it lies.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import pandas as pd
import pyarrow as pa

from cs_helpers import paths
from cs_helpers.contract.products import Effect, Entry
from cs_helpers.errors import ParameterError

if TYPE_CHECKING:
    import duckdb

#: a stream of events: columns unit (text or integer), event (text), occurred_at (timestamp), and what else is wanted
Events: TypeAlias = pd.DataFrame | pa.Table | Path

#: what DuckDB may hold in memory; the rest goes to the folder for temporary files
MEMORY = "2GB"

#: the number of all events that a funnel does not name: the last of those at the same time
_OTHER = 65_535

#: what a breakdown is called while it is counted: its own name may be one of those used here
_GROUP = "the group"

Mode = Literal["ordered", "strict", "unordered"]


@dataclass(frozen=True)
class Exclusion:
    """An event that may not happen between two steps; `after` and `before` count steps from 1."""

    event: str
    after: int
    before: int
    effect: Effect = "drop_unit"


@dataclass(frozen=True)
class Funnel:
    """What is asked of a stream. Raises `ParameterError` where it makes no sense."""

    steps: tuple[str, ...]
    window: timedelta = timedelta(days=14)
    mode: Mode = "ordered"
    entry: Entry = "first_entry"
    exclusions: tuple[Exclusion, ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.steps:
            raise ParameterError("steps", "a funnel needs a step")
        if self.window < timedelta(0):
            raise ParameterError("window", "it may not be negative", value=str(self.window))
        if self.mode == "unordered" and len(set(self.steps)) < len(self.steps):
            raise ParameterError(
                "steps", "an unordered funnel names each event once", value=", ".join(self.steps)
            )
        for exclusion in self.exclusions:
            whole = (exclusion.after, exclusion.before) == (1, len(self.steps))
            if self.mode == "unordered" and not whole:
                raise ParameterError(
                    "exclusions", "without an order they can only hold for the whole funnel",
                    value=(exclusion.after, exclusion.before), allowed=f"1 to {len(self.steps)}",
                )  # fmt: skip
            if not 1 <= exclusion.after < exclusion.before <= len(self.steps):
                raise ParameterError(
                    "exclusions", f"'{exclusion.event}' must lie between two steps, the first before the second",
                    value=(exclusion.after, exclusion.before), allowed=f"1 to {len(self.steps)}",
                )  # fmt: skip
            if exclusion.event in self.steps[exclusion.after - 1 : exclusion.before]:
                raise ParameterError(
                    "exclusions", f"'{exclusion.event}' is one of the steps that it would exclude"
                )


def attempts(events: Events, funnel: Funnel, *, by: str = "") -> pd.DataFrame:
    """The attempt that counts, of each unit that has one.

    by: a column of the events whose value at the entry is kept. Columns: unit, reached (how many
    steps), at_1 ... at_k (timestamps; NaT from the step on that was not reached; of an unordered
    funnel the times in their order), and `by`. Ordered by unit. Events without a unit or a time are
    left out. Raises `ParameterError` for a column that is not there, and for one called as another of these.
    """
    group = _group(by, "unit", "reached", *(f"at_{k}" for k in range(1, len(funnel.steps) + 1)))
    with _stream(events, funnel, by) as connection:
        found = connection.sql(f"{_sql(funnel, group)} SELECT * FROM chosen ORDER BY unit").df()
    return found.rename(columns={_GROUP: by})


def counted(events: Events, funnel: Funnel, *, by: str = "") -> pd.DataFrame:
    """How many units came to each step. Columns: `by` (if any), step (1 ...), units; ordered by both.

    Raises `ParameterError` as `attempts` does.
    """
    group = _group(by, "step", "units")
    groups = f"{_quoted(group)}, " if by else ""
    steps = range(1, len(funnel.steps) + 1)
    counts = ", ".join(f"count(at_{k})" for k in steps)
    with _stream(events, funnel, by) as connection:
        found = connection.sql(
            f"{_sql(funnel, group)} SELECT {groups}unnest({list(steps)}) AS step, unnest([{counts}]) AS units"
            f" FROM chosen {f'GROUP BY {_quoted(group)}' if by else ''} ORDER BY {groups}step"
        ).df()
    return found.rename(columns={_GROUP: by})


def _group(by: str, *taken: str) -> str:
    """The name of the breakdown while it is counted; none for none."""
    if by in taken:
        raise ParameterError(
            "by", "the answer has another column of that name: rename it in the stream", value=by
        )
    return _GROUP if by else ""


@contextmanager
def _stream(events: Events, funnel: Funnel, by: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `events`: what the funnel needs, read once, each event as a small number."""
    import duckdb  # starts a thread, which must not be there when kernels are forked

    with (
        tempfile.TemporaryDirectory(prefix="cs-funnel-", dir=paths.temporary()) as folder,
        duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": folder}) as connection,
    ):
        if isinstance(events, Path):
            files = str(events / "**" / "*.parquet") if events.is_dir() else str(events)
            connection.read_parquet(files).create_view("given")
        else:
            connection.register("given", events)
        there = connection.table("given").columns
        if missing := [c for c in ("unit", "event", "occurred_at", *([by] if by else [])) if c not in there]:
            raise ParameterError(
                "events", f"the stream has no column '{missing[0]}'", allowed=", ".join(there)
            )
        names = _codes(funnel)  # the number of a name is its place among the parameters, too
        codes = " ".join(f"WHEN ${code} THEN {code}" for code in names.values())
        connection.execute(
            f"CREATE TABLE events AS SELECT unit, (CASE event {codes} ELSE {_OTHER} END)::USMALLINT AS event,"
            f" occurred_at{f', {_quoted(by)} AS {_quoted(_GROUP)}' if by else ''} FROM given"
            f" WHERE unit IS NOT NULL AND occurred_at IS NOT NULL"
            + (
                ""
                if funnel.mode == "strict"
                else f" AND event IN ({', '.join(f'${code}' for code in names.values())})"
            ),
            list(names),
        )
        yield connection


def _codes(funnel: Funnel) -> dict[str, int]:
    """A number for each event that a funnel names, its steps first and in order."""
    names = dict.fromkeys((*funnel.steps, *(x.event for x in funnel.exclusions)))
    return {name: code for code, name in enumerate(names, 1)}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _sql(funnel: Funnel, by: str) -> str:
    """WITH ... up to `chosen`: unit, reached, at_1 ..., by."""
    tries = {"ordered": _ordered, "strict": _strict, "unordered": _unordered}[funnel.mode]
    parts = [*tries(funnel, by), *_chosen(funnel, by)]
    return "WITH " + ",\n".join(f"{name} AS ({query})" for name, query in parts)


_Part = tuple[str, str]


def _limit(funnel: Funnel) -> str:
    return f"to_microseconds({funnel.window // timedelta(microseconds=1)})"


def _every_entry(funnel: Funnel) -> bool:
    """Whether more than a unit's first attempt can count."""
    return funnel.entry == "latest_entry" or any(x.effect == "void_attempt" for x in funnel.exclusions)


def _entries(funnel: Funnel, by: str, names: Sequence[str], time: str = "at_1") -> str:
    """unit, `time`, by: the events that begin an attempt."""
    where = f"event IN ({', '.join(str(_codes(funnel)[name]) for name in names)})"
    column = _quoted(by)
    if _every_entry(funnel):
        kept = f", min({column}) AS {column}" if by else ""
        return (
            f"SELECT unit, occurred_at AS {time}{kept} FROM events WHERE {where} GROUP BY unit, occurred_at"
        )
    kept = f", first({column} ORDER BY occurred_at, {column}) AS {column}" if by else ""
    return f"SELECT unit, min(occurred_at) AS {time}{kept} FROM events WHERE {where} GROUP BY unit"


def _ordered(funnel: Funnel, by: str) -> Iterator[_Part]:
    return (_ordered_any if _every_entry(funnel) else _ordered_first)(funnel, by)


def _ordered_first(funnel: Funnel, by: str) -> Iterator[_Part]:
    """One attempt a unit: a join and a group for each step, of those that came to the one before."""
    yield "step_1", _entries(funnel, by, funnel.steps[:1])
    for k, name in enumerate(funnel.steps[1:], 2):
        yield (
            f"step_{k}",
            f"SELECT s.unit, any_value(s.at_1) AS at_1, min(e.occurred_at) AS at_{k}"
            f" FROM events e JOIN step_{k - 1} s ON e.unit = s.unit WHERE e.event = {_codes(funnel)[name]}"
            f" AND e.occurred_at {_later(funnel, k)} s.at_{k - 1} AND e.occurred_at <= s.at_1 + {_limit(funnel)}"
            " GROUP BY s.unit",
        )
    others = range(2, len(funnel.steps) + 1)
    yield (
        "tries",
        f"SELECT step_1.*{''.join(f', at_{k}' for k in others)} FROM step_1"
        + "".join(f" LEFT JOIN (SELECT unit, at_{k} FROM step_{k}) USING (unit)" for k in others),
    )


def _ordered_any(funnel: Funnel, by: str) -> Iterator[_Part]:
    """An attempt for each entry: ASOF finds the next event of a step in one pass over both in order."""
    yield "try_1", _entries(funnel, by, funnel.steps[:1])
    for k, name in enumerate(funnel.steps[1:], 2):
        yield (
            f"try_{k}",
            # where there is no step before, ASOF matches the first event of all: hence IS NOT NULL
            f"SELECT t.*, CASE WHEN t.at_{k - 1} IS NOT NULL AND s.occurred_at <= t.at_1 + {_limit(funnel)}"
            f" THEN s.occurred_at END AS at_{k} FROM try_{k - 1} t"
            f" ASOF LEFT JOIN (SELECT unit, occurred_at FROM events WHERE event = {_codes(funnel)[name]}) s"
            f" ON t.unit = s.unit AND s.occurred_at {_later(funnel, k)} t.at_{k - 1}",
        )
    yield "tries", f"SELECT * FROM try_{len(funnel.steps)}"


def _later(funnel: Funnel, k: int) -> str:
    return ">" if funnel.steps[k - 1] in funnel.steps[: k - 1] else ">="


def _strict(funnel: Funnel, by: str) -> Iterator[_Part]:
    steps, codes = funnel.steps, _codes(funnel)
    kept = f", {_quoted(by)}" if by else ""
    yield (
        "stream",
        "SELECT unit, event, occurred_at"
        + (f", min({_quoted(by)}) AS {_quoted(by)}" if by else "")
        + " FROM events GROUP BY unit, event, occurred_at",
    )
    # the same event again clears nothing: a run of it is one, unless the funnel asks for the repetition
    twice = {a for a, b in pairwise(steps) if a == b}
    asked = f" OR event IN ({', '.join(str(codes[name]) for name in sorted(twice))})" if twice else ""
    in_order = "OVER (PARTITION BY unit ORDER BY occurred_at, event)"
    yield "starts", f"SELECT *, event IS DISTINCT FROM lag(event) {in_order}{asked} AS starts FROM stream"
    yield "runs", f"SELECT *, sum(starts::INTEGER) {in_order} AS run FROM starts"
    after = "OVER (PARTITION BY unit ORDER BY run)"
    leads = "".join(
        f", lead(event, {n}) {after} AS event_{n + 1}, lead(occurred_at, {n}) {after} AS next_{n + 1}"
        for n in range(1, len(steps))
    )
    yield "line", f"SELECT unit, run{leads} FROM runs WHERE starts"
    yield (
        "try_1",
        f"SELECT line.*, occurred_at AS at_1{kept} FROM runs JOIN line USING (unit, run) WHERE event = {codes[steps[0]]}"
        + ("" if _every_entry(funnel) else f" {_best('occurred_at')}"),
    )
    for k, name in enumerate(steps[1:], 2):
        yield (
            f"try_{k}",
            f"SELECT *, CASE WHEN at_{k - 1} IS NOT NULL AND event_{k} = {codes[name]}"
            f" AND next_{k} <= at_1 + {_limit(funnel)} THEN next_{k} END AS at_{k} FROM try_{k - 1}",
        )
    times = ", ".join(f"at_{k}" for k in range(1, len(steps) + 1))
    yield "tries", f"SELECT unit, {times}{kept} FROM try_{len(steps)}"


def _unordered(funnel: Funnel, by: str) -> Iterator[_Part]:
    kept = f", {_quoted(by)}" if by else ""
    yield "try_0", _entries(funnel, by, funnel.steps, "entered")
    for k, name in enumerate(funnel.steps, 1):
        yield (
            f"try_{k}",
            f"SELECT t.*, CASE WHEN s.occurred_at <= t.entered + {_limit(funnel)} THEN s.occurred_at END AS time_{k}"
            f" FROM try_{k - 1} t ASOF LEFT JOIN (SELECT unit, occurred_at FROM events WHERE event = {_codes(funnel)[name]}) s"
            f" ON t.unit = s.unit AND s.occurred_at >= t.entered",
        )
    times = ", ".join(f"time_{k}" for k in range(1, len(funnel.steps) + 1))
    yield (
        "sorted",
        f"SELECT *, list_sort([{times}], 'ASC', 'NULLS LAST') AS times FROM try_{len(funnel.steps)}",
    )
    listed = ", ".join(f"times[{k}] AS at_{k}" for k in range(1, len(funnel.steps) + 1))
    yield "tries", f"SELECT unit, {listed}{kept} FROM sorted"


def _chosen(funnel: Funnel, by: str) -> Iterator[_Part]:
    """One attempt a unit: without those that are void, then without units that are dropped."""
    times = [f"at_{k}" for k in range(1, len(funnel.steps) + 1)]
    tries = "tries"
    for n, exclusion in enumerate(x for x in funnel.exclusions if x.effect == "void_attempt"):
        yield f"void_{n}", _met(tries, exclusion, funnel)
        yield f"valid_{n}", f"SELECT * EXCLUDE met FROM void_{n} WHERE NOT met"
        tries = f"valid_{n}"
    if _every_entry(funnel) and funnel.entry == "first_entry":
        yield "first", f"SELECT * FROM {tries} {_best('at_1')}"
        tries = "first"
    for n, exclusion in enumerate(x for x in funnel.exclusions if x.effect == "drop_unit"):
        yield f"drop_{n}", _met(tries, exclusion, funnel)
        yield (
            f"left_{n}",
            f"SELECT * EXCLUDE met FROM drop_{n} WHERE unit NOT IN (SELECT unit FROM drop_{n} WHERE met)",
        )
        tries = f"left_{n}"
    reached = " + ".join(f"({t} IS NOT NULL)::TINYINT" for t in times)
    columns = f"unit, {reached} AS reached, {', '.join(times)}{f', {_quoted(by)}' if by else ''}"
    best = (
        _best(f"reached DESC, greatest({', '.join(times)}), at_1 DESC")
        if funnel.entry == "latest_entry"
        else ""
    )
    yield "chosen", f"SELECT {columns} FROM {tries} {best}"


def _best(order: str) -> str:
    return f"QUALIFY row_number() OVER (PARTITION BY unit ORDER BY {order}) = 1"


def _met(tries: str, exclusion: Exclusion, funnel: Funnel) -> str:
    """Tries and whether the exclusion holds; ASOF finds the first such event: if it lies too late, so do all."""
    after, before = f"t.at_{exclusion.after}", f"t.at_{exclusion.before}"
    return (
        f"SELECT t.*, {after} IS NOT NULL"
        f" AND coalesce(x.occurred_at < {before}, x.occurred_at <= t.at_1 + {_limit(funnel)}, false) AS met"
        f" FROM {tries} t ASOF LEFT JOIN"
        f" (SELECT unit, occurred_at FROM events WHERE event = {_codes(funnel)[exclusion.event]}) x"
        f" ON t.unit = x.unit AND x.occurred_at > {after}"
    )
