"""What came after hand-overs: value and losses, by what was handed over, as periods at risk.

A hand-over counts from the day of its writing. A customer whose hand-over came after the first day is followed as one without until
then, and as one with it from then on: whoever is handed over late had to stay until then, and would else seem to stay longer
whatever hand-overs do (immortal time; Suissa 2008).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from cs_helpers.analyses.handover.handed import Handed
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customer_journey.waits import known_steps, milestone_times, records_begin, wait_times
from cs_helpers.customers.handovers import NONE
from cs_helpers.statistics.steady_conversion import SteadyConversion
from cs_helpers.statistics.survival import CENSORED, REACHED

#: the standings in the order of figures and tables
GROUPS = ("complete", "partial", "none")
#: the days within which the share with value is told
HALF_YEAR = 180

_DAY = pd.Timedelta(days=1)
_COLUMNS = {
    "account_id": "str", "group": "str", "entered": "float64", "days": "float64", "outcome": "int64", "size": "str", "year": "int64",
}  # fmt: skip


def value_times(handed: Handed) -> pd.DataFrame | None:
    """When each customer reached the step that stands for value, of those whose steps and hand-over are known.

    Index: account_id. Columns: began (the first step of the journey), value (NaT: not yet), days (from one to the other, to the loss
    or to the end of the quarter), outcome (`statistics.survival`). None where the step is not seen in the data.
    """
    data, end = handed.data, pd.Timestamp(handed.quarter.end) + _DAY
    steps, step = known_steps(data, end), data.product.journey.value_step
    if step not in steps[1:]:
        return None
    reached = milestone_times(data, steps, records_begin(data, steps), end)
    reached = reached[reached.index.isin(handed.known.index)]
    days, outcome = wait_times(reached, steps[0], step, end)
    return pd.DataFrame(
        {"began": reached[steps[0]], "value": reached[step], "days": days, "outcome": outcome}
    ).sort_index()


def value_periods(handed: Handed, times: pd.DataFrame) -> pd.DataFrame:
    """The periods until value: see `periods`. times: the table of `value_times`."""
    rows = handed.known.loc[times.index]
    late = (rows["handed_over_on"] - times["began"].dt.normalize()).dt.days
    return periods(rows, times["days"], times["outcome"], late)


def loss_periods(handed: Handed) -> pd.DataFrame:
    """The periods from the first day of each customer to its first loss, or as long as known: see `periods`."""
    first = handed.time.spells.drop_duplicates("account_id").set_index("account_id")
    first = first.reindex(handed.known.index)
    lost = first["ended"].isin(ENDINGS)
    until = first["last_day"].fillna(pd.Timestamp(handed.time.known_on)) + _DAY
    days = (until - first["first_day"]).dt.days.astype("float64")
    return periods(handed.known, days, lost.map({True: REACHED, False: CENSORED}), handed.known["days_late"])


def periods(rows: pd.DataFrame, days: pd.Series, outcome: pd.Series, late: pd.Series) -> pd.DataFrame:
    """The time of each customer by what was handed over of it by then; two periods where that came later.

    rows: customers with standing, size and started_on; days, outcome: of each, from its day 0 (`statistics.survival`); late: the day
    of the hand-over. All of one index. Columns: account_id, group (`complete`, `partial`, `none`), entered, days (from day 0 to the
    beginning and the end of the period), outcome, size, year (of the start).
    """
    found = []
    ends = np.maximum(
        days.to_numpy("float64"), 0.5
    )  # an event on day 0 counts as one in its first half, as in `survival`
    for account, standing, end, how, since, size, started in zip(
        rows.index, rows["standing"], ends, outcome, late, rows["size"], rows["started_on"], strict=True
    ):
        common = {"account_id": account, "size": size, "year": started.year}
        if standing == NONE or since >= end:
            found.append({**common, "group": NONE, "entered": 0.0, "days": end, "outcome": int(how)})
            continue
        if since > 0:
            before = {"group": NONE, "entered": 0.0, "days": float(since), "outcome": CENSORED}
            found.append({**common, **before})
        entered = max(float(since), 0.0)
        found.append({**common, "group": standing, "entered": entered, "days": end, "outcome": int(how)})
    return pd.DataFrame(found, columns=list(_COLUMNS)).astype(_COLUMNS)


def value_curves(risk: pd.DataFrame) -> pd.DataFrame:
    """The share with value by day since the start, for each group: group, those of `survival.incidence`, until (last known day).

    A curve ends before it would rest on too few customers (`SteadyConversion`).
    """
    parts = []
    for group in GROUPS:
        inside = risk[risk["group"] == group]
        if len(inside):
            conversion = _conversion(inside)
            parts.append(conversion.curve.assign(group=group, until=conversion.known_until))
    columns = ["group", "day", "share", "low", "high", "at_risk", "until"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def group_table(risk: pd.DataFrame, losses: pd.DataFrame | None) -> pd.DataFrame:
    """What became of the customers of each group.

    Columns: group, n (customers followed), reached (value), half_year with half_year_low and half_year_high (share with value within 180
    days, 95 %), median with median_low and median_high (days), lost and years (losses, customer-years; left out without contracts).
    """
    rows = []
    for group in GROUPS:
        inside = risk[risk["group"] == group]
        if inside.empty:
            continue
        conversion = _conversion(inside)
        share, middle = conversion.share_within(HALF_YEAR), conversion.median()
        rows.append(
            {
                "group": group, "n": inside["account_id"].nunique(), "reached": int((inside["outcome"] == REACHED).sum()),
                **dict(zip(("half_year", "half_year_low", "half_year_high"), share, strict=True)),
                **dict(zip(("median", "median_low", "median_high"), middle, strict=True)),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows)
    if losses is None:
        return table
    followed = losses.assign(
        time=(losses["days"] - losses["entered"]) / 365.25, lost=losses["outcome"] == REACHED
    )
    sums = followed.groupby("group")[["lost", "time"]].sum().reindex(table["group"])
    return table.assign(
        lost=sums["lost"].fillna(0).to_numpy("int64"), years=sums["time"].fillna(0.0).to_numpy("float64")
    )


def _conversion(inside: pd.DataFrame) -> SteadyConversion:
    return SteadyConversion(inside["days"], inside["outcome"], inside["entered"])
