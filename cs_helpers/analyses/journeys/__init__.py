"""The journey of customers: funnel, steps, time to value, stalls, and effects of contents and CSMs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.journeys.apart import row_verdicts
from cs_helpers.analyses.journeys.contents import adherence, effects_of_uses
from cs_helpers.analyses.journeys.conversions import (
    compare_cohort,
    conversion_by_size,
    hardest_step,
    size_differences,
    stall_verdict,
    time_to_value,
    unknown_share_notes,
    value_metrics,
    value_tables,
)
from cs_helpers.analyses.journeys.counted import (
    counting_notes,
    funnel_table,
    funnel_units,
    overall_conversion,
)
from cs_helpers.analyses.journeys.declared import DECLARES as DECLARES
from cs_helpers.analyses.journeys.findings import journey_findings
from cs_helpers.contract.products import Journey
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customer_journey.in_charge import step_and_size, with_in_charge
from cs_helpers.customer_journey.progress import (
    step_transitions,
    transitions_verdict,
)
from cs_helpers.customer_journey.uses import (
    DUE_DAYS,
    first_uses,
    observed_waits,
    planned_signs,
    unseen_signs,
)
from cs_helpers.customer_journey.waits import (
    MIN_CUSTOMERS,
    QUIET_DAYS,
    all_waits,
    known_steps,
    milestone_times,
    records_begin,
    stalls,
    wait_times,
    waiting_customers,
)
from cs_helpers.customers.segments import count_unknown, segments_present, with_segments
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.result import Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.snapshot.positions import positions_in
from cs_helpers.statistics.case_mix import chance_of_best, compare_groups
from cs_helpers.statistics.survival import REACHED, Conversion


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The funnel, the steps by segment, and time to value, as known at the end of the quarter.

    Customers are those that entered (took the first step) since the records begin. Milestones are cumulative: a
    customer has reached a step once it has also reached all steps before, at the latest of their times. The
    conversion of a step is the Aalen-Johansen estimate since the step before, with leaving as a competing event and
    waiting customers censored at the end of the quarter, within the window of the product file.

    Tables: `funnel` (step, units, share, low, high: of all that entered); `steps`, `differences`, `value_curve`, `ages`
    and `cohort`: see `conversions`; `ways`: see `progress.step_transitions`; `waiting` and `stalls`: see `waits`;
    `moves` and `adherence`: see `contents`; `csms` and `touch_models`: see `case_mix.compare_groups`, over all steps,
    adjusted for step and size, by who was in charge when the step before was reached.

    Verdicts: `funnel` (`conversions.hardest_step`, or for attempts and users `whole` (share, steps, n)), `steps`
    (`conversions.stall_verdict`), `ways` (`progress.transitions_verdict`), `stalls` (`stalled_revenue`), `value_curve`
    (`conversions.time_to_value`), and those of `apart.row_verdicts`.
    """
    journey = data.product.journey
    questions = (
        "funnel", "ways", "steps", "value_curve", "ages", "cohort", "stalls", "waiting", "moves", "adherence",
        "csms", "touch_models",
    )  # fmt: skip
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    steps = known_steps(data, end)
    unknown = [s.step for s in journey.steps if s.step not in steps]
    notes = [Note("steps_unknown", "funnel", {"steps": tuple(unknown)})] if unknown else []
    if len(steps) < 2:
        missing = data.missing("milestones", "usage") if data["milestones"].empty else ()
        code = "missing_table" if missing else "nothing_recorded"
        unanswered = [Note(code, about, {"tables": missing, "quarter": str(quarter)}) for about in questions]
        if steps and missing_contracts(data):  # without contracts any step may be the only recorded one
            unanswered = [Note("one_step", about, {"steps": tuple(steps)}) for about in questions]
        return Result(
            "journeys", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, tuple(unanswered)
        )
    since = records_begin(data, steps)
    reached = milestone_times(data, steps, since, end)
    if reached.empty:
        unanswered = [Note("nobody_entered", about, {"since": since.date()}) for about in questions]
        return Result(
            "journeys",
            data.product.product,
            quarter,
            since.date(),
            data.as_of,
            0,
            {},
            {},
            (*notes, *unanswered),
        )
    out_of_order = _count_out_of_order(data, steps, reached)
    if out_of_order:
        notes.append(Note("before_entry", "funnel", {"customers": out_of_order, "of": len(reached)}))
    accounts = with_segments(data["accounts"])
    entered = accounts.set_index("account_id").reindex(reached.index)
    size = entered["size"]
    size_masks = {s: size == s for s in segments_present(size, data.sizes)}
    time = customer_time_as_of(data, quarter.end)
    notes += _customer_notes(time, reached, since, quarter, journey)
    window = journey.window_days
    waits = all_waits(reached, size, steps, end)
    tables = {
        "steps": conversion_by_size(waits, steps, ["all", *size_masks], window),
        "differences": size_differences(waits, steps),
        "waiting": waiting_customers(data, waits, quarter),
    }
    if not time.by_contracts:
        notes += [Note("leaving_waits", about, {}) for about in ("steps", "value_curve")]
        notes += [Note("no_mrr", about, {}) for about in ("stalls", "waiting")]
    if (tables["waiting"]["turn"] == "unknown").any():
        notes.append(Note("turn_unknown", "waiting", {"days": QUIET_DAYS}))
    hardest = hardest_step(tables["steps"], window)
    verdicts = {"steps": stall_verdict(tables["steps"], tables["differences"])}
    units = funnel_units(data, reached, steps, since, end)
    notes += counting_notes(data, units, steps, since, end)
    if units.empty:
        notes.append(Note("no_users", "funnel", {}))
    else:
        tables["funnel"] = funnel_table(units, steps)
        by_milestones = journey.mode == "milestones" and journey.unit == "account"
        verdicts["funnel"] = hardest if by_milestones else overall_conversion(tables["funnel"])
    transitions = step_transitions(data, reached.index, steps, end)
    if (transitions["ahead"] == 1).all():
        notes.append(Note("straight_ways", "ways", {}))
    else:
        tables["ways"] = transitions
        verdicts["ways"] = transitions_verdict(transitions)
    for about, dimensions in (("steps", ("size",)), ("stalls", ("size", "industry"))):
        partly_unknown, all_unknown = count_unknown(entered, *dimensions)
        if partly_unknown:
            notes.append(Note("segment_unknown", about, {"segments": partly_unknown, "of": len(entered)}))
        if all_unknown:
            notes.append(Note("segment_not_recorded", about, {"dimensions": all_unknown}))
    if len(all_unknown) < 2:  # of size and industry, one is known
        tables["stalls"] = stalls(waits, tables["waiting"], accounts)
        verdicts["stalls"] = stalled_revenue(tables["stalls"], tables["waiting"])
    conversion_to_value, metrics = None, _hardest_step_metric(hardest)
    if journey.value_step in steps:
        conversion_to_value = Conversion(*wait_times(reached, steps[0], journey.value_step, end))
        metrics = value_metrics(conversion_to_value) | metrics
    if conversion_to_value is not None and (conversion_to_value.outcome == REACHED).any():
        tables |= value_tables(conversion_to_value.days, conversion_to_value.outcome, size_masks)
        verdicts["value_curve"] = time_to_value(conversion_to_value)
    else:
        notes += [Note("value_not_reached", about, {}) for about in ("value_curve", "ages")]
    observed_days = (end - reached[steps[0]].min()) / pd.Timedelta(days=1)
    notes += unknown_share_notes(tables["steps"], conversion_to_value, observed_days, window)
    is_new = reached[steps[0]] >= pd.Timestamp(quarter.start)
    cohort_table = compare_cohort(reached, is_new, steps, end)
    if cohort_table is None:
        counts = {"customers": int(is_new.sum()), "earlier": int((~is_new).sum()), "needed": MIN_CUSTOMERS}
        notes.append(Note("few_new", "cohort", counts))
    else:
        tables["cohort"] = cohort_table
    by_stratum = waits.assign(stratum=step_and_size(waits))
    in_charge = {by: with_in_charge(by_stratum, data, by) for by in ("csm", "touch_model")}
    later_steps = [s for s in journey.steps if s.step in steps[1:]]
    known_waits = observed_waits(data, waits, later_steps, end)
    uses = first_uses(data, known_waits, later_steps, end)
    effects = effects_of_uses(known_waits, uses, window)
    if effects.empty:
        notes.append(Note("few_uses", "moves", {"needed": MIN_CUSTOMERS}))
    else:
        tables["moves"] = effects
    if unseen := unseen_signs(data, later_steps):
        notes.append(Note("never_seen", "adherence", {"names": ", ".join(unseen)}))
    csm_waits = in_charge["csm"].loc[lambda w: w.index.isin(known_waits.index)]
    csm_waits = csm_waits.assign(days=known_waits["days"].reindex(csm_waits.index))
    adherence_table = adherence(csm_waits, uses, {step for step, _, _ in planned_signs(data, later_steps)})
    if adherence_table.empty:
        notes.append(Note("no_plays", "adherence", {"days": DUE_DAYS}))
    else:
        tables["adherence"] = adherence_table
    for name, by, note_code in (
        ("csms", "csm", "one_csm"),
        ("touch_models", "touch_model", "one_touch_model"),
    ):
        groups = compare_groups(in_charge[by], by)
        if len(groups) < 2:
            notes.append(Note(note_code, name, {}))
            continue
        tables[name] = groups
        if name == "csms":
            metrics["award_luck"] = Metric("award_luck", chance_of_best(groups), "share", len(groups))
    return Result(
        "journeys",
        data.product.product,
        quarter,
        since.date(),
        data.as_of,
        len(reached),
        tables,
        metrics,
        tuple(notes),
        {
            "window_days": window,
            "value_step": journey.value_step,
            "mode": journey.mode,
            "entry": journey.entry,
            "unit": journey.unit,
            "by_contracts": time.by_contracts,
        },
        verdicts=verdicts | row_verdicts(tables),
        findings=journey_findings(tables, verdicts),
    )


