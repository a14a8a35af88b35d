"""Which customers got fewer touches in a quarter than the product file plans for them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
import pandas as pd

from cs_helpers.analyses.touch_mix.touched import ALL, MODELS, NO_LEVEL, Touched, counts_by_model, of_quarter
from cs_helpers.contract.quarters import Quarter
from cs_helpers.contract.touch import TouchPlan
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.contract.vocabulary import UNKNOWN as NO_MODEL
from cs_helpers.result import Verdict
from cs_helpers.snapshot import ProductData


def plan_groups(data: ProductData, plan: TouchPlan | None, levels: pd.Series) -> pd.Series:
    """What decides how many touches each customer is to get: its touch model, or its level.

    levels: by account_id, as names of rows. Without such a plan: the level. Index: account_id, that of `levels`; object.
    """
    if plan is None or not plan.by_touch_model:
        return levels
    models = data["accounts"].set_index("account_id")["touch_model"].astype("object")
    return models.where(models.notna(), NO_MODEL).reindex(levels.index)


def received(data: ProductData, touched: Touched, quarter: Quarter) -> pd.DataFrame:
    """The touches that the customers of a whole quarter got, and what was planned for them.

    A customer of the whole quarter was one at the end of the quarter before and all the time since. Index: account_id.
    Columns: group (see `plan_groups`, by the level at the beginning), got (touches), due (NaN: nothing is planned),
    missing (touches up to the plan; NaN likewise), below (fewer than planned), untouched (none at all).
    """
    begins, time = quarter.start - timedelta(days=1), touched.history.time
    starts = time.spell_starts(quarter.end)
    whole = starts.index[starts <= pd.Timestamp(begins)].intersection(time.customers(begins))
    levels = touched.level_at(begins).reindex(whole).fillna(NO_LEVEL)
    plan = data.product.touch_plan
    group = plan_groups(data, plan, levels)
    rows = of_quarter(touched.touches, quarter)
    counts = pd.DataFrame(counts_by_model(rows, whole), index=whole, columns=list(MODELS))
    table = pd.DataFrame({"group": group, "got": counts.sum(axis=1)}, index=whole)
    table["due"], table["missing"] = np.nan, np.nan
    for name in group.unique():
        inside = table.index[group == name]
        touches = plan.touches_of(name) if plan else None
        if isinstance(touches, Mapping):
            lacking = sum((touches.get(m, 0) - counts.loc[inside, m]).clip(lower=0) for m in TOUCH_MODELS)
            table.loc[inside, "due"] = float(sum(touches.values()))
            table.loc[inside, "missing"] = lacking
        elif touches is not None:
            table.loc[inside, "due"] = float(touches)
            table.loc[inside, "missing"] = (touches - table.loc[inside, "got"]).clip(lower=0)
    return table.assign(below=table["missing"] > 0, untouched=table["got"] == 0)


def below_table(
    table: pd.DataFrame, mrr: pd.Series, plan: TouchPlan | None, groups: list[str]
) -> pd.DataFrame:
    """The customers of a whole quarter who got fewer touches than planned, by group.

    table: see `received`; mrr: by account_id; groups: names in order. Columns: group (`all` first), customers, untouched,
    untouched_mrr, and where the plan counts touches: planned (customers with a plan), below, below_mrr, due, got
    (touches of customers with a plan), missing, beyond (touches that were not planned): due - missing + beyond = got.
    """
    rows = []
    for name in (ALL, *(g for g in groups if (table["group"] == g).any())):
        inside = table if name == ALL else table[table["group"] == name]
        with_plan = inside[inside["due"].notna()]
        row = {
            "group": name, "customers": len(inside), "untouched": int(inside["untouched"].sum()),
            "untouched_mrr": _total(mrr, inside["untouched"]),
        }  # fmt: skip
        if plan is not None and plan.counts_touches:
            row |= {
                "planned": len(with_plan), "below": int(with_plan["below"].sum()),
                "below_mrr": _total(mrr, with_plan["below"]), "due": float(with_plan["due"].sum()),
                "got": int(with_plan["got"].sum()), "missing": float(with_plan["missing"].sum()),
                "beyond": float((with_plan["got"] - with_plan["due"] + with_plan["missing"]).sum()),
            }  # fmt: skip
        rows.append(row)
    return pd.DataFrame(rows)


def _total(mrr: pd.Series, chosen: pd.Series) -> float:
    return float(mrr.reindex(chosen.index[chosen]).sum())


def customer_table(
    data: ProductData, touched: Touched, by_quarter: Mapping[Quarter, pd.DataFrame], mrr: pd.Series
) -> pd.DataFrame:
    """The customers who got fewer touches than planned (without a plan: none), those with the most MRR first.

    by_quarter: see `received`, oldest first; the last is the quarter in question. Columns: account_id, name, csm,
    group, mrr, got, due, missing, quarters (for how many in a row, of those looked at), last_touch (NaT: none in them).
    """
    plan = data.product.touch_plan
    column = "below" if plan is not None and plan.counts_touches else "untouched"
    table = list(by_quarter.values())[-1]
    table = table[table[column]]
    in_a_row = pd.Series(0, index=table.index)
    still = pd.Series(True, index=table.index)
    for earlier in reversed(list(by_quarter.values())):
        still &= earlier[column].reindex(table.index, fill_value=False)
        in_a_row += still
    accounts = data["accounts"].set_index("account_id")[["name", "csm"]]
    last_touch = touched.touches.groupby("account_id")["day"].max()
    table = table.join(accounts).assign(
        mrr=mrr.reindex(table.index), quarters=in_a_row, last_touch=last_touch.reindex(table.index)
    )
    columns = ["account_id", "name", "csm", "group", "mrr", "got", "due", "missing", "quarters", "last_touch"]
    table = table.rename_axis("account_id").reset_index()[columns]
    return table.sort_values(
        ["mrr", "missing", "account_id"], ascending=[False, False, True], ignore_index=True
    )


def below_verdict(table: pd.DataFrame, by_contracts: bool) -> Verdict:
    """How many got fewer touches than planned; where nothing is planned, how many got none."""
    every = table.iloc[0]
    kind, of = ("below", "planned") if "planned" in table else ("untouched", "customers")
    if not every[of]:
        return Verdict("nobody_planned")
    fields = {"customers": int(every[kind]), "of": int(every[of]), "none": int(every["untouched"])}
    if not every[kind]:
        return Verdict(f"no_{kind}", fields)
    if not by_contracts:
        return Verdict(f"{kind}_count", fields)
    return Verdict(kind, {**fields, "mrr": float(every[f"{kind}_mrr"])})
