"""The team: steps taken by the customers of each CSM, who can learn from whom, and what trainings go with."""

from __future__ import annotations

from collections.abc import Collection

import pandas as pd

from cs_helpers.analyses.team.coaching import coaching_table, planned_uses
from cs_helpers.analyses.team.conversions import conversion_table, rated, spread_table, spread_verdict
from cs_helpers.analyses.team.declared import DECLARES as DECLARES
from cs_helpers.analyses.team.retention import YEAR, retention_table
from cs_helpers.analyses.team.trainings import (
    completion_table,
    effect_findings,
    effect_table,
    effect_verdict,
    known_records,
    person_table,
)
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customer_journey.in_charge import periods_in_charge, with_in_charge
from cs_helpers.customer_journey.waits import all_waits, known_steps, milestone_times, records_begin
from cs_helpers.customers.segments import with_segments
from cs_helpers.customers.staff import members_at
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.editions.anonymity import MIN_PEOPLE
from cs_helpers.result import NOTHING_APART, Answers, Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData

#: the questions that rest on the journey
_OF_STEPS = ("spread", "conversions", "coaching", "training_effects")
#: those that rest on the records of trainings
_OF_TRAININGS = ("trainings", "training_people", "training_effects")
_DAY = pd.Timedelta(days=1)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The steps and losses of the customers of each CSM, and what trainings go with, as known at the end of the quarter.

    Tables: `spread` and `conversions`: see `conversions`; `retention`, over the last four quarters: see
    `retention.retention_table`; `coaching`: see `coaching.coaching_table`; `trainings`, `training_people` and
    `training_effects`: see `trainings.completion_table`, `person_table` and `effect_table`. In charge of a wait is who was so
    when it began (`in_charge`). A question that cannot be answered has no table but a note.

    Settings: steps (with waits, in order). Verdicts: `spread` (`conversions.spread_verdict`), `conversions` (`some_apart`: rows,
    apart of them; or `nothing_apart`: rows, the CSMs), `training_effects` (`trainings.effect_verdict`), and
    `retention.rows` where no CSM is apart.
    """
    answers, end = Answers(), pd.Timestamp(quarter.end) + _DAY
    time = customer_time_as_of(data, quarter.end)
    members = None if data["staff"].empty else frozenset(members_at(data, quarter.end)["person"])
    since, waits = _waits(data, quarter, end, answers)
    if waits is not None:
        _steps(data, waits, time, quarter, members, answers)
    _retention(data, time, quarter, answers)
    _trainings(data, waits, quarter, end, members, answers)
    effects = answers.tables.get("training_effects")
    return Result(
        "team",
        data.product.product,
        quarter,
        since.date(),
        data.as_of,
        0 if waits is None else int(waits["account_id"].nunique()),
        answers.tables,
        answers.metrics,
        tuple(answers.notes),
        {
            "by_contracts": time.by_contracts,
            "steps": () if waits is None else tuple(waits["step"].unique()),
        },
        verdicts=answers.verdicts,
        findings=() if effects is None else effect_findings(effects),
    )


def _waits(
    data: ProductData, quarter: Quarter, end: pd.Timestamp, answers: Answers
) -> tuple[pd.Timestamp, pd.DataFrame | None]:
    """When the records begin, and the waits for each step with the CSM in charge at their start, in the order of steps.

    None, with notes, where nobody's customers can be compared.
    """
    start = pd.Timestamp(quarter.start)
    steps = known_steps(data, end)
    if len(steps) < 2:
        missing = data.missing("milestones", "usage") if data["milestones"].empty else ()
        code = "missing_table" if missing else "nothing_recorded"
        answers.notes += [
            Note(code, about, {"tables": missing, "quarter": str(quarter)}) for about in _OF_STEPS
        ]
        return start, None
    since = records_begin(data, steps)
    reached = milestone_times(data, steps, since, end)
    if reached.empty:
        answers.notes += [Note("nobody_entered", about, {"since": since.date()}) for about in _OF_STEPS]
        return start, None
    size = with_segments(data["accounts"]).set_index("account_id").reindex(reached.index)["size"]
    every = all_waits(reached, size, steps, end)
    waits = with_in_charge(every, data, "csm")
    if waits["csm"].nunique() < 2:
        alone = "no_csm" if waits.empty else "one_csm"
        answers.notes += [Note(alone, about, {}) for about in _OF_STEPS]
        return start, None
    if len(waits) < len(every):
        left_out = len(every) - len(waits)
        answers.notes.append(Note("csm_unknown", "conversions", {"waits": left_out, "of": len(every)}))
    if by_account := int(waits["occurred_at"].isna().sum()):
        answers.notes += [
            Note("today_only", about, {"waits": by_account, "of": len(waits)})
            for about in ("conversions", "training_effects")
        ]
    order = {step: n for n, step in enumerate(steps)}
    in_order = waits.assign(order=waits["step"].map(order)).sort_values(["order", "began"], ignore_index=True)
    return since, in_order.drop(columns="order")


def _steps(
    data: ProductData,
    waits: pd.DataFrame,
    time: CustomerTime,
    quarter: Quarter,
    members: Collection[str] | None,
    answers: Answers,
) -> None:
    """The questions `spread`, `conversions` and `coaching`."""
    compared = rated(waits)
    if compared["csm"].nunique() < MIN_PEOPLE:
        answers.notes.append(Note("few_csms", "spread", {"needed": MIN_PEOPLE}))
    elif not compared["arrived"].any():
        answers.notes.append(Note("no_steps", "spread", {}))
    else:
        spread = spread_table(compared)
        answers.tables["spread"], answers.verdicts["spread"] = spread, spread_verdict(spread)
        if ((spread["distance"] > spread["chance_high"]) & (spread["verdict"] == "alike")).any():
            answers.notes.append(Note("several_steps", "spread", {}))
    if not compared["arrived"].any():
        answers.notes += [Note("no_steps", about, {}) for about in ("conversions", "coaching")]
        return
    table = conversion_table(compared)
    answers.tables["conversions"] = table
    rows, apart = table["csm"].nunique(), int((table["verdict"] != "alike").sum())
    if apart:
        answers.verdicts["conversions"] = Verdict("some_apart", {"rows": len(table), "apart": apart})
    else:
        answers.verdicts["conversions"] = Verdict(NOTHING_APART, {"rows": rows})
    names = data["accounts"].set_index("account_id")["name"]
    names = names[names.index.isin(time.customers(quarter.end))]
    planned = planned_uses(data, waits, pd.Timestamp(quarter.end) + _DAY)
    answers.tables["coaching"] = coaching_table(table, waits, planned, names, members)


def _retention(data: ProductData, time: CustomerTime, quarter: Quarter, answers: Answers) -> None:
    if not time.by_contracts:
        answers.notes.append(Note("missing_table", "retention", {"tables": missing_contracts(data)}))
        return
    periods = periods_in_charge(data, time, [quarter.back(n) for n in reversed(range(YEAR))])
    if periods["csm"].nunique() < 2:
        code = "no_csm" if periods.empty else "one_csm"
        answers.notes.append(Note(code, "retention", {}))
    elif not periods["lost"].any():
        answers.notes.append(Note("nobody_lost", "retention", {}))
    else:
        table = retention_table(periods)
        answers.tables["retention"] = table
        if by_account := int(periods["occurred_at"].isna().sum()):
            fields = {"periods": by_account, "of": len(periods)}
            answers.notes.append(Note("losses_today_only", "retention", fields))
        if (table["verdict"] == "alike").all():
            answers.verdicts["retention.rows"] = Verdict(NOTHING_APART, {"rows": len(table)})


def _trainings(
    data: ProductData,
    waits: pd.DataFrame | None,
    quarter: Quarter,
    end: pd.Timestamp,
    members: Collection[str] | None,
    answers: Answers,
) -> None:
    """The questions `trainings`, `training_people` and `training_effects`."""
    said_already = () if waits is not None else ("training_effects",)
    open_questions = [about for about in _OF_TRAININGS if about not in said_already]
    steps = {one.id: one.step for one in (data.product.team.trainings if data.product.team else ())}
    if not steps:
        answers.notes += [Note("no_trainings", about, {}) for about in open_questions]
        return
    if missing := data.missing("training_records"):
        answers.notes += [Note("missing_table", about, {"tables": missing}) for about in open_questions]
        return
    records = known_records(data["training_records"], end)
    if unknown := tuple(sorted(set(records["training"]) - set(steps))):
        answers.notes.append(Note("trainings_unknown", "trainings", {"names": unknown}))
    records = records[records["training"].isin(list(steps))]
    if records.empty:
        answers.notes += [Note("none_assigned", about, {"quarter": str(quarter)}) for about in open_questions]
        return
    answers.tables["trainings"] = completion_table(records, steps, members)
    answers.tables["training_people"] = person_table(records, steps)
    done = int(records["completed_on"].notna().sum())
    answers.add(Metric("training_completed", done / len(records), "share", len(records), exact=True))
    if waits is not None:
        effects = effect_table(waits, records, steps, float(data.product.journey.window_days))
        answers.tables["training_effects"] = effects
        answers.verdicts["training_effects"] = effect_verdict(effects)
        answers.notes.append(Note("not_random", "training_effects", {}))
        if (effects["verdict"] != "too_few").sum() > 1:
            answers.notes.append(Note("several_trainings", "training_effects", {}))
