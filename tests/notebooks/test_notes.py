"""Every note that an analysis can make is asked for by a notebook, and its sentence stands on the page."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from note_calls import PACKAGE, Emitted, files_of, notes_of
from notebook_questions import asked_by

from cs_helpers import analyses
from cs_helpers import outputs as outputs_module
from cs_helpers.contract.products import Words
from cs_helpers.contract.quarters import Quarter
from cs_helpers.declaration import EDITION_NOTES
from cs_helpers.report.gate import check_notebook
from cs_helpers.result import Note, Result
from cs_helpers.snapshot import Snapshot
from cs_helpers.text import Text, catalogue
from cs_helpers.workbook import Workbook

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9]*.ipynb"))
FIELDS = {
    "station": "levels", "stations": ("handover", "feedback"),
    "entries": (Words(en="Silent", ja="無言"), (Words(en="Red", ja="赤"), 7)),
    "since": date(2024, 4, 1), "quarter": "2026Q3", "tables": ("notes",), "steps": ("kickoff",), "names": "x, y", "conditions": ("1.1", "2.1"),
    "first": date(2024, 4, 1), "last": date(2024, 4, 30), "measures": ("nps", ("plan", 3)), "mrr": 1000.0,
    "segments": (("size", 3), ("industry", 1)), "dimensions": ("size",), "kinds": ("cost_of_goods",),
    "job_roles": (("expansion", Words(en="Sales", ja="営業")),), "handover_fields": ("problem", "deadline"), "segment": "size:small", "baseline": Words(en="Tickets opened", ja="問い合わせ件数"), "baselines": (Words(en="Touches", ja="顧客接点"),),
    "by": date(2026, 12, 31), "means": (Words(en="A webinar", ja="セミナー"),),
    "goals": (Words(en="No red", ja="赤なし"), Words(en="Two departments", ja="2部署")), "headlines": ("nrr_year",), "principles": (1, 6), "phase": "growth",
    "awards": (Words(en="Guide of the year", ja="年間ベストガイド"),), "grades": ("associate",),
    "elements": ("hypothesis",), "interview_questions": ("why_bought",),
}  # fmt: skip


@dataclass(frozen=True)
class Staged(Workbook):
    """A workbook whose analyses find what a test gives them."""

    found: dict[str, Result] = None

    def analyse(self, analysis):
        return self.found[analysis]


def code_of(notebook):
    """The cells of a notebook that a report runs, after the workbook was opened."""
    cells = [c for c in nbformat.read(notebook, as_version=4).cells if c.cell_type == "code"]
    return [
        c
        for c in cells
        if "parameters" not in (t := c.metadata.get("tags", []))
        and "interactive" not in t
        and "Workbook.open" not in c.source
    ]


RESULTS: dict[str, Result] = {}
#: notebook -> the questions that it asks: analysis and name
QUESTIONS = {file.stem: {(analysis, name) for _, analysis, name in asked_by(file)} for file in NOTEBOOKS}
EMITTED = sorted(
    {(name, note) for name in analyses.names() for file in files_of(name) for note in notes_of(file)}
    | {
        (name, note) for name in analyses.names() for note in notes_of(PACKAGE / "editions" / "disclosure.py")
    },
    key=str,
)


def possible_questions(analysis, note: Emitted):
    """The questions that a note may belong to; where only a run can tell, any table that a notebook asks for."""
    if note.about is not None:
        return {note.about}
    declared = analyses.analysis(analysis).declares
    return {q for on_page in QUESTIONS.values() for a, q in on_page if a == analysis and q in declared.tables}


@pytest.fixture(scope="module", params=["en", "ja"])
def workbook(request, home):
    snapshot = Snapshot.open(folder=home / "data" / "snapshots")
    data = snapshot.read("paper_to_web")
    return Workbook(
        snapshot, data, snapshot.check_quarter("latest"), "all", Text(request.param, data.product)
    )


@pytest.fixture
def shown(monkeypatch):
    """The outputs that cells show."""
    outputs = []
    monkeypatch.setattr(
        outputs_module, "display",
        lambda data, *, metadata=None, raw: outputs.append(new_output("display_data", data=data, metadata=metadata or {})),
    )  # fmt: skip
    return outputs


@pytest.mark.parametrize(("analysis", "note"), EMITTED, ids=lambda part: getattr(part, "code", part))
def test_a_notebook_or_an_explorer_asks_what_the_note_is_about(analysis, note):
    explored = analyses.analysis(analysis).declares.explored
    for about in possible_questions(analysis, note):
        assert about in explored or any((analysis, about) in on_page for on_page in QUESTIONS.values()), about


# the summary asks nothing of its own: it says which notes of the others warn
@pytest.mark.parametrize("notebook", [n for n in NOTEBOOKS if QUESTIONS[n.stem]], ids=lambda f: f.stem)
@pytest.mark.parametrize("tables", ["none", "empty", "real"])
def test_the_sentence_of_every_note_stands_on_the_page(workbook, shown, notebook, tables):
    """In place of a figure or table, under one without rows, and beside one."""
    staged = Staged(
        **{name: getattr(workbook, name) for name in ("snapshot", "data", "quarter", "segment", "text")},
        found={},
    )
    wanted = []
    for analysis in {a for a, _ in QUESTIONS[notebook.stem]}:
        notes = tuple(
            Note(n.code, about, {name: FIELDS.get(name, 7) for name in n.fields})
            for a, n in EMITTED if a == analysis
            for about in sorted(possible_questions(analysis, n))
        )  # fmt: skip
        # several notebooks may share an analysis: each shows the notes on what it asks
        wanted += [(analysis, note) for note in notes if (analysis, note.about) in QUESTIONS[notebook.stem]]
        if analysis not in RESULTS:  # the same in every language, whatever is left of it
            RESULTS[analysis] = workbook.analyse(analysis)
        real = replace(RESULTS[analysis], notes=notes)
        left = {"none": {}, "empty": {n: t.iloc[:0] for n, t in real.tables.items()}, "real": real.tables}[
            tables
        ]
        staged.found[analysis] = replace(real, tables=left, metrics=real.metrics if tables == "real" else {})
    assert wanted
    names = {"workbook": staged}
    for cell in code_of(notebook):
        exec(cell.source, names)
    page = "\n".join(html.unescape(o.data.get("text/html", "")) for o in shown)
    for analysis, note in wanted:
        explains = analyses.analysis(analysis).declares.explains(note.code)
        kind = "note hint" if explains else "note"  # what only explains does not look like a warning
        box = f'<p class="{kind}">{staged._sentence(staged.found[analysis], note)}</p>'
        assert box in page, (analysis, note.about, note.code)
    made = new_notebook(cells=[new_code_cell("", outputs=shown)])
    assert [p for p in check_notebook(made) if p.code == "note_not_shown"] == []


@pytest.mark.parametrize("analysis", analyses.names())
def test_an_analysis_declares_the_notes_that_it_makes_and_no_other(analysis):
    declared = analyses.analysis(analysis).declares.notes
    made = {note.code for name, note in EMITTED if name == analysis} - set(EDITION_NOTES)
    assert set(declared) == made


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_is_said_of_the_begin_of_records_names_the_date(language):
    begins = r"records?( [a-z]+)* begin|記録が始ま|記録開始"
    sentences = [s for s in catalogue(language).values() if re.search(begins, s)]
    assert sentences
    assert all("{since}" in s for s in sentences)
    prose = [
        c.source for f in NOTEBOOKS for c in nbformat.read(f, as_version=4).cells if c.cell_type == "markdown"
    ]
    assert not [p for p in prose if re.search(begins, p)]  # no date can stand there


def test_counts_and_quarters_of_a_note_are_written_as_the_language_writes_them(workbook):
    result = SimpleNamespace(analysis="journeys")
    sentence = workbook._sentence(result, Note("before_entry", "funnel", {"customers": 5084, "of": 12000}))
    assert "5,084" in sentence
    assert "12,000" in sentence
    quarter = workbook._sentence(result, Note("no_customers", "next", {"quarter": str(Quarter(2024, 2))}))
    assert workbook.text.quarter(Quarter(2024, 2)) in quarter
    assert "2024Q2" not in quarter
