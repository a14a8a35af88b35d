"""Draw the progress of customers of paper_to_web: the day of each step of the journey.

The days ignore the end of contracts; callers must cut them off there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cs_helpers.sample.days import LOG_START, NEVER, Flags, Ints, even_draw, office_day
from cs_helpers.sample.truths import STALL

#: share that takes a step, median wait in days and standard deviation of its logarithm, the same for all sizes
_KICKOFF = (0.90, 12, 0.4)
_FIRST_DOCUMENT = (0.92, 26, 0.5)
_RECIPIENTS = (0.90, 28, 0.5)
_ALL_OUTGOING = (0.85, 95, 0.5)
_NO_INCOMING = (0.50, 300, 0.5)
_SECOND_DEPARTMENT = (90, 0.5)
#: shares for customers older than the log
_OLDER_SECOND = {True: 0.28, False: 0.85}
_OLDER_ALL_OUTGOING = 0.65


@dataclass(frozen=True)
class Rollouts:
    """The day of each step for each customer, `NEVER` where it is not taken.

    `departments` has a column for each department, in the order in which they start.
    """

    kickoff: Ints
    first_document: Ints
    recipients: Ints
    departments: Ints
    no_outgoing: Ints
    no_incoming: Ints

    @property
    def second_department(self) -> Ints:
        """The day of the second department's first document."""
        return np.asarray(self.departments[:, 1])


def draw_rollouts(starts: Ints, small: Flags, rng: np.random.Generator) -> Rollouts:
    """Draw the steps of customers. starts: their first days. small: whether each is a small company."""
    older = starts < LOG_START
    is_observed_long = starts < LOG_START + 455
    strata = small * 4 + older * 2 + is_observed_long

    def draw_step(before: Ints, share: object, median: float, spread: float) -> Ints:
        shares = np.broadcast_to(np.asarray(share, dtype=float), before.shape)
        is_taken = np.zeros(len(before), dtype=bool)
        for stratum in np.unique(strata):
            rows = np.flatnonzero((strata == stratum) & (before < NEVER))
            is_taken[rows] = even_draw(rng, len(rows)) < shares[rows]
        waits = np.exp(np.log(median) + spread * rng.standard_normal(len(before)))
        days = office_day(before + 1 + np.minimum(waits, STALL.days - 5).astype(np.int64))
        return np.where(is_taken, days, NEVER)

    def reached_if_older(share: float) -> object:
        return np.where(older, 1.0, share)

    kickoff = draw_step(starts, reached_if_older(_KICKOFF[0]), *_KICKOFF[1:])
    first = draw_step(kickoff, reached_if_older(_FIRST_DOCUMENT[0]), *_FIRST_DOCUMENT[1:])
    recipients = draw_step(first, reached_if_older(_RECIPIENTS[0]), *_RECIPIENTS[1:])
    second_share = np.where(
        older,
        np.where(small, _OLDER_SECOND[True], _OLDER_SECOND[False]),
        np.where(small, STALL.share, STALL.share_of_others),
    )
    second = draw_step(recipients, second_share, *_SECOND_DEPARTMENT)
    third = draw_step(second, 0.7, 170, 0.6)
    fourth = draw_step(third, 0.5, 200, 0.6)
    outgoing_share = np.where(older, _OLDER_ALL_OUTGOING, _ALL_OUTGOING[0])
    no_outgoing = draw_step(second, outgoing_share, *_ALL_OUTGOING[1:])
    no_incoming = draw_step(no_outgoing, *_NO_INCOMING)
    departments = np.column_stack([first, second, third, fourth])
    return Rollouts(kickoff, first, recipients, departments, no_outgoing, no_incoming)
