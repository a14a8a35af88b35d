"""What the page on the playbook says, in both languages, and what leadership does not get."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from cs_helpers import analyses
from cs_helpers.analyses.playbook.followed import COLUMNS
from cs_helpers.contract.quarters import Quarter
from cs_helpers.editions.leadership import leadership_result
from cs_helpers.result import Result
from cs_helpers.snapshot import ProductData
from cs_helpers.tables import playbook as tables
from cs_helpers.tables.findings import sentence
from cs_helpers.text import Text


@pytest.fixture
def result(result_of) -> Result:
    found: Result = result_of("playbook", "paper_to_web", "2026Q3")
    return replace(found, settings={**found.settings, "currency": "JPY"})


@pytest.fixture(params=["en", "ja"])
def text(request, of_product) -> Text:
    data: ProductData = of_product("paper_to_web")
    return Text(request.param, data.product)


def test_an_entry_without_a_rule_says_so_and_names_nobody(result: Result, text: Text) -> None:
    page = tables.entries(result, text).page
    row = page[page.iloc[:, 0].str.startswith("4. ")].iloc[0].tolist()
    assert row[-1] == {"en": "No rule: look yourself", "ja": "ルールなし（目視で判断）"}[text.language]
    assert row[2:-1] == ["–", "–", "–", "–"]


def test_an_entry_that_the_data_tells_of_nobody_shows_no_zero(result: Result, text: Text) -> None:
    unknown = (
        result.tables["entries"].head(1).assign(state="unknown", customers=float("nan"), mrr=float("nan"))
    )
    row = tables.entries(replace(result, tables={"entries": unknown}), text).page.iloc[0].tolist()
    assert row[-1] == {"en": "Not known: the data does not tell", "ja": "データがなく不明"}[text.language]
    assert row[3:5] == ["–", "–"]


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        ("more", "No longer due: 80% (8 of 10) where it was done, 20% (2 of 10) where not. That is more than chance"),
        ("chance", "The difference may be chance."),
        ("same", "No difference."),
        ("fewer", "That is fewer, beyond chance."),
        ("too_few", "Done with 10, not done with 10: too few to compare."),
        ("not_over", "The 60 days were not over at the end of the quarter."),
        ("no_sign", "No sign of it being done is declared."),
        ("done_unknown", "The data does not cover the days after the list."),
    ],
)  # fmt: skip
def test_each_verdict_on_what_was_done_is_a_sentence(
    result: Result, text: Text, verdict: str, said: str
) -> None:
    numbers = {
        "number": 2,
        "listed": 20,
        "done": 10.0,
        "resolved": 10,
        "still": 10,
        "lost": 0,
        "unknown": 0,
        "within": 60,
    }
    groups = {"done_of": 10, "done_resolved": 8, "other_of": 10, "other_resolved": 2}
    row = {**dict.fromkeys(COLUMNS, 0), **numbers, **groups, "entry": "one_department", "verdict": verdict}
    page = tables.last_list(replace(result, tables={"last_list": pd.DataFrame([row])}), text).page
    sentence_of_row = page.iloc[0, -1]
    assert "{" not in sentence_of_row
    assert text.language == "ja" or said in sentence_of_row
    assert ("80%" in sentence_of_row) == (verdict in ("more", "fewer", "chance", "same"))


def test_a_decision_says_for_how_many_what_is_to_be_done_by_whom_and_when(result: Result, text: Text) -> None:
    [finding] = [f for f in result.findings if f.fields["entry"] == "one_department"]
    said = sentence(finding, text, "playbook", "JPY")
    expected = {
        "en": (
            "90 days after registering recipients, still only one department: ",
            "(CSM, by 29 Nov 2026). But its means take 10 a quarter",
        ),
        "ja": (
            "宛先の登録から90日たっても利用が1部署のまま：",
            "（CSM、2026年11月29日まで）。ただし、四半期に対応できるのは10社です",
        ),
    }[text.language]
    assert said.startswith(expected[0])
    assert said.endswith(expected[1])
    assert text.money(finding.mrr or 0.0, "JPY") in said


def test_leadership_gets_the_counts_and_not_the_list_of_customers(sample_snapshot, of_product) -> None:
    data, quarter = of_product("paper_to_web"), Quarter(2026, 3)
    selected = analyses.analysis("playbook")
    of_team = selected.analyse(data, quarter)
    of_leadership, _ = leadership_result(selected, sample_snapshot, data, quarter, Text("en").pseudonym, {})
    assert set(of_team.tables) - set(of_leadership.tables) == {"matches"}
    assert of_leadership.shows == {"public"}
    assert of_leadership.metrics == of_team.metrics
