"""Find the steps of a journey in the data, their order, and the time between them."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, permutations
from typing import TypeVar

import numpy as np
import pandas as pd

from cs_helpers.product_draft.data import DraftData

#: most steps of a draft besides the contract; most candidates for them; most events that are steps individually; number
#: of events from which a group gets a second step; least share of the accounts that reached a step
_MAX_STEPS, _MAX_CANDIDATES, _MAX_SINGLE_EVENTS, _LARGE_GROUP, _MIN_SHARE = 8, 40, 8, 5, 0.1
#: least number of accounts that began within the data; with fewer, all accounts are used
_MIN_OBSERVED = 3
_NO_USE = "nothing: the data has no use; this waits for a usage table"

K = TypeVar("K")


@dataclass(frozen=True)
class DraftStep:
    """A step of a draft.

    rule: its rule in the product file. name_key: key of its name in the catalogue. name: its name in the data. times: when
    each account first reached it (index: account_id; datetime64). basis: what the rule was guessed from, where it is not
    a name in the data. has_times: whether `times` is known.
    """

    rule: Mapping[str, str | int]
    name_key: str
    name: str
    times: pd.Series = field(repr=False)
    basis: str = ""
    has_times: bool = True


@dataclass(frozen=True)
class DraftSteps:
    """The steps in order, the entry first.

    accounts: number of accounts that were used, of `all_accounts`; the others began before the data on steps does.
    left_out: candidates that did not become steps, the most reached first.
    """

    steps: tuple[DraftStep, ...]
    accounts: int
    all_accounts: int
    left_out: tuple[LeftOutStep, ...] = ()


@dataclass(frozen=True)
class LeftOutStep:
    """A candidate that did not become a step. accounts: number that reached it. why: the reason, '' if too few did."""

    name: str
    accounts: int
    why: str


@dataclass(frozen=True)
class StepInterval:
    """The time from one step to another.

    reached_both: number of accounts that reached both steps. reached_in_order: those of them whose second step is not
    before the first. median_days, upper: median and upper quantile of their days.
    """

    reached_both: int
    reached_in_order: int
    median_days: float
    upper: float


def find_steps(data: DraftData) -> DraftSteps:
    """The steps in the data: first the contract, if there is one, then milestones and events in their order."""
    all_accounts = data.accounts()
    entry = _entry_step(data)
    observed = _observed_accounts(data, entry, all_accounts)
    needed = 2 - (entry is not None)
    candidates = [_restrict(step, observed) for step in (*_milestone_steps(data), *_event_steps(data))]
    candidates.sort(key=lambda s: (-len(s.times), s.name, str(s.rule)))
    least = max(1, math.ceil(_MIN_SHARE * len(observed)))
    frequent = [s for s in candidates if len(s.times) >= least][:_MAX_CANDIDATES]
    ordered = [frequent[n] for n in order_by_time({n: s.times for n, s in enumerate(frequent)})]
    path = common_path([s.times for s in ordered], needed)
    steps = _limit_steps([ordered[n] for n in path])
    reasons = {
        id(s): "close to another step" if n in path else "beside the way that most go"
        for n, s in enumerate(ordered)
    }
    left_out = tuple(
        LeftOutStep(s.name, len(s.times), reasons.get(id(s), ""))
        for s in candidates
        if not any(s is kept for kept in steps)
    )
    if (missing := needed - len(steps)) > 0:
        steps += [_restrict(step, observed) for step in _filler_steps(data, steps, missing)]
    return DraftSteps(
        tuple(([] if entry is None else [_restrict(entry, observed)]) + steps),
        len(observed),
        len(all_accounts),
        left_out,
    )


def interval_between(step: DraftStep, before: DraftStep, quantile: float = 0.75) -> StepInterval:
    """The time from one step to another. quantile: that of `StepInterval.upper`."""
    times = pd.concat([before.times, step.times], axis=1, keys=["a", "b"]).dropna()
    days = (times["b"] - times["a"]).dt.total_seconds() / 86_400
    in_order = days[days >= 0]
    return StepInterval(
        len(times),
        len(in_order),
        *(float(in_order.quantile(q)) if len(in_order) else math.nan for q in (0.5, quantile)),
    )


def _limit_steps(steps: list[DraftStep]) -> list[DraftStep]:
    """Drop steps until `_MAX_STEPS` are left: of the two closest in time the later one, but never the last step, the goal."""
    steps = list(steps)
    while len(steps) > _MAX_STEPS:
        medians = [interval_between(step, before).median_days for before, step in pairwise(steps)]
        closest = (
            min(range(len(medians)), key=lambda n: math.inf if math.isnan(medians[n]) else medians[n]) + 1
        )
        steps.pop(closest if closest < len(steps) - 1 else closest - 1)
    return steps


def common_path(times: Sequence[pd.Series], least: int) -> list[int]:
    """The positions of the steps on the most common path; at least `least` of them.

    times: the times of each step, in the order of the steps. Two steps conflict if less than half of the accounts that
    reached the later one reached the earlier one, like a refusal and an offer accepted. The step with the most conflicts
    (of several, the least reached) is dropped until no conflict is left.
    """
    accounts = [set(step.index) for step in times]
    path = list(range(len(times)))
    while len(path) > least:
        conflicts = dict.fromkeys(path, 0)
        for n, earlier in enumerate(path):
            for later in path[n + 1 :]:
                if 2 * len(accounts[earlier] & accounts[later]) < len(accounts[later]):
                    conflicts[earlier] += 1
                    conflicts[later] += 1
        worst = max(path, key=lambda n: (conflicts[n], -len(accounts[n])))
        if not conflicts[worst]:
            break
        path.remove(worst)
    return path


def order_by_time(times: dict[K, pd.Series]) -> list[K]:
    """The steps in the order in which accounts reach them (pairwise majority, Copeland's method).

    times: step -> when each account first reached it. A step wins against another if more of the accounts that reached
    both reached it first; a tie counts half. Steps with equal wins (cycles) are ordered by the mean share of accounts
    that reached them first, then by the number of accounts, then by the order of `times`.
    """
    wins = dict.fromkeys(times, 0.0)
    shares: dict[K, list[float]] = {step: [] for step in times}
    table = pd.concat(list(times.values()), axis=1) if times else pd.DataFrame()
    times_of = {step: table.iloc[:, n].to_numpy("datetime64[us]") for n, step in enumerate(times)}
    for one, other in permutations(times, 2):
        reached_both = ~np.isnat(times_of[one]) & ~np.isnat(times_of[other])
        if not reached_both.any():
            continue
        a, b = times_of[one][reached_both], times_of[other][reached_both]
        share = float((a < b).mean() + (a == b).mean() / 2)
        wins[one] += 1.0 if share > 0.5 else 0.5 if share == 0.5 else 0.0
        shares[one].append(share)
    position = {step: n for n, step in enumerate(times)}

    def key(step: K) -> tuple[float, float, int, int]:
        step_shares = shares[step]
        return (
            -wins[step],
            -(sum(step_shares) / len(step_shares) if step_shares else 0.0),
            -len(times[step]),
            position[step],
        )

    return sorted(times, key=key)


def make_slugs(names: list[str]) -> list[str]:
    """A unique slug (lower-case letters and digits) for each name; valid slugs are kept."""
    valid = {name for name in names if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name)}
    used: set[str] = set()
    slugs = []
    for number, name in enumerate(names, 1):
        slug = name
        if name not in valid or name in used:
            base = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:36].strip("_") or f"step_{number}"
            slug, n = base, 2
            while slug in valid | used:
                slug, n = f"{base}_{n}", n + 1
        used.add(slug)
        slugs.append(slug)
    return slugs


def _entry_step(data: DraftData) -> DraftStep | None:
    contracts = data.table("contracts")
    if contracts is None:
        return None
    return DraftStep(
        {"contract": "started"}, "contract", "contract", contracts.groupby("account_id")["started_on"].min()
    )


def _observed_accounts(data: DraftData, entry: DraftStep | None, all_accounts: pd.Index) -> pd.Index:
    """The accounts that began after the data on steps does: the first times of older accounts are unknown."""
    if entry is None:
        return all_accounts
    first_days = []
    milestones = data.table("milestones")
    if milestones is not None:
        first_days.append(milestones["reached_at"].min())
    if data.usage is not None:
        first_days.append(data.usage["first_at"].min())
    if not first_days:
        return all_accounts
    observed = entry.times.index[entry.times >= max(first_days).normalize()]
    return pd.Index(observed) if len(observed) >= _MIN_OBSERVED else all_accounts


def _restrict(step: DraftStep, accounts: pd.Index) -> DraftStep:
    return replace(step, times=step.times[step.times.index.isin(accounts)])


def _milestone_steps(data: DraftData) -> Iterator[DraftStep]:
    rows = data.table("milestones")
    for name, step_rows in () if rows is None else rows.groupby("step"):
        yield DraftStep({"milestone": name}, name, name, step_rows.groupby("account_id")["reached_at"].min())


def _first_uses(data: DraftData) -> pd.DataFrame:
    """The first time of each event of each account: account_id, event, first_at."""
    if data.usage is None:
        return pd.DataFrame(
            {"account_id": [], "event": [], "first_at": pd.Series([], dtype="datetime64[us]")}
        )
    rows = data.usage.dropna(subset=["event"])
    return rows.groupby(["account_id", "event"], as_index=False)["first_at"].min()


def _event_steps(data: DraftData) -> Iterator[DraftStep]:
    firsts = _first_uses(data)
    names = sorted(firsts["event"].unique())
    if len(names) <= _MAX_SINGLE_EVENTS:
        groups = {name: [name] for name in names}
    else:
        groups = {}
        for name in names:
            groups.setdefault(re.split(r"[.:/ _-]", name)[0] + "*", []).append(name)
        if not 2 <= len(groups) <= _MAX_SINGLE_EVENTS:
            groups = {"*": names}
    for pattern, events in groups.items():
        rows = firsts[firsts["event"].isin(events)]
        yield DraftStep(
            {"event": pattern, "at_least": 1}, "use" if pattern == "*" else pattern, pattern,
            rows.groupby("account_id")["first_at"].min(),
        )  # fmt: skip
        if len(events) >= _LARGE_GROUP:
            yield from _breadth_steps(pattern, rows)


def _breadth_steps(pattern: str, firsts: pd.DataFrame) -> Iterator[DraftStep]:
    """Steps of using several distinct events that match a pattern, below the median number of events of accounts."""
    event_counts = firsts.groupby("account_id").size()
    usual = float(event_counts.median())
    basis = f"the median of {len(event_counts)} accounts is {usual:g} different ones so far"
    shares = (0.25, 0.5) if usual >= 2 * _MAX_SINGLE_EVENTS else (0.75,)
    by_account = firsts.sort_values("first_at", kind="stable").groupby("account_id")
    for kinds in sorted({math.ceil(usual * share) for share in shares} - {0, 1}):
        times = by_account.nth(kinds - 1).set_index("account_id")["first_at"]
        rule: Mapping[str, str | int] = {"event": pattern, "value": "distinct_events", "at_least": kinds}
        yield DraftStep(rule, "several", pattern, times, basis)


def _filler_steps(data: DraftData, steps: list[DraftStep], needed: int) -> Iterator[DraftStep]:
    """Up to `needed` steps where the data has too few: any use, and a larger number of uses."""
    no_times = pd.Series([], index=pd.Index([], dtype="object"), dtype="datetime64[us]")
    firsts = _first_uses(data)
    if not any("event" in step.rule for step in steps):
        first: Mapping[str, str | int] = {"event": "*", "at_least": 1}
        if len(firsts):
            yield DraftStep(first, "use", "*", firsts.groupby("account_id")["first_at"].min())
        else:
            yield DraftStep(first, "use", "*", no_times, _NO_USE, has_times=False)
        needed -= 1
    if needed < 1:
        return
    count, basis = 10, "nothing: too little in the data tells of steps; this one is an example"
    if data.usage is not None:
        uses = data.usage.dropna(subset=["event"]).groupby("account_id")["events"].sum()
        count = max(2, int(uses.median()))
        basis = f"{int((uses >= count).sum())} of {len(uses)} accounts with use have so many uses"
    yield DraftStep(
        {"event": "*", "value": "events", "at_least": count}, "often", "*", no_times, basis, has_times=False
    )
