"""Immortal time makes no level look good, and what a level does is found: planted nulls and effects over many seeds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from planted_levels import ENDS, Planted, planted

from cs_helpers.analyses.level_worth.follow_up import follow_up
from cs_helpers.analyses.level_worth.steps import (
    STRATA,
    chosen_strata,
    loss_ratio,
    quarters_at_risk,
    step_table,
)
from cs_helpers.statistics.hazards import HazardTrend, hazard_trend


def at_risk(of: Planted) -> pd.DataFrame:
    return quarters_at_risk(follow_up(of.history()), of.accounts)


def by_highest_level(of: Planted) -> HazardTrend:
    """The naive comparison: everybody from the first day on as of the highest level ever reached."""
    seen = ~np.isnan(of.levels).all(axis=1)
    rows = of.contracts[seen]
    start, end = rows["started_on"], rows["ended_on"].fillna(ENDS[-1])
    begun = (ENDS[0] - start).dt.days.clip(lower=0)
    highest = np.nanmax(of.levels[seen], axis=1)
    everybody = np.zeros(len(rows))
    return hazard_trend(
        begun.to_numpy(float), (end - start).dt.days.to_numpy(float) + 1, rows["ended_on"].notna().to_numpy(),
        highest, everybody,
    )  # fmt: skip


def simulated(seeds: int, strata: str = "size", **truth: float | bool) -> Iterator[HazardTrend]:
    for seed in range(seeds):
        yield loss_ratio(at_risk(planted(seed, **truth)), STRATA[strata])


def middle(found: list[HazardTrend]) -> float:
    return float(np.exp(np.mean(np.log([f.ratio for f in found]))))


def held(found: list[HazardTrend], truth: float) -> float:
    return float(np.mean([f.low <= truth <= f.high for f in found]))


def test_a_level_that_does_nothing_shows_nothing_while_the_highest_level_ever_reached_shows_much() -> None:
    naive = [by_highest_level(planted(seed)) for seed in range(20)]
    assert all(found.high < 1 for found in naive), "immortal time makes it look good every time"
    assert middle(naive) < 0.7
    found = list(simulated(20))
    assert 0.93 < middle(found) < 1.07
    assert held(found, 1.0) >= 0.85


@pytest.mark.thorough
@pytest.mark.parametrize(
    "circumstances",
    [
        {},
        {
            "renewals": True
        },  # losses at the ends of years only, when levels are higher than at their beginning
        {"renewals": True, "later_loss": 2.0},  # a bad year, in which customers are older
        {"large_climb": 2.0, "large_loss": 0.5},  # large companies climb faster, and stay
    ],
)
def test_nothing_is_found_where_nothing_is_in_nineteen_of_twenty_simulations(circumstances) -> None:
    found = list(simulated(60, **circumstances))
    assert 0.95 < middle(found) < 1.05
    assert held(found, 1.0) >= 0.87


@pytest.mark.thorough
@pytest.mark.parametrize("truth", [0.7, 1.3])
@pytest.mark.parametrize("renewals", [False, True])
def test_a_planted_effect_lies_within_its_interval_in_nineteen_of_twenty(
    truth: float, renewals: bool
) -> None:
    found = list(simulated(60, effect=truth, renewals=renewals))
    assert middle(found) == pytest.approx(truth, rel=0.05)
    assert held(found, truth) >= 0.87


def test_a_planted_effect_is_found_and_the_naive_comparison_makes_too_much_of_it() -> None:
    found = list(simulated(12, effect=0.7))
    assert middle(found) == pytest.approx(0.7, rel=0.1)
    assert held(found, 0.7) >= 10 / 12
    assert middle([by_highest_level(planted(seed, effect=0.7)) for seed in range(12)]) < 0.6


def test_large_companies_that_climb_and_stay_are_told_from_levels_by_strata_alone() -> None:
    apart = {"large_climb": 2.0, "large_loss": 0.3, "customers": 600}
    within, without = (middle(list(simulated(12, strata, **apart))) for strata in ("size", "age"))
    assert without < 0.87
    assert 0.93 < within < 1.1


def test_strata_become_coarser_where_too_few_losses_can_be_compared() -> None:
    assert chosen_strata({"age": 40, "size": 38, "industry": 20}) == "industry"
    assert chosen_strata({"age": 40, "size": 38, "industry": 19}) == "size"
    assert chosen_strata({"age": 40, "size": 10, "industry": 2}) == "age"
    assert chosen_strata({"age": 0, "size": 0, "industry": 0}) == "industry"


def test_a_quarter_counts_once_for_each_customer_and_a_loss_at_the_level_before_it() -> None:
    of = planted(3, customers=120)
    rows = at_risk(of)
    # counted anew from the levels at the ends of months: quarters end with the third, sixth ... of them
    ends = ENDS.to_numpy()
    quarters = range(2, len(ends) - 1, 3)
    known = sum(int((~np.isnan(of.levels[:, q])).sum()) for q in quarters)
    lost = dict.fromkeys(range(5), 0)
    for q in quarters:
        for n in range(120):
            last = of.contracts["ended_on"].iloc[n]
            if not np.isnan(of.levels[n, q]) and ends[q] <= last.to_datetime64() < ends[q + 3]:
                lost[int(of.levels[n, q])] += 1
    assert len(rows) == known
    assert rows.groupby("level")["lost"].sum().to_dict() == {
        k: v for k, v in lost.items() if k in set(rows["level"])
    }
    assert sum(lost.values()) > 10


def test_relabelled_accounts_change_nothing() -> None:
    of = planted(5, customers=150)
    rows = at_risk(of)
    order = np.random.default_rng(1).permutation(150)
    names = pd.Series([f"Z{k:04}" for k in order], index=of.accounts["account_id"])
    other = Planted(
        of.accounts.assign(account_id=names.to_numpy()),
        of.contracts.assign(account_id=pd.Series(names.to_numpy(), dtype="str")),
        of.levels,
    )
    for strata in STRATA.values():
        found, again = loss_ratio(rows, strata), loss_ratio(at_risk(other), strata)
        assert np.allclose(found, again, equal_nan=True)


def test_each_step_is_compared_with_the_level_below_alone() -> None:
    rows = at_risk(planted(1, effect=0.6, customers=900, rate=0.05))
    table = step_table(rows, (0, 1, 2, 3, 4), STRATA["size"]).set_index("level")
    assert table["below"].tolist() == [0, 1, 2, 3]
    assert table["lost"].sum() + table["lost_below"][1] == rows["lost"].sum()
    assert (table["low"] < 0.6).all() & (table["high"] > 0.6).all()
    assert table["verdict"][1] == "fewer"
    only = rows[rows["level"].isin([0, 1])]
    assert table["compared"][1] <= only["lost"].sum()
