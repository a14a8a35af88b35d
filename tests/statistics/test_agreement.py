"""Agreement of coders: Krippendorff's and Cohen's published examples, and what two roles make of a few notes."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from builders import random
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.inter_rater import cohens_kappa

from cs_helpers.analyses.interviews.coders import agreement, codes_by_role, disputed_notes, pairwise_kappa
from cs_helpers.statistics.agreement import alpha, alpha_interval, kappa

#: Krippendorff 2011: four coders, twelve units; a dot is no reading
FOUR = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")
BINARY = ("0100000010", "1110010000")
TWO = ("aabbdcccedda", "babbbccceddd")


def of(lines: tuple[str, ...], *, numbers: bool = True) -> pd.DataFrame:
    """A row a unit, a column a coder, from a line a coder."""
    read = [[(float(c) if numbers else c) if c != "." else None for c in line] for line in lines]
    return pd.DataFrame({f"coder-{n}": values for n, values in enumerate(read)})


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_four_coders_is_as_published(level: str, published: float) -> None:
    assert alpha(of(FOUR), level) == pytest.approx(published, abs=5e-4)


def test_alpha_of_two_coders_is_as_published() -> None:
    assert alpha(of(BINARY)) == pytest.approx(0.095, abs=5e-4)
    assert alpha(of(TWO, numbers=False)) == pytest.approx(0.692, abs=5e-4)


def by_hand(ratings: list[list[int | None]]) -> float:
    """Nominal alpha by its words: pairs of readings that differ within units, against those among all."""
    units = [[v for v in unit if v is not None] for unit in ratings]
    units = [unit for unit in units if len(unit) > 1]
    values = [v for unit in units for v in unit]
    if len(set(values)) < 2:
        return float("nan")
    within = sum(
        sum(2 for a, b in combinations(unit, 2) if a != b) / (len(unit) - 1) for unit in units
    ) / len(values)
    among = sum(2 for a, b in combinations(values, 2) if a != b) / (len(values) * (len(values) - 1))
    return 1 - within / among


@given(
    st.lists(
        st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=3, max_size=3), min_size=1, max_size=12
    )
)
def test_alpha_is_what_its_words_say(ratings: list[list[int | None]]) -> None:
    result = alpha(pd.DataFrame(ratings, dtype="object"))
    assert result == pytest.approx(by_hand(ratings), nan_ok=True)


def table(counts: list[list[int]]) -> tuple[pd.Series, pd.Series]:
    rows = [(a, b) for a, line in enumerate(counts) for b, n in enumerate(line) for _ in range(n)]
    frame = pd.DataFrame(rows, columns=["first", "second"])
    return frame["first"], frame["second"]


@pytest.mark.parametrize(
    ("counts", "published"),
    [
        ([[88, 14, 18], [10, 40, 10], [2, 6, 12]], 0.4915),
        ([[20, 5], [10, 15]], 0.40),
        ([[250, 250], [250, 250]], 0.0),
    ],
)
def test_kappa_is_as_published(counts: list[list[int]], published: float) -> None:
    assert kappa(*table(counts)) == pytest.approx(published, abs=5e-5)
    assert kappa(*table(counts)) == pytest.approx(cohens_kappa(counts).kappa)


def test_kappa_looks_at_what_both_have_coded() -> None:
    first, second = table([[20, 5], [10, 15]])
    alone = pd.concat([first, pd.Series([9] * 40)], ignore_index=True)
    assert kappa(alone, second.reindex(alone.index)) == pytest.approx(0.40)
    assert np.isnan(kappa(pd.Series([1, 1]), pd.Series([1, 1])))


def simulated(seed: int, agree: float, alike: bool) -> tuple[pd.DataFrame, pd.Series]:
    """Two coders of 30 companies of 8 notes; `alike`: of a company they agree on all notes or on none."""
    draw = random(seed)
    truth = draw.integers(0, 4, 240)
    company = np.repeat(np.arange(30), 8)
    same = (draw.random(30) < agree)[company] if alike else draw.random(240) < agree
    other = np.where(same, truth, (truth + draw.integers(1, 4, 240)) % 4)
    return pd.DataFrame({"a": truth, "b": other}), pd.Series(company)


@pytest.mark.parametrize("alike", [False, True])
def test_the_interval_holds_alpha_as_often_as_it_says_even_where_companies_differ(alike: bool) -> None:
    # with four values as frequent as each other alpha is 1 - (1 - agree) * 4 / 3
    truth = 1 - 0.25 * 4 / 3
    held = 0
    for seed in range(100):
        result, low, high = alpha_interval(*simulated(seed, 0.75, alike))
        assert low <= result <= high
        held += low <= truth <= high
    assert held >= 88


def test_one_company_gives_no_interval() -> None:
    result, low, high = alpha_interval(of(FOUR), pd.Series(0, index=range(12)))
    assert result == pytest.approx(0.743, abs=5e-4)
    assert np.isnan(low)
    assert np.isnan(high)


def codings(rows: list[tuple[str, str, str, str]]) -> pd.DataFrame:
    """note, coder, viewpoint, code; the role is the coder's name up to its hyphen."""
    made = pd.DataFrame(rows, columns=["note_id", "coder", "viewpoint", "code"])
    return made.assign(coder_role=made["coder"].str.partition("-")[0])


