"""The change of the customers and of their MRR from quarter to quarter, explained by what became of each customer."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.maturity import MAX_LEVELS
from cs_helpers.contract.spells import NOT_RECORDED, CustomerTime
from cs_helpers.customers.maturity_levels import LOST, NOT_THERE, UNKNOWN, LevelHistory
from cs_helpers.customers.mrr import MrrByDay

#: the fall of the number of customers in a quarter, as a share, from which on it is remarked on
LARGE_FALL = 0.1
#: the quarters in which such a fall is looked for
YEAR = 4
#: states before a quarter of who was no customer then: never one before, and one in an earlier spell
NEW, BACK = -4, -5
#: steps from the opening to the closing number, in the order of pages
STEPS = (
    "new", "back", "rose", "fell", "became_known", "became_unknown", "expansion", "contraction", "lost", "not_recorded",
)  # fmt: skip
#: steps that need a table of contracts, and those that only happen where a spell can end
_OF_CONTRACTS, _OF_ENDS = ("expansion", "contraction", "lost"), ("back", "not_recorded")
#: steps that change MRR and no number of customers
_OF_AMOUNTS = ("expansion", "contraction")
_EVERYBODY = (UNKNOWN, *range(MAX_LEVELS + 1))


def flows(history: LevelHistory, mrr: MrrByDay) -> pd.DataFrame:
    """Where the customers of each quarter were at its beginning and at its end, in number and MRR.

    mrr: at the ends of `history.quarters`. Columns: quarter, before (a level, `UNKNOWN`, `NEW` or `BACK`), after (a level,
    `UNKNOWN`, `LOST` or `NOT_THERE`), customers, mrr_before (0 of who came), expansion, contraction (of who stayed;
    negative), mrr_after (0 of who left). Who was lost and came back within a quarter stands in two rows, once as
    lost and once as back. The quarters begin with the second one.
    """
    every = _each_customer(history, mrr).drop(columns="account_id")
    keys = ["quarter", "before", "after"]
    return every.groupby(keys, sort=False).sum().sort_index(level=[0, 1, 2]).reset_index()


def _each_customer(history: LevelHistory, mrr: MrrByDay) -> pd.DataFrame:
    """The rows that `flows` adds up, with account_id."""
    states = history.by_quarter.reindex(mrr.accounts).fillna(float(UNKNOWN))
    unrecorded = np.append((history.time.spells["ended"] == NOT_RECORDED).to_numpy(bool), False)
    first_spell = np.append((~history.time.spells.duplicated("account_id")).to_numpy(bool), False)
    parts = []
    for place, (before, after) in enumerate(pairwise(history.quarters)):
        spells = mrr.spell[:, place], mrr.spell[:, place + 1]
        levels = states[before].to_numpy(), states[after].to_numpy()
        amounts = mrr.mrr[:, place], mrr.mrr[:, place + 1]
        stayed = (spells[0] == spells[1]) & (spells[0] >= 0)
        went, came = (spells[0] >= 0) & ~stayed, (spells[1] >= 0) & ~stayed
        change = np.where(stayed, amounts[1] - amounts[0], 0.0)
        away = np.where(unrecorded[spells[0]], NOT_THERE, LOST)
        origin = np.where(first_spell[spells[1]], NEW, BACK)
        zero = np.zeros(len(stayed))
        for who, state, outcome, values in (
            (stayed, levels[0], levels[1], (amounts[0], change.clip(min=0), change.clip(max=0), amounts[1])),
            (went, levels[0], away, (amounts[0], zero, zero, zero)),
            (came, origin, levels[1], (zero, zero, zero, amounts[1])),
        ):
            rows = {
                "account_id": mrr.accounts[who],
                "before": state[who],
                "after": outcome[who],
                "customers": 1,
            }
            names = ("mrr_before", "expansion", "contraction", "mrr_after")
            rows |= {name: value[who] for name, value in zip(names, values, strict=True)}
            parts.append(pd.DataFrame(rows).assign(quarter=str(after)))
    return pd.concat(parts).astype({"before": "int64", "after": "int64"})


def members_of_steps(history: LevelHistory, mrr: MrrByDay, upper: Collection[int]) -> pd.DataFrame:
    """The customers of each step of `bridge`: quarter, of, step, account_id."""
    every = _each_customer(history, mrr)
    parts = []
    for of, group in (("all", _EVERYBODY), ("upper", upper)):
        for step, (sign, _) in _counted(every, group).items():
            counts = step not in _OF_AMOUNTS
            inside = every[(sign != 0) & counts]
            parts.append(inside[["quarter", "account_id"]].assign(of=of, step=step))
    return pd.concat(parts, ignore_index=True)


def bridge(flowed: pd.DataFrame, upper: Collection[int], time: CustomerTime) -> pd.DataFrame:
    """The steps from the opening to the closing number of each quarter, of all customers and of the upper levels.

    flowed: of `flows`. upper: those levels. Columns: quarter, of (`all`, `upper`), step (`opening`, those of `STEPS`,
    `closing`), customers, mrr (left out without contracts): what a step adds, negative where it takes away, so that
    opening + steps = closing. `rose` and `fell` are who came to the upper levels by a rise, or left them by a fall; the
    price of who moved counts before the move, and its change where the customer went.
    """
    table = pd.concat([_steps("all", _EVERYBODY, flowed), _steps("upper", upper, flowed)], ignore_index=True)
    order = {quarter: n for n, quarter in enumerate(dict.fromkeys(flowed["quarter"]))}
    table = table.sort_values("quarter", key=lambda q: q.map(order), kind="stable", ignore_index=True)
    if time.by_contracts:
        return table
    left_out = _OF_CONTRACTS if time.spells_end else _OF_CONTRACTS + _OF_ENDS
    return table[~table["step"].isin(left_out)].drop(columns="mrr").reset_index(drop=True)


def _steps(of: str, group: Collection[int], flowed: pd.DataFrame) -> pd.DataFrame:
    """The steps of the customers whose state is in a group. Columns: quarter, of, step, customers, mrr."""
    codes, quarters = pd.factorize(flowed["quarter"])
    number = flowed["customers"].to_numpy()
    parts = []
    for step, (sign, amount) in _counted(flowed, group).items():
        of_amounts = step in _OF_AMOUNTS
        customers = np.bincount(codes, np.zeros(len(codes)) if of_amounts else number * sign, len(quarters))
        mrr = np.bincount(codes, flowed[amount].to_numpy() * sign, len(quarters))
        columns = {
            "quarter": quarters,
            "of": of,
            "step": step,
            "customers": customers.astype("int64"),
            "mrr": mrr,
        }
        parts.append(pd.DataFrame(columns))
    return pd.concat(parts, ignore_index=True)


def _counted(flowed: pd.DataFrame, group: Collection[int]) -> dict[str, tuple[np.ndarray, str]]:
    """Of each step the sign with which each row counts in it, and the amount that counts."""
    before, after = flowed["before"].to_numpy(), flowed["after"].to_numpy()
    starts, ends = np.isin(before, list(group)), np.isin(after, list(group))
    crosses = ends.astype(int) - starts.astype(int)
    known = (before >= 0) & (after >= 0)
    stays = (before >= UNKNOWN) & ((after >= 0) | (after == UNKNOWN))
    return {
        "opening": (starts, "mrr_before"),
        "new": (ends & (before == NEW), "mrr_after"),
        "back": (ends & (before == BACK), "mrr_after"),
        "rose": (crosses * (known & (after > before)), "mrr_before"),
        "fell": (crosses * (known & (after < before)), "mrr_before"),
        "became_known": (crosses * (stays & ~known & (before == UNKNOWN)), "mrr_before"),
        "became_unknown": (crosses * (stays & ~known & (after == UNKNOWN)), "mrr_before"),
        "expansion": (stays & ends, "expansion"),
        "contraction": (stays & ends, "contraction"),
        "lost": (-1 * (starts & (after == LOST)), "mrr_before"),
        "not_recorded": (-1 * (starts & (after == NOT_THERE)), "mrr_before"),
        "closing": (ends, "mrr_after"),
    }


@dataclass(frozen=True)
class Fall:
    """A quarter in which the number of customers fell by at least `LARGE_FALL`.

    left: who was lost, or whose renewal is not recorded, and their mrr; below: those of them who stood below `level`, the
    first of the upper levels; came: new or back.
    """

    quarter: str
    opening: int
    closing: int
    came: int
    left: int
    mrr: float
    below: int
    level: int


def largest_fall(steps: pd.DataFrame, flowed: pd.DataFrame, upper_from: int) -> Fall | None:
    """The quarter of the last four with the largest relative fall of the number of customers; None without a large one.

    steps, flowed: of `bridge` and `flows`, with contracts.
    """
    total = steps[steps["of"] == "all"].pivot(index="quarter", columns="step", values="customers")
    total = total.loc[list(dict.fromkeys(steps["quarter"]))].tail(YEAR)
    total = total[total["opening"] > 0]
    share = 1 - total["closing"] / total["opening"]
    if share.empty or share.max() < LARGE_FALL:
        return None
    quarter = str(share.idxmax())
    row = total.loc[quarter]
    away = flowed[(flowed["quarter"] == quarter) & flowed["after"].isin((LOST, NOT_THERE))]
    below = away["before"].between(0, upper_from - 1)
    return Fall(
        quarter, int(row["opening"]), int(row["closing"]), int(row["new"] + row["back"]), int(away["customers"].sum()),
        float(away["mrr_before"].sum()), int(away.loc[below, "customers"].sum()), upper_from,
    )  # fmt: skip


def changes(steps: pd.DataFrame, flowed: pd.DataFrame) -> pd.DataFrame:
    """What became of the customers, a quarter a row, the last one first.

    steps, flowed: of `bridge` and `flows`. Columns: quarter, opening, new, back, lost, not_recorded (those of contracts
    only with them; numbers, none negative), closing; of who stayed: rose, fell, same, unsaid (the level at one end is not known);
    mrr_opening, mrr_closing (only with contracts).
    """
    total = steps[steps["of"] == "all"]
    wide = total.pivot(index="quarter", columns="step", values="customers").abs()
    counts = [c for c in ("opening", "new", "back", "lost", "not_recorded", "closing") if c in wide]
    before, after = flowed["before"], flowed["after"]
    both = (before >= 0) & (after >= 0)
    stayed = (before >= UNKNOWN) & ((after >= 0) | (after == UNKNOWN))
    kinds = {
        "rose": both & (after > before),
        "fell": both & (after < before),
        "same": both & (after == before),
        "unsaid": stayed & ~both,
    }
    table = wide[counts].assign(
        **{
            name: (flowed["customers"] * which).groupby(flowed["quarter"]).sum()
            for name, which in kinds.items()
        }
    )
    if "mrr" in steps:
        mrr = total.pivot(index="quarter", columns="step", values="mrr")
        table = table.assign(mrr_opening=mrr["opening"], mrr_closing=mrr["closing"])
    table = table.loc[list(dict.fromkeys(steps["quarter"]))[::-1]]
    return table.rename_axis(columns=None).reset_index()
