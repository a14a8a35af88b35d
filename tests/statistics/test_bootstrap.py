"""Bootstrap intervals of ratios of sums: against scipy's bootstrap, and how often they hold the truth."""

from __future__ import annotations

import math

import numpy as np
from scipy import stats

from cs_helpers.statistics import bootstrap
from cs_helpers.statistics.bootstrap import MIN_CUSTOMERS, RESAMPLES, ratio_intervals, resampled_ratios


def customers(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """What n customers pay after a year (a tenth pays nothing any more) and paid before."""
    before = rng.lognormal(11, 0.6, n)
    return before * rng.choice([0, 1, 1.3], n, p=[0.1, 0.7, 0.2]), before


def test_the_interval_is_that_of_scipy() -> None:
    after, before = customers(np.random.default_rng(1), 80)
    (low, high), _ = ratio_intervals(np.vstack([after, np.minimum(after, before)]), before)
    found = stats.bootstrap(
        (after, before), lambda a, b, axis: a.sum(axis) / b.sum(axis), paired=True, method="percentile",
        n_resamples=20_000, vectorized=True, rng=np.random.default_rng(2),
    ).confidence_interval  # fmt: skip
    width = found.high - found.low
    assert abs(low - found.low) < 0.08 * width
    assert abs(high - found.high) < 0.08 * width


def test_the_interval_holds_the_truth_about_as_often_as_it_says() -> None:
    truth, held, rounds = 0.7 + 0.2 * 1.3, 0, 300
    for seed in range(rounds):
        after, before = customers(np.random.default_rng([3, seed]), 60)
        low, high = ratio_intervals(after[None, :], before)[0]
        held += low <= truth <= high
    assert 0.90 <= held / rounds <= 0.98


def test_too_few_customers_and_customers_who_all_stay_have_no_interval() -> None:
    few, same = np.ones(MIN_CUSTOMERS - 1), np.full(30, 7.0)
    assert all(math.isnan(end) for end in ratio_intervals(few[None, :] / 2, few)[0])
    assert all(math.isnan(end) for end in ratio_intervals(same[None, :], same)[0])


def test_a_denominator_that_may_be_0_leaves_the_upper_end_open() -> None:
    low, high = ratio_intervals(np.ones((1, 12)), np.r_[1.0, np.zeros(11)])[0]
    assert low > 1
    assert high == math.inf


def test_many_customers_are_drawn_in_blocks_of_the_same_number_of_resamples(monkeypatch) -> None:
    after, before = customers(np.random.default_rng(4), 50)
    whole = resampled_ratios(after[None, :], before)
    monkeypatch.setattr(bootstrap, "_CELLS", 50 * 300)
    blocks = resampled_ratios(after[None, :], before)
    assert whole.shape == blocks.shape == (1, RESAMPLES)
    assert abs(np.std(blocks) / np.std(whole) - 1) < 0.1
