"""The touches of customers with the level that each had at the time, and how long customers were at each level."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from cs_helpers.contract.products import Product
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.contract.vocabulary import UNKNOWN as NO_MODEL
from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory, level_bounds
from cs_helpers.customers.time import customer_time_as_of
from cs_helpers.snapshot import ProductData

#: the row of a table about all customers; the others are named by their level, or `NO_LEVEL`
ALL, NO_LEVEL = "all", "unknown"
#: columns of counts by touch model
MODELS = (*TOUCH_MODELS, NO_MODEL)


@dataclass(frozen=True, eq=False)
class Touched:
    """The touches of customers over some quarters, and the time that customers spent at each level.

    quarters: consecutive ones, each covered by the data. history: the levels at the end of each month, from that before
    the first quarter on. touches: account_id, day (datetime64), quarter (Quarter), touch_model (that of the touch, else
    of the customer; else `NO_MODEL`), csm, content, level (of the customer at the time: a row's name). days: account_id, quarter,
    level, days (as a customer). outside: touches of accounts that were no customers on that day. of_customer: touches
    whose model is that of the customer, since they have none of their own.
    """

    quarters: list[Quarter]
    history: LevelHistory
    touches: pd.DataFrame
    days: pd.DataFrame
    outside: int
    of_customer: int

    def level_at(self, day: date) -> pd.Series:
        """The level of each customer at the end of a month, as a row's name. Index: account_id."""
        return _names(self.history.states[day].dropna())


def touched(data: ProductData, quarters: list[Quarter]) -> Touched:
    """The touches over quarters, as known at the end of the last; notices of churn are none.

    The level at the time is that at the end of the month before; in the month in which a customer came, that at its end.
    """
    first, last = quarters[0].start, quarters[-1].end
    ends = list(pd.date_range(first - timedelta(days=1), last, freq="ME").date)
    time = customer_time_as_of(data, last)
    history = LevelHistory(quarters[-1], time, *level_bounds(data, ends, time), data.product.maturity.top)
    states = history.states.to_numpy()
    before, after = states[:, :-1], states[:, 1:]
    in_month = np.where(np.isnan(before), after, before)
    in_month = np.where(np.isnan(in_month), float(UNKNOWN), in_month)
    accounts = history.states.index
    rows, outside, of_customer = _touches_of_customers(data, history, first, last)
    place = accounts.get_indexer(rows["account_id"]), _months_after(rows["day"], first)
    rows["level"] = _names(pd.Series(in_month[place], index=rows.index))
    rows["quarter"] = [quarters[month // 3] for month in place[1]]
    return Touched(quarters, history, rows, _days(history, quarters, in_month), outside, of_customer)


def _names(levels: pd.Series) -> pd.Series:
    """Levels as names of rows."""
    return levels.map(lambda level: NO_LEVEL if level == UNKNOWN else str(int(level))).astype("object")


def _months_after(days: pd.Series, first: date) -> np.ndarray:
    months = days.to_numpy("datetime64[M]").astype(np.int64)
    return np.asarray(months - np.datetime64(first, "M").astype(np.int64))


def _touches_of_customers(
    data: ProductData, history: LevelHistory, first: date, last: date
) -> tuple[pd.DataFrame, int, int]:
    """account_id, day, touch_model, csm, content of the touches from `first` to `last`; the counts of `Touched`."""
    rows = data["touches"]
    day = rows["occurred_at"].dt.normalize().astype("datetime64[us]")
    within = (day >= pd.Timestamp(first)) & (day <= pd.Timestamp(last))
    rows = rows.assign(day=day)[within & (rows["kind"] != "churn_notice")].sort_values("day", kind="stable")
    spells = history.time.spells[["account_id", "first_day", "last_day"]].sort_values("first_day")
    texts = {"account_id": "object"}  # merge_asof needs both sides of one type
    rows = pd.merge_asof(
        rows.astype(texts), spells.astype(texts), left_on="day", right_on="first_day", by="account_id"
    )
    is_customer = rows["first_day"].notna() & ~(rows["last_day"] < rows["day"])
    kept = rows[is_customer].reset_index(drop=True)
    accounts = data["accounts"].set_index("account_id")
    model = kept["touch_model"].astype("object").where(kept["touch_model"].notna(), None)
    without = model.isna()
    model[without] = kept.loc[without, "account_id"].map(accounts["touch_model"])
    csm = kept["csm"].astype("object").where(kept["csm"].notna(), kept["account_id"].map(accounts["csm"]))
    kept = kept.assign(touch_model=model.where(model.isin(TOUCH_MODELS), NO_MODEL), csm=csm)
    of_customer = int((without & model.isin(TOUCH_MODELS)).sum())
    columns = ["account_id", "day", "touch_model", "csm", "content"]
    return kept[columns], int((~is_customer).sum()), of_customer


def _days(history: LevelHistory, quarters: list[Quarter], in_month: np.ndarray) -> pd.DataFrame:
    """The table `days` of `Touched`. in_month: the level of each account (rows) in each month."""
    spells = history.time.spells
    accounts = history.states.index
    row = accounts.get_indexer(spells["account_id"])
    begins = spells["first_day"].to_numpy("datetime64[D]").astype(np.int64)
    never = np.iinfo(np.int64).max // 2
    last = spells["last_day"].to_numpy("datetime64[D]")
    ends = np.where(np.isnat(last), never, last.astype(np.int64))
    month_ends = np.array(history.states.columns, dtype="datetime64[D]").astype(np.int64)
    parts = []
    for month, (start, end) in enumerate(zip(month_ends[:-1] + 1, month_ends[1:], strict=True)):
        of_spell = np.clip(np.minimum(ends, end) - np.maximum(begins, start) + 1, 0, None)
        days = np.bincount(row[row >= 0], weights=of_spell[row >= 0], minlength=len(accounts))
        there = days > 0
        parts.append(
            pd.DataFrame(
                {
                    "account_id": accounts[there],
                    "quarter": [quarters[month // 3]] * int(there.sum()),
                    "level": in_month[there, month],
                    "days": days[there],
                }
            )
        )
    table = pd.concat(parts, ignore_index=True)
    table["level"] = _names(table["level"])
    return table.groupby(["account_id", "quarter", "level"], sort=False, as_index=False)["days"].sum()


def of_quarter(table: pd.DataFrame, quarter: Quarter) -> pd.DataFrame:
    """The rows of a table that belong to a quarter."""
    return table[np.array([q == quarter for q in table["quarter"]], dtype=bool)]


def counts_by_model(touches: pd.DataFrame, accounts: pd.Index) -> np.ndarray:
    """How many touches of each model (columns: `MODELS`) each of some accounts (rows) got; float array."""
    row = accounts.get_indexer(touches["account_id"])
    column = pd.Index(MODELS).get_indexer(touches["touch_model"])
    cells = (row * len(MODELS) + column)[row >= 0]
    return np.bincount(cells, minlength=len(accounts) * len(MODELS)).reshape(-1, len(MODELS)).astype(float)


def level_rows(product: Product, levels: pd.Series) -> list[str]:
    """The names of the rows of tables by level: all, each level of the product, and not known where `levels` has that."""
    return [ALL, *map(str, product.maturity.numbers), *([NO_LEVEL] if (levels == NO_LEVEL).any() else [])]
