"""How often customers were lost inside and outside of a gap: the quarters after past quarter ends.

At each of up to eight quarter ends (two years) it counts who was in the gap by what was known on that day, and who was lost
within the quarter that followed: nothing of later days decides who was in it. Whose case is not known is in neither group.
Compared are customers of the same quarter, size and age (`STRATA`), because losses fall on year ends, and customers in a gap
may be smaller or newer than others. What remains is an association.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cs_helpers.contract.playbook import Rule
from cs_helpers.contract.spells import CustomerTime
from cs_helpers.contract.vocabulary import ENDINGS
from cs_helpers.customer_journey.due import Situation
from cs_helpers.customers.segments import with_segments
from cs_helpers.statistics.stratified_rates import PersonTime

#: quarter ends that are looked back on
QUARTERS = 8
#: what customers have in common who are compared
STRATA = ("quarter", "size", "age")
#: the ages in days at which a new class of age begins
_AGES = (365, 3 * 365)
_DAYS_A_YEAR = 365.25
_SEASONS = 4
_DAY = np.timedelta64(1, "D")


def followed(past: Sequence[Situation], time: CustomerTime, accounts: pd.DataFrame) -> pd.DataFrame:
    """The quarter after each past quarter end, a row for each customer known on it.

    past: oldest first, up to the quarter end before `time.known_on`. time: the spells as known at the end. Columns: account_id,
    place (of the situation in `past`), row (of the customer in it), season (1-4, the quarter of the calendar year that follows),
    stratum (0, 1, ... of `STRATA`), years (at risk), lost (0 or 1). A renewal that may still be recorded is no loss; the customer is followed to the end of its term.
    """
    spells = time.spells
    first, last = (spells[c].to_numpy("datetime64[D]") for c in ("first_day", "last_day"))
    never = np.datetime64("9999-12-31", "D")
    # a loss falls on the day after the last day
    end = np.where(np.isnat(last), never, last + _DAY)
    is_lost = spells["ended"].isin(ENDINGS).to_numpy(bool)
    size = with_segments(accounts).set_index("account_id")["size"]
    parts = []
    for place, situation in enumerate(past):
        day = np.datetime64(situation.day, "D")
        until = np.datetime64(past[place + 1].day if place + 1 < len(past) else time.known_on, "D")
        there = np.flatnonzero((first <= day) & (end > day))
        row = situation.customers.get_indexer(pd.Index(spells["account_id"].to_numpy(object)[there]))
        there, row = there[row >= 0], row[row >= 0]
        names = situation.customers[row]
        age = (day - situation.starts.to_numpy("datetime64[D]")[row]).astype(int)
        parts.append(
            pd.DataFrame(
                {
                    "account_id": names.to_numpy(object),
                    "place": place,
                    "row": row,
                    "season": (situation.day.month // 3) % 4 + 1,
                    "size": size.reindex(names).to_numpy(object),
                    "age": np.searchsorted(_AGES, age, side="right"),
                    "years": (np.minimum(end[there], until) - day).astype(int) / _DAYS_A_YEAR,
                    "lost": (is_lost[there] & (end[there] <= until)).astype(int),
                }
            )
        )
    columns = ["account_id", "place", "row", "season", "size", "age", "years", "lost"]
    rows = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
    stratum = rows.groupby(["place", "size", "age"], dropna=False, sort=True).ngroup()
    return rows.assign(stratum=stratum.astype("int64")).drop(columns=["size", "age"])


def person_time(
    rows: pd.DataFrame, past: Sequence[Situation], rule: Rule, accounts: pd.Index
) -> tuple[PersonTime, float]:
    """The time at risk of the customers of whom it was known whether a rule held: exposed are those for whom it did.

    rows: `followed`. accounts: all account_ids, whose place is the number of a customer. Second: the part of the year in whose
    quarters customers could be compared; where all were in the gap before one year end, nothing is known of other quarters.
    """
    holds, known = np.zeros(len(rows), bool), np.zeros(len(rows), bool)
    place, row = rows["place"].to_numpy("int64"), rows["row"].to_numpy("int64")
    for number, situation in enumerate(past):
        due = situation.due(rule)
        here = place == number
        holds[here] = situation.customers.isin(due.customers)[row[here]]
        known[here] = ~situation.customers.isin(due.unknown)[row[here]]
    kept = rows[known]
    time = PersonTime(
        accounts.get_indexer(kept["account_id"]),
        kept["stratum"].to_numpy("int64"),
        holds[known],
        kept["years"].to_numpy("float64"),
        kept["lost"].to_numpy("int64"),
    )
    seasons = kept.loc[kept["stratum"].isin(time.compared()), "season"].nunique()
    return time, seasons / _SEASONS
