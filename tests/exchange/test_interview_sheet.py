"""The scoring sheet of an interview: what is on it, what comes back whatever was done to it, and which mistakes are named."""

from __future__ import annotations

import io
from datetime import date, datetime

import pytest
from builders import product as any_product
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from cs_helpers.contract.team import Team
from cs_helpers.errors import ExchangeError
from cs_helpers.exchange.cells import visible_text
from cs_helpers.exchange.interview_read import read_interviews
from cs_helpers.exchange.interview_sheet import COLUMNS, FIELDS, InterviewInfo, interview_sheet_bytes

from .cases import NASTY

TODAY, HELD, UNTIL = date(2026, 8, 21), date(2026, 8, 20), date(2027, 3, 31)
INFO = InterviewInfo("desk", "C-01", "csm-03", UNTIL, "en")
PLACE = {name: place for place, name in enumerate(COLUMNS, 1)}
FIRST = len(FIELDS) + 3


def words(en: str, ja: str = "") -> dict[str, str]:
    return {"en": en, "ja": ja or f"{en}（日本語）"}


TEAM = Team.model_validate(
    {
        "agreed_on": date(2026, 4, 1),
        "elements": [
            {"id": "hypothesis", "name": words("Forms a hypothesis", "仮説を立てる力")},
            {"id": "listening", "name": words("Listens", "聞き出す力")},
        ],
        "questions": [
            {
                "id": "stuck", "asks": words("Who got stuck?\nWhy?", "誰がつまずきましたか。\nなぜですか。"),
                "elements": ["hypothesis", "listening"], "minutes": 12.5,
                "low": words("=no idea"), "high": words("names a reason"),
            },
            {"id": "bought", "asks": words("Why did they buy?"), "elements": ["listening"]},
            {"id": "told", "asks": words("What were you told?"), "elements": ["listening"], "low": words("nothing")},
        ],
    }
)  # fmt: skip


def desk(team: Team = TEAM):
    return any_product().model_copy(update={"team": team})


@pytest.fixture
def back(tmp_path):
    """What comes back of the sheet after a change to its cells."""

    def read(*changes, team=TEAM, info=INFO, **other):
        book = load_workbook(io.BytesIO(interview_sheet_bytes(desk(TEAM), TEAM, info)))
        sheet = book.worksheets[0]
        sheet.cell(FIELDS.index("interviewed_on") + 1, 2).value = HELD
        for change in changes:
            change(sheet, book)
        book.save(tmp_path / "C-01.xlsx")
        found = read_interviews([tmp_path / "C-01.xlsx"], {"desk": desk(team)}, today=TODAY, **other)
        return found[0]

    return read


def fill(**values):
    """A change that writes into fields (`candidate="C-2"`) and cells of questions (`score_1=4`)."""

    def change(sheet, book):
        for name, value in values.items():
            column, _, row = name.rpartition("_")
            if name in FIELDS:
                sheet.cell(FIELDS.index(name) + 1, 2).value = value
            else:
                sheet.cell(FIRST - 1 + int(row), PLACE[column]).value = value

    return change


def problems(back, *changes, **other) -> list[str]:
    with pytest.raises(ExchangeError) as refused:
        back(*changes, **other)
    return list(refused.value.problems)


@pytest.mark.parametrize("language", ["en", "ja"])
def test_it_has_a_row_for_each_question_in_the_order_of_the_product_file(language):
    info = InterviewInfo("desk", "C-01", "", UNTIL, language)
    book = load_workbook(io.BytesIO(interview_sheet_bytes(desk(), TEAM, info)))
    assert book.sheetnames == [
        *(["scores", "how to"] if language == "en" else ["採点", "記入方法"]),
        "cs-workbook",
    ]
    rows = [row[:8] for row in book.worksheets[0].iter_rows(values_only=True)]
    assert [row[1] for row in rows[:5]] == ["desk", "C-01", None, None, datetime(2027, 3, 31)]
    asked = [q.asks.in_language(language) for q in TEAM.questions]
    assert [row[:2] for row in rows[7:]] == list(zip(["stuck", "bought", "told"], asked, strict=True))
    elements = "Forms a hypothesis, Listens" if language == "en" else "仮説を立てる力、聞き出す力"
    assert rows[7][2:] == (elements, 12.5, TEAM.questions[0].low.in_language(language),
                           TEAM.questions[0].high.in_language(language), None, None)  # fmt: skip
    assert ("stay in this file" if language == "en" else "このファイル内だけ") in rows[6][7]
    assert book["cs-workbook"].sheet_state == "hidden"


