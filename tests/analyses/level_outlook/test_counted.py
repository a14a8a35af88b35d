"""Steps counted by hand from histories written as text, and against the moves that the analysis of maturity counts."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from level_histories import LAST, level_history_of

from cs_helpers.analyses.level_outlook.backtest import earlier_histories
from cs_helpers.analyses.level_outlook.counted import LEARNED, NEEDED, step_counts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN, level_history
from cs_helpers.statistics.markov_chain import transition_counts

#: five quarters, three signs each: the levels of the third months are 0 1 1 2 2; 1 1 1 and lost; new at 0, ? and 1
HISTORIES = {
    "A": "000001111112222",
    "B": "111111111......",
    "C": "......000??1111"[:15],
}


def counted_by_hand():
    return step_counts(level_history_of(HISTORIES, top=2))


def test_moves_losses_and_new_customers_are_those_counted_by_hand():
    counted = counted_by_hand()
    assert counted.states == (0, 1, 2)
    # A rises from 0 to 1, stays, rises to 2, stays; B stays twice and is lost; C joins in the third quarter and rises
    assert counted.past.moves[:, 0].tolist() == [[0, 1, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert counted.past.moves[:, 1].tolist() == [[0, 1, 0], [0, 2, 0], [0, 0, 1], [0, 1, 0]]
    assert counted.past.moves[:, 2].tolist() == [[0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 1]]
    assert counted.past.lost.tolist() == [[0, 0, 0], [0, 0, 0], [0, 1, 0], [0, 0, 0]]
    assert counted.past.came.tolist() == [0, 1, 0, 0]
    assert counted.joined.state.tolist() == [0]
    assert counted.level.tolist() == [1, 2]
    assert [q.number for q in counted.quarters] == counted.past.season.tolist() == [3, 4, 1, 2]


def test_customers_whose_level_is_not_known_are_a_state_of_their_own():
    counted = step_counts(level_history_of({"A": "000000000000???", "B": "111111111111111"}, top=2))
    assert counted.states == (0, 1, 2, UNKNOWN)
    assert counted.past.moves[-1].tolist() == [[0, 0, 0, 1], [0, 1, 0, 0], [0] * 4, [0] * 4]
    assert sorted(counted.level.tolist()) == [UNKNOWN, 1]


def test_who_left_and_came_back_within_a_quarter_is_lost_and_new():
    # gone on the 16th of the second month; the new contract starts on the 10th of the third, beyond the days of a return
    counted = step_counts(level_history_of({"A": "1111110.1111111", "B": "1" * 15}, top=2))
    assert counted.past.lost.sum() == counted.past.came.sum()
    total = counted.past.moves.sum(axis=(1, 2)) + counted.past.came
    assert total.tolist() == [2, 2, 2, 2]


def test_a_renewal_that_may_still_be_recorded_is_neither_stay_nor_loss():
    signs = {"A": "11111111111111.", "B": "1" * 15}
    counted = step_counts(level_history_of(signs, top=2, ended_how="term"))
    assert counted.past.moves[-1].sum() == 1
    assert counted.past.lost.sum() == 0
    assert len(counted.level) == 1


def test_fewer_than_a_year_of_steps_says_nothing():
    assert step_counts(level_history_of({"A": "0" * 3 * NEEDED})) is None
    assert step_counts(level_history_of({"A": "0" * 3 * (NEEDED + 1)})) is not None


def test_the_order_and_the_names_of_accounts_change_nothing():
    renamed = {name: HISTORIES[old] for name, old in (("Z", "B"), ("Y", "A"), ("X", "C"))}
    one, other = counted_by_hand(), step_counts(level_history_of(renamed, top=2))
    for name in ("moves", "lost", "came"):
        assert (getattr(one.past, name) == getattr(other.past, name)).all()
    assert one.level.tolist() == other.level.tolist()
    assert one.joined.state.tolist() == other.joined.state.tolist()


@pytest.mark.parametrize("product", ["paper_to_web", "helpdesk", "expense_desk"])
def test_steps_of_the_sample_are_the_moves_of_its_history_and_add_up(of_product, product):
    data = of_product(product)
    history = level_history(data, Quarter.parse("2026Q3"))
    mrr = {q: history.time.mrr(q.end) for q in history.quarters}
    counted = step_counts(history, mrr)
    for step, (before, after) in enumerate(pairwise(history.quarters[-LEARNED - 1 :])):
        moved = history.moves(before, after)
        outcomes = (*counted.states, LOST)
        wanted = transition_counts(moved["before"], moved["after"], states=counted.states, outcomes=outcomes)
        assert (counted.past.moves[step] == wanted[:, :-1]).all()
        assert (counted.past.lost[step] == wanted[:, -1]).all()
        open_renewals = (moved["after"] == NOT_THERE).sum()
        customers = counted.past.moves[step].sum() + counted.past.lost[step].sum() + open_renewals
        assert customers == history.by_quarter[before].notna().sum()
        assert (
            counted.past.moves[step].sum() + counted.past.came[step]
            == history.by_quarter[after].notna().sum()
        )
    assert np.nansum(counted.mrr) == pytest.approx(history.time.mrr(history.quarter.end).sum())


def test_an_earlier_history_is_the_one_of_a_report_of_that_quarter(of_product):
    data = of_product("paper_to_web")
    history = level_history(data, Quarter.parse("2026Q3"))
    for then in earlier_histories(data, history):
        reported = level_history(data, then.quarter)
        days = [q.end for q in reported.quarters]
        assert then.quarters == reported.quarters
        assert then.states[days].equals(reported.states[days])
        assert then.time.spells.equals(reported.time.spells)


def test_the_last_quarter_of_the_histories_is_the_one_they_say():
    assert counted_by_hand().quarters[-1] == LAST
