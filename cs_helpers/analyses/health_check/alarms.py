"""Whether the score warned early enough: red at month ends in a row, before customers left and where they stayed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cs_helpers.analyses.health_check.panel import History
from cs_helpers.contract.spells import NOT_RECORDED, RUNNING
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.snapshot import ProductData

#: days before leaving of which is said how many customers had been warned of by then
DAYS_BEFORE = (1, 30, 60, 90)
#: a notice counts for the end of a contract if it lies at most so many days before it
_NOTICE_DAYS = 365
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Warnings:
    """Warnings before losses, and those after which nobody left.

    losses: account_id, last_day, left_on (day of the notice, or last day where there is none), noticed (bool), warned_on (NaT:
    never), lead_days (0: not warned before). unscored: customers who left with too few scores before to be judged.
    alarms, false_alarms: times that a customer turned sustainedly red whose horizon is over, and those after which it
    stayed. customer_months: months with a score of customers whose horizon is over; csm_months: the sum over these
    months of the CSMs who looked after them, None where no CSM is recorded.
    """

    losses: pd.DataFrame
    unscored: int
    alarms: int
    false_alarms: int
    customer_months: int
    csm_months: int | None


def warnings_of(data: ProductData, history: History, known_on: np.datetime64) -> Warnings:
    """Warnings and false alarms by the rules of the product file (`health.check`).

    A customer is warned of at the month end at which it has been red `sustained_months` month ends in a row. The lead
    time is counted from the first such month end in the horizon before the day it left, that is gave notice: an older
    one is no warning of this. A false alarm is a month end from which a customer is warned of, and stays for the whole
    horizon; while it lasts, the customer is not warned of anew. Months after a notice do not count.
    """
    check, ends = data.product.health.check, history.month_ends
    horizon = check.horizon_days * _DAY
    left, noticed = _days_left(data, history.spells, known_on)
    ended = history.spells["ended"]
    is_lost = ended.isin(ENDINGS).to_numpy()
    undecided = (ended == NOT_RECORDED).to_numpy() | ((ended == RUNNING).to_numpy() & noticed)
    before = history.present & ~(left[:, None] <= ends)
    scored = before & ~np.isnan(history.scores)
    red = scored & (history.scores < data.product.health.yellow_from)
    sustained = red.copy()
    for back in range(1, check.sustained_months):
        sustained[:, back:] &= red[:, :-back]
        sustained[:, :back] = False
    in_horizon = ends >= (left - horizon)[:, None]
    first = (sustained & in_horizon).argmax(axis=1)
    warned = (sustained & in_horizon).any(axis=1)
    judged = is_lost & ((scored & in_horizon).sum(axis=1) >= check.sustained_months)
    warned_on = np.where(warned, ends[first], np.datetime64("NaT"))
    losses = pd.DataFrame(
        {
            "account_id": history.spells["account_id"],
            "last_day": history.spells["last_day"],
            "left_on": left.astype("datetime64[us]"),
            "noticed": noticed,
            "warned_on": warned_on.astype("datetime64[us]"),
            "lead_days": np.where(warned, (left - warned_on) / _DAY, 0.0),
        }
    )
    since = ends[0] if len(ends) else known_on
    unscored = is_lost & ~judged & (left > since)
    over = scored & (ends + horizon <= known_on) & ~(undecided[:, None] & in_horizon)
    stayed = ~(is_lost[:, None] & in_horizon)
    alarms = false = 0
    quiet_until = np.full(len(left), np.datetime64("1900-01-01"))
    for month, end in enumerate(ends):
        rings = sustained[:, month] & (quiet_until < end)
        quiet_until = np.where(rings, end + horizon, quiet_until)
        alarms += int((rings & over[:, month]).sum())
        false += int((rings & over[:, month] & stayed[:, month]).sum())
    return Warnings(
        losses[judged].reset_index(drop=True),
        int(unscored.sum()),
        alarms,
        false,
        int(over.sum()),
        _csm_months(data, history.spells["account_id"], over),
    )


def _days_left(
    data: ProductData, spells: pd.DataFrame, known_on: np.datetime64
) -> tuple[np.ndarray, np.ndarray]:
    """The day on which each spell was given up, NaT where it was not, and whether that is the day of a notice.

    It is the first notice in the year before the end of the spell (or before `known_on`), or else its last day.
    """
    last = spells["last_day"].to_numpy("datetime64[D]")
    touches = data["touches"]
    notices = touches.loc[touches["kind"] == "churn_notice", ["account_id", "occurred_at"]]
    rows = spells[["account_id", "first_day", "last_day"]].reset_index().merge(notices, on="account_id")
    days_before = (
        rows["last_day"].fillna(pd.Timestamp(known_on)) - rows["occurred_at"].dt.normalize()
    ).dt.days
    rows = rows[days_before.between(0, _NOTICE_DAYS) & (rows["occurred_at"] >= rows["first_day"])]
    first = rows.groupby("index")["occurred_at"].min().dt.normalize()
    left = last.copy()
    left[first.index.to_numpy(int)] = first.to_numpy("datetime64[D]")
    noticed = np.zeros(len(spells), dtype=bool)
    noticed[first.index.to_numpy(int)] = True
    return left, noticed


def _csm_months(data: ProductData, account_id: pd.Series, over: np.ndarray) -> int | None:
    """The months that CSMs looked after judged customers, summed over CSMs; None where no CSM is recorded."""
    csm = account_id.map(data["accounts"].set_index("account_id")["csm"])
    codes, names = pd.factorize(csm)
    if not len(names):
        return None
    return sum(int(over[codes == n].any(axis=0).sum()) for n in range(len(names)))
