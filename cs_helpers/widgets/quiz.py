"""A quiz of the sense of normal: a range is guessed before anything is shown, and guesses add up to a calibration."""

from __future__ import annotations

import getpass
import html
import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import pandas as pd

from cs_helpers import paths
from cs_helpers.charts.theme import INK, ORANGE, QUIET, SKY
from cs_helpers.customers import guess_log
from cs_helpers.customers.usual_questions import LEVEL, UsualQuestion, usual_questions
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.range_guesses import MIN_GUESSES, Calibration, calibration
from cs_helpers.text import Text
from cs_helpers.widgets.shown import Shown


class Quiz(Shown):
    """One question after the other: two fields for a range, then what is usual, then how the guesses fare.

    A guess is on the disk before its answer is shown. Nothing is worked out before the first click, so that the cell takes
    no time where a notebook runs through. Draws into HTML widgets, as the filter bar does (nbclient issue 312).
    """

    def __init__(self, data: ProductData, until: date, text: Text, file: Path) -> None:
        self._data, self._until, self._text, self._file = data, until, text, file
        self._questions: list[UsualQuestion] = []
        self._name = ""
        self.who = _field(text("quiz.who"), _user())
        self.start = widgets.Button(description=text("quiz.start"), button_style="primary")
        self.low, self.high = _field(text("quiz.low")), _field(text("quiz.high"))
        self.answer = widgets.Button(description=text("quiz.answer"), button_style="primary")
        self.following = widgets.Button(description=text("quiz.next"))
        self.question, self.result, self.calibration = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self._range = widgets.HBox([self.low, self.high, self.answer], layout=_WRAPPED)
        self.start.on_click(self._on_start)
        self.answer.on_click(self._on_answer)
        self.following.on_click(lambda _: self._ask())
        _hide(self._range, self.following)
        first = widgets.HBox([self.who, self.start], layout=_WRAPPED)
        rows = [first, self.question, self._range, self.result, self.following, self.calibration]
        self.widget = widgets.VBox(rows)

    def _on_start(self, _: Any) -> None:
        """Begins with the questions that this person has not answered yet."""
        self._name = self.who.value.strip()
        if not self._name:
            self.question.value = _paragraph(self._text("quiz.no_name"))
            return
        answered = {(g.product, g.number, g.period) for g in guess_log.read(self._file).of(self._name)}
        asked = usual_questions(self._data, self._until, self._name)
        self._questions = [question for question in asked if question.key not in answered]
        self._ask(nothing="quiz.done" if asked else "quiz.none")

    def _ask(self, nothing: str = "quiz.done") -> None:
        self.result.value = self.low.value = self.high.value = ""
        self._show_calibration()
        _hide(self.following)
        if not self._questions:
            _hide(self._range)
            self.question.value = _paragraph(self._text(nothing))
            return
        self.question.value = _question_html(self._questions[0], len(self._questions), self._text)
        _reveal(self._range)

    def _on_answer(self, _: Any) -> None:
        low, high = _number(self.low.value), _number(self.high.value)
        if low is None or high is None or low > high:
            problem = "quiz.not_a_number" if low is None or high is None else "quiz.low_above_high"
            self.result.value = _paragraph(self._text(problem))
            return
        question = self._questions.pop(0)
        guess = guess_log.guess_on(question, low, high, self._name, datetime.now(UTC))
        guess_log.record(self._file, guess)
        self.result.value = _answer_html(question, guess, self._text)
        _hide(self._range)
        _reveal(self.following)
        self._show_calibration()

    def _show_calibration(self) -> None:
        known = guess_log.read(self._file)
        parts = [_calibration_html(self._name, known.of(self._name), self._text)]
        if known.broken:
            lines = self._text.join_list([str(line) for line in known.broken])
            parts.append(
                _paragraph(self._text("quiz.broken", file=paths.display_path(self._file), lines=lines))
            )
        self.calibration.value = "".join(parts)


_WRAPPED = widgets.Layout(flex_flow="row wrap", align_items="center")


def _field(label: str, value: str = "") -> widgets.Text:
    layout = widgets.Layout(width="14em")
    return widgets.Text(value=value, description=label, layout=layout, style={"description_width": "initial"})


def _hide(*parts: widgets.Widget) -> None:
    for part in parts:
        part.layout.display = "none"


def _reveal(part: widgets.Widget) -> None:
    part.layout.display = None