def stalled_revenue(stalls: pd.DataFrame, waiting: pd.DataFrame) -> Verdict:
    """The step and size with most MRR of customers that wait longer than usual.

    stalls, waiting: the tables of `waits`. `message` (step, size, late, mrr, share: of the MRR of all late customers),
    `count` (step, size, late) where MRR is 0 or not known, `none`, or `unknown` where customers wait but no usual wait
    is known. Where no size is known, by industry: `message_industry` and `count_industry`.
    """
    if len(waiting) and waiting["usual"].isna().all():
        return Verdict("unknown")
    by = "size" if (stalls["dimension"] == "size").any() else "industry"
    sizes = stalls[(stalls["dimension"] == by) & (stalls["late"] > 0)]
    if sizes.empty:
        return Verdict("none")
    largest = sizes.nlargest(1, ["mrr", "late"] if "mrr" in sizes else ["late"]).iloc[0]
    fields = {"step": largest["step"], by: largest["segment"], "late": int(largest["late"])}
    suffix = "" if by == "size" else "_industry"
    if "mrr" not in sizes:
        return Verdict("count" + suffix, fields)
    mrr, late_mrr = float(largest["mrr"]), float(sizes["mrr"].sum())
    if not late_mrr:
        return Verdict("count" + suffix, fields)
    return Verdict("message" + suffix, {**fields, "mrr": mrr, "share": mrr / late_mrr})


