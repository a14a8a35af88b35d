"""Health scores worked out by hand: rules of segments, values that are stale, and many months at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, health_measure, product, product_data, use
from hypothesis import given
from hypothesis import strategies as st

from cs_helpers.contract.health import Health
from cs_helpers.customers.health_score import (
    health_score,
    measure_points,
    measure_weights,
    monthly_scores,
    rules_in_force,
    shares_of_weight,
)
from cs_helpers.snapshot import ProductData

MONTHS = pd.date_range("2026-01-01", "2026-06-01", freq="MS")
EVENTS = {"value": "events", "months": 1}
PLAN = {"source": "assessments", "value": "score", "name": "plan", "months": 6}
NPS = {"source": "surveys", "value": "nps", "months": 6}


def desk(
    *measures: dict[str, Any], segments: list[dict[str, Any]] = (), accounts: Any = None, **tables: Any
) -> ProductData:
    """A product of some measures and rules, with the account A unless others are named."""
    accounts = accounts or [account("A")]
    return product_data(
        product(measures=list(measures), health={"segments": segments}),
        accounts=accounts,
        contracts=[contract(a["account_id"], "2025-01-01") for a in accounts],
        **tables,
    )


def points_of(data: ProductData, measure: str, name: str = "A") -> list[float]:
    """The points of a measure at the end of each month from January to June."""
    first_days = pd.Series(pd.Timestamp("2025-01-01"), data["accounts"]["account_id"])
    points, _ = measure_points(data, MONTHS, first_days)
    return points[measure].loc[name].tolist()


def assessed(*rows: tuple[str, int], name: str = "A") -> list[dict[str, Any]]:
    return [{"account_id": name, "assessed_on": day, "measure": "plan", "score": s} for day, s in rows]


# --- rules of segments --------------------------------------------------------------------------

EVENTS_MEASURE = health_measure("events", red=0, green=10, measure=EVENTS, weight=2)
TICKETS_MEASURE = health_measure(
    "tickets", red=5, green=0, measure={"source": "tickets", "value": "count", "months": 1}, weight=1
)


def test_the_first_rule_in_the_file_that_names_a_segment_of_a_customer_holds_and_no_other() -> None:
    data = desk(
        EVENTS_MEASURE,
        TICKETS_MEASURE,
        segments=[
            {"segment": "touch_model:tech", "measures": {"events": {"weight": 5}}},
            {"segment": "size:small", "measures": {"events": {"weight": 7}, "tickets": {"weight": 3}}},
        ],
        accounts=[
            account("both", "small", touch_model="tech"),
            account("small", "small", touch_model="high"),
            account("tech", "mid", touch_model="tech"),
            account("neither", "mid"),
        ],
    )
    assert rules_in_force(data).to_dict() == {"both": 0, "small": 1, "tech": 0, "neither": -1}
    weights = measure_weights(data)
    assert weights["events"].to_dict() == {"both": 5, "small": 7, "tech": 5, "neither": 2}
    # the rule of small is not added to that of tech
    assert weights["tickets"].to_dict() == {"both": 1, "small": 3, "tech": 1, "neither": 1}


def test_a_rule_moves_the_bounds_of_its_segment_only() -> None:
    data = desk(
        EVENTS_MEASURE,
        segments=[{"segment": "size:small", "measures": {"events": {"green": 4}}}],
        accounts=[account("A", "small"), account("B", "mid")],
        usage=[use("Z", "2025-10-01"), *[use(n, "2026-06-10") for n in "AB" for _ in range(2)]],
    )
    assert points_of(data, "events", "A")[-1] == 50
    assert points_of(data, "events", "B")[-1] == 20


def test_a_weight_of_0_leaves_the_measure_out_of_the_score_of_that_segment() -> None:
    data = desk(
        EVENTS_MEASURE,
        TICKETS_MEASURE,
        segments=[{"segment": "quadrant:low-low", "measures": {"tickets": {"weight": 0}}}],
        accounts=[account("A", motivation=2, literacy=1), account("B", motivation=5, literacy=1)],
        usage=[use("Z", "2025-10-01"), *[use(n, "2026-06-10") for n in "AB" for _ in range(5)]],
        tickets=[
            {"ticket_id": "0", "account_id": "Z", "opened_at": "2025-10-01"},
            *({"ticket_id": n + str(k), "account_id": n, "opened_at": "2026-06-05"} for n in "AB" for k in range(9)),
        ],
    )  # fmt: skip
    first_days = pd.Series(pd.Timestamp("2025-01-01"), ["A", "B"])
    points, _ = measure_points(data, MONTHS, first_days)
    scores = monthly_scores(points, measure_weights(data))[MONTHS[-1]]
    assert np.isnan(points["tickets"].loc["A"]).all()
    # A: events alone, 50; B: (2 x 50 + 1 x 0) / 3
    assert scores.to_dict() == {"A": 50, "B": pytest.approx(100 / 3)}


def test_a_rule_says_what_a_value_that_is_not_known_does_in_its_segment() -> None:
    data = desk(
        health_measure("plan", red=1, green=5, measure=PLAN),
        segments=[{"segment": "industry:trade", "measures": {"plan": {"missing": "worst"}}}],
        accounts=[account("A"), account("B", industry="finance")],
        assessments=assessed(("2026-01-10", 5), name="Z"),
    )
    assert points_of(data, "plan", "A")[:2] == [0, 0]
    assert np.isnan(points_of(data, "plan", "B")).all()


def test_a_rule_that_leaves_out_every_measure_is_refused() -> None:
    segments = [{"segment": "size:small", "measures": {"events": {"weight": 0}}}]
    with pytest.raises(ValueError, match="the rule of 'size:small' leaves out every measure"):
        Health.model_validate({"version": 1, "measures": [EVENTS_MEASURE], "segments": segments})


# --- stale values -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("stale_after_days", "expected"),
    [
        # 20 January is 11 days old at the end of January, 39 in February, 70 in March, 100 in April, 131 in May, 161 in June
        (None, [75, 75, 75, 75, 75, 75]),
        (11, [75]),
        (10, []),
        (39, [75, 75]),
        (99, [75, 75, 75]),
        (100, [75, 75, 75, 75]),
    ],
)
def test_an_assessment_is_known_until_it_is_older_than_so_many_days(
    stale_after_days: int | None, expected: list[float]
) -> None:
    plan = {**health_measure("plan", red=1, green=5, measure=PLAN), "stale_after_days": stale_after_days}
    known = points_of(desk(plan, assessments=assessed(("2026-01-20", 4))), "plan")
    assert [p for p in known if p == p] == expected
    assert known[: len(expected)] == expected


def test_the_latest_assessment_counts_and_each_answer_is_stale_by_its_own_day() -> None:
    plan = {**health_measure("plan", red=1, green=5, measure=PLAN), "stale_after_days": 60}
    nps = {**health_measure("nps", red=0, green=10, measure=NPS), "stale_after_days": 60}
    data = desk(
        plan,
        nps,
        assessments=assessed(("2026-01-05", 5), ("2026-02-20", 2), ("2026-02-25", 3)),
        surveys=[
            {"account_id": "A", "answered_on": day, "nps": n}
            for day, n in (("2026-01-31", 2), ("2026-02-01", 4), ("2026-03-15", 9))
        ],
    )
    # 25 February is 64 days old at the end of April
    assert points_of(data, "plan")[:3] == [100, 50, 50]
    assert np.isnan(points_of(data, "plan")[3:]).all()
    # January 2; February (2 + 4) / 2; March: 31 January is 59 days old, 1 February 58, so (2 + 4 + 9) / 3;
    # April and May: 15 March is 46 and 77 days old, the others 88 and more
    assert points_of(data, "nps")[:4] == [20, 30, 50, 90]
    assert np.isnan(points_of(data, "nps")[4:]).all()


def test_what_is_stale_counts_as_the_measure_says_of_what_is_not_known() -> None:
    plan = {
        **health_measure("plan", red=1, green=5, measure=PLAN, missing="worst"),
        "stale_after_days": 60,
    }
    data = desk(plan, assessments=[*assessed(("2026-01-20", 4)), *assessed(("2026-06-20", 4), name="Z")])
    assert points_of(data, "plan") == [75, 75, 0, 0, 0, 0]


def test_where_nobody_was_assessed_in_the_window_nobody_has_0_points_for_it() -> None:
    plan = health_measure("plan", red=1, green=5, measure={**PLAN, "months": 1}, missing="worst")
    # every week until 20 March, then never again; A never
    weekly = [(str(day.date()), 5) for day in pd.date_range("2026-02-06", "2026-03-20", freq="W-FRI")]
    more = [(str(day.date()), 5) for day in pd.date_range("2026-02-03", "2026-03-20", freq="W-TUE")]
    by_month = points_of(desk(plan, assessments=assessed(*weekly, *more, name="Z")), "plan")
    assert by_month[1:3] == [0, 0]
    assert np.isnan(by_month[3:]).all()
    assert np.isnan(
        points_of(desk(plan, assessments=assessed(("2026-06-20", 5), name="Z")), "plan")[:4]
    ).all()


# --- the score ----------------------------------------------------------------------------------

one = st.none() | st.floats(0, 100)
POINTS = st.lists(st.tuples(one, one, one), min_size=1, max_size=6)
WEIGHTS = st.lists(st.floats(0, 5).filter(lambda w: w == 0 or w > 0.01), min_size=3, max_size=3)


@given(POINTS, WEIGHTS)
def test_the_score_is_the_weighted_mean_of_the_known_measures_whichever_way_it_is_asked_for(
    rows: list[tuple[float | None, ...]], weights: list[float]
) -> None:
    names = ["a", "b", "c"]
    points = pd.DataFrame(rows, columns=names, dtype="float64")
    weight = pd.DataFrame([weights] * len(rows), columns=names)
    expected = []
    for row in rows:
        known = [(w, p) for w, p in zip(weights, row, strict=True) if p is not None and w > 0]
        expected.append(sum(w * p for w, p in known) / sum(w for w, _ in known) if known else np.nan)
    assert health_score(points, weight).tolist() == pytest.approx(expected, nan_ok=True)
    by_month = monthly_scores({n: points[[n]].set_axis(["m"], axis=1) for n in names}, weight)
    assert by_month["m"].tolist() == pytest.approx(expected, nan_ok=True)
    shares = shares_of_weight(points, weight)
    assert (shares.sum(axis=1)[shares.notna().any(axis=1)]).to_numpy() == pytest.approx(1)
