"""Changes of metrics: noise is called noise, and better or worse is what the metric says."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from cs_helpers.comparison import against_target, compare, total
from cs_helpers.result import Metric
from cs_helpers.statistics.proportions import wilson


def share(count: int, n: int) -> Metric:
    return Metric("share", count / n, "share", n, *wilson(count, n))


def counted(value: float, unit: str = "count") -> Metric:
    return Metric("customers", value, unit, int(value))


def test_the_interval_of_two_shares_is_newcombes() -> None:
    # Newcombe 1998, example (a): 56/70 - 48/80: 0.2, 95 % 0.0524 to 0.3339
    change = compare(share(56, 70), share(48, 80), "lower", "previous_quarter")
    assert change is not None
    assert (change.low, change.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    oracle = confint_proportions_2indep(56, 70, 48, 80, method="newcomb", compare="diff")
    assert (change.low, change.high) == pytest.approx(oracle)
    assert (change.certainty, change.direction) == ("clear", "worse")


def test_a_difference_that_chance_explains_is_neither_better_nor_worse() -> None:
    change = compare(share(30, 100), share(23, 100), "higher", "previous_quarter")
    assert change is not None
    assert (change.certainty, change.direction) == ("unclear", "neither")


@pytest.mark.parametrize(
    ("better", "direction"), [("higher", "worse"), ("lower", "better"), ("neither", "neither")]
)
def test_a_fall_is_better_or_worse_as_the_metric_says(better, direction) -> None:
    change = compare(share(230, 1000), share(300, 1000), better, "previous_year")
    assert change is not None
    assert (change.certainty, change.direction) == ("clear", direction)


def test_a_counted_number_has_no_noise() -> None:
    change = compare(counted(130), counted(140), "higher", "previous_quarter")
    assert change is not None
    assert (change.difference, change.low, change.certainty, change.direction) == (
        -10,
        None,
        "counted",
        "worse",
    )


def test_a_counted_number_that_changed_by_a_fiftieth_is_about_the_same() -> None:
    for now, direction in ((98, "neither"), (102, "neither"), (97, "worse"), (103, "better")):
        change = compare(counted(now), counted(100), "higher", "previous_quarter")
        assert change is not None
        assert (change.certainty, change.direction) == ("counted", direction)


def test_no_change_is_neither_better_nor_worse() -> None:
    change = compare(counted(5), counted(5), "higher", "previous_quarter")
    assert change is not None
    assert (change.certainty, change.direction) == ("counted", "neither")


def test_without_an_interval_a_share_cannot_be_told_from_noise() -> None:
    change = compare(Metric("x", 0.5, "share", 9), Metric("x", 0.1, "share", 9), "higher", "previous_quarter")
    assert change is not None
    assert (change.certainty, change.direction) == ("unclear", "neither")


@pytest.mark.parametrize("missing", [None, float("nan"), float("inf")])
def test_without_a_number_there_is_no_change(missing) -> None:
    assert compare(Metric("x", missing, "days", 9), counted(1), "higher", "previous_quarter") is None
    assert compare(counted(1), Metric("x", missing, "days", 9), "higher", "previous_quarter") is None


def test_an_end_that_is_not_reached_leaves_the_change_unclear() -> None:
    now = Metric("days", 120.0, "days", 40, 90.0, float("nan"))
    change = compare(now, Metric("days", 60.0, "days", 40, 50.0, 70.0), "lower", "previous_year")
    assert change is not None
    assert (change.certainty, change.low) == ("unclear", None)


def test_a_target_is_missed_only_where_the_interval_lies_beyond_it() -> None:
    missed = against_target(share(80, 100), 0.95, "higher")
    near = against_target(share(93, 100), 0.95, "higher")
    assert missed is not None
    assert near is not None
    assert (missed.direction, near.direction) == ("worse", "neither")
    assert missed.difference == pytest.approx(-0.15)


def test_between_two_draws_of_one_share_a_change_is_called_in_at_most_a_twentieth() -> None:
    draws = np.random.default_rng(20260930).binomial(150, 0.25, size=(400, 2))
    called = [
        compare(share(int(a), 150), share(int(b), 150), "lower", "previous_quarter").certainty == "clear"  # type: ignore[union-attr]
        for a, b in draws
    ]
    assert np.mean(called) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(called))


def test_counted_numbers_of_several_products_are_added() -> None:
    together = total([counted(95, "currency"), counted(5, "currency")])
    assert together == Metric("customers", 100, "currency", 100)


def test_shares_together_are_the_share_of_all_and_their_interval_covers_it() -> None:
    together = total([share(3, 96), share(1, 55), share(1, 115)])
    assert together is not None
    assert together.value == pytest.approx(5 / 266)
    assert together.n == 266
    assert together.low < 5 / 266 < together.high  # type: ignore[operator]
    # products are independent: narrower than the widest of them, wider than nothing
    widest = max(w[1] - w[0] for w in (wilson(3, 96), wilson(1, 55), wilson(1, 115)))
    assert 0 < together.high - together.low < widest  # type: ignore[operator]


def test_a_ratio_is_weighted_by_what_it_is_a_ratio_of() -> None:
    small = Metric("nrr", 1.2, "share", 10, 1.1, 1.3, base=100.0)
    large = Metric("nrr", 0.9, "share", 10, 0.8, 1.0, base=300.0)
    together = total([small, large])
    assert together is not None
    assert together.value == pytest.approx((120 + 270) / 400)


def test_medians_and_unknown_values_have_no_total() -> None:
    assert total([]) is None
    assert total([Metric("days", 50.0, "days", 9), Metric("days", 70.0, "days", 9)]) is None
    assert total([counted(1), Metric("customers", None, "count", 0)]) is None
    assert total([Metric("x", 0.5, "share", 0, None, None), Metric("x", 0.5, "share", 0, None, None)]) is None
