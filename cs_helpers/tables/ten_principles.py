"""Tables of the ten principles: the levels side by side, the evidence, the order of work, and the team's own judgement."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from cs_helpers.contract.vocabulary import PRINCIPLE_LEVELS
from cs_helpers.result import Result
from cs_helpers.tables.notes import format_fields
from cs_helpers.tables.theme import MAX_ROWS, Listing, table
from cs_helpers.tables.units import format_value
from cs_helpers.text import Text

_Row = Mapping[Hashable, Any]


def principles(result: Result, text: Text) -> Listing:
    """The ten principles: what the data shows and why no more, what the team says, and how the two stand to each other."""
    known = result.tables["principles"]
    rows = known.to_dict("records")
    named = known.assign(
        principle=[_principle(one, text) for one in known["principle"]],
        means=[text(f"ten_principles.paraphrase.{one}") for one in known["principle"]],
        level=[_shown(row["level"], text) for row in rows],
        missing=[_missing(row, text) for row in rows],
        team=[_span(row["low"], row["high"], text) for row in rows],
        comparison=[text(f"ten_principles.comparison.{code}") for code in known["comparison"]],
    )
    headings = text.headings(
        "ten_principles.principles", "principle", "means", "level", "missing", "team", "comparison"
    )
    return replace(table(named, headings, name="principles", all_rows=named), is_stacked=True)


def evidence(result: Result, text: Text) -> Listing:
    """The numbers of each principle, a row a principle: for how many it is done, the outcome since a year before, and others.

    Its file has a row a number.
    """
    known, currency = result.tables["evidence"], result.settings["currency"]
    page, links = [], []
    for principle, of_principle in known.groupby("principle", sort=True):
        numbers = of_principle.to_dict("records")
        done = [row for row in numbers if row["decides"] in ("done", "both")]
        outcome = [row for row in numbers if row["decides"] in ("outcome", "both")]
        beside = [row for row in numbers if not row["decides"]]
        page.append(
            {
                "principle": _principle(int(principle), text),
                "done": text.join_sentences([_number(row, text, currency) for row in done]) or "–",
                "outcome": "".join(_with_course(row, text, currency) for row in outcome) or "–",
                "beside": text.join_sentences([_number(row, text, currency) for row in beside]) or "–",
            }
        )
        links.append([_link(rows, text) for rows in (done, outcome)])
    shown = ("principle", "done", "outcome", "beside")
    headings = text.headings("ten_principles.evidence", *shown)
    listing = table(pd.DataFrame(page, columns=list(shown)), headings, name="principles-evidence")
    return replace(
        listing,
        is_stacked=True,
        files={"numbers": _all_numbers(known, text)},
        links={headings["done"]: [row[0] for row in links], headings["outcome"]: [row[1] for row in links]},
    )


def _link(rows: list[dict[Hashable, Any]], text: Text) -> tuple[str, str]:
    """The name of the first of some numbers, and the answer that it is from."""
    return (_name(rows[0]["number"], text), rows[0]["place"]) if rows else ("", "")


def _all_numbers(known: pd.DataFrame, text: Text) -> pd.DataFrame:
    columns = (
        "principle", "number", "decides", "value", "low", "high", "unit", "n", "before", "before_low", "before_high", "course",
        "place",
    )  # fmt: skip
    named = known.assign(
        principle=[_principle(one, text) for one in known["principle"]],
        number=[_name(name, text) for name in known["number"]],
        decides=[text(f"ten_principles.decides.{code or 'nothing'}") for code in known["decides"]],
        course=[text(f"ten_principles.course.{code or 'unknown'}") for code in known["course"]],
    )
    return named[list(columns)].rename(columns=text.headings("ten_principles.evidence.all", *columns))


def order(result: Result, text: Text) -> Listing:
    """The principles in the order of work, with the reason why the phase asks for them first, and what comes next."""
    known, phase = result.tables["order"], result.settings["phase"]
    rows = known.to_dict("records")
    named = known.assign(
        rank=[text.number(rank) for rank in known["rank"]],
        principle=[_principle(one, text) for one in known["principle"]],
        level=[_level_of_work(row, text) for row in rows],
        reason=[_reason(row, phase, is_own=result.settings["is_own"], text=text) for row in rows],
        next=[_next(row, text) for row in rows],
    )
    headings = text.headings("ten_principles.order", "rank", "principle", "level", "reason", "next")
    listing = table(
        named, headings, name="principles-order", right=("rank",), message=_said(result, "order", text)
    )
    return replace(listing, is_stacked=True)


def _level_of_work(row: _Row, text: Text) -> str:
    if row["by"] == "nothing":
        return text("ten_principles.by.nothing")
    return text(
        f"ten_principles.by.{row['by']}",
        level=_shown(row["level"], text)
        if row["by"] == "data"
        else text(f"ten_principles.level.{row['level']}"),
    )


def _reason(row: _Row, phase: str, *, is_own: bool, text: Text) -> str:
    """Why a principle comes first: our reason for the phase, or that the product file says so; '–' for the others."""
    if not row["is_first"]:
        return "–"
    if is_own:
        return text("ten_principles.order.own")
    return text(f"ten_principles.reasons.{phase}.{row['principle']}")


def _next(row: _Row, text: Text) -> str:
    return text(
        f"ten_principles.next.{row['next']}", what=text(f"ten_principles.declares.{row['principle']}")
    )


def changes(result: Result, text: Text) -> Listing:
    """How the team's judgement of each principle differs from the one before."""
    known = result.tables["changes"]
    rows = known.to_dict("records")
    named = known.assign(
        principle=[_principle(one, text) for one in known["principle"]],
        before=[_span(row["before_low"], row["before_high"], text) for row in rows],
        now=[_span(row["low"], row["high"], text) for row in rows],
        change=[
            text(
                f"ten_principles.change.{row['change']}",
                **{name: text.number(row[name]) for name in ("rose", "fell", "both")},
            )
            for row in rows
        ],
    )
    page = named.assign(
        before_on=[text.day(day) for day in known["before_on"]], on=[text.day(day) for day in known["on"]]
    )[known["change"] != "same"]
    shown = ("principle", "before_on", "before", "on", "now", "change")
    # the sentence counts those that are judged the same; where all are, it stands alone
    return table(
        page, text.headings("ten_principles.changes", *shown), name="principles-changes",
        all_rows=named if page.empty else named.loc[page.index],
        message=_said(result, "changes", text),
    )  # fmt: skip


