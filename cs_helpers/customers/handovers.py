"""What sales handed over of each customer: which hand-over counts, which of its fields are filled in, and of whom it is known.

A field is filled in where it says something: empty cells and signs for "not known" (`PLACEHOLDERS`) do not count. The
completeness of a hand-over is the share of its fields that are filled in.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import HANDOVER_FIELDS
from cs_helpers.customers.measures import covered_period
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: the standing of a customer: a complete or an incomplete hand-over, none, or not known (it started when none were recorded)
COMPLETE, PARTIAL, NONE, UNKNOWN = "complete", "partial", "none", "unknown"

#: what people write into a field of which they know nothing; "none" is an answer and counts
PLACEHOLDERS = frozenset(
    {"-", "--", "–", "—", "ー", "―", "?", "\uff1f", "n/a", "na", "tbd", "tba", "unknown", "未定", "不明", "未確認", "確認中", "要確認"}
)  # fmt: skip

_SAYS_NOTHING = PLACEHOLDERS | {""}

COLUMNS = (
    "started_on", "handed_over_on", "days_late", "from_role", "from_person", *HANDOVER_FIELDS, "filled", "missing",
    "completeness", "standing",
)  # fmt: skip


def is_filled(values: pd.Series) -> pd.Series:
    """Whether each value says something; bool with the index of `values`."""
    filled = values.notna().astype(bool)
    if pd.api.types.is_datetime64_any_dtype(values):
        return filled
    says = [str(value).strip().casefold() not in _SAYS_NOTHING for value in values]
    return filled & np.array(says, dtype=bool)


def counted_fields(data: ProductData, day: date) -> tuple[str, ...]:
    """The fields that count: those of the product file, else all that any hand-over up to a day has filled in."""
    if data.product.handover.fields:
        return tuple(f for f in HANDOVER_FIELDS if f in data.product.handover.fields)
    rows = _known_rows(data, day)
    return tuple(f for f in HANDOVER_FIELDS if is_filled(rows[f]).any())


def customer_handovers(data: ProductData, day: date, time: CustomerTime | None = None) -> pd.DataFrame:
    """One row for each account that was a customer by a day, sorted: its hand-over as known then.

    Of several hand-overs the last on or before the first day as a customer counts, else the first after it. Index:
    account_id. Columns: started_on (first day as a customer), handed_over_on (NaT: none), days_late (days from the first day to the
    hand-over; negative: before it), from_role, from_person, those of `HANDOVER_FIELDS`, filled (number of counted fields), missing (tuple of
    the counted fields that are empty), completeness (share filled in; NaN without a hand-over), standing (`complete`: completeness of at least
    `handover.complete_from`; `partial`; `none`; `unknown`: it started on a day for which no hand-overs are recorded, and there is none).

    time: the customers' time as known on the day, where it is worked out already.
    """
    time = time or customer_time_as_of(data, day)
    started = time.first_days().rename("started_on").sort_index()
    rows = _known_rows(data, day)
    rows = rows[rows["account_id"].isin(started.index)]
    began = pd.Series(started.reindex(rows["account_id"]).to_numpy("datetime64[us]"), rows.index)
    late = (rows["handed_over_on"] - began).dt.days
    # those before the start first, the last of them first; then those after it, the first of them first
    order = np.lexsort((np.arange(len(rows)), late.abs(), late > 0))
    counted = rows.iloc[order].drop_duplicates("account_id").set_index("account_id")
    table = started.to_frame().join(counted.drop(columns="product"))
    fields = counted_fields(data, day)
    filled = pd.DataFrame({f: is_filled(table[f]) for f in fields}, index=table.index)
    has_one = table["handed_over_on"].notna()
    table["days_late"] = (table["handed_over_on"] - table["started_on"]).dt.days
    table["filled"] = filled.sum(axis=1).astype("int64")
    empty = [tuple(f for f in fields if not row[f]) for row in filled.to_dict("records")]
    table["missing"] = pd.Series(empty, index=table.index, dtype=object)
    table["completeness"] = (table["filled"] / max(len(fields), 1)).where(has_one & bool(fields))
    is_complete = table["completeness"] >= data.product.handover.complete_from - 1e-9
    known = _is_recorded(data, rows, table["started_on"])
    table["standing"] = np.select([has_one & is_complete, has_one, known], [COMPLETE, PARTIAL, NONE], UNKNOWN)
    return table[list(COLUMNS)]


def _known_rows(data: ProductData, day: date) -> pd.DataFrame:
    rows = data["handovers"]
    return rows[rows["handed_over_on"] <= pd.Timestamp(day)]


def _is_recorded(data: ProductData, rows: pd.DataFrame, started: pd.Series) -> np.ndarray:
    """Whether hand-overs are recorded on each day: from the first of them on, without the gaps in which none are."""
    period = covered_period(data, "handovers")
    if period is None:
        return np.zeros(len(started), dtype=bool)
    covered = period.covers_days(pd.DatetimeIndex(started))
    first = rows["handed_over_on"].min()
    return np.asarray(covered & (started >= first).to_numpy()) if first == first else np.asarray(covered)
