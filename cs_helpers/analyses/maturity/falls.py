"""Losses of customers after a fall in level: how many more there are, and how long before a loss the level fell."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.spells import NOT_RECORDED
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customers.maturity_levels import LevelHistory
from cs_helpers.statistics.proportions import wilson

#: a fall in level is a warning for this many quarters
FALL_LASTS = 2
WARNING_MONTHS = 3 * FALL_LASTS

#: what was to be seen before a loss
WARNED, MISSED, LOWEST, UNKNOWN_BEFORE = "warned", "missed", "lowest", "unknown"

_DAY = np.timedelta64(1, "D")


def losses_after_falls(history: LevelHistory, quarters: list[Quarter]) -> pd.DataFrame:
    """Customers lost in a quarter, of those whose level fell in the `FALL_LASTS` quarters before and of the others.

    A customer counts once per quarter, and only with a known level at its start and a quarter before. Who was lost and came
    back in between has not fallen. Columns: fell,
    customers, lost, share, low, high (Wilson, 95 %).
    """
    customers, lost = {True: 0, False: 0}, {True: 0, False: 0}
    states = history.by_quarter
    levels = states.where(states >= 0)
    for n in range(1, len(quarters) - 1):
        quarter, following = quarters[n], quarters[n + 1]
        falls = [
            history.moves(before, after).query("before > after >= 0").index
            for before, after in pairwise(quarters[max(0, n - FALL_LASTS) : n + 1])
        ]
        has_fallen = np.logical_or.reduce([states.index.isin(fall) for fall in falls])
        outcome = history.time.status_after(quarter.end, following.end).reindex(states.index)
        is_known = (levels[quarter].notna() & levels[quarters[n - 1]].notna()).to_numpy()
        is_known = is_known & (outcome != NOT_RECORDED).to_numpy()
        is_lost = outcome.isin(ENDINGS).to_numpy()
        for fell in (True, False):
            customers[fell] += int((is_known & (has_fallen == fell)).sum())
            lost[fell] += int((is_known & (has_fallen == fell) & is_lost).sum())
    rows = []
    for fell in (True, False):
        low, high = wilson(lost[fell], customers[fell])
        share = lost[fell] / customers[fell] if customers[fell] else np.nan
        rows.append((fell, customers[fell], lost[fell], share, low, high))
    return pd.DataFrame(rows, columns=["fell", "customers", "lost", "share", "low", "high"])


def warnings_before_losses(history: LevelHistory) -> pd.DataFrame:
    """Each loss of a customer since levels are known, and whether its level had fallen in the `WARNING_MONTHS` months before.

    The warning is the first fall that was not made good: from then on the level stayed below what it was before. It is
    known at the end of its month. Columns: account_id, lost_on, fell_on (the last day of the month; NaT: did not fall),
    days (from fell_on to lost_on), outcome: `warned`; `missed`; `lowest`: at level 0 all the time, where nothing can
    fall; `unknown`: fewer than two levels are known. Sorted by day of the loss, then by that of the fall and outcome: so the
    order says nothing of accounts.
    """
    spells = history.time.spells
    spells = spells[spells["ended"].isin(ENDINGS)]
    ends = np.array(history.states.columns, dtype="datetime64[D]")
    lost_on = spells["last_day"].to_numpy("datetime64[D]") + _DAY
    known_of_any = (history.states >= 0).any().to_numpy()
    first = ends[known_of_any][0] if known_of_any.any() else ends[0]
    is_recorded = (lost_on > first) & (lost_on <= ends[-1])
    spells, lost_on = spells[is_recorded], lost_on[is_recorded]
    # the month ends before the loss: the one before all warnings, and those of the warnings
    before = np.searchsorted(ends, lost_on)[:, None] + np.arange(-WARNING_MONTHS - 1, 0)
    day = ends[np.clip(before, 0, None)]
    row = history.states.index.get_indexer(spells["account_id"])
    level = history.states.to_numpy()[row[:, None], np.clip(before, 0, None)]
    in_spell = (before >= 0) & (day >= spells["first_day"].to_numpy("datetime64[D]")[:, None])
    level = np.where(in_spell & (level >= 0), level, np.nan)
    known = ~np.isnan(level)
    held_before = pd.DataFrame(level).ffill(axis="columns").shift(1, axis="columns").to_numpy()
    highest_after = np.maximum.accumulate(np.where(known, level, -1.0)[:, ::-1], axis=1)[:, ::-1]
    falls = known & (highest_after < held_before)
    has_fallen = falls.any(axis=1)
    fell_on = np.where(has_fallen, day[np.arange(len(day)), falls.argmax(axis=1)], np.datetime64("NaT", "D"))
    could_not_fall = np.nanmax(np.where(known, level, 0.0)[:, -WARNING_MONTHS:], axis=1, initial=0) == 0
    outcome = np.select(
        [known.sum(axis=1) < 2, has_fallen, could_not_fall], [UNKNOWN_BEFORE, WARNED, LOWEST], MISSED
    )
    days = np.where(has_fallen, (lost_on - fell_on) / _DAY, np.nan)
    table = pd.DataFrame(
        {
            "account_id": spells["account_id"].to_numpy(),
            "lost_on": lost_on.astype("datetime64[us]"),
            "fell_on": np.where(outcome == WARNED, fell_on, np.datetime64("NaT")).astype("datetime64[us]"),
            "days": np.where(outcome == WARNED, days, np.nan),
            "outcome": pd.Series(outcome, dtype="str"),
        }
    )
    return table.sort_values(["lost_on", "fell_on", "outcome", "account_id"], ignore_index=True)


def falls_and_losses(history: LevelHistory) -> tuple[int, int]:
    """The number of falls from one month to the next, and of those followed by a loss within `WARNING_MONTHS` months.

    Only falls that so many months were observed after; of several of a customer within that time the first one.
    """
    states = history.states.to_numpy()
    ends = list(history.states.columns)
    falls = (states[:, 1:] >= 0) & (states[:, :-1] > states[:, 1:])
    first_free = np.zeros(len(states), dtype=int)  # the month from which a fall of the account counts again
    fallen, lost = 0, 0
    for month in range(1, len(ends) - WARNING_MONTHS):
        counts = falls[:, month - 1] & (first_free <= month)
        first_free[counts] = month + WARNING_MONTHS + 1
        outcome = history.time.status_after(ends[month], ends[month + WARNING_MONTHS])
        outcome = outcome.reindex(history.states.index[counts])
        fallen += int((outcome != NOT_RECORDED).sum())
        lost += int(outcome.isin(ENDINGS).sum())
    return fallen, lost