def assessments(result: Result, text: Text) -> Listing:
    """Who judged which principle how, when and why; the last first."""
    known = result.tables["assessments"]
    named = known.assign(
        principle=[_principle(one, text) for one in known["principle"]],
        level=[text(f"ten_principles.level.{level}") for level in known["level"]],
        assessed_by=known["assessed_by"].fillna("–"),
        why=known["why"].fillna("–"),
    )
    page = named.head(MAX_ROWS)
    page = page.assign(assessed_on=[text.day(day) for day in page["assessed_on"]])
    headings = text.headings(
        "ten_principles.assessments", "assessed_on", "principle", "assessed_by", "level", "why"
    )
    return table(page, headings, name="principles-assessments", all_rows=named)


def _said(result: Result, question: str, text: Text) -> str:
    verdict = result.verdicts[question]
    fields = format_fields(verdict.fields, text, result.settings["currency"])
    return text(f"ten_principles.{question}.{verdict.code}", **fields)


def _principle(principle: int, text: Text) -> str:
    return text(f"ten_principles.numbered.{principle}")


def _shown(level: str, text: Text) -> str:
    return text(f"ten_principles.shown.{level or 'unknown'}")


def _span(low: str, high: str, text: Text) -> str:
    """The lowest and the highest level that assessors say."""
    if not low:
        return "–"
    ends = [text(f"ten_principles.level.{level}") for level in (low, high)]
    return ends[0] if low == high else text("ten_principles.from_to", low=ends[0], high=ends[1])


def _missing(row: _Row, text: Text) -> str:
    """The first condition that is not met, in the order of the levels."""
    what = text(f"ten_principles.declares.{row['principle']}")
    for name in PRINCIPLE_LEVELS[1:]:
        if row[name] != "yes":
            return text(f"ten_principles.missing.{name}.{row[name]}", what=what)
    return "–"


def _name(number: str, text: Text) -> str:
    """A headline as its report names it, or a number of our own."""
    if "." in number:
        analysis, _, metric = number.partition(".")
        return text(f"{analysis}.metrics.{metric}")
    return text(f"ten_principles.number.{number}")


def _number(row: _Row, text: Text, currency: str) -> str:
    return text(
        "ten_principles.evidence.number", name=_name(row["number"], text), value=_within(row, "", text, currency),
        n=text.number(row["n"]),
    )  # fmt: skip


def _with_course(row: _Row, text: Text, currency: str) -> str:
    """An outcome with what it was a year before, and whether it has changed beyond chance."""
    now = text("ten_principles.evidence.same") if row["decides"] == "both" else _number(row, text, currency)
    if not row["course"]:
        return text.join_sentences([now, text("ten_principles.course_said.unknown")])
    before = _within(row, "before_", text, currency)
    return text.join_sentences([now, text(f"ten_principles.course_said.{row['course']}", before=before)])


def _within(row: _Row, prefix: str, text: Text, currency: str) -> str:
    """A value with its 95 % interval; without it where it is counted, or not known."""
    value, low, high = (
        row[f"{prefix}{c}" if prefix and c != "value" else (prefix[:-1] or c)]
        for c in ("value", "low", "high")
    )
    said = format_value(value, row["unit"], text, currency)
    if low != low or high != high:
        return said
    is_short = row["unit"] in ("share", "currency")
    ends = [
        format_value(end, row["unit"], text, currency) if is_short else text.number(end)
        for end in (low, high)
    ]
    return text("charts.interval", value=said, low=ends[0], high=ends[1])
