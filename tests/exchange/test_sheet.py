"""The coding sheet: what a coder sees, what comes back whatever was done to it, and which mistakes are named."""

from __future__ import annotations

import io
from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import Workbook, load_workbook

from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.material import Material, sorted_rows
from cs_helpers.exchange.sheet import CODER_COLUMNS, GIVEN_COLUMNS, SheetInfo, sheet_bytes
from cs_helpers.exchange.sheet_read import CodingSheet

from .cases import assert_equal, material, materials, one_note, rows

ANN = SheetInfo("ann", "cs", "helpdesk", "2026-09-30-x", "en")
COLUMN = {name: place for place, name in enumerate((*GIVEN_COLUMNS, *CODER_COLUMNS), 1)}


def two_notes() -> Material:
    """One interview of two notes; ann read the first twice, bob the second."""
    said = {"note_id": "N-1", "coder": "ann", "coder_role": "cs"}
    return material(
        accounts=[{"account_id": "A-1", "name": "Kita", "size": "mid", "industry": "retail"}],
        interviews=[{"interview_id": "I-1", "account_id": "A-1", "product": "helpdesk", "held_on": date(2026, 5, 4)}],
        notes=[
            {"note_id": "N-1", "interview_id": "I-1", "position": 1, "evidence": "words", "text": "We fold."},
            {"note_id": "N-2", "interview_id": "I-1", "position": 2, "evidence": "behaviour", "text": "=SUM(A1)\nsaid"},
        ],
        codings=[
            {**said, "viewpoint": "problem", "code": "folding", "polarity": "negative", "why_level": "why"},
            {**said, "viewpoint": "request", "reason": "bias", "reason_status": "open"},
            {"note_id": "N-2", "coder": "bob", "viewpoint": "request", "code": "printing"},
        ],
    )  # fmt: skip


@pytest.fixture
def sheet(tmp_path):
    """The sheet of ann, what is done to it, and what comes back."""

    def back(change=lambda cells, book: None, of=None, about=ANN):
        of = of or two_notes()
        book = load_workbook(io.BytesIO(sheet_bytes(of, about)))
        change(book.worksheets[0], book)
        book.save(tmp_path / "coding.xlsx")
        read = CodingSheet(tmp_path / "coding.xlsx")
        return read.codings(of, read.info or about)

    return back


def put(**values):
    """A change that writes values into cells, `viewpoint_4="x"` into row 4."""

    def change(cells, book):
        for name, value in values.items():
            column, _, row = name.rpartition("_")
            cells.cell(int(row), COLUMN[column]).value = value

    return change


def coding_tuples(codings):
    return [
        (c["note_id"], c["viewpoint"], c.get("code"))
        for c in rows(Material(None, None, None, codings), "codings")
    ]


def test_a_coder_sees_their_readings_and_the_notes_still_to_read_in_the_words_of_their_language():
    book = load_workbook(io.BytesIO(sheet_bytes(two_notes(), SheetInfo("ann", "cs", "helpdesk", "x", "ja"))))
    assert book.sheetnames == ["分類", "テーマ一覧", "記入方法", "cs-workbook"]
    seen = [row[:13] for row in book["分類"].iter_rows(values_only=True) if row[0] is not None]
    assert seen[0][:4] == ("メモ番号", "企業", "企業規模", "実施日")
    assert [row[0] for row in seen[1:]] == ["N-1", "N-1", "N-2"]
    assert seen[1][1:3] == ("Kita", "中堅企業")
    assert seen[1][7:] == ("課題とその背景", "否定的", "folding", "なぜ", None, None)
    assert seen[3][5:] == ("行動", "=SUM(A1)\nsaid", None, None, None, None, None, None)
    assert [row[0].value for row in book["テーマ一覧"]] == ["テーマ", "folding", "printing"]
    assert book["cs-workbook"].sheet_state == "hidden"


def test_only_the_coding_columns_can_be_filled_and_their_lists_allow_blanks():
    sheet = load_workbook(io.BytesIO(sheet_bytes(two_notes(), ANN))).worksheets[0]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    assert [sheet.cell(2, place).protection.locked for place in range(1, 14)] == [True] * 7 + [False] * 6
    assert not any(column.protection.locked for column in sheet.column_dimensions.values())  # the rows below
    assert sheet.freeze_panes == "B2"
    lists = {str(v.sqref).split(":")[0]: v for v in sheet.data_validations.dataValidation}
    assert sorted(lists) == ["H2", "I2", "J2", "K2", "L2", "M2"]
    assert all(v.allow_blank for v in lists.values())
    assert [cell for cell, v in lists.items() if not v.showErrorMessage] == ["J2"]


@pytest.mark.parametrize("text", ["=1+1", "+81 3", "-x", "@a", "#N/A", "=HYPERLINK(\"x\")"])  # fmt: skip
def test_no_text_becomes_a_formula(text):
    book = load_workbook(io.BytesIO(sheet_bytes(one_note(text, code=text), ANN)))
    cells = [c for sheet in book for row in sheet.iter_rows() for c in row if c.value == text]
    assert len(cells) == 3  # the note, the theme, and the theme in the list of themes
    assert {c.data_type for c in cells} == {"s"}


