"""The team's hours for touches: now, by level and CSM, and with the planned or a changed mix."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from cs_helpers.analyses.touch_mix.planned import plan_groups
from cs_helpers.analyses.touch_mix.touched import ALL, Touched, level_rows, of_quarter
from cs_helpers.contract.products import Product
from cs_helpers.contract.touch import Mix
from cs_helpers.contract.vocabulary import TOUCH_MODELS
from cs_helpers.result import Verdict
from cs_helpers.rounding import rounded
from cs_helpers.snapshot import ProductData
from cs_helpers.statistics.bootstrap import ratio_intervals
from cs_helpers.statistics.case_mix import by_name

NOW, DECLARED, PLAN = "now", "declared", "plan"
#: changes of the mix on a page: this share of all touches moves from one model to another
MOVED_SHARE = 0.10
#: the plan stands beside the hours of today only where those are known of this share of the touches, and this share of
#: them is of customers with a plan: else the two speak of different touches
COMPARABLE = 0.95
MOVES = (("high", "low"), ("high", "tech"), ("low", "tech"), ("tech", "high"))


def plan_hours(data: ProductData, levels: pd.Series) -> pd.DataFrame:
    """What the plan needs in a quarter for each customer of a day. levels: by account_id, as names of rows.

    Index: account_id. Columns: due (touches; NaN: nothing is planned), hours (NaN likewise, and without hours).
    """
    product = data.product
    groups = plan_groups(data, product.touch_plan, levels)
    needs = {name: _needs(product, name) for name in groups.unique()}
    pairs = [needs[name] for name in groups]
    return pd.DataFrame(pairs, index=levels.index, columns=["due", "hours"], dtype="float64")


def _needs(product: Product, group: str) -> tuple[float, float]:
    """The touches that a customer of a group is to get in a quarter, and the hours they take."""
    plan = product.touch_plan
    touches = plan.touches_of(group) if plan else None
    if plan is None or touches is None:
        return np.nan, np.nan
    total = float(sum(touches.values()) if isinstance(touches, Mapping) else touches)
    mix = plan.mix_of(group, product.touch_mix)
    return total, total * hours_of_mix(product, mix)


def hours_of_mix(product: Product, mix: Mix) -> float:
    """The hours of one touch on average, with the shares of a mix; NaN where the hours of a model are not declared."""
    hours = product.touch_plan.hours_per_touch if product.touch_plan else {}
    return float(sum(share * hours.get(model, np.nan) for model, share in mix.items() if share))


def hours_of(touches: pd.DataFrame, product: Product) -> pd.Series:
    """The hours of each touch; NaN where those of its model are not declared."""
    hours = product.touch_plan.hours_per_touch if product.touch_plan else {}
    return touches["touch_model"].map(dict(hours)).astype("float64")


def level_table(data: ProductData, touched: Touched, needs: pd.DataFrame) -> pd.DataFrame:
    """Touches in the quarter by level, and the hours they took.

    needs: see `plan_hours`, of the customers at the end of the quarter. Columns: level (a row's name), customers (at the
    end of the quarter), customer_quarters (time as customers at the level), touches, rate (touches per customer and
    quarter), low, high (95 %; NaN for few customers), hours (NaN: not declared), plan_hours (needed for the customers at
    the end of the quarter; NaN: not planned).
    """
    quarter = touched.quarters[-1]
    touches = of_quarter(touched.touches, quarter)
    touches = touches.assign(hours=hours_of(touches, data.product))
    days = of_quarter(touched.days, quarter)
    length = (quarter.end - quarter.start).days + 1
    levels = touched.level_at(quarter.end)
    rows = []
    for name in level_rows(data.product, pd.concat([days["level"], levels])):
        inside = touches if name == ALL else touches[touches["level"] == name]
        time = (days if name == ALL else days[days["level"] == name]).groupby("account_id")[
            "days"
        ].sum() / length
        counts = inside.groupby("account_id").size().reindex(time.index, fill_value=0)
        low, high = ratio_intervals(counts.to_numpy(float)[None], time.to_numpy(float))[0]
        here = levels.index if name == ALL else levels.index[levels == name]
        exposure = float(time.sum())
        rows.append(
            {
                "level": name, "customers": len(here), "customer_quarters": exposure, "touches": len(inside),
                "rate": len(inside) / exposure if exposure else np.nan, "low": low, "high": high,
                "hours": float(inside["hours"].sum()), "plan_hours": needs.loc[here, "hours"].sum(min_count=1),
            }
        )  # fmt: skip
    return pd.DataFrame(rows).astype({"plan_hours": "float64"})


def csm_table(data: ProductData, touched: Touched, needs: pd.DataFrame, mrr: pd.Series) -> pd.DataFrame:
    """Touches and hours of each CSM in the quarter, and what the plan needs for the customers in their charge.

    Columns: csm, customers and mrr (in their charge at the end of the quarter), touches (made by them; where a touch has
    no CSM, by the customer's), hours, plan_hours. Touches and customers without a CSM have the csm ''.
    Sorted by `case_mix.by_name` and not by hours: no list ranks people.
    """
    quarter = touched.quarters[-1]
    touches = of_quarter(touched.touches, quarter)
    touches = touches.assign(hours=hours_of(touches, data.product), csm=touches["csm"].fillna(""))
    in_charge = (
        data["accounts"].set_index("account_id")["csm"].astype("object").reindex(needs.index).fillna("")
    )
    made = touches.groupby("csm").agg(touches=("hours", "size"), hours=("hours", "sum"))
    charge = pd.DataFrame({"csm": in_charge, "mrr": mrr.reindex(needs.index), "plan_hours": needs["hours"]})
    held = charge.groupby("csm").agg(
        customers=("mrr", "size"), mrr=("mrr", "sum"), plan_hours=("plan_hours", lambda v: v.sum(min_count=1))
    )
    table = held.join(made, how="outer").rename_axis("csm").reset_index()
    table = table.fillna({"customers": 0, "mrr": 0.0, "touches": 0, "hours": 0.0})
    table = by_name(table, "csm")
    columns = ["csm", "customers", "mrr", "touches", "hours", "plan_hours"]
    return table[columns].astype({"customers": "int64", "touches": "int64"})


def changed_mix(data: ProductData, touched: Touched, needs: pd.DataFrame) -> pd.DataFrame:
    """The hours of the quarter's touches, and those that other mixes and the plan would need.

    Columns: change (`now`; `declared`: as many touches in the declared mix; `<model>_<model>`: `MOVED_SHARE` of all touches
    moved from the first to the second; `plan`: what the plan says for the customers at the end of the quarter, where it is `COMPARABLE`),
    touches, hours, difference (from now). Only touches whose hours are known count.
    """
    product, quarter = data.product, touched.quarters[-1]
    touches = of_quarter(touched.touches, quarter)
    known = touches[hours_of(touches, product).notna()]
    counts = known["touch_model"].value_counts().reindex(list(TOUCH_MODELS), fill_value=0)
    total = int(counts.sum())
    hours = product.touch_plan.hours_per_touch if product.touch_plan else {}
    now = float(hours_of(known, product).sum())
    rows = [(NOW, total, now)]
    if total:
        rows.append((DECLARED, total, total * hours_of_mix(product, product.touch_mix)))
        rows += [
            (
                f"{source}_{target}",
                total,
                now + total * MOVED_SHARE * (hours[target] - hours[source]),
            )
            for source, target in MOVES
            if source in hours and target in hours and counts[source] >= MOVED_SHARE * total
        ]
    of_planned = known["account_id"].isin(needs.index[needs["due"].notna()])
    is_comparable = (
        len(known) >= COMPARABLE * len(touches)
        and float(hours_of(known[of_planned], product).sum()) >= COMPARABLE * now
    )
    if is_comparable and needs["hours"].notna().any():
        rows.append((PLAN, int(needs["due"].sum()), float(needs["hours"].sum())))
    table = pd.DataFrame(rows, columns=["change", "touches", "hours"])
    return table.assign(difference=table["hours"] - now)


def hours_verdict(table: pd.DataFrame) -> Verdict:
    """Whether the plan, or else the declared mix, needs more hours than the touches of the quarter took."""
    rows = table.set_index("change")
    other = PLAN if PLAN in rows.index else DECLARED
    if other not in rows.index:
        return Verdict("no_touches")
    now, hours = float(rows.at[NOW, "hours"]), float(rows.at[other, "hours"])
    difference = int(rounded(hours) - rounded(now))  # of the numbers that a reader sees
    fields = {
        "now": now,
        "hours": hours,
        "touches": int(rows.at[NOW, "touches"]),
        "difference": abs(difference),
    }
    size = "same" if not difference else "more" if difference > 0 else "less"
    return Verdict(f"{other}_{size}", fields)


def level_verdict(table: pd.DataFrame) -> Verdict:
    """Touches per customer and quarter; which level gets the most and which the fewest, where that is certain."""
    every = table.iloc[0]
    if not every["touches"]:
        return Verdict("none", {"customers": int(every["customers"])})
    fields = {"rate": float(every["rate"]), "touches": int(every["touches"])}
    levels = table[table["level"].str.isdigit() & table["low"].notna()]
    if len(levels) >= 2:
        most, fewest = levels.loc[levels["rate"].idxmax()], levels.loc[levels["rate"].idxmin()]
        if fewest["high"] < most["low"]:
            return Verdict(
                "apart",
                {**fields, "most": most["level"], "most_rate": float(most["rate"]), "fewest": fewest["level"],
                 "fewest_rate": float(fewest["rate"])},
            )  # fmt: skip
        return Verdict("alike", fields)
    return Verdict("one", fields)
