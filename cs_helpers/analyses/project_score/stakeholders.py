"""What each stakeholder takes for winning, and where two of them differ."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from cs_helpers.analyses.project_score.states import COLUMNS, Measured
from cs_helpers.contract.project_score import ProjectScore, Stakeholder
from cs_helpers.words.tokens import extract_terms

_LANGUAGES = ("en", "ja")
PAIR_COLUMNS = (
    "role_a_en", "role_a_ja", "role_b_en", "role_b_ja",
    *(f"{part}_{language}" for language in _LANGUAGES for part in ("shared", "only_a", "only_b")), "bound",
)  # fmt: skip


def stakeholder_table(moves: Sequence[ProjectScore], measured: Measured) -> pd.DataFrame:
    """What the stakeholders of the last move said: role, winning condition, purposes, and where its number stands.

    Columns: role_en, role_ja, words_en, words_ja, purposes_en, purposes_ja (tuples), and those of `Measured.row`.
    """
    rows = [
        {
            "role_en": one.role.en,
            "role_ja": one.role.ja,
            "words_en": one.words.en,
            "words_ja": one.words.ja,
            "purposes_en": tuple(purpose.en for purpose in one.purposes),
            "purposes_ja": tuple(purpose.ja for purpose in one.purposes),
            **measured.row(one.measured_by, _bound_since(one, moves)),
        }
        for one in moves[-1].stakeholders
    ]
    own = ("role_en", "role_ja", "words_en", "words_ja", "purposes_en", "purposes_ja")
    return pd.DataFrame(rows, columns=[*own, *COLUMNS])


def _bound_since(stakeholder: Stakeholder, moves: Sequence[ProjectScore]) -> date:
    """The day of the first of the last moves in which a stakeholder named the number that it names now."""
    metric = stakeholder.measured_by.metric if stakeholder.measured_by else None
    since = moves[-1].moved_on
    for move in reversed(moves[:-1]):
        named = {
            one.role.en: one.measured_by.metric if one.measured_by else None for one in move.stakeholders
        }
        if named.get(stakeholder.role.en) != metric:
            break
        since = move.moved_on
    return since


def stakeholder_pairs(score: ProjectScore) -> pd.DataFrame:
    """Each two stakeholders of a move: the terms that their winning conditions share, and those of only one of them.

    Columns: role_a_ and role_b_ en and ja; shared_, only_a_, only_b_ en and ja: terms (nouns, verbs, adjectives in their
    normal form: `words.tokens`) as the stakeholder wrote them; bound: whether both are bound to the `same` number and target,
    to the same with `other_target`, to an `other_metric`, or not both of them to any (`unbound`).
    """
    rows = []
    for a, b in itertools.combinations(score.stakeholders, 2):
        row: dict[str, object] = {
            "role_a_en": a.role.en, "role_a_ja": a.role.ja, "role_b_en": b.role.en, "role_b_ja": b.role.ja,
            "bound": _bound(a, b),
        }  # fmt: skip
        for language in _LANGUAGES:
            of_a, of_b = (_terms(one.words.in_language(language)) for one in (a, b))
            row |= {
                f"shared_{language}": tuple(word for form, word in of_a.items() if form in of_b),
                f"only_a_{language}": tuple(word for form, word in of_a.items() if form not in of_b),
                f"only_b_{language}": tuple(word for form, word in of_b.items() if form not in of_a),
            }
        rows.append(row)
    return pd.DataFrame(rows, columns=list(PAIR_COLUMNS))


def _terms(text: str) -> Mapping[str, str]:
    """The terms of a text, in their order: folded form -> as first written."""
    found: dict[str, str] = {}
    for term in extract_terms(text):
        found.setdefault(term.form.casefold(), term.written)
    return found


def _bound(a: Stakeholder, b: Stakeholder) -> str:
    if a.measured_by is None or b.measured_by is None:
        return "unbound"
    if a.measured_by.metric != b.measured_by.metric:
        return "other_metric"
    return "same" if a.measured_by.target == b.measured_by.target else "other_target"
