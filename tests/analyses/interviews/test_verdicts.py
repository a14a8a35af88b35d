"""What the interviews' figures say holds of the numbers that they show, for the team and for leadership."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from builders import account, contract, product_data
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cs_helpers.analyses import interviews
from cs_helpers.analyses.interviews.key_words import filter_script
from cs_helpers.analyses.interviews.leadership import for_leadership
from cs_helpers.analyses.interviews.verdicts import BEHAVIOUR_TARGET, saturation, verdicts
from cs_helpers.charts.interviews import verdict_sentence
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import REASONS, VIEWPOINTS
from cs_helpers.editions.anonymity import MIN_COMPANIES
from cs_helpers.result import Metric, Result
from cs_helpers.statistics.proportions import wilson
from cs_helpers.text import Text

Q2 = Quarter(2026, 2)
TEXTS = {language: Text(language) for language in ("en", "ja")}
SPOKEN = ("paper mail", "printer queue", "paper queue", "封筒の印刷", "月末の残業", "封筒と残業")
patient = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def results(draw: st.DrawFn) -> Result:
    """An analysis of a few companies: any segments or none, customers or not, notes coded or not, said or guessed."""
    sizes = draw(st.lists(st.sampled_from(("small", "mid", "enterprise")), min_size=1, max_size=14))
    names = [f"A{n}" for n in range(len(sizes))]
    scores = st.sampled_from((None, 1, 5))
    accounts = [
        account(
            name,
            size,
            industry=draw(st.sampled_from((None, "a", "b"))),
            motivation=draw(scores),
            literacy=draw(scores),
        )
        for name, size in zip(names, sizes, strict=True)
    ]
    ends = st.sampled_from((None, None, "2026-06-15"))
    talked = [name for name in names if draw(st.booleans())] or names[:1]
    notes, codings = [], []
    for name in talked:
        for _ in range(draw(st.integers(1, 4))):
            note = f"N-{len(notes):03}"
            evidence = draw(st.sampled_from(("behaviour", "words", "inference")))
            notes.append(
                {
                    "note_id": note,
                    "interview_id": f"I-{name}",
                    "evidence": evidence,
                    "text": draw(st.sampled_from(SPOKEN)),
                }
            )
            if draw(st.booleans()):
                reason = draw(st.sampled_from((None, *REASONS[:2])))
                codings.append(
                    {
                        "note_id": note,
                        "coder": "a",
                        "viewpoint": draw(st.sampled_from(VIEWPOINTS)),
                        "code": draw(st.sampled_from((None, "x", "y", "z"))),
                        "reason": reason,
                        "reason_status": reason and draw(st.sampled_from((None, "supported", "refuted"))),
                    }
                )
    held = [{"interview_id": f"I-{name}", "account_id": name, "held_on": "2026-06-10"} for name in talked]
    result = interviews.analyse(
        product_data(
            accounts=accounts,
            contracts=[contract(name, "2025-01-01", draw(ends)) for name in names],
            interviews=held,
            notes=notes,
            codings=codings,
        ),
        Q2,
    )
    return for_leadership(result) if draw(st.booleans()) else result


def sentences(result: Result) -> dict[str, list[str]]:
    """The message of each question with a verdict, in both languages."""
    return {q: [verdict_sentence(result, q, text) for text in TEXTS.values()] for q in result.verdicts}


def numbers(sentence: str) -> set[float]:
    return {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*(?:\.\d+)?", sentence)}


def every_table_of_a_figure_has_a_verdict_and_both_languages_name_its_numbers(result: Result) -> None:
    drawn = {"coverage", "crossing", "reasons", "saturation", "key_words", "evidence"}
    shown = {q for q in drawn if len(result.tables.get(q, ()))}
    assert {q.partition(".")[0] for q in result.verdicts if not q.endswith(".rows")} == shown
    told = {n.about for n in result.notes}
    assert drawn - shown <= told  # what is not drawn has a note that says why
    for question, both in sentences(result).items():
        fields = result.verdicts[question].fields
        for text, sentence in zip(TEXTS.values(), both, strict=True):
            assert not re.search(r"nan|None|–\s|\{|\bhidden\b.*\d", sentence)
            for name, value in fields.items():
                if isinstance(value, float):
                    assert (text.number(value, 1) if name == "new" else text.share(value)) in sentence
                elif isinstance(value, int):
                    assert float(value) in numbers(sentence)


def coverage_names_the_cells_that_nobody_filled_or_the_thinnest_of_all_that_are_shown(
    result: Result,
) -> None:
    if "coverage" not in result.verdicts:
        return
    verdict, table = result.verdicts["coverage"], result.tables["coverage"]
    cells = table[table["dimension"] == "size"]
    named = cells[
        (cells["viewpoint"] == verdict.fields.get("viewpoint"))
        & (cells["segment"] == verdict.fields.get("segment"))
    ]
    if (cells["companies"] == 0).any():
        assert verdict.fields["empty"] == (cells["companies"] == 0).sum()
        assert named["companies"].tolist() == [0]
    elif cells["companies"].isna().any():
        assert not verdict.fields
    else:
        assert named["companies"].tolist() == [cells["companies"].min()] == [verdict.fields["companies"]]


def crossings_are_counted_only_where_all_numbers_of_customers_are_shown(result: Result) -> None:
    if "crossing" not in result.verdicts:
        return
    verdict, table = result.verdicts["crossing"], result.tables["crossing"]
    empty = ((table["companies"] == 0) & (table["customers"] > 0)).sum()
    assert (verdict.code in ("empty", "some_empty")) == bool(empty)
    assert verdict.fields.get("empty", 0) == empty
    if "cells" in verdict.fields:
        assert table["customers"].notna().all()
        assert verdict.fields["cells"] == (table["customers"] > 0).sum()


def the_most_common_reason_is_that_of_the_most_companies_and_of_those_that_were_asked(
    result: Result,
) -> None:
    if "reasons" not in result.verdicts:
        return
    verdict, table = result.verdicts["reasons"], result.tables["reasons"]
    whole = table[table["dimension"] == "all"].set_index("reason")
    if verdict.code in ("message", "tied"):
        most = whole.loc[list(verdict.fields["reasons"])]
        assert (most["given"] == verdict.fields["companies"]).all()
        assert (most["of"] == verdict.fields["of"]).all()
        assert (whole["given"].dropna() <= verdict.fields["companies"]).all()
        assert (verdict.code == "tied") == (len(most) > 1)
        if result.about("coverage") and any(n.code == "for_leadership" for n in result.notes):
            assert verdict.fields["companies"] >= MIN_COMPANIES
    else:
        assert (whole["given"].fillna(0) == 0).all()
        assert (verdict.code == "hidden") == whole["given"].isna().any()


def the_first_key_word_is_a_sure_one_where_there_is_any(result: Result) -> None:
    for question, verdict in result.verdicts.items():
        name, _, script = question.partition(".")
        if name != "key_words":
            continue
        table = filter_script(result.tables["key_words"], script)
        table = table[table["dimension"] == verdict.fields["dimension"]]
        row = table[
            (table["written"] == verdict.fields["word"]) & (table["segment"] == verdict.fields["segment"])
        ]
        assert row["companies"].tolist() == [verdict.fields["companies"]]
        assert verdict.fields.get("n", 0) == table["sure"].sum()
        assert row["sure"].tolist() == [verdict.code == "sure"]


@patient
@given(results())
def test_what_is_said_of_each_figure_holds_of_its_table(result: Result) -> None:
    """All checks on each example: an analysis takes longer than all checks together."""
    every_table_of_a_figure_has_a_verdict_and_both_languages_name_its_numbers(result)
    coverage_names_the_cells_that_nobody_filled_or_the_thinnest_of_all_that_are_shown(result)
    crossings_are_counted_only_where_all_numbers_of_customers_are_shown(result)
    the_most_common_reason_is_that_of_the_most_companies_and_of_those_that_were_asked(result)
    the_first_key_word_is_a_sure_one_where_there_is_any(result)


@patient
@given(st.integers(0, 400), st.integers(0, 400))
def test_the_share_of_behaviour_is_held_against_its_target_by_its_interval(
    behaviour: int, words: int
) -> None:
    seen = behaviour + words
    low, high = wilson(behaviour, seen) if seen else (None, None)
    share = Metric("behaviour_share", behaviour / seen if seen else None, "share", seen, low, high)
    verdict = verdicts({}, {"behaviour_share": share})["evidence"]
    holds = bool(seen) and low <= BEHAVIOUR_TARGET <= high
    assert (verdict.code in ("unsure", "near")) == holds or verdict.code == "near"
    assert (verdict.code == "unknown") == (not seen)
    assert verdict.code != "below" or behaviour / seen < BEHAVIOUR_TARGET
    assert verdict.code != "above" or behaviour / seen > BEHAVIOUR_TARGET


@patient
@given(
    st.integers(1, 40), st.integers(0, 60), st.integers(0, 200).map(lambda n: n / 200),
    st.integers(0, 200).map(lambda n: n / 200), st.sampled_from(("", "4+2", "9+2")),
)  # fmt: skip
def test_what_is_said_of_saturation_holds_of_the_curve(
    companies: int, themes: int, reached: float, new: float, saturated: str
) -> None:
    curve = pd.DataFrame(
        {
            "segment": "all",
            "companies": [companies],
            "themes": [float(themes)],
            "new": [new],
            "saturated": [saturated],
            "reached": [reached],
        }
    )
    verdict = saturation(curve)
    for text in TEXTS.values():
        result = Result(
            "interviews", "x", Q2, Q2.start, Q2.end, companies, {}, {}, verdicts={"saturation": verdict}
        )
        sentence = verdict_sentence(result, "saturation", text)
        assert not re.search(r"\b0\.0\b", sentence)  # "still added 0.0" is no reason to go on
    assert (verdict.code == "none") == (not themes)
    if verdict.code == "reached":
        assert saturated
        assert reached >= 0.8
    if verdict.code == "unsure":
        assert reached < 0.8
    if verdict.code == "as_held":
        assert not saturated


def test_a_word_that_leans_more_but_is_not_sure_does_not_stand_for_the_sure_ones() -> None:
    table = pd.DataFrame({
        "dimension": "size", "segment": ["small", "mid"], "script": "latin", "written": ["loud", "sure"],
        "companies": [9, 8], "of": [10, 10], "z": [4.0, 3.0], "sure": [False, True],
    })  # fmt: skip
    assert verdicts({"key_words": table}, {})["key_words.latin"].fields["word"] == "sure"


def test_a_reason_is_of_the_companies_whose_notes_were_read() -> None:
    companies = [f"A{n}" for n in range(6)]
    result = interviews.analyse(
        product_data(
            accounts=[account(name) for name in companies],
            contracts=[contract(name, "2025-01-01") for name in companies],
            interviews=[
                {"interview_id": name, "account_id": name, "held_on": "2026-06-10"} for name in companies
            ],
            notes=[
                {"note_id": name, "interview_id": name, "evidence": "words", "text": "x"}
                for name in companies
            ],
            codings=[
                {"note_id": name, "coder": "a", "viewpoint": "problem", "reason": "timing"}
                for name in companies[:4]
            ],
        ),
        Q2,
    )
    assert result.n == 6
    assert verdict_sentence(result, "reasons", TEXTS["en"]).endswith("(4 of 4 companies)")


@pytest.mark.parametrize("language", TEXTS)
def test_leadership_reads_no_number_of_crossings_that_hidden_customers_are_counted_in(language: str) -> None:
    table = pd.DataFrame({"companies": [np.nan, 0], "customers": [np.nan, 4]})
    verdict = verdicts({"crossing": table}, {})["crossing"]
    result = Result("interviews", "x", Q2, Q2.start, Q2.end, 3, {}, {}, verdicts={"crossing": verdict})
    assert numbers(verdict_sentence(result, "crossing", TEXTS[language])) == {1}
