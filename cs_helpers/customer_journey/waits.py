"""Waits for the next step of the journey: who waits, for how long compared with others, and who acts next."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customer_journey.progress import reached_steps
from cs_helpers.customers.segments import segments_present
from cs_helpers.customers.time import customer_time_as_of, missing_contracts
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, day_of_share, incidence, usual_days

#: the customers needed to say what is usual, or how a segment behaves
MIN_CUSTOMERS = 5

#: after so many days without a touch it is our turn to act
QUIET_DAYS = 30

_DAY = pd.Timedelta(days=1)

COLUMNS = (
    "account_id", "name", "size", "csm", "step", "days", "usual", "late", "expected_on", "turn",
    "touched_on", "touched_by", "reason", "mrr",
)  # fmt: skip


def known_steps(data: ProductData, end: pd.Timestamp) -> list[str]:
    """The declared steps that any customer reached before `end`, in order."""
    rows = data["milestones"]
    recorded = set(rows.loc[rows["reached_at"] < end, "step"].unique())
    return [s.step for s in data.product.journey.steps if s.step in recorded]


def records_begin(data: ProductData, steps: list[str]) -> pd.Timestamp:
    """The first day from which both kinds of steps after the first (recorded by people, seen in usage) are in the data.

    The two kinds of records often begin in different years, and customers who started before the later of them may
    have taken steps that were not recorded. Without contracts the first step is a recorded one too, so it is included.
    """
    rows = data["milestones"]
    usage_steps = {s.step for s in data.product.journey.steps if s.rule.event}
    relevant_steps = steps if missing_contracts(data) else steps[1:]
    kinds = [[s for s in relevant_steps if (s in usage_steps) == kind] for kind in (False, True)]
    first_days = [rows.loc[rows["step"].isin(kind), "reached_at"].min() for kind in kinds if kind]
    return max(first_days).normalize()


def milestone_times(
    data: ProductData,
    steps: list[str],
    since: pd.Timestamp,
    end: pd.Timestamp,
    time: CustomerTime | None = None,
) -> pd.DataFrame:
    """The times at which each customer reached each step (NaT: not yet), and when it was lost and returned.

    time: the spells as known at the end, where they are at hand.

    Regardless of the mode of the funnel, steps count as milestones here: a customer who took the steps in another
    order, or slower than the window of the funnel, is not waiting any more. Index: account_id of customers by `end`.
    Columns: `steps`; for the n-th spell `lost n` (the day after its last day; NaT: not lost) and `returned n` (its
    first day, from the second spell on); `open` (the day after a paid term whose renewal may still be recorded).
    """
    as_milestones = {"mode": "milestones", "entry": "first_entry", "exclusions": (), "unit": "account"}
    times = reached_steps(data, data.product.journey.model_copy(update=as_milestones), steps, since, end)
    spells = (time or customer_time_as_of(data, (end - _DAY).date())).spells
    times = times[times.index.isin(spells["account_id"])]
    spells = spells[spells["account_id"].isin(times.index)]
    spells = spells.assign(after=spells["last_day"] + _DAY)
    spell_number = spells.groupby("account_id").cumcount() + 1
    columns = {}
    for n in range(1, int(spell_number.max() if len(spell_number) else 1) + 1):
        nth_spell = spells[spell_number == n].set_index("account_id")
        lost = nth_spell["ended"].isin(ENDINGS)
        columns[f"lost {n}"] = nth_spell["after"].where(lost).reindex(times.index)
        if n > 1:
            columns[f"returned {n}"] = nth_spell["first_day"].reindex(times.index)
    not_recorded = spells[spells["ended"] == NOT_RECORDED].set_index("account_id")
    columns["open"] = not_recorded["after"].reindex(times.index)
    return times.assign(**{c: days.astype("datetime64[us]") for c, days in columns.items()})


def all_waits(reached: pd.DataFrame, size: pd.Series, steps: list[str], end: pd.Timestamp) -> pd.DataFrame:
    """The waits for all steps, sorted by start: account_id, step, size, began, days, outcome.

    A customer who left and returned waits again, from the day of return, for the step not taken before.
    """
    parts = []
    for before, step in pairwise(steps):
        groups = [reached]
        for returned in (c for c in reached if c.startswith("returned ")):
            waits_again = (reached[before] < reached[returned]) & ~(reached[step] < reached[returned])
            groups.append(reached[waits_again].assign(**{before: reached.loc[waits_again, returned]}))
        for group in groups:
            days, outcome = wait_times(group, before, step, end)
            parts.append(
                pd.DataFrame(
                    {
                        "account_id": days.index.astype("str"),
                        "step": step,
                        "size": size.reindex(days.index).to_numpy(),
                        "began": group.loc[days.index, before].to_numpy(),
                        "days": days.to_numpy(),
                        "outcome": outcome.to_numpy(),
                    }
                )
            )
    return pd.concat(parts, ignore_index=True).sort_values("began", ignore_index=True)


def wait_times(group: pd.DataFrame, before: str, step: str, end: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
    """Days from one step to another and the outcome (`survival`), for customers who reached the first.

    group: the table of `milestone_times`. Both series have its index, without customers who did not reach `before`.
    """
    has_begun = group[before].notna().to_numpy()
    began, reached, open_until = (
        group[c].to_numpy("datetime64[us]")[has_begun] for c in (before, step, "open")
    )
    left = _lost_after(group[has_begun], began)
    # the loss of the customer ends the wait, unless the step was reached before
    is_left = ~np.isnat(left) & (np.isnat(reached) | (left < reached))
    observed_until = np.where(np.isnat(open_until), end.to_datetime64(), open_until)
    until = np.where(is_left, left, np.where(np.isnat(reached), observed_until, reached))
    days = np.clip((until - began) / np.timedelta64(1, "s") / 86400, 0, None)
    outcome = np.select([is_left, ~np.isnat(reached)], [LEFT, REACHED], CENSORED)
    return pd.Series(days, group.index[has_begun]), pd.Series(outcome, group.index[has_begun])


def _lost_after(group: pd.DataFrame, began: np.ndarray) -> np.ndarray:
    """The first day on which each customer was lost after the start of the wait; NaT: still a customer."""
    names = [c for c in group if c.startswith("lost ")]
    lost_days = group[names].to_numpy("datetime64[us]")
    is_customer = np.isnat(lost_days[:, -1]) if len(names) == 1 else _is_still_customer(group, lost_days)
    left = np.where(is_customer, np.datetime64("NaT"), _latest(lost_days))
    for n in reversed(range(len(names))):
        left = np.where(lost_days[:, n] >= began, lost_days[:, n], left)
    return left


def _is_still_customer(group: pd.DataFrame, lost_days: np.ndarray) -> np.ndarray:
    """Whether the last spell of each customer was not lost."""
    returns = group[[c for c in group if c.startswith("returned ")]].notna().to_numpy()
    last = returns.sum(axis=1)
    return np.asarray(np.isnat(lost_days[np.arange(len(lost_days)), last]))


def _latest(days: np.ndarray) -> np.ndarray:
    filled = np.where(np.isnat(days), np.datetime64("1800-01-01"), days)
    return np.asarray(filled.max(axis=1))


def waiting_customers(data: ProductData, waits: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """The customers waiting for a step at the end of the quarter; late ones first, then by MRR, descending.

    Includes customers at the end of the quarter only, without those whose renewal is not recorded.

    waits: account_id, step, days and outcome of all waits for all steps. Columns: account_id, name, size, csm, step
    (waited for), days (since the step before), usual (days within which three in four of those who take the step took
    it, by the Aalen-Johansen curve; NaN: fewer than five took it), late (longer than usual), expected_on (the day by
    which half of those who waited as long and still took it had taken it; NaT where nobody did), turn (`theirs` where
    the last contact was our touch, within 30 days; `ours` otherwise; `unknown` where the touches do not cover these
    days), touched_on, touched_by, reason (the last reason for not acting that was given and not refuted), mrr (left
    out without contracts).
    """
    end = pd.Timestamp(quarter.end) + _DAY
    time = customer_time_as_of(data, quarter.end)
    parts = []
    for _, inside in waits.groupby("step", sort=False):
        curve = incidence(inside["days"], inside["outcome"])
        enough = (inside["outcome"] == REACHED).sum() >= MIN_CUSTOMERS
        open_waits = inside.loc[inside["outcome"] == CENSORED, ["account_id", "step", "days"]]
        parts.append(
            open_waits.assign(
                usual=usual_days(inside["outcome"], curve),
                expected_after=[
                    day_of_share(curve, d, 0.5) if enough else np.nan for d in open_waits["days"]
                ],
            )
        )
    waiting = pd.concat(parts, ignore_index=True).merge(data["accounts"], on="account_id")
    waiting = waiting[waiting["account_id"].isin(time.customers(quarter.end))]
    waiting["late"] = waiting["days"] > waiting["usual"]
    to_go = pd.to_timedelta(np.floor(waiting["expected_after"] - waiting["days"]), unit="D")
    waiting["expected_on"] = (end.normalize() + to_go).astype("datetime64[us]")
    waiting["mrr"] = waiting["account_id"].map(time.mrr(quarter.end)).astype("float64")
    waiting = waiting.merge(_last_touches(data, end), on="account_id", how="left")
    touches_known = data.coverage.tables.get("touches")
    covered = touches_known is not None and touches_known.covers(
        (end - pd.Timedelta(days=QUIET_DAYS)).date(), quarter.end
    )
    waiting["turn"] = np.where(waiting["theirs"].eq(True), "theirs", "ours") if covered else "unknown"
    waiting["reason"] = waiting["account_id"].map(_latest_reasons(data, end))
    waiting = waiting.sort_values(
        ["late", "mrr", "days", "account_id"], ascending=[False, False, False, True]
    )
    return waiting[[c for c in COLUMNS if c != "mrr" or time.by_contracts]].reset_index(drop=True)


def stalls(waits: pd.DataFrame, waiting: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Customers waiting longer than usual, by step and by size and industry.

    waits: account_id and step of all waits; waiting: the table of `waiting_customers`. Columns: step, dimension
    (`size` or `industry`), segment, waits (customers who reached the step before), waiting, late, share (late of
    waits), mrr (of late customers; left out where not known). A row for each step and segment with waits; no rows for
    a dimension that is unknown for all.
    """
    of_account = accounts.set_index("account_id")
    parts = []
    for dimension in ("size", "industry"):
        segment = of_account[dimension]
        if not segments_present(segment.reindex(waits["account_id"])):
            continue
        wait_counts = waits.groupby(["step", waits["account_id"].map(segment)]).size()
        keys = [waiting["step"], waiting["account_id"].map(segment)]
        late = waiting["late"]
        parts.append(
            pd.DataFrame(
                {
                    "waits": wait_counts,
                    "waiting": late.groupby(keys).size(),
                    "late": late.groupby(keys).sum(),
                    **(
                        {"mrr": waiting["mrr"].where(late, 0.0).groupby(keys).sum()}
                        if "mrr" in waiting
                        else {}
                    ),
                }
            )
            .rename_axis(["step", "segment"])
            .reset_index()
            .assign(dimension=dimension)
        )
    table = pd.concat(parts, ignore_index=True)
    counts = ["waits", "waiting", "late"]
    table[counts] = table[counts].fillna(0).astype("int64")
    table["share"] = table["late"] / table["waits"]
    columns = ["step", "dimension", "segment", *counts, "share"]
    return table.fillna({"mrr": 0.0})[[*columns, "mrr"] if "mrr" in waiting else columns]


