"""Numbers of the quarter before that today's data, rules and code give another value than was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Metric
from cs_helpers.summary.earlier import EarlierQuarters

#: relative differences up to this are those of floating-point numbers
TOLERANCE = 1e-6


@dataclass(frozen=True)
class Restated:
    """A headline number of the quarter before: as published, and as today's data, rules and code give it."""

    analysis: str
    metric: Metric
    published: float


@dataclass(frozen=True)
class Comparison:
    """What was published of the quarter before, compared with what it is today.

    state: `unknown` (no batch made this page), `not_published` (nothing that can be compared), `same`, or `restated`. compared: how many headline
    numbers both have. causes: what changed since it was published: `data`, `rules` (the product file), `version` (code
    or packages); where several did, a number may differ for any of them. findings: keys of
    the changes and decisions published then (`summary.finding_key`); None where there was no summary.
    """

    state: Literal["unknown", "not_published", "same", "restated"]
    quarter: Quarter
    compared: int = 0
    restated: tuple[Restated, ...] = ()
    causes: tuple[str, ...] = ()
    findings: frozenset[str] | None = None


def compare_with_published(
    published: Mapping[str, Any] | None, earlier: EarlierQuarters, headlines: Sequence[str]
) -> Comparison:
    """Compares headline numbers of the quarter before, computed again, with those published then.

    published: `quarter`, `metrics` (`<analysis>.<name>` -> value), `causes` and `findings`; {} where nothing was published, None
    where that is not known.
    """
    quarter = earlier.quarter.back(1)
    if not published:
        return Comparison("unknown" if published is None else "not_published", quarter)
    compared, restated = 0, []
    for name in headlines:
        analysis, _, metric_name = name.partition(".")
        then = published["metrics"].get(name)
        today = earlier.metrics(analysis).get("previous_quarter", {}).get(metric_name)
        if then is None or today is None or today.value is None or not today.is_known:
            continue
        compared += 1
        if abs(today.value - then) > TOLERANCE * max(abs(then), abs(today.value)):
            restated.append(Restated(analysis, today, float(then)))
    state: Literal["restated", "same", "not_published"] = (
        "restated" if restated else "same" if compared else "not_published"
    )
    return Comparison(
        state,
        quarter,
        compared,
        tuple(restated),
        tuple(published["causes"]),
        frozenset(published.get("findings", ())),
    )
