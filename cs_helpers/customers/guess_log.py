"""The guesses of what is usual, as they were made: one line of JSON each in a file that is only ever appended to."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime
from pathlib import Path

import pandas as pd

from cs_helpers import durable
from cs_helpers.customers.usual_questions import UsualQuestion

_NUMBERS = ("low", "high", "value", "usual", "usual_low", "usual_high")


@dataclass(frozen=True)
class Guess:
    """A guessed range and what was right.

    at: when, as ISO 8601 with the offset. who: as the person wrote. period: first day. low, high: the guess. value: the value
    of the period. usual, usual_low, usual_high: what history says of it (95 %).
    """

    at: str
    who: str
    product: str
    number: str
    every: str
    period: str
    low: float
    high: float
    value: float
    usual: float
    usual_low: float
    usual_high: float


@dataclass(frozen=True)
class Guesses:
    """The guesses of a file in their order, and the numbers of its lines that cannot be read."""

    guesses: tuple[Guess, ...] = ()
    broken: tuple[int, ...] = ()

    def of(self, who: str) -> tuple[Guess, ...]:
        """The first guess of a person on each number and period: one who has seen the answer guesses no more."""
        first: dict[tuple[str, str, str], Guess] = {}
        for guess in self.guesses:
            if guess.who == who:
                first.setdefault((guess.product, guess.number, guess.period), guess)
        return tuple(first.values())


def guess_on(question: UsualQuestion, low: float, high: float, who: str, at: datetime) -> Guess:
    """The record of a guess. at: with a time zone."""
    return Guess(
        at.isoformat(timespec="seconds"), who, question.product, question.baseline.id, question.baseline.every,
        question.period.isoformat(), low, high, question.value, question.usual, question.low, question.high,
    )  # fmt: skip


def table(guesses: Sequence[Guess]) -> pd.DataFrame:
    """Guesses as a frame with the fields of `Guess`; numbers are float64."""
    frame = pd.DataFrame([asdict(guess) for guess in guesses], columns=[f.name for f in fields(Guess)])
    return frame.astype(dict.fromkeys(_NUMBERS, "float64"))


def record(file: Path, guess: Guess) -> None:
    """Append a guess; it is on the disk when this returns. Whatever else the file holds stays as it is."""
    durable.append_line(file, json.dumps(asdict(guess), ensure_ascii=False, allow_nan=False).encode())


def read(file: Path) -> Guesses:
    """The guesses of a file; none where there is no file."""
    try:
        lines = file.read_bytes().splitlines()
    except FileNotFoundError:
        return Guesses()
    guesses, broken = [], []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            guesses.append(_guess(json.loads(line)))
        except (ValueError, TypeError):
            broken.append(number)
    return Guesses(tuple(guesses), tuple(broken))


def _guess(content: dict[str, object]) -> Guess:
    guess = Guess(**content)  # type: ignore[arg-type]
    for field in fields(Guess):
        is_number = field.name in _NUMBERS
        value = getattr(guess, field.name)
        if isinstance(value, bool) or not isinstance(value, (int, float) if is_number else str):
            raise TypeError(field.name)
    if not all(math.isfinite(getattr(guess, name)) for name in _NUMBERS):
        raise ValueError("a number that is none")
    if datetime.fromisoformat(guess.at).tzinfo is None:
        raise ValueError("a time without its offset")
    if not guess.low <= guess.high or not guess.usual_low < guess.usual_high:
        raise ValueError("a range that is none")
    return guess
