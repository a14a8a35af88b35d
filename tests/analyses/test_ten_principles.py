"""The ten principles: levels by hand-made numbers, the team's judgement by hand, and what is planted in the sample."""

from __future__ import annotations

from datetime import date
from typing import Any

import pandas as pd
import pytest
from builders import ANALYSES, account, contract, product, product_data, role, touch
from pydantic import ValidationError

from cs_helpers.analyses.ten_principles.assessments import assessment_table, counted_rows
from cs_helpers.analyses.ten_principles.evidence import Shown, shown
from cs_helpers.analyses.ten_principles.numbers import Numbers, not_by_one_person, touched
from cs_helpers.analyses.ten_principles.rules import RULES
from cs_helpers.analyses.ten_principles.standing import order_table, principle_table
from cs_helpers.analyses.ten_principles.verdicts import changes_verdict, principles_verdict
from cs_helpers.contract.principles import FIRST, PHASES, PRINCIPLES, Principles
from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Metric, Result
from cs_helpers.sample.truths import PRINCIPLE_JUDGEMENTS, PRINCIPLE_ROSE, PRINCIPLE_UNBACKED
from cs_helpers.snapshot import ProductData
from cs_helpers.text import catalogue

Q3 = Quarter(2026, 3)
EVERYTHING = ("yes", "yes", "yes", "yes")


def judgement(principle: int, day: str, level: str, who: str | None = "lead-01") -> dict[str, Any]:
    return {
        "principle": principle,
        "assessed_on": pd.Timestamp(day),
        "level": level,
        "assessed_by": who,
        "why": "so",
    }


def judged(*rows: dict[str, Any]) -> pd.DataFrame:
    data = product_data(product(), principle_assessments=rows)
    return assessment_table(counted_rows(data, Q3), Q3).set_index("principle")


def conditions(*states: str) -> dict[str, str]:
    return dict(zip(("repeatable", "defined", "measured", "optimised"), states, strict=True))


def one(principle: int, level: str, *states: str, has_number: bool = True) -> Shown:
    return Shown(principle, level, conditions(*(states or EVERYTHING)), has_number)


class Known(Numbers):
    """Numbers that a test gives: name -> now, a quarter before, a year before."""

    given: dict[str, tuple[Metric | None, Metric | None, Metric | None]]

    def now(self, name: str) -> Any:
        from cs_helpers.analyses.ten_principles.numbers import Known as Number

        metric = self.given.get(name, (None,) * 3)[0]
        return Number(metric, "") if metric else None

    def before(self, name: str, quarters: int) -> Metric | None:
        return self.given.get(name, (None,) * 3)[{1: 1, 4: 2}[quarters]]


def share(value: float, low: float | None = None, high: float | None = None) -> Metric:
    return Metric("x", value, "share", 50, low, high)


def level_of_health(
    done: Metric | None, now: Metric | None, quarter: Metric | None, year: Metric | None
) -> Shown:
    """What is shown of the fourth principle: the product file always declares a health score."""
    numbers = Known(product_data(product()), Q3, {})
    numbers.given = {"scored": (done, None, None), "health.red_share": (now, quarter, year)}
    return shown(numbers)[0][3]


MOST, FEW, PERHAPS = share(0.9, 0.8, 0.95), share(0.2, 0.1, 0.3), share(0.55, 0.4, 0.7)
RED, LESS_RED = share(0.3, 0.25, 0.36), share(0.1, 0.07, 0.14)


@pytest.mark.parametrize(
    ("numbers", "level"),
    [
        ((None, None, None, None), ""),
        ((None, RED, RED, RED), ""),  # how many have a score is not known: no level, but a number
        ((FEW, RED, RED, RED), "none"),
        ((PERHAPS, RED, RED, RED), "none"),  # one half is inside of the interval
        ((MOST, None, None, None), "defined"),
        ((MOST, share(0.3), RED, RED), "defined"),  # no interval
        ((MOST, RED, None, None), "defined"),  # one reading shows no course
        ((MOST, RED, RED, None), "measured"),
        ((MOST, RED, RED, RED), "measured"),
        ((MOST, RED, RED, LESS_RED), "measured"),  # worse beyond chance
        ((MOST, LESS_RED, RED, RED), "optimised"),
    ],
)
def test_a_level_is_shown_with_all_levels_below_it(numbers: tuple[Metric | None, ...], level: str) -> None:
    assert level_of_health(*numbers).level == level


