"""The team: steps taken by the customers of each CSM, who can learn from whom, and what trainings go with."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.team.conversions import conversion_table, rated
from cs_helpers.analyses.team.declared import DECLARES as DECLARES
from cs_helpers.analyses.team.retention import YEAR, retention_table
from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.in_charge import periods_in_charge, with_in_charge
from cs_helpers.customer_journey.waits import all_waits, known_steps, milestone_times, records_begin
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.result import Answers, Note, Result
from cs_helpers.snapshot import ProductData


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The steps and losses of the customers of each CSM, as known at the end of the quarter.

    Tables: `conversions`: see `conversions.conversion_table`; `retention`, over the last four quarters: see
    `retention.retention_table`. A question that cannot be answered has no table but a note.
    """
    answers = Answers()
    waits = _waits(data, quarter, answers)
    if waits is not None:
        answers.tables["conversions"] = conversion_table(rated(waits))
    _retention(data, quarter, answers)
    return Result(
        "team",
        data.product.product,
        quarter,
        quarter.start,
        data.as_of,
        0 if waits is None else int(waits["account_id"].nunique()),
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        verdicts=answers.verdicts,
    )


def _waits(data: ProductData, quarter: Quarter, answers: Answers) -> pd.DataFrame | None:
    """The waits for each step with the CSM in charge at their start; None, with a note, where two CSMs cannot be compared."""
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    about = "conversions"
    steps = known_steps(data, end)
    if len(steps) < 2:
        missing = data.missing("milestones", "usage") if data["milestones"].empty else ()
        code = "missing_table" if missing else "nothing_recorded"
        answers.notes.append(Note(code, about, {"tables": missing, "quarter": str(quarter)}))
        return None
    since = records_begin(data, steps)
    reached = milestone_times(data, steps, since, end)
    if reached.empty:
        answers.notes.append(Note("nobody_entered", about, {"since": since.date()}))
        return None
    size = with_segments(data["accounts"]).set_index("account_id").reindex(reached.index)["size"]
    waits = with_in_charge(all_waits(reached, size, steps, end), data, "csm")
    if waits["csm"].nunique() < 2:
        answers.notes.append(Note("one_csm", about, {}))
        return None
    return waits.assign(
        step=pd.Categorical(waits["step"], [s for s in steps if s in set(waits["step"])])
    ).sort_values(["step", "began"], ignore_index=True).astype({"step": "str"})


def _retention(data: ProductData, quarter: Quarter, answers: Answers) -> None:
    time = customer_time_as_of(data, quarter.end)
    if not time.by_contracts:
        answers.notes.append(Note("missing_table", "retention", {"tables": data.missing("contracts")}))
        return
    periods = periods_in_charge(data, time, [quarter.back(n) for n in reversed(range(YEAR))])
    if periods["csm"].nunique() < 2:
        answers.notes.append(Note("one_csm", "retention", {}))
    elif not periods["lost"].any():
        answers.notes.append(Note("nobody_lost", "retention", {}))
    else:
        answers.tables["retention"] = retention_table(periods)
