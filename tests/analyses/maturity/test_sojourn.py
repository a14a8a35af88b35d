"""Time spent at a level: spells and months counted by hand, and a planted sojourn that naive averages miss."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from level_histories import LAST, level_history_of

from cs_helpers.analyses.maturity.movement_verdicts import longest_stay
from cs_helpers.analyses.maturity.sojourn import (
    level_spells,
    sojourn_curves,
    standing_customers,
    time_at_levels,
    usual_months,
)
from cs_helpers.customers.maturity_levels import LevelHistory


def stays_of(history: LevelHistory, mrr: pd.Series) -> pd.DataFrame:
    found = level_spells(history)
    usual = usual_months(found)
    return time_at_levels(found, standing_customers(found, usual), usual, mrr)


def spells(levels: dict[str, str], **options: str) -> list[tuple[int, float, str, bool]]:
    found = level_spells(level_history_of(levels, **options))
    return [(r.level, r.months, r.outcome, r.began_before) for r in found.itertuples()]


def test_months_are_counted_from_month_end_to_month_end() -> None:
    assert spells({"A": ".112223"}) == [(1, 2, "rose", False), (2, 3, "rose", False), (3, 0, "open", False)]


def test_a_level_is_left_upwards_downwards_and_by_loss() -> None:
    assert spells({"A": "..21333."}) == [
        (2, 1, "fell", False), (1, 1, "rose", False), (3, 3, "lost", False),
    ]  # fmt: skip


def test_who_is_at_a_level_when_records_begin_is_there_for_longer_than_was_seen() -> None:
    assert spells({"A": "111222"}) == [(1, 3, "rose", True), (2, 2, "open", False)]


def test_a_month_that_is_not_known_ends_what_is_known_of_a_spell() -> None:
    # whether A stayed at Lv.1 meanwhile is not known, nor when it came to Lv.2
    assert spells({"A": ".11?22"}) == [(1, 1, "open", False), (2, 1, "open", True)]


def test_a_renewal_that_may_still_be_recorded_is_no_loss() -> None:
    assert spells({"A": "..1111."}, ended_how="term") == [(1, 3, "open", False)]


def test_a_customer_who_returns_begins_again() -> None:
    assert spells({"A": ".22...22"}) == [(2, 2, "lost", False), (2, 1, "open", False)]


def test_where_nobody_was_a_customer_there_are_no_spells() -> None:
    assert spells({"A": "...", "B": "???"}) == []


#: of Lv.1, since they began after the records did: rose after 1, 2 and 4 months, lost after 3, still there after 3
HAND = {"A": ".12222222", "B": ".11333333", "C": ".11112222", "D": ".111.....", "E": ".....1111"}


def test_the_curves_of_rising_and_loss_are_those_of_aalen_and_johansen() -> None:
    # by hand: after 1 month 1/5 rose; after 2, 4/5 x 1/4 more; after 3, 3/5 x 1/3 are lost; E is not seen further, so
    # after 4 C alone is left, and rises: 2/5
    curves = sojourn_curves(level_spells(level_history_of(HAND)))
    lv1 = curves[curves["level"] == 1].set_index("month")
    assert lv1["rose"].tolist() == pytest.approx([0.2, 0.4, 0.4, 0.8])
    assert lv1["lost"].tolist() == pytest.approx([0, 0, 0.2, 0.2])
    assert lv1["fell"].tolist() == [0, 0, 0, 0]
    assert lv1["at_risk"].tolist() == [5, 4, 3, 1]


def test_the_median_stay_and_how_it_ended_are_those_by_hand() -> None:
    # Kaplan-Meier of leaving Lv.1: .8, .6, .4, so half have left after three months
    row = stays_of(level_history_of(HAND), pd.Series(dtype=float)).set_index("level").loc[1]
    assert row["median"] == 3
    assert row[["spells", "rose", "fell", "lost", "open"]].tolist() == [5, 3, 0, 1, 1]


def test_the_ways_out_of_a_level_and_those_who_stay_sum_to_one() -> None:
    rng = np.random.default_rng(3)
    levels = {str(n): "".join(rng.choice(list("01234"), 12)) for n in range(40)}
    curves = sojourn_curves(level_spells(level_history_of(levels)))
    left = curves[["rose", "fell", "lost"]].sum(axis=1)
    assert left.between(0, 1 + 1e-9).all()
    assert (curves.groupby("level")[["rose", "fell", "lost"]].diff().fillna(0) >= -1e-12).all(axis=None)


def test_a_planted_stay_is_recovered_where_the_mean_of_ended_stays_is_not() -> None:
    # Lv.1 is left with 1 in 10 a month: the median is 7 months (.9 ** 7 = .478). Most came lately, and still stay
    rng = np.random.default_rng(11)
    months = 30
    levels = {}
    for n in range(600):
        began = int(months - 1 - rng.exponential(8)) % months
        stay = int(rng.geometric(0.1))
        signs = "." * max(began, 1) + "1" * stay + "2" * months
        levels[f"{n:03}"] = signs[:months]
    history = level_history_of(levels)
    row = stays_of(history, pd.Series(dtype=float)).set_index("level").loc[1]
    found = level_spells(history)
    ended = found.loc[(found["level"] == 1) & (found["outcome"] == "rose"), "months"]
    assert ended.median() <= 5
    assert row["low"] <= 7 <= row["high"]
    assert abs(row["median"] - 7) <= 1


def test_who_stays_longer_than_three_in_four_of_those_who_rose_is_late() -> None:
    # of eight who rose from Lv.1, six did within 2 months, the seventh after 3, the last after 5: three in four within 2
    rose = {f"R{n}": "." + "1" * m + "2" * (11 - m) for n, m in enumerate((1, 1, 1, 2, 2, 2, 3, 5))}
    # late: six months there, and four months there at the least; not late: two months there
    standing = {"late": "....." + "1" * 7, "since": "1" * 12, "new": "." * 9 + "1" * 3}
    history = level_history_of({**rose, **standing})
    mrr = history.time.mrr(LAST.end)
    row = stays_of(history, mrr).set_index("level").loc[1]
    assert row["usual"] == 3  # the one that still stays makes it a little later than 2
    assert row[["standing", "late", "mrr"]].tolist() == [3, 2, 200]


def test_without_five_who_rose_nobody_is_late() -> None:
    history = level_history_of({"A": ".1222", "B": ".1222", "C": "11111"})
    table = stays_of(history, history.time.mrr(LAST.end)).set_index("level")
    assert np.isnan(table.loc[1, "usual"])
    assert table.loc[1, "late"] == 0
    assert table.loc[1, "standing"] == 1


def stay(
    level: int, months: int, outcome: str, n: int = 1, began_before: bool = False
) -> list[dict[str, object]]:
    return [{"level": level, "months": float(months), "outcome": outcome, "began_before": began_before}] * n


def verdict(*spells: list[dict[str, object]]) -> tuple[str, dict[str, object]]:
    columns = ["level", "months", "outcome", "began_before"]
    found = longest_stay(pd.DataFrame([one for part in spells for one in part], columns=columns), 4)
    return found.code, dict(found.fields)


def test_the_level_with_the_longest_stay_is_named_where_it_differs() -> None:
    short, long = stay(0, 1, "rose", 20), stay(1, 9, "rose", 20)
    assert verdict(short, stay(2, 3, "rose", 20), long) == ("longest", {"level": 1, "months": 9})


def test_a_level_that_most_have_not_left_is_the_longest() -> None:
    assert verdict(stay(0, 1, "rose", 20), stay(1, 12, "open", 20)) == (
        "longest_open",
        {"level": 1, "months": 12},
    )


def test_of_two_levels_with_about_the_same_stay_neither_is_called_the_longest() -> None:
    spells = stay(0, 1, "rose", 20), stay(1, 8, "rose", 20), stay(2, 8, "fell", 10), stay(2, 9, "rose", 10)
    code, fields = verdict(*spells)
    assert code == "range"
    assert (fields["short"], fields["fewest"], fields["months"]) == (0, 1, 8)


def test_stays_of_a_few_customers_are_alike() -> None:
    assert verdict(stay(0, 2, "rose", 2), stay(1, 3, "rose", 2)) == ("alike", {})


def test_the_stay_at_the_only_level_reached_is_said_alone() -> None:
    assert verdict(stay(1, 4, "lost", 5)) == ("single", {"level": 1, "months": 4})
    assert verdict(stay(1, 4, "open", 5)) == ("single_open", {"level": 1, "months": 4})


def test_of_stays_without_a_beginning_nothing_is_said() -> None:
    assert verdict(stay(1, 4, "lost", 5, began_before=True), stay(4, 2, "fell", 9)) == ("none", {})
