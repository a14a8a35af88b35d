"""Awards by luck: small teams counted out by hand, laws that hold of any team, and planted truths."""

from __future__ import annotations

from itertools import product as every

import numpy as np
import pandas as pd
import pytest
from builders import random
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cs_helpers.statistics.award_luck import (
    RULES,
    Contest,
    drawn_spreads,
    shares_of_places,
    spread_interval,
    spread_weights,
    third_of,
)
from cs_helpers.statistics.case_mix import SPREADS, compare_groups
from cs_helpers.statistics.survival import CENSORED, REACHED

#: twelve members with as different caseloads as teams have; of all customers 40 % are expected to take the step
UNITS = np.array([8, 10, 14, 20, 25, 30, 40, 50, 60, 80, 100, 120])


def contest(units=UNITS, share: float = 0.4, **other) -> Contest:
    units = np.asarray(units)
    return Contest(units, share * units, **other)


def simulated(of: Contest, ratios, seed: int) -> np.ndarray:
    return random(seed).poisson(of.expected * ratios)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("more_is_better", [True, False])
def test_two_members_with_as_much_expected_win_every_other_time(rule, more_is_better) -> None:
    luck = contest([20, 20], more_is_better=more_is_better).luck(rule)
    assert luck == pytest.approx([0.5, 0.5], abs=0.03)
    assert luck.sum() == pytest.approx(1)


def enumerated(of: Contest, rule, most: int = 26) -> np.ndarray:
    """The chances to win if all are alike, over all numbers of events, ties shared."""
    events = np.array(list(every(range(most), repeat=of.members)))
    chance = stats.poisson.pmf(events, of.expected).prod(axis=1)
    scores = of.scores(events, rule)
    won = np.zeros(of.members)
    for p, row in zip(chance, scores, strict=True):
        first = row >= row.max() - 1e-9
        won += p * first / first.sum()
    return won


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("more_is_better", [True, False])
def test_three_members_win_as_often_as_all_their_numbers_say(rule, more_is_better) -> None:
    of = contest([2, 5, 12], 0.5, more_is_better=more_is_better)
    assert of.luck(rule) == pytest.approx(enumerated(of, rule), abs=0.025)


def test_a_tie_is_drawn_by_lot() -> None:
    scores = np.array([[3.0, 2.0, 2.0, 1.0], [1.0, 1.0, 1.0, 1.0], [4.0, 3.0, 2.0, 1.0]])
    assert shares_of_places(scores, 2).tolist() == [[1, 0.5, 0.5, 0], [0.5] * 4, [1, 1, 0, 0]]


def test_the_careful_end_is_the_exact_limit_of_a_poisson_mean() -> None:
    # Garwood (1936): 10 events, 4.795 to 18.39; none, 0 to 3.689
    of = Contest(np.array([1, 1]), np.array([1.0, 1.0]))
    assert of.scores(np.array([[10, 0]]), "bound")[0] == pytest.approx([4.795, 0], abs=0.001)
    fewer = Contest(np.array([1, 1]), np.array([1.0, 1.0]), more_is_better=False)
    assert fewer.scores(np.array([[10, 0]]), "bound")[0] == pytest.approx([-18.390, -3.689], abs=0.001)


def test_the_shrunk_ratio_is_that_of_the_comparison_of_groups() -> None:
    draw = random(4)
    days = draw.exponential(40, 300)
    waits = pd.DataFrame(
        {"csm": draw.choice(list("abcde"), 300, p=[0.4, 0.3, 0.15, 0.1, 0.05]), "stratum": "all",
         "days": days.clip(max=60), "outcome": np.where(days < 60, REACHED, CENSORED)}
    )  # fmt: skip
    groups = compare_groups(waits)
    of = Contest(groups["waits"].to_numpy(), groups["expected"].to_numpy())
    assert of.scores(groups["reached"].to_numpy()[None, :], "shrunk")[0] == pytest.approx(groups["ratio"])


def test_small_caseloads_win_by_rate_and_large_ones_by_the_careful_end() -> None:
    of = contest()
    small, large = slice(0, 4), slice(8, 12)
    luck = {rule: of.luck(rule) for rule in RULES}
    assert luck["rate"][small].sum() > 0.55
    assert luck["rate"][large].sum() < 0.15
    # as everybody's customers are alike here, the ratio is the rate
    assert luck["ratio"] == pytest.approx(luck["rate"])
    assert luck["bound"][large].sum() > 1 / 3 + 0.1
    assert luck["bound"][small].sum() < 1 / 3 - 0.1
    assert abs(luck["shrunk"][small].sum() - 1 / 3) < abs(luck["rate"][small].sum() - 1 / 3)


def test_easy_customers_win_by_rate_and_not_by_ratio() -> None:
    of = Contest(np.full(4, 50), 50 * np.array([0.2, 0.2, 0.2, 0.4]))
    assert of.luck("rate")[3] > 0.85
    assert of.luck("ratio")[3] < 0.25


units = st.lists(st.integers(5, 200), min_size=2, max_size=9)


