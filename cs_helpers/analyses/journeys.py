"""Where customers stall on their journey, and how long value takes."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.analyses.coaching import compared, luck
from cs_helpers.analyses.contents import DUE, adherence, moved_on, never_seen, planned, used, watched_since
from cs_helpers.analyses.customers import SIZE_ORDER, active_on
from cs_helpers.analyses.progress import by_day, came, never_recorded, ways
from cs_helpers.analyses.proportions import FALSE_DISCOVERY, benjamini_hochberg, wilson
from cs_helpers.analyses.result import Metric, Note, Result
from cs_helpers.analyses.survival import (
    CENSORED,
    LEFT,
    REACHED,
    by_ages,
    converted_by,
    incidence,
    log_rank,
    median_time,
)
from cs_helpers.analyses.waits import (
    LEAST,
    all_waits,
    known_steps,
    log_begins,
    reached_by,
    stalls,
    wait,
    waiting,
)
from cs_helpers.contract.disclosure import columns
from cs_helpers.contract.quarters import Quarter
from cs_helpers.snapshot import ProductData

#: days since the start by which the share with value is told
AGES = (30, 90, 180, 365)

#: ages at which new customers can be held against earlier ones: the largest that enough have come to
COHORT_AGES = (90, 60, 30)

#: what the columns of the tables tell of (`contract.disclosure`)
DISCLOSES = columns(
    public="size before step n reached left waiting share low high median median_low median_high p differs days usual late"
    " expected_on turn touched_on mrr units dimension segment came day at_risk age kind what waits used ratio odds verdict due"
    " expected touch_model n_before share_before low_before high_before source target customers way count order",
    company="account_id name",
    person="csm touched_by",
    told="reason",
)
#: what touches were about is written by hand
FREE_TEXT = (("moves", "what"),)


def analyse(data: ProductData, quarter: Quarter) -> Result:
    """The funnel, each step by segment, and time to value, as known at the end of the quarter.

    Customers: those that entered (first step) since the log begins. A milestone once reached stays
    reached, so a customer has come as far as the last step of which it has all before, at the
    latest of their times. Conversion of a step: Aalen-Johansen from the step before, leaving as
    the competing end, waiting customers censored at the end of the quarter; within the window of
    the product file.

    Tables: `funnel` (step, units, share, low, high: of all that entered); `steps` (size or
    `all`, before, step, n, reached, left, waiting, share, low, high, median, median_low,
    median_high in days); `differences` (step, p, differs: whether the sizes take it alike, by the
    log-rank test, Benjamini-Hochberg over the steps); `value_curve` (size or `all`, day, share, low,
    high, at_risk); `ages` (size or `all`, n, age in days, share with value by then, low, high, at_risk);
    `cohort` (step, age, then of the customers that entered in the quarter and of the earlier ones
    n, share, low, high within that age from the entry, the latter `_before`; p, verdict `faster`,
    `slower` or `alike`: log-rank up to that age, Benjamini-Hochberg over the steps); `ways`: see
    `progress.ways`; `waiting` and `stalls`: see `waits`; `moves` and `adherence`: see `contents`; `csms`
    and `touch_models`: see `coaching.compared`, of all steps together, adjusted for step and size; who
    was in charge when the step before was reached.
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
        return Result(
            "journeys", data.product.product, quarter, quarter.start, data.as_of, 0, {}, {}, tuple(why)
        )
    since = log_begins(data, steps)
    reached = reached_by(data, steps, since, end)
    if reached.empty:
        why = [Note("nobody_entered", about, {"since": since.date()}) for about in asked]
        return Result(
            "journeys", data.product.product, quarter, since.date(), data.as_of, 0, {}, {}, (*notes, *why)
        )
    early = _before_entry(data, steps, reached)
    if early:
        notes.append(Note("before_entry", "funnel", {"customers": early, "of": len(reached)}))
    size = data["accounts"].set_index("account_id")["size"].reindex(reached.index)
    of_size = {s: size == s for s in SIZE_ORDER if (size == s).any()}
    started = data["contracts"].groupby("account_id")["started_on"].min()
    older = (started[active_on(data["contracts"], quarter.end)["account_id"].unique()] < since).sum()
    if older:
        notes.append(Note("older", "waiting", {"customers": int(older), "since": since.date()}))
    window = journey.window_days
    waits = all_waits(reached, size, steps, end)
    tables = {
        "steps": _steps(waits, steps, ["all", *of_size], window),
        "differences": _differences(waits, steps),
        "waiting": waiting(data, waits, quarter),
    }
    units = _counted(data, reached, steps, since, end)
    notes += _rules(data, units, steps, since, end)
    if units.empty:
        notes.append(Note("no_users", "funnel", {}))
    else:
        tables["funnel"] = _funnel(units, steps)
    went = ways(data, reached.index, steps, end)
    if (went["ahead"] == 1).all():
        notes.append(Note("straight_ways", "ways", {}))
    else:
        tables["ways"] = went
    tables["stalls"] = stalls(waits, tables["waiting"], data["accounts"])
    to_value = wait(reached, steps[0], journey.value_step, end) if journey.value_step in steps else None
    if to_value is not None and (to_value[1] == REACHED).any():
        curves, ages = [], []
        for name, inside in {"all": np.ones(len(size), dtype=bool), **of_size}.items():
            days, outcome = (part[inside] for part in to_value)
            curves.append(incidence(days, outcome).assign(size=name))
            ages.append(by_ages(days, outcome, AGES).assign(size=name, n=len(days)))
        tables["value_curve"] = pd.concat([c for c in curves if not c.empty], ignore_index=True)
        tables["ages"] = pd.concat(ages, ignore_index=True)
    else:
        notes += [Note("value_not_reached", about, {}) for about in ("value_curve", "ages")]
    new = reached[steps[0]] >= pd.Timestamp(quarter.start)
    cohort = _cohort(reached, new, steps, end)
    if cohort is None:
        counts = {"customers": int(new.sum()), "earlier": int((~new).sum()), "needed": LEAST}
        notes.append(Note("few_new", "cohort", counts))
    else:
        tables["cohort"] = cohort
    metrics = _metrics(to_value, tables["steps"])
    in_charge = {by: _in_charge(waits, data, by) for by in ("csm", "touch_model")}
    ahead = [s for s in journey.steps if s.step in steps[1:]]
    watched = waits[waits["began"] >= watched_since(data, ahead)]
    uses = used(data, watched, ahead, end)
    moves = moved_on(watched, uses, window)
    if moves.empty:
        notes.append(Note("few_uses", "moves", {"needed": LEAST}))
    else:
        tables["moves"] = moves
    if unseen := never_seen(data, ahead):
        notes.append(Note("never_seen", "adherence", {"names": ", ".join(unseen)}))
    in_time = in_charge["csm"][in_charge["csm"].index.isin(watched.index)]
    plays = adherence(in_time, uses, {step for step, _, _ in planned(data, ahead)})
    if plays.empty:
        notes.append(Note("no_plays", "adherence", {"days": DUE}))
    else:
        tables["adherence"] = plays
    for name, by in (("csms", "csm"), ("touch_models", "touch_model")):
        groups_found = compared(in_charge[by], by)
        if len(groups_found) < 2:
            notes.append(Note("one_group", name, {}))
            continue
        tables[name] = groups_found
        if name == "csms":
            metrics["award_luck"] = Metric("award_luck", luck(groups_found), "share", len(groups_found))
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
        },
    )


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
    if by_day(journey):
        said.append(("funnel_days", {}))
    if journey.exclusions:
        without = came(data, journey.model_copy(update={"exclusions": ()}), steps, since, end)
        said.append(("funnel_excluded", {"units": len(without) - len(units), "of": len(without)}))
    if never := never_recorded(data, journey):
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
    return came(data, journey, steps, since, end)


