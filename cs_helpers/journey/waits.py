"""Who waits for the next step of the journey, whether that is long, and whose turn it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.segments import segments_in
from cs_helpers.customers.time import as_known, without_contracts
from cs_helpers.journey.progress import came
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.survival import CENSORED, LEFT, REACHED, incidence, share_by

#: with fewer customers nobody can say what is usual, nor what a segment does
LEAST = 5

#: who was not spoken to for so many days waits for us
QUIET_DAYS = 30

_DAY = pd.Timedelta(days=1)

#: the share of those who take a step at all that needs no longer than usual
USUAL = 0.75

COLUMNS = (
    "account_id", "name", "size", "csm", "step", "days", "usual", "late", "expected_on", "turn",
    "touched_on", "touched_by", "reason", "mrr",
)  # fmt: skip


def known_steps(data: ProductData, end: pd.Timestamp) -> list[str]:
    """The declared steps that anybody reached before `end`, in order."""
    rows = data["milestones"]
    recorded = set(rows.loc[rows["reached_at"] < end, "step"])
    return [s.step for s in data.product.journey.steps if s.step in recorded]


def log_begins(data: ProductData, steps: list[str]) -> pd.Timestamp:
    """The first day from which both kinds of steps (of those after the first) are known.

    What people record and what is used often begin in different years: who started before the later
    of the two may have taken steps that nobody wrote down. Without contracts the first step is recorded as the
    others are, so the records of its kind begin with it.
    """
    rows = data["milestones"]
    used = {s.step for s in data.product.journey.steps if s.rule.event}
    told = steps if without_contracts(data) else steps[1:]
    kinds = [[s for s in told if (s in used) == kind] for kind in (False, True)]
    firsts = [rows.loc[rows["step"].isin(kind), "reached_at"].min() for kind in kinds if kind]
    return max(firsts).normalize()


def reached_by(data: ProductData, steps: list[str], since: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """When each customer had come as far as each step (NaT: not yet), and when it was one no longer.

    However the funnel counts, what is reached stays reached here: who did the steps in another order, or
    slower than the funnel's window, does not wait any more. Index: account_id, of those that were customers
    by `end`. Columns: `steps`; of the n-th spell `gone n` (the day after its last, NaT: it was not lost) and `back n` (its
    first day, from the second on); `open` (the day after a paid term whose renewal may still be recorded).
    """
    as_reached = {"mode": "milestones", "entry": "first_entry", "exclusions": (), "unit": "account"}
    come = came(data, data.product.journey.model_copy(update=as_reached), steps, since, end)
    spells = as_known(data, (end - _DAY).date()).spells
    come = come[come.index.isin(spells["account_id"])]
    spells = spells[spells["account_id"].isin(come.index)]
    spells = spells.assign(after=spells["last_day"] + _DAY)
    place = spells.groupby("account_id").cumcount() + 1
    columns = {}
    for n in range(1, int(place.max() if len(place) else 1) + 1):
        own = spells[place == n].set_index("account_id")
        lost = own["ended"].isin(ENDINGS)
        columns[f"gone {n}"] = own["after"].where(lost).reindex(come.index)
        if n > 1:
            columns[f"back {n}"] = own["first_day"].reindex(come.index)
    not_recorded = spells[spells["ended"] == NOT_RECORDED].set_index("account_id")
    columns["open"] = not_recorded["after"].reindex(come.index)
    return come.assign(**{c: each.astype("datetime64[us]") for c, each in columns.items()})


def all_waits(reached: pd.DataFrame, size: pd.Series, steps: list[str], end: pd.Timestamp) -> pd.DataFrame:
    """The waits for all steps, in order of their beginning: account_id, step, size, began, days, outcome.

    Who left and came back waits again, from that day, for the step that it had not taken.
    """
    parts = []
    for before, step in pairwise(steps):
        groups = [reached]
        for back in (c for c in reached if c.startswith("back ")):
            again = (reached[before] < reached[back]) & ~(reached[step] < reached[back])
            groups.append(reached[again].assign(**{before: reached.loc[again, back]}))
        for group in groups:
            days, outcome = wait(group, before, step, end)
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


def wait(group: pd.DataFrame, before: str, step: str, end: pd.Timestamp) -> tuple[pd.Series, pd.Series]:
    """Days from one step to another and how the wait ended, for those who came to the first.

    group: as `reached_by` gives it. Both series have its index, without those who did not come to the first; the
    outcomes are those of `survival`.
    """
    came = group[before].notna().to_numpy()
    began, reached, open_ = (group[c].to_numpy("datetime64[us]")[came] for c in (before, step, "open"))
    left = _left(group[came], began)
    # a spell that was lost ends the wait, unless the step was reached before
    went = ~np.isnat(left) & (np.isnat(reached) | (left < reached))
    watched = np.where(np.isnat(open_), end.to_datetime64(), open_)
    until = np.where(went, left, np.where(np.isnat(reached), watched, reached))
    days = np.clip((until - began) / np.timedelta64(1, "s") / 86400, 0, None)
    outcome = np.select([went, ~np.isnat(reached)], [LEFT, REACHED], CENSORED)
    return pd.Series(days, group.index[came]), pd.Series(outcome, group.index[came])


def _left(group: pd.DataFrame, began: np.ndarray) -> np.ndarray:
    """The day on which each customer was lost after a wait began; NaT: it still is one."""
    names = [c for c in group if c.startswith("gone ")]
    gone = group[names].to_numpy("datetime64[us]")
    there = np.isnat(gone[:, -1]) if len(names) == 1 else _still_there(group, gone)
    left = np.where(there, np.datetime64("NaT"), _latest(gone))
    for n in reversed(range(len(names))):
        left = np.where(gone[:, n] >= began, gone[:, n], left)
    return left


def _still_there(group: pd.DataFrame, gone: np.ndarray) -> np.ndarray:
    """Whether the last spell of each was not lost."""
    backs = group[[c for c in group if c.startswith("back ")]].notna().to_numpy()
    last = backs.sum(axis=1)
    there: np.ndarray = np.isnat(gone[np.arange(len(gone)), last])
    return there


def _latest(gone: np.ndarray) -> np.ndarray:
    filled = np.where(np.isnat(gone), np.datetime64("1800-01-01"), gone)
    latest: np.ndarray = filled.max(axis=1)
    return latest


def waiting(data: ProductData, waits: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """Every customer that waits for a step at the end of the quarter; who waits long comes first, then by MRR.

    Who is no customer then waits for nothing, nor does one whose renewal is not recorded.

    waits: account_id, step, days and outcome of all waits for all steps. Columns: account_id, name, size,
    csm, step (waited for), days (since the step before), usual (days within which three in four of those who take the step had taken it, by
    the Aalen-Johansen curve; NaN: fewer than five took it), late, expected_on (the day by which half
    of those that waited as long and still took it had; NaT where nobody did), turn (`theirs` where we
    spoke to them last, within 30 days, and neither a ticket nor a notice came since; else `ours`; `unknown` where
    the touches do not tell of these days),
    touched_on, touched_by, reason (for not acting; the last that was told and not refuted), mrr (not without contracts).
    """
    end = pd.Timestamp(quarter.end) + _DAY
    time = as_known(data, quarter.end)
    parts = []
    for _, inside in waits.groupby("step", sort=False):
        curve = incidence(inside["days"], inside["outcome"])
        known = (inside["outcome"] == REACHED).sum() >= LEAST
        still = inside.loc[inside["outcome"] == CENSORED, ["account_id", "step", "days"]]
        parts.append(
            still.assign(
                usual=usual_days(inside["outcome"], curve),
                expected_after=[_within(curve, d, 0.5) if known else np.nan for d in still["days"]],
            )
        )
    found = pd.concat(parts, ignore_index=True).merge(data["accounts"], on="account_id")
    found = found[found["account_id"].isin(time.customers(quarter.end))]
    found["late"] = found["days"] > found["usual"]
    to_go = pd.to_timedelta(np.floor(found["expected_after"] - found["days"]), unit="D")
    found["expected_on"] = (end.normalize() + to_go).astype("datetime64[us]")
    found["mrr"] = found["account_id"].map(time.mrr(quarter.end)).astype("float64")
    found = found.merge(_contacts(data, end), on="account_id", how="left")
    lately = data.coverage.tables.get("touches")
    told = lately is not None and lately.covers((end - pd.Timedelta(days=QUIET_DAYS)).date(), quarter.end)
    found["turn"] = np.where(found["theirs"].eq(True), "theirs", "ours") if told else "unknown"
    found["reason"] = found["account_id"].map(_reasons(data, end))
    found = found.sort_values(["late", "mrr", "days", "account_id"], ascending=[False, False, False, True])
    return found[[c for c in COLUMNS if c != "mrr" or time.by_contracts]].reset_index(drop=True)


def stalls(waits: pd.DataFrame, found: pd.DataFrame, accounts: pd.DataFrame) -> pd.DataFrame:
    """Where customers wait longer than usual: each step by size and by industry.

    waits: account_id and step of all that came to the step before; found: as `waiting` gives it. Columns:
    step, dimension (`size` or `industry`), segment, came, waiting, late, share (late of those that
    came), mrr (of those that are late; not where it is not known). A row for each step and segment that anybody is of;
    none of a dimension that is known of nobody.
    """
    of_account = accounts.set_index("account_id")
    parts = []
    for dimension in ("size", "industry"):
        segment = of_account[dimension]
        if not segments_in(segment.reindex(waits["account_id"])):
            continue
        came = waits.groupby(["step", waits["account_id"].map(segment)]).size()
        keys = [found["step"], found["account_id"].map(segment)]
        late = found["late"]
        parts.append(
            pd.DataFrame(
                {
                    "came": came,
                    "waiting": late.groupby(keys).size(),
                    "late": late.groupby(keys).sum(),
                    **({"mrr": found["mrr"].where(late, 0.0).groupby(keys).sum()} if "mrr" in found else {}),
                }
            )
            .rename_axis(["step", "segment"])
            .reset_index()
            .assign(dimension=dimension)
        )
    table = pd.concat(parts, ignore_index=True)
    counts = ["came", "waiting", "late"]
    table[counts] = table[counts].fillna(0).astype("int64")
    table["share"] = table["late"] / table["came"]
    columns = ["step", "dimension", "segment", *counts, "share"]
    return table.fillna({"mrr": 0.0})[[*columns, "mrr"] if "mrr" in found else columns]


def usual_days(outcome: pd.Series, curve: pd.DataFrame) -> float:
    """Days within which three in four of those who take a step had taken it; NaN where fewer than five did.

    outcome: of all waits for the step; curve: their `survival.incidence`.
    """
    return _within(curve, 0, USUAL) if (outcome == REACHED).sum() >= LEAST else float("nan")


def _within(curve: pd.DataFrame, since: float, part: float) -> float:
    """The day by which `part` of those who take it after `since` had taken it; NaN where nobody did."""
    if curve.empty:
        return float("nan")
    began, last = share_by(curve, since)[0], float(curve["share"].iloc[-1])
    if last - began < 1e-9:
        return float("nan")
    enough = curve["share"].to_numpy() >= began + part * (last - began) - 1e-9
    return float(curve["day"].to_numpy()[enough][0])


def _contacts(data: ProductData, end: pd.Timestamp) -> pd.DataFrame:
    """account_id, touched_on, touched_by, theirs: the last touch of ours, and whether the customer is next."""
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
    spoke = theirs.groupby("account_id")["occurred_at"].max().reindex(ours.index)
    lately = ours["occurred_at"] >= end - pd.Timedelta(days=QUIET_DAYS)
    return pd.DataFrame(
        {
            "account_id": ours.index,
            "touched_on": ours["occurred_at"].dt.normalize().to_numpy(),
            "touched_by": ours["csm"].to_numpy(),
            "theirs": (lately & ~(spoke > ours["occurred_at"])).to_numpy(),
        }
    )


def _reasons(data: ProductData, end: pd.Timestamp) -> pd.Series:
    """The reason of each account that was told last and is not refuted. Index: account_id."""
    told = data["codings"][["note_id", "reason", "reason_status"]].dropna(subset=["reason"])
    told = told[~told["reason_status"].eq("refuted").fillna(False)]
    held = data["notes"][["note_id", "interview_id"]].merge(
        data["interviews"][["interview_id", "account_id", "held_on"]], on="interview_id"
    )
    told = told.merge(held[held["held_on"] < end], on="note_id")
    # of one interview that which most notes and coders say, then by name: the same whatever the order of rows
    counted = told.groupby(["account_id", "held_on", "reason"]).size().rename("said").reset_index()
    counted = counted.sort_values(["held_on", "said", "reason"], ascending=[True, True, False])
    return counted.groupby("account_id")["reason"].last()
