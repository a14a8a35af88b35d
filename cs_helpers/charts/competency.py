"""Figures of competency: what sets high performers apart, and how the interview's minutes lie to the weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from cs_helpers.charts.theme import (
    BLUE,
    INK,
    ORANGE,
    PHONE,
    QUIET,
    RED,
    RULE,
    Picture,
    bars,
    canvas,
    finish_figure,
    in_two_widths,
)
from cs_helpers.result import Result
from cs_helpers.text import Text
from cs_helpers.text.competency_words import signed, verdict_sentence

_COLOURS = {"distinguishes": BLUE, "other_way": ORANGE}


def profile(result: Result, text: Text) -> Picture:
    """Each element: by how many points high performers are rated higher than the others, with its interval."""
    return in_two_widths(_profile, result, text)


def _profile(result: Result, text: Text, width: float) -> Picture:
    """The elements; on a phone the name of each stands above its line."""
    table = result.tables["profile"].iloc[::-1].reset_index(drop=True)
    is_phone = width == PHONE
    ends = np.abs(table[["low", "high_end", "difference"]].to_numpy(float))
    reach = max(1.1 * float(np.nanmax(ends, initial=0.0)), 1.0)
    with canvas(text, height=0.8 + (0.78 if is_phone else 0.52) * len(table), width=width) as (figure, axis):
        axis.axvline(0, color=INK, linewidth=1, zorder=1)
        for place, row in enumerate(table.itertuples()):
            colour = _COLOURS.get(str(row.verdict), QUIET)
            said = text(f"competency.profile.row.{row.verdict}")
            if row.verdict != "too_few":
                axis.hlines(place, row.low, row.high_end, color=colour, linewidth=2, alpha=0.75)
                axis.scatter(row.difference, place, color=colour, s=36, zorder=3)
                means = text(
                    "competency.profile.means",
                    high=text.number(row.high, 1), others=text.number(row.others, 1), difference=signed(row.difference, text),
                )  # fmt: skip
                said = means if is_phone else f"{means}\n{said}"
            name = text.label("element", row.element)
            if is_phone:
                verdict = text(f"competency.profile.row.{row.verdict}")
                line = f"{name}\n{said}" if row.verdict == "too_few" else f"{name}\n{said}  {verdict}"
                axis.text(
                    -reach, place + 0.18, line, va="bottom", fontsize=8.5, color=colour if colour != QUIET else INK,
                    linespacing=1.25, in_layout=False,
                )  # fmt: skip
            else:
                axis.text(1.06 * reach, place, said, va="center", fontsize=9, color=colour, linespacing=1.3)
        axis.set_xlim(-reach, (1 if is_phone else 1.75) * reach)
        axis.set_ylim(-0.55, len(table) - (0.1 if is_phone else 0.45))
        marks = [mark for mark in range(-4, 5) if abs(mark) <= reach]
        axis.set_xticks(marks, [signed(mark, text) if mark else "0" for mark in marks])
        axis.grid(axis="x")
        axis.spines["left"].set_visible(False)
        axis.spines["bottom"].set_visible(False)
        axis.set_title(text.wrap(text("competency.profile.axis"), 50 if is_phone else 200), fontsize=9.5)
        names = [] if is_phone else [text.wrap(text.label("element", e), 26) for e in table["element"]]
        axis.set_yticks([] if is_phone else range(len(table)), names or None)
        n = text(
            "competency.n", n_high=_people(table["n_high"].max(), text), n_others=_people(table["n_others"].max(), text)
        )  # fmt: skip
        return _finished(figure, result, "profile", n, text)


def plan(result: Result, text: Text) -> Picture:
    """Each element's share of the interview's minutes, beside its share of the weights."""
    return in_two_widths(_plan, result, text)


def _plan(result: Result, text: Text, width: float) -> Picture:
    table = result.tables["plan"].iloc[::-1].reset_index(drop=True)
    is_phone = width == PHONE
    places = np.arange(len(table), dtype=float)
    shares = table[["minutes_share", "weight_share"]].to_numpy(float)
    reach = max(float(np.nanmax(shares, initial=0.0)), 0.1)
    with canvas(text, height=0.8 + (0.66 if is_phone else 0.44) * len(table), width=width) as (figure, axis):
        bars(axis, places, table["minutes_share"], width=0.34 if is_phone else 0.5, color=BLUE, lying=True)
        for place, row in zip(places, table.itertuples(), strict=True):
            missing = row.state == "uncovered"
            if row.weight_share == row.weight_share:
                axis.vlines(
                    row.weight_share, place - 0.3, place + 0.3, color=RED if missing else INK, linewidth=2.5
                )
            said = text(
                f"competency.plan.beside_{row.state}",
                share=text.share(row.minutes_share), weight=text.share(row.weight_share),
                questions=text.number(row.questions),
            )  # fmt: skip
            if is_phone:
                line = f"{text.label('element', row.element)}  {said}"
                axis.text(
                    0,
                    place + 0.3,
                    line,
                    va="bottom",
                    fontsize=8.5,
                    color=RED if missing else INK,
                    in_layout=False,
                )
            else:
                axis.text(1.05 * reach, place, said, va="center", fontsize=9, color=RED if missing else QUIET)
        axis.set_xlim(0, (1.04 if is_phone else 1.7) * reach)
        axis.set_ylim(-0.5, len(table) - (0.15 if is_phone else 0.4))
        axis.set_xticks([])
        axis.spines["bottom"].set_visible(False)
        axis.spines["left"].set_color(RULE)
        axis.set_title(text.wrap(text("competency.plan.axis"), 50 if is_phone else 200), fontsize=9.5)
        names = [] if is_phone else [text.wrap(text.label("element", e), 26) for e in table["element"]]
        axis.set_yticks([] if is_phone else places, names or None)
        n = text("competency.n_questions", n=text.number(len(result.tables["plan_questions"])))
        return _finished(figure, result, "plan", n, text)


def _people(n: float, text: Text) -> str:
    """A number of people; a sign where it is hidden because it is small."""
    return text.companies(n)


def _finished(figure: Any, result: Result, question: str, n: str, text: Text) -> Picture:
    verdict = result.verdicts[question]
    message = verdict_sentence(question, verdict.code, verdict.fields, text)
    alt = text(f"competency.{question}.alt", message=message)
    return finish_figure(figure, text, result, message=message, alt=alt, n=n)