def _steps(waits: pd.DataFrame, steps: list[str], sizes: list[str], window: int) -> pd.DataFrame:
    rows = []
    of_step = dict(list(waits.groupby("step")))
    for name in sizes:
        for before, step in pairwise(steps):
            inside = of_step.get(step, waits.iloc[:0])
            if name != "all":
                inside = inside[inside["size"] == name]
            rows.append({"size": name, "before": before, "step": step, **_step(inside, window)})
    return pd.DataFrame(rows)


def _step(waits: pd.DataFrame, window: int) -> dict[str, float]:
    days, outcome = waits["days"], waits["outcome"]
    n = len(days)
    share, low, high = converted_by(days, outcome, window) if n else (np.nan,) * 3
    median, median_low, median_high = (
        median_time(days.clip(lower=0.5).tolist(), (outcome == REACHED).tolist()) if n else (np.nan,) * 3
    )
    ended = np.bincount(outcome, minlength=3)
    return {
        "n": n,
        "reached": int(ended[REACHED]),
        "left": int(ended[LEFT]),
        "waiting": int(ended[CENSORED]),
        "share": share,
        "low": low,
        "high": high,
        "median": median,
        "median_low": median_low,
        "median_high": median_high,
    }


def _differences(waits: pd.DataFrame, steps: list[str]) -> pd.DataFrame:
    """Of each step, whether companies of different size take it alike."""
    rows = []
    for step in steps[1:]:
        inside = waits[waits["step"] == step]
        enough = inside[inside["size"].map(inside["size"].value_counts()) >= LEAST]
        _, p = log_rank(enough["days"].clip(lower=0.5), enough["outcome"] == REACHED, enough["size"])
        rows.append({"step": step, "p": p})
    found = pd.DataFrame(rows, columns=["step", "p"])
    return found.assign(differs=benjamini_hochberg(found["p"].to_list(), q=FALSE_DISCOVERY))


