"""Funnels over a stream of events: the steps each unit reached and when, and the units per step.

An *attempt* starts with an event of the first step (its *entry*) and continues with the earliest event of each next
step. All of them lie within the window, which starts at the entry and includes its end (elapsed time, so daylight
saving changes nothing). Modes:

- `ordered`: steps in order, with any other events between them;
- `strict`: steps in order; any other event of the stream ends the attempt (a repetition of the last event does not);
- `unordered`: an attempt starts with an event of any step and counts distinct steps.

Entry rules: `first_entry` takes the first attempt of a unit; `latest_entry` the attempt that reaches most steps, of
several the one that reaches them first, and of those the one that started last.

An exclusion applies to an attempt if its event lies strictly between two steps of it, or after the first of them
within the window if the second is not reached. `void_attempt` ignores such an attempt. `drop_unit` ignores the unit
if the exclusion applies to any of its candidates (the attempts that are not void; with `first_entry` the first).

Events at the same time are processed in the order of the steps, other events last; duplicates at the same time count
once. A step whose event is also an earlier step of the funnel must be later than the step before it.

The value of a breakdown is that of the entry; values of later events are ignored.

Everything runs in DuckDB, so a stream may be larger than memory.
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

#: a stream of events: columns unit (text or integer), event (text), occurred_at (timestamp), and any others
Events: TypeAlias = pd.DataFrame | pa.Table | Path

#: the memory limit of DuckDB, which spills to the temporary folder beyond it
MEMORY = "2GB"

#: the code of events that the funnel does not name; the largest, so that they sort last at the same time
_OTHER = 65_535

#: the name of the breakdown column in queries, where the name given could clash with other columns
_BREAKDOWN = "the group"

Mode = Literal["ordered", "strict", "unordered"]


@dataclass(frozen=True)
class Exclusion:
    """An event that must not occur between two steps; `after` and `before` are step numbers from 1."""

    event: str
    after: int
    before: int
    effect: Effect = "drop_unit"


@dataclass(frozen=True)
class Funnel:
    """The definition of a funnel. Raises `ParameterError` where it contradicts itself."""

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
            spans_funnel = (exclusion.after, exclusion.before) == (1, len(self.steps))
            if self.mode == "unordered" and not spans_funnel:
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
    """The attempt selected for each unit with an attempt.

    by: a column of the events to break down by; its value at the entry is kept. Columns: unit, reached (number of
    steps), at_1 ... at_k (timestamps, NaT for steps not reached; in time order for an unordered funnel), and `by`.
    Sorted by unit. Events without a unit or a time are ignored. Raises `ParameterError` where a column is missing, and
    where `by` is the name of another column of the result.
    """
    group = _breakdown_column(by, "unit", "reached", *(f"at_{k}" for k in range(1, len(funnel.steps) + 1)))
    with _open_stream(events, funnel, by) as connection:
        table = connection.sql(f"{_query(funnel, group)} SELECT * FROM chosen ORDER BY unit").df()
    return table.rename(columns={_BREAKDOWN: by})


def count_units(events: Events, funnel: Funnel, *, by: str = "") -> pd.DataFrame:
    """The number of units that reached each step. Columns: `by` (if given), step (1 ...), units; sorted by both.

    Raises `ParameterError` as `attempts` does.
    """
    group = _breakdown_column(by, "step", "units")
    groups = f"{_quote(group)}, " if by else ""
    steps = range(1, len(funnel.steps) + 1)
    counts = ", ".join(f"count(at_{k})" for k in steps)
    with _open_stream(events, funnel, by) as connection:
        table = connection.sql(
            f"{_query(funnel, group)} SELECT {groups}unnest({list(steps)}) AS step, unnest([{counts}]) AS units"
            f" FROM chosen {f'GROUP BY {_quote(group)}' if by else ''} ORDER BY {groups}step"
        ).df()
    return table.rename(columns={_BREAKDOWN: by})


def _breakdown_column(by: str, *result_columns: str) -> str:
    """The name of the breakdown column in queries, empty without one."""
    if by in result_columns:
        raise ParameterError(
            "by", "the answer has another column of that name: rename it in the stream", value=by
        )
    return _BREAKDOWN if by else ""


@contextmanager
def _open_stream(events: Events, funnel: Funnel, by: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with the table `events`: the columns the funnel needs, read once, with events as small integers."""
    import duckdb  # imported late: it starts a thread, and kernels are forked only without threads

    with (
        tempfile.TemporaryDirectory(prefix="cs-funnel-", dir=paths.temporary()) as folder,
        duckdb.connect(config={"memory_limit": MEMORY, "temp_directory": folder}) as connection,
    ):
        if isinstance(events, Path):
            files = str(events / "**" / "*.parquet") if events.is_dir() else str(events)
            connection.read_parquet(files).create_view("source")
        else:
            connection.register("source", events)
        columns = connection.table("source").columns
        if missing := [
            c for c in ("unit", "event", "occurred_at", *([by] if by else [])) if c not in columns
        ]:
            raise ParameterError(
                "events", f"the stream has no column '{missing[0]}'", allowed=", ".join(columns)
            )
        names = _codes(funnel)  # the code of a name is also its position among the query parameters
        codes = " ".join(f"WHEN ${code} THEN {code}" for code in names.values())
        connection.execute(
            f"CREATE TABLE events AS SELECT unit, (CASE event {codes} ELSE {_OTHER} END)::USMALLINT AS event,"
            f" occurred_at{f', {_quote(by)} AS {_quote(_BREAKDOWN)}' if by else ''} FROM source"
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
    """A code from 1 for each event that the funnel names, steps first and in order."""
    names = dict.fromkeys((*funnel.steps, *(x.event for x in funnel.exclusions)))
    return {name: code for code, name in enumerate(names, 1)}


def _quote(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _query(funnel: Funnel, by: str) -> str:
    """The WITH clause; its last table `chosen` has unit, reached, at_1 ... and the breakdown."""
    tries = {"ordered": _ordered, "strict": _strict, "unordered": _unordered}[funnel.mode]
    parts = [*tries(funnel, by), *_select_attempts(funnel, by)]
    return "WITH " + ",\n".join(f"{name} AS ({query})" for name, query in parts)


_NamedQuery = tuple[str, str]


def _window(funnel: Funnel) -> str:
    return f"to_microseconds({funnel.window // timedelta(microseconds=1)})"


def _tries_every_entry(funnel: Funnel) -> bool:
    """Whether attempts after the first of a unit can be selected."""
    return funnel.entry == "latest_entry" or any(x.effect == "void_attempt" for x in funnel.exclusions)


def _entries(funnel: Funnel, by: str, names: Sequence[str], time: str = "at_1") -> str:
    """The events that start an attempt: unit, `time` and the breakdown."""
    where = f"event IN ({', '.join(str(_codes(funnel)[name]) for name in names)})"
    column = _quote(by)
    if _tries_every_entry(funnel):
        breakdown = f", min({column}) AS {column}" if by else ""
        return f"SELECT unit, occurred_at AS {time}{breakdown} FROM events WHERE {where} GROUP BY unit, occurred_at"
    breakdown = f", first({column} ORDER BY occurred_at, {column}) AS {column}" if by else ""
    return f"SELECT unit, min(occurred_at) AS {time}{breakdown} FROM events WHERE {where} GROUP BY unit"


def _ordered(funnel: Funnel, by: str) -> Iterator[_NamedQuery]:
    return (_ordered_every_entry if _tries_every_entry(funnel) else _ordered_first_entry)(funnel, by)


def _ordered_first_entry(funnel: Funnel, by: str) -> Iterator[_NamedQuery]:
    """One attempt per unit: a join and an aggregation per step, over the units that reached the step before."""
    yield "step_1", _entries(funnel, by, funnel.steps[:1])
    for k, name in enumerate(funnel.steps[1:], 2):
        yield (
            f"step_{k}",
            f"SELECT s.unit, any_value(s.at_1) AS at_1, min(e.occurred_at) AS at_{k}"
            f" FROM events e JOIN step_{k - 1} s ON e.unit = s.unit WHERE e.event = {_codes(funnel)[name]}"
            f" AND e.occurred_at {_after_operator(funnel, k)} s.at_{k - 1} AND e.occurred_at <= s.at_1 + {_window(funnel)}"
            " GROUP BY s.unit",
        )
    later_steps = range(2, len(funnel.steps) + 1)
    yield (
        "tries",
        f"SELECT step_1.*{''.join(f', at_{k}' for k in later_steps)} FROM step_1"
        + "".join(f" LEFT JOIN (SELECT unit, at_{k} FROM step_{k}) USING (unit)" for k in later_steps),
    )


def _ordered_every_entry(funnel: Funnel, by: str) -> Iterator[_NamedQuery]:
    """One attempt per entry: an ASOF join finds the next event of a step in one pass over both sorted inputs."""
    yield "try_1", _entries(funnel, by, funnel.steps[:1])
    for k, name in enumerate(funnel.steps[1:], 2):
        yield (
            f"try_{k}",
            # ASOF matches NULL to the first event of all, hence IS NOT NULL
            f"SELECT t.*, CASE WHEN t.at_{k - 1} IS NOT NULL AND s.occurred_at <= t.at_1 + {_window(funnel)}"
            f" THEN s.occurred_at END AS at_{k} FROM try_{k - 1} t"
            f" ASOF LEFT JOIN (SELECT unit, occurred_at FROM events WHERE event = {_codes(funnel)[name]}) s"
            f" ON t.unit = s.unit AND s.occurred_at {_after_operator(funnel, k)} t.at_{k - 1}",
        )
    yield "tries", f"SELECT * FROM try_{len(funnel.steps)}"


def _after_operator(funnel: Funnel, k: int) -> str:
    return ">" if funnel.steps[k - 1] in funnel.steps[: k - 1] else ">="


def _strict(funnel: Funnel, by: str) -> Iterator[_NamedQuery]:
    steps, codes = funnel.steps, _codes(funnel)
    breakdown = f", {_quote(by)}" if by else ""
    yield (
        "stream",
        "SELECT unit, event, occurred_at"
        + (f", min({_quote(by)}) AS {_quote(by)}" if by else "")
        + " FROM events GROUP BY unit, event, occurred_at",
    )
    # repetitions of an event count as one, unless the funnel has the event twice in a row
    repeated = {a for a, b in pairwise(steps) if a == b}
    or_repeated = (
        f" OR event IN ({', '.join(str(codes[name]) for name in sorted(repeated))})" if repeated else ""
    )
    in_order = "OVER (PARTITION BY unit ORDER BY occurred_at, event)"
    yield (
        "starts",
        f"SELECT *, event IS DISTINCT FROM lag(event) {in_order}{or_repeated} AS starts FROM stream",
    )
    yield "runs", f"SELECT *, sum(starts::INTEGER) {in_order} AS run FROM starts"
    after = "OVER (PARTITION BY unit ORDER BY run)"
    leads = "".join(
        f", lead(event, {n}) {after} AS event_{n + 1}, lead(occurred_at, {n}) {after} AS next_{n + 1}"
        for n in range(1, len(steps))
    )
    yield "line", f"SELECT unit, run{leads} FROM runs WHERE starts"
    yield (
        "try_1",
        f"SELECT line.*, occurred_at AS at_1{breakdown} FROM runs JOIN line USING (unit, run) WHERE event = {codes[steps[0]]}"
        + ("" if _tries_every_entry(funnel) else f" {_first_by('occurred_at')}"),
    )
    for k, name in enumerate(steps[1:], 2):
        yield (
            f"try_{k}",
            f"SELECT *, CASE WHEN at_{k - 1} IS NOT NULL AND event_{k} = {codes[name]}"
            f" AND next_{k} <= at_1 + {_window(funnel)} THEN next_{k} END AS at_{k} FROM try_{k - 1}",
        )
    times = ", ".join(f"at_{k}" for k in range(1, len(steps) + 1))
    yield "tries", f"SELECT unit, {times}{breakdown} FROM try_{len(steps)}"


def _unordered(funnel: Funnel, by: str) -> Iterator[_NamedQuery]:
    breakdown = f", {_quote(by)}" if by else ""
    yield "try_0", _entries(funnel, by, funnel.steps, "entered")
    for k, name in enumerate(funnel.steps, 1):
        yield (
            f"try_{k}",
            f"SELECT t.*, CASE WHEN s.occurred_at <= t.entered + {_window(funnel)} THEN s.occurred_at END AS time_{k}"
            f" FROM try_{k - 1} t ASOF LEFT JOIN (SELECT unit, occurred_at FROM events WHERE event = {_codes(funnel)[name]}) s"
            f" ON t.unit = s.unit AND s.occurred_at >= t.entered",
        )
    times = ", ".join(f"time_{k}" for k in range(1, len(funnel.steps) + 1))
    yield (
        "sorted",
        f"SELECT *, list_sort([{times}], 'ASC', 'NULLS LAST') AS times FROM try_{len(funnel.steps)}",
    )
    listed = ", ".join(f"times[{k}] AS at_{k}" for k in range(1, len(funnel.steps) + 1))
    yield "tries", f"SELECT unit, {listed}{breakdown} FROM sorted"


def _select_attempts(funnel: Funnel, by: str) -> Iterator[_NamedQuery]:
    """One attempt per unit: void attempts are removed first, then dropped units."""
    times = [f"at_{k}" for k in range(1, len(funnel.steps) + 1)]
    tries = "tries"
    for n, exclusion in enumerate(x for x in funnel.exclusions if x.effect == "void_attempt"):
        yield f"void_{n}", _check_exclusion(tries, exclusion, funnel)
        yield f"valid_{n}", f"SELECT * EXCLUDE met FROM void_{n} WHERE NOT met"
        tries = f"valid_{n}"
    if _tries_every_entry(funnel) and funnel.entry == "first_entry":
        yield "first", f"SELECT * FROM {tries} {_first_by('at_1')}"
        tries = "first"
    for n, exclusion in enumerate(x for x in funnel.exclusions if x.effect == "drop_unit"):
        yield f"drop_{n}", _check_exclusion(tries, exclusion, funnel)
        yield (
            f"left_{n}",
            f"SELECT * EXCLUDE met FROM drop_{n} WHERE unit NOT IN (SELECT unit FROM drop_{n} WHERE met)",
        )
        tries = f"left_{n}"
    reached = " + ".join(f"({t} IS NOT NULL)::TINYINT" for t in times)
    columns = f"unit, {reached} AS reached, {', '.join(times)}{f', {_quote(by)}' if by else ''}"
    best = (
        _first_by(f"reached DESC, greatest({', '.join(times)}), at_1 DESC")
        if funnel.entry == "latest_entry"
        else ""
    )
    yield "chosen", f"SELECT {columns} FROM {tries} {best}"


def _first_by(order: str) -> str:
    return f"QUALIFY row_number() OVER (PARTITION BY unit ORDER BY {order}) = 1"


def _check_exclusion(tries: str, exclusion: Exclusion, funnel: Funnel) -> str:
    """Attempts with `met`: whether the exclusion applies. ASOF finds its first event; if that is too late, so are all."""
    after, before = f"t.at_{exclusion.after}", f"t.at_{exclusion.before}"
    return (
        f"SELECT t.*, {after} IS NOT NULL"
        f" AND coalesce(x.occurred_at < {before}, x.occurred_at <= t.at_1 + {_window(funnel)}, false) AS met"
        f" FROM {tries} t ASOF LEFT JOIN"
        f" (SELECT unit, occurred_at FROM events WHERE event = {_codes(funnel)[exclusion.event]}) x"
        f" ON t.unit = x.unit AND x.occurred_at > {after}"
    )