@given(st.data(), st.sampled_from(["en", "ja"]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_reading_of_the_coder_comes_back_equal(tmp_path_factory, data, language):
    of = data.draw(materials())
    coders = [("ann", None), *of.codings[["coder", "coder_role"]].itertuples(index=False, name=None)]
    coder, role = data.draw(st.sampled_from(coders))
    about = SheetInfo(coder, None if pd.isna(role) else role, "helpdesk", "x", language)
    file = tmp_path_factory.getbasetemp() / "coding.xlsx"
    file.write_bytes(sheet_bytes(of, about))
    read = CodingSheet(file)
    assert read.info == about
    own = of.of_coder(about.coder, about.role).codings
    own = own.assign(coder_role=pd.Series(about.role, index=own.index, dtype="str"))
    assert_equal(read.codings(of, about), sorted_rows("codings", own))


@pytest.mark.parametrize("code", ["a\x00b", "a\x1bb", "a\ufffeb", "_x0041_", "x" * 40_000])
def test_what_excel_forbids_does_not_break_a_sheet(sheet, code):
    of = one_note("text " + code, code=code)
    assert coding_tuples(sheet(of=of)) == [("N-1", "problem", code)]


def test_the_sample_comes_back_equal(sample_snapshot, tmp_path):
    of = Material.of(sample_snapshot.read("paper_to_web"))
    about = SheetInfo("coder-b", "marketing", "paper_to_web", sample_snapshot.id, "ja")
    (tmp_path / "x.xlsx").write_bytes(sheet_bytes(of, about))
    own = of.of_coder("coder-b").codings
    assert len(own) == len(of.notes)
    assert_equal(CodingSheet(tmp_path / "x.xlsx").codings(of, about), own)


@pytest.mark.parametrize("word", ["request", "Requests", " requests ", "要望", "REQUEST\u3000"])
def test_words_of_either_language_and_tokens_are_read(sheet, word):
    assert ("N-2", "request", None) in coding_tuples(sheet(put(viewpoint_4=word)))


def test_rows_without_a_viewpoint_are_not_read(sheet):
    assert coding_tuples(sheet(put(viewpoint_2=None, polarity_2=" ", code_2="", why_level_2=None))) == [
        ("N-1", "request", None)
    ]


def test_rows_may_be_sorted_deleted_and_copied_to_the_end(sheet):
    def change(cells, book):
        second = [cell.value for cell in cells[4]]
        cells.delete_rows(3, 2)
        for place, value in enumerate(second, 1):
            cells.cell(300, place).value = value
        cells.cell(300, COLUMN["viewpoint"]).value = "Behaviour and hurdles"
        cells.cell(300, COLUMN["code"]).value = "new theme"

    assert coding_tuples(sheet(change)) == [("N-1", "problem", "folding"), ("N-2", "behaviour", "new theme")]


def test_changes_of_cells_by_spreadsheets_are_ignored(sheet):
    def change(cells, book):
        for row in cells.iter_rows():
            for cell in row:
                if isinstance(cell.value, str):
                    cell.value, cell.data_type = cell.value + "  ", "s"
        cells.cell(3, COLUMN["text"]).value = "We fold. \r\n"
        cells.cell(4, COLUMN["viewpoint"]).value = "request"
        cells.cell(4, COLUMN["code"]).value = 2026.0
        cells.cell(900, 20).value = "   "
        cells.insert_rows(1)
        cells.cell(1, 1).value = "sent by Chie"
        cells.insert_cols(3)

    assert coding_tuples(sheet(change)) == [
        ("N-1", "problem", "folding"),
        ("N-1", "request", None),
        ("N-2", "request", "2026"),
    ]


def test_all_mistakes_are_named_at_once(sheet):
    change = put(
        viewpoint_2="problm", polarity_2="bad", note_id_3="N-11", text_4="They cut.", code_4="x",
        note_id_6="N-2", viewpoint_6="request", note_id_7="N-2", viewpoint_7="要望", why_level_8="why",
    )  # fmt: skip
    with pytest.raises(ExchangeError) as refused:
        sheet(change)
    assert [problem.partition(": ")[0] for problem in refused.value.problems] == [
        "sheet 'codings', row 2, column viewpoint",
        "sheet 'codings', row 2, column polarity",
        "sheet 'codings', row 3, column note_id",
        "sheet 'codings', row 4, column text",
        "sheet 'codings', row 4, column viewpoint",
        "sheet 'codings', row 7, column code",
        "sheet 'codings', row 8, column note_id",
    ]
    message = str(refused.value)
    assert (
        "coding.xlsx: sheet 'codings', row 2, column viewpoint: 'problm' is none of Problem and background,"
        in message
    )
    assert "Did you mean 'problem'?" in message
    assert "'N-11' is no note of helpdesk. Did you mean 'N-1'?" in message
    assert "it is empty, but code is filled" in message
    assert "the same note, viewpoint and theme as in row 6" in message


def test_a_sheet_without_its_coder_can_be_read(sheet):
    assert len(sheet(lambda cells, book: book.remove(book["cs-workbook"]))) == 2


@pytest.mark.parametrize("column", ["viewpoint", "code", "text"])
def test_a_removed_column_is_named(sheet, column):
    with pytest.raises(ExchangeError, match=f"the columns {column} are missing"):
        sheet(lambda cells, book: cells.delete_cols(COLUMN[column]))


@pytest.mark.parametrize("content", [b"", b"x" * 500, b"PK\x03\x04"])
def test_a_file_that_is_not_a_workbook_is_refused_in_one_sentence(tmp_path, content):
    (tmp_path / "x.xlsx").write_bytes(content)
    with pytest.raises(ExchangeError, match="the file is not an Excel workbook"):
        CodingSheet(tmp_path / "x.xlsx")


def test_a_workbook_of_something_else_is_refused(tmp_path):
    Workbook().save(tmp_path / "x.xlsx")
    with pytest.raises(ExchangeError, match="no sheet has the column note_id"):
        CodingSheet(tmp_path / "x.xlsx")
