"""What keeps customers from the next level: which conditions hold, which are missing, and by how much."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from cs_helpers.analyses.maturity.parts import Part
from cs_helpers.contract.maturity import LevelCondition
from cs_helpers.customers import measures
from cs_helpers.customers.maturity_levels import UNKNOWN, LevelHistory
from cs_helpers.result import Note, Verdict
from cs_helpers.snapshot import ProductData

#: whether a condition holds; not known where the data does not tell
HOLDS, MISSING, NOT_KNOWN = "holds", "missing", "not_known"


def next_level(data: ProductData, history: LevelHistory) -> Part:
    """The questions `held_back` and `next_level`.

    Tables: `next_level`: see `conditions_by_customer`; `held_back`: see `missing_by_level`.
    """
    conditions = conditions_by_customer(data, history)
    tables, notes, found = {"next_level": conditions}, [], {}
    held_back = missing_by_level(conditions, history.top)
    if len(held_back):
        tables["held_back"], found["held_back"] = held_back, _most_often_missing(held_back)
    else:
        notes.append(
            Note("all_at_top" if (conditions["level"] >= 0).any() else "no_level_known", "held_back")
        )
    if (agreed_on := data.product.maturity.agreed_on) is not None:
        notes.append(Note("rules_agreed", "held_back", {"since": agreed_on}))
    unknown = conditions[conditions["state"] == NOT_KNOWN]
    if len(unknown):
        fields = {
            "customers": unknown["account_id"].nunique(),
            "of": conditions["account_id"].nunique(),
            "conditions": tuple(unknown["condition"].unique()),
        }
        notes += [Note("conditions_unknown", about, fields) for about in ("held_back", "next_level")]
    return Part(tables, {}, found, tuple(notes))


def conditions_by_customer(data: ProductData, history: LevelHistory) -> pd.DataFrame:
    """The conditions of each customer at the end of the quarter, up to those of the level above the one it surely has.

    Customers nearest to their next level come first: those who lack the fewest conditions, then by the largest distance
    to a bound (of a share as it is, else as part of the bound or the value, whichever is larger), then by MRR; those at
    the highest level come last. Columns:
    account_id, name, size, mrr (left out without contracts), level (`UNKNOWN` where it is not known), to (the level of
    the condition), condition (its key, `LEVEL.PLACE`), unit (`share`, `currency` or `number`), state (`holds`,
    `missing` or `not_known`), has (NaN: no value), bound (`at_least` or `at_most`), needs, short_by (from has to needs;
    NaN where it holds or has no value), lacks (conditions of the customer that are missing or not known), next (whether
    the condition is one of the next level).
    """
    quarter = history.quarter
    lowest = history.at_least[quarter.end].dropna()
    accounts = data["accounts"].set_index("account_id")[["name", "size"]].loc[lowest.index]
    if history.time.by_contracts:
        accounts["mrr"] = history.time.mrr(quarter.end).reindex(lowest.index).astype("float64")
    accounts["level"] = history.states[quarter.end].loc[lowest.index].astype("int64")
    target = (lowest + 1).clip(upper=history.top).astype("int64")
    parts = [
        accounts.assign(**columns)[(target >= columns["to"]).to_numpy()]
        for columns in _evidence(data, history, lowest.index)
    ]
    rows = pd.concat(parts).rename_axis("account_id").reset_index()
    rows["next"] = rows["to"].to_numpy() > rows["account_id"].map(lowest).to_numpy()
    is_open = rows["state"] != HOLDS
    rows["lacks"] = is_open.groupby(rows["account_id"]).transform("sum").astype("int64")
    size = rows[["has", "needs"]].abs().max(axis="columns").where(rows["unit"] != "share", 1.0)
    distance = (rows["short_by"] / size).where(is_open).fillna(is_open.astype("float64"))
    furthest = distance.groupby(rows["account_id"]).transform("max")
    mrr = rows["mrr"] if "mrr" in rows else pd.Series(0.0, rows.index)
    order = pd.DataFrame(
        {"top": rows["lacks"] == 0, "lacks": rows["lacks"], "furthest": furthest, "mrr": -mrr.fillna(0),
         "account_id": rows["account_id"], "condition": rows["condition"]}
    )  # fmt: skip
    return rows.loc[order.sort_values(list(order)).index].reset_index(drop=True)


def _evidence(data: ProductData, history: LevelHistory, accounts: pd.Index) -> Iterator[dict[str, object]]:
    """The columns of each condition, in the order of `accounts`."""
    month = pd.DatetimeIndex([pd.Timestamp(history.quarter.end).replace(day=1)]).as_unit("us")
    first_days = history.time.first_days()
    measured = measures.MonthlyValues(data, month)
    measured.prepare(data.product.maturity.conditions)
    for level in data.product.maturity.levels:
        for place, condition in enumerate(level.conditions, 1):
            values, surely, possibly = measured.bounds_met(condition, month, first_days)
            state = np.where(surely, HOLDS, np.where(possibly, NOT_KNOWN, MISSING))
            frame = pd.DataFrame({"has": values.iloc[:, 0], "state": state[:, 0]}).loc[accounts]
            has, is_missing = frame["has"].to_numpy(), frame["state"].to_numpy() == MISSING
            bound, needs = _bound_in_question(condition, has)
            yield {
                "to": level.level,
                "condition": f"{level.level}.{place}",
                "unit": condition.unit,
                "state": frame["state"].to_numpy(),
                "has": has,
                "bound": bound,
                "needs": needs,
                "short_by": np.where(is_missing, np.abs(needs - has), np.nan),
            }


def _bound_in_question(condition: LevelCondition, has: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The bound that each value does not keep, or the only one: its name and its number."""
    at_least, at_most = condition.at_least, condition.at_most
    if at_least is None or at_most is None:
        name, number = ("at_least", at_least) if at_most is None else ("at_most", at_most)
        return np.full(len(has), name), np.full(len(has), number, dtype="float64")
    is_above = has > at_most
    return np.where(is_above, "at_most", "at_least"), np.where(is_above, at_most, at_least)


