"""Questions ask for what the data knows: the latest ordinary day of each weekday, the latest week and month."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from builders import account, baseline, contract, product, product_data, random, tickets_of

from cs_helpers.contract.baselines import Calendar
from cs_helpers.customers.usual_questions import UsualQuestion, usual_questions
from cs_helpers.snapshot import ProductData

END = date(2026, 9, 30)  # a Wednesday
DAYS = pd.date_range("2024-07-01", END, freq="D")
SPIKE = "2026-09-28"


def desk(**settings: object) -> ProductData:
    counts = pd.Series(random(3).poisson(np.where(DAYS.day_of_week < 5, 40, 4)), index=DAYS)
    counts[SPIKE] = 400
    numbers = [
        baseline("daily", source="tickets", value="count"),
        baseline("weekly", source="tickets", value="count") | {"every": "week"},
        baseline("monthly", source="tickets", value="count") | {"every": "month"},
        baseline("never", source="touches", value="count"),
    ]
    return product_data(
        product(baselines=numbers).model_copy(update=settings),
        accounts=[account("A")],
        contracts=[contract("A", "2024-01-01")],
        tickets=tickets_of(counts),
    )


@pytest.fixture(scope="module")
def asked() -> dict[str, list[UsualQuestion]]:
    questions = usual_questions(desk(), END, "mori")
    return {
        key: [q for q in questions if q.baseline.id == key] for key in ("daily", "weekly", "monthly", "never")
    }


def test_each_weekday_is_asked_once_for_its_latest_day_that_is_not_odd(asked):
    # the odd Monday is passed over, weekends are not asked for
    latest = ["2026-09-21", "2026-09-24", "2026-09-25", "2026-09-29", "2026-09-30"]
    assert sorted(str(q.period) for q in asked["daily"]) == latest


def test_a_week_and_a_month_are_asked_once(asked):
    # the odd Monday is in a week that is not over
    assert [str(q.period) for q in asked["weekly"]] == ["2026-09-21"]
    assert [q.period.day for q in asked["monthly"]] == [1]


def test_a_number_without_rows_is_not_asked(asked):
    assert asked["never"] == []


def test_the_usual_range_lies_around_the_planted_level(asked):
    for question in asked["daily"]:
        assert 33 <= question.usual <= 47
        assert question.low < question.usual < question.high
        # 19 of 20 values of a Poisson number of 40 lie between 28 and 53
        assert question.low == pytest.approx(28, abs=5)
        assert question.high == pytest.approx(53, abs=6)


def test_recent_values_are_those_of_the_same_weekday_up_to_the_period(asked):
    for question in asked["daily"]:
        days = pd.DatetimeIndex(question.recent.index)
        assert set(days.day_of_week) == {question.period.weekday()}
        assert days[-1].date() == question.period
        assert question.recent.iloc[-1] == question.value
        assert len(days) == 8


def test_the_order_is_the_same_for_a_person_and_another_one_for_others():
    data = desk()
    orders = {who: [q.key for q in usual_questions(data, END, who)] for who in ("mori", "sato")}
    assert orders["mori"] == [q.key for q in usual_questions(data, END, "mori")]
    assert orders["mori"] != orders["sato"]
    assert sorted(orders["mori"]) == sorted(orders["sato"])


def test_a_holiday_is_not_asked_for(asked):
    closed = usual_questions(desk(calendar=Calendar(country="JP")), END, "mori")
    assert date(2026, 9, 21) in {q.period for q in asked["daily"]}
    assert date(2026, 9, 21) not in {q.period for q in closed if q.baseline.id == "daily"}
