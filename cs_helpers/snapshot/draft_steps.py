"""The steps of a journey as the data shows them: which there are, in which order, and how long between."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import permutations
from typing import TypeVar

import numpy as np
import pandas as pd

from cs_helpers.snapshot.draft_data import Asked

#: steps that a draft has besides the contract; events that are steps one by one; a group of events that has as many is
#: reached in two steps; the share of the accounts that must have reached a step
_MOST, _FEW, _MANY, _SHARE = 8, 8, 5, 0.1
#: accounts that are enough to leave out those who began before the data does
_ENOUGH = 3
_NO_USE = "nothing: the data has no use; this waits for a usage table"

K = TypeVar("K")


@dataclass(frozen=True)
class FoundStep:
    """A step of a draft.

    rule: what the product file says of it. known: what it is, as names are looked up. name: as the data calls it.
    times: when each account reached it first (index: account_id; datetime64). basis: what the rule was guessed from, where
    it is no name that the data has; counted: whether `times` is known.
    """

    rule: Mapping[str, str | int]
    known: str
    name: str
    times: pd.Series = field(repr=False)
    basis: str = ""
    counted: bool = True


@dataclass(frozen=True)
class Steps:
    """The steps in their order, the entry first.

    accounts: how many were looked at, of `all_accounts`; the rest began before the data tells of steps.
    left_out: what could be a step and is none, with how many accounts reached it.
    """

    steps: tuple[FoundStep, ...]
    accounts: int
    all_accounts: int
    left_out: tuple[tuple[str, int], ...] = ()

    def wait(self, step: FoundStep, before: FoundStep, late: float = 0.75) -> Wait:
        """How one step follows another; `late` is the share of the accounts whose wait is not longer than `Wait.late`."""
        both = pd.concat([before.times, step.times], axis=1, keys=["a", "b"]).dropna()
        days = (both["b"] - both["a"]).dt.total_seconds() / 86_400
        after = days[days >= 0]
        return Wait(
            len(both),
            len(after),
            *(float(after.quantile(q)) if len(after) else math.nan for q in (0.5, late)),
        )


@dataclass(frozen=True)
class Wait:
    """How many accounts reached two steps, in how many the second was not before the first, and the days then."""

    both: int
    after: int
    median: float
    late: float


def steps_of(asked: Asked) -> Steps:
    """The steps that the data shows: the contract first where there is one, then milestones and events by their order."""
    every = asked.accounts()
    entry = _entry(asked)
    watched = _watched(asked, entry, every)
    found = [_watching(step, watched) for step in (*_milestones(asked), *_events(asked))]
    least = max(1, math.ceil(_SHARE * len(watched)))
    ranked = sorted(
        (s for s in found if len(s.times) >= least), key=lambda s: (-len(s.times), s.name, str(s.rule))
    )[:_MOST]
    if (needed := 2 - len(ranked) - (entry is not None)) > 0:
        ranked += [_watching(step, watched) for step in _again(asked, ranked, needed)]
    ordered = in_order({n: s.times for n, s in enumerate(ranked)})
    steps = ([] if entry is None else [_watching(entry, watched)]) + [ranked[n] for n in ordered]
    left = [(s.name, len(s.times)) for s in found if not any(s is kept for kept in ranked)]
    return Steps(tuple(steps), len(watched), len(every), tuple(sorted(left, key=lambda x: (-x[1], x[0]))))


def in_order(times: dict[K, pd.Series]) -> list[K]:
    """The steps in the order in which accounts reach them.

    times: step -> when each account reached it first. A step stands before another if in more of the accounts that
    reached both it came first; a tie counts half. Steps that go round (a before b, b before c, c before a) stand by the
    mean of the shares in which each came first; then by how many reached them, and by the order of `times`.
    """
    wins = dict.fromkeys(times, 0.0)
    shares: dict[K, list[float]] = {step: [] for step in times}
    table = pd.concat(list(times.values()), axis=1) if times else pd.DataFrame()
    each = {step: table.iloc[:, n].to_numpy("datetime64[us]") for n, step in enumerate(times)}
    for one, other in permutations(times, 2):
        both = ~np.isnat(each[one]) & ~np.isnat(each[other])
        if not both.any():
            continue
        a, b = each[one][both], each[other][both]
        share = float((a < b).mean() + (a == b).mean() / 2)
        wins[one] += 1.0 if share > 0.5 else 0.5 if share == 0.5 else 0.0
        shares[one].append(share)
    place = {step: n for n, step in enumerate(times)}

    def key(step: K) -> tuple[float, float, int, int]:
        known = shares[step]
        return -wins[step], -(sum(known) / len(known) if known else 0.0), -len(times[step]), place[step]

    return sorted(times, key=key)


def slugs(names: list[str]) -> list[str]:
    """A name of lower-case letters and digits for each, all different; a name that is one already keeps it."""
    taken = {name for name in names if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name)}
    used: set[str] = set()
    found = []
    for number, name in enumerate(names, 1):
        slug = name
        if name not in taken or name in used:
            plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:36].strip("_") or f"step_{number}"
            slug, n = plain, 2
            while slug in taken | used:
                slug, n = f"{plain}_{n}", n + 1
        used.add(slug)
        found.append(slug)
    return found


def _entry(asked: Asked) -> FoundStep | None:
    contracts = asked.table("contracts")
    if contracts is None:
        return None
    return FoundStep(
        {"contract": "started"}, "contract", "contract", contracts.groupby("account_id")["started_on"].min()
    )


def _watched(asked: Asked, entry: FoundStep | None, every: pd.Index) -> pd.Index:
    """The accounts that began when the data told of steps already: of older ones the first times are not known."""
    if entry is None:
        return every
    begun = []
    milestones = asked.table("milestones")
    if milestones is not None:
        begun.append(milestones["reached_at"].min())
    if asked.use is not None:
        begun.append(asked.use["first_at"].min())
    if not begun:
        return every
    young = entry.times.index[entry.times >= max(begun).normalize()]
    return pd.Index(young) if len(young) >= _ENOUGH else every


def _watching(step: FoundStep, watched: pd.Index) -> FoundStep:
    return replace(step, times=step.times[step.times.index.isin(watched)])


def _milestones(asked: Asked) -> Iterator[FoundStep]:
    rows = asked.table("milestones")
    for name, own in () if rows is None else rows.groupby("step"):
        yield FoundStep({"milestone": name}, name, name, own.groupby("account_id")["reached_at"].min())


def _firsts(asked: Asked) -> pd.DataFrame:
    """account_id, event, first_at: when each account first did each event."""
    if asked.use is None:
        return pd.DataFrame(
            {"account_id": [], "event": [], "first_at": pd.Series([], dtype="datetime64[us]")}
        )
    rows = asked.use.dropna(subset=["event"])
    return rows.groupby(["account_id", "event"], as_index=False)["first_at"].min()


def _events(asked: Asked) -> Iterator[FoundStep]:
    firsts = _firsts(asked)
    names = sorted(firsts["event"].unique())
    if len(names) <= _FEW:
        groups = {name: [name] for name in names}
    else:
        groups = {}
        for name in names:
            groups.setdefault(re.split(r"[.:/ _-]", name)[0] + "*", []).append(name)
        if not 2 <= len(groups) <= _FEW:
            groups = {"*": names}
    for pattern, inside in groups.items():
        rows = firsts[firsts["event"].isin(inside)]
        yield FoundStep(
            {"event": pattern, "at_least": 1}, "use" if pattern == "*" else pattern, pattern,
            rows.groupby("account_id")["first_at"].min(),
        )  # fmt: skip
        if len(inside) >= _MANY:
            yield from _kinds(pattern, rows)


def _kinds(pattern: str, firsts: pd.DataFrame) -> Iterator[FoundStep]:
    """The use of several of the events that fit a pattern: on the way to as many as half of the accounts use."""
    used = firsts.groupby("account_id").size()
    usual = float(used.median())
    basis = f"the median of {len(used)} accounts is {usual:g} different ones so far"
    shares = (0.25, 0.5) if usual >= 2 * _FEW else (0.75,)
    in_turn = firsts.sort_values("first_at", kind="stable").groupby("account_id")
    for kinds in sorted({math.ceil(usual * share) for share in shares} - {0, 1}):
        times = in_turn.nth(kinds - 1).set_index("account_id")["first_at"]
        rule: Mapping[str, str | int] = {"event": pattern, "value": "distinct_events", "at_least": kinds}
        yield FoundStep(rule, "several", pattern, times, basis)


def _again(asked: Asked, found: list[FoundStep], needed: int) -> Iterator[FoundStep]:
    """Steps where the data has too few: more of the use there is, or a use that nothing tells of yet."""
    never = pd.Series([], index=pd.Index([], dtype="object"), dtype="datetime64[us]")
    firsts = _firsts(asked)
    if not any("event" in step.rule for step in found):
        first: Mapping[str, str | int] = {"event": "*", "at_least": 1}
        if len(firsts):
            yield FoundStep(first, "use", "*", firsts.groupby("account_id")["first_at"].min())
        else:
            yield FoundStep(first, "use", "*", never, _NO_USE, counted=False)
        needed -= 1
    if needed < 1:
        return
    more, why = 10, "nothing: too little in the data tells of steps; this one is an example"
    if asked.use is not None:
        uses = asked.use.dropna(subset=["event"]).groupby("account_id")["events"].sum()
        more = max(2, int(uses.median()))
        why = f"{int((uses >= more).sum())} of {len(uses)} accounts with use have so many uses"
    yield FoundStep(
        {"event": "*", "value": "events", "at_least": more}, "often", "*", never, why, counted=False
    )