def test_what_no_product_file_declares_is_repeatable_at_most() -> None:
    """A hand-over of most customers, measured twice; the plain product names no fields of the hand-over."""
    numbers = Known(product_data(product()), Q3, {})
    numbers.given = {
        "handover.with_handover": (MOST, None, None),
        "handover.completeness": (MOST, MOST, MOST),
    }
    first = shown(numbers)[0][0]
    assert (first.level, first.conditions["measured"]) == ("repeatable", "yes")


def test_touches_of_the_last_90_days_count_and_notices_of_churn_do_not() -> None:
    """The 90 days end on 30 September and begin on 3 July: A is touched on the first of them, B a day earlier, C gave notice."""
    names = ("A", "B", "C", "D")
    data = product_data(
        product(),
        accounts=[account(name) for name in names],
        contracts=[contract(name, "2026-01-01") for name in names],
        touches=[
            touch("A", "2026-07-03"), touch("B", "2026-07-02"), touch("C", "2026-08-01", kind="churn_notice"),
            touch("D", "2026-01-05"), touch("A", "2026-09-30"),
        ],
    )  # fmt: skip
    found = touched(data, Q3)
    assert found is not None
    assert (found.value, found.n) == (0.25, 4)


def test_several_persons_or_a_touch_without_one_are_not_one_person() -> None:
    """A meets two persons, B always the same, C a webinar, D nobody whose name is recorded: 2 of the 3 that can be told."""
    names = ("A", "B", "C", "D")
    data = product_data(
        product(),
        accounts=[account(name) for name in names],
        contracts=[contract(name, "2025-01-01") for name in names],
        touches=[
            touch("A", "2025-09-01", "high", csm="x"), touch("A", "2026-03-01", "high", csm="x"),
            touch("A", "2026-04-01", "high", csm="y"), touch("B", "2026-04-01", "high", csm="x"),
            touch("B", "2026-05-01", "low", csm="x"), touch("C", "2026-05-01", "tech"), touch("D", "2026-05-01", "high"),
            touch("B", "2026-09-30", "high", csm="x"),
        ],
    )  # fmt: skip
    found = not_by_one_person(data, Q3)
    assert found is not None
    assert (found.value, found.n) == (pytest.approx(2 / 3), 3)


def test_levels_of_several_assessors_are_not_averaged() -> None:
    """none, defined, measured, measured: the median is the lower of the two in the middle."""
    table = judged(
        judgement(4, "2026-08-01", "measured", "a"), judgement(4, "2026-08-02", "none", "b"),
        judgement(4, "2026-09-01", "defined", "c"), judgement(4, "2026-09-02", "measured", "d"),
        judgement(4, "2026-10-01", "optimised", "a"),
    )  # fmt: skip
    row = table.loc[4]
    assert (row["low"], row["median"], row["high"], row["assessors"]) == ("none", "defined", "measured", 4)
    assert row["change"] == ""


@pytest.mark.parametrize(
    ("before", "now", "change"),
    [
        ({"a": "none", "b": "none"}, {"a": "defined", "b": "none"}, "rose"),
        ({"a": "measured"}, {"a": "defined", "b": "optimised"}, "fell"),
        ({"a": "none", "b": "measured"}, {"a": "defined", "b": "defined"}, "mixed"),
        ({"a": "none"}, {"a": "none"}, "same"),
        ({"a": "none"}, {"b": "optimised"}, "others"),
        ({None: "none"}, {None: "defined"}, "rose"),
    ],
)
def test_only_assessors_who_judged_both_times_are_compared(
    before: dict[str | None, str], now: dict[str | None, str], change: str
) -> None:
    rows = [judgement(7, "2026-03-31", level, who) for who, level in before.items()]
    rows += [judgement(7, "2026-09-30", level, who) for who, level in now.items()]
    table = judged(*rows)
    assert table.loc[7, "change"] == change
    assert changes_verdict(table.reset_index()).code == change