def _user() -> str:
    """The name of the account on this computer; '' where it has none, as in some containers."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return ""


def _number(written: str) -> float | None:
    """A number as people write it, also in full width and with separators of thousands; None for anything else."""
    plain = unicodedata.normalize("NFKC", written).replace(",", "").replace("−", "-").strip()
    try:
        number = float(plain)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _digits(value: float) -> int:
    """The decimals that a number of this size needs."""
    return 0 if value == 0 or abs(value) >= 10 else 1 if abs(value) >= 1 else 2


def _paragraph(sentence: str) -> str:
    return f"<p>{html.escape(sentence)}</p>"


def _when(question: UsualQuestion, text: Text, key: str, **fields: str) -> str:
    """A sentence on the period of a question, by whether it is a day, a week or a month."""
    period = question.period
    return text(
        f"{key}.{question.baseline.every}",
        weekday=text.weekday(period), day=text.day(period), month=text.month(period), **fields,
    )  # fmt: skip


def _question_html(question: UsualQuestion, left: int, text: Text) -> str:
    number = text.label("baseline", question.baseline.id)
    unit = question.baseline.unit.in_language(text.language)
    asked = html.escape(_when(question, text, "quiz.question", number=number, unit=unit))
    more = html.escape(text("quiz.left", n=text.number(left)))
    return f"<p><b>{asked}</b></p><p style='color:{QUIET}'>{more}</p>"


def _answer_html(question: UsualQuestion, guess: guess_log.Guess, text: Text) -> str:
    """Whether the guess held, what is usual, how wide the guess is, and the last values."""

    def said(value: float) -> str:
        return text.number(value, 0 if question.baseline.scale == "count" else _digits(value))

    outcome = "held" if guess.low <= guess.value <= guess.high else "missed"
    is_usual = "inside" if guess.low <= guess.usual <= guess.high else "outside"
    ratio = (guess.high - guess.low) / (guess.usual_high - guess.usual_low)
    sentences = (
        _when(question, text, f"quiz.{outcome}", value=said(guess.value)),
        text(
            f"quiz.usual_{is_usual}",
            usual=said(guess.usual), low=said(guess.usual_low), high=said(guess.usual_high),
        ),
        text("quiz.width", ratio=text.number(ratio, _digits(ratio))),
    )  # fmt: skip
    lines = "<br>".join(html.escape(sentence) for sentence in sentences)
    return f"<p>{lines}</p>" + _strip(question, guess, text, said)


def _strip(question: UsualQuestion, guess: guess_log.Guess, text: Text, said: Any) -> str:
    """The usual range, the guessed one and the last values above one axis, the latest value in bold."""
    values = [float(value) for value in question.recent]
    ends = [guess.low, guess.high, guess.usual_low, guess.usual_high, *values]
    first, last = min(ends), max(ends)
    width = (last - first) or 1.0

    def at(value: float) -> float:
        return 2 + 96 * (value - first) / width

    def bar(low: float, high: float, colour: str) -> str:
        left, reach = at(low), max(at(high) - at(low), 0.6)
        return f"<div style='{_MARK};left:{left:.1f}%;width:{reach:.1f}%;height:10px;top:6px;background:{colour}'></div>"

    def dot(value: float, size: int, colour: str) -> str:
        place = f"left:calc({at(value):.1f}% - {size / 2:.0f}px);top:{11 - size / 2:.0f}px"
        return f"<div style='{_MARK};{place};width:{size}px;height:{size}px;border-radius:50%;background:{colour}'></div>"

    dots = "".join(dot(value, 7, QUIET) for value in values[:-1]) + dot(values[-1], 11, INK)
    usual = bar(guess.usual_low, guess.usual_high, SKY) + dot(guess.usual, 9, INK)
    rows = (
        (text("quiz.strip.usual", low=said(guess.usual_low), high=said(guess.usual_high)), usual),
        (text("quiz.strip.guess", low=said(guess.low), high=said(guess.high)), bar(guess.low, guess.high, ORANGE)),
        (text("quiz.strip.recent", n=text.number(len(values)), value=said(values[-1])), dots),
    )  # fmt: skip
    lines = "".join(
        f"<div style='flex:0 0 17em;color:{INK}'>{html.escape(label)}</div>"
        f"<div style='flex:1 1 16em;position:relative;height:22px;border-bottom:1px solid #d9dee4'>{marks}</div>"
        for label, marks in rows
    )
    return f"<div style='display:flex;flex-wrap:wrap;max-width:46em;line-height:22px'>{lines}</div>"


_MARK = "position:absolute"


def _calibration_html(who: str, guesses: Sequence[guess_log.Guess], text: Text) -> str:
    """The verdict on all guesses of a person, and the guesses by month; '' without any."""
    if not guesses:
        return ""
    rows = guess_log.table(guesses)
    months = pd.to_datetime(rows["at"], utc=True).dt.tz_localize(None).dt.to_period("M").dt.to_timestamp()
    overall = calibration(rows, LEVEL)
    lines = [(text.month(month), calibration(part, LEVEL)) for month, part in rows.groupby(months)]
    if len(lines) > 1:
        lines.append((text("quiz.all"), overall))
    headings = text.headings("quiz", "month", "guesses", "held", "width", "score", "usual_score")
    head = "".join(f"<th scope='col'>{html.escape(heading)}</th>" for heading in headings.values())
    body = "".join(f"<tr>{''.join(_cells(label, found, text))}</tr>" for label, found in lines)
    verdict = text(
        f"quiz.verdict.{overall.verdict}",
        n=text.number(overall.guesses), needed=text.number(MIN_GUESSES), held=text.number(overall.held),
        share=text.share_within(overall.share, overall.low, overall.high), aim=text.share(LEVEL),
    )  # fmt: skip
    return (
        f"<h4>{html.escape(text('quiz.calibration', who=who))}</h4>{_paragraph(verdict)}"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        f"<p style='color:{QUIET}'>{html.escape(text('quiz.score'))}</p>"
    )


def _cells(label: str, found: Calibration, text: Text) -> list[str]:
    held = text(
        "quiz.of", held=text.number(found.held), n=text.number(found.guesses),
        share=text.share_within(found.share, found.low, found.high),
    )  # fmt: skip
    numbers = [found.width, found.score, found.usual_score]
    values = [label, text.number(found.guesses), held, *(text.number(number, 1) for number in numbers)]
    return [f"<td>{html.escape(value)}</td>" for value in values]
