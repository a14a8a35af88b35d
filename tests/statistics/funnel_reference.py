"""The funnel, told as plainly as Python can: one unit, one attempt, one event after the other."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Any

from cs_helpers.statistics.funnels import Exclusion, Funnel

Row = tuple[Any, str, datetime]
Event = tuple[datetime, str]


def attempts(rows: Iterable[Row], funnel: Funnel) -> dict[Any, list[datetime]]:
    """The times of the steps that each unit reached, of those that count."""
    streams: dict[Any, set[Event]] = {}
    for unit, event, at in rows:
        streams.setdefault(unit, set()).add((at, event))
    result = {unit: of_unit(sorted(events), funnel) for unit, events in streams.items()}
    return {unit: attempt for unit, attempt in result.items() if attempt}


def of_unit(events: list[Event], funnel: Funnel) -> list[datetime]:
    begins = funnel.steps if funnel.mode == "unordered" else funnel.steps[:1]
    follow = {"ordered": ordered, "strict": strict, "unordered": unordered}[funnel.mode]
    tried = [
        follow(events, entry, funnel) for entry in sorted({at for at, event in events if event in begins})
    ]
    void = [x for x in funnel.exclusions if x.effect == "void_attempt"]
    drop = [x for x in funnel.exclusions if x.effect == "drop_unit"]
    tried = [a for a in tried if not any(meets(events, a, x, funnel) for x in void)]
    if funnel.entry == "first_entry":
        tried = tried[:1]
    if not tried or any(meets(events, a, x, funnel) for a in tried for x in drop):
        return []
    return max(tried, key=lambda a: (len(a), -a[-1].timestamp(), a[0]))


def ordered(events: list[Event], entry: datetime, funnel: Funnel) -> list[datetime]:
    times = [entry]
    for k, name in enumerate(funnel.steps[1:], 1):
        again = name in funnel.steps[:k]
        for at, event in events:
            if (
                event == name
                and (at > times[-1] if again else at >= times[-1])
                and at <= entry + funnel.window
            ):
                times.append(at)
                break
        else:
            break
    return times


def unordered(events: list[Event], entry: datetime, funnel: Funnel) -> list[datetime]:
    first: dict[str, datetime] = {}
    for at, event in events:
        if event in funnel.steps and entry <= at <= entry + funnel.window:
            first.setdefault(event, at)
    return sorted(first.values())


def strict(events: list[Event], entry: datetime, funnel: Funnel) -> list[datetime]:
    steps = funnel.steps

    def order(event: Event) -> tuple[datetime, int, str]:
        at, name = event
        return at, steps.index(name) if name in steps else len(steps), name

    stream = sorted(events, key=order)
    times = [entry]
    for at, event in stream[stream.index((entry, steps[0])) + 1 :]:
        reached = len(times)
        if reached == len(steps) or at > entry + funnel.window:
            break
        asked_twice = any(a == b == event for a, b in pairwise(steps))
        if event == steps[reached]:
            times.append(at)
        elif event != steps[reached - 1] or asked_twice:
            break
    return times


def meets(events: list[Event], attempt: list[datetime], exclusion: Exclusion, funnel: Funnel) -> bool:
    if len(attempt) < exclusion.after:
        return False
    after = attempt[exclusion.after - 1]
    return any(
        event == exclusion.event
        and after < at
        and (
            at < attempt[exclusion.before - 1]
            if len(attempt) >= exclusion.before
            else at <= attempt[0] + funnel.window
        )
        for at, event in events
    )
