"""How far each customer of paper_to_web gets, and when: the steps of the journey, then the paper.

The waits do not know of the end of a contract; whoever uses them cuts there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cs_helpers.sample.days import LOG_START, NEVER, Flags, Ints, even_draw, office_day
from cs_helpers.sample.truths import STALL

#: share that takes a step, median wait in days and spread of its logarithm: alike for all sizes
_KICKOFF = (0.90, 12, 0.4)
_FIRST_DOCUMENT = (0.92, 26, 0.5)
_RECIPIENTS = (0.90, 28, 0.5)
_ALL_OUTGOING = (0.85, 95, 0.5)
_NO_INCOMING = (0.50, 300, 0.5)
_SECOND_DEPARTMENT = (90, 0.5)
#: shares at customers older than the log
_OLDER_SECOND = {True: 0.28, False: 0.85}
_OLDER_ALL_OUTGOING = 0.65


@dataclass(frozen=True)
class Rollouts:
    """The day of each step for each customer, `NEVER` where it is not taken.

    `departments` has one column for each department in the order in which they join.
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
    """Draw the steps of customers with these first days."""
    older = starts < LOG_START
    long_seen = starts < LOG_START + 455
    strata = small * 4 + older * 2 + long_seen

    def after(before: Ints, share: object, median: float, spread: float) -> Ints:
        shares = np.broadcast_to(np.asarray(share, dtype=float), before.shape)
        takes = np.zeros(len(before), dtype=bool)
        for stratum in np.unique(strata):
            who = np.flatnonzero((strata == stratum) & (before < NEVER))
            takes[who] = even_draw(rng, len(who)) < shares[who]
        waits = np.exp(np.log(median) + spread * rng.standard_normal(len(before)))
        days = office_day(before + 1 + np.minimum(waits, STALL.days - 5).astype(np.int64))
        return np.where(takes, days, NEVER)

    def known(share: float) -> object:
        return np.where(older, 1.0, share)

    kickoff = after(starts, known(_KICKOFF[0]), *_KICKOFF[1:])
    first = after(kickoff, known(_FIRST_DOCUMENT[0]), *_FIRST_DOCUMENT[1:])
    recipients = after(first, known(_RECIPIENTS[0]), *_RECIPIENTS[1:])
    second_share = np.where(
        older,
        np.where(small, _OLDER_SECOND[True], _OLDER_SECOND[False]),
        np.where(small, STALL.share, STALL.share_of_others),
    )
    second = after(recipients, second_share, *_SECOND_DEPARTMENT)
    third = after(second, 0.7, 170, 0.6)
    fourth = after(third, 0.5, 200, 0.6)
    outgoing_share = np.where(older, _OLDER_ALL_OUTGOING, _ALL_OUTGOING[0])
    no_outgoing = after(second, outgoing_share, *_ALL_OUTGOING[1:])
    no_incoming = after(no_outgoing, *_NO_INCOMING)
    departments = np.column_stack([first, second, third, fourth])
    return Rollouts(kickoff, first, recipients, departments, no_outgoing, no_incoming)
