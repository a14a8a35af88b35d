"""Draw the tables `interviews`, `notes` and `codings` from the statements in `statements.yml`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import AS_OF, Ints, as_dates, day, office_day
from cs_helpers.sample.truths import SECOND_DEPARTMENT_WAITS, SMALL_ONLY, SMALL_ONLY_COMPANIES

Statement = Mapping[str, Any]

#: number of interviewed companies by product and size; helpdesk stays below the 20 that the method requires
COMPANIES = {
    "paper_to_web": {"small": 15, "mid": 12, "enterprise": 9},
    "expense_desk": {"small": 8, "mid": 8, "enterprise": 6},
    "helpdesk": {"small": 5, "mid": 4, "enterprise": 3},
}
_PLANTED = (SMALL_ONLY, SECOND_DEPARTMENT_WAITS)
_WAITS_COMPANIES = 7
_ROLES = (("cs", "marketing", "inside_sales", "sales"), (0.78, 0.1, 0.05, 0.07))
#: the viewpoint with which a second coder confuses each viewpoint
_NEIGHBOUR = {
    "problem": "behaviour",
    "behaviour": "problem",
    "solution": "proposal",
    "proposal": "solution",
    "request": "solution",
}
_DISAGREEMENT_RATE = 0.14


def interview_tables(
    terms: Sequence[Terms],
    accounts: pd.DataFrame,
    language: Sequence[str],
    statements: Sequence[Statement],
    rng: np.random.Generator,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Draw the interviews, their notes, and the codings of two coders."""
    interviews = pd.concat([_draw_interviews(each, accounts, rng) for each in terms], ignore_index=True)
    interviews = interviews.sort_values(["held_on", "account_id", "product"], ignore_index=True)
    interviews.insert(0, "interview_id", [f"I-{n:03d}" for n in range(1, len(interviews) + 1)])
    notes: list[dict[str, Any]] = []
    statements_of_notes: list[Statement] = []
    planted_codes = _assign_planted_codes(interviews, rng)
    for interview, planted in zip(interviews.to_dict("records"), planted_codes, strict=True):
        language_of_notes = language[interview["account"]]
        for position, statement in enumerate(_choose_statements(interview, planted, statements, rng), 1):
            statements_of_notes.append(statement)
            notes.append(
                {
                    "note_id": f"N-{len(statements_of_notes):04d}",
                    "interview_id": interview["interview_id"],
                    "position": position,
                    "speaker": statement["speaker"][language_of_notes],
                    "evidence": statement["evidence"],
                    "text": statement[language_of_notes],
                }
            )
    codings = _codings([note["note_id"] for note in notes], statements_of_notes, statements, rng)
    return interviews.drop(columns=["account", "size"]), pd.DataFrame(notes), codings


def _draw_interviews(terms: Terms, accounts: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Draw one interview with each chosen company, most of them in the last three quarters."""
    sizes = accounts["size"].to_numpy()[terms.account]
    rows: list[int] = []
    days: list[Ints] = []
    for size, count in COMPANIES[terms.product].items():
        recent = count - round(count * 0.2)
        for first, last, period_count in (
            (date(2025, 4, 1), date(2025, 12, 20), count - recent),
            (date(2026, 1, 8), date(2026, 9, 25), recent),
        ):
            start, end = day(first), day(last)
            is_available = (sizes == size) & (terms.started < start - 60) & (terms.ended > end)
            free = np.setdiff1d(np.flatnonzero(is_available), rows)
            rows += [int(row) for row in rng.choice(free, period_count, replace=False)]
            days.append(office_day(rng.integers(start, end, period_count)))
    interviewed = accounts.iloc[terms.account[rows]]
    role = rng.choice(_ROLES[0], len(rows), p=_ROLES[1])
    return pd.DataFrame(
        {
            "account": terms.account[rows],
            "account_id": interviewed["account_id"].to_numpy(),
            "product": terms.product,
            "held_on": as_dates(np.minimum(np.concatenate(days), AS_OF)),
            "interviewer": interviewed["csm"].where(
                role == "cs", pd.Series(role, index=interviewed.index) + "-01"
            ),
            "interviewer_role": role,
            "size": interviewed["size"].to_numpy(),
        }
    )


def _assign_planted_codes(interviews: pd.DataFrame, rng: np.random.Generator) -> list[tuple[str, ...]]:
    """The planted codes of each interview."""
    codes_of: list[list[str]] = [[] for _ in range(len(interviews))]
    small = np.flatnonzero((interviews["product"] == "paper_to_web") & (interviews["size"] == "small"))
    for code, companies in ((SMALL_ONLY, SMALL_ONLY_COMPANIES), (_PLANTED[1], _WAITS_COMPANIES)):
        for interview in rng.choice(small, companies, replace=False):
            codes_of[int(interview)].append(code)
    return [tuple(codes) for codes in codes_of]


def _choose_statements(
    interview: Mapping[Any, Any],
    planted: tuple[str, ...],
    statements: Sequence[Statement],
    rng: np.random.Generator,
) -> list[Statement]:
    """Draw 8 to 14 distinct statements that fit an interview; one of each planted code, or two of SMALL_ONLY."""
    fitting = [
        s for s in statements if s["product"] == interview["product"] and interview["size"] in s["sizes"]
    ]
    chosen: list[Statement] = []
    for code in planted:
        of_code = [s for s in fitting if s["code"] == code]
        count_of_code = 1 + int(code == SMALL_ONLY and rng.random() < 0.4)
        chosen += [of_code[i] for i in rng.permutation(len(of_code))[:count_of_code]]
    ordinary = [s for s in fitting if s["code"] not in _PLANTED]
    count = int(rng.integers(8, 15)) - len(chosen)
    chosen += [ordinary[i] for i in rng.permutation(len(ordinary))[:count]]
    return [chosen[i] for i in rng.permutation(len(chosen))]


def _codings(
    note_ids: Sequence[str],
    chosen_statements: Sequence[Statement],
    statements: Sequence[Statement],
    rng: np.random.Generator,
) -> pd.DataFrame:
    """The codings of coder-a, as in the statement, and of coder-b, who sometimes chooses another value."""
    codes: dict[str, list[str]] = {}
    for statement in statements:
        product_codes = codes.setdefault(statement["product"], [])
        if statement["code"] not in (*_PLANTED, *product_codes):
            product_codes.append(statement["code"])
    rows = []
    copied = ("viewpoint", "polarity", "code", "why_level", "reason", "reason_status")
    for note_id, statement in zip(note_ids, chosen_statements, strict=True):
        first = {column: statement[column] for column in copied}
        second = dict(first)
        if rng.random() < _DISAGREEMENT_RATE:
            second["viewpoint"] = _NEIGHBOUR[first["viewpoint"]]
            second["why_level"] = "what" if second["viewpoint"] == "problem" else None
        if rng.random() < _DISAGREEMENT_RATE:
            other_codes = [c for c in codes[statement["product"]] if c != first["code"]]
            second["code"] = other_codes[int(rng.integers(len(other_codes)))]
        if rng.random() < _DISAGREEMENT_RATE / 2:
            second["polarity"] = "neutral" if first["polarity"] != "neutral" else "negative"
        rows.append({"note_id": note_id, "coder": "coder-a", "coder_role": "cs", **first})
        rows.append({"note_id": note_id, "coder": "coder-b", "coder_role": "marketing", **second})
    return pd.DataFrame(rows)
