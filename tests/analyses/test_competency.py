"""Competency: hand-computed profiles, plans and scores; what is planted in the sample is found, and nothing where nothing is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest
from builders import product, product_data, words

from cs_helpers.analyses import competency
from cs_helpers.analyses.competency.leadership import for_leadership
from cs_helpers.analyses.competency.profile import profile_table
from cs_helpers.analyses.competency.ratings import Ratings
from cs_helpers.charts import competency as charts
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.team import Team
from cs_helpers.result import Result
from cs_helpers.sample import named_stream
from cs_helpers.sample.competency import ratings_table
from cs_helpers.sample.staff import staff_table
from cs_helpers.sample.truths import COMPETENCY
from cs_helpers.snapshot import ProductData
from cs_helpers.tables import competency as tables
from cs_helpers.text import Text
from cs_helpers.text.competency_words import verdict_sentence

Q3 = Quarter(2026, 3)
ABOUT_PEOPLE = {"raters", "severity", "candidates", "candidate_elements"}


def team(
    elements: Mapping[str, float] = {"listens": 2, "plans": 1, "knows": 1},
    questions: Mapping[str, tuple[Iterable[str], float]] | None = None,
) -> Team:
    """A team with elements and their weights, and questions with their elements and minutes."""
    asked = {"why": (["listens"], 10), "late": (["plans", "knows"], 6)} if questions is None else questions
    return Team.model_validate(
        {
            "agreed_on": "2026-04-01",
            "elements": [{"id": e, "name": words(e), "weight": w} for e, w in elements.items()],
            "questions": [
                {"id": q, "asks": words(q), "elements": list(of), "minutes": minutes}
                for q, (of, minutes) in asked.items()
            ],
        }
    )


def data_of(of: Team | None = None, **given: Any) -> ProductData:
    return product_data(product().model_copy(update={"team": of or team()}), **given)


def staff(high: Iterable[str], others: Iterable[str], unknown: Iterable[str] = ()) -> list[dict[str, Any]]:
    groups = ((high, True), (others, False), (unknown, None))
    return [{"person": p, "high_performer": flag} for people, flag in groups for p in people]


def rating(
    person: str, score: int, by: str = "lead", element: str = "listens", on: str = "2026-09-01"
) -> Any:
    relation = "self" if by == person else "peer"
    return {
        "person": person, "element": element, "rated_by": by, "relation": relation, "rated_on": on, "score": score,
    }  # fmt: skip


def answer(candidate: str, question: str, interviewer: str, score: int, keep: str = "2027-03-31") -> Any:
    return {
        "candidate": candidate, "question": question, "interviewer": interviewer,
        "interviewed_on": "2026-08-03", "score": score, "keep_until": keep,
    }  # fmt: skip


def analysed(of: Team | None = None, **given: Any) -> Result:
    return competency.analyse(data_of(of, **given), Q3)


def row(result: Result, table: str, key: str) -> pd.Series:
    found = result.tables[table]
    return found.set_index(found.columns[0]).loc[key]


def codes(result: Result, about: str) -> set[str]:
    return {note.code for note in result.about(about)}


# ratings


def test_a_person_counts_once_with_the_mean_of_the_latest_ratings_by_others() -> None:
    result = analysed(
        staff=staff(["a", "b", "c"], ["x", "y", "z"]),
        competency_ratings=[
            rating("a", 1, "lead", on="2026-03-01"),  # replaced in September
            rating("a", 5, "lead"),
            rating("a", 4, "peer"),
            rating("a", 1, "a"),  # by themselves: kept apart
            rating("b", 4), rating("c", 5),
            rating("x", 2), rating("y", 3), rating("z", 2),
            rating("x", 5, on="2026-10-01"),  # after the quarter
            rating("y", 5, "late", on="2025-09-30"),  # more than 12 months ago
        ],
    )  # fmt: skip
    found = row(result, "profile", "listens")
    assert (found["n_high"], found["n_others"]) == (3, 3)
    assert found["high"] == pytest.approx((4.5 + 4 + 5) / 3)
    assert found["others"] == pytest.approx(7 / 3)
    # only this split of the six and its mirror image differ as much: 2 of 20; one element was compared
    assert found["p"] == pytest.approx(2 / 20)
    assert found["verdict"] == "cannot_be_told_apart"
    assert result.n == result.metrics["rated"].value == 6


def test_elements_are_corrected_for_their_number_and_an_unrated_one_is_too_few() -> None:
    high, others = list("abcd"), list("stuvwxyz")
    rows = [rating(p, 5 - n % 2, element="listens") for n, p in enumerate(high)]
    rows += [rating(p, 2 + n % 2, element="listens") for n, p in enumerate(others)]
    rows += [rating(p, 3 + n % 2, element="plans") for n, p in enumerate(high + others)]
    result = analysed(staff=staff(high, others), competency_ratings=rows)
    # the most extreme of 495 splits, times the two elements that were compared
    assert row(result, "profile", "listens")["p"] == pytest.approx(2 / 495)
    assert result.tables["profile"]["verdict"].tolist() == [
        "distinguishes",
        "cannot_be_told_apart",
        "too_few",
    ]
    assert result.verdicts["profile"].code == "distinguishes"
    assert result.verdicts["profile"].fields["elements"] == ("listens",)
    assert [f.code for f in result.findings if f.about == "profile"] == ["distinguishes"]
    assert result.metrics["apart"].value == 1


def test_high_performers_who_are_rated_lower_are_said_to_be() -> None:
    high, others = list("abcd"), list("stuvwxyz")
    rows = [rating(p, 1 + n % 2) for n, p in enumerate(high)]
    rows += [rating(p, 4 + n % 2) for n, p in enumerate(others)]
    result = analysed(staff=staff(high, others), competency_ratings=rows)
    assert result.verdicts["profile"].code == "other_way"


def test_where_all_of_each_group_are_rated_the_same_the_exact_test_decides_alone() -> None:
    high, others = list("abcd"), list("stuvwxyz")
    rows = [rating(p, 5) for p in high] + [rating(p, 2) for p in others]
    result = analysed(staff=staff(high, others), competency_ratings=rows)
    found = row(result, "profile", "listens")
    assert np.isnan(found["low"])
    assert found["verdict"] == "distinguishes"
    assert said_everything(result)


@pytest.mark.parametrize(
    ("high", "others"),
    [(["a", "b"], list("wxyz")), ([], list("wxyz")), (list("abc"), ["z"]), (["a"], []), (["a"], ["z"])],
)
def test_nothing_is_compared_with_fewer_than_three_in_a_group(high: list[str], others: list[str]) -> None:
    result = analysed(staff=staff(high, others), competency_ratings=[rating(p, 3) for p in high + others])
    assert result.verdicts["profile"].code == "too_few"
    assert result.tables["profile"][["high", "others", "difference", "p"]].isna().all(axis=None)
    assert said_everything(result)
    hidden = for_leadership(result).tables["profile"]
    assert not hidden[["n_high", "n_others"]].isin([1, 2]).any(axis=None)
    assert said_everything(for_leadership(result))


def test_everybody_with_the_same_score_is_not_told_apart_and_the_rater_is_named_as_telling_nobody_apart() -> (
    None
):
    high, others = list("abcd"), list("vwxyz")
    rows = [rating(p, 3, by) for p in high + others for by in ("lead", "peer")]
    result = analysed(staff=staff(high, others), competency_ratings=rows)
    assert result.verdicts["profile"].code == "nothing_varies"
    assert result.verdicts["rater_agreement"].code == "same"
    assert [n.fields["raters"] for n in result.about("rater_agreement") if n.code == "flat_raters"] == [2]
    assert result.tables["raters"]["alike"].all()
    assert said_everything(result)


def test_what_is_unknown_or_from_outside_is_said() -> None:
    result = analysed(
        staff=[
            *staff(list("abc"), list("xyz"), ["lead"]),
            {"person": "gone", "high_performer": True, "left_on": "2026-08-31"},
        ],
        competency_ratings=[
            *(rating(p, 3) for p in "abcxyz"), rating("lead", 4, "boss"), rating("gone", 5),
            rating("a", 3, element="sings"),
        ],
    )  # fmt: skip
    notes = {note.code: note.fields for note in result.about("profile")}
    assert {"unknown_high", "not_in_staff"}.isdisjoint(codes(for_leadership(result), "profile"))
    assert notes["unknown_high"] == {"people": 1}
    assert notes["not_in_staff"] == {"people": 1}
    assert notes["undeclared_elements"] == {"names": ("sings",)}
    assert {"one_rater_high", "one_rater_others", "raters_know"} <= notes.keys()
    assert row(result, "profile", "listens")["n_high"] == 3


def test_who_is_a_high_performer_is_as_of_today_and_said_for_earlier_quarters() -> None:
    people = staff(list("abc"), list("xyz"))
    data = data_of(staff=people, competency_ratings=[rating(p, 3, on="2026-03-01") for p in "abcxyz"])
    assert "high_today" in codes(competency.analyse(data, Quarter(2026, 1)), "profile")
    assert "high_today" not in codes(competency.analyse(data, Q3), "profile")


def test_people_who_rate_themselves_higher_are_found_as_a_group() -> None:
    people = list("abcdef")
    own = [5, 4, 5, 4, 4, 5]
    rows = [rating(p, s, p) for p, s in zip(people, own, strict=True)]
    rows += [rating(p, 3) for p in people]
    result = analysed(staff=staff(people[:3], people[3:]), competency_ratings=rows)
    found = row(result, "self_ratings", "listens")
    assert (found["people"], found["self_mean"], found["others_mean"]) == (6, 4.5, 3)
    assert found["difference"] == 1.5
    assert result.verdicts["self_ratings"].code == "over"


def test_the_reliability_of_a_mean_follows_from_alpha_and_the_number_of_raters() -> None:
    people = list("abcdef")
    rows = [rating(p, n % 5 + 1, "lead") for n, p in enumerate(people)]
    rows += [rating(p, min(n % 5 + 2, 5), "peer") for n, p in enumerate(people)]
    found = row(
        analysed(staff=staff(people[:3], people[3:]), competency_ratings=rows), "rater_agreement", "listens"
    )
    assert found["reliability"] == pytest.approx(2 * found["alpha"] / (1 + found["alpha"]))
    assert (found["people"], found["ratings"]) == (6, 12)


# the plan


def test_the_minutes_of_a_question_are_split_equally_and_held_against_the_weights() -> None:
    result = analysed(
        team(
            {"listens": 2, "plans": 1, "knows": 1, "sings": 0, "waits": 0},
            {"why": (["listens"], 10), "late": (["listens", "plans"], 6), "song": (["sings"], 4)},
        )
    )
    plan = result.tables["plan"].set_index("element")
    assert plan["minutes"].to_dict() == {"listens": 13, "plans": 3, "knows": 0, "sings": 4, "waits": 0}
    assert plan["recommended"].to_dict() == {"listens": 10, "plans": 5, "knows": 5, "sings": 0, "waits": 0}
    assert plan["state"].to_dict() == {
        "listens": "covered", "plans": "one_question", "knows": "uncovered", "sings": "no_weight", "waits": "not_asked",
    }  # fmt: skip
    assert result.verdicts["plan"].code == "uncovered"
    assert result.verdicts["plan"].fields["elements"] == ("knows",)
    assert result.verdicts["plan"].fields["share"] == 0.25
    assert result.metrics["covered"].value == 0.75
    assert [n.fields for n in result.about("plan_questions")] == [{"interview_questions": ("song",)}]
    assert [f.code for f in result.findings] == ["uncovered"]
    assert said_everything(result)


def test_elements_that_rest_on_one_question_are_thin() -> None:
    verdict = analysed().verdicts["plan"]
    assert (verdict.code, verdict.fields["thin"], verdict.fields["of"]) == ("thin", 3, 3)
    twice = {
        "why": (["listens", "plans"], 10),
        "late": (["listens", "plans", "knows"], 6),
        "x": (["knows"], 1),
    }
    assert analysed(team(questions=twice)).verdicts["plan"].code == "covered"


def test_without_any_weight_the_plan_has_no_share() -> None:
    result = analysed(
        team({"listens": 0}, {"why": (["listens"], 10)}), candidate_scores=[answer("C-1", "why", "i", 3)]
    )
    assert "covered" not in result.metrics
    assert result.verdicts["plan"].code == "no_weights"
    assert result.tables["candidates"]["score"].isna().all()
    assert said_everything(result)


# interviewers


def test_a_milder_interviewer_is_held_against_the_others_on_the_same_answers() -> None:
    rows = [
        answer(f"C-{n}", "why", who, s) for n in range(6) for who, s in (("i", 2 + n % 2), ("j", 2), ("k", 4))
    ]
    rows.append(answer("C-9", "why", "i", 5))  # scored by nobody else
    found = analysed(candidate_scores=rows).tables["severity"].set_index("interviewer")
    assert found["candidates_scored"].to_dict() == {"i": 6, "j": 6, "k": 6}
    # of k: 4 less the mean of 2 or 3 and 2, three times each
    assert found.loc["k", "difference"] == pytest.approx((2 + 1.5) / 2)
    assert found["verdict"].to_dict() == {"i": "alike", "j": "stricter", "k": "milder"}


def test_a_question_scored_at_random_is_named_and_one_scored_alike_is_not() -> None:
    draw = np.random.default_rng(5)
    rows = [
        answer(f"C-{n}", question, who, score)
        for n in range(10)
        for who in "ijk"
        for question, score in (("why", n % 5 + 1), ("late", int(draw.integers(1, 6))))
    ]
    result = analysed(candidate_scores=rows)
    assert row(result, "agreement", "why")["verdict"] == "agree"
    assert row(result, "agreement", "late")["verdict"] == "disagree"
    assert result.verdicts["agreement"].fields["named"] == ("late",)
    assert [f.fields for f in result.findings if f.code == "calibrate"] == [{"interview_question": "late"}]


def test_agreement_does_not_depend_on_names_so_that_leadership_reads_the_same_numbers() -> None:
    draw = np.random.default_rng(6)
    scores = {(n, who): int(draw.integers(1, 6)) for n in range(8) for who in "ij"}
    renamed = dict(zip(range(8), draw.permutation(8), strict=True))
    found = [
        analysed(candidate_scores=[answer(f"C-{name(n)}", "why", who, s) for (n, who), s in scores.items()])
        for name in (int, renamed.get)
    ]
    first, second = (r.tables["agreement"][["alpha", "low", "high_end"]] for r in found)
    pd.testing.assert_frame_equal(first, second)


def test_leadership_reads_no_agreement_of_two_interviewers() -> None:
    rows = [answer(f"C-{n}", "why", who, n % 5 + 1) for n in range(6) for who in "ij"]
    result = analysed(candidate_scores=rows)
    assert "agreement" in result.tables
    hidden = for_leadership(result)
    assert "agreement" not in hidden.tables | hidden.verdicts | hidden.metrics
    assert "interview_agreement" not in hidden.metrics
    assert codes(hidden, "agreement") == {"few_interviewers"}
    three = for_leadership(analysed(candidate_scores=[*rows, answer("C-1", "why", "k", 3)]))
    assert "agreement" in three.tables


# candidates


def test_the_weighted_score_of_a_candidate_is_that_of_the_elements_asked() -> None:
    rows = [
        answer("C-2", "why", "i", 4), answer("C-2", "why", "j", 5), answer("C-2", "late", "i", 2), answer("C-2", "late", "j", 3),
        answer("C-1", "why", "i", 3), answer("C-1", "why", "j", 3),
    ]  # fmt: skip
    result = analysed(candidate_scores=rows)
    found = result.tables["candidates"].set_index("candidate")
    assert list(found.index) == ["C-1", "C-2"]  # by key and never by score
    # listens 2 of 4, plans and knows 1 of 4 each
    assert found.loc["C-2", "score"] == pytest.approx((2 * 4.5 + 2.5 + 2.5) / 4)
    # only listens was asked
    assert found.loc["C-1", "score"] == 3
    assert (found.loc["C-1", "asked"], found.loc["C-1", "missing"]) == (1, ("late",))
    assert found.loc["C-2", "interviewers"] == ("i", "j")
    assert (found["low"] >= 1).all()
    assert (found["high_end"] <= 5).all()
    assert result.verdicts["candidates"].code == "alike"
    assert result.metrics["kept"].value == 2


def test_each_question_that_cannot_be_answered_says_why() -> None:
    questions = set(competency.DECLARES.questions)
    nothing = competency.analyse(product_data(), Q3)
    assert {note.about for note in nothing.notes} == questions
    assert {note.code for note in nothing.notes} == {"no_team"}
    no_elements = analysed(team({}, {}))
    assert {note.code for note in no_elements.notes} == {"no_elements"}
    without = analysed(team(questions={}))
    assert codes(without, "plan") == {"no_questions"}
    assert codes(without, "profile") == codes(analysed(), "candidates") == {"missing_table"}
    empty = analysed(staff=[], competency_ratings=[], candidate_scores=[])
    assert codes(empty, "profile") == {"no_ratings"}
    assert codes(empty, "agreement") == {"no_candidates"}
    only_self = analysed(staff=staff(["a"], []), competency_ratings=[rating("a", 3, "a")])
    assert codes(only_self, "profile") == {"no_ratings"}
    unknown = analysed(staff=staff([], [], ["a", "b"]), competency_ratings=[rating("a", 3)])
    assert "none_known" in codes(unknown, "profile")
    assert "no_self" in codes(unknown, "self_ratings")
    one_each = analysed(candidate_scores=[answer("C-1", "why", "i", 3), answer("C-2", "why", "j", 3)])
    assert codes(one_each, "severity") == {"no_two_scores"}
    for result in (nothing, no_elements, without, empty, only_self, unknown, one_each):
        assert {n.about for n in result.notes} | set(result.tables) == questions
        assert said_everything(result)


def test_questions_about_people_are_declared_as_such(result_of) -> None:
    assert competency.DECLARES.guarded() == ABOUT_PEOPLE
    candidates = {name for name, q in competency.DECLARES.questions.items() if q.about_candidates}
    assert candidates == {"candidates", "candidate_elements"}
    people = {c for c, kind in competency.DECLARES.discloses.items() if kind in ("person", "candidate")}
    result = result_of("competency", COMPETENCY.product, "2026Q3")
    for name, table in result.tables.items():
        assert bool(people & set(table)) <= (name in ABOUT_PEOPLE)


def said_everything(result: Result) -> bool:
    """Whether each table, figure and verdict of a result can be written in both languages."""
    for language in ("en", "ja"):
        text = Text(language)
        for question, declared in competency.DECLARES.questions.items():
            if question in result.tables:
                assert getattr(tables, question)(result, text).as_html()
                if declared.figure:
                    assert getattr(charts, question)(result, text).png
            if question in result.verdicts:
                verdict = result.verdicts[question]
                sentence = verdict_sentence(question, verdict.code, verdict.fields, text)
                assert "nan" not in sentence
    return True


# the sample


def sample_data(seed: int, *products: str) -> list[ProductData]:
    """Ratings as in the sample, drawn with a seed, of each product."""
    ratings, people = ratings_table(named_stream(seed, "competency_ratings")), staff_table()
    elements = dict.fromkeys(ratings["element"].unique(), 1.0)
    return [
        data_of(
            team(elements, {}),
            staff=people[people["product"] == name],
            competency_ratings=ratings[ratings["product"] == name],
        )
        for name in products
    ]


def profile_of(data: ProductData) -> pd.Series:
    """The verdict on each element."""
    of = data.product.team
    return profile_table(of, Ratings.at(data, of, Q3.end)).set_index("element")["verdict"]


def test_the_planted_competency_is_found_and_the_others_are_not(result_of) -> None:
    result = result_of("competency", COMPETENCY.product, "2026Q3")
    found = row(result, "profile", COMPETENCY.distinguishes)
    assert found["verdict"] == "distinguishes"
    assert found["low"] <= COMPETENCY.points <= found["high_end"]
    null = row(result, "profile", COMPETENCY.null)
    assert null["verdict"] == "cannot_be_told_apart"
    assert abs(null["difference"]) > 0.2  # what is observed varies
    assert result.verdicts["profile"].fields["elements"] == (COMPETENCY.distinguishes,)
    assert result.verdicts["self_ratings"].fields["elements"] == (COMPETENCY.overrated,)


def test_where_no_competency_is_planted_none_is_found(result_of) -> None:
    for name in ("helpdesk", "expense_desk"):
        result = result_of("competency", name, "2026Q3")
        assert result.verdicts["profile"].code == "nothing_apart"
        assert result.verdicts["self_ratings"].code == "alike"


def test_the_question_scored_at_random_and_the_milder_interviewer_are_found(result_of) -> None:
    result = result_of("competency", COMPETENCY.product, "2026Q3")
    assert result.verdicts["agreement"].fields["named"] == (COMPETENCY.unclear_question,)
    assert result.verdicts["severity"].code == "alike"
    name, interviewer = COMPETENCY.milder
    milder = row(result_of("competency", name, "2026Q3"), "severity", interviewer)
    assert milder["verdict"] == "milder"
    assert milder["low"] <= COMPETENCY.milder_by <= milder["high_end"]
    helpdesk = result_of("competency", "helpdesk", "2026Q3")
    assert helpdesk.verdicts["severity"].code == "alike"
    assert helpdesk.verdicts["agreement"].fields["named"] == ()


def test_candidates_of_the_sample_stand_by_key_with_what_they_were_not_asked(result_of) -> None:
    result = result_of("competency", COMPETENCY.product, "2026Q3")
    table = result.tables["candidates"]
    assert table["candidate"].is_monotonic_increasing
    [(candidate, question)] = COMPETENCY.not_asked
    assert table.set_index("candidate").loc[candidate, "missing"] == (question,)
    for one in table.itertuples():
        overlapping = (table["low"] <= one.high_end) & (table["high_end"] >= one.low)
        assert not set(one.apart_from) & set(table.loc[overlapping, "candidate"])


def test_an_earlier_quarter_knows_nothing_of_later_rows(result_of) -> None:
    early = result_of("competency", COMPETENCY.product, "2026Q1")
    assert "no_candidates" in codes(early, "candidates")
    assert result_of("competency", COMPETENCY.product, "2025Q4").n == 0


def test_over_60_samples_false_competencies_are_rare_and_the_planted_one_is_mostly_found() -> None:
    false, found, runs = 0, 0, 60
    for seed in range(runs):
        planted, null = map(profile_of, sample_data(seed, COMPETENCY.product, "helpdesk"))
        found += planted.pop(COMPETENCY.distinguishes) == "distinguishes"
        false += sum((verdicts != "cannot_be_told_apart").any() for verdicts in (planted, null))
    assert false / (2 * runs) <= 0.05
    assert found / runs >= 0.6


def test_the_profile_is_that_of_the_product_file_alone() -> None:
    data = data_of(staff=staff(list("abc"), list("xyz")), competency_ratings=[rating(p, 3) for p in "abcxyz"])
    ratings = Ratings.at(data, data.product.team, Q3.end)
    assert list(profile_table(data.product.team, ratings)["element"]) == ["listens", "plans", "knows"]
