"""The interval of a median against published ranks, and its coverage."""

from __future__ import annotations

import numpy as np
import pytest

from cs_helpers.statistics.medians import median_interval


# ranks of the 95 % interval of a median by the binomial distribution (e.g. Conover 1999; Hollander and Wolfe, table)
@pytest.mark.parametrize(
    ("n", "rank"), [(6, 1), (8, 1), (9, 2), (10, 2), (20, 6), (30, 10), (50, 18), (100, 40)]
)
def test_the_ends_are_the_values_of_published_ranks(n, rank) -> None:
    values = np.random.default_rng(n).permutation(np.arange(1, n + 1, dtype=float))
    assert median_interval(values) == (rank, n + 1 - rank)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_with_too_few_values_there_is_no_interval(n) -> None:
    assert median_interval(np.arange(n, dtype=float)) == (None, None)


def test_it_holds_the_true_median_in_at_least_19_of_20_samples() -> None:
    draws = np.random.default_rng(7).exponential(size=(2000, 25))
    held = [low <= np.log(2) <= high for low, high in map(median_interval, draws)]  # type: ignore[operator]
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / len(held))
