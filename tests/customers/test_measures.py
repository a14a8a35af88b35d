"""Each source and value that a product file may name, worked out by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product_data, use

from cs_helpers.contract.products import Condition, Measure
from cs_helpers.customers.measures import known_values, meets_bounds, monthly_values
from cs_helpers.snapshot import ProductData

MAY_TO_JULY = pd.date_range("2026-05-01", periods=3, freq="MS")
USAGE = [
    use("A", "2026-05-04", "web.one", user_id="u1", quantity=10),
    use("A", "2026-05-04", "web.one", user_id="u2", quantity=5),
    use("A", "2026-05-05", "web.two", user_id="u1", quantity=1),
    use("A", "2026-06-01", "web.one", user_id="u1", quantity=2),
    use("A", "2026-06-02", "paper", user_id="u3", quantity=100),
]


def values(data: ProductData, **measure: Any) -> list[float]:
    """The measure of account A in May, June and July."""
    return monthly_values(data, Measure(**measure), MAY_TO_JULY).loc["A"].tolist()


def accounts() -> list[dict[str, Any]]:
    return [account("A"), account("B")]


@pytest.fixture(scope="module")
def used() -> ProductData:
    return product_data(accounts=accounts(), usage=USAGE)


@pytest.mark.parametrize(
    ("value", "event", "months", "expected"),
    [
        ("events", "*", 1, [3, 2, 0]),
        ("events", "web.one", 1, [2, 1, 0]),
        ("events", "*", 2, [3, 5, 2]),
        ("quantity", "web.*", 1, [16, 2, 0]),
        ("quantity", "paper", 3, [0, 100, 100]),
        ("days", "*", 1, [2, 2, 0]),
        ("days", "*", 2, [2, 4, 2]),
        ("users", "*", 1, [2, 2, 0]),
        ("users", "*", 3, [2, 2, 2]),
        ("users", "web.one", 1, [2, 1, 0]),
        ("distinct_events", "web.*", 1, [2, 1, 0]),
        ("distinct_events", "web.*", 2, [2, 2, 1]),
        ("distinct_events", "*", 3, [2, 3, 3]),
    ],
)
def test_use_is_counted_over_the_months_up_to_each(
    used: ProductData, value: str, event: str, months: int, expected: list[float]
) -> None:
    assert values(used, value=value, event=event, months=months) == expected


def test_days_of_several_events_are_the_days_on_which_any_of_them_was_done(used: ProductData) -> None:
    # web.one on May 4, web.two on May 5: two days of deliveries, on each of which only one was used
    assert values(used, value="days", event="web.*", months=1) == [2, 1, 0]


def test_use_of_another_account_or_outside_the_months_is_left_out() -> None:
    rows = [use("A", "2026-04-30"), use("A", "2026-08-01"), use("C", "2026-05-01"), use("A", "2026-05-01")]
    result = monthly_values(
        product_data(accounts=accounts(), usage=rows), Measure(value="events", months=1), MAY_TO_JULY
    )
    assert result.to_numpy().tolist() == [[1, 0, 0], [0, 0, 0]]


def test_a_customer_that_never_used_it_has_0(used: ProductData) -> None:
    assert monthly_values(used, Measure(value="events"), MAY_TO_JULY).loc["B"].tolist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("value", "event"), [("distinct_events", "web.*"), ("days", "web.*"), ("users", "*")]
)
def test_use_of_nobody_is_0_where_the_log_is_given_and_empty(value: str, event: str) -> None:
    assert values(product_data(accounts=accounts(), usage=[]), value=value, event=event) == [0, 0, 0]


@pytest.mark.parametrize(
    "measure",
    [
        {"source": "usage", "value": "days"},
        {"source": "tickets", "value": "count"},
        {"source": "touches", "value": "count"},
        {"source": "surveys", "value": "nps"},
        {"source": "assessments", "value": "score", "name": "plan"},
    ],
    ids=lambda measure: measure["source"],
)
def test_a_measure_of_a_table_not_given_is_unknown(measure: dict[str, Any]) -> None:
    assert np.isnan(values(product_data(accounts=accounts()), **measure)).all()


def test_tickets_are_counted_by_the_month_of_opening() -> None:
    opened = ["2026-04-30 23:59", "2026-05-01 00:00", "2026-05-31 23:59", "2026-07-01 08:00"]
    rows = [{"ticket_id": str(n), "account_id": "A", "opened_at": at} for n, at in enumerate(opened)]
    data = product_data(accounts=accounts(), tickets=rows)
    assert values(data, source="tickets", value="count", months=1) == [2, 0, 1]
    assert values(data, source="tickets", value="count", months=2) == [3, 2, 1]


def test_a_notice_of_churn_is_not_a_touch() -> None:
    rows = [
        {"account_id": "A", "occurred_at": f"2026-0{month}-10", "kind": kind}
        for month, kind in ((5, "meeting"), (5, "churn_notice"), (6, "mail"), (6, "meeting"))
    ]
    data = product_data(accounts=accounts(), touches=rows)
    assert values(data, source="touches", value="count", months=1) == [1, 2, 0]


def test_nps_is_the_mean_of_the_answers_and_unknown_without_any() -> None:
    answers = [("2026-05-10", 4), ("2026-06-10", 10), ("2026-06-20", 7), ("2026-06-25", None)]
    rows = [{"account_id": "A", "answered_on": day, "nps": nps} for day, nps in answers]
    data = product_data(accounts=accounts(), surveys=rows)
    assert values(data, source="surveys", value="nps", months=1)[:2] == [4, 8.5]
    assert values(data, source="surveys", value="nps", months=2) == [4, 7, 8.5]
    assert np.isnan(values(data, source="surveys", value="nps", months=1)[2])


def test_an_assessment_is_the_latest_until_it_is_too_old() -> None:
    scores = [("2026-05-20", "plan", 2), ("2026-05-10", "plan", 5), ("2026-06-10", "sponsor", 1)]
    rows = [{"account_id": "A", "assessed_on": d, "measure": m, "score": s} for d, m, s in scores]
    data = product_data(accounts=accounts(), assessments=rows)
    plan = {"source": "assessments", "value": "score", "name": "plan"}
    assert values(data, **plan, months=2)[:2] == [2, 2]
    assert np.isnan(values(data, **plan, months=2)[2])
    assert values(data, **plan, months=1)[0] == 2
    assert values(data, **plan, months=3) == [2, 2, 2]


DELIVERIES = [
    use("A", "2026-05-04", "web.sales.invoice", quantity=30),
    use("A", "2026-05-05", "web.sales.order", quantity=30),
    use("A", "2026-06-01", "web.hr.payslip", quantity=40),
    use("A", "2026-05-20", "paper.out", quantity=20),
    use("A", "2026-06-20", "web", quantity=1),
]


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        # sales in May, hr in June; the name `web` has no second part
        ({"value": "distinct_parts", "part": 2, "event": "web*", "months": 1}, [1, 1, 0]),
        ({"value": "distinct_parts", "part": 2, "event": "web*", "months": 2}, [1, 2, 1]),
        ({"value": "distinct_parts", "part": 3, "event": "web*", "months": 2}, [2, 3, 1]),
        ({"value": "distinct_parts", "part": 1, "months": 1}, [2, 1, 0]),
        ({"value": "distinct_parts", "part": 1, "separator": "b", "event": "web.*", "months": 1}, [1, 1, 0]),
        ({"value": "active_months", "event": "web.*", "months": 3}, [1, 2, 2]),
        ({"value": "active_months", "event": "paper.*", "months": 3}, [1, 1, 1]),
        ({"value": "events", "event": ["paper.out", "web.sales.*"], "months": 1}, [3, 0, 0]),
        ({"value": "quantity", "event": ["paper.out", "web.*"], "months": 2}, [80, 120, 40]),
        ({"value": "days", "event": ["paper.out", "web.*"], "months": 1}, [3, 1, 0]),
    ],
)
def test_parts_of_names_active_months_and_several_patterns(
    measure: dict[str, Any], expected: list[float]
) -> None:
    data = product_data(accounts=accounts(), usage=DELIVERIES)
    assert values(data, **measure) == expected


def test_a_ratio_divides_by_the_same_months_and_has_no_value_where_that_is_nothing() -> None:
    data = product_data(accounts=accounts(), usage=DELIVERIES)
    paper = {
        "event": "paper.out",
        "value": "quantity",
        "per": {"event": ["paper.out", "web.*"], "value": "quantity"},
    }
    one, two = values(data, **paper, months=1), values(data, **paper, months=2)
    assert one[:2] == [20 / 80, 0 / 40]
    assert np.isnan(one[2])
    assert two == [20 / 80, 20 / 120, 0 / 40]


def test_milestones_count_from_the_month_in_which_they_were_first_reached_on() -> None:
    rows = [
        {"account_id": "A", "step": step, "reached_at": at}
        for step, at in (
            ("kickoff", "2025-01-05"),
            ("partner north", "2026-06-30 23:00"),
            ("partner north", "2026-07-01"),
            ("partner south", "2026-07-02"),
        )
    ]
    data = product_data(accounts=accounts(), milestones=rows)
    reached = {"source": "milestones", "value": "reached"}
    assert values(data, **reached, name="kickoff") == [1, 1, 1]
    assert values(data, **reached, name="partner *") == [0, 1, 2]


def test_contracts_are_those_that_run_on_the_last_day_of_a_month() -> None:
    rows = [
        contract("A", "2026-01-01", "2026-06-29", mrr=100),
        contract("A", "2026-05-31", mrr=30),
    ]
    data = product_data(accounts=accounts(), contracts=rows)
    assert values(data, source="contracts", value="mrr") == [130, 30, 30]
    assert values(data, source="contracts", value="count") == [2, 1, 1]


def test_touches_and_tickets_of_a_kind() -> None:
    rows = [
        {"account_id": "A", "occurred_at": "2026-05-10", "kind": kind}
        for kind in ("meeting", "webinar", "webinar live", "churn_notice")
    ]
    data = product_data(accounts=accounts(), touches=rows)
    assert values(data, source="touches", value="count", kind="webinar*", months=1) == [2, 0, 0]
    assert values(data, source="touches", value="count", kind=["meeting", "webinar"], months=1) == [2, 0, 0]


@pytest.mark.parametrize(
    ("bounds", "value", "known", "expected"),
    [
        # a sum: what is not recorded can only add to it
        ({"at_least": 5}, 5, False, (True, True)),
        ({"at_least": 5}, 4, False, (False, True)),
        ({"at_least": 5}, 4, True, (False, False)),
        ({"at_most": 5}, 5, False, (False, True)),
        ({"at_most": 5}, 6, False, (False, False)),
        ({"at_most": 5}, 5, True, (True, True)),
        # a ratio: what is not recorded can change it either way
        ({"at_least": 0.5, "per": {"value": "events"}}, 0.6, False, (False, True)),
        ({"at_most": 0.5, "per": {"value": "events"}}, 0.6, False, (False, True)),
        ({"at_most": 0.5, "per": {"value": "events"}}, 0.6, True, (False, False)),
        ({"at_most": 0, "per": {"value": "events"}}, 0.1, False, (False, False)),
        ({"at_most": 0, "per": {"value": "events"}}, 0.0, False, (False, True)),
        ({"at_most": 0.5, "per": {"value": "events"}}, np.nan, True, (False, False)),
        ({"at_least": 0.5, "per": {"value": "events"}}, np.nan, True, (False, False)),
        ({"at_most": 0.5, "per": {"value": "events"}}, np.nan, False, (False, True)),
    ],
)  # fmt: skip
def test_bounds_are_surely_or_possibly_met(
    bounds: dict[str, Any], value: float, known: bool, expected: tuple[bool, bool]
) -> None:
    condition = Condition.model_validate({"value": "quantity", **bounds})
    surely, possibly = meets_bounds(np.array([[value]]), np.array([[known]]), condition)
    assert (bool(surely[0, 0]), bool(possibly[0, 0])) == expected


def test_milestones_are_known_of_those_who_started_within_the_records() -> None:
    rows = [
        {"account_id": "A", "step": "kickoff", "reached_at": "2026-03-05"},
        {"account_id": "B", "step": "live", "reached_at": "2026-07-30"},
    ]
    data = product_data(accounts=accounts(), milestones=rows)
    measure = Measure(source="milestones", value="reached", name="live")
    reached = monthly_values(data, measure, MAY_TO_JULY)
    starts = pd.Series(pd.to_datetime(["2020-01-01", "2026-03-05"]), ["A", "B"]).astype("datetime64[us]")
    known = known_values(data, measure, MAY_TO_JULY, reached, starts)
    # A was a customer long before the first record and may have gone live unseen
    assert known.tolist() == [[False, False, False], [True, True, True]]
