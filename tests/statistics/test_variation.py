"""What varies by segment: exact tests against scipy, brute force and published numbers."""

from __future__ import annotations

from itertools import product as combined
from math import comb

import pandas as pd
import pytest
from builders import random
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, fisher_exact

from cs_helpers.statistics.variation import compare_segments, cramers_v, exact_p, zero_count_bound


def test_the_exact_test_is_fishers_as_published() -> None:
    assert exact_p([3, 1], [4, 4]) == pytest.approx(0.4857, abs=5e-5)


@given(st.integers(0, 12), st.integers(0, 12), st.integers(0, 12), st.integers(0, 12))
def test_of_two_segments_it_is_scipys(a: int, b: int, c: int, d: int) -> None:
    assert exact_p([a, b], [a + c, b + d]) == pytest.approx(fisher_exact([[a, c], [b, d]]).pvalue)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=3, max_size=4))
def test_of_more_segments_it_adds_up_the_tables_that_are_as_rare(cells: list[tuple[int, int]]) -> None:
    counts, totals = [a for a, _ in cells], [a + b for a, b in cells]

    def ways(table: tuple[int, ...]) -> int:
        result = 1
        for n, k in zip(totals, table, strict=True):
            result *= comb(n, k)
        return result

    tables = [t for t in combined(*(range(n + 1) for n in totals)) if sum(t) == sum(counts)]
    as_rare = sum(ways(t) for t in tables if ways(t) <= ways(tuple(counts)) * (1 + 1e-9))
    assert exact_p(counts, totals) == pytest.approx(as_rare / sum(map(ways, tables)))


def test_of_very_many_companies_it_is_chi_squareds() -> None:
    table = [[300, 250, 260], [700, 750, 740]]
    assert exact_p(table[0], [1000] * 3) == pytest.approx(chi2_contingency(table, correction=False).pvalue)
    assert exact_p([0, 0, 0], [1000] * 3) == 1


def test_a_rare_theme_among_many_companies_has_its_exact_p() -> None:
    # three companies of one of four segments: 4 * C(60, 3) of C(240, 3) draws are as one-sided
    one_sided = 4 * comb(60, 3) / comb(240, 3)
    assert exact_p([3, 0, 0, 0], [60] * 4) == pytest.approx(one_sided)
    assert exact_p([57, 60, 60, 60], [60] * 4) == pytest.approx(one_sided)


def test_cramers_v_is_that_of_chi_squared() -> None:
    counts, totals = [8, 1, 2], [13, 11, 8]
    table = [counts, [n - k for k, n in zip(counts, totals, strict=True)]]
    chi = chi2_contingency(table, correction=False).statistic
    assert cramers_v(counts, totals) == pytest.approx((chi / 32) ** 0.5)
    assert cramers_v([5, 5], [5, 5]) == 0


def test_what_was_never_heard_may_still_be_so() -> None:
    assert zero_count_bound(24) == pytest.approx(0.117, abs=5e-4)
    assert zero_count_bound(0) == 1


def simulated_mentions(
    shares: dict[str, dict[str, float]], n: int, seed: int = 0
) -> tuple[pd.DataFrame, pd.Series]:
    """n companies of each segment, each of which tells a code with a chance of its own."""
    draw = random(seed)
    segment = pd.Series({f"{s}{k}": s for s in next(iter(shares.values())) for k in range(n)})
    rows = [
        {"account_id": name, "code": code}
        for code, chance in shares.items()
        for name, s in segment.items()
        if draw.random() < chance[s]
    ]
    return pd.DataFrame(rows), segment


SHARES = {
    "large": {"a": 0.9, "b": 0.1, "c": 0.1},
    "even": {"a": 0.5, "b": 0.5, "c": 0.5},
    **{f"noise_{k}": {"a": 0.3, "b": 0.3, "c": 0.3} for k in range(6)},
}


def test_what_varies_is_said_what_does_not_and_what_cannot_be_told() -> None:
    result = compare_segments(*simulated_mentions(SHARES, 200)).set_index("code")
    assert result.at["large", "verdict"] == "varies"
    assert set(result.drop("large")["verdict"]) == {"alike"}
    few = compare_segments(*simulated_mentions(SHARES, 6)).set_index("code")
    assert set(few.drop("large")["verdict"]) == {"unknown"}


def test_companies_are_counted_not_mentions() -> None:
    mentions, segment = simulated_mentions({"x": {"a": 1.0, "b": 0.0}}, 8)
    once = compare_segments(mentions, segment)
    pd.testing.assert_frame_equal(compare_segments(pd.concat([mentions] * 3), segment), once)
    row = once.iloc[0]
    assert row["mentioned"] == {"a": 8, "b": 0}
    assert row["of"] == {"a": 8, "b": 8}
    assert row["p"] == pytest.approx(fisher_exact([[8, 0], [0, 8]]).pvalue)
    assert row["v"] == 1


def test_of_noise_hardly_anything_is_said_to_vary() -> None:
    noise = {f"code_{k}": {"a": 0.4, "b": 0.4, "c": 0.4} for k in range(12)}
    wrong = sum(
        (compare_segments(*simulated_mentions(noise, 12, seed))["verdict"] == "varies").any()
        for seed in range(60)
    )
    assert wrong <= 6


def test_one_segment_varies_from_nothing() -> None:
    mentions, segment = simulated_mentions({"x": {"a": 1.0}}, 8)
    assert compare_segments(mentions, segment).empty
