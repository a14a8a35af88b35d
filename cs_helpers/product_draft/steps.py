"""The steps of a journey as the data shows them: which there are, in which order, and how long between."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, permutations
from typing import TypeVar

import numpy as np
import pandas as pd

from cs_helpers.product_draft.data import Asked

#: steps that a draft has besides the contract, and what is looked at for them; events that are steps one by one; a group of events that has as many is
#: reached in two steps; the share of the accounts that must have reached a step
_MOST, _LOOKED_AT, _FEW, _MANY, _SHARE = 8, 40, 8, 5, 0.1
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
    left_out: what could be a step and is none, the most reached first.
    """

    steps: tuple[FoundStep, ...]
    accounts: int
    all_accounts: int
    left_out: tuple[LeftOut, ...] = ()

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
class LeftOut:
    """What is no step, how many accounts reached it, and why it is none, where that is not their number."""

    name: str
    accounts: int
    why: str


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
    needed = 2 - (entry is not None)
    found = [_watching(step, watched) for step in (*_milestones(asked), *_events(asked))]
    found.sort(key=lambda s: (-len(s.times), s.name, str(s.rule)))
    least = max(1, math.ceil(_SHARE * len(watched)))
    usual = [s for s in found if len(s.times) >= least][:_LOOKED_AT]
    in_turn = [usual[n] for n in in_order({n: s.times for n, s in enumerate(usual)})]
    way = one_way([s.times for s in in_turn], needed)
    steps = _apart([in_turn[n] for n in way])
    why = {
        id(s): "close to another step" if n in way else "beside the way that most go"
        for n, s in enumerate(in_turn)
    }
    left = tuple(
        LeftOut(s.name, len(s.times), why.get(id(s), ""))
        for s in found
        if not any(s is kept for kept in steps)
    )
    if (more := needed - len(steps)) > 0:
        steps += [_watching(step, watched) for step in _again(asked, steps, more)]
    return Steps(
        tuple(([] if entry is None else [_watching(entry, watched)]) + steps), len(watched), len(every), left
    )


def wait(step: FoundStep, before: FoundStep, late: float = 0.75) -> Wait:
    """How one step follows another; `late` is the share of the accounts whose wait is not longer than `Wait.late`."""
    both = pd.concat([before.times, step.times], axis=1, keys=["a", "b"]).dropna()
    days = (both["b"] - both["a"]).dt.total_seconds() / 86_400
    after = days[days >= 0]
    return Wait(
        len(both), len(after), *(float(after.quantile(q)) if len(after) else math.nan for q in (0.5, late))
    )


def _apart(steps: list[FoundStep]) -> list[FoundStep]:
    """As many steps as a draft has: of those that follow each other closest one goes, but never the last, the goal."""
    steps = list(steps)
    while len(steps) > _MOST:
        waits = [wait(step, before).median for before, step in pairwise(steps)]
        closest = min(range(len(waits)), key=lambda n: math.inf if math.isnan(waits[n]) else waits[n]) + 1
        steps.pop(closest if closest < len(steps) - 1 else closest - 1)
    return steps


def one_way(times: Sequence[pd.Series], least: int) -> list[int]:
    """The places of the steps that lie on the way of most, of steps in their order; at least so many.

    Two steps do not lie on one way if less than half of the accounts that reached the later one reached the earlier one:
    a refusal does not follow an offer. The step that does not go with the most others is left out, the least reached of
    several, until all go together.
    """
    reached = [set(step.index) for step in times]
    way = list(range(len(times)))
    while len(way) > least:
        against = dict.fromkeys(way, 0)
        for n, earlier in enumerate(way):
            for later in way[n + 1 :]:
                if 2 * len(reached[earlier] & reached[later]) < len(reached[later]):
                    against[earlier] += 1
                    against[later] += 1
        worst = max(way, key=lambda n: (against[n], -len(reached[n])))
        if not against[worst]:
            break
        way.remove(worst)
    return way


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
