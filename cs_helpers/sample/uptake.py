"""Draw the progress of customers of the other two products: stages that each enable one more event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from cs_helpers.sample.contracts import Terms
from cs_helpers.sample.days import LOG_START, NEVER, Ints, office_day


@dataclass(frozen=True)
class Stage:
    """A stage of the uptake: the share that reaches it from the previous one, and the median wait in days.

    `milestone` is the step of the journey that is recorded for it (empty: it only shows in the events).
    """

    share: float
    wait: float
    milestone: str = ""


#: the stages after the start, in order
STAGES: Mapping[str, tuple[Stage, ...]] = MappingProxyType(
    {
        "expense_desk": (
            Stage(0.92, 12, "kickoff"),
            Stage(0.92, 20),
            Stage(0.85, 40, "approval_flow"),
            Stage(0.80, 45),
            Stage(0.60, 120, "paperless_receipts"),
        ),
        "helpdesk": (
            Stage(0.93, 10, "kickoff"),
            Stage(0.93, 14),
            Stage(0.85, 35),
            Stage(0.75, 60),
        ),
    }
)


def draw_uptake(terms: Terms, rng: np.random.Generator) -> Ints:
    """The day of each stage (columns) for each customer (rows), `NEVER` where it is not reached.

    Customers older than the log have reached the first two stages.
    """
    reached = terms.started
    columns = []
    for number, stage in enumerate(STAGES[terms.product]):
        share = np.where((terms.started < LOG_START) & (number < 2), 1.0, stage.share)
        waits = np.exp(np.log(stage.wait) + 0.5 * rng.standard_normal(len(reached)))
        reaches = (rng.random(len(reached)) < share) & (reached < NEVER)
        days = office_day(np.where(reaches, reached, LOG_START) + 1 + waits.astype(np.int64))
        reached = np.where(reaches, days, NEVER)
        columns.append(reached)
    return np.column_stack(columns)