def test_of_two_judgements_by_one_assessor_in_a_quarter_the_last_counts() -> None:
    row = judged(judgement(1, "2026-07-01", "none"), judgement(1, "2026-09-30", "defined")).loc[1]
    assert (row["low"], row["high"], row["assessors"], row["change"]) == ("defined", "defined", 1, "")


def test_a_judgement_of_more_than_a_year_ago_is_old() -> None:
    table = judged(judgement(1, "2025-09-29", "none"), judgement(2, "2025-09-30", "none"))
    assert table["is_old"].to_dict() == {1: True, 2: False}


@pytest.mark.parametrize(
    ("found", "low", "high", "comparison"),
    [
        (one(6, "none", "unclear", "no", "no", "unknown"), "measured", "measured", "unbacked"),
        (
            one(6, "", "unknown", "no", "no", "unknown", has_number=False),
            "optimised",
            "optimised",
            "unbacked",
        ),
        (one(6, "", "unknown", "no", "no", "unknown", has_number=False), "defined", "measured", "self_only"),
        (one(6, "", "unknown", "no", "yes", "no"), "measured", "measured", "not_tested"),
        (one(6, "none", "no", "yes", "yes", "no"), "defined", "measured", "says_more"),
        (one(6, "none", "no", "yes", "yes", "no"), "none", "measured", "agrees"),
        (one(6, "measured", "yes", "yes", "yes", "no"), "none", "defined", "says_less"),
        # the data keeps no history of the tenth, so it cannot contradict more than it can show
        (one(10, "defined", "yes", "yes", "unknown", "unknown"), "measured", "measured", "not_tested"),
        (one(10, "repeatable", "yes", "no", "unknown", "unknown"), "measured", "measured", "says_more"),
        (one(6, "none", "no", "no", "no", "no"), "", "", "data_only"),
        (one(6, "", "unknown", "no", "no", "unknown", has_number=False), "", "", "neither"),
    ],
)
def test_what_the_team_says_is_compared_and_never_mixed(
    found: Shown, low: str, high: str, comparison: str
) -> None:
    rows = [judgement(found.principle, "2026-09-30", level, level) for level in {low, high} if level]
    table = principle_table([found], judged(*rows).reset_index())
    assert table.loc[0, "comparison"] == comparison
    assert table.loc[0, "level"] == found.level


def test_the_phase_comes_first_and_within_it_the_lowest_level() -> None:
    """Growth asks for 7, 2, 4, 1: 4 is lowest; of 7 and 2 at the same level 7 is named first; of 1 only the team's level is known."""
    levels = {1: "", 2: "defined", 3: "none", 4: "repeatable", 7: "defined"}
    found = [one(n, level, "yes" if level else "unknown", "no", "no", "no") for n, level in levels.items()]
    table = principle_table(found, judged(judgement(1, "2026-09-30", "none")).reset_index())
    order = order_table(table, Principles(phase="growth"))
    assert order["principle"].tolist() == [1, 4, 7, 2, 3]
    assert order["by"].tolist() == ["team", "data", "data", "data", "data"]
    assert order["is_first"].tolist() == [True] * 4 + [False]
    assert order_table(table, Principles(phase="growth", order=(3,)))["principle"].tolist() == [3, 1, 4, 2, 7]
    assert order_table(table, None)["principle"].tolist() == [1, 3, 4, 2, 7]


def test_every_phase_names_principles_each_with_a_reason_in_both_languages() -> None:
    for language in ("en", "ja"):
        reasons = {key for key in catalogue(language) if key.startswith("ten_principles.reasons.")}
        assert reasons == {f"ten_principles.reasons.{phase}.{p}" for phase in PHASES for p in FIRST[phase]}
    assert set().union(*FIRST.values()) <= set(PRINCIPLES) == set(RULES)


def test_an_order_names_each_principle_once() -> None:
    with pytest.raises(ValidationError, match="names the principle 4 twice"):
        Principles(phase="scale", order=(4, 2, 4))


def audit(data: ProductData) -> Result:
    return ANALYSES["ten_principles"].analyse(data, Q3)