def test_only_what_is_to_be_filled_in_can_be_changed_and_scores_have_a_list():
    sheet = load_workbook(io.BytesIO(interview_sheet_bytes(desk(), TEAM, INFO))).worksheets[0]
    assert sheet.protection.sheet
    assert sheet.protection.password is None
    open_ = {c.coordinate for row in sheet.iter_rows() for c in row if not c.protection.locked}
    assert open_ == {"B2", "B3", "B4", "B5", "G8", "G9", "G10", "H8", "H9", "H10"}
    (scores,) = sheet.data_validations.dataValidation
    assert (str(scores.sqref), scores.allow_blank, scores.showErrorMessage) == ("G8:G10", True, True)
    assert sheet["E8"].data_type == "s"  # =no idea


@given(st.data(), st.sampled_from(["en", "ja"]))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_score_comes_back_as_it_was_given(tmp_path_factory, data, language):
    texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=30)).filter(lambda t: t.strip())
    questions = data.draw(
        st.lists(st.tuples(texts, st.none() | texts, st.none() | texts), min_size=1, max_size=5)
    )
    team = Team.model_validate({
        "agreed_on": date(2026, 4, 1), "elements": [{"id": "e", "name": words("E")}],
        "questions": [
            {"id": f"q{n}", "asks": words(asks), "elements": ["e"], "low": low and words(low), "high": high and words(high)}
            for n, (asks, low, high) in enumerate(questions)
        ],
    })  # fmt: skip
    scores = data.draw(
        st.lists(st.none() | st.integers(1, 5), min_size=len(questions), max_size=len(questions))
    )
    candidate, interviewer = data.draw(st.tuples(texts, texts))
    book = load_workbook(
        io.BytesIO(
            interview_sheet_bytes(
                desk(team), team, InterviewInfo("desk", candidate, interviewer, UNTIL, language)
            )
        )
    )
    sheet = book.worksheets[0]
    sheet["B4"] = HELD
    for row, score in enumerate(scores, FIRST):
        written = (
            [score, float(score), str(score), f" {score} ", chr(0xFF10 + score), f"{score}点", f"{score}/5"]
            if score
            else [None]
        )
        sheet.cell(row, PLACE["score"]).value = data.draw(st.sampled_from(written))
    file = tmp_path_factory.getbasetemp() / "scores.xlsx"
    book.save(file)
    expected = {f"q{n}": score for n, score in enumerate(scores) if score}
    if not expected:
        with pytest.raises(ExchangeError, match="no question has a score"):
            read_interviews([file], {"desk": desk(team)}, today=TODAY)
        return
    (found,) = read_interviews([file], {"desk": desk(team)}, today=TODAY)
    assert found.scores == expected
    assert list(found.unscored) == [f"q{n}" for n, score in enumerate(scores) if not score]
    assert [found.candidate, found.interviewer] == [visible_text(t).strip() for t in (candidate, interviewer)]
    assert (found.interviewed_on, found.keep_until) == (HELD, UNTIL)


def test_notes_are_not_read(back):
    found = back(fill(score_1=4, notes_1="Hanako said"))
    assert "Hanako" not in repr(found)
    assert list(found.rows) == [
        {"product": "desk", "candidate": "C-01", "question": "stuck", "interviewer": "csm-03",
         "interviewed_on": "2026-08-20", "score": "4", "keep_until": "2027-03-31"}
    ]  # fmt: skip
    assert found.unscored == ("bought", "told")


