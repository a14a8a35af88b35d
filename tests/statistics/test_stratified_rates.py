"""Mantel-Haenszel rates against published and hand-computed numbers, and intervals against simulated truths."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from cs_helpers.statistics.stratified_rates import PersonTime, Resamples, ends

#: Doll and Hill (1966): coronary deaths and person-years of British doctors, smokers and others by age; as in the manual of
#: Stata, where `ir deaths smokes pyears, by(age)` gives a Mantel-Haenszel ratio of 1.424682 (1.154703 to 1.757784)
SMOKERS = ([32, 104, 206, 186, 102], [52407, 43248, 28612, 12663, 5317])
OTHERS = ([2, 12, 28, 28, 31], [18790, 10673, 5710, 2585, 1462])


def person_time(
    exposed: tuple[list[int], list[float]], others: tuple[list[int], list[float]], *, parts: int = 1
) -> PersonTime:
    """Counts and years by stratum as periods; the years are those of so many customers a cell."""
    rows = []
    for is_exposed, (events, years) in ((True, exposed), (False, others)):
        for stratum, (count, total) in enumerate(zip(events, years, strict=True)):
            rows += [(stratum, is_exposed, total / parts, 0)] * parts + [
                (stratum, is_exposed, 0.0, 1)
            ] * count
    stratum, exposure, years_of, events_of = map(np.array, zip(*rows, strict=True))
    return PersonTime(np.arange(len(rows)), stratum, exposure.astype(bool), years_of.astype(float), events_of)


def test_the_ratio_is_the_published_one_of_british_doctors() -> None:
    rates = person_time(SMOKERS, OTHERS).rates()
    assert rates.ratio == pytest.approx(1.424682, abs=5e-7)
    assert (rates.exposed_events, rates.other_events) == (630, 101)


def test_the_interval_is_near_the_published_one_of_british_doctors() -> None:
    time = person_time(SMOKERS, OTHERS, parts=200)
    exposed, others = time.resampled(Resamples(len(time.customer)), 0)
    low, high = ends(exposed / others, time.rates().ratio)
    assert (low, high) == pytest.approx((1.154703, 1.757784), rel=0.05)


def test_rates_difference_and_p_of_two_strata_by_hand() -> None:
    """R = 2 20/30 + 3 20/50, S = 1 10/30 + 4 30/50, W = 200/30 + 600/50; expected 3 10/30 + 7 30/50, variance
    3 10 20/900 + 7 30 20/2500: chi square (5 - 5.2)^2 / 2.34667."""
    rates = person_time(([2, 3], [10.0, 30.0]), ([1, 4], [20.0, 20.0])).rates()
    assert rates.exposed == pytest.approx((40 / 30 + 60 / 50) / (200 / 30 + 600 / 50))
    assert rates.others == pytest.approx((10 / 30 + 120 / 50) / (200 / 30 + 600 / 50))
    assert rates.difference == pytest.approx(-0.2 / (56 / 3))
    assert rates.p == pytest.approx(0.8961, abs=5e-5)


def test_a_stratum_without_one_of_the_groups_says_nothing() -> None:
    both = person_time(([2, 9], [10.0, 5.0]), ([1, 0], [20.0, 0.0])).rates()
    assert both == person_time(([2], [10.0]), ([1], [20.0])).rates()
    assert np.isnan(person_time(([3], [10.0]), ([0], [0.0])).rates().exposed)


def test_without_events_rates_are_zero_and_their_ratio_is_not_known() -> None:
    rates = person_time(([0], [10.0]), ([0], [20.0])).rates()
    assert (rates.exposed, rates.others, rates.difference) == (0.0, 0.0, 0.0)
    assert np.isnan(rates.ratio)
    assert person_time(([1], [10.0]), ([0], [20.0])).rates().ratio == np.inf


def test_zero_events_leave_the_rate_as_uncertain_as_jeffreys_has_it() -> None:
    """0 events in 10 years: the 97.5 % point of Gamma(0.5) / 10 is 0.2512."""
    time = person_time(([0], [10.0]), ([0], [10.0]), parts=400)
    exposed, _ = time.resampled(Resamples(len(time.customer), 20_000), 0)
    assert np.quantile(exposed, 0.975) == pytest.approx(0.2512, rel=0.06)


def test_all_that_is_summed_with_the_same_resamples_has_the_same_weights() -> None:
    few, many = Resamples(7, 50), Resamples(60_000, 100)
    for resamples in (few, many):
        one = sparse.csr_array(np.eye(1, resamples.customers))
        assert (resamples.sums(one) == resamples.sums(one)).all()
        assert resamples.sums(one).shape == (1, resamples.draws)
    every = many.sums(sparse.csr_array(np.ones((1, many.customers))))
    assert every.mean() / many.customers == pytest.approx(1.0, abs=0.01)


def simulated(rng: np.random.Generator, n: int, rate: float, ratio: float) -> tuple[PersonTime, float]:
    """Customers over eight quarters in three strata of unequal rates, in which unequal shares are exposed; and the true
    difference of rates in the mix of strata of the estimate."""
    levels = np.array([0.5, 1.0, 1.5])
    stratum, there = rng.integers(0, 3, n), np.full(n, True)
    parts = []
    for quarter in range(8):
        exposed = rng.random(n) < 0.1 * (1 + stratum)
        waits = rng.exponential(1 / (rate * levels[stratum] * np.where(exposed, ratio, 1.0)))
        lost, who = waits < 0.25, np.flatnonzero(there)
        parts.append(
            (
                who,
                3 * quarter + stratum[who],
                exposed[who],
                np.minimum(waits, 0.25)[who],
                lost[who].astype(int),
            )
        )
        there &= ~lost
    time = PersonTime(*map(np.concatenate, zip(*parts, strict=True)))
    years = np.bincount(time.stratum + 24 * time.exposed, time.years, 48).reshape(2, 24)
    total = years.sum(axis=0)
    weight = np.divide(years[0] * years[1], total, out=np.zeros(24), where=total > 0)
    return time, float((weight * rate * levels[np.arange(24) % 3] * (ratio - 1)).sum() / weight.sum())


@pytest.mark.parametrize(("n", "rate", "ratio"), [(140, 0.15, 3.0), (140, 0.15, 1.0), (70, 0.06, 1.0)])
def test_intervals_of_the_difference_hold_the_truth_in_about_95_of_100_simulations(
    n: int, rate: float, ratio: float
) -> None:
    rng, held, called, runs = np.random.default_rng([n, 7]), 0, 0, 300
    for run in range(runs):
        time, truth = simulated(rng, n, rate, ratio)
        exposed, others = time.resampled(Resamples(n, 400), run)
        rates = time.rates()
        low, high = ends(exposed - others, rates.difference)
        held += low <= truth <= high
        called += rates.p < 0.05 and low > 0
    assert 0.91 <= held / runs <= 0.99
    if ratio == 1:  # no difference: called in no more than chance allows
        assert called / runs <= 0.05
