"""Tables of competency: the profile, the raters, the plan of the interview, interviewers and candidates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from cs_helpers.result import Result
from cs_helpers.tables.theme import MAX_ROWS, Listing, first_rows, table
from cs_helpers.text import Text
from cs_helpers.text.competency_words import signed_within, verdict_sentence

_RIGHT = (
    "n_high", "n_others", "high", "others", "p", "people", "self_mean", "others_mean", "ratings", "alpha", "reliability",
    "mean", "rated_high", "rated_others", "weight", "weight_share", "minutes", "minutes_share", "recommended", "questions",
    "candidates_scored", "scores", "answers", "score",
)  # fmt: skip
#: digits of numbers that are no counts
_DIGITS = {
    "high": 1, "others": 1, "self_mean": 1, "others_mean": 1, "mean": 1, "reliability": 2, "p": 3,
}  # fmt: skip
#: numbers with a decimal only where they have one
_WHOLE_OR_NOT = ("weight", "minutes", "recommended")
_SHARES = ("weight_share", "minutes_share")
#: last columns that are left out where they remark nothing: of `raters` and `plan_questions`
_REMARKS = ("alike", "state")


def profile(result: Result, text: Text) -> Listing:
    """Each element: the means of high performers and of the others, their difference, and whether that may be chance."""
    known = _named(result.tables["profile"], text)
    known = known.assign(verdict=_words("profile.row", known["verdict"], text))
    columns = ("element", "n_high", "n_others", "high", "others", "difference", "p", "verdict")
    return _listing(result, "profile", known, columns, text)


def self_ratings(result: Result, text: Text) -> Listing:
    """Each element: how people rate themselves against how others rate them."""
    known = _named(result.tables["self_ratings"], text)
    known = known.assign(verdict=_words("self_ratings.row", known["verdict"], text))
    columns = ("element", "people", "self_mean", "others_mean", "difference", "verdict")
    return _listing(result, "self_ratings", known, columns, text)


def rater_agreement(result: Result, text: Text) -> Listing:
    """Each element: whether raters of the same person agree, and how reliable their mean is."""
    known = _named(result.tables["rater_agreement"], text)
    known = known.assign(verdict=_words("agreement.row", known["verdict"], text))
    columns = ("element", "people", "ratings", "alpha", "reliability", "verdict")
    return _listing(result, "rater_agreement", known, columns, text)


def raters(result: Result, text: Text) -> Listing:
    """Who rated whom, by name."""
    known = result.tables["raters"]
    known = known.assign(
        alike=[text(f"competency.raters.alike_{'yes' if a else 'no'}") for a in known["alike"]]
    )
    columns = ("rater", "people", "rated_high", "rated_others", "ratings", "mean", "alike")
    return _listing(result, "raters", known, columns, text)


def plan(result: Result, text: Text) -> Listing:
    """Each element: its weight, its minutes, and those that it would have by weight."""
    known = _named(result.tables["plan"], text)
    known = known.assign(state=_words("plan.state", known["state"], text))
    columns = (
        "element",
        "weight",
        "weight_share",
        "questions",
        "minutes",
        "minutes_share",
        "recommended",
        "state",
    )
    return _listing(result, "plan", known, columns, text)


def plan_questions(result: Result, text: Text) -> Listing:
    """Each question: its words, the elements it tells of, its minutes."""
    known = result.tables["plan_questions"]
    known = known.assign(
        question=[text.label("interview_question", one) for one in known["question"]],
        elements=[text.join_list([text.label("element", e) for e in some]) for some in known["elements"]],
        state=_words("plan_questions.state", known["state"], text),
    )
    return _listing(result, "plan_questions", known, ("question", "elements", "minutes", "state"), text)


def agreement(result: Result, text: Text) -> Listing:
    """Each question: whether interviewers give the same answer similar scores."""
    known = result.tables["agreement"]
    known = known.assign(
        question=[
            text("competency.all") if one == "all" else text.label("interview_question", one)
            for one in known["question"]
        ],
        verdict=_words("agreement.row", known["verdict"], text),
    )
    columns = ("question", "candidates_scored", "scores", "alpha", "verdict")
    return _listing(result, "agreement", known, columns, text)


def severity(result: Result, text: Text) -> Listing:
    """Each interviewer, by name: how their scores lie to those of the others for the same answers."""
    known = result.tables["severity"]
    known = known.assign(verdict=_words("severity.row", known["verdict"], text))
    columns = ("interviewer", "candidates_scored", "answers", "difference", "verdict")
    return _listing(result, "severity", known, columns, text)


def candidates(result: Result, text: Text) -> Listing:
    """Each candidate, by key: what was asked, the score with its interval, and from whom that can be told apart."""
    known = result.tables["candidates"]
    all_rows = known.assign(
        interviewed_on=[day.date().isoformat() for day in known["interviewed_on"]],
        keep_until=[day.date().isoformat() for day in known["keep_until"]],
        interviewers=[text.join_list(list(names)) for names in known["interviewers"]],
        missing=[
            text.join_list([text.label("interview_question", one) for one in ids]) or "–"
            for ids in known["missing"]
        ],
        apart_from=[_apart(row.score, row.low, row.apart_from, text) for row in known.itertuples()],
    )
    page = all_rows.assign(
        interviewed_on=[text.day(day.date()) for day in known["interviewed_on"]],
        keep_until=[text.day(day.date()) for day in known["keep_until"]],
        score=[text.number_within(row.score, row.low, row.high_end, 1) for row in known.itertuples()],
        asked=[text.number(n) for n in known["asked"]],
        # names and keys are not broken at their hyphens
        **{name: all_rows[name].str.replace("-", "-\u2060") for name in ("interviewers", "apart_from")},
    )
    columns = (
        "candidate", "interviewed_on", "interviewers", "asked", "missing", "score", "apart_from", "keep_until",
    )  # fmt: skip
    headings = text.headings("competency.candidates", *columns)
    return table(
        page.head(MAX_ROWS), headings, name="candidates", right=("asked", "score"), all_rows=all_rows,
        message=_said(result, "candidates", text),
    )  # fmt: skip


def _apart(score: float, low: float, names: Sequence[str], text: Text) -> str:
    """From whom a candidate can be told apart, in words."""
    if low != low:
        return text(f"competency.candidates.{'unscored' if score != score else 'unknown'}")
    return text.join_list(list(names)) if names else text("competency.candidates.nobody")


def candidate_elements(result: Result, text: Text) -> Listing:
    """Each candidate, by key: the score on each element."""
    known = result.tables["candidate_elements"]
    elements = list(dict.fromkeys(known["element"]))
    wide = known.pivot(index="candidate", columns="element", values="score")[elements].reset_index()
    page = wide.assign(**{e: [text.number(score, 1) for score in wide[e]] for e in elements})
    headings = text.headings("competency.candidate_elements", "candidate")
    headings |= {e: text.label("element", e) for e in elements}
    return table(
        page.head(MAX_ROWS), headings, name="candidate-elements", right=tuple(elements), all_rows=wide
    )


def _said(result: Result, question: str, text: Text) -> str:
    """The sentence of a question's verdict, if it has one."""
    verdict = result.verdicts.get(question)
    return verdict_sentence(question, verdict.code, verdict.fields, text) if verdict else ""


