"""Which hand-over of a customer counts, what of it is filled in, and of whom it is not known, by hand."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from builders import account, contract, product, product_data
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from cs_helpers.contract.handover import HandoverRules
from cs_helpers.customers.handovers import counted_fields, customer_handovers, is_filled
from cs_helpers.customers.readings import expectations, interviews_after
from cs_helpers.snapshot import ProductData

DAY = date(2026, 6, 30)
FULL = {"problem": "folding", "promised": "import", "deadline": "2026-08-01"}


def handed(name: str, day: str, **said: Any) -> dict[str, Any]:
    return {"account_id": name, "handed_over_on": day, **said}


def company(starts: dict[str, str], *rows: dict[str, Any], **rules: Any) -> ProductData:
    of = product().model_copy(update={"handover": HandoverRules(**rules)})
    return product_data(
        of, as_of=DAY, accounts=[account(a) for a in starts], contracts=[contract(a, day) for a, day in starts.items()],
        handovers=rows,
    )  # fmt: skip


def test_the_last_hand_over_before_the_start_counts_or_else_the_first_after_it() -> None:
    data = company(
        {"A": "2026-03-10", "B": "2026-03-10", "C": "2026-03-10", "D": "2026-03-10"},
        handed("A", "2026-02-01", problem="old"), handed("A", "2026-03-05", problem="new"), handed("A", "2026-03-12", problem="late"),
        handed("B", "2026-04-01", problem="second"), handed("B", "2026-03-15", problem="first"),
        handed("C", "2026-03-10", problem="on the day"), handed("D", "2026-07-01", problem="not known yet"),
    )  # fmt: skip
    table = customer_handovers(data, DAY)
    assert table["problem"].fillna("").tolist() == ["new", "first", "on the day", ""]
    assert table["days_late"].tolist()[:3] == [-5, 5, 0]
    assert table["standing"].tolist() == ["complete", "complete", "complete", "none"]


def test_what_says_that_nothing_is_known_is_empty_and_none_is_an_answer() -> None:
    said = pd.Series(
        ["budget", " ", "-", "TBD", "n/a", "未定", "\uff1f", None, "none", "なし", "4"], dtype="str"
    )
    assert is_filled(said).tolist() == [True, *[False] * 7, True, True, True]
    assert is_filled(pd.Series([pd.Timestamp("2026-01-01"), pd.NaT])).tolist() == [True, False]


def test_completeness_counts_the_fields_of_the_product_file_or_all_that_anybody_fills_in() -> None:
    starts = {"A": "2026-03-10", "B": "2026-03-10"}
    rows = handed("A", "2026-03-01", **FULL), handed("B", "2026-03-01", problem="postage")
    assert counted_fields(company(starts, *rows), DAY) == ("problem", "promised", "deadline")
    assert customer_handovers(company(starts, *rows), DAY)["completeness"].tolist() == [
        1,
        pytest.approx(1 / 3),
    ]
    strict = company(starts, *rows, fields=("stakeholders", "problem"), complete_from=0.5)
    table = customer_handovers(strict, DAY)
    assert table["missing"].tolist() == [("stakeholders",), ("stakeholders",)]
    assert table["completeness"].tolist() == [0.5, 0.5]
    assert table["standing"].tolist() == ["complete", "complete"]  # the bound belongs to what is complete


def test_who_started_when_none_were_recorded_is_not_known_and_later_ones_have_none() -> None:
    table = customer_handovers(
        company(
            {"A": "2025-01-10", "B": "2026-03-10", "C": "2026-05-10"}, handed("B", "2026-03-01", problem="x")
        ),
        DAY,
    )
    assert table["standing"].tolist() == ["unknown", "complete", "none"]
    assert table["completeness"].isna().tolist() == [True, False, True]


def test_without_the_table_nothing_is_known_of_anybody() -> None:
    data = product_data(as_of=DAY, accounts=[account("A")], contracts=[contract("A", "2026-01-01")])
    assert customer_handovers(data, DAY)["standing"].tolist() == ["unknown"]


def test_without_contracts_an_account_starts_with_its_first_row() -> None:
    data = product_data(
        as_of=DAY, accounts=[account("A"), account("B")], handovers=[handed("A", "2026-03-01", problem="x")],
        tickets=[{"ticket_id": f"T{a}", "account_id": a, "opened_at": "2026-04-01"} for a in "AB"],
    )  # fmt: skip
    table = customer_handovers(data, DAY)
    assert table["started_on"].dt.strftime("%m-%d").tolist() == ["03-01", "04-01"]
    assert table["standing"].tolist() == ["complete", "none"]


DAYS = st.lists(st.integers(-60, 60), min_size=1, max_size=6, unique=True)


@settings(max_examples=25)
@given(days=DAYS, seed=st.integers(0, 99))
def test_the_order_of_rows_says_nothing(days: list[int], seed: int) -> None:
    start = pd.Timestamp("2026-03-31")
    rows = [handed("A", f"{start + pd.Timedelta(days=d):%Y-%m-%d}", problem=str(d)) for d in days]
    shuffled = pd.Series(rows).sample(frac=1, random_state=seed).tolist()
    found = customer_handovers(company({"A": "2026-03-31"}, *shuffled), DAY)
    before = [d for d in days if d <= 0]
    assert found["problem"].tolist() == [str(max(before) if before else min(days))]


@pytest.mark.parametrize(
    "rules", [{"fields": ()}, {"fields": ("problem", "problem")}, {"fields": ("problm",)}, {"complete_from": 0}, {"complete_from": 1.1}]
)  # fmt: skip
def test_rules_that_no_hand_over_can_follow_are_refused(rules: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        HandoverRules(**rules)


def test_an_expectation_is_that_of_viewpoint_1_as_one_coder_reads_it_until_the_day() -> None:
    notes = [
        {"note_id": f"N{n}", "interview_id": f"I{i}", "evidence": "words", "text": "x"}
        for n, i in ((1, 1), (2, 1), (3, 2))
    ]
    reading = {"viewpoint": "problem", "why_level": "expectation"}
    codings = [
        {"note_id": "N1", "coder": "a", "code": "postage", **reading}, {"note_id": "N1", "coder": "b", "code": "other", **reading},
        {"note_id": "N2", "coder": "a", "code": "folding", **reading | {"why_level": "core"}},
        {"note_id": "N3", "coder": "a", "code": "later", **reading},
        {"note_id": "N2", "coder": "a", "code": "asked", **reading | {"viewpoint": "request"}},
    ]  # fmt: skip
    interviews = [
        {"interview_id": "I1", "account_id": "A", "held_on": "2026-05-01"},
        {"interview_id": "I2", "account_id": "A", "held_on": "2026-07-01"},
        {"interview_id": "I3", "account_id": "A", "held_on": "2026-04-01"},
    ]
    # before the hand-over; and a guess of who took the notes
    notes += [
        {"note_id": "N4", "interview_id": "I3", "evidence": "words", "text": "x"},
        {"note_id": "N5", "interview_id": "I1", "evidence": "inference", "text": "x"},
    ]
    codings += [{"note_id": f"N{n}", "coder": "a", "code": f"other_{n}", **reading} for n in (4, 5)]
    data = product_data(accounts=[account("A")], interviews=interviews, notes=notes, codings=codings)
    held = interviews_after(data, pd.Series({"A": pd.Timestamp("2026-04-01")}), DAY)
    assert expectations(data, held)[["account_id", "code"]].to_numpy().tolist() == [["A", "postage"]]
