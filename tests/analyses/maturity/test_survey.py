"""Levels of answers to surveys: other companies each year, no contracts, no use.

The public surveys of the TODO Group are read by a mapping file; the counts they are held against are made of the raw files
by Python's own reader.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import builders
import pandas as pd
import pytest

from cs_helpers.analyses import level_outlook, maturity
from cs_helpers.charts import maturity as charts
from cs_helpers.contract.products import load_product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customers.maturity_levels import level_history
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import Snapshot
from cs_helpers.snapshot.take import take_snapshot
from cs_helpers.tables import facts, findings
from cs_helpers.text import Text

HERE = Path(__file__).parent / "survey"
YEARS = (2018, 2019, 2020, 2021)
#: file, lines above the rows, and where (from 0) the answers on size, program and structure stand
FILES = {
    2018: ("2018/results.csv", 2, (10, 23, 35)),
    2019: ("2019/results.csv", 3, (10, 24, 36)),
    2020: ("2020/results_2020.csv", 2, (10, 24, 37)),
    2021: ("2021/results_2021.csv", 2, (15, 29, 41)),
}


def level_of(programme: str, structure: str) -> int:
    if programme != "Yes":
        return 1 if programme == "No, but planning one" else 0
    return 3 if structure == "Yes" or structure.startswith("Formal") else 2


@pytest.fixture
def answered(shared_data):
    """Year -> the size and the level of each respondent, from the raw file."""
    rows = {}
    for year, (file, above, places) in FILES.items():
        with (shared_data / "maturity_ospo" / file).open(encoding="utf-8-sig", newline="") as lines:
            cells = [[row[place] for place in places] for row in list(csv.reader(lines))[above:]]
        rows[year] = [(size, level_of(programme, how)) for size, programme, how in cells if programme]
    return rows


@pytest.fixture(scope="module")
def survey(shared_data, made_once):
    """The four surveys, by the mapping file alone."""

    def make(folder):
        text = (HERE / "sources.yml").read_text(encoding="utf-8")
        file = folder.parent / "ospo.yml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("MATURITY_OSPO", str(shared_data / "maturity_ospo")), encoding="utf-8")
        return take_snapshot(file, folder=folder, products=HERE / "products")

    return Snapshot.open(folder=made_once("ospo", make))


@pytest.fixture(scope="module")
def results(survey):
    data = survey.read("ospo")
    return {year: maturity.analyse(data, Quarter(year, 2)) for year in YEARS}


def test_no_answer_is_left_out_and_no_empty_row_counts(survey, answered):
    answers = sum(map(len, answered.values()))
    assert answers == 748 + 2681 + 1026 + 1141
    assert survey.manifest["rows_kept"] == {"accounts": answers, "assessments": answers}
    assert set(survey.manifest["rows_rejected"].values()) == {0}
    # 378 and 5 rows without any answer
    assert survey.manifest["rows_filtered"] == {"accounts": 383, "assessments": 383}


@pytest.mark.parametrize("year", YEARS)
def test_each_year_has_the_levels_of_its_own_answers(results, answered, year):
    table = results[year].tables["by_quarter"].query(f"quarter == '{year}Q2'").set_index("level")["customers"]
    expected = Counter(level for _, level in answered[year])
    assert table.to_dict() == {-2: 0, **{level: expected[level] for level in range(4)}}
    assert results[year].n == len(answered[year])


def test_in_2018_of_748_companies_53_3_percent_have_or_plan_a_program(results):
    table = results[2018].tables["by_quarter"].set_index("level")["customers"]
    assert table[[1, 2, 3]].sum() == 399
    assert table.sum() == 748
    assert table[[1, 2, 3]].sum() / table.sum() == pytest.approx(0.533, abs=0.0005)


def test_earlier_respondents_are_not_of_unknown_level_in_later_years(results):
    table = results[2021].tables["by_quarter"]
    by_year = table[table["quarter"].str.endswith("Q2")].groupby("quarter")["customers"].sum()
    assert list(by_year) == [748, 2681, 1026, 1141]
    assert table.loc[table["level"] < 0, "customers"].sum() == 0


def test_in_2018_63_percent_of_the_large_companies_have_a_program(results, answered):
    # the published 63 % are of companies with more than 10,000 employees, as far as they can be told: 62 %
    large = Counter(level for size, level in answered[2018] if size.startswith("Greater"))
    table = sizes(results[2018])
    assert table.loc["over_10000", [0, 1, 2, 3]].tolist() == [large[level] for level in range(4)]
    assert table.loc["over_10000", [2, 3]].sum() / table.loc["over_10000"].sum() == pytest.approx(
        0.62, abs=0.01
    )
    assert table.loc["unknown"].sum() == sum(size == "Don't know" for size, _ in answered[2018])
    assert table.to_numpy().sum() == 748


def sizes(result):
    """Size and level -> companies."""
    table = result.tables["by_segment"].query("dimension == 'size' and level >= 0")
    return table.pivot(index="segment", columns="level", values="customers")


def test_by_industry_nobody_is_left_out(results, answered):
    for year in YEARS:
        table = results[year].tables["by_segment"]
        if year == 2020:  # its file does not hold the answers on industry
            assert "industry" not in set(table["dimension"])
            continue
        total = table.loc[table["dimension"] == "industry", "customers"].sum()
        assert total == len(answered[year]) == table.loc[table["dimension"] == "size", "customers"].sum()


def test_large_companies_stand_out_in_every_year_and_nothing_is_said_of_movement(results):
    for result in results.values():
        said = result.verdicts["by_segment"]
        assert (said.code, said.fields["segment"]) == ("higher", "size:over_10000")
        assert set(result.metrics) == {"upper_levels"}
        assert {f.code for f in result.findings} == {"segment_ahead"}
        # each company was asked once: no move, no stay, no highest level of before
        assert result.verdicts["standing"].code == "first"
        assert not {"flows", "transitions", "long_run", "sojourn", "falls"} & set(result.verdicts)
    for year in YEARS[1:]:
        assert results[year].verdicts["bridge"].code == "accounts_new"
    upper = [results[year].metrics["upper_levels"].value for year in YEARS]
    assert upper == pytest.approx([280 / 748, 960 / 2681, 410 / 1026, 372 / 1141])


def test_each_change_of_the_total_is_explained(results):
    table = results[2021].tables["bridge"].query("of == 'all'")
    steps = table.pivot(index="quarter", columns="step", values="customers").loc[
        ["2019Q2", "2019Q3", "2021Q2"]
    ]
    assert steps["new"].tolist() == [2681, 0, 1141]
    assert steps["not_recorded"].tolist() == [0, -2681, 0]
    assert steps["closing"].tolist() == [2681, 0, 1141]


# --- a small survey, made here ---------------------------------------------------------------------


@pytest.fixture
def small():
    """Two years' answers of other companies; only C answered in both, and rose from Lv.1 to Lv.3."""
    product = load_product(HERE / "products" / "ospo.yml").model_copy(update={"product": builders.NAME})
    answers = {
        "2024-06-30": {"A": 1, "B": 2, "C": 2, "D": 4},
        "2025-06-30": {"C": 4, "E": 3, "F": 1, "G": 2, "H": 4},
    }
    rows = [
        {"account_id": account, "assessed_on": day, "measure": "programme", "score": score}
        for day, scores in answers.items()
        for account, score in scores.items()
    ]
    accounts = [{"account_id": account, "name": account, "size": "small"} for account in "ABCDEFGH"]
    return builders.product_data(
        product, as_of=pd.Timestamp("2025-09-30").date(), accounts=accounts, assessments=rows
    )


