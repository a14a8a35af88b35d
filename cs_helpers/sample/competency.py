"""Draw the tables `competency_ratings` and `candidate_scores`: how the team rates each other, and how candidates answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm

from cs_helpers.sample.accounts import CSMS
from cs_helpers.sample.staff import LEAD, PRODUCTS
from cs_helpers.sample.truths import COMPETENCY, HIGH_PERFORMERS

ELEMENTS = ("hypothesis", "listening", "steering", "data_reading", "product_knowledge", "presenting")
#: question -> the candidates' level on it differs by so much from what they show in all
QUESTIONS = {"stuck_customer": -0.2, "why_bought": 0.1, "late_project": 0.0, "three_minutes": 0.1}
ROUNDS = (date(2026, 3, 16), date(2026, 9, 14))
#: the mean of all people; how much people differ, raters are wrong about them, and people change in half a year
_MEAN, _PEOPLE, _ERROR, _CHANGE = 3.0, 0.45, 0.45, 0.15
#: raters among peers sit so many places further on in the team
_PEERS = (1, 5)
_INTERVIEWERS = {
    "paper_to_web": (LEAD, "csm-02", "csm-05"),
    "expense_desk": (LEAD, "csm-06", "csm-09"),
    "helpdesk": (LEAD, "csm-03", "csm-06"),
}
_FIRST_KEY = {"paper_to_web": 1, "expense_desk": 11, "helpdesk": 21}
_CANDIDATES, _CANDIDATES_SPREAD, _SCORE_ERROR, _ANSWER = 9, 1.0, 0.35, 0.3
_INTERVIEWS_FROM = pd.Timestamp(2026, 7, 6)


def ratings_table(draw: np.random.Generator) -> pd.DataFrame:
    """The table `competency_ratings`: in each round each CSM by the lead, two peers and themselves."""
    rows: list[dict[str, Any]] = []
    for product in PRODUCTS:
        for element in ELEMENTS:
            levels = _levels(product, element, draw)
            for rated_on in ROUNDS:
                now = levels + draw.normal(0, _CHANGE, len(CSMS))
                for place, person in enumerate(CSMS):
                    for rater, relation, shift in _raters(product, place, element):
                        score = _score(now[place] + shift + draw.normal(0, _ERROR))
                        rows.append(
                            {
                                "product": product, "person": person, "element": element, "rated_by": rater,
                                "relation": relation, "rated_on": rated_on, "score": score,
                            }
                        )  # fmt: skip
    return pd.DataFrame(rows)


def _levels(product: str, element: str, draw: np.random.Generator) -> np.ndarray:
    """The true level of each CSM: high performers and others spread alike around the same mean, but for the planted element."""
    high = np.isin(CSMS, HIGH_PERFORMERS)
    levels = np.empty(len(CSMS))
    for group in (high, ~high):
        places = (np.arange(group.sum()) + 0.5) / group.sum()
        levels[group] = draw.permutation(norm.ppf(places) * _PEOPLE)
    planted = (product, element) == (COMPETENCY.product, COMPETENCY.distinguishes)
    return np.asarray(_MEAN + levels + COMPETENCY.points * (high & planted))


def _raters(product: str, place: int, element: str) -> Iterator[tuple[str, str, float]]:
    """Who rates a CSM: rater, relation, and by how much more or less than the true level."""
    person = CSMS[place]
    over = COMPETENCY.overrated_by * ((product, element) == (COMPETENCY.product, COMPETENCY.overrated))
    yield person, "self", over
    yield LEAD, "manager", 0.0
    for further in _PEERS:
        yield CSMS[(place + further) % len(CSMS)], "peer", 0.0


def candidates_table(draw: np.random.Generator) -> pd.DataFrame:
    """The table `candidate_scores`: nine candidates of each product, each asked by the same three interviewers."""
    rows: list[dict[str, Any]] = []
    for product in PRODUCTS:
        places = (np.arange(_CANDIDATES) + 0.5) / _CANDIDATES
        levels = _MEAN + draw.permutation(norm.ppf(places) * _CANDIDATES_SPREAD)
        for number, level in enumerate(levels):
            candidate = f"C-{_FIRST_KEY[product] + number:02d}"
            held = _INTERVIEWS_FROM + pd.Timedelta(days=9 * number)
            for question, easier in QUESTIONS.items():
                answer = level + easier + draw.normal(0, _ANSWER)
                unclear = (product, question) == (COMPETENCY.product, COMPETENCY.unclear_question)
                for interviewer in _INTERVIEWERS[product]:
                    error = draw.normal(0, _SCORE_ERROR)
                    # each interviewer looks for something else, which has nothing to do with the candidate
                    seen = draw.uniform(0.5, 5.5) if unclear else answer + error
                    milder = COMPETENCY.milder_by * ((product, interviewer) == COMPETENCY.milder)
                    score = _score(seen + milder)
                    if (candidate, question) in COMPETENCY.not_asked:
                        continue
                    rows.append(
                        {
                            "product": product, "candidate": candidate, "question": question,
                            "interviewer": interviewer, "interviewed_on": held, "score": score,
                            "keep_until": COMPETENCY.keep_until,
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)


def _score(level: float) -> int:
    return int(np.clip(np.rint(level), 1, 5))
