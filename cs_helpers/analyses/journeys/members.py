"""The customers behind each point of the figures of the journey."""

from __future__ import annotations

import pandas as pd

from cs_helpers.contract.quarters import Quarter
from cs_helpers.customer_journey.progress import reached_steps
from cs_helpers.customer_journey.waits import (
    all_waits,
    known_steps,
    milestone_times,
    records_begin,
    waiting_customers,
)
from cs_helpers.customers.segments import with_segments
from cs_helpers.declaration import Members
from cs_helpers.snapshot import ProductData


def _reached(
    data: ProductData, quarter: Quarter
) -> tuple[pd.DataFrame, list[str], pd.Timestamp, pd.Timestamp]:
    """The times at which customers reached each step, the steps, and when the records begin and end."""
    end = pd.Timestamp(quarter.end) + pd.Timedelta(days=1)
    steps = known_steps(data, end)
    since = records_begin(data, steps)
    return milestone_times(data, steps, since, end), steps, since, end


def _waits(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    reached, steps, _, end = _reached(data, quarter)
    size = with_segments(data["accounts"]).set_index("account_id")["size"].reindex(reached.index)
    return all_waits(reached, size, steps, end)


def funnel(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The units that reached each step, as the product counts them; of users, their accounts."""
    reached, steps, since, end = _reached(data, quarter)
    journey = data.product.journey
    if (journey.unit, journey.mode) != ("account", "milestones"):
        reached = reached_steps(data, journey, steps, since, end)
    units = pd.Series(reached.index.get_level_values("account_id"))
    parts = [
        units[reached[step].notna().to_numpy()].to_frame("account_id").assign(step=step) for step in steps
    ]
    return pd.concat(parts, ignore_index=True)


def steps(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The waits for each step: of all, and of each size."""
    waits = _waits(data, quarter)[["step", "size", "account_id"]]
    return pd.concat([waits.assign(size="all"), waits], ignore_index=True)


def stalls(data: ProductData, quarter: Quarter) -> pd.DataFrame:
    """The customers that wait longer than usual for each step, in their size and in their industry."""
    waiting = waiting_customers(data, _waits(data, quarter), quarter)
    late = waiting.loc[waiting["late"], ["step", "account_id"]]
    of_account = with_segments(data["accounts"]).set_index("account_id")
    parts = [
        late.assign(dimension=dimension, segment=late["account_id"].map(of_account[dimension]))
        for dimension in ("size", "industry")
    ]
    return pd.concat(parts, ignore_index=True)


MEMBERS = {
    "funnel": Members(funnel, ("step",), lambda tables: tables["funnel"].rename(columns={"units": "customers"})),
    "steps": Members(steps, ("step", "size"), lambda tables: tables["steps"].rename(columns={"n": "customers"})),
    "stalls": Members(
        stalls, ("step", "dimension", "segment"), lambda tables: tables["stalls"].rename(columns={"late": "customers"})
    ),
}  # fmt: skip
