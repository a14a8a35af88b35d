"""What is predicted of a customer rests on earlier quarter ends and on other customers: nothing can leak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from builders import random
from scipy.special import expit

from cs_helpers.analyses.health_check.learned import (
    FOLDS,
    fold_of,
    learn_weights,
    out_of_time,
    weighted_score,
)
from cs_helpers.analyses.health_check.panel import Panel
from cs_helpers.statistics.discrimination import auc
from cs_helpers.statistics.logistic import fit_logistic, predicted

HORIZON = 180
ENDS = np.array(
    ["2024-03-31", "2024-06-30", "2024-09-30", "2024-12-31", "2025-03-31", "2025-06-30"], "datetime64[D]"
)
#: of five measures, the first two carry what happens
EFFECTS = np.array([3.0, 1.5, 0.0, 0.0, 0.0])


def panel(seed: int = 1, customers: int = 400, *, declared: np.ndarray | None = None) -> Panel:
    """Customers at each quarter end until they are lost, with five measures."""
    rng = random(seed)
    rows: list[tuple[str, np.datetime64, np.ndarray, bool]] = []
    for n in range(customers):
        for cut in ENDS:
            x = rng.uniform(0, 100, 5)
            lost = bool(rng.random() < expit(0.2 - x[:2] / 100 @ EFFECTS[:2]))
            rows.append((f"A-{n:04d}", cut, x, lost))
            if lost:
                break
    account, cuts, x, lost_rows = (np.array(column) for column in zip(*rows, strict=True))
    weights = np.tile(np.ones(x.shape[1]) if declared is None else declared, (len(x), 1))
    score = (x * weights).sum(axis=1) / weights.sum(axis=1)
    return Panel(account.astype(object), cuts, score, score, score, x, weights, lost_rows)


def test_weights_go_to_the_measures_that_carry_what_happens() -> None:
    learned = learn_weights(panel(customers=1500))
    assert learned.sum() == pytest.approx(1)
    assert learned[:2] == pytest.approx(EFFECTS[:2] / EFFECTS.sum(), abs=0.08)
    assert learned[2:].max() < 0.06


def test_learned_weights_tell_better_where_the_declared_ones_are_wrong() -> None:
    rows = panel(customers=800, declared=np.array([1.0, 1, 4, 4, 4]))
    tried = out_of_time(rows, HORIZON)
    k = tried.known
    declared, learned = (
        auc(rows.lost[k], -s[k], rows.account[k], rows.cut[k]) for s in (rows.score, tried.score)
    )
    assert learned.low > declared.high
    truth = rows.points @ EFFECTS
    best = auc(rows.lost[k], -truth[k], rows.account[k], rows.cut[k])
    assert learned.value == pytest.approx(best.value, abs=0.02)


def test_probabilities_are_calibrated_where_the_score_is_the_truth() -> None:
    rows = panel(customers=1500, declared=np.array([2.0, 1, 0.001, 0.001, 0.001]))
    tried = out_of_time(rows, HORIZON)
    assert tried.p[tried.known].mean() == pytest.approx(rows.lost[tried.known].mean(), abs=0.02)
    assert np.nanmax(np.abs(tried.base - np.nanmean(rows.lost))) < 0.06


def test_a_number_that_only_names_the_customer_tells_nothing() -> None:
    # customers who leave and return, some often and some never, and one measure for each that only names it
    customers, rng = 60, random(3)
    account, cut = np.repeat([f"A-{n:04d}" for n in range(customers)], len(ENDS)), np.tile(ENDS, customers)
    lost = rng.random(len(cut)) < np.repeat(rng.choice([0.1, 0.7], customers), len(ENDS))
    points, ones = 100 * np.repeat(np.eye(customers), len(ENDS), axis=0), np.ones((len(cut), customers))
    score = np.full(len(cut), 100 / customers)
    rows = Panel(account.astype(object), cut, score, score, score, points, ones, lost)
    tried = out_of_time(rows, HORIZON)
    k = tried.known
    assert k.sum() > 150
    assert auc(lost[k], -tried.score[k], account[k], cut[k]).value == pytest.approx(0.5, abs=0.05)
    # who learns from a customer's own earlier rows does know it again
    for at in ENDS[3:]:
        known, now = cut + np.timedelta64(HORIZON, "D") <= at, cut == at
        own = predicted(points[now], fit_logistic(points[known] / 100, lost[known], np.eye(customers)))
        assert auc(lost[now], own).value > 0.65


@pytest.mark.parametrize("part", range(FOLDS))
def test_nothing_of_a_customer_changes_what_is_predicted_of_it(part: int) -> None:
    rows = panel(4, 150)
    mine = fold_of(rows.account) == part
    assert mine.any()
    rng = random(9)
    early = rows.cut < ENDS[4]
    # other outcomes of these customers, and other values at earlier quarter ends
    changed = replace(
        rows,
        lost=np.where(mine, rng.random(len(mine)) < 0.5, rows.lost),
        points=np.where((mine & early)[:, None], rng.uniform(0, 100, rows.points.shape), rows.points),
    )
    before, after = out_of_time(rows, HORIZON), out_of_time(changed, HORIZON)
    late = mine & ~early
    assert before.known[late].all()
    assert np.array_equal(before.p[late], after.p[late])
    assert np.array_equal(before.score[late], after.score[late])
    assert not np.array_equal(before.p[~mine & ~early], after.p[~mine & ~early])


@pytest.mark.parametrize("cut", ENDS[3:5])
def test_nothing_that_happened_later_changes_what_is_predicted(cut: np.datetime64) -> None:
    rows = panel(5, 300)
    rng = random(8)
    later = rows.cut + np.timedelta64(HORIZON, "D") > cut
    changed = replace(
        rows,
        lost=np.where(later, rng.random(len(later)) < 0.5, rows.lost),
        points=np.where((rows.cut > cut)[:, None], rng.uniform(0, 100, rows.points.shape), rows.points),
    )
    at = rows.cut == cut
    before, after = out_of_time(rows, HORIZON), out_of_time(changed, HORIZON)
    assert before.known[at].all()
    assert np.array_equal(before.p[at], after.p[at])
    assert np.array_equal(before.base[at], after.base[at])
    assert np.array_equal(before.score[at], after.score[at])


def test_before_enough_customers_were_lost_nothing_is_predicted() -> None:
    rows = panel(6, 40)
    tried = out_of_time(rows, HORIZON)
    assert not tried.known[rows.cut < ENDS[2]].any()


def test_the_part_of_a_customer_does_not_depend_on_the_others() -> None:
    names = np.array([f"A-{n}" for n in range(200)], dtype=object)
    parts = dict(zip(names, fold_of(names), strict=True))
    assert set(parts.values()) == set(range(FOLDS))
    some = names[::7]
    assert fold_of(some).tolist() == [parts[name] for name in some]


def test_a_measure_that_is_not_known_leaves_the_learned_score_to_the_others() -> None:
    points, learned, declared = np.array([[80.0, np.nan, 20.0]]), np.array([0.5, 0.3, 0.2]), np.full(3, 1 / 3)
    assert weighted_score(points, np.ones((1, 3)), learned, declared) == pytest.approx([(40 + 4) / 0.7])
    assert np.isnan(weighted_score(np.full((1, 3), np.nan), np.ones((1, 3)), learned, declared)[0])


def test_what_a_segment_leaves_out_stays_out_with_learned_weights() -> None:
    points, learned, declared = np.array([[80.0, 50.0]]), np.array([0.5, 0.5]), np.array([0.5, 0.5])
    assert weighted_score(points, np.array([[1.0, 0.0]]), learned, declared) == pytest.approx([80])


def test_of_a_measure_that_is_not_known_nothing_is_learned() -> None:
    rows = panel(7, 400)
    points = rows.points.copy()
    points[:, 0] = np.nan  # the one that carries most
    learned = learn_weights(replace(rows, points=points))
    assert learned[0] == 0
    assert learned.sum() == pytest.approx(1)
    # known from the last quarter ends on only: what was learned before rests on the others
    late = rows.cut >= ENDS[5]
    tried = out_of_time(replace(rows, points=np.where(late[:, None], rows.points, points)), HORIZON)
    others = out_of_time(replace(rows, points=points), HORIZON)
    assert tried.known[late].all()
    assert np.array_equal(tried.score[late], others.score[late])