@settings(max_examples=25, deadline=None)
@given(units, st.floats(0.05, 0.9), st.sampled_from(RULES), st.booleans(), st.data())
def test_the_chances_are_as_many_as_there_are_winners_and_nobody_s_depends_on_the_order(
    caseloads, share, rule, more, data
) -> None:
    winners = data.draw(st.integers(1, len(caseloads)))
    of = contest(caseloads, share, winners=winners, more_is_better=more)
    luck = of.luck(rule)
    assert luck.sum() == pytest.approx(winners)
    assert ((luck >= 0) & (luck <= 1 + 1e-9)).all()
    order = np.argsort(caseloads)
    again = contest(np.array(caseloads)[order], share, winners=winners, more_is_better=more).luck(rule)
    assert again == pytest.approx(luck[order], abs=0.06)


@settings(max_examples=40, deadline=None)
@given(units, st.floats(0.05, 0.9), st.sampled_from(RULES), st.booleans(), st.data())
def test_one_event_more_of_what_is_wanted_never_lowers_a_score_against_the_others(
    caseloads, share, rule, more, data
) -> None:
    of = contest(caseloads, share, more_is_better=more)
    events = np.array([data.draw(st.integers(0, 60)) for _ in caseloads])
    who = data.draw(st.integers(0, len(caseloads) - 1))
    better = events.copy()
    better[who] += 1 if more else -1
    if better[who] >= 0:
        assert (of.won(better[None, :], rule)[0, who] >= of.won(events[None, :], rule)[0, who] - 1e-9) or (
            rule == "shrunk"  # that the spread grows draws the others less to the mean
        )


def test_the_more_the_team_differs_and_the_longer_it_is_watched_the_more_often_the_best_wins() -> None:
    of = contest()
    by_spread = [of.found(np.full(4000, s), "ratio")[0, 0] for s in (0.01, 0.2, 0.4, 0.8)]
    assert by_spread == sorted(by_spread)
    assert by_spread[0] < 0.2
    by_time = of.found(np.full(4000, 0.3), "ratio", (1, 2, 4, 8, 16, 64))
    assert (np.diff(by_time, axis=0) > 0).all()
    assert by_time[-1, 0] > 0.8
    assert (by_time[:, 1] >= by_time[:, 0]).all()


@pytest.mark.parametrize("more_is_better", [True, False])
def test_of_two_members_the_better_one_wins_as_often_as_counted_out(more_is_better) -> None:
    of, spread = contest([25, 25], more_is_better=more_is_better), 0.5
    ratios = stats.gamma(1 / spread**2, scale=spread**2).ppf((np.arange(60) + 0.5) / 60)
    events = np.arange(80)
    chance = stats.poisson.pmf(events[None, :], 10 * ratios[:, None])
    below = np.cumsum(chance, axis=1) - chance / 2  # with half of the ties
    best = 0.0
    for n, own in enumerate(chance):
        for m, other in enumerate(below):
            wins = float((own * other).sum())  # the n-th has more events
            best += (wins if n > m else 1 - wins if n < m else 0.5) / 60**2
    assert of.found(np.full(20_000, spread), "ratio")[0, 0] == pytest.approx(best, abs=0.015)


def test_the_spread_of_a_team_that_differs_is_found_and_of_one_that_does_not_is_near_none() -> None:
    of = contest(UNITS * 5)
    alike = spread_weights(simulated(of, 1.0, 1)[None, :], of.expected)[0]
    ratios = random(2).permutation([0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5])
    apart = spread_weights(simulated(of, ratios, 3)[None, :], of.expected)[0]
    assert spread_interval(alike)[2] < 0.25
    median, low, high = spread_interval(apart)
    assert low < ratios.std() < high
    assert low < median < high
    assert drawn_spreads(apart).mean() == pytest.approx(float(apart @ SPREADS), abs=0.01)


def test_a_third_is_at_least_one() -> None:
    assert [third_of(n) for n in (1, 2, 3, 5, 12)] == [1, 1, 1, 2, 4]


@pytest.mark.parametrize("more_is_better", [True, False])
def test_among_equals_hardly_any_award_is_called_decided(more_is_better) -> None:
    of = contest(more_is_better=more_is_better)
    decided = sum(of.standing(simulated(of, 1.0, seed)).is_decided for seed in range(200))
    assert decided <= 0.05 * 200


def test_where_two_are_truly_the_best_neither_is_called_so() -> None:
    ratios = np.ones(12)
    ratios[[8, 9]] = 2.5
    of = contest()
    decided = sum(of.standing(simulated(of, ratios, seed)).is_decided for seed in range(100))
    assert decided <= 10


def test_one_who_is_three_times_as_good_with_many_customers_is_decided() -> None:
    of, ratios = contest(UNITS * 2), np.ones(12)
    ratios[10] = 3.0
    for seed in range(20):
        standing = of.standing(simulated(of, ratios, seed))
        assert standing.is_decided
        assert standing.won.tolist() == [0.0] * 10 + [1.0, 0.0]
        assert not standing.rivals.any()


def test_who_ties_with_a_winner_is_its_rival_and_nothing_is_decided() -> None:
    standing = contest([200, 200, 400]).standing(np.array([120, 120, 40]))
    assert standing.won.tolist() == [0.5, 0.5, 0]
    assert not standing.is_decided
    assert standing.rivals.tolist() == [True, True, False]
