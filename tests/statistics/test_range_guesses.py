"""Guessed ranges: the score by hand and by its law, and what may be said of how many."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from builders import random

from cs_helpers.statistics.range_guesses import Calibration, calibration, interval_score

LEVEL = 0.95


def guesses(held: int, missed: int = 0, width: float = 1.0) -> pd.DataFrame:
    """So many guesses that held a value and that missed it by 10; the usual range is 80 to 120, and holds all values."""
    low, high = 100 - 20 * width, 100 + 20 * width
    rows = [(low, high, 100.0)] * held + [(low + 30, high + 30, low + 20)] * missed
    table = pd.DataFrame(rows, columns=["low", "high", "value"], dtype="float64")
    return table.assign(usual_low=80.0, usual_high=120.0)


def of(held: int, missed: int = 0, width: float = 1.0) -> Calibration:
    return calibration(guesses(held, missed, width), LEVEL)


def test_the_score_is_the_width_and_forty_times_the_distance_outside() -> None:
    score = interval_score(np.full(3, 80.0), np.full(3, 120.0), np.array([100.0, 130.0, 75.0]), LEVEL)
    assert score == pytest.approx([40, 440, 240])


def test_nobody_scores_better_than_with_the_quantiles() -> None:
    values = random(1).gamma(4, 25, 20_000)
    low, high = np.quantile(values, [0.025, 0.975])

    def mean(a: float, b: float) -> float:
        return float(interval_score(np.full(len(values), a), np.full(len(values), b), values, LEVEL).mean())

    best = mean(low, high)
    for shift_low in (-15, -5, 5, 15):
        for shift_high in (-30, -10, 0, 10, 30):
            assert mean(low + shift_low, high + shift_high) > best


def test_the_numbers_of_three_guesses_by_hand() -> None:
    # widths 20, 20 and 20 of 40; one misses by 10: 20 + 40 x 10 = 420
    found = of(2, 1, width=0.5)
    assert (found.guesses, found.held) == (3, 2)
    assert found.share == pytest.approx(2 / 3)
    assert found.width == pytest.approx(0.5)
    assert found.score == pytest.approx((20 / 40 + 20 / 40 + 420 / 40) / 3)
    assert found.usual_score == pytest.approx(1)
    # Wilson's interval of 2 of 3
    assert (found.low, found.high) == pytest.approx((0.2077, 0.9385), abs=1e-4)


@pytest.mark.parametrize(
    ("held", "missed", "width", "verdict"),
    [
        (0, 0, 1, "too_few"),
        (9, 0, 1, "too_few"),
        (4, 5, 1, "too_few"),
        (8, 2, 0.5, "too_narrow"),  # Wilson's interval of 8 of 10 ends at 94.3 %
        (9, 1, 0.5, "cannot_tell"),  # of 9 of 10 at 98.2 %
        (10, 0, 1, "cannot_tell"),
        (72, 0, 1, "fits"),  # of 72 of 72 it begins at 94.9 %
        (73, 0, 0.9, "too_wide"),  # of 73 of 73 above 95.0 %
        (10, 0, 2, "too_wide"),  # all of 10 are wider than usual: at least 72 % are
        (8, 2, 2, "too_narrow"),  # wide, and yet beside it
        (190, 10, 1, "fits"),
    ],
)
def test_what_is_said_of_so_many_guesses(held: int, missed: int, width: float, verdict: str) -> None:
    assert of(held, missed, width).verdict == verdict


def test_without_a_guess_nothing_is_known() -> None:
    found = of(0)
    assert math.isnan(found.share)
    assert math.isnan(found.score)
    assert math.isnan(found.width)