def test_where_nothing_is_known_each_question_says_so() -> None:
    result = audit(product_data(product(), accounts=[]))
    notes = {(note.code, note.about) for note in result.notes}
    assert {("no_accounts", "evidence"), ("no_phase", "order"), ("no_assessments", "changes")} <= notes
    assert result.verdicts["principles"].code == "nothing"
    assert set(result.tables) == {"principles", "order"}
    assert (result.tables["order"]["by"] == "nothing").all()


def test_a_company_without_contracts_is_judged_by_what_there_is() -> None:
    """An organisation of one role that answers for all steps, and nothing of customers but their touches."""
    of = product(organisation=[role("onboarding", steps=["contract", "kickoff"])])
    data = product_data(
        of,
        accounts=[account("A"), account("B")],
        touches=[touch(a, day) for a in ("A", "B") for day in ("2026-04-01", "2026-07-10", "2026-09-30")],
        principle_assessments=[judgement(10, "2026-09-01", "defined", None)],
    )
    result = audit(data)
    table = result.tables["principles"].set_index("principle")
    assert table.loc[10, ["level", "comparison"]].tolist() == ["defined", "agrees"]
    assert table.loc[8, "level"] == ""
    assert ("some_not_assessed", (1, 2, 3, 4, 5, 6, 7, 8, 9)) in [
        (note.code, note.fields.get("principles")) for note in result.notes
    ]


def test_rows_after_the_quarter_do_not_count() -> None:
    data = product_data(
        product(), principle_assessments=[judgement(1, "2026-10-01", "measured")], as_of=date(2026, 12, 31)
    )
    result = audit(data)
    assert [(n.code, n.fields["rows"]) for n in result.notes if n.code == "later_rows"] == [("later_rows", 1)]
    assert "assessments" not in result.tables


def test_the_verdict_names_what_is_unbacked_before_what_is_only_more() -> None:
    found = [one(6, "none", "unclear", "no", "no", "unknown"), one(2, "none", "no", "yes", "yes", "no")]
    rows = [judgement(n, "2026-09-30", "measured") for n in (2, 6)]
    verdict = principles_verdict(principle_table(found, judged(*rows).reset_index()))
    assert (verdict.code, verdict.fields["principles"]) == ("unbacked", (6,))


def test_the_planted_claim_without_a_number_is_found_and_no_other(result_of) -> None:
    product_name, principle = PRINCIPLE_UNBACKED
    result = result_of("ten_principles", product_name, "2026Q3")
    assert result.verdicts["principles"].code == "unbacked"
    assert result.verdicts["principles"].fields["principles"] == (principle,)
    assert [(f.code, f.fields["principles"]) for f in result.findings] == [("unbacked", (principle,))]
    assert result.metrics["unbacked"].value == 1


def test_only_the_planted_principle_rose(result_of) -> None:
    product_name, principle = PRINCIPLE_ROSE
    for name in PRINCIPLE_JUDGEMENTS:
        changes = result_of("ten_principles", name, "2026Q3").tables["changes"]
        rose = changes.loc[changes["change"] == "rose", "principle"].tolist()
        assert rose == ([principle] if name == product_name else [])
        assert set(changes["change"]) <= {"rose", "same"}


def test_in_the_product_without_a_contradiction_none_is_found(result_of) -> None:
    result = result_of("ten_principles", "expense_desk", "2026Q3")
    assert result.verdicts["principles"].code == "agrees"
    assert result.findings == ()
    assert result.metrics["unbacked"].value == 0


def test_each_number_of_another_report_is_that_of_the_report(result_of) -> None:
    evidence = result_of("ten_principles", "paper_to_web", "2026Q3").tables["evidence"]
    assert set(evidence["principle"]) == set(PRINCIPLES)
    for row in evidence.itertuples():
        if "." in row.number:
            analysis, _, metric = row.number.partition(".")
            assert row.value == result_of(analysis, "paper_to_web", "2026Q3").metrics[metric].value
            assert row.place == f"{analysis}-headlines"


def test_before_the_first_judgement_there_is_none(result_of) -> None:
    result = result_of("ten_principles", "helpdesk", "2025Q4")
    assert result.verdicts["principles"].code == "data_only"
    assert [note.code for note in result.about("changes")] == ["no_assessments"]
    assert [note.code for note in result_of("ten_principles", "helpdesk", "2026Q2").about("changes")] == [
        "no_earlier"
    ]
