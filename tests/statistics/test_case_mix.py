"""CSMs held against what their customers would do with anybody: planted differences, and planted sameness."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from builders import random
from scipy import stats

from cs_helpers.statistics.case_mix import chance_of_best, compare_groups, compare_shares, expected_steps
from cs_helpers.statistics.survival import CENSORED, REACHED


def test_expected_steps_are_the_hazards_that_each_was_exposed_to() -> None:
    # Nelson-Aalen by hand: on day 10 one of three, on day 20 one of two, on day 30 nobody
    days = pd.Series([10.0, 20.0, 30.0])
    outcome = pd.Series([REACHED, REACHED, CENSORED])
    assert expected_steps(days, outcome, pd.Series(["a"] * 3)).tolist() == pytest.approx(
        [1 / 3, 5 / 6, 5 / 6]
    )


def test_each_stratum_expects_as_many_as_there_were() -> None:
    draw = random(3)
    days = pd.Series(draw.integers(1, 60, 200).astype(float))
    outcome, stratum = pd.Series(draw.integers(0, 3, 200)), pd.Series(draw.choice(list("abc"), 200))
    result = expected_steps(days, outcome, stratum)
    reached = (outcome == REACHED).groupby(stratum).sum()
    assert result.groupby(stratum).sum().to_numpy() == pytest.approx(reached.to_numpy())


def waits(draw: np.random.Generator, pace: dict[str, float], each: int, hard: str = "") -> pd.DataFrame:
    """Waits of each CSM's customers over 90 days at most; those of `hard` are small companies, at a third of the pace."""
    parts = []
    for csm, speed in pace.items():
        size = np.where(draw.random(each) < (0.95 if csm == hard else 0.3), "small", "mid")
        days = draw.exponential(60 / speed * np.where(size == "small", 3, 1))
        parts.append(
            pd.DataFrame(
                {
                    "csm": csm,
                    "stratum": size,
                    "days": days.clip(max=90),
                    "outcome": np.where(days < 90, REACHED, CENSORED),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


ALIKE = {f"csm-{n}": 1.0 for n in range(8)}


def test_csms_that_are_alike_are_said_to_be_so() -> None:
    verdicts = [compare_groups(waits(random(seed), ALIKE, 40))["verdict"] for seed in range(40)]
    told_apart = sum((v != "alike").sum() for v in verdicts)
    assert told_apart <= 0.02 * 40 * len(ALIKE)


def test_a_csm_that_is_much_better_is_found() -> None:
    result = compare_groups(waits(random(1), ALIKE | {"csm-0": 3.0}, 60)).set_index("csm")
    assert result["verdict"].to_dict() == dict.fromkeys(ALIKE, "alike") | {"csm-0": "above"}
    assert result.index[0] == "csm-0"


def test_hard_customers_are_not_held_against_their_csm() -> None:
    rows = waits(random(2), ALIKE, 60, hard="csm-0")
    raw = (rows["outcome"] == REACHED).groupby(rows["csm"]).mean()
    assert raw.idxmin() == "csm-0"
    assert compare_groups(rows).set_index("csm").at["csm-0", "verdict"] == "alike"


def test_shrinking_draws_to_one_and_the_more_the_fewer_are_known() -> None:
    rows = pd.concat([waits(random(5), {"few": 3.0}, 5), waits(random(5), {"many": 3.0} | ALIKE, 80)])
    result = compare_groups(rows.reset_index(drop=True)).set_index("csm")
    observed = result["reached"] / result["expected"]
    assert ((result["ratio"] - 1).abs() <= (observed - 1).abs() + 1e-9).all()
    assert result["ratio"].between(result["low"], result["high"]).all()
    drawn = (observed - result["ratio"]) / (observed - 1)
    assert drawn["few"] > 3 * drawn["many"]


def test_the_interval_holds_the_true_pace_of_most() -> None:
    inside = 0
    for seed in range(30):
        draw = random(seed)
        pace = {f"csm-{n}": p for n, p in enumerate(draw.gamma(12, 1 / 12, 8))}
        result = compare_groups(waits(draw, pace, 50)).set_index("csm")
        mean = np.average(list(pace.values()))
        inside += sum(result.at[c, "low"] <= p / mean <= result.at[c, "high"] for c, p in pace.items())
    # a little less than 95 %: the mean of the paces stands for what the pooled hazard expects of everybody
    assert inside / (30 * 8) > 0.88


def test_first_place_among_equals_is_luck() -> None:
    """Under no difference the chance is spread evenly: half of all first places have a chance above one half."""
    chances = [chance_of_best(compare_groups(waits(random(seed), ALIKE, 40))) for seed in range(60)]
    assert stats.kstest(chances, "uniform").pvalue > 0.01
    assert chance_of_best(compare_groups(waits(random(1), ALIKE | {"csm-0": 3.0}, 60))) < 0.001


def groups(small: tuple[int, int, int], mid: tuple[int, int, int], of: tuple[int, int, int]) -> pd.DataFrame:
    """Customers of three CSMs in two strata: so many of each CSM's four small and five mid-size ones that it holds of."""
    rows = []
    for stratum, held, each in (("small", small, 4), ("mid", mid, 5)):
        for csm, (count, n) in enumerate(zip(held, of, strict=True)):
            rows += [(f"c{csm}", stratum, k < count) for k in range(min(n, each))]
    return pd.DataFrame(rows, columns=["csm", "stratum", "holds"])


def test_in_one_stratum_the_p_value_is_that_of_fisher() -> None:
    frame = pd.DataFrame(
        {"csm": ["one"] * 8 + ["two"] * 11, "stratum": "all", "holds": [True] * 6 + [False] * 2 + [True] * 2 + [False] * 9}
    )  # fmt: skip
    table = compare_shares(frame).set_index("csm")
    assert table["p"].tolist() == pytest.approx([stats.fisher_exact([[6, 2], [2, 9]]).pvalue] * 2)
    assert table.loc["one", ["customers", "reached"]].tolist() == [8, 6]
    assert table["expected"].to_dict() == pytest.approx({"one": 8 * 8 / 19, "two": 11 * 8 / 19})


def test_over_strata_the_p_value_is_that_of_all_ways_to_hand_out_the_customers() -> None:
    frame = groups((3, 1, 0), (2, 0, 1), (3, 2, 3))
    every = frame["holds"].to_numpy()
    place = {name: np.flatnonzero(frame["stratum"] == name) for name in ("small", "mid")}
    sums: dict[int, int] = {}
    own = {name: int((frame["csm"].iloc[where] == "c0").sum()) for name, where in place.items()}
    for small in combinations(place["small"], own["small"]):
        for mid in combinations(place["mid"], own["mid"]):
            total = int(every[list(small)].sum() + every[list(mid)].sum())
            sums[total] = sums.get(total, 0) + 1
    ways = sum(sums.values())
    expected = sum(w for w in sums.values() if w <= sums[5]) / ways
    row = compare_shares(frame).set_index("csm").loc["c0"]
    assert row["reached"] == 5
    assert row["p"] == pytest.approx(expected)
    assert row["expected"] == pytest.approx(sum(total * w for total, w in sums.items()) / ways)


def test_groups_with_the_same_share_are_seldom_told_apart_and_one_that_differs_is() -> None:
    draw, called, missed = random(5), 0, 0
    for _ in range(40):
        csm = np.repeat([f"c{n}" for n in range(10)], 15)
        stratum = draw.choice(["small", "mid"], 150)
        usual = np.where(stratum == "small", 0.4, 0.1)
        alike, apart = (draw.random(150) < p for p in (usual, np.where(csm == "c0", 0.75, usual)))
        frame = pd.DataFrame({"csm": csm, "stratum": stratum})
        called += (compare_shares(frame.assign(holds=alike))["verdict"] != "alike").any()
        verdicts = compare_shares(frame.assign(holds=apart)).set_index("csm")["verdict"]
        missed += verdicts["c0"] != "above"
    # at a false discovery rate of 5 %, 2 of 40 comparisons of equals name anybody
    assert called <= 5
    assert missed <= 6


def test_who_has_all_customers_of_a_stratum_is_compared_with_nobody() -> None:
    frame = pd.DataFrame(
        {"csm": ["one"] * 9 + ["two"] * 9, "stratum": ["small"] * 9 + ["mid"] * 9, "holds": [True] * 9 + [False] * 9}
    )  # fmt: skip
    table = compare_shares(frame)
    assert table["p"].tolist() == [1, 1]
    assert (table["verdict"] == "alike").all()
