"""What a move changed, hand-made, and where stakeholders differ."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from builders import ANALYSES, account, contract, means, product, product_data, words

from cs_helpers.analyses.project_score.moves import between_moves, changes, move_table
from cs_helpers.analyses.project_score.stakeholders import stakeholder_pairs
from cs_helpers.contract.products import Product
from cs_helpers.contract.project_score import ProjectScore
from cs_helpers.contract.quarters import Quarter
from cs_helpers.errors import ParameterError
from cs_helpers.result import Result

Q3 = Quarter(2026, 3)
SCORE = ANALYSES["project_score"]


def bound(target: float, by: str | None = None, metric: str = "revenue.customers") -> dict[str, Any]:
    return {"metric": metric, "target": target, "by": by}


def move(day: str, **parts: Any) -> dict[str, Any]:
    return {
        "moved_on": day,
        "why": words(f"Why of {day}."),
        "goal": words("Win."),
        "winning_condition": {"words": words("They stay."), "measured_by": bound(5)},
        "purposes": [{"id": "early", "words": words("Early.")}, {"id": "often", "words": words("Often.")}],
        "measures": [
            {"id": "call", "words": words("Call."), "purposes": ["early"], "means": "phone"},
            {"id": "write", "words": words("Write."), "purposes": ["often"]},
        ],
        **parts,
    }


SECOND = move(
    "2026-07-06",
    winning_condition={"words": words("They stay."), "measured_by": bound(4, "2026-12-31")},
    purposes=[{"id": "early", "words": words("Very early.")}, {"id": "often", "words": words("Often.")}],
    measures=[
        {"id": "call", "words": words("Call."), "purposes": ["often", "early"], "means": "phone"},
        {"id": "visit", "words": words("Visit."), "purposes": ["early"]},
    ],
    given={"rivals": words("Post.")},
)


def result(*moves: dict[str, Any], quarter: Quarter = Q3) -> Result:
    of = Product.model_validate({**product(means=[means("phone")]).model_dump(mode="json"), "scores": moves})
    names = ("A1", "A2", "A3")
    return SCORE.analyse(
        product_data(of, accounts=[account(n) for n in names], contracts=[contract(n, "2025-01-01") for n in names]),
        quarter,
    )  # fmt: skip


def codes(found: Result) -> set[tuple[str, str]]:
    return {(note.code, note.about) for note in found.notes}


def loaded(content: dict[str, Any]) -> ProjectScore:
    return ProjectScore.model_validate(content)


def test_a_move_is_told_by_each_kind_of_change() -> None:
    made = changes(loaded(move("2026-04-06")), loaded(SECOND))
    assert list(zip(made["id"], made["change"], strict=True)) == [
        ("winning_condition", "retargeted"),
        ("early", "reworded"),
        ("call", "relinked"),
        ("visit", "added"),
        ("rivals", "added"),
        ("write", "removed"),
    ]
    rows = made.set_index("id")
    target = rows.loc["winning_condition"]
    assert (target["before_target"], target["after_target"]) == (5, 4)
    assert target["after_by"] == datetime.date(2026, 12, 31)
    assert (rows.loc["early", "before_en"], rows.loc["early", "after_en"]) == ("Early.", "Very early.")
    assert (rows.loc["call", "before_to"], rows.loc["call", "after_to"]) == (("early",), ("often", "early"))
    assert rows.loc["write", "words_en"] == "Write."


def test_the_order_of_purposes_and_of_parts_is_no_change() -> None:
    turned = move("2026-07-06", purposes=move("x")["purposes"][::-1], measures=move("x")["measures"][::-1])
    assert changes(loaded(move("2026-04-06")), loaded(turned)).empty


def test_the_record_has_the_newest_move_first_and_counts_a_part_once() -> None:
    both = move("2026-07-06", winning_condition={"words": words("They love it."), "measured_by": bound(9)})
    table = move_table([loaded(move("2026-04-06")), loaded(both)])
    assert list(table["why_en"]) == ["Why of 2026-07-06.", "Why of 2026-04-06."]
    assert list(table[["elements", "added", "removed", "changed"]].loc[0]) == [6, 0, 0, 1]
    assert table[["added", "removed", "changed"]].loc[1].isna().all()


def test_moves_after_the_quarter_do_not_count() -> None:
    found = result(move("2026-04-06"), SECOND, quarter=Quarter(2026, 2))
    assert found.settings["moved_on"] == datetime.date(2026, 4, 6)
    assert found.settings["moves"] == 1
    assert ("first_move", "changes") in codes(found)
    assert "changes" not in found.tables
    assert len(result(move("2026-04-06"), SECOND).tables["changes"]) == 6
    none = result(SECOND, quarter=Quarter(2026, 2))
    assert not none.tables
    assert codes(none) == {("no_move_yet", question) for question in SCORE.declares.questions}


def test_without_a_score_every_question_says_how_to_make_one() -> None:
    assert codes(result()) == {("no_score", question) for question in SCORE.declares.questions}


def test_one_purpose_alone_warns() -> None:
    alone = move("2026-04-06", purposes=[{"id": "early", "words": words("Early.")}])
    alone["measures"] = [{"id": "call", "words": words("Call."), "purposes": ["early"]}]
    assert ("one_purpose", "picture") in codes(result(alone))
    assert SCORE.declares.warns("one_purpose")
    assert ("one_purpose", "picture") not in codes(result(move("2026-04-06")))


def test_a_day_that_is_over_is_said_unless_the_target_is_met() -> None:
    late = {"winning_condition": {"words": words("x"), "measured_by": bound(4, "2026-09-30")}}
    met = {"winning_condition": {"words": words("x"), "measured_by": bound(3, "2026-09-30")}}
    ahead = {"winning_condition": {"words": words("x"), "measured_by": bound(4, "2026-10-01")}}
    said = [("day_over", "states") in codes(result(move("2026-04-06", **one))) for one in (late, met, ahead)]
    assert said == [True, False, False]


def test_the_verdict_counts_the_parts_whose_state_is_known() -> None:
    # three customers, as at the end of the quarter before
    purposes = [
        {"id": "early", "words": words("Early."), "measured_by": bound(3)},
        {"id": "often", "words": words("Often."), "measured_by": bound(1, metric="product_feedback.closed_loop")},
    ]  # fmt: skip
    found = result(move("2026-04-06", purposes=purposes))
    assert found.verdicts["picture"].code == "some_met"
    assert found.verdicts["picture"].fields == {"of": 2, "met": 1, "on_the_way": 0, "away": 1}
    assert ("number_unknown", "states") in codes(found)
    nothing = move("2026-04-06", winning_condition={"words": words("x")})
    assert result(nothing).verdicts["picture"].code == "not_bound"
    assert result(move("2026-04-06")).verdicts["picture"].code == "none_met"
    all_met = move("2026-04-06", winning_condition={"words": words("x"), "measured_by": bound(3)})
    assert result(all_met).verdicts["picture"].code == "all_met"
    unknown = {"words": words("x"), "measured_by": bound(3, metric="product_feedback.closed_loop")}
    assert result(move("2026-04-06", winning_condition=unknown)).verdicts["picture"].code == "none_known"


def test_any_two_moves_can_be_compared() -> None:
    third = move("2026-08-03", goal=words("Win twice."))
    of = Product.model_validate(
        {
            **product(means=[means("phone")]).model_dump(mode="json"),
            "scores": [move("2026-04-06"), SECOND, third],
        }
    )
    data = replace(product_data(product()), product=of)
    kept = between_moves(data, between=("2026-04-06", "2026-08-03")).product.scores
    assert [str(one.moved_on) for one in kept] == ["2026-04-06", "2026-08-03"]
    assert list(changes(*kept)["change"]) == ["reworded"]
    for days in (("2026-04-06", "2026-05-01"), ("2026-08-03", "2026-04-06"), ("2026-04-06",), "2026-04-06"):
        with pytest.raises(ParameterError, match="the days of two moves are needed, the earlier one first"):
            between_moves(data, between=days)


def stakeholder(role: str, en: str, ja: str, measured: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"role": words(role), "words": {"en": en, "ja": ja}, "measured_by": measured}


def test_two_stakeholders_share_words_in_any_form_and_differ_in_others() -> None:
    said = [
        stakeholder("A", "Customers renew without a discount.", "顧客が値引きなしで更新している。", bound(5)),
        stakeholder("B", "A customer tells others before renewing.", "顧客が更新の前に他社へ紹介している。", bound(4)),
    ]  # fmt: skip
    (pair,) = stakeholder_pairs(loaded(move("2026-04-06", stakeholders=said))).to_dict("records")
    assert set(pair["shared_en"]) == {"customer", "renew"}
    assert "discount" in pair["only_a_en"]
    assert "discount" not in pair["only_b_en"]
    assert {"顧客", "更新"} <= set(pair["shared_ja"])
    assert "紹介" in pair["only_b_ja"]
    assert pair["bound"] == "other_target"


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        (bound(5), bound(5), "same"),
        (bound(5), bound(5, metric="revenue.mrr"), "other_metric"),
        (bound(5), None, "unbound"),
        (None, None, "unbound"),
    ],
)
def test_pairs_say_whether_both_are_bound_to_the_same(a: Any, b: Any, said: str) -> None:
    both = [stakeholder("A", "x", "x", a), stakeholder("B", "y", "y", b)]
    assert list(stakeholder_pairs(loaded(move("2026-04-06", stakeholders=both)))["bound"]) == [said]


def test_of_three_stakeholders_each_two_are_compared_and_of_one_none() -> None:
    three = [stakeholder(role, "x", "x") for role in "ABC"]
    found = result(move("2026-04-06", stakeholders=three))
    assert len(found.tables["stakeholders"]) == len(found.tables["stakeholder_pairs"]) == 3
    one = result(move("2026-04-06", stakeholders=three[:1]))
    assert ("one_stakeholder", "stakeholder_pairs") in codes(one)
    assert "stakeholder_pairs" not in one.tables
    assert ("no_stakeholders", "stakeholders") in codes(result(move("2026-04-06")))


def test_the_sample_shows_all_four_states(result_of) -> None:
    tables = [
        result_of("project_score", name, "2026Q3").tables["states"]
        for name in ("paper_to_web", "helpdesk", "expense_desk")
    ]
    assert {state for table in tables for state in table["state"]} == {
        "met", "on_the_way", "away", "not_measured",
    }  # fmt: skip
    by_id = tables[0].set_index("id")["state"]
    assert (by_id["value_felt"], by_id["winning_condition"]) == ("met", "away")
