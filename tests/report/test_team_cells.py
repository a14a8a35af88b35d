"""Of the cells for the team nothing reaches leadership: not the page, not a file beside it, not run.json."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from small import GOOD, notebook

from cs_helpers.report.quarterly import quarterly_report
from cs_helpers.report.run import without_team_cells
from cs_helpers.snapshot import Snapshot

TEAM = {"tags": ["team"]}
#: what a cell shows that tells of single members: a table that goes beside the page, a metric, a finding
OF_PEOPLE = """
display({"text/html": "<p>rows of people</p>", "text/csv": "who\\nnobody", "text/plain": ""}, raw=True, metadata={"cs_workbook": {
    "analysis": "team", "table": "coaching", "rows": 1, "shows": ["public"], "metrics": {"low": {"value": 1, "label": "low", "unit": "count", "n": 1}},
    "findings": [{"analysis": "team", "text": "one of them is low", "about": "coaching"}]}})
"""


def answer(question: str) -> list[object]:
    shown = new_output(
        "display_data", data={}, metadata={"cs_workbook": {"analysis": "team", "table": question}}
    )
    return [
        new_markdown_cell(f"## {question}", metadata={"tags": ["lang-en", "team"]}),
        new_markdown_cell(f"## {question} ja", metadata={"tags": ["lang-ja", "team"]}),
        new_code_cell(f"table({question})", outputs=[shown], metadata=TEAM),
    ]


def sources(opened=()) -> list[str]:
    cells = [
        new_markdown_cell("# Team"),
        *answer("coaching"),
        *answer("ratings"),
        new_markdown_cell("## All"),
    ]
    made = notebook()
    made.cells = cells
    kept = without_team_cells(made, opened).cells
    assert not any("team" in cell.metadata.get("tags", []) for cell in kept)
    return [cell.source for cell in kept]


def test_cells_for_the_team_are_left_out_and_those_that_are_opened_stay_with_their_prose() -> None:
    assert sources() == ["# Team", "## All"]
    assert sources(["team.coaching"]) == [
        "# Team",
        "## coaching",
        "## coaching ja",
        "table(coaching)",
        "## All",
    ]
    assert sources(["team.other", "other.coaching"]) == ["# Team", "## All"]


def test_a_cell_beside_an_opened_one_stays_out_with_the_heading_shared() -> None:
    both = answer("coaching")
    both.append(answer("ratings")[-1])
    made = notebook()
    made.cells = both
    assert [c.source for c in without_team_cells(made, ["team.ratings"]).cells] == [
        "## coaching", "## coaching ja", "table(ratings)",
    ]  # fmt: skip


@pytest.mark.usefixtures("one_zygote")
@pytest.mark.parametrize("audience", ["team", "leadership"])
def test_what_only_a_cell_for_the_team_shows_is_in_no_file_for_leadership(at_home, audience) -> None:
    made = notebook(GOOD, OF_PEOPLE)
    made.cells[-1].metadata = TEAM
    reports = at_home(alpha=made) / "reports"
    batch = quarterly_report(Snapshot.open(), products=["helpdesk"], audience=audience, language="en", jobs=1)
    assert batch.failed == ()
    folder = reports / "2026Q3" if audience == "leadership" else reports / "team" / "2026Q3"
    page = BeautifulSoup((folder / "helpdesk/alpha.en.html").read_text(encoding="utf-8"), "html.parser")
    files = {file.name for file in (folder / "helpdesk").iterdir()}
    everything = "".join(
        file.read_text(encoding="utf-8", errors="replace") for file in folder.rglob("*") if file.is_file()
    )
    for_team = audience == "team"
    assert ("alpha.en.coaching.csv" in files) is for_team
    assert ("rows of people" in page.get_text()) is for_team
    assert ("team.low" in everything) is for_team
    assert ("one of them is low" in everything) is for_team