@pytest.mark.parametrize(
    "score", [4, 4.0, "4", "４", " 4 ", "4点", "４ 点", "4/5", "4 pts", "4 points", "4.0"]
)
def test_a_score_may_be_written_in_any_plain_way(back, score):
    assert back(fill(score_1=score)).scores == {"stuck": 4}


@pytest.mark.parametrize("score", [0, 6, 4.5, -1, "4-5", "good", "四", True, "4.5", "45", "4/10"])
def test_what_is_no_score_from_1_to_5_is_named_with_its_cell(back, score):
    (problem,) = problems(back, fill(score_1=score, score_2=3))
    assert problem.startswith("sheet 'scores', cell G8: ")
    assert problem.endswith("is no score from 1 to 5")


@pytest.mark.parametrize("day", [
    date(2026, 8, 20), datetime(2026, 8, 20, 9, 30), "2026-08-20", "2026/8/20", "2026年8月20日", "２０２６年８月２０日", 46254, 46254.5,
])  # fmt: skip
def test_a_day_may_be_a_date_a_text_or_the_number_that_excel_stores(back, day):
    assert back(fill(score_1=4, interviewed_on=day)).interviewed_on == HELD


def test_rows_may_be_sorted_and_deleted_and_columns_moved(back):
    def change(sheet, book):
        sheet.cell(FIRST + 2, PLACE["score"]).value = 2
        sheet.cell(FIRST, PLACE["score"]).value = 5
        first, last = ([c.value for c in sheet[row]] for row in (FIRST, FIRST + 2))
        for place, (a, b) in enumerate(zip(last, first, strict=True), 1):
            sheet.cell(FIRST, place).value, sheet.cell(FIRST + 2, place).value = a, b
            if b == "=no idea":
                sheet.cell(FIRST + 2, place).data_type = "s"
        sheet.delete_rows(FIRST + 1)
        sheet.delete_cols(PLACE["elements"], 2)
        sheet.insert_cols(2)
        sheet.insert_rows(1)
        sheet["A1"] = "sent by Chie"
        del book["cs-workbook"], book["how to"]

    found = back(change, fill())
    assert found.scores == {"stuck": 5, "told": 2}
    assert found.unscored == ("bought",)


def test_blanks_and_line_ends_that_a_spreadsheet_changes_do_not_count(back):
    assert back(fill(score_1=4, asks_1="Who got stuck? \r\nWhy?\n")).scores == {"stuck": 4}


def test_the_words_may_be_those_of_either_language(back):
    assert back(fill(score_1=4), info=InterviewInfo("desk", "C", "x", UNTIL, "ja")).scores == {"stuck": 4}


def test_all_mistakes_are_named_at_once_each_with_its_cell(back):
    change = fill(
        candidate=None, interviewer="  ", interviewed_on="20.8.2026", keep_until=None, score_1=7, question_2="bougt",
        score_2=3, question_3=None, score_3=2, question_5="stuck", score_5=4, question_6="gone", notes_6="x",
    )  # fmt: skip
    assert problems(back, change) == [
        "sheet 'scores', cell B2: the candidate is missing",
        "sheet 'scores', cell B3: the interviewer is missing",
        "sheet 'scores', cell B4: '20.8.2026' is no day as in 2026-08-20",
        "sheet 'scores', cell B5: the day until which the scores may be kept is missing; they are not read without it",
        "sheet 'scores', cell G8: '7' is no score from 1 to 5",
        "sheet 'scores', cell A9: 'bougt' is no question of desk. Did you mean 'bought'?",
        "sheet 'scores', cell A10: the question is missing, but there is a score for it",
        "sheet 'scores', cell A12: the same question as in cell A8",
    ]


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"keep_until": date(2026, 8, 20)},
         "cell B5: the scores could be kept until 2026-08-20, which is over, so they are not read; delete the file"),
        ({"interviewed_on": date(2026, 8, 22)}, "cell B4: the day of the interview is to come: 2026-08-22"),
        ({"interviewed_on": None}, "cell B4: the day of the interview is missing"),
        ({"product": "dsk"}, "cell B1: there is no product file of 'dsk'. Did you mean 'desk'?"),
        ({"asks_1": "Who?"}, "cell B8: the wording of stuck is not that of the product file, in which all candidates are asked"),
        ({"low_1": None}, "cell E8: the wording of stuck is not that of the product file, in which all candidates are asked"),
    ],
)  # fmt: skip
def test_one_mistake_is_one_sentence(back, change, problem):
    assert problems(back, fill(score_1=4), fill(**change)) == [f"sheet 'scores', {problem}"]


