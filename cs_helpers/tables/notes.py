"""What a note of an analysis says, its fields as the language writes them."""

from __future__ import annotations

from collections.abc import Callable
from numbers import Real
from typing import Any

from cs_helpers.contract.quarters import Quarter
from cs_helpers.result import Note
from cs_helpers.text import Text


def sentence(note: Note, text: Text, analysis: str, currency: str) -> str:
    """The sentence of a note: the analysis' own (`<analysis>.notes.<code>`), else that of a note which several share.

    By their names fields are days (since, first, last), quarters, names of tables, steps or measures (a measure may
    come with the number of customers it is known of), words of the product file (baseline) amounts (mrr) or shares; other
    numbers are written as numbers.
    """

    def measure(said: Any) -> str:
        if isinstance(said, str):
            return text.label("measure", said)
        return text("notes.known_of", measure=text.label("measure", said[0]), customers=text.number(said[1]))

    def of_segment(said: tuple[str, int]) -> str:
        return text(
            "notes.unknown_of", segment=text.label("segment", said[0]), customers=text.number(said[1])
        )

    written: dict[str, Callable[[Any], str]] = {
        "since": text.day,
        "first": text.day,
        "last": text.day,
        "quarter": lambda quarter: text.quarter(Quarter.parse(quarter)),
        "tables": lambda names: text.joined(list(names)),
        "names": lambda names: names if isinstance(names, str) else text.joined(list(names)),
        "baseline": lambda words: str(words.in_language(text.language)),
        "steps": lambda steps: text.joined([text.label("step", s) for s in steps]),
        "measures": lambda measures: text.joined([measure(m) for m in measures]),
        "segments": lambda segments: text.joined([of_segment(s) for s in segments]),
        "dimensions": lambda names: text.joined([text.label("segment", d) for d in names]),
        "share": text.share,
        "usual_share": text.share,
        "mrr": lambda amount: text.money(amount, currency),
    }
    fields = {
        name: written[name](value)
        if name in written
        else text.number(float(value))
        if isinstance(value, Real)
        else value
        for name, value in note.fields.items()
    }
    own = f"{analysis}.notes.{note.code}"
    return text(own if text.has(own) else f"notes.{note.code}", **fields)
