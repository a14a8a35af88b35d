"""The state of a part by its number: cases worked out by hand."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

import pytest
from builders import account, contract, product, product_data, words

from cs_helpers.analyses.project_score.states import Measured, bound_since, picture, state_of
from cs_helpers.contract.products import Product
from cs_helpers.contract.project_score import MeasuredBy, ProjectScore
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Metric, Result

Q3 = Quarter(2026, 3)


def share(value: float | None, low: float | None = None, high: float | None = None) -> Metric:
    return Metric("m", value, "share", 100, low, high)


def count(value: float) -> Metric:
    return Metric("m", value, "count", 100)


@pytest.mark.parametrize(
    ("now", "target", "better", "before", "state", "moved"),
    [
        # an estimate is met with all of its interval only
        (share(0.95, 0.92, 0.97), 0.9, "higher", None, "met", "unknown"),
        (share(0.95, 0.90, 0.97), 0.9, "higher", None, "met", "unknown"),
        (share(0.95, 0.89, 0.97), 0.9, "higher", None, "on_the_way", "unknown"),
        (share(0.85, 0.80, 0.91), 0.9, "higher", None, "on_the_way", "unknown"),
        (share(0.85, 0.80, 0.89), 0.9, "higher", None, "away", "unknown"),
        (share(0.05, 0.02, 0.08), 0.1, "lower", None, "met", "unknown"),
        (share(0.05, 0.02, 0.11), 0.1, "lower", None, "on_the_way", "unknown"),
        (share(0.15, 0.11, 0.19), 0.1, "lower", None, "away", "unknown"),
        # short of it and moved: the difference is 0.20 with the interval 0.20 -+ hypot(0.05, 0.05) = 0.13 to 0.27
        (share(0.60, 0.55, 0.65), 0.9, "higher", share(0.40, 0.35, 0.45), "on_the_way", "towards"),
        (share(0.40, 0.35, 0.45), 0.9, "higher", share(0.60, 0.55, 0.65), "away", "from"),
        (share(0.40, 0.35, 0.45), 0.1, "lower", share(0.60, 0.55, 0.65), "on_the_way", "towards"),
        # 0.05 -+ 0.07 holds 0
        (share(0.45, 0.40, 0.50), 0.9, "higher", share(0.40, 0.35, 0.45), "away", "unclear"),
        # it reaches the target, but it came from better: 0.70 -> 0.50 is -0.20 -+ 0.14
        (share(0.50, 0.40, 0.60), 0.6, "higher", share(0.70, 0.60, 0.80), "away", "from"),
        # met stays met, whatever it came from
        (share(0.95, 0.92, 0.97), 0.6, "higher", share(0.99, 0.985, 0.995), "met", "from"),
        # what is counted has no chance in it; up to 2 % of it is no movement
        (count(20), 20, "lower", count(30), "met", "towards"),
        (count(21), 20, "lower", count(30), "on_the_way", "towards"),
        (count(31), 20, "lower", count(30), "away", "from"),
        (count(101), 200, "higher", count(100), "away", "unclear"),
        # an estimate without an interval is never surely met
        (share(0.95), 0.9, "higher", None, "on_the_way", "unknown"),
        (share(0.85), 0.9, "higher", share(0.5), "away", "unclear"),
        # an open interval: 5.8 or more is surely 5 or more
        (Metric("m", 28.0, "ratio", 9, 5.8, math.inf), 5, "higher", None, "met", "unknown"),
    ],
)  # fmt: skip
def test_the_state_follows_from_number_interval_and_movement(
    now: Metric, target: float, better: Any, before: Metric | None, state: str, moved: str
) -> None:
    assert state_of(now, target, better, before) == (state, moved)


def move(day: str, metric: str | None = None, target: float = 0.9, **parts: Any) -> ProjectScore:
    bound = {"measured_by": {"metric": metric, "target": target}} if metric else {}
    return ProjectScore.model_validate(
        {
            "moved_on": day,
            "why": words("Because."),
            "goal": words("Win."),
            "winning_condition": {"words": words("They stay."), **bound},
            "purposes": [{"id": "early", "words": words("Early.")}],
            "measures": [{"id": "call", "words": words("Call."), "purposes": ["early"]}],
            **parts,
        }
    )


def test_a_part_is_bound_since_the_first_of_the_last_moves_with_its_number() -> None:
    nrr, grr = "revenue.nrr_year", "revenue.grr_year"
    moves = [move("2025-01-01", nrr), move("2025-04-01", grr), move("2025-07-01", nrr, 0.8), move("2025-10-01", nrr)]  # fmt: skip
    won = moves[-1].elements[1]
    assert bound_since(won, moves) == date(2025, 7, 1)  # another target is the same number
    assert bound_since(won, moves[-1:]) == date(2025, 10, 1)


def measured(now: dict[str, Metric] | None = None) -> Measured:
    """Four customers of 100 a month from 2025 on, of whom one was lost in August 2026."""
    names = ("A1", "A2", "A3", "A4")
    data = product_data(
        product(),
        accounts=[account(name) for name in names],
        contracts=[contract(n, "2025-01-01", "2026-08-15" if n == "A1" else None) for n in names],
    )
    results = {"revenue": Result("revenue", "desk", Q3, Q3.start, Q3.end, 3, {}, now)} if now else {}
    return Measured(data, Q3, results)


def test_the_number_before_is_that_of_the_quarter_before_the_part_was_bound_to_it() -> None:
    now = {"customers": Metric("customers", 3, "count", 3)}
    bound = MeasuredBy(metric="revenue.customers", target=5)
    row = measured(now).row(bound, date(2026, 5, 4))
    assert (row["before"], row["before_on"]) == (4, date(2026, 3, 31))
    assert (row["state"], row["moved"], row["value"]) == ("away", "from", 3)
    # a move of this quarter, also of its last day, is held against the quarter before
    for day in (date(2026, 8, 1), Q3.end):
        assert measured(now).row(bound, day)["before_on"] == date(2026, 6, 30)


@pytest.mark.parametrize(
    ("metric", "now", "reason"),
    [
        (None, {}, "not_bound"),
        ("revenue.customers", {}, "not_known"),
        ("revenue.nrr_year", {"nrr_year": Metric("nrr_year", None, "share", 0)}, "not_known"),
        ("touch_mix.hours", {"hours": Metric("hours", 5, "count", 3)}, "no_direction"),
    ],
)
def test_what_has_no_number_or_no_direction_is_not_measured(
    metric: str | None, now: dict[str, Metric], reason: str
) -> None:
    analysis = (metric or "revenue").partition(".")[0]
    where = measured()
    where.results = {analysis: Result(analysis, "desk", Q3, Q3.start, Q3.end, 3, {}, now)}
    row = where.row(MeasuredBy(metric=metric, target=1) if metric else None, date(2026, 5, 4))
    assert (row["state"], row["reason"]) == ("not_measured", reason)
    assert row["moved"] is None


def test_the_picture_has_the_parts_of_the_last_move_with_what_it_changed() -> None:
    first = move("2026-01-05", given={"budget": words("None."), "rivals": words("Post.")})
    second = move(
        "2026-07-05",
        "revenue.customers",
        5,
        measures=[
            {"id": "call", "words": words("Call."), "purposes": ["early"]},
            {"id": "write", "words": words("Write."), "purposes": ["early"], "means": "pen"},
        ],
        given={"budget": words("Some."), "rivals": words("Post.")},
    )
    table = picture([first, second], measured({"customers": Metric("customers", 3, "count", 3)}))
    assert list(zip(table["kind"], table["id"], table["change"], strict=True)) == [
        ("goal", "goal", "kept"),
        ("winning_condition", "winning_condition", "changed"),
        ("purpose", "early", "kept"),
        ("measure", "call", "kept"),
        ("measure", "write", "added"),
        ("given", "budget", "changed"),
        ("given", "rivals", "kept"),
    ]
    assert list(table["state"]) == ["not_measured", "away", *["not_measured"] * 5]
    assert set(picture([first], measured())["change"]) == {"kept"}


def test_a_product_with_moves_builds_on_the_analyses_that_any_of_them_names() -> None:
    from cs_helpers.analyses.project_score import DECLARES

    moves = [move("2026-01-05", "revenue.nrr_year"), move("2026-02-05", "journeys.days_to_value")]
    made = Product.model_validate({**product().model_dump(mode="json"), "scores": moves})
    assert list(DECLARES.builds_on(made)) == ["revenue", "journeys"]
