"""Lifetime value by level: against Kaplan and Meier, by hand, and a planted rate of loss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from planted_levels import planted
from statsmodels.duration.survfunc import SurvfuncRight

from cs_helpers.analyses.level_worth.follow_up import COLUMNS, follow_up
from cs_helpers.analyses.level_worth.lifetime import Stay, horizon_of, lifetime_table, stays, survival_table
from cs_helpers.analyses.level_worth.verdicts import lifetime_verdict, staying_verdict
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.revenue import RevenueRules

Q = Quarter(2025, 3)


def followed(*rows: tuple[str, int, int, bool], landmark: Quarter = Q) -> pd.DataFrame:
    """Rows of a follow-up: account, level, months seen, lost."""
    frame = pd.DataFrame(rows, columns=["account_id", "level", "months", "lost"])
    frame = frame.assign(landmark=landmark, earlier=np.nan, age=100, days=30 * frame["months"])
    return frame[list(COLUMNS)].astype(COLUMNS)


def now(**levels: tuple[int, float]) -> pd.DataFrame:
    frame = pd.DataFrame(levels, index=["level", "mrr"]).T
    return frame.rename_axis("account_id")


def stay(follow: pd.DataFrame, at: pd.DataFrame, level: int = 1, **options: float) -> Stay:
    return stays(follow, at, {"one": (level,)}, **{"share": 1.0, "months": 12, **options})["one"]


def test_survival_and_value_are_worked_out_by_hand() -> None:
    # of four at risk one is lost in month 1; of three one is seen no longer; of two one is lost in month 3
    follow = followed(
        ("A", 1, 1, True), ("B", 1, 2, False), ("C", 1, 3, True), ("D", 1, 3, False), ("E", 2, 1, True)
    )
    found = stay(follow, now(C=(1, 100.0), D=(1, 300.0), E=(2, 999.0), F=(1, 0.0)), share=0.5, months=3)
    assert found.survival == pytest.approx([1, 3 / 4, 3 / 4, 3 / 8])
    assert found.at_risk.tolist() == [4, 3, 2]
    assert (found.followed, found.lost, found.exposure) == (4, 2, 9)
    assert found.margin == pytest.approx(0.5 * 200), "of those who pay, F does not"
    assert (found.now, found.paying) == (3, 2)
    value, low, high = found.value(3, 0.21)
    assert value == pytest.approx(100 * (1 + 0.75 * 1.21 ** (-1 / 12) + 0.75 * 1.21 ** (-2 / 12)))
    assert np.isnan(low)
    assert np.isnan(high)


@pytest.mark.parametrize("level", [0, 2])
def test_the_curve_is_that_of_kaplan_and_meier_over_all_landmarks(level: int) -> None:
    follow = follow_up(planted(4, effect=0.8).history())
    rows = follow[(follow["level"] == level) & (follow["months"] > 0)]
    reference = SurvfuncRight(rows["months"], rows["lost"])
    found = stay(follow, now(A0001=(level, 1.0)), level, months=24)
    steps = reference.surv_times.astype(int)
    mine = found.survival[steps[steps <= 24]]
    assert mine == pytest.approx(reference.surv_prob[steps <= 24], abs=1e-12)


@pytest.mark.parametrize("level", [0, 3])
def test_a_planted_rate_of_loss_lies_within_the_interval_of_the_value(level: int) -> None:
    # levels that stay as they are, each with a rate of its own: the value is a geometric sum
    held, seeds = 0, 40
    for seed in range(seeds):
        random = np.random.default_rng(seed)
        rate = 0.05 * 0.7**level
        rows = []
        for n in range(80):
            life = int(random.geometric(rate))
            for begun in range(0, 12, 3):  # four landmarks, the last of them 12 months before the end
                if life > begun:
                    rows.append((f"A{n}", level, min(life, 24) - begun, life <= 24))
        at = now(**{f"A{n}": (level, float(random.choice([50, 150]))) for n in range(80)})
        value, low, high = stay(followed(*rows), at, level, months=12).value(12, 0.1)
        truth = 100 * float(np.sum((1 - rate) ** np.arange(12) / 1.1 ** (np.arange(12) / 12)))
        held += low <= truth <= high
        assert low < value < high
    assert held >= 0.85 * seeds


def test_where_nobody_was_lost_the_lower_bound_is_not_the_value_itself() -> None:
    rows = [(f"A{n}", 1, 12, False) for n in range(20)]
    at = now(**{f"A{n}": (1, 100.0 + n) for n in range(20)})
    found = stay(followed(*rows), at)
    share, low, high = found.share(12)
    # exact, Poisson: 3.689 losses are the most that none can be, in 20 customers x 3 months until the next landmark
    assert (share, high) == (1, 1)
    assert low == pytest.approx(np.exp(-3.6888794 * 12 / 60))
    value, at_least, at_most = found.value(12, 0.0)
    assert value == pytest.approx(109.5 * 12)
    assert at_least < 0.8 * value < value < at_most


def test_all_levels_share_the_shortest_horizon_of_a_year_or_more() -> None:
    rows = [(f"A{n}", 0, 20, False) for n in range(12)] + [(f"B{n}", 1, 14, False) for n in range(12)]
    rows += [(f"C{n}", 2, 5, False) for n in range(12)] + [(f"D{n}", 3, 40, False) for n in range(9)]
    groups = {str(level): (level,) for level in range(4)}
    found = stays(followed(*rows), now(A0=(0, 1.0)), groups, share=1.0, months=60)
    assert [found[g].known for g in groups] == [20, 14, 5, 0]
    assert horizon_of(list(found.values()), RevenueRules()) == 14
    assert horizon_of(list(found.values()), RevenueRules(horizon_months=6)) == 6
    assert horizon_of([found["2"], found["3"]], RevenueRules()) == 0
    table = survival_table({"lower": found["0"], "upper": found["3"]})
    assert table["group"].unique().tolist() == ["lower"]
    assert table["month"].max() == 20


def test_a_constant_rate_is_that_of_the_last_four_landmarks_by_the_level_at_each() -> None:
    quarters = [Q.back(k) for k in (5, 4, 3, 2, 1)]
    parts = [
        followed(("A", 1, 24, False), ("B", 1, 2, True), ("C", 2, 3, True), landmark=q) for q in quarters
    ]
    follow = pd.concat(parts, ignore_index=True)
    found = stays(follow, now(A=(1, 60.0), C=(2, 90.0)), {"1": (1,), "2": (2,)}, share=1.0, months=12)
    table = lifetime_table(follow, {1: found["1"], 2: found["2"]}, 12, 0.1).set_index("level")
    # at each of four landmarks A stays three months and B is lost in the second
    assert table.loc[1, ["lost", "exposure"]].tolist() == [4, 4 * (3 + 2)]
    assert table["steady"][1] == pytest.approx(60 * 20 / 4)
    assert table["steady"][2] == pytest.approx(90 * 12 / 4)
    assert table["value"].isna().all(), "neither level has enough customers for a year"


@pytest.mark.parametrize("lost", [0, 8])
def test_where_a_month_brings_no_margin_no_ratio_is_given_and_nobody_is_called_few(lost: int) -> None:
    """With costs above revenue a level that stays longer would look worse."""
    rows = [(f"A{n}", n % 2, 18, n < lost) for n in range(80)]
    at = now(**{f"A{n}": (n % 2, 100.0 + n) for n in range(80)})
    for share, code in ((-0.2, "no_margin"), (0.0, "no_margin"), (0.2, "unclear")):
        halves = stays(followed(*rows), at, {"upper": (1,), "lower": (0,)}, share=share, months=18)
        verdict = lifetime_verdict(halves, 18, 0.1, 1)
        assert verdict.code == code
        assert (verdict.fields["lower"] <= 0) == (code == "no_margin")
        assert ("ratio" in verdict.fields) == (code == "unclear")


def test_where_all_losses_come_after_a_year_the_first_year_has_an_interval_and_says_so() -> None:
    rows = [(f"A{n}", 1, 18, n < 8) for n in range(20)]
    at = now(**{f"A{n}": (1, 100.0 + n) for n in range(20)})
    late = stay(followed(*rows), at, months=24)
    share, low, high = late.share(12)
    assert (share, high) == (1, 1)
    assert 0 < low < 1
    assert late.share(18)[0] < 1
    assert staying_verdict({"upper": late, "lower": late}, 3).code == "none_lost"
    early = stay(followed(*((f"A{n}", 1, 6 if n < 8 else 18, n < 8) for n in range(20))), at, months=24)
    verdict = staying_verdict({"upper": late, "lower": early}, 3)
    assert verdict.fields["difference"] == pytest.approx(0.4)
    assert verdict.fields["low"] < 0.4 < verdict.fields["high"]