def _last_touches(data: ProductData, end: pd.Timestamp) -> pd.DataFrame:
    """Our last touch of each account, and whether it is the customer's turn: account_id, touched_on, touched_by, theirs."""
    touches = data["touches"]
    touches = touches[touches["occurred_at"] < end]
    notice = touches["kind"] == "churn_notice"
    ours = touches[~notice].sort_values("occurred_at").drop_duplicates("account_id", keep="last")
    ours = ours.set_index("account_id")
    tickets = data["tickets"]
    theirs = pd.concat(
        [
            touches.loc[notice, ["account_id", "occurred_at"]],
            tickets.loc[tickets["opened_at"] < end, ["account_id", "opened_at"]].set_axis(
                ["account_id", "occurred_at"], axis=1
            ),
        ]
    )
    last_contact = theirs.groupby("account_id")["occurred_at"].max().reindex(ours.index)
    is_recent = ours["occurred_at"] >= end - pd.Timedelta(days=QUIET_DAYS)
    return pd.DataFrame(
        {
            "account_id": ours.index,
            "touched_on": ours["occurred_at"].dt.normalize().to_numpy(),
            "touched_by": ours["csm"].to_numpy(),
            "theirs": (is_recent & ~(last_contact > ours["occurred_at"])).to_numpy(),
        }
    )


def _latest_reasons(data: ProductData, end: pd.Timestamp) -> pd.Series:
    """The latest reason of each account that is not refuted. Index: account_id."""
    reasons = data["codings"][["note_id", "reason", "reason_status"]].dropna(subset=["reason"])
    reasons = reasons[~reasons["reason_status"].eq("refuted").fillna(False)]
    held = data["notes"][["note_id", "interview_id"]].merge(
        data["interviews"][["interview_id", "account_id", "held_on"]], on="interview_id"
    )
    reasons = reasons.merge(held[held["held_on"] < end], on="note_id")
    # within an interview the most frequent reason, then the first by name, so that the order of rows does not matter
    counts = reasons.groupby(["account_id", "held_on", "reason"]).size().rename("count").reset_index()
    counts = counts.sort_values(["held_on", "count", "reason"], ascending=[True, True, False])
    return counts.groupby("account_id")["reason"].last()
