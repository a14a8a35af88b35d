"""Where customers stall on their journey, and how long value takes."""

from __future__ import annotations

import pandas as pd

from cs_helpers.analyses.journeys.contents import DUE, adherence, moved_on
from cs_helpers.analyses.journeys.conversions import (
    by_size,
    cohort,
    differences,
    hardest_step,
    stall,
    time_to_value,
    unwatched,
    value_metrics,
    value_tables,
)
from cs_helpers.analyses.journeys.declared import DECLARES as DECLARES
from cs_helpers.contract.products import Journey
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.customers.segments import count_unknown, segments_present, with_segments
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.journey.progress import (
    compares_days,
    reached_steps,
    step_transitions,
    transitions_verdict,
    unrecorded_exclusions,
)
from cs_helpers.journey.uses import first_uses, observed_waits, planned_signs, unseen_signs
from cs_helpers.journey.waits import (
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
from cs_helpers.result import Metric, Note, Result, Verdict
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.case_mix import chance_of_best, compare_groups
from cs_helpers.statistics.proportions import wilson
from cs_helpers.statistics.survival import REACHED, Conversion


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The funnel, each step by segment, and time to value, as known at the end of the quarter.

    Customers: those that entered (first step) since the log begins. A milestone once reached stays
    reached, so a customer has come as far as the last step of which it has all before, at the
    latest of their times. Conversion of a step: Aalen-Johansen from the step before, leaving as
    the competing end, waiting customers censored at the end of the quarter; within the window of
    the product file.

    Tables: `funnel` (step, units, share, low, high: of all that entered); `steps`, `differences`,
    `value_curve`, `ages` and `cohort`: see `conversions`; `ways`: see `progress.ways`; `waiting` and
    `stalls`: see `waits`; `moves` and `adherence`: see `contents`; `csms` and `touch_models`: see
    `coaching.compared`, of all steps together, adjusted for step and size; who was in charge when the
    step before was reached.

    Verdicts: `funnel` (`conversions.hardest_step`; `whole` (share, steps, n) where it counts attempts or
    users), `steps` (`conversions.stall`), `ways` (`progress.detour`), `stalls` (`held_up`), `value_curve`
    (`conversions.time_to_value`).
    """
    journey = data.product.journey
    asked = (
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
        why = [Note(code, about, {"tables": missing, "quarter": str(quarter)}) for about in asked]
        if steps and missing_contracts(data):  # the one that is recorded may be any of them
            why = [Note("one_step", about, {"steps": tuple(steps)}) for about in asked]
        return Result(
            "journeys", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, tuple(why)
        )
    since = records_begin(data, steps)
    reached = milestone_times(data, steps, since, end)
    if reached.empty:
        why = [Note("nobody_entered", about, {"since": since.date()}) for about in asked]
        return Result(
            "journeys", data.product.product, quarter, since.date(), data.as_of, 0, {}, {}, (*notes, *why)
        )
    early = _before_entry(data, steps, reached)
    if early:
        notes.append(Note("before_entry", "funnel", {"customers": early, "of": len(reached)}))
    accounts = with_segments(data["accounts"])
    who = accounts.set_index("account_id").reindex(reached.index)
    size = who["size"]
    of_size = {s: size == s for s in segments_present(size, data.sizes)}
    time = customer_time_as_of(data, quarter.end)
    notes += _who_counts(time, reached, since, quarter, journey)
    window = journey.window_days
    waits = all_waits(reached, size, steps, end)
    tables = {
        "steps": by_size(waits, steps, ["all", *of_size], window),
        "differences": differences(waits, steps),
        "waiting": waiting_customers(data, waits, quarter),
    }
    if not time.by_contracts:
        notes += [Note("leaving_waits", about, {}) for about in ("steps", "value_curve")]
        notes += [Note("no_mrr", about, {}) for about in ("stalls", "waiting")]
    if (tables["waiting"]["turn"] == "unknown").any():
        notes.append(Note("turn_unknown", "waiting", {"days": QUIET_DAYS}))
    hardest = hardest_step(tables["steps"], window)
    verdicts = {"steps": stall(tables["steps"], tables["differences"])}
    units = _counted(data, reached, steps, since, end)
    notes += _rules(data, units, steps, since, end)
    if units.empty:
        notes.append(Note("no_users", "funnel", {}))
    else:
        tables["funnel"] = _funnel(units, steps)
        by_milestones = journey.mode == "milestones" and journey.unit == "account"
        verdicts["funnel"] = hardest if by_milestones else _through(tables["funnel"])
    went = step_transitions(data, reached.index, steps, end)
    if (went["ahead"] == 1).all():
        notes.append(Note("straight_ways", "ways", {}))
    else:
        tables["ways"] = went
        verdicts["ways"] = transitions_verdict(went)
    for about, dimensions in (("steps", ("size",)), ("stalls", ("size", "industry"))):
        some, none = count_unknown(who, *dimensions)
        if some:
            notes.append(Note("segment_unknown", about, {"segments": some, "of": len(who)}))
        if none:
            notes.append(Note("segment_not_recorded", about, {"dimensions": none}))
    if len(none) < 2:  # of the two that stalls go by
        tables["stalls"] = stalls(waits, tables["waiting"], accounts)
        verdicts["stalls"] = held_up(tables["stalls"], tables["waiting"])
    value, metrics = None, _hardest(hardest)
    if journey.value_step in steps:
        value = Conversion(*wait_times(reached, steps[0], journey.value_step, end))
        metrics = value_metrics(value) | metrics
    if value is not None and (value.outcome == REACHED).any():
        tables |= value_tables(value.days, value.outcome, of_size)
        verdicts["value_curve"] = time_to_value(value)
    else:
        notes += [Note("value_not_reached", about, {}) for about in ("value_curve", "ages")]
    age = (end - reached[steps[0]].min()) / pd.Timedelta(days=1)
    notes += unwatched(tables["steps"], value, age, window)
    new = reached[steps[0]] >= pd.Timestamp(quarter.start)
    held = cohort(reached, new, steps, end)
    if held is None:
        counts = {"customers": int(new.sum()), "earlier": int((~new).sum()), "needed": MIN_CUSTOMERS}
        notes.append(Note("few_new", "cohort", counts))
    else:
        tables["cohort"] = held
    in_charge = {by: _in_charge(waits, data, by) for by in ("csm", "touch_model")}
    ahead = [s for s in journey.steps if s.step in steps[1:]]
    since_seen = observed_waits(data, waits, ahead, end)
    uses = first_uses(data, since_seen, ahead, end)
    moves = moved_on(since_seen, uses, window)
    if moves.empty:
        notes.append(Note("few_uses", "moves", {"needed": MIN_CUSTOMERS}))
    else:
        tables["moves"] = moves
    if unseen := unseen_signs(data, ahead):
        notes.append(Note("never_seen", "adherence", {"names": ", ".join(unseen)}))
    in_time = in_charge["csm"].loc[lambda w: w.index.isin(since_seen.index)]
    in_time = in_time.assign(days=since_seen["days"].reindex(in_time.index))
    plays = adherence(in_time, uses, {step for step, _, _ in planned_signs(data, ahead)})
    if plays.empty:
        notes.append(Note("no_plays", "adherence", {"days": DUE}))
    else:
        tables["adherence"] = plays
    for name, by, alone in (
        ("csms", "csm", "one_csm"),
        ("touch_models", "touch_model", "one_touch_model"),
    ):
        groups_found = compare_groups(in_charge[by], by)
        if len(groups_found) < 2:
            notes.append(Note(alone, name, {}))
            continue
        tables[name] = groups_found
        if name == "csms":
            metrics["award_luck"] = Metric(
                "award_luck", chance_of_best(groups_found), "share", len(groups_found)
            )
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
        verdicts=verdicts,
    )


def held_up(stalls: pd.DataFrame, waiting_customers: pd.DataFrame) -> Verdict:
    """Where most revenue is held up by customers that wait longer than usual, by size.

    stalls, waiting: as `waits` gives them. `message` (step, size, late, mrr, share: of all revenue that is held
    up), `count` where they pay nothing or nobody knows what they pay (step, size, late), `none`, or `unknown`: some wait,
    and of no step is known what is usual. Where no size is known, by industry: `message_industry` and `count_industry`.
    """
    if len(waiting_customers) and waiting_customers["usual"].isna().all():
        return Verdict("unknown")
    by = "size" if (stalls["dimension"] == "size").any() else "industry"
    sizes = stalls[(stalls["dimension"] == by) & (stalls["late"] > 0)]
    if sizes.empty:
        return Verdict("none")
    worst = sizes.nlargest(1, ["mrr", "late"] if "mrr" in sizes else ["late"]).iloc[0]
    where = {"step": worst["step"], by: worst["segment"], "late": int(worst["late"])}
    as_told = "" if by == "size" else "_industry"
    if "mrr" not in sizes:
        return Verdict("count" + as_told, where)
    mrr, held = float(worst["mrr"]), float(sizes["mrr"].sum())
    if not held:
        return Verdict("count" + as_told, where)
    return Verdict("message" + as_told, {**where, "mrr": mrr, "share": mrr / held})


def _who_counts(
    time: CustomerTime, reached: pd.DataFrame, since: pd.Timestamp, quarter: Quarter, journey: Journey
) -> list[Note]:
    """How those that the funnel (one of attempts or users: the steps below it) counts and the customers at the end of the quarter belong together.

    of = there + lost + not_recorded; customers = there + older + no_entry.
    """
    customers = time.customers(quarter.end)
    by_milestones = journey.mode == "milestones" and journey.unit == "account"
    about = "funnel" if by_milestones else "steps"
    if not time.by_contracts:
        return _which_accounts(time, reached, since, customers.difference(reached.index), about)
    there, open_ = (len(reached.index.intersection(who)) for who in (customers, time.not_recorded()))
    others = customers.difference(reached.index)
    older = int((time.first_days()[others] < since).sum())
    notes = []
    if len(reached) != len(customers) or len(others):
        fields = {
            "since": since.date(), "of": len(reached), "there": there, "lost": len(reached) - there - open_,
            "not_recorded": open_, "customers": len(customers), "older": older, "no_entry": len(others) - older,
        }  # fmt: skip
        notes.append(Note("who_counts", about, fields))
    if older:
        notes.append(Note("older", "waiting", {"customers": older, "since": since.date()}))
    return notes


def _which_accounts(
    time: CustomerTime, reached: pd.DataFrame, since: pd.Timestamp, others: pd.Index, about: str
) -> list[Note]:
    """The same where accounts are counted: customers = of + older + no_entry."""
    if others.empty:
        return []
    older = int((time.first_days()[others] < since).sum())
    fields = {
        "since": since.date(), "of": len(reached), "customers": len(reached) + len(others), "older": older,
        "no_entry": len(others) - older,
    }  # fmt: skip
    notes = [Note("which_accounts", about, fields)]
    if older:
        notes.append(Note("older_accounts", "waiting", {"customers": older, "since": since.date()}))
    return notes


def _before_entry(data: ProductData, steps: list[str], reached: pd.DataFrame) -> int:
    """Customers with a later step recorded before their first: they count as having it on day 0."""
    rows = data["milestones"][data["milestones"]["step"].isin(steps[1:])]
    entry = rows["account_id"].map(reached[steps[0]])
    return int(rows.loc[rows["reached_at"] < entry, "account_id"].nunique())


def _rules(
    data: ProductData, units: pd.DataFrame, steps: list[str], since: pd.Timestamp, end: pd.Timestamp
) -> list[Note]:
    """What the reader of the funnel must know of how it counts, where that is not as usual."""
    journey = data.product.journey
    said: list[tuple[str, dict[str, object]]] = []
    if journey.mode != "milestones":
        said.append((f"funnel_{journey.mode}", {"days": journey.window_days}))
    if journey.entry == "latest_entry":
        said.append(("funnel_latest", {}))
    if compares_days(journey):
        said.append(("funnel_days", {}))
    if journey.exclusions:
        without = reached_steps(data, journey.model_copy(update={"exclusions": ()}), steps, since, end)
        said.append(("funnel_excluded", {"units": len(without) - len(units), "of": len(without)}))
    if never := unrecorded_exclusions(data, journey):
        said.append(("never_recorded", {"names": ", ".join(never)}))
    if journey.unit == "user":
        said.append(("funnel_users", {}))
    if said:
        said.append(("funnel_below", {"days": journey.window_days}))
    return [Note(code, "funnel", fields) for code, fields in said]


def _counted(
    data: ProductData, reached: pd.DataFrame, steps: list[str], since: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """When each unit of the declared funnel had come as far as each step."""
    journey = data.product.journey
    if journey.unit == "account" and journey.mode == "milestones":
        return reached
    return reached_steps(data, journey, steps, since, end)


def _in_charge(waits: pd.DataFrame, data: ProductData, by: str) -> pd.DataFrame:
    """The waits with who was in charge when each began: by the last touch, else the account's."""
    touches = data["touches"][["account_id", "occurred_at", by]].dropna().sort_values("occurred_at")
    waits = waits.assign(stratum=waits["step"] + ":" + waits["size"].astype("str"))
    # merge_asof wants texts that are held alike
    touches = touches.astype({"account_id": waits["account_id"].dtype})
    waits = pd.merge_asof(waits, touches, left_on="began", right_on="occurred_at", by="account_id")
    now = waits["account_id"].map(data["accounts"].set_index("account_id")[by])
    return waits.assign(**{by: waits[by].fillna(now)}).dropna(subset=[by])


def _funnel(units: pd.DataFrame, steps: list[str]) -> pd.DataFrame:
    n = len(units)
    rows = []
    for step in steps:
        count = int(units[step].notna().sum())
        low, high = wilson(count, n)
        rows.append({"step": step, "units": count, "share": count / n, "low": low, "high": high})
    return pd.DataFrame(rows)


def _through(funnel: pd.DataFrame) -> Verdict:
    """How many of those that began came through all steps."""
    first, last = funnel.iloc[0], funnel.iloc[-1]
    fields = {"share": float(last["share"]), "steps": len(funnel), "n": int(first["units"])}
    return Verdict("whole", fields)


def _hardest(found: Verdict) -> dict[str, Metric]:
    """The share that takes the hardest step, by `hardest_step:<step>`; nothing where no step can be named."""
    if found.code != "message":
        return {}
    name = f"hardest_step:{found.fields['step']}"
    share, low, high, n = (found.fields[field] for field in ("share", "low", "high", "n"))
    return {name: Metric(name, share, "share", n, low, high)}
