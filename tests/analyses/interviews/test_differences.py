"""Codes that companies of one size mention and no others."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from interview_notes import analyse_notes, note
from scipy.stats import fisher_exact

from cs_helpers.analyses.interviews import differences
from cs_helpers.result import Result
from cs_helpers.sample import truths


def test_a_code_that_one_size_alone_tells_is_a_fact_of_it() -> None:
    notes_given = [note(f"s{n}", code="left") for n in range(6)] + [note("s9"), note("s0", code="left")]
    fact = analyse_notes(*notes_given, *[note(f"m{n}") for n in range(8)]).tables["segment_facts"].iloc[0]
    assert (fact["code"], fact["size"]) == ("left", "small")
    assert (fact["companies"], fact["of"], fact["other_of"]) == (6, 7, 8)
    assert fact["p"] == pytest.approx(fisher_exact([[6, 1], [0, 8]]).pvalue)


def test_a_code_that_another_size_tells_too_is_no_fact_of_one() -> None:
    notes_given = [note(f"s{n}", code="left") for n in range(6)] + [note(f"m{n}") for n in range(8)]
    assert analyse_notes(*notes_given, note("m1", code="left")).tables["segment_facts"].empty


def test_a_code_that_few_companies_tell_is_no_fact_however_often_they_do() -> None:
    notes_given = [note(f"s{n % 4}", code="left") for n in range(20)] + [note(f"m{n}") for n in range(30)]
    assert analyse_notes(*notes_given).tables["segment_facts"].empty


def test_a_code_of_one_size_where_hardly_any_other_was_asked_is_no_fact() -> None:
    # 6 of 6 against 0 of 1: one in seven such draws is as extreme
    notes_given = [note(f"s{n}", code="left") for n in range(6)]
    assert analyse_notes(*notes_given, note("m1")).tables["segment_facts"].empty


def test_what_small_companies_alone_tell_is_found(result_of: Callable[..., Result]) -> None:
    facts = result_of("interviews", "paper_to_web", "2026Q3").tables["segment_facts"]
    fact = facts.set_index("code").loc[[truths.SMALL_ONLY]].iloc[0]
    assert fact["size"] == "small"
    assert fact["companies"] <= truths.SMALL_ONLY_COMPANIES
    assert fact["companies"] >= differences.MIN_COMPANIES


def test_nothing_but_what_was_planted_is_told_by_one_size_alone(result_of: Callable[..., Result]) -> None:
    facts = result_of("interviews", "paper_to_web", "2026Q3").tables["segment_facts"]
    assert set(facts["code"]) <= {truths.SMALL_ONLY, truths.SECOND_DEPARTMENT_WAITS}
    assert set(facts["size"]) == {"small"}


@pytest.mark.parametrize("name", ["helpdesk", "expense_desk"])
def test_no_other_product_has_a_fact_of_one_size(result_of: Callable[..., Result], name: str) -> None:
    assert result_of("interviews", name, "2026Q3").tables["segment_facts"].empty