def _in_charge(waits: pd.DataFrame, data: ProductData, by: str) -> pd.DataFrame:
    """The waits with who was in charge when each began: by the last touch, else the account's."""
    touches = data["touches"][["account_id", "occurred_at", by]].dropna().sort_values("occurred_at")
    waits = waits.assign(stratum=waits["step"] + ":" + waits["size"].astype("str"))
    # merge_asof wants texts that are held alike
    touches = touches.astype({"account_id": waits["account_id"].dtype})
    waits = pd.merge_asof(waits, touches, left_on="began", right_on="occurred_at", by="account_id")
    now = waits["account_id"].map(data["accounts"].set_index("account_id")[by])
    return waits.assign(**{by: waits[by].fillna(now)}).dropna(subset=[by])


def _cohort(
    reached: pd.DataFrame, new: pd.Series, steps: list[str], end: pd.Timestamp
) -> pd.DataFrame | None:
    """The quarter's new customers against the earlier ones at the same age; `None` where one are too few."""
    watched = (end - reached.loc[new, steps[0]]) / pd.Timedelta(days=1)
    ages = [age for age in COHORT_AGES if (watched >= age).sum() >= LEAST]
    if not ages or (~new).sum() < LEAST:
        return None
    age, rows = ages[0], []
    for step in steps[1:]:
        days, outcome = wait(reached, steps[0], step, end)
        outcome = outcome.where(days <= age, CENSORED)
        days = days.clip(upper=age)
        now = by_ages(days[new], outcome[new], [age]).iloc[0]
        before = by_ages(days[~new], outcome[~new], [age]).iloc[0]
        _, p = log_rank(days.clip(lower=0.5), outcome == REACHED, new)
        rows.append(
            {
                "step": step,
                "age": age,
                "n": int(new.sum()),
                **now[["share", "low", "high"]].to_dict(),
                "n_before": int((~new).sum()),
                **before[["share", "low", "high"]].add_suffix("_before").to_dict(),
                "p": p,
                "more": _sooner(days[new], outcome[new]) > _sooner(days[~new], outcome[~new]),
            }
        )
    table = pd.DataFrame(rows)
    verdict = np.where(table["more"], "faster", "slower")
    sure = benjamini_hochberg(table["p"].to_list(), q=FALSE_DISCOVERY)
    return table.assign(verdict=np.where(sure, verdict, "alike")).drop(columns="more")


def _sooner(days: pd.Series, outcome: pd.Series) -> float:
    """Who reached it, for each day that somebody waited."""
    return float((outcome == REACHED).sum() / max(days.sum(), 0.5))


def _funnel(units: pd.DataFrame, steps: list[str]) -> pd.DataFrame:
    n = len(units)
    rows = []
    for step in steps:
        count = int(units[step].notna().sum())
        low, high = wilson(count, n)
        rows.append({"step": step, "units": count, "share": count / n, "low": low, "high": high})
    return pd.DataFrame(rows)


def _metrics(to_value: tuple[pd.Series, pd.Series] | None, steps: pd.DataFrame) -> dict[str, Metric]:
    found = {}
    if to_value is not None:
        days, outcome = to_value
        median, low, high = median_time(days.clip(lower=0.5).tolist(), (outcome == REACHED).tolist())
        found["days_to_value"] = Metric(
            "days_to_value",
            None if np.isnan(median) else median,
            "days",
            len(days),
            None if np.isnan(low) else low,
            None if np.isnan(high) else high,
        )
        share, low, high = converted_by(days, outcome, 180)
        found["value_within_180_days"] = Metric("value_within_180_days", share, "share", len(days), low, high)
    overall = steps[(steps["size"] == "all") & (steps["n"] >= LEAST)]
    if len(overall):
        worst = overall.loc[overall["share"].idxmin()]
        found[f"hardest_step:{worst['step']}"] = Metric(
            f"hardest_step:{worst['step']}",
            float(worst["share"]),
            "share",
            int(worst["n"]),
            float(worst["low"]),
            float(worst["high"]),
        )
    return found
