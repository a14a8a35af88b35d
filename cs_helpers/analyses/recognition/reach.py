"""Whether a criterion by an indicator can be met beyond chance with such caseloads, whoever is measured by it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats
from scipy.special import gammainc

from cs_helpers.contract.team import Indicator, Promotion
from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import Finding
from cs_helpers.statistics.award_luck import spread_weights
from cs_helpers.statistics.case_mix import SPREADS

#: a member who is truly so much better than comparable ones should be able to show it
TRULY = 1.2
#: in so many of the cases
POWER = 0.8

NEVER, OUT_OF_REACH, FOR_SOME, FOR_ALL, BY_DEFAULT = "never", "nobody", "some", "all", "by_default"

_EXPECTED = np.geomspace(0.5, 20_000, 160)
_TAIL = 0.025


def expected_needed(at_least: float, weights: np.ndarray, *, more_is_better: bool) -> float:
    """The expected events from which a member with a true ratio of `TRULY` has the lower bound at `at_least` in `POWER` of the cases.

    0 where it lies there without any events, because members hardly differ; infinite where no number is enough. weights: of
    `award_luck.spread_weights`. The ratio is better above 1; of losses it is that of expected to observed ones.
    """
    if _is_met(np.array([0]), 0.0, at_least, weights, more_is_better=more_is_better)[0]:
        return 0.0
    if at_least >= TRULY:
        return float("inf")
    rate = TRULY if more_is_better else 1 / TRULY
    for due in _EXPECTED:
        mean = due * rate
        events = np.unique(stats.poisson.ppf(np.linspace(0.0005, 0.9995, 400), mean).astype(int))
        met = _is_met(events, due, at_least, weights, more_is_better=more_is_better)
        # whoever has more of what is wanted meets it too, so the first (or last) number that does is the bound
        if not met.any():
            continue
        if more_is_better:
            power = stats.poisson.sf(events[met].min() - 1, mean)
        else:
            power = stats.poisson.cdf(events[met].max(), mean)
        if power >= POWER:
            return float(due)
    return float("inf")


def _is_met(
    events: np.ndarray, expected: float, at_least: float, weights: np.ndarray, *, more_is_better: bool
) -> np.ndarray:
    """Whether the lower end of the 95 % interval of the ratio is at least the bound, for each number of events."""
    shape = 1 / SPREADS**2
    bound = at_least if more_is_better else 1 / at_least
    below = gammainc(events[:, None] + shape, bound * (expected + shape)) @ weights
    return np.asarray(below <= _TAIL if more_is_better else 1 - below <= _TAIL)


def reach_table(promotions: Sequence[Promotion], counts: dict[Indicator, pd.DataFrame]) -> pd.DataFrame:
    """For each criterion by an indicator, how many customers it takes to meet it beyond chance, and how many members have them.

    counts: of `Indicators.counts`. Columns: promotion, kind, what (step), at_least, members, needed (expected events),
    customers (that is in customers of this team), able (members with so many expected events), state (`by_default`: met
    without any customers, because members hardly differ; `never`: no number is enough; `nobody`, `some`, `all`: of the
    members have enough). Left out where fewer than three members are known.
    """
    rows = []
    for promotion in promotions:
        for criterion in promotion.criteria:
            indicator = criterion.indicator
            if indicator is None or len(known := counts[indicator]) < MIN_PEOPLE:
                continue
            events, expected = known["events"].to_numpy(np.int64), known["expected"].to_numpy(float)
            more = indicator.kind == "conversion"
            bound = float(criterion.at_least or 0)
            weights = spread_weights(events[None, :], expected)[0]
            needed = expected_needed(bound, weights, more_is_better=more)
            able = int((expected >= needed).sum())
            rows.append(
                {
                    "promotion": promotion.id, "kind": indicator.kind, "what": indicator.step or "",
                    "at_least": bound, "members": len(known), "needed": needed,
                    "customers": needed * float(known["customers"].sum()) / float(expected.sum()), "able": able,
                    "state": _state(needed, able, len(known)),
                }
            )  # fmt: skip
    names = ["promotion", "kind", "what", "at_least", "members", "needed", "customers", "able", "state"]
    return pd.DataFrame(rows, columns=names)


def _state(needed: float, able: int, members: int) -> str:
    if not needed:
        return BY_DEFAULT
    if np.isinf(needed):
        return NEVER
    return OUT_OF_REACH if not able else FOR_ALL if able == members else FOR_SOME


def reach_findings(table: pd.DataFrame) -> list[Finding]:
    """`out_of_reach` (promotion, kind, what): criteria that no member can meet beyond chance (members)."""
    rows = table[table["state"].isin((NEVER, OUT_OF_REACH))]
    return [
        Finding(
            "out_of_reach", "reach", "worse", "counted", int(rows["members"].max()),
            value=float(len(rows)), fields={"of": len(table)},
        )
    ] if len(rows) else []  # fmt: skip
