"""Transitions and long-run shares counted by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from level_histories import level_history_of

from cs_helpers.analyses.maturity.changes import (
    long_run_draws,
    long_run_shares,
    movements,
    starting_levels,
    transition_table,
)
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN
from cs_helpers.statistics.markov_chain import draw_probabilities, transition_probabilities


def table_of(levels: dict[str, str], **options: str) -> pd.DataFrame:
    history = level_history_of(levels, **options)
    return transition_table(history, history.quarters).set_index(["before", "after"])


#: ends of quarters are every third sign: three quarters
THREE = {
    "A": "111111111",
    "B": "111112222",
    "C": "112221111",
    "D": "111111...",
    "E": "111111??1",
    "F": "...111???",
}


def test_transitions_are_counted_with_their_exposure() -> None:
    moved = table_of(THREE)
    # quarters end at 1 1 1, 1 2 2, 2 1 1, 1 1 lost, 1 1 1, and - 1 unknown
    assert moved["customers"].groupby("before").sum().to_dict() == {0: 0, 1: 9, 2: 2, 3: 0, 4: 0}
    assert moved.loc[(1, LOST), "customers"] == 1
    assert moved.loc[(1, UNKNOWN), "customers"] == 1
    assert moved.loc[(1, 2), "customers"] == 1
    # of F's second quarter it is not known what became of it, so it was not under observation
    assert moved.loc[1, "exposure"].eq(8).all()
    assert moved.loc[(1, 2), "share"] == pytest.approx(1 / 8)
    assert np.isnan(moved.loc[(1, UNKNOWN), "share"])


def test_known_outcomes_share_all_of_the_exposure() -> None:
    moved = table_of(THREE)
    held = moved[moved["exposure"] > 0]
    assert held.groupby("before")["share"].sum().to_numpy() == pytest.approx(1)


def test_a_renewal_that_may_still_be_recorded_is_not_under_observation() -> None:
    moved = table_of({"A": "111111.", "B": "1111111"}, ended_how="term")
    assert moved.loc[(1, NOT_THERE), "customers"] == 1
    assert moved.loc[1, "exposure"].eq(3).all()
    assert moved.loc[(1, 1), "share"] == 1


def test_intervals_are_those_of_the_posterior() -> None:
    moved = table_of(THREE)
    outcomes = (LOST, 0, 1, 2, 3, 4)
    counts = moved.loc[1].loc[list(outcomes), "customers"].to_numpy()
    _, low, high = transition_probabilities(counts[None])
    assert moved.loc[1].loc[list(outcomes), "low"].to_numpy() == pytest.approx(low[0])
    assert moved.loc[1].loc[list(outcomes), "high"].to_numpy() == pytest.approx(high[0])


def test_who_came_and_went_is_counted_once_a_quarter() -> None:
    # B and C move, D is lost in the last quarter, F came in the second; what became of F is not known
    history = level_history_of(THREE)
    assert movements(history, history.quarters) == {"rose": 1, "fell": 1, "lost": 1, "over": 0, "came": 1}


def test_new_customers_start_at_the_level_of_their_first_quarter_end() -> None:
    history = level_history_of({"A": "111111", "B": "....11", "C": ".....2", "D": "....??", "E": "..1..."})
    assert starting_levels(history, history.quarters).tolist() == [0, 1, 1, 0, 0]


def long_run(counts: list[list[int]], starts: list[int], now: list[int]) -> pd.DataFrame | None:
    draws = long_run_draws(np.array(counts), np.array(starts))
    return None if draws is None else long_run_shares(draws, np.array(now))


def test_the_long_run_shares_balance_who_comes_and_who_goes() -> None:
    # of Lv.0 half rise and a tenth are lost, of Lv.1 a tenth are lost, with so many customers that priors do not count;
    # the new ones start at Lv.0. By hand: a (.5) = b (.1), so a is 1 in 6
    table = long_run([[40_000, 50_000, 10_000], [0, 90_000, 10_000]], [10_000, 0], [30, 10])
    assert table is not None
    assert table["share"].tolist() == pytest.approx([1 / 6, 5 / 6], abs=1e-3)
    assert table["now"].tolist() == [0.75, 0.25]
    assert (table["high"] - table["low"]).max() < 0.02


def test_without_loss_the_long_run_is_that_of_the_levels_alone() -> None:
    table = long_run([[50_000, 50_000, 0], [20_000, 80_000, 0]], [0, 0], [1, 1])
    assert table is not None
    assert table["share"].tolist() == pytest.approx([2 / 7, 5 / 7], abs=1e-3)


def test_where_customers_never_come_back_to_a_level_there_is_no_long_run() -> None:
    # all end at Lv.1 for ever, and nobody is lost
    assert long_run([[5, 5, 0], [0, 10, 0]], [3, 0], [5, 5]) is None


def test_where_customers_were_lost_and_none_came_there_is_no_long_run() -> None:
    assert long_run([[5, 4, 1], [2, 8, 0]], [0, 0], [5, 5]) is None


def test_a_level_that_was_reached_and_never_observed_from_has_no_long_run() -> None:
    assert long_run([[5, 4, 1, 0], [2, 8, 0, 0], [0, 0, 0, 0]], [1, 0, 1], [5, 5, 1]) is None


def test_a_level_that_nobody_ever_had_is_none_in_the_long_run() -> None:
    counts = [[50, 50, 0, 0], [20, 80, 0, 0], [0, 0, 0, 0]]
    table = long_run(counts, [0, 0, 0], [1, 1, 0])
    assert table is not None
    assert table["share"].iloc[2] == 0
    assert table["share"].sum() == pytest.approx(1)


def test_the_interval_of_the_long_run_covers_what_made_the_counts() -> None:
    # 100 chains drawn from the prior's family around one table, each seen for 80 customer-quarters a level
    rng = np.random.default_rng(9)
    truth = np.array([[0.5, 0.4, 0.1], [0.1, 0.85, 0.05]])
    # every lost customer is replaced at Lv.0: 0 -> 1 is .4, 1 -> 0 is .15, so Lv.0 holds .15 / .55
    share = 0.15 / 0.55
    covered = 0
    for _ in range(100):
        counts = np.array([rng.multinomial(80, row) for row in truth])
        table = long_run(counts.tolist(), [1000, 0], [1, 1])
        assert table is not None
        covered += int(table["low"].iloc[0] <= share <= table["high"].iloc[0])
    assert 88 <= covered <= 100


def test_draws_do_not_depend_on_what_was_drawn_before() -> None:
    counts = [[40, 50, 10], [10, 80, 10]]
    first = long_run(counts, [10, 0], [3, 1])
    draw_probabilities(np.array(counts), 10, np.random.default_rng(1))
    pd.testing.assert_frame_equal(first, long_run(counts, [10, 0], [3, 1]))