def _named(known: pd.DataFrame, text: Text) -> pd.DataFrame:
    """A table with the names of its elements."""
    names = [text("competency.all") if e == "all" else text.label("element", e) for e in known["element"]]
    return known.assign(element=names)


def _words(key: str, codes: pd.Series, text: Text) -> list[str]:
    return [text(f"competency.{key}.{code}") for code in codes]


def _listing(
    result: Result, question: str, all_rows: pd.DataFrame, columns: Sequence[str], text: Text
) -> Listing:
    """The listing of a question: scores, shares and counts formatted, differences and alpha with their intervals."""
    frame = all_rows.copy()
    for column in columns:
        if column == "difference":
            frame[column] = [
                signed_within(row.difference, row.low, row.high_end, text) for row in all_rows.itertuples()
            ]
        elif column == "alpha":
            frame[column] = [
                text.number_within(row.alpha, row.low, row.high_end, 2) for row in all_rows.itertuples()
            ]
        elif column in _WHOLE_OR_NOT:
            frame[column] = [text.number(v, int(v % 1 > 0)) for v in all_rows[column]]
        elif column in _SHARES:
            frame[column] = [text.share(v) for v in all_rows[column]]
        elif column in ("n_high", "n_others", "people", "candidates_scored"):
            frame[column] = [text.companies(v) for v in all_rows[column]]
        elif pd.api.types.is_numeric_dtype(all_rows[column]):
            frame[column] = [text.number(v, _DIGITS.get(column, 0)) for v in all_rows[column]]
    if columns[-1] in _REMARKS and (frame[columns[-1]] == "–").all():
        columns = columns[:-1]
    # the figure says that of its own table
    message = "" if question in ("profile", "plan") else _said(result, question, text)
    headings: Mapping[str, str] = text.headings(f"competency.{question}", *columns)
    listing = table(
        first_rows(frame), headings, name=question.replace("_", "-"),
        right=tuple(c for c in _RIGHT if c in columns), all_rows=all_rows, message=message,
    )  # fmt: skip
    return replace(listing, is_stacked=question == "plan_questions")
