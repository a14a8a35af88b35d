"""The quiz shows nothing before a guess, keeps each guess, and says how guesses fare."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from builders import account, baseline, contract, product, product_data, random, tickets_of

from cs_helpers.customers.guess_log import Guess, read, record
from cs_helpers.text import Text
from cs_helpers.widgets import quiz as module
from cs_helpers.widgets.quiz import Quiz

END = pd.Timestamp("2026-09-30").date()
DAYS = pd.date_range("2025-07-01", END, freq="D")
GUESS = Guess(
    "2026-10-05T09:00:00+00:00", "mori", "other", "n", "week", "2026-09-07", 80.0, 120.0, 95.0, 100.0, 85.0, 118.0
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    counts = pd.Series(random(3).poisson(np.where(DAYS.day_of_week < 5, 40, 4)), index=DAYS)
    return product_data(
        product(baselines=[baseline("opened & done", source="tickets", value="count") | {"id": "opened"}]),
        accounts=[account("A")],
        contracts=[contract("A", "2024-01-01")],
        tickets=tickets_of(counts),
    )


@pytest.fixture
def file(tmp_path):
    return tmp_path / "quiz" / "guesses.jsonl"


def begun(data, file, language="en", who="mori"):
    quiz = Quiz(data, END, Text(language, data.product), file)
    quiz.who.value = who
    quiz.start.click()
    return quiz


def guess(quiz, low, high):
    quiz.low.value, quiz.high.value = low, high
    quiz.answer.click()


def test_nothing_is_worked_out_before_the_first_click(data, file, monkeypatch):
    monkeypatch.setattr(module, "usual_questions", lambda *_: pytest.fail("worked out"))
    quiz = Quiz(data, END, Text("en", data.product), file)
    assert quiz.question.value == quiz.result.value == quiz.calibration.value == ""
    assert not file.exists()


def test_the_answer_is_shown_only_after_the_guess_and_the_guess_is_kept(data, file):
    quiz = begun(data, file)
    assert "opened &amp; done: what is usual on a" in quiz.question.value
    assert "Questions left: 5." in quiz.question.value
    assert quiz.result.value == ""
    assert not file.exists()
    guess(quiz, "10", "90")
    (kept,) = read(file).guesses
    assert (kept.who, kept.product, kept.number, kept.low, kept.high) == ("mori", "desk", "opened", 10, 90)
    assert f"Held: {kept.value:.0f} on" in quiz.result.value
    assert "and your range holds it" in quiz.result.value
    assert f"{80 / (kept.usual_high - kept.usual_low):.1f} × as wide" in quiz.result.value
    assert "Cannot tell yet. Guesses so far: 1; at least 10 are needed." in quiz.calibration.value


def test_a_range_beside_the_value_is_missed(data, file):
    quiz = begun(data, file)
    guess(quiz, "0", "1")
    assert "Missed: " in quiz.result.value
    assert "and your range does not hold it" in quiz.result.value


def test_full_width_digits_and_separators_are_numbers(data, file):
    quiz = begun(data, file, "ja")
    guess(quiz, "１０", "1,000")
    assert [(g.low, g.high) for g in read(file).guesses] == [(10, 1000)]
    assert "当たり：" in quiz.result.value


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [
        ("", "90", "Write a number into both fields."),
        ("few", "90", "Write a number into both fields."),
        ("nan", "90", "Write a number into both fields."),
        ("0", "inf", "Write a number into both fields."),
        ("91", "90", "The first number must not be larger than the second."),
    ],
)
def test_what_is_no_range_is_said_and_neither_kept_nor_answered(data, file, low, high, said):
    quiz = begun(data, file)
    guess(quiz, low, high)
    assert quiz.result.value == f"<p>{said}</p>"
    assert not file.exists()
    assert quiz.low.value == low


def test_questions_are_asked_once_until_all_are_answered(data, file):
    quiz = begun(data, file)
    for _ in range(3):
        guess(quiz, "10", "90")
        quiz.following.click()
    again = begun(data, file)
    for left in (2, 1):
        assert f"Questions left: {left}." in again.question.value
        guess(again, "10", "90")
        again.following.click()
    assert "You have answered all questions" in again.question.value
    assert len({g.period for g in read(file).guesses}) == 5
    assert "Questions left: 5." in begun(data, file, who="sato").question.value


def test_without_a_name_nothing_is_asked(data, file):
    assert "Write your name first" in begun(data, file, who=" ").question.value


def test_a_product_without_history_has_no_question(file):
    empty = product_data(accounts=[account("A")], contracts=[contract("A", "2026-09-01")], tickets=[])
    assert "has enough history" in begun(empty, file).question.value


def test_a_broken_line_is_said_in_one_sentence(data, file):
    record(file, GUESS)
    with file.open("a", encoding="utf-8") as out:
        out.write("torn\n")
    quiz = begun(data, file)
    assert "guesses.jsonl: line 2 cannot be read and does not count." in quiz.calibration.value
    assert "torn\n" in file.read_text(encoding="utf-8")


def test_guesses_are_summed_up_by_month_with_a_verdict(data, file):
    for n in range(12):
        month, held = 10 + n // 6, n % 3 > 0
        record(
            file,
            replace(
                GUESS, at=f"2026-{month}-05T09:00:00+00:00", period=f"p{n}", value=95.0 if held else 130.0
            ),
        )
    shown = begun(data, file).calibration.value
    # 8 of 12: Wilson's interval is 39 % to 86 %
    assert "Too narrow: 8 of 12 ranges held the value, 67% (39%–86%); 95% should." in shown
    for label, counted in (("October 2026", "4 of 6"), ("November 2026", "4 of 6"), ("All", "8 of 12")):
        assert f"<td>{label}</td>" in shown
        assert f"<td>{counted}: 67%" in shown
    # 40 / 33 of the usual width; a miss by 10 costs 400 more, in a third of the guesses
    assert "<td>1.2</td><td>5.3</td>" in shown


def test_names_are_shown_as_text(data, file):
    record(file, replace(GUESS, who="<b>"))
    assert "guesses of &lt;b&gt; hold" in begun(data, file, who="<b>").calibration.value


def test_each_line_of_the_file_is_json_on_its_own(data, file):
    guess(begun(data, file), "1", "90")
    assert json.loads(file.read_text(encoding="utf-8"))["every"] == "day"
