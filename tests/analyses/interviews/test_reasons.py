"""Each reason is tied to the step the company waited for, and held against what the records show."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from builders import account, contract, product, product_data, use

from cs_helpers.analyses.interviews import reasons
from cs_helpers.analyses.interviews.readings import note_readings
from cs_helpers.contract.quarters import Quarter
from cs_helpers.sample import truths
from cs_helpers.snapshot import ProductData

Q3 = Quarter(2026, 3)
#: the others: five that took the step in ten days, so that it is known what is usual
OTHERS = [f"o{n}" for n in range(5)]
DESK = product(
    steps=["kickoff", "second"],
    journey={"seen": {"second": {"contents": "Numbers", "contents_seen": {"touch": "numbers*"}}}},
)


def desk(
    *notes: dict[str, Any], touches: list[dict[str, Any]] | None = None, reached: dict[str, str] | None = None,
    used_on: str | None = None, began: str = "2026-02-01",
) -> ProductData:  # fmt: skip
    """A company `s1` that waits for the second step since `began`, and says why in interviews."""
    steps = [("s1", "kickoff", began), *((name, step, day) for name in OTHERS for step, day in (("kickoff", "2026-01-10"), ("second", "2026-01-20")))]  # fmt: skip
    steps += [("s1", step, day) for step, day in (reached or {}).items()]
    milestones = [{"account_id": a, "step": s, "reached_at": d} for a, s, d in steps]
    milestones += [{"account_id": a, "step": "contract", "reached_at": "2026-01-10"} for a in ["s1", *OTHERS]]
    return product_data(
        DESK,
        accounts=[account(name) for name in ["s1", *OTHERS]],
        contracts=[contract(name, "2026-01-10") for name in ["s1", *OTHERS]],
        milestones=milestones,
        touches=[
            {"account_id": OTHERS[0], "kind": "mail", "content": "hello", "occurred_at": "2026-01-12"},
            *({"account_id": "s1", "kind": "mail", **t} for t in touches or []),
        ],
        usage=[use("s1", used_on)] if used_on else [use(OTHERS[0], "2026-01-20")],
        interviews=[{"interview_id": f"I-{n}", "account_id": "s1", "held_on": note["on"]} for n, note in enumerate(notes)],
        notes=[{"note_id": f"N-{n}", "interview_id": f"I-{n}", "evidence": "words", "text": "why"} for n, _ in enumerate(notes)],
        codings=[
            {"note_id": f"N-{n}", "coder": "a", "viewpoint": "problem", "reason": note["reason"], "reason_status": note.get("status", "open")}
            for n, note in enumerate(notes)
        ],
    )  # fmt: skip


def hypotheses_of(data: ProductData) -> pd.DataFrame:
    return reasons.hypotheses(data, note_readings(data, Q3), Q3)


def says(reason: str, **known: Any) -> str:
    return str(hypotheses_of(desk({"on": "2026-03-01", "reason": reason}, **known)).iloc[0]["records"])


def test_a_reason_belongs_to_the_step_waited_for_on_the_day_it_was_given() -> None:
    row = hypotheses_of(desk({"on": "2026-03-01", "reason": "guidance"})).iloc[0]
    # from 1 February to the end of 30 September
    assert row[["step", "state", "days", "status"]].tolist() == ["second", "stalled", 242.0, "open"]
    before = hypotheses_of(desk({"on": "2026-01-20", "reason": "guidance"})).iloc[0]
    assert before[["step", "state"]].tolist() == ["kickoff", "moved"]


def test_the_latest_note_that_decides_is_the_status() -> None:
    row = hypotheses_of(
        desk(
            {"on": "2026-03-01", "reason": "timing", "status": "supported"},
            {"on": "2026-04-01", "reason": "timing", "status": "refuted"},
            {"on": "2026-05-01", "reason": "timing"},
        )
    ).iloc[0]
    assert row[["status", "notes_for", "notes_against"]].tolist() == ["refuted", ("N-0", "N-2"), ("N-1",)]


NUMBERS = {"content": "numbers of a department"}


@pytest.mark.parametrize(
    ("reason", "known", "verdict"),
    [
        ("guidance", {}, "for"),
        ("guidance", {"touches": [{"occurred_at": "2026-02-10", **NUMBERS}]}, "against"),
        ("guidance", {"touches": [{"occurred_at": "2026-04-10", **NUMBERS}]}, "for"),  # after it was told
        ("benefit", {}, "unknown"),  # nobody conveyed it since
        ("benefit", {"touches": [{"occurred_at": "2026-04-10", **NUMBERS}]}, "against"),
        ("benefit", {"touches": [{"occurred_at": "2026-04-10", **NUMBERS}], "reached": {"second": "2026-05-10"}}, "for"),
        ("benefit", {"touches": [{"occurred_at": "2026-09-10", **NUMBERS}]}, "unknown"),  # too early to say
        ("timing", {}, "against"),  # 213 days later it still has not come
        ("timing", {"reached": {"second": "2026-05-10"}}, "for"),
        ("timing", {"touches": [{"occurred_at": "2026-04-10", **NUMBERS}], "reached": {"second": "2026-05-10"}}, "unknown"),  # with help
        ("bias", {"used_on": "2026-09-20"}, "for"),
        ("bias", {"touches": [{"occurred_at": "2026-04-10", "content": "why not"}], "reached": {"second": "2026-05-10"}}, "unknown"),
        ("bias", {"used_on": "2026-06-20"}, "against"),
        ("bias", {"reached": {"second": "2026-05-10"}}, "against"),  # they took it, and nobody confronted them
    ],
)  # fmt: skip
def test_records_speak_for_or_against_what_a_reason_predicts(
    reason: str, known: dict[str, Any], verdict: str
) -> None:
    assert says(reason, **known) == verdict


def test_of_a_customer_older_than_the_records_no_step_is_known() -> None:
    data = desk({"on": "2026-03-01", "reason": "guidance"}, began="2026-01-10")
    older = data["contracts"].assign(
        started_on=data["contracts"]["started_on"].where(
            data["contracts"]["account_id"] != "s1", pd.Timestamp("2020-01-01")
        )
    )
    steps = data["milestones"]
    steps = steps[~((steps["account_id"] == "s1") & (steps["step"] == "contract"))]
    old = pd.concat(
        [
            steps,
            steps.iloc[:1].assign(account_id="s1", step="contract", reached_at=pd.Timestamp("2020-01-01")),
        ]
    )
    changed = ProductData(
        data.product, data.as_of, {**data.tables, "contracts": older, "milestones": old}, data.given
    )
    row = hypotheses_of(changed).iloc[0]
    assert row[["step", "state", "records"]].tolist() == ["", "", "unknown"]


def test_without_a_journey_a_reason_still_stands() -> None:
    data = desk({"on": "2026-03-01", "reason": "guidance"})
    empty = ProductData(
        data.product, data.as_of, {**data.tables, "milestones": data["milestones"].iloc[:0]}, data.given
    )
    row = hypotheses_of(empty).iloc[0]
    assert row[["step", "state", "records", "reason"]].tolist() == ["", "", "unknown", "guidance"]


def test_the_planted_reason_of_small_companies_is_found(result_of: Any) -> None:
    table = result_of("interviews", truths.STALL.product, "2026Q3").tables["hypotheses"]
    stalled = table[(table["step"] == truths.STALL.to_step) & (table["state"] == "stalled")]
    small = stalled[(stalled["size"] == truths.STALL.size) & (stalled["status"] != "refuted")]
    assert small["reason"].mode().tolist() == ["guidance"]
