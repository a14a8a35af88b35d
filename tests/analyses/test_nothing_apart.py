"""Tables in which no row differs from the others beyond chance: leadership reads one sentence in their place."""

from __future__ import annotations

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from scipy.stats import fisher_exact

from cs_helpers import Workbook
from cs_helpers.analyses.interviews.verdicts import verdicts as interview_verdicts
from cs_helpers.analyses.journeys.apart import row_verdicts
from cs_helpers.result import Verdict


def of_verdicts(*codes: str) -> pd.DataFrame:
    return pd.DataFrame({"verdict": list(codes)})


def used(*counts: tuple[int, int]) -> pd.DataFrame:
    return pd.DataFrame(counts, columns=["used", "due"])


@pytest.mark.parametrize("question", ["cohort", "moves", "csms", "touch_models"])
def test_rows_that_are_all_alike_are_one_verdict(question: str) -> None:
    verdict = row_verdicts({question: of_verdicts("alike", "alike", "unknown")})
    assert verdict == {f"{question}.rows": Verdict("nothing_apart", {"rows": 3})}


@pytest.mark.parametrize(
    ("question", "telling"),
    [
        ("cohort", "slower"),
        ("cohort", "faster"),
        ("moves", "faster"),
        ("csms", "above"),
        ("touch_models", "below"),
    ],
)
def test_one_row_that_differs_is_enough_for_a_table(question: str, telling: str) -> None:
    assert row_verdicts({question: of_verdicts("alike", telling, "unknown")}) == {}


def test_a_table_without_rows_has_no_verdict_on_them() -> None:
    assert row_verdicts({"moves": of_verdicts(), "adherence": used()}) == {}


def test_csms_are_held_apart_by_an_exact_test_of_equal_shares() -> None:
    # 3 of 20 against 9 of 20: p = 0.0824 by Fisher's test; 2 of 20 against 9 of 20: p = 0.0310
    assert fisher_exact([[3, 17], [9, 11]]).pvalue == pytest.approx(0.0824, abs=5e-5)
    assert fisher_exact([[2, 18], [9, 11]]).pvalue == pytest.approx(0.0310, abs=5e-5)
    alike = row_verdicts({"adherence": used((3, 20), (9, 20))})
    assert alike == {"adherence.rows": Verdict("nothing_apart", {"rows": 2, "share": 0.3, "due": 40})}
    assert row_verdicts({"adherence": used((2, 20), (9, 20))}) == {}
    # nobody used a plan, and one CSM alone: nothing to tell apart
    assert "adherence.rows" in row_verdicts({"adherence": used((0, 20), (0, 12))})
    assert "adherence.rows" in row_verdicts({"adherence": used((5, 20))})


def test_themes_of_which_none_surely_varies_are_one_verdict() -> None:
    none = interview_verdicts({"varies": of_verdicts("alike", "unknown", "unknown")}, {})
    assert none == {"varies.rows": Verdict("nothing_apart", {"rows": 3, "alike": 1, "unknown": 2})}
    assert interview_verdicts({"varies": of_verdicts("alike", "varies")}, {}) == {}


@pytest.mark.parametrize("language", ["en", "ja"])
def test_leadership_reads_a_sentence_and_the_team_the_table_too(home, monkeypatch, capsys, language) -> None:
    monkeypatch.setenv("CS_WORKBOOK_HOME", str(home))
    shown = []
    monkeypatch.setattr(
        "cs_helpers.outputs.display", lambda data, metadata=None, **_: shown.append((data, metadata))
    )
    pages = {}
    for audience in ("leadership", "team"):
        book = Workbook.open(product="paper_to_web", quarter="2026Q3", audience=audience, language=language)
        result = book.analyse("journeys")
        assert result.verdicts["csms.rows"].code == "nothing_apart"
        shown.clear()
        book.table(result, "csms")
        [(data, metadata)] = [item for item in shown if item[1]["cs_workbook"].get("table") == "csms"]
        assert metadata["cs_workbook"]["rows"] == len(result.tables["csms"])  # an answer, for the gate
        assert "text/csv" not in data
        pages[audience] = BeautifulSoup(data["text/html"], "html.parser")
    assert pages["leadership"].find("table") is None
    assert len(pages["team"].find_all("tr")) > 5
    [sentence] = pages["leadership"].find_all("p")
    assert sentence.text == pages["team"].find("p", class_="said").text
    assert str(len(result.tables["csms"])) in sentence.text
