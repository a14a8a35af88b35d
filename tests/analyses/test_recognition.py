"""Awards and promotions: planted members who are alike or far ahead, criteria counted by hand, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product, product_data, random, words
from scipy import stats

from cs_helpers.analyses import recognition
from cs_helpers.analyses.recognition.leadership import for_leadership
from cs_helpers.analyses.recognition.promotions import held_against, overall, rated
from cs_helpers.analyses.recognition.reach import expected_needed
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.team import Indicator
from cs_helpers.customer_journey.indicators import Indicators
from cs_helpers.result import Finding, Result
from cs_helpers.statistics.award_luck import spread_weights
from cs_helpers.statistics.case_mix import SPREADS

Q3 = Quarter(2026, 3)
CONVERSION, RETENTION = {"kind": "conversion"}, {"kind": "retention"}
GUIDE = {"id": "guide", "name": words("Guide"), "indicator": CONVERSION}
KEEPER = {"id": "keeper", "name": words("Keeper"), "indicator": RETENTION}
TO_SENIOR = {
    "id": "to_senior", "from_grade": "associate", "to_grade": "senior", "months": 24,
    "criteria": [
        {"indicator": CONVERSION, "at_least": 0.9}, {"training": "design"}, {"element": "listening", "at_least": 3.5},
    ],
}  # fmt: skip
TEAM = {
    "elements": [{"id": "listening", "name": words("Listening")}],
    "trainings": [{"id": "design", "name": words("Design"), "step": "kickoff"}],
    "awards": [GUIDE, KEEPER],
    "promotions": [TO_SENIOR],
}
ALIKE = {f"csm-{n:02}": 1.0 for n in range(1, 9)}
PEOPLE = ("ann", "bob", "cid", "dee")


def customers(
    pace: dict[str, float], each: int | dict[str, int], seed: int = 0
) -> dict[str, list[dict[str, Any]]]:
    """Customers of each CSM since one of the last 450 days; they take the kick-off after 90 days on average, at pace 1."""
    draw, tables = random(seed), {"accounts": [], "contracts": [], "milestones": []}
    for csm, speed in pace.items():
        for n in range(each if isinstance(each, int) else each[csm]):
            name = f"{csm}-{n}"
            began = pd.Timestamp("2026-09-30") - pd.Timedelta(days=int(draw.integers(1, 450)))
            reached = began + pd.Timedelta(days=float(draw.exponential(90 / speed)))
            tables["accounts"].append(account(name, csm=csm))
            tables["contracts"].append(contract(name, str(began.date())))
            tables["milestones"].append({"account_id": name, "step": "contract", "reached_at": began})
            if reached < pd.Timestamp("2026-10-01"):
                tables["milestones"].append({"account_id": name, "step": "kickoff", "reached_at": reached})
    return tables


def staff(
    *people: str, grade: str | None = "associate", joined_on: str = "2024-01-01", **other: Any
) -> list[dict[str, Any]]:
    return [{"person": p, "role": "csm", "grade": grade, "joined_on": joined_on, **other} for p in people]


def analysed(team: dict[str, Any] | None = TEAM, **tables: Any) -> Result:
    return recognition.analyse(product_data(product(team=team), **tables), Q3)


def codes(result: Result, about: str) -> set[str]:
    return {note.code for note in result.about(about)}


def test_hardly_any_award_among_equals_is_called_decided() -> None:
    decided = 0
    for seed in range(6):
        result = analysed({"awards": [GUIDE]}, **customers(ALIKE, 40, seed))
        decided += int(result.tables["decided"]["state"].iloc[0] == "decided")
    assert decided <= 1  # at 5 %, two or more of six are seen in one of thirty runs


def test_one_member_far_ahead_with_many_customers_is_decided() -> None:
    result = analysed({"awards": [GUIDE]}, **customers(ALIKE | {"csm-04": 4.0}, dict.fromkeys(ALIKE, 60)))
    row = result.tables["decided"].iloc[0]
    assert (row["state"], row["rivals"], row["members"]) == ("decided", 0, 8)
    assert row["sure"] >= 0.975
    standing = result.tables["members"].set_index("csm")["standing"]
    assert standing["csm-04"] == "first"
    assert (standing.drop("csm-04") == "behind").all()
    assert result.metrics["awards_decided"].value == 1
    assert not [f for f in result.findings if f.code == "award_by_luck"]
    assert list(standing.index) == sorted(standing.index)


def test_small_caseloads_win_more_often_by_luck_and_the_verdict_says_so() -> None:
    each = dict(zip(ALIKE, (6, 6, 8, 40, 40, 60, 80, 100), strict=True))
    result = analysed({"awards": [GUIDE]}, **customers(ALIKE, each))
    verdict = result.verdicts["luck"]
    assert verdict.code == "small"
    assert verdict.fields["fair"] == 3 / 8
    table = result.tables["luck"]
    assert set(table.columns).isdisjoint({"csm", "person"})
    ratio = table[table["rule"] == "ratio"]
    assert verdict.fields["share"] == pytest.approx(ratio.loc[ratio["third"] == "small", "luck"].sum())
    for _, rows in table.groupby("rule"):
        assert rows["luck"].sum() == pytest.approx(1)
        assert rows["third"].value_counts().to_dict() == {"small": 3, "large": 3, "mid": 2}


def test_names_change_no_number_so_that_both_editions_say_the_same() -> None:
    each = dict(zip(ALIKE, (6, 7, 8, 40, 41, 60, 80, 100), strict=True))
    tables = customers(ALIKE, each)
    named = analysed({"awards": [GUIDE]}, **tables)
    pseudonyms = {csm: f"Staff {n}" for csm, n in zip(ALIKE, (5, 3, 8, 1, 7, 2, 6, 4), strict=True)}
    accounts = [{**row, "csm": pseudonyms[row["csm"]]} for row in tables["accounts"]]
    renamed = analysed({"awards": [GUIDE]}, **{**tables, "accounts": accounts})
    for name in ("luck", "chances", "needed", "decided"):
        pd.testing.assert_frame_equal(renamed.tables[name], named.tables[name])
    assert renamed.verdicts == named.verdicts


def test_the_chances_grow_with_time_and_say_where_ten_years_are_not_enough() -> None:
    result = analysed({"awards": [GUIDE]}, **customers(ALIKE, 20))
    needed = result.tables["needed"]
    assert needed["quarters"].max() == 40
    assert needed["best"].iloc[-1] > needed["best"].iloc[0]
    assert (needed["low"] <= needed["best"]).all()
    assert (needed["best"] <= needed["high"]).all()
    assert result.verdicts["needed"].code == "not_within"
    row = result.tables["chances"].query("rule == 'ratio'").iloc[0]
    assert row["best_low"] <= row["best"] <= row["best_high"]
    assert row["fair"] == 1 / 8


def test_who_is_told_apart_within_the_period_is_found_within_it() -> None:
    pace = {csm: 0.4 * 1.5**n for n, csm in enumerate(ALIKE)}
    result = analysed({"awards": [GUIDE]}, **customers(pace, 120))
    verdict = result.verdicts["needed"]
    assert verdict.code == "within"
    assert verdict.fields["best"] >= 0.8
    before = result.tables["needed"].query("quarters < @verdict.fields['quarters']")
    assert (before["best"] < 0.8).all()


def test_steps_and_waits_count_within_the_period_only() -> None:
    """By hand: of three who wait for the kick-off, one takes it before the last quarter, one in it, one is still waiting."""
    # the first kick-off on record, of Z, is later than its contract, so that what Z did before is not known
    rows = {
        "Z": ("zed", "2025-12-01"), "A": ("ann", "2026-01-01"), "B": ("ann", "2026-06-21"), "C": ("bob", "2026-06-21"),
    }  # fmt: skip
    data = product_data(
        product(team=TEAM),
        accounts=[account(name, csm=csm) for name, (csm, _) in rows.items()],
        contracts=[contract(name, began) for name, (_, began) in rows.items()],
        milestones=[
            *(
                {"account_id": name, "step": "contract", "reached_at": began}
                for name, (_, began) in rows.items()
            ),
            {"account_id": "Z", "step": "kickoff", "reached_at": "2026-01-01"},
            {"account_id": "A", "step": "kickoff", "reached_at": "2026-01-31"},
            {"account_id": "B", "step": "kickoff", "reached_at": "2026-07-21"},
        ],
    )
    known = Indicators(data, Q3)
    conversion = Indicator(kind="conversion")
    counts = known.counts(conversion, 1).set_index("csm")
    # on day 30 of their waits two are at risk, B and C; A is not, whose wait ended before
    assert counts["expected"].to_dict() == pytest.approx({"ann": 0.5, "bob": 0.5})
    assert counts["events"].to_dict() == {"ann": 1, "bob": 0}
    assert counts["units"].to_dict() == {"ann": 1, "bob": 1}
    whole = known.counts(conversion).set_index("csm")
    assert whole["events"].to_dict() == {"ann": 2, "bob": 0}
    # on day 30 all three are at risk, and two of them take it
    assert whole["expected"].to_dict() == pytest.approx({"ann": 4 / 3, "bob": 2 / 3})


def test_without_a_period_the_numbers_are_those_of_the_page_on_the_team(result_of, of_product) -> None:
    known = Indicators(of_product("paper_to_web"), Q3)
    team = result_of("team", "paper_to_web", "2026Q3").tables
    ours = known.counts(Indicator(kind="conversion")).set_index("csm")
    theirs = team["conversions"].query("step == 'all'").set_index("csm")
    pd.testing.assert_series_equal(ours["expected"], theirs["expected"])
    assert ours["events"].to_dict() == theirs["reached"].to_dict()
    ours = known.counts(Indicator(kind="retention")).set_index("csm")
    theirs = team["retention"].set_index("csm")
    assert ours["expected"].to_numpy() == pytest.approx(theirs["expected_lost"].to_numpy())
    assert ours["events"].to_dict() == theirs["lost"].to_dict()


def test_who_left_the_team_gets_no_award() -> None:
    tables = customers(ALIKE | {"csm-04": 4.0}, 60)
    result = analysed({"awards": [GUIDE]}, **tables, staff=staff("csm-04", left_on="2026-08-01"))
    assert "csm-04" not in set(result.tables["members"]["csm"])
    later = analysed({"awards": [GUIDE]}, **tables, staff=staff("csm-04", left_on="2026-11-01"))
    assert "csm-04" in set(later.tables["members"]["csm"])
    joined = analysed({"awards": [GUIDE]}, **tables, staff=staff("csm-04", joined_on="2026-10-01"))
    assert "csm-04" not in set(joined.tables["members"]["csm"])


# --- what cannot be said


def lost(name: str, csm: str, on: str | None) -> tuple[dict[str, Any], dict[str, Any]]:
    return account(name, csm=csm), contract(name, "2024-01-01", on) | {"ended_how": "churned" if on else None}


def retained(last: dict[str, list[str | None]]) -> dict[str, list[dict[str, Any]]]:
    pairs = [lost(f"{csm}-{n}", csm, on) for csm, days in last.items() for n, on in enumerate(days)]
    return {"accounts": [a for a, _ in pairs], "contracts": [c for _, c in pairs]}


def test_where_nobody_was_lost_there_is_nothing_to_tell_members_by() -> None:
    result = analysed({"awards": [KEEPER]}, **retained({csm: [None] * 9 for csm in PEOPLE}))
    assert codes(result, "decided") == {"few_members"}
    assert "decided" not in result.tables


def test_too_few_losses_and_all_lost_are_said() -> None:
    days = {"ann": ["2026-05-05"], "bob": ["2026-06-06"], "cid": [None], "dee": [None] * 3}
    assert analysed({"awards": [KEEPER]}, **retained(days)).tables["decided"]["state"].to_list() == [
        "too_few"
    ]
    everybody = {csm: [f"2026-0{n + 1}-15" for n in range(6)] for csm in PEOPLE}
    assert analysed({"awards": [KEEPER]}, **retained(everybody)).tables["decided"]["state"].to_list() == [
        "by_luck"
    ]


@pytest.mark.parametrize(
    ("members", "answers"), [(1, set()), (2, {"members"}), (3, {"members", "decided", "luck"})]
)
def test_one_or_two_members_are_told_to_the_team_only(members: int, answers: set[str]) -> None:
    pace = dict(list(ALIKE.items())[:members])
    result = analysed({"awards": [GUIDE]}, **customers(pace, 40))
    asked = {"luck", "chances", "needed", "decided", "members"}
    assert answers <= set(result.tables)
    for about in asked - set(result.tables):
        assert codes(result, about) == {"few_members"}, about
    if members == 1:
        # all members win, and comparable customers are the member's own
        assert result.tables["members"]["standing"].to_list() == ["unclear"]


def test_as_many_winners_as_members_is_no_contest() -> None:
    pace = dict(list(ALIKE.items())[:4])
    result = analysed({"awards": [GUIDE | {"winners": 4}]}, **customers(pace, 40))
    assert result.tables["decided"]["state"].to_list() == ["all_win"]
    assert codes(result, "luck") == {"few_members"}
    assert result.tables["members"]["luck"].isna().all()


def test_no_section_no_awards_and_no_promotions_say_what_to_add() -> None:
    tables = customers(ALIKE, 10)
    result = analysed(None, **tables)
    assert not result.tables
    assert {note.code for note in result.notes} == {"no_team"}
    assert {note.about for note in result.notes} == set(recognition.DECLARES.questions)
    empty = analysed({}, **tables)
    assert codes(empty, "luck") == {"no_awards"}
    assert codes(empty, "criteria") == {"no_promotions"}


def test_missing_tables_are_named() -> None:
    result = analysed({"awards": [KEEPER]}, accounts=[account("A", csm="ann")])
    (note,) = result.about("decided")
    assert (note.code, note.fields) == ("missing_table", {"tables": ("contracts",)})
    both = analysed(
        {"awards": [GUIDE, KEEPER]}, **{k: v for k, v in customers(ALIKE, 20).items() if k != "contracts"}
    )
    assert both.tables.get("decided") is None or "not_known" in set(both.tables["decided"]["state"])
    nothing = analysed(
        {"awards": [GUIDE]}, accounts=[account("A")], contracts=[contract("A", "2026-01-01")], milestones=[]
    )
    assert codes(nothing, "luck") == {"nothing_recorded"}


def test_an_award_that_is_not_worked_out_is_named_beside_the_others() -> None:
    result = analysed({"awards": [GUIDE, KEEPER]}, **customers(ALIKE, 40))  # nobody was lost
    (note,) = (n for n in result.about("luck") if n.code == "awards_left_out")
    assert [name.en for name in note.fields["awards"]] == ["Keeper"]


# --- promotions


def rating(
    person: str, by: str, score: int, on: str = "2026-06-01", relation: str = "peer"
) -> dict[str, Any]:
    return {
        "person": person, "element": "listening", "rated_by": by, "relation": relation, "rated_on": on, "score": score,
    }  # fmt: skip


def training(person: str, completed_on: str | None, assigned_on: str = "2026-01-01") -> dict[str, Any]:
    return {"person": person, "training": "design", "assigned_on": assigned_on, "completed_on": completed_on}


def promoted(criteria: list[dict[str, Any]], months: int = 0, **tables: Any) -> pd.DataFrame:
    team = TEAM | {"promotions": [TO_SENIOR | {"criteria": criteria, "months": months}], "awards": []}
    return analysed(team, **tables).tables["promotions"].set_index(["person", "kind"])


LISTENING = {"element": "listening", "at_least": 3.5}


def test_ratings_by_others_within_a_year_decide_and_few_of_them_do_not() -> None:
    others = [f"r{n}" for n in range(8)]
    table = promoted(
        [LISTENING],
        staff=staff(*PEOPLE),
        competency_ratings=[
            *(rating("ann", by, 5) for by in others),
            # what one says of oneself, what is older than a year or later than the quarter, and what was changed since
            rating("ann", "ann", 1), rating("ann", "r0", 1, relation="self"), rating("ann", "r8", 1, "2025-09-30"),
            rating("ann", "r9", 1, "2026-10-01"), rating("ann", "r1", 1, "2026-02-01"),
            *(rating("bob", by, 2) for by in others), rating("cid", "r0", 5), rating("cid", "r1", 5),
        ],
    )  # fmt: skip
    assert table["state"].to_dict() == {
        ("ann", "element"): "met", ("bob", "element"): "not_met", ("cid", "element"): "cannot_be_told",
        ("dee", "element"): "not_known",
    }  # fmt: skip
    assert table.at[("ann", "element"), "value"] == 5


def test_the_interval_of_a_mean_score_is_student_s() -> None:
    row = rated(np.array([2.0, 3.0, 4.0, 3.0]), 3.5)
    half = 3.182446 * np.std([2, 3, 4, 3], ddof=1) / 2
    assert (row["low"], row["high"]) == pytest.approx((3 - half, 3 + half))
    assert row["state"] == "cannot_be_told"
    # three who agree on 4 may mean from 3.5 to 4.5
    alike = rated(np.array([4.0, 4.0, 4.0]), 3.5)
    assert alike["low"] == pytest.approx(4 - stats.t.ppf(0.975, 2) / 6)
    assert alike["state"] == "cannot_be_told"
    assert rated(np.array([4.0] * 6), 3.5)["state"] == "met"


def test_a_training_counts_once_it_is_completed() -> None:
    table = promoted(
        [{"training": "design"}],
        staff=staff(*PEOPLE),
        training_records=[
            training("ann", "2026-09-30"),
            training("bob", "2026-10-01"),
            training("cid", None),
        ],
    )
    assert table["state"].to_list() == ["met", "not_met", "not_met", "not_met"]
    later = promoted(
        [{"training": "design"}], staff=staff("ann"), training_records=[training("ann", None, "2026-10-01")]
    )
    assert later["state"].to_list() == ["not_known"]


def test_months_in_the_team_are_whole_ones() -> None:
    table = promoted(
        [{"training": "design"}],
        24,
        staff=[
            *staff("ann", joined_on="2024-10-01"), *staff("bob", joined_on="2024-10-02"),
            *staff("cid", joined_on=None), *staff("new", joined_on="2026-10-01"), *staff("old", left_on="2026-09-30"),
        ],
    ).xs("months", level="kind")  # fmt: skip
    assert table["value"].dropna().to_dict() == {"ann": 24, "bob": 23}
    assert table["state"].to_dict() == {"ann": "met", "bob": "not_met", "cid": "not_known"}


def test_an_indicator_is_met_where_its_whole_interval_is() -> None:
    assert held_against(0.9, 1.4, 0.9) == "met"
    assert held_against(0.5, 0.89, 0.9) == "not_met"
    assert held_against(0.8, 1.2, 0.9) == "cannot_be_told"
    tables = customers(dict.fromkeys(PEOPLE, 1.0) | {"ann": 4.0, "bob": 0.2}, 60)
    table = promoted([{"indicator": CONVERSION, "at_least": 1.0}], staff=staff(*PEOPLE, "eve"), **tables)
    states = table["state"].droplevel("kind")
    assert (states["ann"], states["bob"], states["eve"]) == ("met", "not_met", "not_known")


def test_one_criterion_that_is_not_met_decides_over_what_is_not_known() -> None:
    assert overall(["met", "not_known", "not_met"]) == "not_met"
    assert overall(["met", "not_known", "cannot_be_told"]) == "cannot_be_told"
    assert overall(["met", "not_known"]) == "not_known"
    assert overall(["met", "met"]) == "met"


def test_members_of_a_grade_are_counted_and_what_fewest_meet_is_said() -> None:
    team = TEAM | {
        "promotions": [TO_SENIOR | {"criteria": [{"training": "design"}, LISTENING]}],
        "awards": [],
    }
    result = analysed(
        team,
        staff=staff(*PEOPLE),
        training_records=[training(p, "2026-02-01") for p in ("ann", "bob", "cid")],
        competency_ratings=[rating("ann", f"r{n}", 5) for n in range(6)],
    )
    table = result.tables["criteria"].set_index("kind")
    assert table["met"].to_dict() == {"all": 1, "months": 4, "training": 3, "element": 1}
    assert table.loc["all", ["people", "not_met", "not_known"]].to_list() == [4, 1, 2]
    verdict = result.verdicts["criteria"]
    assert verdict.code == "missing"
    assert (verdict.fields["kind"], verdict.fields["met"], verdict.fields["meet"]) == ("element", 1, 1)
    metric = result.metrics["criteria_met"]
    assert (metric.value, metric.n) == (0.25, 4)


def test_leadership_reads_no_count_of_one_or_two_members() -> None:
    team = TEAM | {
        "promotions": [TO_SENIOR | {"criteria": [{"training": "design"}, LISTENING]}],
        "awards": [],
    }
    people = [f"p{n}" for n in range(7)]
    result = analysed(
        team,
        staff=staff(*people),
        training_records=[training(p, "2026-02-01" if n < 4 else None) for n, p in enumerate(people)],
        competency_ratings=[rating("p0", f"r{n}", 5) for n in range(6)],
    )
    hidden = for_leadership(result)
    table = hidden.tables["criteria"].set_index("kind")
    assert table.loc["training", ["met", "not_met"]].to_list() == [4, 3]
    assert np.isnan(table.loc["element", "met"])  # one of seven
    assert np.isnan(table.loc["element", "not_known"])  # six of seven would tell it
    assert hidden.verdicts["criteria"].code == "hidden"
    assert "criteria_met" not in hidden.metrics
    assert codes(hidden, "criteria") >= {"counts_hidden"}
    assert not result.tables["criteria"][["met", "not_known"]].isna().any(axis=None)


def test_no_count_of_a_grade_can_be_derived_from_the_sum_over_grades() -> None:
    """Of the juniors 4 of 8, of the others 1 of 7 meet all: the sum of 5 of 15 would tell of the one."""
    design = [{"training": "design"}]
    grades = [
        TO_SENIOR | {"id": "one", "months": 0, "criteria": design},
        TO_SENIOR
        | {"id": "two", "months": 0, "criteria": design, "from_grade": "senior", "to_grade": "lead"},
    ]
    juniors, seniors = [f"j{n}" for n in range(8)], [f"s{n}" for n in range(7)]
    done = [*juniors[:4], seniors[0]]
    result = analysed(
        TEAM | {"promotions": grades, "awards": []},
        staff=[*staff(*juniors), *staff(*seniors, grade="senior")],
        training_records=[training(p, "2026-02-01" if p in done else None) for p in (*juniors, *seniors)],
    )
    assert result.verdicts["criteria"].fields["meet"] == 5
    hidden = for_leadership(result)
    assert hidden.verdicts["criteria"].code == "hidden"
    assert "criteria_met" not in hidden.metrics


@pytest.mark.parametrize(("able", "shown"), [(1, None), (6, None), (3, 3), (0, 0), (7, 7)])
def test_leadership_reads_not_how_few_members_have_enough_customers(able: int, shown: int | None) -> None:
    names = ["promotion", "kind", "what", "at_least", "members", "needed", "customers", "able", "state"]
    row = ["to_senior", "conversion", "", 0.9, 7, 5.0, 9.0, able, "some"]
    result = replace(analysed(None), tables={"reach": pd.DataFrame([row], columns=names)})
    found = for_leadership(result).tables["reach"].iloc[0]["able"]
    assert (None if pd.isna(found) else found) == shown


@pytest.mark.parametrize(("rivals", "is_told"), [(1, False), (8, False), (5, True), (9, True)])
def test_leadership_reads_not_how_few_are_behind_the_winner_or_level_with_them(
    rivals: int, is_told: bool
) -> None:
    decided = pd.DataFrame({"award": ["guide"], "members": [10], "winners": [1], "rivals": [float(rivals)]})
    finding = Finding(
        "award_by_luck", "decided", "neither", "counted", 10, value=float(rivals),
        fields={"awards": (), "members": 10},
    )  # fmt: skip
    result = for_leadership(replace(analysed(None), tables={"decided": decided}, findings=(finding,)))
    assert result.tables["decided"]["rivals"].notna().all() == is_told
    assert bool(result.findings) == is_told


def test_everybody_who_meets_all_is_said() -> None:
    team = TEAM | {"promotions": [TO_SENIOR | {"criteria": [{"training": "design"}]}], "awards": []}
    result = analysed(
        team, staff=staff(*PEOPLE), training_records=[training(p, "2026-02-01") for p in PEOPLE]
    )
    assert result.verdicts["criteria"].code == "all_meet"


def test_grades_of_fewer_than_three_members_are_not_counted_and_empty_ones_are_said() -> None:
    senior = TO_SENIOR | {"id": "to_lead", "from_grade": "senior", "to_grade": "lead"}
    result = analysed(TEAM | {"promotions": [TO_SENIOR, senior]}, staff=staff("ann", "bob"))
    assert "criteria" not in result.tables
    assert {(n.code, n.fields.get("grades")) for n in result.about("criteria")} >= {
        ("few_people", ("associate",)), ("nobody_of_grade", ("senior",)),
    }  # fmt: skip
    assert set(result.tables["promotions"]["person"]) == {"ann", "bob"}
    assert "criteria_met" not in result.metrics


def test_no_staff_no_grades_and_nobody_there_are_told_apart() -> None:
    assert codes(analysed(), "criteria") == {"missing_table"}
    assert codes(analysed(staff=staff(*PEOPLE, grade=None)), "promotions") == {"no_grades"}
    assert codes(analysed(staff=staff("ann", joined_on="2026-12-01")), "criteria") == {"nobody_in_team"}
    some = analysed(
        accounts=[account("A", csm="bob")], staff=[*staff("ann"), *staff("bob", "lead", grade=None)]
    )
    (note,) = (n for n in some.about("promotions") if n.code == "grade_unknown")
    assert note.fields["people"] == 1  # the lead is in charge of nobody


def test_criteria_on_missing_tables_are_not_known() -> None:
    result = analysed(staff=staff(*PEOPLE))
    (note,) = (n for n in result.about("criteria") if n.code == "not_recorded")
    assert note.fields["tables"] == ("training_records", "competency_ratings")
    states = result.tables["promotions"].query("kind != 'months'")["state"]
    assert set(states) == {"not_known"}


def test_grades_are_those_of_today() -> None:
    data = product_data(product(team=TEAM), staff=staff(*PEOPLE))
    earlier = recognition.analyse(data, Quarter(2026, 1))
    assert "grades_today" in codes(earlier, "promotions") & codes(earlier, "criteria")
    assert "grades_today" not in codes(recognition.analyse(data, Q3), "promotions")


# --- whether a criterion can be met


def weights_of(spread: float, each: int = 4_000, members: int = 12) -> np.ndarray:
    """The posterior of the spread of a team whose true ratios lie evenly about 1."""
    ratios = 1 + spread * np.linspace(-1.6, 1.6, members)
    return spread_weights((each * ratios).astype(int)[None, :], np.full(members, float(each)))[0]


@pytest.mark.parametrize("more", [True, False])
def test_the_more_is_asked_the_more_customers_it_takes(more: bool) -> None:
    weights = weights_of(0.5)
    needed = [expected_needed(bound, weights, more_is_better=more) for bound in (0.8, 0.9, 1.0, 1.1)]
    assert needed == sorted(needed)
    assert needed[0] > 0
    assert expected_needed(1.2, weights, more_is_better=more) == float("inf")
    # where members hardly differ, a bound below 1 asks nothing
    assert expected_needed(0.5, weights_of(0.02), more_is_better=more) == 0


def test_so_many_expected_events_do_suffice_and_half_of_them_do_not() -> None:
    """By simulation: members who are truly 20 % better, and intervals from the mixture of Gammas drawn at random."""
    weights, bound, draw = weights_of(0.5), 1.0, random(8)
    needed = expected_needed(bound, weights, more_is_better=True)

    def power(due: float) -> float:
        spreads = draw.choice(SPREADS, 4_000, p=weights)
        met = 0
        for events in draw.poisson(1.2 * due, 200):
            ratios = draw.gamma(events + 1 / spreads**2, 1 / (due + 1 / spreads**2))
            met += bool(np.quantile(ratios, 0.025) >= bound)
        return met / 200

    assert power(needed) > 0.7
    assert power(needed / 2) < 0.7


def test_a_criterion_that_nobody_can_meet_is_found_and_enough_customers_are_counted() -> None:
    result = analysed(**customers(ALIKE, 20), staff=staff(*PEOPLE))
    row = result.tables["reach"].iloc[0]
    assert row["members"] == 8
    assert row["state"] in ("nobody", "by_default")
    strict = TO_SENIOR | {"criteria": [{"indicator": CONVERSION, "at_least": 1.3}]}
    never = analysed(TEAM | {"promotions": [strict]}, **customers(ALIKE, 20))
    assert never.tables["reach"]["state"].to_list() == ["never"]
    (finding,) = (f for f in never.findings if f.code == "out_of_reach")
    assert (finding.value, finding.fields["of"]) == (1, 1)
    assert codes(analysed(**customers(dict.fromkeys(PEOPLE[:2], 1.0), 20)), "reach") == {"few_members"}
    untold = TEAM | {"promotions": [TO_SENIOR | {"criteria": [{"training": "design"}]}]}
    assert codes(analysed(untold, **customers(ALIKE, 20)), "reach") == {"no_indicators"}


def test_tables_of_people_are_sorted_by_name_and_leadership_has_none_of_their_columns() -> None:
    result = analysed(**customers(ALIKE, 30), staff=staff(*sorted(ALIKE, reverse=True)))
    assert result.tables["members"].groupby("award")["csm"].agg(list).map(lambda x: x == sorted(x)).all()
    people = list(dict.fromkeys(result.tables["promotions"]["person"]))
    assert people == sorted(people)
    named = {name for name, table in result.tables.items() if {"csm", "person"} & set(table)}
    assert named == {"members", "members.counts", "promotions"}
    guarded = {name for name, q in recognition.DECLARES.questions.items() if q.about_people}
    assert {name.partition(".")[0] for name in named} == guarded


def test_rows_after_the_quarter_do_not_count() -> None:
    tables = customers(ALIKE, 30)
    data = product_data(product(team=TEAM), **tables, as_of=pd.Timestamp("2026-12-31").date())
    later = [
        {"account_id": row["account_id"], "step": "kickoff", "reached_at": "2026-11-15"}
        for row in tables["accounts"]
        if row["account_id"] not in {m["account_id"] for m in tables["milestones"] if m["step"] == "kickoff"}
    ]
    more = product_data(
        product(team=TEAM), **(tables | {"milestones": tables["milestones"] + later}), as_of=data.as_of
    )
    before, after = (recognition.analyse(one, Q3) for one in (data, more))
    pd.testing.assert_frame_equal(before.tables["members"], after.tables["members"])
    assert replace(before, notes=()).metrics == after.metrics


def test_the_sample_has_an_answer_for_each_question(result_of, sample_snapshot) -> None:
    for name in sample_snapshot.products:
        result = result_of("recognition", name, "2026Q3")
        for question in recognition.DECLARES.questions:
            assert question in result.tables or result.about(question), (name, question)
