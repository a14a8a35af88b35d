"""How well a score tells who leaves in the sample, against the strength that was planted, worked out from its model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from builders import random
from scipy import stats

from cs_helpers.analyses import health_check
from cs_helpers.contract.health import Health
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Result
from cs_helpers.sample import SEED, draw_courses, random_streams
from cs_helpers.sample.days import day
from cs_helpers.sample.truths import LEAVING
from cs_helpers.snapshot import ProductData

Q3 = Quarter(2026, 3)
HORIZON = 180
PRODUCTS = ("paper_to_web", "expense_desk", "helpdesk")
CUTS = [q.end for q in Quarter(2024, 2).upto(Quarter(2026, 1))]
#: points of the scores 1 to 5 of sponsor and plan in all product files: red 2, green 4
POINTS = np.array([0, 0, 50, 100, 100])
RESULT_OF = Callable[[str, str, str], Result]


def chances(mood: np.ndarray, bias: np.ndarray) -> np.ndarray:
    """The probability of each score 1 to 5, by mood and error of the customer: (moods, biases, 5)."""
    centre = LEAVING.score_at_0 + LEAVING.score_a_mood * mood[:, None] + bias[None, :]
    up_to = stats.norm.cdf((np.array([1.5, 2.5, 3.5, 4.5]) - centre[..., None]) / LEAVING.score_spread)
    return np.diff(up_to, axis=-1, prepend=0.0, append=1.0)


@cache
def planted(product: str, weights: tuple[float, float]) -> float:
    """The AUC to be expected of sponsor and plan with these weights, over the pairs of each quarter end.

    By numeric integration over the error of the customer, which both scores share; no analysis takes part in it.
    """
    courses = draw_courses(random_streams(SEED))
    terms, progress = next((t, p) for t, p in courses.progress if t.product == product)
    bias, share = np.polynomial.hermite_e.hermegauss(61)
    share = share / share.sum()
    moods = np.array([LEAVING.mood_with_progress, LEAVING.mood_without])
    moods = np.r_[moods, moods - LEAVING.mood_drop]
    one = chances(moods, bias * LEAVING.account_spread)
    both = np.einsum("b,mbi,mbj->mij", share, one, one).reshape(4, -1)
    score = np.add.outer(weights[0] * POINTS, weights[1] * POINTS).ravel()
    lower = np.sign(score[None, :] - score[:, None]) / 2 + 0.5  # the first has the lower score
    wins = both @ lower @ both.T
    concordant = pairs = 0.0
    for cut in map(day, CUTS):
        there = (terms.started < cut - 30) & (terms.ended > cut)
        lost = there & (terms.ended <= cut + HORIZON)
        falls = terms.leaving & (terms.ended < cut + LEAVING.assessed_days)
        kind = 2 * falls + ~(progress < np.minimum(terms.ended, day(Q3.end)))
        of_lost, of_others = (np.bincount(kind[rows], minlength=4) for rows in (lost, there & ~lost))
        concordant += of_lost @ wins @ of_others
        pairs += of_lost.sum() * of_others.sum()
    return float(concordant / pairs)


def test_the_planted_strength_is_that_of_simulated_customers() -> None:
    # leaving or not, with progress: mood -.4 against .6
    rng = random(1)
    moods = np.array([-0.4, 0.6])[:, None] + np.zeros(200_000)
    bias, noise = (
        rng.normal(0, LEAVING.account_spread, moods.shape),
        rng.normal(0, LEAVING.score_spread, moods.shape),
    )
    seen = np.clip(np.round(LEAVING.score_at_0 + LEAVING.score_a_mood * moods + bias + noise), 1, 5)
    nodes, share = np.polynomial.hermite_e.hermegauss(61)
    found = np.einsum(
        "b,mbi->mi", share / share.sum(), chances(np.array([-0.4, 0.6]), nodes * LEAVING.account_spread)
    )
    drawn = np.stack([(seen == k).mean(axis=1) for k in range(1, 6)], axis=1)
    assert found == pytest.approx(drawn, abs=0.005)


def judged_by(data: ProductData, weights: tuple[float, float]) -> Result:
    """The check of a score of sponsor and plan alone."""
    health = data.product.health
    chosen = {"sponsor": weights[0], "plan": weights[1]}
    measures = tuple(m.model_copy(update={"weight": chosen[m.id]}) for m in health.measures if m.id in chosen)
    only = Health.model_validate(
        {**health.model_dump(), "segments": (), "measures": [m.model_dump() for m in measures]}
    )
    return health_check.analyse(replace(data, product=data.product.model_copy(update={"health": only})), Q3)


@pytest.mark.parametrize("weights", [(1.5, 1.0), (1.0, 1.0), (1.0, 1e-9)], ids=str)
@pytest.mark.parametrize("product", PRODUCTS)
def test_the_auc_is_the_planted_strength_within_its_interval(
    product: str, weights: tuple[float, float], of_product: Callable[[str], ProductData]
) -> None:
    found = judged_by(of_product(product), weights).metrics["auc"]
    expected = planted(product, weights)
    assert 0.55 < expected < 0.9
    assert found.low is not None
    assert found.high is not None
    assert found.low <= expected <= found.high


def planted_in_usage(horizon: int, ratio: float, draws: int = 40) -> float:
    """The AUC to be expected of the number of web events in the last month.

    Simulated: users by size, active with a chance of each customer, and `ratio` times as often in its last days.
    """
    courses = draw_courses(random_streams(SEED))
    terms, begun = courses.terms[0], courses.rollouts.first_document
    size = (
        courses.customers.accounts["size"]
        .map({"small": 4, "mid": 8, "enterprise": 16})
        .to_numpy()[terms.account]
    )
    office = np.array([1.05, 1.02, 1.0, 0.98, 0.95, 0.08, 0.05])
    rng, wins, pairs = random(6), 0.0, 0
    for last in [q.end for q in Quarter(2024, 2).upto(Quarter(2026, 2))]:
        cut, first = day(last), day(last.replace(day=1))
        there = (terms.started <= first) & (terms.ended > cut)
        lost = terms.ended[there] <= cut + horizon
        days = np.arange(first, cut + 1)
        often = office[(days + 3) % 7] * (begun[there, None] <= days)  # 1970-01-01 was a Thursday
        fading = terms.ended[there, None] - LEAVING.usage_days <= days
        often = np.where(fading, ratio, 1.0) * often
        for _ in range(draws):
            users = size[there] + rng.integers(-1, 2, there.sum())
            chance = rng.uniform(0.19, 0.31, there.sum())
            events = rng.binomial(users[:, None], chance[:, None] * often).sum(axis=1)
            events = events + rng.binomial(events, 0.4)
            if lost.any():
                wins += stats.mannwhitneyu(events[~lost], events[lost]).statistic / draws
        pairs += int(lost.sum() * (~lost).sum())
    return float(wins / pairs)


def test_usage_that_falls_before_customers_leave_tells_as_much_as_was_planted(
    of_product: Callable[[str], ProductData],
) -> None:
    data, horizon = of_product("paper_to_web"), 90
    events = {"id": "events", "name": {"en": "Events", "ja": "件数"}, "kind": "quantitative", "weight": 1}
    events |= {"measure": {"event": "web.*", "value": "events", "months": 1}, "red": 0, "green": 2000}
    health = Health.model_validate({"version": 1, "measures": [events], "check": {"horizon_days": horizon}})
    found = health_check.analyse(
        replace(data, product=data.product.model_copy(update={"health": health})), Q3
    )
    area, expected = found.metrics["auc"], planted_in_usage(horizon, LEAVING.usage_ratio)
    assert area.low <= expected <= area.high
    # who leaves is older and larger: without the fall, more use would even foretell leaving
    assert planted_in_usage(horizon, 1.0) < 0.46 < expected - 0.04


def test_learned_weights_go_to_the_measures_in_which_leaving_was_planted(result_of: RESULT_OF) -> None:
    weights = result_of("health_check", "paper_to_web", "2026Q3").tables["weights"].set_index("measure")
    carry = weights.index.isin(["sponsor", "plan", "nps"])
    assert weights.loc[carry, "learned"].sum() > 0.9
    assert (weights.loc[carry, "learned"] > weights.loc[carry, "declared"]).all()
    # letters and tickets are drawn without a look at who leaves
    noise = weights.loc[["letters_sent", "tickets"]]
    assert (noise["low"] < 0.5).all()
    assert (noise["learned"] < noise["declared"]).all()


def test_the_qualitative_part_is_found_to_help(result_of: RESULT_OF) -> None:
    result = result_of("health_check", "paper_to_web", "2026Q3")
    assert result.verdicts["parts"].code == "helps"
    assert result.verdicts["weights"].code == "better"
    assert [f.code for f in result.findings] == [
        "left_unwarned",
        "score_tells_apart",
        "parts_help",
        "other_weights",
    ]