def _customer_notes(
    time: CustomerTime, reached: pd.DataFrame, since: pd.Timestamp, quarter: Quarter, journey: Journey
) -> list[Note]:
    """Notes that reconcile the customers of the funnel (or of the steps) with those at the end of the quarter.

    of = there + lost + not_recorded; customers = there + older + no_entry.
    """
    customers = time.customers(quarter.end)
    by_milestones = journey.mode == "milestones" and journey.unit == "account"
    about = "funnel" if by_milestones else "steps"
    if not time.by_contracts:
        return _account_notes(time, reached, since, customers.difference(reached.index), about)
    current, not_recorded = (
        len(reached.index.intersection(accounts)) for accounts in (customers, time.renewals_not_recorded())
    )
    not_in_funnel = customers.difference(reached.index)
    older = int((time.first_days()[not_in_funnel] < since).sum())
    notes = []
    if len(reached) != len(customers) or len(not_in_funnel):
        fields = {
            "since": since.date(), "of": len(reached), "there": current, "lost": len(reached) - current - not_recorded,
            "not_recorded": not_recorded, "customers": len(customers), "older": older, "no_entry": len(not_in_funnel) - older,
        }  # fmt: skip
        notes.append(Note("who_counts", about, fields))
    if older:
        notes.append(Note("older", "waiting", {"customers": older, "since": since.date()}))
    return notes


def _account_notes(
    time: CustomerTime, reached: pd.DataFrame, since: pd.Timestamp, not_in_funnel: pd.Index, about: str
) -> list[Note]:
    """The notes of `_customer_notes` without contracts: customers = of + older + no_entry."""
    if not_in_funnel.empty:
        return []
    older = int((time.first_days()[not_in_funnel] < since).sum())
    fields = {
        "since": since.date(), "of": len(reached), "customers": len(reached) + len(not_in_funnel), "older": older,
        "no_entry": len(not_in_funnel) - older,
    }  # fmt: skip
    notes = [Note("which_accounts", about, fields)]
    if older:
        notes.append(Note("older_accounts", "waiting", {"customers": older, "since": since.date()}))
    return notes


def _count_out_of_order(data: ProductData, steps: list[str], reached: pd.DataFrame) -> int:
    """The number of customers with a step recorded before the first one; such steps count as reached on day 0."""
    rows = data["milestones"]
    account = positions_in(reached.index, rows["account_id"])
    entry = reached[steps[0]].to_numpy()[account]
    is_later_step = positions_in(pd.Index(steps[1:]), rows["step"]) >= 0
    is_early = (account >= 0) & is_later_step & (rows["reached_at"].to_numpy() < entry)
    return len(np.unique(account[is_early]))


def _hardest_step_metric(verdict: Verdict) -> dict[str, Metric]:
    """The metric `hardest_step:<step>`, the share that takes the hardest step; empty without one."""
    if verdict.code != "message":
        return {}
    name = f"hardest_step:{verdict.fields['step']}"
    share, low, high, n = (verdict.fields[field] for field in ("share", "low", "high", "n"))
    return {name: Metric(name, share, "share", n, low, high)}