def missing_by_level(conditions: pd.DataFrame, top: int) -> pd.DataFrame:
    """How many customers each condition of the next level keeps at their level.

    conditions: see `conditions_by_customer`. Customers whose level is not known are left out. Columns: level, condition,
    unit, bound and needs (of most of those for whom it is missing, else of all), customers (for whom it is missing), only
    (of these, for whom nothing else is), not_known, n (customers at the level), share (of n), median (of what those have
    for whom it is missing; NaN without any), mrr (of these; left out without contracts).
    """
    known = conditions[conditions["next"] & (conditions["level"] != UNKNOWN) & (conditions["level"] < top)]
    rows = []
    for (level, condition), inside in known.groupby(["level", "condition"]):
        missing = inside[inside["state"] == MISSING]
        row = {
            "level": level,
            "condition": condition,
            **(missing if len(missing) else inside)[["unit", "bound", "needs"]].mode().iloc[0],
            "customers": len(missing),
            "only": int((missing["lacks"] == 1).sum()),
            "not_known": int((inside["state"] == NOT_KNOWN).sum()),
            "n": len(inside),
            "share": len(missing) / len(inside),
            "median": missing["has"].median(),
        }
        rows.append(row | ({"mrr": float(missing["mrr"].sum())} if "mrr" in missing else {}))
    columns = [
        "level", "condition", "unit", "bound", "needs", "customers", "only", "not_known", "n", "share", "median",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*columns, *(["mrr"] if "mrr" in conditions else [])])


def _most_often_missing(held_back: pd.DataFrame) -> Verdict:
    """The condition that is missing for most customers, or all of those that are missing for as many."""
    most = held_back[held_back["customers"] == held_back["customers"].max()]
    first = most.iloc[0]
    fields = {"customers": int(first["customers"]), "n": int(first["n"]), "level": int(first["level"])}
    if len(most) > 1:
        conditions = {"conditions": tuple(most["condition"])}
        if most["level"].nunique() == 1:
            return Verdict("tied", {**fields, **conditions})
        return Verdict("tied_levels", {"customers": fields["customers"], **conditions})
    condition = {"condition": str(first["condition"])}
    if (held_back["level"] == first["level"]).sum() == 1:
        return Verdict("single", {**fields, **condition})
    return Verdict("most", {**fields, **condition, "only": int(first["only"])})