READ = [
    ("N1", "cs-1", "problem", "login"), ("N1", "cs-2", "problem", "login"), ("N1", "sales-1", "problem", "login"),
    ("N2", "cs-1", "problem", "login"), ("N2", "cs-2", "behaviour", "login"), ("N2", "sales-1", "behaviour", "login"),
    ("N3", "cs-1", "request", "export"), ("N3", "cs-2", "request", "export"), ("N3", "sales-1", "request", "price"),
    ("N4", "cs-1", "request", "export"),
]  # fmt: skip
COMPANY = pd.Series({"N1": "A", "N2": "B", "N3": "A", "N4": "C"})


def test_notes_to_talk_about_are_ranked_by_how_many_readings_differ() -> None:
    result = disputed_notes(codings(READ)).set_index("note_id")["differ"]
    # N2: two of three pairs differ in the viewpoint; N3: two of three in the code alone
    assert result.to_dict() == pytest.approx({"N2": 2 / 3, "N3": 1 / 3})
    assert result.index.tolist() == ["N2", "N3"]


def test_the_ledger_says_which_roles_see_a_fact() -> None:
    result = codes_by_role(codings(READ), COMPANY).set_index("code")
    assert result.loc["login"].to_dict() == {"cs": 2, "sales": 2, "companies": 2, "roles": 2}
    assert result.loc["export"].to_dict() == {"cs": 2, "sales": 0, "companies": 2, "roles": 1}
    assert result.index.tolist() == ["export", "price", "login"]


def test_roles_are_compared_by_what_most_of_each_say() -> None:
    result = pairwise_kappa(codings(READ), "coder_role")
    # cs reads N2 as often the one as the other: the first by name counts, behaviour
    assert result[["first", "second", "notes", "kappa"]].values.tolist() == [["cs", "sales", 3, 1.0]]
    of_coders = pairwise_kappa(codings(READ)).set_index(["first", "second"])
    assert of_coders.loc[("cs-2", "sales-1"), "kappa"] == 1
    # agreement on two of three, by chance (2 x 1 + 0 x 1 + 1 x 1) / 9
    assert of_coders.loc[("cs-1", "cs-2"), "kappa"] == pytest.approx((2 / 3 - 3 / 9) / (1 - 3 / 9))


def test_agreement_is_said_for_each_viewpoint() -> None:
    result = agreement(codings(READ), COMPANY).set_index("what")
    assert result.loc["viewpoints", ["notes", "coders"]].tolist() == [3, 3]
    # nobody confuses requests with anything
    assert result.at["request", "alpha"] == 1
    assert result.at["request", "verdict"] == "reliable"
    assert result.at["viewpoints", "verdict"] == "unreliable"
    assert np.isnan(result.at["solution", "alpha"])
    assert result.at["solution", "verdict"] == "unknown"


def test_of_two_viewpoints_by_one_coder_none_is_lost() -> None:
    twice = codings([
        ("N1", "a", "request", "x"), ("N1", "a", "problem", "x"), ("N1", "b", "problem", "x"),
        ("N2", "a", "request", "x"), ("N2", "b", "problem", "x"),
    ])  # fmt: skip
    # of N1 they share one of two viewpoints, of N2 none
    assert disputed_notes(twice).set_index("note_id")["differ"].to_dict() == pytest.approx(
        {"N2": 1, "N1": 2 / 3}
    )
    assert pairwise_kappa(twice).iloc[0]["notes"] == 2