def test_the_history_begins_with_the_first_answer_where_rules_are_scores(small):
    history = level_history(small, Quarter(2025, 2))
    assert history.quarters[0] == Quarter(2024, 2)
    assert history.by_quarter[Quarter(2024, 2)].dropna().to_dict() == {"A": 0, "B": 1, "C": 1, "D": 3}
    assert history.by_quarter[Quarter(2025, 2)].dropna().to_dict() == {"C": 3, "E": 2, "F": 0, "G": 1, "H": 3}
    assert history.by_quarter[Quarter(2025, 1)].isna().all()


def test_who_answered_in_both_years_came_back_and_stood_lower_before(small):
    result = maturity.analyse(small, Quarter(2025, 2))
    assert result.n == 5
    now = result.tables["bridge"].query("quarter == '2025Q2' and of == 'all'").set_index("step")["customers"]
    assert (now["new"], now["back"], now["closing"]) == (4, 1, 5)
    assert result.verdicts["standing"].code == "kept"
    assert not {"rose", "fell", "fall_ratio"} & set(result.metrics)
    assert not {"fell", "rose", "falls_warn"} & {finding.code for finding in result.findings}


def test_a_quarter_without_a_survey_says_that_there_is_nobody(small):
    result = maturity.analyse(small, Quarter(2025, 3))
    assert result.n == 0
    assert result.tables == {}
    assert {note.code for note in result.notes} == {"no_accounts"}


# --- what pages say --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "wrong"),
    [("en", ("customer", "lost", "renewal", "MRR", "left")), ("ja", ("顧客", "解約", "更新", "MRR"))],
)
def test_figures_speak_of_accounts_and_of_no_loss(results, survey, language, wrong):
    text = Text(language, survey.read("ospo").product, survey.sizes, accounts=True)
    result = replace(results[2021], settings={"currency": ""})  # as a notebook sets it
    said = {}
    for question in result.verdicts:
        if question in result.tables:
            picture = getattr(charts, question)(result, text)
            said[question] = picture.message
            assert picture.png.startswith(b"\x89PNG")
    assert set(said) == {"by_quarter", "standing", "bridge", "by_segment", "held_back"}
    assert [(word, s) for word in wrong for s in said.values() if word in s] == []
    assert text("maturity.not_recorded") != Text(language)("maturity.not_recorded")
    assert "1,141" in said["bridge"]


def test_the_finding_names_the_level_and_the_segment(results, survey):
    text = Text("en", survey.read("ospo").product, survey.sizes, accounts=True)
    (finding,) = results[2021].findings
    assert findings.sentence(finding, text, "maturity", "") == (
        "Size: over 10,000: 60.0% of 220 accounts are at Lv.2 or above, against 25.8% of the others"
    )


def test_nothing_is_foretold_of_who_is_asked_next(survey):
    result = level_outlook.analyse(survey.read("ospo"), Quarter(2021, 2))
    assert result.tables == {}
    assert result.metrics == {}
    assert {(note.code, note.about) for note in result.notes} >= {("recorded_within", "outlook")}


def test_the_header_says_for_how_long_an_account_counts(small):
    time = customer_time_as_of(small, Quarter(2025, 2).end)
    said = facts.customers(Text("en", accounts=True), time, Quarter(2025, 2))
    assert (
        "5 accounts with a row of this product on the last day of the quarter or in the 30 days before"
        in said
    )