def test_the_last_day_itself_is_not_over(back):
    assert back(fill(score_1=4, keep_until=TODAY)).keep_until == TODAY


def test_a_question_that_the_product_file_words_otherwise_now_is_refused(back):
    changed = TEAM.model_dump()
    changed["questions"][0]["high"]["en"] = "names two reasons"
    (problem,) = problems(back, fill(score_1=4), team=Team.model_validate(changed))
    assert problem.startswith("sheet 'scores', cell F8: the wording of stuck is not that of the product file")
    assert back(fill(score_2=4), team=Team.model_validate(changed)).scores == {
        "bought": 4
    }  # it was not asked


def test_a_sheet_of_another_product_is_refused(back):
    (problem,) = problems(back, fill(score_1=4), product="helpdesk")
    assert problem == "sheet 'scores', cell B1: the sheet is of desk, not of helpdesk"
    (problem,) = problems(back, fill(score_1=4), info=InterviewInfo("other", "C", "x", UNTIL))
    assert problem == "sheet 'scores', cell B1: there is no product file of 'other'"
    (problem,) = problems(back, fill(score_1=4, product="desk"), info=InterviewInfo("other", "C", "x", UNTIL))
    assert problem == "sheet 'scores', cell B1: the sheet was made for other, not for desk"
    (problem,) = problems(back, fill(score_1=4), team=Team(agreed_on=date(2026, 4, 1)))
    assert problem == "sheet 'scores', cell B1: the product file of desk has no questions (team.questions)"


def test_the_same_sheet_twice_is_refused_and_the_mistakes_of_all_sheets_are_told(tmp_path):
    products, names = {"desk": desk()}, ("a.xlsx", "b.xlsx", "c.xlsx")
    for name, score in zip(names, (4, 5, 9), strict=True):
        book = load_workbook(io.BytesIO(interview_sheet_bytes(desk(), TEAM, INFO)))
        book.worksheets[0]["B4"], book.worksheets[0]["G8"] = HELD, score
        book.save(tmp_path / name)
    files = [tmp_path / name for name in names]
    with pytest.raises(ExchangeError) as refused:
        read_interviews(files, products, today=TODAY)
    first, second = str(refused.value).splitlines()
    assert first.startswith(f"{files[1]}: the same candidate and interviewer as in {files[0]}; give only")
    assert second == f"{files[2]}: sheet 'scores', cell G8: '9' is no score from 1 to 5."


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (lambda sheet, book: sheet.delete_cols(2), "the columns asks are missing; fill in the sheet as it was exported"),
        (lambda sheet, book: sheet.delete_rows(4), "the fields interviewed_on are gone; fill in the sheet as it was exported"),
        (lambda sheet, book: sheet.delete_cols(7),
         "this is no scoring sheet of 'cs-workbook interview export': it has no questions with scores"),
    ],
)  # fmt: skip
def test_another_sheet_is_refused(back, change, problem):
    assert problems(back, change) == [problem]


def test_a_file_that_is_no_workbook_is_refused(tmp_path):
    (tmp_path / "x.xlsx").write_text("C-01,4")
    with pytest.raises(ExchangeError, match="not an Excel workbook"):
        read_interviews([tmp_path / "x.xlsx"], {"desk": desk()}, today=TODAY)
